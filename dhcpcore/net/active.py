"""Active leasequery's part of the TCP server: who is told what changes, how fast, and who is cut off.  RFC 7724.

While nobody is, a commit asks for one attribute and that is all.  While somebody is, each commit leaves its list of
changes here, and so do the other engines on the same database; a slice at a time, between two batches, they become
messages.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dhcpcore.engine import Engine, Facts
from dhcpcore.errors import StoreError
from dhcpcore.lease.active import DUE_MAX, Stream
from dhcpcore.lease.bulk import Session
from dhcpcore.lease.facts import Wants
from dhcpcore.lease.model import Change, LeaseKey
from dhcpcore.lease.query import state_since
from dhcpcore.lease.telling import Status
from dhcpcore.store.leases import LeaseStore

if TYPE_CHECKING:
    from dhcpcore.net.bulk import Peer

log = logging.getLogger(__name__)

#: Active queries at once: bulk ones shall find connections, too.
STREAMS_MAX = 5
#: Where there is nothing to tell, that the connection is alive.  RFC 7724 5.3, ACTIVE_LQ_IDLE_TIMEOUT.
QUIET_S_MAX = 60.0
#: Who does not take what it is told for so long is cut off.  RFC 7724 5.3, ACTIVE_LQ_SEND_TIMEOUT.
SEND_S_MAX = 120.0
#: Changes of commits that wait for the next slice; more are given to the streams at once.
FRESH_MAX = 8192
#: Engines that were not told in time that somebody listens have been after so many seconds: each batch begins with
#: a look at the database, and ends within four.  What they committed until then is looked for in the table,
REVIEW_S = 5.0
#: from so many seconds before: their clocks may differ a little, and what ended is swept a little later.
REVIEWED_S = 60
#: A database that is away is asked again after so long.
_DEAF_S = 1.0
#: Within so many seconds of its commit a change is told, on a server that has time.
LOOK_S = 0.05


@dataclass(slots=True)
class Review:
    """One walk through the table for what may have been missed."""

    due: float
    since: int
    after: LeaseKey | None = None


class Streams:
    """The active queries of all connections."""

    def __init__(self, engine: Engine, store: LeaseStore) -> None:
        self._engine = engine
        self._store = store
        self._peers: list[Peer] = []
        self._fresh: list[Sequence[Change]] = []
        self._fresh_count = 0
        self._fresh_elsewhere: list[Sequence[LeaseKey]] = []
        self._review: Review | None = None
        self._heard_at: float | None = None  #: When other engines were heard last, since somebody wants to know.
        self._hear_at = 0.0

    def __len__(self) -> int:
        return len(self._peers)

    def admit(self, peer: Peer, now: float) -> None:
        """Begin the active query that this connection has sent, if it has, or refuse it in words."""
        session, snapshot = peer.session, self._engine.snapshot
        if not isinstance(session, Session) or session.stream is None or session.stream.admitted:
            return
        events = self._engine.counters.events
        text = ""
        if not (snapshot.leasequery.active and snapshot.leasequery.admits(peer.address)):
            text = "active leasequery is not enabled here"
        elif not snapshot.leasequery.hears_changes(encrypted=peer.encrypted):
            text = "active leasequery is answered over TLS here: begin with a DHCPTLS"
        elif len(self._peers) >= STREAMS_MAX:
            text = f"{STREAMS_MAX} active queries are being answered already"
        elif not session.stream.spaces(snapshot):
            text = "no subnet is of this VPN"
        if text:
            events["active-leasequery-refused"] += 1
            log.info("ACTIVE-LEASEQUERY-REFUSED: %s: %s.", peer.name, text)
            session.end_stream(now, Status.NOT_ALLOWED, text)
            return
        session.stream.admitted = True
        peer.spoken_at = peer.seen_at
        self._peers.append(peer)
        self._store.heard = self.heard
        self._store.listen(self.heard_elsewhere)
        events["active-leasequery"] += 1
        since = session.stream.asked.query.since
        log.info("ACTIVE-LEASEQUERY: %s is told what changes, %s.", peer.name,
                 "from now on" if since is None else f"and what changed since {since}")  # fmt: skip

    def heard(self, changes: Sequence[Change]) -> None:
        """These were committed, or perhaps: what became of them is read when it is told."""
        self._fresh.append(changes)
        self._fresh_count += len(changes)
        if self._fresh_count > FRESH_MAX:
            self._share()

    def heard_elsewhere(self, keys: Sequence[LeaseKey]) -> None:
        """Other engines have committed changes of these rows."""
        self._fresh_elsewhere.append(keys)
        self._fresh_count += len(keys)
        if self._fresh_count > FRESH_MAX:
            self._share()

    def forget(self, peer: Peer) -> None:
        """Its connection is no more."""
        if peer in self._peers:
            self._peers.remove(peer)
            if not self._peers:
                self._store.heard = None
                self._store.listen(None)
                self._fresh, self._fresh_elsewhere, self._fresh_count = [], [], 0
                self._review = self._heard_at = None

    def look(self, now: float, monotonic: float) -> None:
        """Give each its changes; say that quiet ones are alive; cut off who is not admitted any more, or behind."""
        if monotonic >= self._hear_at:
            self._hear(now, monotonic)
        self._share()
        if self._review is not None and monotonic >= self._review.due:
            self._look_over(self._review, now)
        snapshot = self._engine.snapshot
        for peer in list(self._peers):
            stream = peer.session.stream
            if stream is None:
                continue
            if not snapshot.leasequery.active or not snapshot.leasequery.admits(peer.address):
                self._cut(peer, now, "it is not admitted any more")
            elif not snapshot.leasequery.hears_changes(encrypted=peer.encrypted):
                self._cut(peer, now, "it is answered over TLS alone from now on")
            elif not stream.spaces(snapshot):
                self._cut(peer, now, "no subnet is of this VPN any more")
            elif len(stream.due) > DUE_MAX:
                self._cut(peer, now, f"it is too slow: more than {DUE_MAX} changes wait for it")
            elif monotonic - peer.spoken_at >= QUIET_S_MAX and not peer.session.out:
                peer.session.out += stream.status(now, Status.CONNECTION_ACTIVE)
                peer.spoken_at = monotonic

    def has_work(self, peer: Peer) -> bool:
        """Whether there is something to tell it."""
        stream = peer.session.stream
        return stream is not None and stream.admitted and bool(stream.due or stream.catching_up)

    def answer(self, peer: Peer, now: float, monotonic: float) -> None:
        """Tell one slice: of what is due, and in turn of what it has to catch up with."""
        stream = peer.session.stream
        assert stream is not None
        snapshot = self._engine.snapshot
        if stream.due and not (stream.catching_up and peer.turn):
            keys = stream.next_due()
            facts = Facts()
            self._store.fetch(Wants(leases=set(keys)), facts, snapshot.revision, assigned=False)
            found = [row for key in keys if (row := facts.by_key.get(key)) is not None]
            held = self._store.holdings(stream.unclear(found, snapshot, now))
            out = stream.tell(keys, found, now, snapshot, held)
            peer.turn = True
        else:
            rows, following = self._store.rows(stream.after)
            held = self._store.holdings(stream.unclear(rows, snapshot, now))
            out = stream.catch_up(rows, following, now, snapshot, held)
            peer.turn = False
        if out:
            peer.session.out += out
            peer.spoken_at = monotonic

    def _share(self) -> None:
        """Note by each stream what was changed by the commits since the last time."""
        fresh, self._fresh, self._fresh_count = self._fresh, [], 0
        elsewhere, self._fresh_elsewhere = self._fresh_elsewhere, []
        if not (fresh or elsewhere):
            return
        keys = [change.after.key for changes in fresh for change in changes]
        keys += [key for named in elsewhere for key in named]
        self._note(keys)

    def _hear(self, now: float, monotonic: float) -> None:
        """Have other engines' changes handed over, and plan to look for what was missed meanwhile."""
        try:
            begins = self._store.hear()
        except StoreError as error:  # All else goes on; once the database is there again it is begun anew.
            log.warning("ACTIVE-LEASEQUERY-DEAF: %s", error)
            self._hear_at = monotonic + _DEAF_S
            return
        if begins:
            since = now if self._heard_at is None else min(now, self._heard_at)
            self._review = Review(monotonic + REVIEW_S, int(since) - REVIEWED_S)
        self._heard_at = now

    def _look_over(self, review: Review, now: float) -> None:
        """The next slice of the table: what changed while other engines did not know yet that somebody listens."""
        rows, review.after = self._store.rows(review.after)
        self._note([row.key for row in rows if max(row.cltt, state_since(row, now)) >= review.since])
        if review.after is None:
            self._review = None

    def _note(self, keys: Sequence[LeaseKey]) -> None:
        snapshot = self._engine.snapshot
        for peer in self._peers:
            stream: Stream | None = peer.session.stream
            if stream is not None and len(stream.due) <= DUE_MAX:
                stream.note(keys, snapshot)

    def _cut(self, peer: Peer, now: float, text: str) -> None:
        self._engine.counters.events["active-leasequery-cut"] += 1
        log.warning("ACTIVE-LEASEQUERY-CUT: %s is told no more: %s.", peer.name, text)
        if isinstance(peer.session, Session):
            peer.session.end_stream(now, Status.QUERY_TERMINATED, text)
        self.forget(peer)
