"""What the engine does between packets: each piece bounded, none in the way of another."""

import gc
import random
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from dhcpcore.engine import Datagram, Engine, Traced
from dhcpcore.hooks.handle import CalloutHandle
from dhcpcore.hooks.registry import Registry
from dhcpcore.lease.model import Change, Lease
from dhcpcore.logs import Ring
from dhcpcore.net import chores as module
from dhcpcore.net.chores import Chores
from dhcpcore.net.clock import Clock
from dhcpcore.net.face import Face
from dhcpcore.stats.reasons import Reason
from dhcpcore.store import migrate, requests
from dhcpcore.store.database import Database
from dhcpcore.store.definitions import Definitions
from dhcpcore.store.leases import LeaseStore
from dhcpcore.store.requests import Request
from dhcpcore.store.schema import request as request_table
from dhcpcore.store.schema import trace
from dhcpcore.topology.links import Interface
from dhcpcore.topology.snapshot import Leasequery, Pool, Snapshot, Subnet
from dhcpcore.topology.validate import validate
from tests.packets4 import (
    ACK,
    BROADCAST,
    DISCOVER,
    LEASEACTIVE,
    LEASEQUERY,
    REQUEST,
    Client,
    client,
    dotted,
    ip,
    read,
    request,
)

T0 = 1_700_000_000.0
SERVER = ip("192.0.2.1")
OFFICE = Subnet(1, 4, 0, ip("192.0.2.0"), 24, "office", pools=(Pool(1, 4, ip("192.0.2.10"), ip("192.0.2.20"), 32),))


class Bench:
    """The chores of one engine on a database of its own."""

    def __init__(self, folder: Path) -> None:
        url = f"sqlite:///{folder}/lessor.db"
        migrate.upgrade(url)
        self.database = Database(url)
        self.definitions = definitions = Definitions(self.database)
        self.store = LeaseStore(self.database, definitions)
        self.engine = Engine(strict=True)
        self.engine.set_interfaces({2: Interface(2, "eth0", (SERVER,))})
        self.clock = Clock(lambda: T0, lambda: T0, lambda: 0.0)
        self.clock.measure()
        self.sent: list[Any] = []
        face = Face(self.engine, self.store, self.clock, b"duid", self.sent.extend, lambda: None, "sqlite", T0, Ring())
        self.chores = Chores(
            self.engine, self.database, self.store, definitions, self.clock, self.sent.extend, b"duid", "host", face.do
        )

    def count(self, what: Any) -> int:
        with self.database.reader() as connection:
            return int(connection.execute(select(what)).scalar_one() or 0)

    def close(self) -> None:
        self.store.close()
        self.database.dispose()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.close()


def heard(number: int, data: bytes | None = None) -> Datagram:
    said = request(DISCOVER, client(number), number) if data is None else data
    return Datagram(said, bytes(4), 68, 2, BROADCAST, SERVER, T0)


# Hints.


def test_filling_hints_takes_no_transaction_that_waits_for_its_probe(bench: Bench) -> None:
    """It would be decided again, perhaps ask for another probe, and nobody would send that."""
    engine = bench.engine
    engine.install(Snapshot(1, (OFFICE,), probe=True))
    batch = engine.open([heard(1)], T0)
    module.cycle.run(batch, bench.store, engine.snapshot, bench.sent.extend)
    ((key, _),) = engine.take_probes()
    engine.probe_answered(key)
    engine.install(Snapshot(2, (OFFICE,), probe=True))
    bench.chores.fill_hints()
    assert engine.due
    assert engine.take_probes() == []


def test_hints_are_filled(bench: Bench) -> None:
    bench.engine.install(Snapshot(1, (OFFICE,)))
    assert bench.engine.allocator.unloaded(2) != ()
    bench.chores.fill_hints()
    assert bench.engine.allocator.unloaded(2) == ()


# Requests.


def ask(bench: Bench, verb: str, body: Any) -> None:
    values = {"at": 1, "actor": "somebody", "verb": verb, "body": body}
    with bench.database.writer() as connection:
        connection.execute(insert(request_table).values(values))


def results(bench: Bench) -> list[Mapping[str, Any]]:
    with bench.database.reader() as connection:
        return list(connection.execute(select(request_table.c.result).order_by(request_table.c.id)).scalars())


@pytest.mark.parametrize(
    ("verb", "body"),
    [
        ("lease-release", {}),
        ("lease-release", {"address": "192.0.2.10", "space": "red"}),
        ("lease-release", {"address": "192.0.2.10", "space": 1 << 70}),
        ("lease-release", {"address": "somewhere"}),
        ("lease-release", ["192.0.2.10"]),
        ("make-tea", {}),
    ],
)
def test_a_request_that_makes_no_sense_is_refused_and_holds_nobody_up(bench: Bench, verb: str, body: Any) -> None:
    bench.clock.suspect = True
    ask(bench, verb, body)
    ask(bench, "clock-confirm", {})
    bench.chores.follow_requests()
    refused, confirmed = results(bench)
    assert refused["ok"] is False
    assert refused["message"]
    assert confirmed["ok"] is True


def test_what_is_asked_for_by_no_known_name_is_not_done(bench: Bench) -> None:
    bench.clock.suspect = True
    ask(bench, "make-tea", {})
    bench.chores.follow_requests()
    assert bench.clock.suspect


def test_requests_that_were_done_are_not_done_again(bench: Bench) -> None:
    done: list[Request] = []
    bench.chores._do = lambda asked: done.append(asked) or {}
    with bench.database.writer() as connection:
        requests.ask(connection, verb="clock-confirm", body={}, actor="somebody", now=T0)
    bench.chores.follow_requests()
    bench.chores.follow_requests()
    assert len(done) == 1


# Traces.


def test_a_flood_does_not_fill_the_disk_with_traces(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [time.monotonic()]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(module, "TRACE_OCTETS_SAVED", 10_000_000)
    bench.chores._trace_room = 10_000_000
    dice = random.Random(1)  # What cannot be deflated.
    flood = [Traced(heard(1, dice.randbytes(4096)), Reason.MALFORMED, 1, [], b"", b"") for _ in range(200)]
    began, seconds = now[0], 300
    for _ in range(seconds):
        now[0] += 1
        bench.engine.traces.extend(flood)
        bench.engine.traced += 200
        bench.chores.write_traces()
    kept = bench.count(func.sum(func.length(trace.c.body)))
    one = 200 * 4200  # The last flush may go beyond what was saved up.
    assert kept <= module.TRACE_OCTETS_SAVED + (now[0] - began) * module.TRACE_OCTETS_A_SECOND + one
    assert kept >= module.TRACE_OCTETS_SAVED


def test_an_ordinary_load_is_kept_whole(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [time.monotonic()]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    for number in range(60):
        now[0] += 1
        bench.engine.traces.extend([Traced(heard(number), Reason.OFFER, 1, [], b"", b"a" * 300)] * 20)
        bench.engine.traced += 20
        bench.chores.write_traces()
    now[0] += 1
    bench.chores.write_traces()
    assert bench.count(func.sum(trace.c.count)) == 60 * 20


def test_a_query_by_remote_id_is_searched_for_a_slice_at_a_time_and_then_answered(bench: Bench) -> None:
    agent = b"\x02\x04home"
    rows = [
        Lease(0, 4, (0xC0000264 + n).to_bytes(4, "big"), 32, b"\x00\x01%06d" % n, b"\x01%06d" % n, 1, int(T0) + 60,
              int(T0), 1, 1, 1, "", b"", agent if n == 900 else b"")
        for n in range(1000)
    ]  # fmt: skip
    bench.store.commit([Change(None, row, True, None) for row in rows], T0)
    bench.engine.install(Snapshot(1, (OFFICE,), leasequery=Leasequery(True, ((ip("192.0.2.2"), 32),))))
    assert bench.chores.search() == 0.1, "nothing to search for"
    query = request(LEASEQUERY, Client(b"", htype=0), 7, giaddr="192.0.2.2", agent=agent)
    batch = bench.engine.open([Datagram(query, ip("192.0.2.2"), 67, 2, SERVER, SERVER, T0)], T0)
    batch.decide()
    assert bench.chores.search() == 0.0
    assert bench.sent == [], "half of it was looked at"
    assert bench.chores.search() == 0.0
    (answer,) = bench.sent
    assert (read(answer.payload).kind, read(answer.payload).ciaddr) == (LEASEACTIVE, dotted(rows[900].address))
    assert bench.chores.search() == 0.1
    assert bench.engine.counters.events["leasequery-found"] == 1


def test_while_it_is_not_enabled_it_is_hardly_looked_for(bench: Bench) -> None:
    assert bench.chores.search() == 1.0


# Garbage.


def test_packets_leave_nothing_that_only_the_collector_could_free(bench: Bench) -> None:
    """It is off while packets come: what they left would stay."""
    bench.engine.install(Snapshot(1, (OFFICE,)))

    def exchange(number: int) -> None:
        for kind in (DISCOVER, REQUEST):
            asked = {} if kind == DISCOVER else {50: ip(read(bench.sent[-1].payload).yiaddr), 54: SERVER}
            batch = bench.engine.open([heard(number, request(kind, client(number), number, options=asked))], T0)
            module.cycle.run(batch, bench.store, bench.engine.snapshot, bench.sent.extend)
        assert read(bench.sent[-1].payload).kind == ACK

    exchange(1)  # What is made once and kept is none.

    def left() -> int:
        gc.collect()
        gc.disable()
        try:
            for number in range(2, 8):  # The same clients each time: the pool is small.
                exchange(number)
            return gc.collect()
        finally:
            gc.enable()

    # What a thread of another test leaves meanwhile is not the packets', which would leave it each time.
    assert 0 in (left() for _ in range(10))


@pytest.mark.parametrize(
    ("busy", "seconds", "times"), [(False, 59, 0), (False, 61, 1), (True, 61, 0), (True, 899, 0), (True, 901, 1)]
)
def test_garbage_is_collected_once_a_minute_and_rarely_while_packets_come(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, busy: bool, seconds: int, times: int
) -> None:
    collected: list[bool] = []
    monkeypatch.setattr(module.gc, "collect", lambda: collected.append(True))
    monkeypatch.setattr(bench.chores, "busy", lambda: busy)
    bench.chores._collected_at = time.monotonic() - seconds
    bench.chores.collect_garbage()
    bench.chores.collect_garbage()
    assert len(collected) == times


# The survey of assignments.


def test_assignments_are_surveyed_at_once_and_a_later_revision_when_no_other_follows(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def survey(revision: int) -> bool:
        asked.append(revision)
        return len(asked) > 1

    monkeypatch.setattr(bench.definitions, "survey", survey)
    kinds = frozenset({1})
    bench.engine.install(Snapshot(1, (OFFICE,)))
    assert (bench.chores.survey(), asked) == (1.0, []), "there are none"
    bench.engine.install(Snapshot(2, (OFFICE,), identifier_kinds=kinds))
    assert bench.chores.survey() < 0.1
    assert (bench.chores.survey(), asked) == (1.0, [2, 2])
    bench.engine.install(Snapshot(3, (OFFICE,), identifier_kinds=kinds))
    assert (bench.chores.survey(), asked) == (10.0, [2, 2])
    assert (bench.chores.survey(), asked) == (1.0, [2, 2, 3])


# Callouts at cb4_updated.


def test_callouts_hear_who_changed_what_once_a_later_revision_is_in_force(bench: Bench) -> None:
    seen: list[tuple[int, list[tuple[int, str, str, str]]]] = []

    def updated(handle: CalloutHandle) -> None:
        entries = handle.getArgument("audit_entries")
        said = [(one["revision"], one["actor"], one["action"], one["object"]) for one in entries]
        seen.append((bench.engine.snapshot.revision, said))
        handle.setStatus(handle.DROP)  # Which means nothing here.

    registry = Registry()
    registry.register(1, "site", "cb4_updated", updated)
    bench.engine.hook(registry)

    def apply(*names: str) -> None:
        subnets = [{"prefix": f"192.0.{n}.0/24", "name": name} for n, name in enumerate(names, 2)]
        bench.definitions.apply(validate({"version": 1, "subnets": subnets}), "alice", "")

    apply("office")
    bench.chores.follow_definitions()
    assert seen == [], "the first one is no change of what was in force"
    apply("office", "lab")
    apply("office", "lab", "hall")
    bench.chores.follow_definitions()
    bench.chores.follow_definitions()
    bench.chores.reload()
    ((revision, said),) = seen
    assert revision == bench.engine.snapshot.revision
    assert said == [(revision - 1, "alice", "definitions.added", "subnet lab"),
                    (revision, "alice", "definitions.added", "subnet hall")]  # fmt: skip
    assert len(bench.engine.snapshot.subnets) == 3


def test_the_sweep_asks_callouts_at_the_end_of_a_probation(bench: Bench) -> None:
    seen: list[str] = []
    registry = Registry()
    registry.register(1, "site", "lease4_recover", lambda handle: seen.append(handle.getArgument("lease4").address))
    bench.engine.hook(registry)
    bench.engine.install(Snapshot(1, (OFFICE,), probation_s=600))
    for address, began in (("192.0.2.10", 600), ("192.0.2.11", 599)):
        row = Lease(0, 4, ip(address), 32, b"", b"", 4, int(T0) + 3000, int(T0) - began, 1, 1, 1, "", b"", b"")
        bench.store.commit([Change(None, row, False, None)], T0)
    bench.chores.sweep()
    bench.chores.sweep()
    assert seen == ["192.0.2.10"]
