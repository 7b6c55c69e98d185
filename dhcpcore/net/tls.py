"""TLS of one connection without its socket: what came in, what is to go out, and what was said in between.

Nothing here waits: OpenSSL reads and writes memory, and the connection's socket stays as it is, in the loop's selector.
"""

from __future__ import annotations

import contextlib
import ssl
from typing import Any

#: A handshake that takes longer will not end.  It is a few messages; people and slow links are in it generously.
HANDSHAKE_S_MAX = 10.0
#: Handshakes that are begun within a second: each takes the loop a millisecond or a few, whether it succeeds or not.
HANDSHAKES_MAX = 10
#: Octets that are encrypted ahead of what the socket takes.
AHEAD_OCTETS = 64 * 1024
_RECORD_OCTETS = 16 * 1024


class Channel:
    """The server's side; ``waiting`` is what its socket is to send, and begins with what is still said in clear."""

    def __init__(self, context: ssl.SSLContext, clear: bytes) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self.waiting = bytearray(clear)
        self.secured = False  #: Whether the handshake is over, and both have shown who they are.
        self.ended = False  #: Whether the other has said that it says no more.
        self._closed = False

    @property
    def subject(self) -> str:
        """Whom the other's certificate names."""
        found: Any = self._tls.getpeercert() or {}
        return ", ".join(f"{key}={value}" for part in found.get("subject", ()) for key, value in part)

    def receive(self, data: bytes) -> bytes:
        """What was said in these octets; ``ssl.SSLError`` ends it, and ``waiting`` then says why to the other."""
        self._incoming.write(data)
        said = bytearray()
        try:
            if not self.secured:
                self._tls.do_handshake()
                self.secured = True
            while part := self._tls.read(_RECORD_OCTETS):
                said += part
            self.ended = True  # Nothing, where there might have been more to wait for: close_notify.
        except ssl.SSLWantReadError:
            pass
        finally:
            self.waiting += self._outgoing.read()
        return bytes(said)

    def send(self, out: bytearray) -> None:
        """Take what it has room for off ``out``; nothing before the handshake is over."""
        while self.secured and not self._closed and out and len(self.waiting) < AHEAD_OCTETS:
            del out[: self._tls.write(out[:_RECORD_OCTETS])]
            self.waiting += self._outgoing.read()

    def close(self) -> None:
        """Say that no more follows, so that a connection that somebody cut does not look like an end."""
        if self.secured and not self._closed:
            self._closed = True
            with contextlib.suppress(ssl.SSLError):
                self._tls.unwrap()
            self.waiting += self._outgoing.read()
