"""The sans-IO face: what is bounded, what a fault costs, and the batches that no datagram asked for.

What becomes of packets is in tests/scenarios.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dhcpcore import batch
from dhcpcore import engine as module
from dhcpcore.engine import Engine
from dhcpcore.lease.model import Lease, State
from dhcpcore.pipeline.bundle import TransactionBundle
from dhcpcore.pipeline.handler import Handler, Plan
from dhcpcore.pipeline.suspended import SUSPENDED_MAX
from tests.packets4 import DISCOVER, OFFER, client, ip
from tests.playbook import OFFICE, T0, World, pool, subnet

A, B = client(1), client(2)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path, subnet(OFFICE, pool("192.0.2.100", "192.0.2.109"), lifetime=3600))
    yield made
    made.close()


class Fails(Handler):
    """A handler that fails on one client's packets, in its first phase."""

    def __init__(self) -> None:
        self.on = b"\x01" + A.hw

    def pre(self, bundle: TransactionBundle) -> None:
        if bundle.request.hw == self.on:
            raise ZeroDivisionError


def failing(world: World) -> None:
    engine = world.engine
    engine.plan = Plan((*engine.plan.handlers, Fails()), tuple(engine.plan.pre))


def row(last: int, state: int = State.LEASED, expires: int = T0 - 1) -> Lease:
    return Lease(0, 4, ip(f"192.0.2.{last}"), 32, b"c", b"", state, expires, T0 - 60, 1, 1, 1, "", b"", b"")


def test_a_fault_in_the_first_phase_is_one_silence_with_its_name(world: World) -> None:
    failing(world)
    world.engine.strict = False
    (offer,) = world.send(world.packet(DISCOVER, A), world.packet(DISCOVER, B))
    assert (offer.kind, offer.hw) == (OFFER, B.hw)
    assert world.reasons == ["INTERNAL-ERROR", "OFFER"]
    assert world.engine.traces[-2].reason.code == "INTERNAL-ERROR"


def test_in_tests_it_is_not_survived(world: World) -> None:
    failing(world)
    with pytest.raises(ZeroDivisionError):
        world.discover(A)


def test_a_server_is_not_strict() -> None:
    assert not Engine().strict


@pytest.mark.parametrize(
    ("found", "closed"),
    [
        (row(100), True),
        (row(100, expires=T0), True),
        (row(100, expires=T0 + 1), False),
        (row(100, State.RELEASED), False),
        (row(100, State.EXPIRED), False),
        (row(100, State.DECLINED), False),
    ],
)
def test_a_sweep_closes_what_has_ended_and_nothing_else(found: Lease, closed: bool) -> None:
    changes = Engine(strict=True).open_sweep([found], T0).changes()
    assert [change.after.state for change in changes] == ([State.EXPIRED] if closed else [])


def test_changes_leave_in_the_order_of_their_keys() -> None:
    """Two engines never wait for each other crosswise."""
    batch = Engine(strict=True).open_sweep([row(last) for last in (105, 101, 109, 100)], T0)
    assert [change.after.address[3] for change in batch.changes()] == [100, 101, 105, 109]


def test_what_is_bounded_has_the_bound_that_the_manual_says() -> None:
    assert (batch.ROUNDS_MAX, batch.RETRIES_MAX, SUSPENDED_MAX) == (3, 3, 1024)


def test_traces_are_kept_to_their_number(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert world.engine.traces.maxlen == module.TRACES_MAX
    before = world.engine.traced
    world.lease(A)
    world.one(world.packet(DISCOVER, A).edited(lambda data: b""))
    assert world.engine.traced - before == 3 == len(world.engine.traces)


def test_an_engine_that_was_told_nothing_serves_nobody() -> None:
    engine = Engine(strict=True)
    assert not engine.defined
    assert (engine.timer(), engine.due, engine.take_probes()) == (None, False, [])


def test_rows_committed_are_counted_without_the_lost(world: World) -> None:
    before = world.engine.counters.rows_committed
    world.lease(A)
    world.discover(B)
    assert world.engine.counters.rows_committed - before == 1
