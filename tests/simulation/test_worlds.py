"""The promises hold in many worlds, in memory and on both databases; a world is the same whenever it is replayed."""

import logging
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.simulation.databases import InDatabase, InMemory
from tests.simulation.plan import Plan, Weather, plan_of
from tests.simulation.simulation import Result, Simulation
from tests.simulation.world import Violation

ROOT = Path(__file__).parent.parent.parent
FEW = range(20)
MANY = 8

#: What the first seeds must have met, for the run to mean anything: answers, refusals and every kind of trouble.
MET = {
    "OFFER", "ACK-NEW", "ACK-RENEWED", "ACK-INFORM", "RELEASED", "DECLINED", "OTHER-SERVER", "NAK-TAKEN",
    "NAK-WRONG-NETWORK", "NAK-NOT-PERMITTED", "POOL-EXHAUSTED", "UNKNOWN-CLIENT", "NO-BINDING", "CLOCK-SUSPECT",
    "DATABASE-UNAVAILABLE", "BATCH-TOO-OLD", "ROW-REFUSED", "BOOTP-REPLY",
    "OFFER-DO-WITHOUT", "LIMIT-REACHED", "NAK-LIMIT",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Thousands of outages are told of in the log, and nobody reads it."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def run(seed: int, **more: object) -> Result:
    return Simulation(seed, InMemory(), replace(plan_of(seed), **more)).run()  # type: ignore[arg-type]


def test_the_promises_hold_in_the_first_worlds() -> None:
    reasons: Counter[str] = Counter()
    spaces: Counter[int] = Counter()
    acknowledged = 0
    for seed in FEW:
        result = run(seed)
        reasons.update(result.reasons)
        spaces.update(result.spaces)
        acknowledged += result.acknowledgements
    assert acknowledged > 5000
    assert reasons.keys() >= MET, sorted(MET - reasons.keys())
    assert "INTERNAL-ERROR" not in reasons
    assert min(spaces[1], spaces[2]) > 100, "two VPNs with the same addresses were granted some"


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_promises_hold_in_other_worlds_too() -> None:
    """As many as the check has time for; `python -m tests.simulation` has more."""
    for seed in range(1000, 1000 + MANY):
        run(seed)


def test_an_hour_of_calm_loses_nobody() -> None:
    """Without any trouble every client keeps its address, and nobody is refused or kept waiting."""
    calm = Plan(engines=2, clients=20, pool_size=60, duration_s=3600.0, restless=0.0, weather=Weather())
    result = Simulation(7, InMemory(), calm).run()
    spoken = {code for code in result.reasons if not code.startswith(("OFFER", "ACK", "OTHER-SERVER"))}
    assert not spoken
    assert result.reasons["ACK-NEW"] == 20


@contextmanager
def sqlite(folder: Path, name: str) -> Iterator[InDatabase]:
    shelf = InDatabase(f"sqlite:///{folder}/{name}.db")
    try:
        yield shelf
    finally:
        shelf.close()


SMALL = {"clients": 8, "duration_s": 300.0}


COUNTED = {"limits": True, "vpns": 2, "classes": True, "class_limit": 3, "engines": 2}
WORLDS = {"0": {}, "3": {}, "7": {}, "8": {}, "2": COUNTED}


def small(seed: str) -> Plan:
    return replace(plan_of(int(seed)), **SMALL, **WORLDS[seed])  # type: ignore[arg-type]


@pytest.mark.parametrize("world", WORLDS)
def test_a_world_on_sqlite_is_the_world_in_memory(tmp_path: Path, world: str) -> None:
    """The store in memory, on which many seeds run, does what the real one does: event by event."""
    seed, plan = int(world), small(world)
    with sqlite(tmp_path, "world") as shelf:
        real = Simulation(seed, shelf, plan).run()
    assert real == Simulation(seed, InMemory(), plan).run()
    assert real.acknowledgements > 10


@pytest.mark.pg
@pytest.mark.parametrize("world", WORLDS)
def test_a_world_on_postgresql_is_the_world_in_memory(pg_url: str, world: str) -> None:
    seed, plan = int(world), small(world)
    shelf = InDatabase(pg_url)
    try:
        real = Simulation(seed, shelf, plan).run()
    finally:
        shelf.close()
    assert real == Simulation(seed, InMemory(), plan).run()


@pytest.mark.parametrize("seed", [1, 6])
def test_a_class_never_has_more_leases_than_it_may(tmp_path: Path, seed: int) -> None:
    """Three engines, restless clients and every trouble of the seed; classes are told by what a client sends."""
    more = {"classes": True, "class_limit": 3, "engines": 3, "liars": 0, "booters": 0, "pool_size": 20}
    plan = replace(plan_of(seed), clients=10, duration_s=300.0, **more)  # type: ignore[arg-type]
    with sqlite(tmp_path, "limited") as shelf:
        world = Simulation(seed, shelf, plan)
        result = world.run()
    assert world.most_held == 3
    assert result.reasons.keys() & {"LIMIT-REACHED", "NAK-LIMIT"}


def test_rows_that_the_database_refuses_are_in_quarantine(tmp_path: Path) -> None:
    plan = Plan(clients=4, liars=0, duration_s=120.0, weather=Weather(poison=1.0))
    with sqlite(tmp_path, "poison") as shelf:
        result = Simulation(1, shelf, plan).run()
        quarantined = shelf.books.quarantined()
    assert result.acknowledgements == 0
    assert len(quarantined) >= result.reasons["ROW-REFUSED"] > 4
    assert {row["hostname"] for row in quarantined} == {"poison"}


def test_a_seed_replays_its_world_in_another_process() -> None:
    """Nothing depends on the order in which a set happens to be walked through."""
    program = (
        "import logging; logging.disable(50)\n"
        "from tests.simulation.databases import InMemory\n"
        "from tests.simulation.simulation import Simulation\n"
        "print(*(Simulation(seed, InMemory()).run().digest for seed in (4, 9)))"
    )

    def digests(hash_seed: str) -> str:
        return subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": hash_seed}, capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip

    here = " ".join(Simulation(seed, InMemory()).run().digest for seed in (4, 9))
    assert digests("1").strip() == digests("2").strip() == here


def test_another_seed_is_another_world() -> None:
    assert run(3).digest != run(4).digest


def test_a_failure_tells_its_seed_and_what_happened_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.simulation.judge.Judge._living", lambda self, key: {b"": "a", b"\0": "b"})
    with pytest.raises(Violation) as caught:
        run(3)
    assert "--seed 3" in str(caught.value)
    assert "engine0 starts" in str(caught.value)
