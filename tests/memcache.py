"""A small memcached on loopback, which speaks its text protocol and keeps values for good."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from typing import Any


class MemcacheServer:
    """Serves each connection in a thread.  ``answer``: what it says to everything instead."""

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}
        self.ages: dict[str, int] = {}
        self.answer = b""
        self.gets = 0
        self._connections: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._threads: list[threading.Thread] = []
        self._begin(self._accept)

    def hang_up(self) -> None:
        """Close the connections that there are."""
        for connection in self._connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._connections.clear()

    def close(self) -> None:
        if self._listener.fileno() >= 0:
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
        self.hang_up()
        for thread in self._threads:
            thread.join()

    def _begin(self, what: Callable[..., None], *about: socket.socket) -> None:
        self._threads.append(threading.Thread(target=what, args=about, daemon=True))
        self._threads[-1].start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._connections.append(connection)
            self._begin(self._talk, connection)

    def _talk(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rwb") as stream:
            try:
                while line := stream.readline().decode().split():
                    stream.write(self.answer or self._do(stream, *line))
                    stream.flush()
            except OSError:
                pass

    def _do(self, stream: Any, verb: str, *rest: str) -> bytes:
        if verb == "get":
            self.gets += 1
            found = [(key, self.values[key]) for key in rest if key in self.values]
            return b"".join(b"VALUE %s 0 %d\r\n%s\r\n" % (k.encode(), len(v), v) for k, v in found) + b"END\r\n"
        if verb == "set":
            key, _flags, age, size = rest
            self.values[key], self.ages[key] = stream.read(int(size) + 2)[:-2], int(age)
            return b"STORED\r\n"
        if verb == "delete":
            return b"DELETED\r\n" if self.values.pop(rest[0], None) is not None else b"NOT_FOUND\r\n"
        return b"ERROR\r\n"
