"""Clocks that are set while leases run, and database time that nobody is sure of."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.faults.rig import DOCUMENT, FIRST, Rig
from tests.faults.told import told
from tests.packets4 import ACK, OFFER, client

A, B = client(1), client(2)
HOUR = 3600.0


@pytest.fixture
def small(url: str, build: Callable[..., Rig]) -> Rig:
    """One address: who gets it, gets another's."""
    rig = build(url)
    office: dict[str, Any] = {**DOCUMENT["subnets"][0], "pools": [{"first": FIRST, "last": FIRST}]}
    rig.apply({**DOCUMENT, "subnets": [office]})
    return rig


def test_database_time_jumps_forward(small: Rig) -> None:
    fault = told("database time jumps forward by over a minute")
    address = small.lease(A)
    small.database_step += 2 * HOUR
    small.keep_time()
    assert small.send(small.discover(B)) == []
    assert small.reasons == fault.reasons
    (ack,) = small.send(small.renew(A, address))
    assert (ack.kind, small.reasons) == (ACK, fault.after[:1])
    small.database_step -= 2 * HOUR
    small.keep_time()
    small.clock.confirm()
    small.keep_time()
    small.pass_(4 * HOUR)
    small.send(small.discover(B))
    assert small.reasons == fault.after[1:]


def test_an_address_that_nobody_ever_had_is_given_all_the_same(rig: Rig) -> None:
    rig.database_step += 2 * HOUR
    rig.keep_time()
    assert rig.clock.suspect
    rig.lease(A)


def test_the_machines_clock_is_set(small: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    fault = told("the machine's wall clock is set")
    address = small.lease(A)
    wall = small.clock._wall
    monkeypatch.setattr(small.clock, "_wall", lambda: wall() + 2 * HOUR)
    assert small.send(small.discover(B)) == []
    assert small.reasons == fault.reasons
    small.send(small.renew(A, address))
    assert small.reasons == fault.after


def test_database_time_jumps_back(small: Rig) -> None:
    fault = told("database time jumps back by over a minute, one engine")
    address = small.lease(A)
    small.database_step -= 2 * HOUR
    small.keep_time()
    (ack,) = small.send(small.renew(A, address))
    assert (ack.kind, small.reasons) == (ACK, fault.reasons)
    small.send(small.discover(B))
    assert small.reasons == fault.after


def test_database_time_jumps_back_under_several_engines(rig: Rig) -> None:
    fault = told("database time jumps back by over a minute, several engines")
    address = rig.lease(A)
    rig.clock.alone = False
    rig.database_step -= 2 * HOUR
    rig.keep_time()
    assert rig.send(rig.renew(A, address)) == []
    assert rig.reasons == fault.reasons
    rig.slept += 21
    (ack,) = rig.send(rig.renew(A, address))
    assert (ack.kind, rig.reasons) == (ACK, fault.after)


def test_database_time_is_uncertain(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    fault = told("database time is uncertain")
    now = rig.database.now

    def slowly() -> float:
        rig.slept += 11
        return now()

    monkeypatch.setattr(rig.database, "now", slowly)
    rig.keep_time()
    assert rig.send(rig.discover(A), rig.select(B, FIRST)) == []
    assert rig.reasons == fault.reasons * 2
    monkeypatch.setattr(rig.database, "now", now)
    rig.keep_time()
    (offer,) = rig.send(rig.discover(A))
    assert (offer.kind, rig.reasons) == (OFFER, fault.after)
