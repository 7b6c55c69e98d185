"""A cache at a memcached server, by its text protocol: what one server of the site has looked up, the others know.

Three commands are used: ``get`` of two keys, ``set`` and ``delete``.  What is remembered names the site's generation;
to forget all of it, a new generation is begun, as nobody but us may empty a server that others use too.
"""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
import uuid
from collections.abc import Callable
from typing import IO, TypeVar

from dhcpcore.script.cache import packed, unpacked
from dhcpcore.script.compat.caching import Remembered

_log = logging.getLogger("conf")
Result = TypeVar("Result")

#: Seconds that a server may take: a hook has two in all.  One that does not answer is left alone for a while.
_WAIT_S, _AWAY_S = 0.25, 5.0
#: Octets of an answer's line, and of a value: what memcached itself takes at most.
_LINE_MAX, _VALUE_MAX = 512, 1024 * 1024
_FORGOTTEN = frozenset((b"DELETED", b"NOT_FOUND"))


class Memcached:
    """A ``Cache``.  ``age_s`` is how long the server keeps what it is told; older things it has not."""

    def __init__(
        self, host: str, port: int, age_s: int, site: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.believed_s = float("inf")  # What is older than its age is gone.
        self._where = host, port
        self._age_s = age_s
        self._prefix = f"lessor:{site}:"
        self._clock = clock
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._stream: IO[bytes] | None = None
        self._not_before = 0.0
        self._is_away = False
        self._generation = ""  #: As it was last seen.

    def get(self, mac: str) -> Remembered | None:
        """As ``Cache`` has it."""
        found = self._do(lambda: self._values(self._generation_key, self._prefix + mac))
        if found is None:
            return None
        self._generation = found.get(self._generation_key, b"").decode("ascii", "replace")
        try:
            generation, text = json.loads(found[self._prefix + mac])
            return unpacked(text) if generation == self._generation else None
        except (KeyError, IndexError, TypeError, ValueError):
            return None

    def put(self, mac: str, known: Remembered) -> None:
        """What text cannot carry is not remembered."""
        try:
            value = json.dumps([self._generation, packed(known)]).encode()
        except (TypeError, ValueError) as error:
            _log.warning("What the database says of %s is not remembered by memcached: %s", mac, error)
            return
        if len(value) < _VALUE_MAX:
            self._do(lambda: self._set(self._prefix + mac, value, self._age_s))

    def forget(self, mac: str) -> None:
        """As ``Cache`` has it."""
        self._do(lambda: self._expect(f"delete {self._prefix}{mac}\r\n".encode(), _FORGOTTEN))

    def clear(self) -> None:
        """For every server of the site."""
        self._not_before = 0.0
        generation = uuid.uuid4().hex
        if self._do(lambda: self._set(self._generation_key, generation.encode(), 0)) is None:
            _log.warning("memcached has not forgotten what it knows: it is believed for up to %d s.", self._age_s)
        else:
            self._generation = generation

    @property
    def _generation_key(self) -> str:
        return f"{self._prefix}generation"

    # The protocol.

    def _values(self, *keys: str) -> dict[str, bytes]:
        """What there is of these keys."""
        stream = self._send(f"get {' '.join(keys)}\r\n".encode())
        found = {}
        while (line := _line(stream)) != b"END":
            word, key, _flags, size = line.split()[:4]
            octets = int(size)
            if word != b"VALUE" or not 0 <= octets <= _VALUE_MAX:
                raise OSError(f"it answered {line[:80]!r}")
            found[key.decode()] = stream.read(octets + 2)[:-2]
        return found

    def _set(self, key: str, value: bytes, age_s: int) -> bool:
        return self._expect(f"set {key} 0 {age_s} {len(value)}\r\n".encode() + value + b"\r\n", frozenset((b"STORED",)))

    def _expect(self, command: bytes, answers: frozenset[bytes]) -> bool:
        line = _line(self._send(command))
        if line not in answers:
            raise OSError(f"it answered {line[:80]!r}")
        return True

    def _send(self, command: bytes) -> IO[bytes]:
        if self._socket is None or self._stream is None:
            self._socket = socket.create_connection(self._where, _WAIT_S)
            self._stream = self._socket.makefile("rb")
        self._socket.sendall(command)
        return self._stream

    def _do(self, what: Callable[[], Result]) -> Result | None:
        """One that fails is said once, and the database is asked instead; a connection that was idle is tried anew."""
        with self._lock:
            if self._clock() < self._not_before:
                return None
            was_open = self._socket is not None
            try:
                try:
                    result = what()
                except ConnectionError:
                    self.close()
                    if not was_open:
                        raise
                    result = what()
            except (OSError, ValueError) as error:
                self.close()
                self._not_before = self._clock() + _AWAY_S
                if not self._is_away:
                    _log.warning("memcached at %s, port %d, cannot be used: %s. The database is asked instead.",
                                 *self._where, error)  # fmt: skip
                self._is_away = True
                return None
            if self._is_away:
                _log.info("memcached at %s, port %d, is used again.", *self._where)
            self._is_away = False
            return result

    def close(self) -> None:
        """Close the connection; the next one who asks opens another."""
        if self._stream is not None:
            self._stream.close()
        if self._socket is not None:
            self._socket.close()
        self._socket = self._stream = None


def _line(stream: IO[bytes]) -> bytes:
    line = stream.readline(_LINE_MAX)
    if not line.endswith(b"\r\n"):
        raise ConnectionResetError("it closed the connection")
    return line[:-2]
