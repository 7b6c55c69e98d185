"""T1 < T2 < lease time, whatever is configured and asked for."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dhcpcore.lease.model import INFINITE_LIFETIME_S
from dhcpcore.topology.snapshot import Lifetimes

SECONDS = st.integers(60, INFINITE_LIFETIME_S - 1)
MAYBE = st.none() | st.integers(1, INFINITE_LIFETIME_S)


@given(granted=SECONDS, renew=MAYBE, rebind=MAYBE)
def test_the_order_holds(granted: int, renew: int | None, rebind: int | None) -> None:
    one, two = Lifetimes(renew_s=renew, rebind_s=rebind).timers(granted)
    assert 0 < one < two < granted


@given(granted=SECONDS)
def test_half_and_seven_eighths_by_default(granted: int) -> None:
    """RFC 2131 4.4.5."""
    assert Lifetimes().timers(granted) == (granted // 2, granted * 7 // 8)


def test_one_of_the_two_may_be_configured() -> None:
    assert Lifetimes(renew_s=100).timers(1000) == (100, 875)
    assert Lifetimes(rebind_s=600).timers(1000) == (500, 600)
    assert Lifetimes(renew_s=900).timers(1000) == (500, 875)


def test_for_ever_is_never_renewed() -> None:
    assert Lifetimes(renew_s=5, rebind_s=9).timers(INFINITE_LIFETIME_S) == (INFINITE_LIFETIME_S,) * 2


@given(
    default=st.integers(60, 10_000), low=st.integers(60, 10_000), high=st.integers(60, 10_000),
    asked=st.integers(0, INFINITE_LIFETIME_S),
)  # fmt: skip
def test_what_is_granted_lies_within_the_limits(default: int, low: int, high: int, asked: int) -> None:
    low, default, high = sorted((default, low, high))
    granted = Lifetimes(default_s=default, min_s=low, max_s=high).granted(asked)
    assert low <= granted <= high
    assert granted == asked or granted in {low, high}
