"""The time limit in the packet loop's thread: it holds whatever the code does that it ends."""

import signal
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from dhcpcore.hooks.registry import Overrun, Registry
from dhcpcore.net import budget

PATIENCE_S = 20.0


@pytest.fixture(autouse=True)
def _installed() -> Iterator[None]:
    before = signal.getsignal(signal.SIGALRM)
    budget.install()
    yield
    signal.signal(signal.SIGALRM, before)


def sleeps() -> None:
    time.sleep(PATIENCE_S)


def loops() -> None:
    while True:
        pass


def sleeps_again() -> None:
    while True:
        try:  # noqa: SIM105 - It is the manner of who does it.
            time.sleep(PATIENCE_S)
        except Exception:  # noqa: BLE001
            pass


def sleeps_whatever_is_raised() -> None:
    while True:
        try:  # noqa: SIM105
            time.sleep(PATIENCE_S)
        except:  # noqa: E722
            pass


def sleeps_in_the_end() -> None:
    try:
        time.sleep(PATIENCE_S)
    finally:
        time.sleep(PATIENCE_S)


@pytest.mark.parametrize("deed", [sleeps, loops, sleeps_again, sleeps_whatever_is_raised, sleeps_in_the_end])
def test_it_is_ended(deed: Callable[[], None]) -> None:
    began, tracer = time.monotonic(), sys.gettrace()
    with pytest.raises(Overrun), budget.limited(0.01):
        deed()
    assert time.monotonic() - began < PATIENCE_S
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert sys.gettrace() is tracer


def test_what_is_quick_enough_is_not_and_nothing_comes_later() -> None:
    with budget.limited(0.05):
        pass
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    signal.raise_signal(signal.SIGALRM)  # One that was under way when the block was left.


def test_the_next_callout_has_all_its_time() -> None:
    registry = Registry(time.perf_counter, budget.limited)
    called = []
    registry.register(1, "site", "pkt4_receive", lambda _: sleeps_again())
    registry.register(1, "site", "pkt4_receive", lambda _: called.append(1))
    registry.call(registry.open(), "pkt4_receive", {})
    assert called
    assert [one["overruns"] for one in registry.statistics()] == [1, 0]
