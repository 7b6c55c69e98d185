"""Leasequery's sockets: TCP on the port of DHCPv4, polled by the engine's own loop.  RFC 6926, RFC 7724.

The port is taken with privilege and listened at once the definitions enable leasequery.  One slice of one query is
answered between two batches, so that no packet waits for a requestor, however much it asks for.  Where the definitions
have TLS, a requestor begins it by a DHCPTLS, or has to.
"""

from __future__ import annotations

import contextlib
import logging
import selectors
import socket
import ssl
import time
from collections import Counter
from collections.abc import Callable

from dhcpcore.engine import Engine, Facts
from dhcpcore.lease.bulk import Session
from dhcpcore.lease.model import Lease, LeaseKey
from dhcpcore.lease.telling import Status
from dhcpcore.net.active import LOOK_S, SEND_S_MAX, Streams
from dhcpcore.net.clock import Clock
from dhcpcore.net.tls import HANDSHAKE_S_MAX, HANDSHAKES_MAX, Channel
from dhcpcore.settings.credentials import Credentials
from dhcpcore.settings.model import Leasequery
from dhcpcore.store.leases import LeaseStore
from dhcpcore.topology.snapshot import Leasequery as Requestors
from dhcpcore.topology.snapshot import Snapshot

log = logging.getLogger(__name__)

#: Access concentrators that are connected at once.  RFC 6926 6.3, BULK_LQ_MAX_CONNS.
CONNECTIONS_MAX = 10
#: Who neither says nor takes anything for so long is closed.  RFC 6926 6.3, BULK_LQ_DATA_TIMEOUT.
IDLE_S_MAX = 300.0
#: Strangers are told of in the log so often, whatever they try.
_STRANGERS_EVERY_S = 60.0
#: A requestor that does not read its answers is told nothing more until it does, and nothing more is read of it:
#: a query that is refused has its answer at once.
UNSENT_OCTETS_MAX = 256 * 1024
_READ_OCTETS = 16 * 1024
_ANY = "0.0.0.0"  # noqa: S104 - As the port of UDP; who may ask is in the definitions.


class Peer:
    """One connection."""

    __slots__ = (
        "address", "blocked_at", "name", "seen_at", "session", "sock", "spoken_at", "tls", "tls_at", "turn", "watched",
    )  # fmt: skip

    def __init__(self, sock: socket.socket, name: str, now: float) -> None:
        self.sock = sock
        self.name = name
        self.address = socket.inet_aton(name)
        self.session = Session(socket.inet_aton(sock.getsockname()[0]))
        self.seen_at = now
        self.tls: Channel | None = None
        self.tls_at = now  #: When that was begun.
        self.watched = False
        self.spoken_at = now  #: When its active query was last told anything.
        self.turn = False  #: Whether its catch-up has the next turn.
        self.blocked_at: float | None = None  #: Since when it takes nothing of what waits for it.

    @property
    def encrypted(self) -> bool:
        """Whether nobody on the way reads what is said, and its other end has proved who it is."""
        return self.tls is not None and self.tls.secured

    @property
    def outgoing(self) -> bytearray:
        """What its socket is to send next."""
        if self.tls is None:
            return self.session.out
        self.tls.send(self.session.out)
        return self.tls.waiting


class BulkPort:
    """The port, taken before privileges are given up.  Where it cannot be had, ``fault`` says so in words."""

    def __init__(self, port: int) -> None:
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.fault: str | None = None
        try:
            self.sock.bind((_ANY, port))
        except OSError as error:
            self.fault = f"TCP port {port} cannot be opened: {error.strerror}"


class BulkServer:
    """The listener and its connections."""

    def __init__(
        self, port: BulkPort, engine: Engine, store: LeaseStore, clock: Clock, wake: Callable[[], None],
        credentials: Credentials | None = None, monotonic: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._port = port
        self._engine = engine
        self._store = store
        self._clock = clock
        self._wake = wake
        self._credentials = credentials or Credentials(Leasequery())
        self._monotonic = monotonic
        self._selector: selectors.BaseSelector | None = None
        self._listening = False
        self._peers: dict[int, Peer] = {}
        self._streams = Streams(engine, store)
        self._tls_of: Requestors | None = None  #: Those by which it was last seen whether there can be TLS.
        self._handshakes_at, self._handshakes = 0.0, 0  #: The second that is running, and those begun in it.
        self._stranger_at = -_STRANGERS_EVERY_S  #: When one was last told of, and how many came since.
        self._strangers = 0

    def register(self, selector: selectors.BaseSelector) -> None:
        """The loop's selector; ``key.data`` is this server."""
        self._selector = selector

    def handle(self, key: selectors.SelectorKey, mask: int) -> None:
        """Do what one ready socket allows, without waiting."""
        if key.fileobj is self._port.sock:
            self._accept()
            return
        peer = self._peers.get(key.fd)
        if peer is None:
            return
        try:
            if mask & selectors.EVENT_READ:
                self._read(peer)
            self._write(peer)
        except ssl.SSLError as error:
            self._broke_off(peer, error)
        except OSError:
            self._drop(peer)

    def work(self, *, busy: bool) -> float:
        """Answer a slice of one query; in how many seconds there is more to do."""
        said = self._engine.snapshot.leasequery
        if said.enabled and not self._listening:
            self._listen()
        if said is not self._tls_of:
            self._tls_of = said
            if said.enabled and said.tls != "off":
                self._credentials.context()  # What is wrong with its files is told now, not when somebody asks.
        now = self._monotonic()
        if self._streams:
            self._streams.look(self._clock.now(), now)
        for peer in list(self._peers.values()):
            self._attend(peer, now)
        ready = [peer for peer in self._peers.values() if self._has_work(peer)]
        if not ready:
            return LOOK_S if self._streams else 1.0
        peer = ready[0]
        if peer.session.stream is not None:
            self._streams.answer(peer, self._clock.now(), now)
        else:
            self._answer(peer)
        # Each has its turn: it goes to the end of the line.
        if self._peers.pop(peer.sock.fileno(), None) is not None:
            self._peers[peer.sock.fileno()] = peer
            self._flush(peer)
        return LOOK_S if busy else 0.0

    def _has_work(self, peer: Peer) -> bool:
        session = peer.session
        if session.closing or len(session.out) > UNSENT_OCTETS_MAX:
            return False
        return session.asked is not None or self._streams.has_work(peer)

    def _attend(self, peer: Peer, now: float) -> None:
        """Send what was said to it besides; drop it where it is idle, or takes nothing."""
        streaming = peer.session.stream is not None
        if peer.tls is not None and not peer.tls.secured and now - peer.tls_at > HANDSHAKE_S_MAX:
            self._broke_off(peer, f"it took more than {HANDSHAKE_S_MAX:g} s")
        elif peer.blocked_at is not None and now - peer.blocked_at > SEND_S_MAX and (streaming or peer.session.closing):
            kind = "active" if streaming else "bulk"
            self._engine.counters.events[f"{kind}-leasequery-cut"] += 1
            log.warning("%s-LEASEQUERY-CUT: %s took nothing for %d s; it is disconnected.",
                        kind.upper(), peer.name, SEND_S_MAX)  # fmt: skip
            self._drop(peer)
        elif now - peer.seen_at > IDLE_S_MAX and not streaming:
            self._drop(peer)
        elif peer.blocked_at is None and peer.outgoing:
            self._flush(peer)

    def close(self) -> None:
        """Close every socket; who has an active query is told, where its socket takes it.  RFC 7724 7.4."""
        for peer in list(self._peers.values()):
            if peer.session.stream is not None:
                peer.session.end_stream(self._clock.now(), Status.QUERY_TERMINATED, "the server is shutting down")
                self._flush(peer)
            self._drop(peer)
        if self._listening and self._selector is not None:
            with contextlib.suppress(KeyError, ValueError):
                self._selector.unregister(self._port.sock)
        self._port.sock.close()

    def _listen(self) -> None:
        self._listening = True
        if self._port.fault is not None:
            log.warning("NO-BULK-LEASEQUERY: %s; queries by UDP are answered.", self._port.fault)
            return
        assert self._selector is not None
        self._port.sock.listen(CONNECTIONS_MAX)
        self._selector.register(self._port.sock, selectors.EVENT_READ, self)

    def _accept(self) -> None:
        try:
            sock, (name, _) = self._port.sock.accept()
        except OSError:
            return  # The peer left before it was accepted, or descriptors ran out: the next round tries again.
        events = self._engine.counters.events
        if not self._engine.snapshot.leasequery.admits(socket.inet_aton(name)):
            events["bulk-leasequery-refused"] += 1
            self._tell_of_stranger(name)
            sock.close()
            return
        if len(self._peers) >= CONNECTIONS_MAX and not self._make_room(name):
            events["bulk-leasequery-refused"] += 1
            log.warning("BULK-LEASEQUERY-REFUSED: %d requestors are connected; %s has to wait.", CONNECTIONS_MAX, name)
            sock.close()
            return
        sock.setblocking(False)
        peer = self._peers[sock.fileno()] = Peer(sock, name, self._monotonic())
        self._watch(peer, selectors.EVENT_READ)

    def _tell_of_stranger(self, name: str) -> None:
        now = self._monotonic()
        if now - self._stranger_at < _STRANGERS_EVERY_S:
            self._strangers += 1
            return
        others = f" {self._strangers} others came since the last one was told of." if self._strangers else ""
        log.info("BULK-LEASEQUERY-REFUSED: %s is none of the requestors; its connection is closed.%s", name, others)
        self._stranger_at, self._strangers = now, 0

    def _make_room(self, name: str) -> bool:
        """For a requestor that has no connection yet: whoever holds most loses the one that said nothing for longest.

        Without that, one that leaks connections would keep all others out.
        """
        held = Counter(peer.name for peer in self._peers.values())
        most, count = held.most_common(1)[0]
        if name in held or count == 1:
            return False
        idle = min((peer for peer in self._peers.values() if peer.name == most), key=lambda peer: peer.seen_at)
        log.warning("BULK-LEASEQUERY-REFUSED: %s holds %d connections; one is closed for %s.", most, count, name)
        self._drop(idle)
        return True

    def _read(self, peer: Peer) -> None:
        try:
            data = peer.sock.recv(_READ_OCTETS)
        except BlockingIOError:
            return
        peer.seen_at = self._monotonic()
        if not data:
            self._drop(peer)
            return
        session, now = peer.session, self._clock.now()
        session.demands_tls = peer.tls is None and self._engine.snapshot.leasequery.tls == "required"
        session.receive(data if peer.tls is None else self._deciphered(peer, peer.tls, data), now)
        while session.tls_asked is not None:
            self._answer_tls(peer, now)
        self._streams.admit(peer, now)
        if session.asked is not None or session.stream is not None:
            self._wake()

    def _answer_tls(self, peer: Peer, now: float) -> None:
        """Begin TLS as a requestor asks, or refuse it in words.  RFC 7724 8.1."""
        session, events = peer.session, self._engine.counters.events
        context, text = None, ""
        if self._engine.snapshot.leasequery.tls == "off":
            text = "this server has no TLS for leasequery"
        elif not self._may_shake_hands():
            text = f"{HANDSHAKES_MAX} connections have begun TLS within a second: try again"
        elif (context := self._credentials.context()) is None:
            text = "this server has no certificate for leasequery that it can use"
        if context is None:
            events["leasequery-tls-refused"] += 1
            log.info("LEASEQUERY-TLS-REFUSED: %s: %s.", peer.name, text)
            session.refuse_tls(now, text)
            return
        behind = session.begin_tls(now)
        clear = bytes(session.out)
        session.out.clear()
        peer.tls, peer.tls_at = Channel(context, clear), self._monotonic()
        if behind:  # What came before the answer is of TLS, or nothing that will be understood.
            session.receive(self._deciphered(peer, peer.tls, behind), now)

    def _may_shake_hands(self) -> bool:
        now = self._monotonic()
        if now - self._handshakes_at >= 1:
            self._handshakes_at, self._handshakes = now, 0
        self._handshakes += 1
        return self._handshakes <= HANDSHAKES_MAX

    def _deciphered(self, peer: Peer, channel: Channel, data: bytes) -> bytes:
        """What was said over TLS; who has just proved to be somebody is told of in the log."""
        begun = channel.secured
        said = channel.receive(data)
        if channel.secured and not begun:
            self._engine.counters.events["leasequery-tls"] += 1
            log.info("LEASEQUERY-TLS: %s is %r by its certificate.", peer.name, channel.subject)
        if channel.ended:
            peer.session.closing = True
        return said

    def _broke_off(self, peer: Peer, reason: object) -> None:
        """TLS failed; that is said to the other, too, if its socket takes it."""
        text = getattr(reason, "reason", None) or reason
        self._engine.counters.events["leasequery-tls-failed"] += 1
        log.warning("LEASEQUERY-TLS-FAILED: %s: %s.", peer.name, str(text).replace("_", " ").lower())
        with contextlib.suppress(OSError):
            if peer.tls is not None:
                peer.sock.send(peer.tls.waiting)
        self._drop(peer)

    def _answer(self, peer: Peer) -> None:
        session, snapshot = peer.session, self._engine.snapshot
        now = self._clock.now()
        asked = session.asked
        assert asked is not None
        if not snapshot.leasequery.admits(peer.address):
            session.refuse(now, "not a requestor any more")
            return
        if snapshot.leasequery.tls == "required" and not peer.encrypted:
            session.refuse(now, "this server demands TLS now: begin with a DHCPTLS")
            return
        rows, following = self._next(session, snapshot)
        session.tell(rows, following, now, snapshot, self._store.holdings(session.unclear(rows, now)))
        self._streams.admit(peer, now)  # It may have been read only now.
        if session.after is None:
            self._engine.counters.events["bulk-leasequery"] += 1
            log.info("BULK-LEASEQUERY: %s asked by %s; %d told so far.", peer.name, asked.query.by.value, session.told)

    def _next(self, session: Session, snapshot: Snapshot) -> tuple[list[Lease], LeaseKey | None]:
        """The next rows for the query under way, and where to go on; none where no subnet is of its VPN."""
        if not session.begin(snapshot):
            return [], None
        wants = session.wants()
        if wants is None:
            return self._store.rows(session.after)
        facts = Facts()
        self._store.fetch(wants, facts, snapshot.revision, assigned=False)
        rows = [row for found in facts.by_client.values() for row in found]
        return [*rows, *(row for row in facts.by_key.values() if row is not None)], None

    def _flush(self, peer: Peer) -> None:
        try:
            self._write(peer)
        except OSError:
            self._drop(peer)

    def _write(self, peer: Peer) -> None:
        session = peer.session
        if peer.sock.fileno() < 0:
            return  # It has left meanwhile.
        if out := peer.outgoing:
            now = self._monotonic()
            try:
                del out[: peer.sock.send(out)]
            except BlockingIOError:
                peer.blocked_at = now if peer.blocked_at is None else peer.blocked_at
            else:
                peer.seen_at = now
                peer.blocked_at = now if peer.outgoing else None
        if session.closing and not peer.outgoing:
            self._take_leave(peer)
            return
        if session.asked is not None and len(session.out) <= UNSENT_OCTETS_MAX:
            self._wake()
        wanted = selectors.EVENT_WRITE if peer.outgoing else 0
        if not (session.closing or session.full or len(session.out) > UNSENT_OCTETS_MAX):
            wanted |= selectors.EVENT_READ
        self._watch(peer, wanted)

    def _watch(self, peer: Peer, events: int) -> None:
        """What its socket is waited for; nothing, while it has queries enough and has been told what was asked."""
        assert self._selector is not None
        if peer.watched and events:
            self._selector.modify(peer.sock, events, self)
        elif peer.watched:
            self._selector.unregister(peer.sock)
        elif events:
            self._selector.register(peer.sock, events, self)
        peer.watched = bool(events)

    def _take_leave(self, peer: Peer) -> None:
        """Drop it once all was said."""
        if peer.tls is not None:
            peer.tls.close()
            with contextlib.suppress(OSError):
                peer.sock.send(peer.tls.waiting)
        self._drop(peer)

    def _drop(self, peer: Peer) -> None:
        """Close its socket, unless it is closed already."""
        if peer.sock.fileno() < 0:
            return
        self._streams.forget(peer)
        self._peers.pop(peer.sock.fileno(), None)
        with contextlib.suppress(KeyError, ValueError):
            self._watch(peer, 0)
        peer.sock.close()
