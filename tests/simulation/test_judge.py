"""The judge finds what it is for: each test breaks one thing in the server, and worlds must fall over it, by name."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

import dhcpcore.handlers.giveback
import dhcpcore.handlers.limits
import dhcpcore.handlers.vpn
import dhcpcore.store.limits
from dhcpcore.batch import Batch
from dhcpcore.engine import Engine
from dhcpcore.lease import transitions
from dhcpcore.lease.allocation import Allocator
from dhcpcore.lease.facts import Outcome
from dhcpcore.lease.model import Close
from dhcpcore.net.clock import Clock
from dhcpcore.pipeline import binding
from dhcpcore.stats.reasons import Reason
from dhcpcore.topology import scopes
from dhcpcore.topology.links import Links
from tests.simulation.databases import InMemory
from tests.simulation.judge import Judge
from tests.simulation.memory import MemoryRows
from tests.simulation.plan import Plan, Weather, plan_of
from tests.simulation.simulation import Simulation

CROWDED = Plan(
    engines=2, relayed_links=1, clients=20, liars=2, squatters=1, pool_size=14, lifetime_s=40, duration_s=400.0,
    restless=0.03, change_every_s=60.0,
    weather=Weather(loss=0.05, duplicate=0.1, delay_s_max=0.5, crash=0.001, slow=0.02),
)  # fmt: skip

LIMITED = replace(CROWDED, limits=True, relayed_links=0, liars=0)

Patch = pytest.MonkeyPatch


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def falls(plan: Plan = CROWDED, seeds: range = range(6)) -> str:
    """What the judge says of the first world that falls."""
    for seed in seeds:
        try:
            Simulation(seed, InMemory(), plan).run()
        except AssertionError as violation:  # The judge's, or that of the store in memory.
            return str(violation).splitlines()[0]
    return "nothing"


def around(patch: Patch, owner: Any, name: str, change: Callable[..., Any]) -> None:
    """Replace a function by one that is given the original first."""
    original = getattr(owner, name)
    patch.setattr(owner, name, lambda *args, **more: change(original, *args, **more))


def test_unbroken_they_all_stand() -> None:
    assert falls() == "nothing"


class _Whatever:
    """Equal to any version."""

    def __ne__(self, other: object) -> bool:
        return False

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = object.__hash__


def test_a_database_that_does_not_guard_versions(monkeypatch: Patch) -> None:
    monkeypatch.setattr(MemoryRows, "_version", lambda self, key: _Whatever())
    assert "is of two rows" in falls()


def test_a_version_that_does_not_rise(monkeypatch: Patch) -> None:
    def same(grant: Any, before: Any, *args: Any, **more: Any) -> Any:
        change = grant(before, *args, **more)
        if change is None or before is None:
            return change
        return change._replace(after=change.after._replace(version=before.version))

    around(monkeypatch, transitions, "grant", same)
    monkeypatch.setattr("dhcpcore.handlers.record.grant", transitions.grant)
    assert "a second time" in falls()


def test_an_address_that_is_given_while_another_holds_it(monkeypatch: Patch) -> None:
    monkeypatch.setattr(binding, "is_free", lambda bundle, row, *, reclaim: True)
    assert "ends as RELAY_CHANGED" in falls()
    monkeypatch.setattr(Judge, "_check_reason", lambda self, server, change: None)
    assert "holds" in falls()


def test_an_address_that_is_given_away_before_its_end(monkeypatch: Patch) -> None:
    """Rows that seem to end a minute early: the grace is used up, and half a minute more."""
    monkeypatch.setattr(Judge, "_check_reason", lambda self, server, change: None)
    around(
        monkeypatch, binding, "is_free",
        lambda is_free, bundle, row, *, reclaim: is_free(
            bundle, row._replace(expires=row.expires - 60) if row is not None else None, reclaim=reclaim
        ),
    )  # fmt: skip
    assert "holds" in falls(seeds=range(12))


def test_an_ack_that_leaves_before_its_commit(monkeypatch: Patch) -> None:
    def decide(original: Any, batch: Batch) -> None:
        original(batch)
        batch._ready += [answer for bundle in batch._waiting for answer in bundle.outgoing]
        for bundle in batch._waiting:
            bundle.outgoing = []

    around(monkeypatch, Batch, "decide", decide)
    assert "before its commit" in falls()


def test_a_row_that_ends_before_its_promise(monkeypatch: Patch) -> None:
    around(monkeypatch, transitions, "lease_end", lambda lease_end, now, seconds: lease_end(now, seconds - 10))
    monkeypatch.setattr("dhcpcore.handlers.record.lease_end", transitions.lease_end)
    assert "before its commit" in falls()


def test_a_commit_that_was_none(monkeypatch: Patch) -> None:
    monkeypatch.setattr(MemoryRows, "commit", lambda self, changes, now: Outcome())
    assert "is not in the database" in falls()


def test_a_grant_that_nobody_is_told_of(monkeypatch: Patch) -> None:
    def settle(original: Any, batch: Batch, outcome: Outcome) -> None:
        original(batch, outcome)
        batch._ready = []

    around(monkeypatch, Batch, "settle", settle)
    assert "counts" in falls()


def test_a_datagram_without_a_reason(monkeypatch: Patch) -> None:
    around(
        monkeypatch, Engine, "finish",
        lambda finish, engine, bundle: None if bundle.reason == Reason.NAK_WRONG_NETWORK else finish(engine, bundle),
    )  # fmt: skip
    assert "have a reason" in falls()


def test_a_datagram_with_two(monkeypatch: Patch) -> None:
    def finish(original: Any, engine: Engine, bundle: Any) -> None:
        original(engine, bundle)
        if bundle.reason == Reason.RELEASED:
            original(engine, bundle)

    around(monkeypatch, Engine, "finish", finish)
    assert "have a reason" in falls()


def test_an_answer_under_a_reason_of_silence(monkeypatch: Patch) -> None:
    def finish(original: Any, engine: Engine, bundle: Any) -> None:
        if bundle.reason == Reason.NAK_TAKEN:
            bundle.reason = Reason.UNKNOWN_CLIENT
        original(engine, bundle)

    around(monkeypatch, Engine, "finish", finish)
    assert "UNKNOWN-CLIENT was counted, and an answer was sent" in falls()


def test_a_holding_that_is_not_closed(monkeypatch: Patch) -> None:
    def expire(original: Any, row: Any) -> Any:
        return original(row)._replace(closing=None)

    around(monkeypatch, transitions, "expire", expire)
    monkeypatch.setattr("dhcpcore.engine.expire", transitions.expire)
    assert "open in history are" in falls()


def test_a_holding_that_is_closed_for_another_reason(monkeypatch: Patch) -> None:
    around(monkeypatch, transitions, "end", lambda end, row, now, why: end(row, now, Close.MOVED))
    monkeypatch.setattr("dhcpcore.handlers.giveback.end", transitions.end)
    assert "ends as MOVED" in falls()


def test_a_release_by_somebody_else(monkeypatch: Patch) -> None:
    """Liars send RELEASE for what others hold."""

    def held(original: Any, bundle: Any, address: bytes) -> Any:
        for row in bundle.facts.by_key.values():
            if row is not None and row.address == address:
                return row
        bundle.wants.leases.add((0, 4, address, 32))
        if (0, 4, address, 32) in bundle.facts.by_key:
            return original(bundle, address)
        raise binding.NeedsRows

    around(monkeypatch, dhcpcore.handlers.giveback, "_held", held)
    assert "ends as" in falls(replace(CROWDED, liars=6))


def test_one_lease_too_many(monkeypatch: Patch) -> None:
    """An engine that sees a limit one too high: SQL shows it, and so do the clients."""
    monkeypatch.setattr(scopes, "scopes_of", higher := _higher(scopes.scopes_of))
    for module in (dhcpcore.store.limits, dhcpcore.handlers.limits):
        monkeypatch.setattr(module, "scopes_of", higher)
    assert "where" in falls(LIMITED)
    monkeypatch.setattr(Judge, "_check_limits", lambda self, server, changes: None)
    assert "use addresses from" in falls(LIMITED)


def _higher(scopes_of: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda snapshot: tuple(scope._replace(limit=scope.limit + 1) for scope in scopes_of(snapshot))


def test_a_count_that_another_engine_does_not_see(monkeypatch: Patch) -> None:
    """Two engines that both read the counter before either has written it."""
    monkeypatch.setattr(dhcpcore.store.limits.Limits, "_locked", lambda self, transaction, key, now: 0)
    monkeypatch.setattr(dhcpcore.handlers.limits.CheckLimit, "handle", lambda self, bundle: None)
    assert "where" in falls(LIMITED)


def test_a_vpn_that_is_taken_for_another(monkeypatch: Patch) -> None:
    around(monkeypatch, Links, "vpn", lambda vpn, links, vss: vpn(links, b"\0vpn1"))
    assert "before its commit" in falls(replace(CROWDED, vpns=2))


def test_a_vpn_that_is_not_heeded(monkeypatch: Patch) -> None:
    monkeypatch.setattr(dhcpcore.handlers.vpn.SelectVpn, "wanted", lambda self, snapshot: False)
    assert "link1-vpn2 got no address" in falls(replace(CROWDED, vpns=2)), "its relay drops what was not heeded"


def test_a_release_that_counts_in_every_vpn(monkeypatch: Patch) -> None:
    def held(original: Any, bundle: Any, address: bytes) -> Any:
        rows = bundle.facts.by_client[bundle.client]
        return next((row for row in rows if row.address == address), None) or original(bundle, address)

    around(monkeypatch, dhcpcore.handlers.giveback, "_held", held)
    assert "ends as RELEASED" in falls(replace(CROWDED, vpns=2, restless=0.1, pool_size=6, lifetime_s=300, liars=0))


def test_a_pool_in_which_nothing_is_ever_found(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Allocator, "search", lambda self, places, client, now: None)
    assert "got no address" in falls()


def test_a_clock_that_goes_by_the_wall(monkeypatch: Patch) -> None:
    """As it once did: for ten seconds after the wall clock was set, leases of others seemed to have ended."""

    def now(clock: Clock) -> float:
        clock.__dict__.setdefault("wall_lead", clock._monotonic() + clock._lead - clock._wall())
        return clock._wall() + clock.__dict__["wall_lead"]

    monkeypatch.setattr(Clock, "now", now)
    stepped = [seed for seed in range(200) if plan_of(seed).clock_steps and plan_of(seed).one_machine]
    said = (falls(plan_of(seed), range(seed, seed + 1)) for seed in stepped)
    assert any("holds" in words or "held by" in words for words in said)
