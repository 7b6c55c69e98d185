"""Packets a second, DECLINEs and suspensions: counted exactly, forgotten in time, bounded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhcpcore.stats import manners
from dhcpcore.stats.manners import Manners
from dhcpcore.stats.reasons import Reason
from dhcpcore.topology.policy import Flood

NOW = 1000.0
A, B = b"\x01aaaaaa", b"\x01bbbbbb"


def sent(made: Manners, flood: Flood, hw: bytes, count: int, now: float = NOW, subnet: int = 1) -> list[Reason | None]:
    return [made.judge(flood, hw, subnet, now) for _ in range(count)]


def test_a_burst_passes_and_the_next_packet_does_not() -> None:
    made, flood = Manners(), Flood(client_rate=2, burst=3)
    assert sent(made, flood, A, 4) == [None, None, None, Reason.RATE_LIMITED]
    assert sent(made, flood, B, 1) == [None], "another client is not concerned"


def test_room_comes_back_with_time_and_no_more_than_the_burst() -> None:
    made, flood = Manners(), Flood(client_rate=2, burst=3)
    sent(made, flood, A, 5)
    assert sent(made, flood, A, 2, NOW + 0.5) == [None, Reason.RATE_LIMITED]
    assert sent(made, flood, A, 5, NOW + 900)[2:] == [None, Reason.RATE_LIMITED, Reason.RATE_LIMITED]


def test_a_clock_that_is_set_back_gives_no_room() -> None:
    made, flood = Manners(), Flood(client_rate=2, burst=1)
    sent(made, flood, A, 1)
    assert sent(made, flood, A, 1, NOW - 500) == [Reason.RATE_LIMITED]
    assert sent(made, flood, A, 1, NOW - 499) == [None]


def test_a_subnet_has_a_rate_of_its_own() -> None:
    made, flood = Manners(), Flood(subnet_rate=2)
    clients = [bytes([n]) for n in range(3)]
    assert [made.judge(flood, hw, 1, NOW) for hw in clients] == [None, None, Reason.RATE_LIMITED]
    assert made.judge(flood, clients[2], 2, NOW) is None


def test_who_goes_on_is_suspended_for_its_time_and_then_answered() -> None:
    made, flood = Manners(), Flood(client_rate=1, burst=1, suspend_after=3, suspend_for_s=60)
    assert sent(made, flood, A, 5)[-1] is Reason.SUSPENDED
    (one,) = made.suspended(NOW)
    assert (one.hw, one.why, one.until, one.subnet) == (A, "rate", NOW + 60, 1)
    assert sent(made, flood, A, 1, NOW + 59) == [Reason.SUSPENDED]
    assert sent(made, flood, A, 1, NOW + 60) == [None]
    assert made.suspended(NOW + 60) == []


def test_what_is_dropped_now_and_then_does_not_add_up() -> None:
    made, flood = Manners(), Flood(client_rate=1, burst=1, suspend_after=3)
    for minute in range(10):
        assert Reason.SUSPENDED not in sent(made, flood, A, 3, NOW + minute * 60)


def test_declines_within_the_time_suspend_and_those_apart_do_not() -> None:
    made, flood = Manners(), Flood(declines=3, suspend_for_s=100)
    for at in (0, 60, 120, 180):
        made.declined(flood, A, 1, NOW + at)
    assert made.judge(flood, A, 1, NOW + 180) is None
    made.declined(flood, A, 1, NOW + 190)
    assert made.suspended(NOW + 190)[0].why == "declines"
    assert made.judge(flood, A, 1, NOW + 191) is Reason.SUSPENDED


def test_without_a_limit_declines_are_not_counted() -> None:
    made = Manners()
    for _ in range(100):
        made.declined(Flood(client_rate=1), A, 1, NOW)
    assert made.suspended(NOW) == []


def test_a_suspension_is_lifted_once() -> None:
    made, flood = Manners(), Flood(client_rate=1, burst=1, suspend_after=1)
    sent(made, flood, A, 2)
    assert made.lift(A)
    assert not made.lift(A)
    assert made.judge(flood, A, 1, NOW) is None


def test_it_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manners, "CLIENTS_MAX", 10)
    monkeypatch.setattr(manners, "SUSPENDED_MAX", 5)
    made, flood = Manners(), Flood(client_rate=1, burst=1, suspend_after=1)
    for n in range(100):
        sent(made, flood, bytes([n]), 2, NOW + n / 10)
    assert [one.hw[0] for one in made.suspended(NOW + 10)] == [99, 98, 97, 96, 95]
    for n in range(100):
        made.judge(flood, bytes([n, 1]), 1, NOW)
    assert len(made._clients) == 10


@given(gaps=st.lists(st.floats(0, 3), max_size=60), rate=st.integers(1, 5), burst=st.integers(1, 5))
def test_no_more_passes_than_burst_and_rate_allow(gaps: list[float], rate: int, burst: int) -> None:
    made, flood, now, passed = Manners(), Flood(client_rate=rate, burst=burst), NOW, 0
    for gap in gaps:
        now += gap
        passed += made.judge(flood, A, 1, now) is None
    assert passed <= burst + (now - NOW) * rate + 1e-6
