"""Sends one mail, in a process of its own: a slow server, or a name that is looked up for long, holds up nobody.

Started as ``python -m dhcpcore.script --mail PIPE``; it reads what to send, answers why it could not, and ends.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Iterator
from email.message import EmailMessage
from email.utils import localtime, make_msgid
from typing import Any

from dhcpcore.script import frames

#: Where TLS begins with the connection.  RFC 8314 3.3.
_SUBMISSIONS = 465
_READ_MAX = 1024 * 1024


def main(arguments: list[str]) -> int:
    """Send what comes through the pipe; what is answered has ``failed`` in it, or has not."""
    with socket.socket(fileno=int(arguments[0])) as pipe:
        message = next(_messages(pipe), None)
        if message is None:
            return 1
        answer: dict[str, Any] = {}
        try:
            send(message)
        except (OSError, smtplib.SMTPException, ValueError) as error:
            answer = {"failed": _told(error)}
        pipe.sendall(frames.encode(answer))
    return 0


def _messages(pipe: socket.socket) -> Iterator[dict[str, Any]]:
    decoder = frames.Decoder()
    while data := pipe.recv(_READ_MAX):
        yield from decoder.feed(data)


def send(message: dict[str, Any]) -> None:
    """Send it, encrypted where the server offers that; a password has the server's certificate looked at.

    ``message`` has the fields of a ``Letterbox`` and the ``text``.
    """
    mail = EmailMessage()
    mail["From"] = message["source"]
    mail["To"] = ", ".join(message["destinations"])
    mail["Subject"] = message["subject"]
    mail["Date"] = localtime()
    mail["Message-ID"] = make_msgid(domain=message["source"].rpartition("@")[2] or "localhost")
    mail["Auto-Submitted"] = "auto-generated"  # No holiday notice answers it.  RFC 3834 5.
    mail.set_content(message["text"])
    context = ssl.create_default_context()
    if not message["user"]:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    host, port, timeout_s = message["server"], message["port"], message["timeout_s"]
    with (
        smtplib.SMTP_SSL(host, port, timeout=timeout_s, context=context) if port == _SUBMISSIONS
        else smtplib.SMTP(host, port, timeout=timeout_s)
    ) as server:  # fmt: skip
        server.ehlo_or_helo_if_needed()
        if port != _SUBMISSIONS and server.has_extn("starttls"):
            server.starttls(context=context)
        if message["user"]:
            server.login(message["user"], message["password"])
        if refused := server.send_message(mail, message["source"], message["destinations"]):
            raise smtplib.SMTPRecipientsRefused(refused)


def _told(error: Exception) -> str:
    """What a person wants to know of it."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "; ".join(f"{who}: {code} {_text(why)}" for who, (code, why) in error.recipients.items())
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_text(error.smtp_error)}"
    return str(error) or type(error).__name__


def _text(said: bytes | str) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said
