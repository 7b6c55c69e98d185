"""A small mail server on loopback, which keeps what it is sent.  RFC 5321."""

from __future__ import annotations

import base64
import email
import email.policy
import socket
import ssl
import threading
from email.message import EmailMessage
from typing import Any


class MailServer:
    """Takes one connection after the other.  ``refuses``: an answer to MAIL; ``hangs``: it greets nobody."""

    def __init__(
        self, *, refuses: str = "", hangs: bool = False, password: str = "", tls: ssl.SSLContext | None = None
    ) -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.connections = 0
        self.logged_in = False
        self.refuses = refuses
        self._hangs = hangs
        self._password = password
        self._tls = tls
        self.encrypted = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def parameters(self, **more: Any) -> dict[str, Any]:
        """What a conf.py says to have its mail here."""
        return {"EMAIL_ENABLED": True, "EMAIL_SERVER": "127.0.0.1", "EMAIL_PORT": self.port,
                "EMAIL_SOURCE": "dhcp@example.org", "EMAIL_DESTINATION": "admin@example.org", **more}  # fmt: skip

    def close(self) -> None:
        # A thread that waits in accept does not notice that its socket is closed.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            try:
                with connection:
                    if self._hangs:
                        connection.recv(1)
                    else:
                        self._talk(connection)
            except OSError:
                pass

    def _talk(self, connection: socket.socket) -> None:
        with connection.makefile("rwb") as stream:
            if self._answer(stream, greeted=False):
                return
        assert self._tls is not None
        with self._tls.wrap_socket(connection, server_side=True) as encrypted, encrypted.makefile("rwb") as stream:
            self.encrypted = True
            self._answer(stream, greeted=True)

    def _answer(self, stream: Any, *, greeted: bool) -> bool:
        """Whether all is said: else the client wants to go on encrypted."""

        def say(line: str) -> None:
            stream.write(f"{line}\r\n".encode())
            stream.flush()

        recipients: list[str] = []
        if not greeted:
            say("220 mail.example.org")
        while line := stream.readline().decode().rstrip("\r\n"):
            verb = line.upper()
            if verb.startswith("EHLO"):
                offers = ["AUTH PLAIN"] if self._password else []
                offers += ["STARTTLS"] if self._tls is not None and not greeted else []
                for number, offer in enumerate(["mail.example.org", *offers]):
                    say(f"250{'-' if number < len(offers) else ' '}{offer}")
            elif verb == "STARTTLS":
                say("220 Go on")
                return False
            elif verb.startswith("AUTH PLAIN"):
                _, _, password = base64.b64decode(line.split()[2]).decode().split("\0")
                self.logged_in = password == self._password
                say("235 2.7.0 Welcome" if self.logged_in else "535 5.7.8 Wrong password")
            elif verb.startswith("MAIL"):
                say(self.refuses or "250 OK")
            elif verb.startswith("RCPT"):
                recipients.append(line.partition("<")[2].rstrip(">"))
                say("250 OK")
            elif verb == "DATA":
                say("354 Go on")
                rows = []
                while (row := stream.readline()) != b".\r\n":
                    rows.append(row.removeprefix(b"."))
                self.recipients.append(recipients)
                self.mails.append(email.message_from_bytes(b"".join(rows), policy=email.policy.default))
                say("250 OK")
            elif verb == "QUIT":
                say("221 Bye")
                break
            else:
                say("250 OK")
        return True
