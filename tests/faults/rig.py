"""The server's own parts put together as the loop does it, on a real database, with a gap at each arrow of the batch.

Into a gap a test puts what shall happen there; everything else is the real thing.
"""

from __future__ import annotations

import itertools
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from dhcpcore.engine import Datagram, Engine, Outgoing
from dhcpcore.lease.facts import Facts, Outcome, Wants
from dhcpcore.lease.model import Change, Lease
from dhcpcore.net import cycle
from dhcpcore.net.clock import Clock, since_boot
from dhcpcore.stats.reasons import Reason
from dhcpcore.store import migrate
from dhcpcore.store.database import Database, Limits
from dhcpcore.store.definitions import Definitions
from dhcpcore.store.leases import LeaseStore
from dhcpcore.topology.links import Interface
from dhcpcore.topology.validate import validate
from tests.packets4 import BROADCAST, DISCOVER, NOWHERE, REQUEST, Answer, Client, ip, read, request

SERVER = "192.0.2.1"
LAN = 2
FIRST, LAST = "192.0.2.100", "192.0.2.109"
DOCUMENT: dict[str, Any] = {
    "version": 1,
    "globals": {"lifetime": "1h"},
    "subnets": [
        {"prefix": "192.0.2.0/24", "name": "office", "interface": "lan", "pools": [{"first": FIRST, "last": LAST}]},
        {
            "prefix": "198.51.100.0/24", "name": "lab", "relays": ["198.51.100.1"],
            "options": {"routers": ["198.51.100.1"]},
            "pools": [{"first": "198.51.100.100", "last": "198.51.100.109"}],
            "assignments": [{"hw_address": "02:00:00:00:00:09", "address": "198.51.100.9"}],
        },
    ],
}  # fmt: skip
LAB = "198.51.100.1"


class Gaps:
    """The store, with something done before or after an arrow: once each, in order."""

    def __init__(self, store: LeaseStore) -> None:
        self.store = store
        self.at: defaultdict[str, list[Callable[[], object]]] = defaultdict(list)

    def come_to(self, arrow: str) -> None:
        """Do what was put here."""
        if self.at[arrow]:
            self.at[arrow].pop(0)()

    def fetch(self, wants: Wants, facts: Facts, revision: int, *, assigned: bool) -> None:
        self.come_to("before fetch")
        self.store.fetch(wants, facts, revision, assigned=assigned)
        self.come_to("after fetch")

    def commit(self, changes: Sequence[Change], now: float) -> Outcome:
        self.come_to("before commit")
        outcome = self.store.commit(changes, now)
        self.come_to("after commit")
        return outcome


class Rig:
    """One server."""

    def __init__(self, url: str, limits: Limits | None = None, *, server: str = SERVER) -> None:
        migrate.upgrade(url)
        self.database = Database(url, limits)
        self.definitions = Definitions(self.database)
        self.store = LeaseStore(self.database, self.definitions)
        self.gaps = Gaps(self.store)
        self.engine = Engine(strict=True)
        self.database_step = 0.0  #: What the database's clock is wrong by.
        self.slept = 0.0  #: Seconds that only the clock of the machine has seen.
        self.clock = Clock(self._database_now, monotonic=lambda: since_boot() + self.slept)
        self.reasons: list[str] = []  #: Of the datagrams that came to their end in the last batch, in their order.
        self._server = ip(server)
        self._answers: list[Answer] = []
        self._xids = itertools.count(1)
        self.engine.set_interfaces({LAN: Interface(LAN, "lan", (self._server,))})
        self.clock.measure()

    def apply(self, document: dict[str, Any] = DOCUMENT) -> None:
        """Publish a document and follow it."""
        self.definitions.apply(validate(document), "test", "")
        self.follow()

    def follow(self) -> None:
        """Read the definitions as they are published now."""
        self.engine.install(self.definitions.snapshot())

    def keep_time(self) -> None:
        """As the chore does it."""
        try:
            self.clock.measure()
        finally:
            self.engine.allocator.reclaim = not self.clock.suspect

    def pass_(self, seconds: float) -> None:
        """Time goes by, on every clock."""
        self.slept += seconds
        self.database_step += seconds

    # ---- What clients send. ----

    def discover(self, who: Client, via: str | None = None) -> Datagram:
        return self._datagram(DISCOVER, who, via, {})

    def select(self, who: Client, address: str, via: str | None = None) -> Datagram:
        return self._datagram(REQUEST, who, via, {50: ip(address), 54: self._server})

    def reboot(self, who: Client, address: str) -> Datagram:
        return self._datagram(REQUEST, who, None, {50: ip(address)})

    def renew(self, who: Client, address: str) -> Datagram:
        return self._datagram(REQUEST, who, None, {}, ciaddr=ip(address))

    def named(self, who: Client, address: str, hostname: bytes) -> Datagram:
        """A REQUEST with a host name."""
        return self._datagram(REQUEST, who, None, {50: ip(address), 54: self._server, 12: hostname})

    def _datagram(
        self, kind: int, who: Client, via: str | None, options: dict[int, bytes], ciaddr: bytes = NOWHERE
    ) -> Datagram:
        giaddr = NOWHERE if via is None else ip(via)
        data = request(kind, who, next(self._xids), ciaddr=ciaddr, giaddr=giaddr, options=options)
        source, port = (giaddr, 67) if via is not None else (ciaddr, 68)
        target = BROADCAST if source == NOWHERE else self._server
        return Datagram(data, source, port, LAN, target, self._server, 0.0)

    def send(self, *datagrams: Datagram) -> list[Answer]:
        """One batch, as ``Loop`` serves it; the answers in the order they left."""
        engine = self.engine
        engine.traces.clear()
        self._answers = []
        now = self.clock.now()
        batch = engine.open(datagrams, now)
        if not self.clock.ready:
            batch.abandon(Reason.NOT_READY)
        else:
            cycle.run(batch, self.gaps, engine.snapshot, self._leave, lambda: time.monotonic() + self.slept)
        order = {datagram.data: place for place, datagram in enumerate(datagrams)}
        ended = sorted(engine.traces, key=lambda trace: order[trace.datagram.data])
        assert [order[trace.datagram.data] for trace in ended] == list(range(len(datagrams))), "one reason a datagram"
        self.reasons = [trace.reason.code for trace in ended]
        return self._answers

    def reason(self, datagram: Datagram) -> str:
        """What becomes of one packet, alone."""
        self.send(datagram)
        return self.reasons[0]

    def lease(self, who: Client, via: str | None = None) -> str:
        """DISCOVER and REQUEST: the address."""
        (offer,) = self.send(self.discover(who, via))
        (ack,) = self.send(self.select(who, offer.yiaddr, via))
        assert ack.yiaddr == offer.yiaddr
        return ack.yiaddr

    def _leave(self, answers: list[Outgoing]) -> None:
        for answer in answers:
            self.gaps.come_to("before send")
            self._answers.append(read(answer.payload))

    def _database_now(self) -> float:
        return self.database.now() + self.database_step

    # ---- What SQL says. ----

    def row(self, address: str) -> Lease | None:
        """The lease row, over a connection that is not the engine's."""
        found = self.sql(f"SELECT {', '.join(Lease._fields)} FROM lease WHERE address = :a", a=ip(address))
        return Lease._make(found[0]) if found else None

    def history(self, address: str) -> list[tuple[Any, ...]]:
        """Client, opened, closed and reason of each holding."""
        statement = "SELECT client, opened_at, closed_at, reason FROM history WHERE address = :a ORDER BY version"
        return self.sql(statement, a=ip(address))

    def quarantine(self) -> list[tuple[str, str]]:
        """Place and fault of each quarantined row."""
        return [(place, fault) for place, fault in self.sql("SELECT place, fault FROM quarantine ORDER BY id")]

    def sql(self, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        """By hand."""
        from sqlalchemy import text

        with self.database.writer() as connection:
            result = connection.execute(text(statement), values)
            return [tuple(row) for row in result.fetchall()] if result.returns_rows else []

    def close(self) -> None:
        self.store.close()
        self.database.dispose()
