"""The engine's end of the channel: a Unix socket that never waits, polled by the engine's own loop.

The loop calls ``register(selector)`` once, ``handle(key, mask)`` for each ready key whose ``data`` is the server, and
``close()`` at its end.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import selectors
import socket
import struct
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from dhcpcore.control.dispatch import REQUEST_BYTES_MAX, Dispatch, failure
from dhcpcore.control.verbs import Role
from dhcpcore.errors import Refused

log = logging.getLogger(__name__)

#: The web's workers, a command line or two, a health check; the next peer is told so and closed.
CONNECTIONS_MAX = 64
#: Requests answered for one peer in one round of the loop, so that packets never wait for a chatty one.
REQUESTS_A_ROUND_MAX = 4
#: A peer that does not read its answers is closed beyond this.
UNREAD_BYTES_MAX = 8 * 1024 * 1024
#: A peer that says nothing for so long is closed.
IDLE_S_MAX = 300.0
_PEER_CREDENTIALS = struct.Struct("3i")


class _Peer:
    """One connection: its role, what it sent so far, and what it has not read yet."""

    __slots__ = ("closing", "role", "seen_at", "sock", "unread", "unsent")

    def __init__(self, sock: socket.socket, role: Role, now: float) -> None:
        self.sock = sock
        self.role = role
        self.seen_at = now
        self.unread = bytearray()
        self.unsent = bytearray()
        self.closing = False


class ControlServer:
    """Listens at ``path`` (mode 0660).  ``owner`` is (uid, gid) of the account that the engine will become.

    Root and the engine's own account are admins; whoever else the socket's group lets in is an operator.
    """

    def __init__(self, path: Path, dispatch: Dispatch, owner: tuple[int, int] | None = None,
                 clock: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._dispatch = dispatch
        self._clock = clock
        self._admins = {0, os.geteuid(), *((owner[0],) if owner else ())}
        self._peers: dict[int, _Peer] = {}
        self._selector: selectors.BaseSelector | None = None
        self._listener = _listen(path, owner)
        self._inode = path.stat().st_ino

    def register(self, selector: selectors.BaseSelector) -> None:
        """Have the loop's selector watch the listener, and later each peer; ``key.data`` is this server."""
        self._selector = selector
        selector.register(self._listener, selectors.EVENT_READ, self)

    def handle(self, key: selectors.SelectorKey, mask: int) -> None:
        """Do what one ready socket allows, without waiting."""
        if key.fileobj is self._listener:
            self._accept()
            return
        peer = self._peers.get(key.fd)
        if peer is None:
            return
        try:
            if mask & selectors.EVENT_READ:
                self._read(peer)
            self._answer(peer)
            self._write(peer)
        except OSError:
            self._drop(peer)

    def close(self) -> None:
        """Close every socket, and remove the path unless another engine has taken it over."""
        for peer in list(self._peers.values()):
            with contextlib.suppress(OSError):
                peer.sock.send(peer.unsent)  # The answer to ``stop`` itself.
            self._drop(peer)
        if self._selector is not None:
            self._selector.unregister(self._listener)
        self._listener.close()
        with contextlib.suppress(OSError):
            if self._path.stat().st_ino == self._inode:
                self._path.unlink()

    def _accept(self) -> None:
        now = self._clock()
        for idle in [peer for peer in self._peers.values() if now - peer.seen_at > IDLE_S_MAX]:
            self._drop(idle)
        try:
            sock, _ = self._listener.accept()
        except OSError:
            return  # The peer left before it was accepted, or descriptors ran out: the next round tries again.
        sock.setblocking(False)
        if len(self._peers) >= CONNECTIONS_MAX:
            with contextlib.suppress(OSError):
                sock.send(failure("busy", f"{CONNECTIONS_MAX} peers are connected already; try again shortly."))
            sock.close()
            return
        credentials = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER_CREDENTIALS.size)
        _, uid, _ = _PEER_CREDENTIALS.unpack(credentials)
        role = Role.ADMIN if uid in self._admins else Role.OPERATOR
        assert self._selector is not None
        self._peers[sock.fileno()] = _Peer(sock, role, now)
        self._selector.register(sock, selectors.EVENT_READ, self)

    def _read(self, peer: _Peer) -> None:
        try:
            data = peer.sock.recv(REQUEST_BYTES_MAX)
        except BlockingIOError:
            return
        peer.seen_at = self._clock()
        if not data:
            peer.closing = True
        peer.unread += data

    def _answer(self, peer: _Peer) -> None:
        for _ in range(REQUESTS_A_ROUND_MAX):
            line, newline, rest = peer.unread.partition(b"\n")
            if not newline or len(line) > REQUEST_BYTES_MAX:
                break
            peer.unread = rest
            peer.unsent += self._dispatch.answer(bytes(line), peer.role, partial(self._deliver, peer))
        if len(peer.unread) > REQUEST_BYTES_MAX and b"\n" not in peer.unread[:REQUEST_BYTES_MAX + 1]:
            peer.unsent += failure("too-large", f"A request is at most {REQUEST_BYTES_MAX} octets.")
            peer.unread.clear()
            peer.closing = True

    def _deliver(self, peer: _Peer, answer: bytes) -> None:
        """An answer that took its time; who has left meanwhile does not get it."""
        if self._peers.get(peer.sock.fileno()) is peer:
            peer.unsent += answer
            try:
                self._write(peer)
            except OSError:
                self._drop(peer)

    def _write(self, peer: _Peer) -> None:
        if peer.unsent:
            with contextlib.suppress(BlockingIOError):
                del peer.unsent[:peer.sock.send(peer.unsent)]
        if (peer.closing and not peer.unsent and b"\n" not in peer.unread) or len(peer.unsent) > UNREAD_BYTES_MAX:
            self._drop(peer)
            return
        # A whole request still waiting is answered when the socket can be written, which is at once.
        wanted = selectors.EVENT_WRITE if peer.unsent or b"\n" in peer.unread else 0
        if not peer.closing and len(peer.unread) <= REQUEST_BYTES_MAX:
            wanted |= selectors.EVENT_READ
        assert self._selector is not None
        self._selector.modify(peer.sock, wanted or selectors.EVENT_WRITE, self)

    def _drop(self, peer: _Peer) -> None:
        self._peers.pop(peer.sock.fileno(), None)
        if self._selector is not None:
            with contextlib.suppress(KeyError, ValueError):
                self._selector.unregister(peer.sock)
        peer.sock.close()


def _listen(path: Path, owner: tuple[int, int] | None) -> socket.socket:
    path.parent.mkdir(parents=True, exist_ok=True)
    _clear(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # Made with its final mode: there is no moment in which everybody may connect.
    before = os.umask(0o117)
    try:
        listener.bind(str(path))
    except OSError as error:
        listener.close()
        raise Refused(f"The control socket {path} cannot be made: {error.strerror}. "
                      "Set control_socket to a path that the engine may write.") from None
    finally:
        os.umask(before)
    if owner is not None:
        os.chown(path, *owner)
    listener.listen(CONNECTIONS_MAX)
    listener.setblocking(False)
    return listener


def _clear(path: Path) -> None:
    """Remove what a killed engine left; refuse when a living one answers there."""
    if not path.exists():
        return
    if not path.is_socket():
        raise Refused(f"{path} is in the way: it is no socket. Remove it, or set control_socket to another path.")
    probe = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    probe.settimeout(1)
    try:
        probe.connect(str(path))
    except OSError as error:
        if error.errno not in {errno.ECONNREFUSED, errno.ENOENT}:
            raise Refused(f"The control socket {path} is in use: {error.strerror}.") from None
        path.unlink(missing_ok=True)
    else:
        raise Refused(f"Another engine answers at {path}. Stop it first, or give this one its own control_socket "
                      "and state_dir.")
    finally:
        probe.close()
