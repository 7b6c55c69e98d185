"""A wire to PostgreSQL that can be cut: before a statement arrives there, or after it was done and nobody was told."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from pathlib import Path

_NAME = ".s.PGSQL.5432"
#: The server's word that a statement outside a transaction is done: it is committed.
_READY = b"Z\x00\x00\x00\x05I"
#: The tag of a statement that was carried out; the commit is one that gives back what it won.
_DONE = b"SELECT "
#: A client says good-bye: that is nothing to be cut.
_TERMINATE = b"X\x00\x00\x00\x04"


class Proxy:
    """Listens in ``folder`` as PostgreSQL does, and carries octets to the real one."""

    def __init__(self, folder: Path, upstream: Path) -> None:
        self._upstream = str(upstream / _NAME)
        self._mode = ""
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / _NAME))
        self._listener.listen()
        self._closing = threading.Event()
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def cut_before(self) -> None:
        """The next thing that a client says is not carried; its connection breaks."""
        self._mode = "before"

    def cut_after(self) -> None:
        """The next thing that a client says is carried, and done; the answer is not carried back."""
        self._mode = "after"

    def close(self) -> None:
        """Cut everything."""
        self._closing.set()
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _accept(self) -> None:
        self._listener.settimeout(0.1)
        while not self._closing.is_set():
            with contextlib.suppress(TimeoutError):
                client, _ = self._listener.accept()
                thread = threading.Thread(target=self._carry, args=(client,))
                self._threads.append(thread)
                thread.start()

    def _carry(self, client: socket.socket) -> None:
        server = socket.socket(socket.AF_UNIX)
        with client, server, selectors.DefaultSelector() as selector, contextlib.suppress(OSError):
            server.connect(self._upstream)
            selector.register(client, selectors.EVENT_READ)
            selector.register(server, selectors.EVENT_READ)
            while not self._closing.is_set():
                for key, _ in selector.select(0.1):
                    if not self._pass_on(client, server, from_client=key.fileobj is client):
                        return

    def _pass_on(self, client: socket.socket, server: socket.socket, *, from_client: bool) -> bool:
        source, target = (client, server) if from_client else (server, client)
        data = source.recv(1 << 16)
        if not data:
            return False
        mode = self._mode if from_client and not data.startswith(_TERMINATE) else ""
        if mode:
            self._mode = ""
        if mode == "before":
            return False
        target.sendall(data)
        if mode == "after":
            heard = b""
            while _READY not in heard:
                heard += server.recv(1 << 16)
            if _DONE in heard:
                return False
            self._mode = mode  # It was only prepared; it is done with the next message.
            client.sendall(heard)
        return True
