"""Lease time, T1 and T2: what was asked for, within limits.  RFC 2131 4.3.1, 4.4.5."""

from collections.abc import Callable

import pytest

from tests.packets4 import client
from tests.playbook import OFFICE, T0, Lifetimes, World, pool, subnet

Make = Callable[..., World]
A = client(1)
LIMITS = Lifetimes(default_s=3600, min_s=600, max_s=7200)
FOREVER = 0xFFFF_FFFF


def office(world: Make, lifetimes: Lifetimes, of_pool: Lifetimes | None = None) -> World:
    return world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.109", lifetimes=of_pool), lifetimes=lifetimes))


@pytest.mark.parametrize(
    ("asked", "granted"), [(None, 3600), (1800, 1800), (60, 600), (0, 600), (86_400, 7200), (FOREVER, 7200)]
)
def test_what_is_asked_for_is_granted_within_the_limits(world: Make, asked: int | None, granted: int) -> None:
    w = office(world, LIMITS)
    ack = w.lease(A, lease_time=asked)
    assert (ack.number(51), ack.number(58), ack.number(59)) == (granted, granted // 2, granted * 7 // 8)
    assert w.row("192.0.2.100").expires == T0 + granted


def test_a_renewal_may_ask_for_another_time(world: Make) -> None:
    w = office(world, LIMITS)
    w.lease(A)
    assert w.renew(A, "192.0.2.100", lease_time=7200).number(51) == 7200
    assert w.row("192.0.2.100").expires == T0 + 7200


def test_a_renewal_may_shorten_the_clients_lease_and_not_the_promise_before_it(world: Make) -> None:
    w = office(world, LIMITS)
    w.lease(A)
    assert w.renew(A, "192.0.2.100", lease_time=600).number(51) == 600
    assert w.row("192.0.2.100").expires == T0 + 3600
    w.pass_(3700)
    w.sweep()
    assert w.history("192.0.2.100") == [(A.identity, T0, T0 + 3600, 2)]


@pytest.mark.parametrize("asked", [b"", b"\x01", b"\0\0\0\0\1"])
def test_a_time_of_the_wrong_length_was_not_asked_for(world: Make, asked: bytes) -> None:
    w = office(world, LIMITS)
    assert w.discover(A, options={51: asked}).number(51) == 3600


def test_a_pool_may_have_times_of_its_own(world: Make) -> None:
    w = office(world, LIMITS, Lifetimes(default_s=60, min_s=60, max_s=60))
    assert w.lease(A, lease_time=7200).number(51) == 60


def test_for_ever_is_granted_where_the_limit_is_for_ever(world: Make) -> None:
    w = office(world, Lifetimes(default_s=3600, min_s=600, max_s=FOREVER))
    ack = w.lease(A, lease_time=FOREVER)
    assert [ack.number(code) for code in (51, 58, 59)] == [FOREVER] * 3
    assert w.row("192.0.2.100").expires == 253_402_300_799


def test_where_leases_are_for_ever_a_shorter_one_is_not_granted(world: Make) -> None:
    w = office(world, Lifetimes(default_s=FOREVER, min_s=60, max_s=FOREVER))
    assert w.lease(A, lease_time=60).number(51) == FOREVER


def test_configured_timers_are_sent(world: Make) -> None:
    w = office(world, Lifetimes(default_s=4000, min_s=60, max_s=86_400, renew_s=1000, rebind_s=2000))
    offer = w.discover(A)
    assert (offer.number(58), offer.number(59)) == (1000, 2000)


@pytest.mark.parametrize("lifetime", [1000, 1500, 2000])
def test_configured_timers_that_do_not_fit_a_shorter_lease_are_not_sent(world: Make, lifetime: int) -> None:
    """T1 < T2 < lease time, always: a client with another order renews at once or never."""
    w = office(world, Lifetimes(default_s=4000, min_s=60, max_s=86_400, renew_s=1000, rebind_s=2000))
    offer = w.discover(A, lease_time=lifetime)
    assert offer.number(58) < offer.number(59) < lifetime


def test_timers_need_not_be_asked_for(world: Make) -> None:
    w = office(world, LIMITS)
    assert {51, 58, 59} <= set(w.discover(A, prl=bytes((1, 3))).options)


def test_a_refusal_has_no_times(world: Make) -> None:
    w = office(world, LIMITS)
    assert {51, 58, 59}.isdisjoint(w.select(A, "198.51.100.1").options)
