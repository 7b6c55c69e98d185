"""Callouts: their order, what they share and what they do not, and what becomes of those that fail."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from dhcpcore.errors import InvalidValue, Refused
from dhcpcore.hooks.handle import CalloutHandle, NoSuchArgument, NoSuchCalloutContext, Status
from dhcpcore.hooks.points import POINTS
from dhcpcore.hooks.registry import FAILURES_MAX, OVERRUNS_MAX, Overrun, Registry

HOOK, OTHER = "pkt4_receive", "pkt4_send"


def test_a_callout_that_returns_1_is_logged_with_library_and_hook_and_changes_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Kea example 5."""
    registry = Registry()
    registry.register(1, "count", HOOK, lambda handle: 1)
    assert registry.call(registry.open(), HOOK, {}) is Status.CONTINUE
    assert "count" in caplog.text
    assert HOOK in caplog.text


def test_one_that_raises_makes_it_drop_and_the_next_one_sees_that_and_may_go_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Kea example 6."""
    registry, seen = Registry(), []

    def bad(handle: CalloutHandle) -> None:
        raise RuntimeError("a mistake")

    def next_one(handle: CalloutHandle) -> None:
        seen.append(handle.getStatus())

    registry.register(1, "a", HOOK, bad)
    registry.register(2, "b", HOOK, next_one)
    assert registry.call(registry.open(), HOOK, {}) is Status.DROP
    assert seen == [Status.DROP]
    assert "a mistake" in caplog.text
    registry.register(3, "c", HOOK, lambda handle: handle.setStatus(handle.CONTINUE))
    assert registry.call(registry.open(), HOOK, {}) is Status.CONTINUE


def test_one_that_calls_sys_exit_ends_itself_and_not_the_server() -> None:
    registry = Registry()
    registry.register(1, "a", HOOK, lambda handle: sys.exit("enough"))
    assert registry.call(registry.open(), HOOK, {}) is Status.DROP
    assert registry.statistics()[0]["errors"] == 1


def test_arguments_are_shared_and_contexts_are_not() -> None:
    """Kea example 7."""
    registry, seen = Registry(), {}

    def first(handle: CalloutHandle) -> None:
        handle.setArgument("$x", 1)
        handle.setContext("k", "a")

    def second(handle: CalloutHandle) -> None:
        seen["x"] = handle.getArgument("$x")
        seen["k before"] = handle.getOptionalContext("k")
        handle.setContext("k", "b")

    def third(handle: CalloutHandle) -> None:
        seen["k"] = handle.getContext("k")

    registry.register(1, "a", HOOK, first)
    registry.register(2, "b", HOOK, second)
    registry.register(1, "a", OTHER, third)
    handle = registry.open()
    registry.call(handle, HOOK, {})
    registry.call(handle, OTHER, {})
    assert seen == {"x": 1, "k before": None, "k": "a"}
    with pytest.raises(NoSuchArgument, match=r"pkt4_send has no argument '\$x'"):
        handle.getArgument("$x")


def test_a_context_lasts_for_one_packet() -> None:
    """Kea example 8."""
    registry, seen = Registry(), []
    registry.register(1, "a", "context_create", lambda handle: handle.setContext("n", 7))

    def look(handle: CalloutHandle) -> None:
        seen.append(handle.getContext("n"))

    for hook in (HOOK, OTHER):
        registry.register(1, "a", hook, look)
    handle = registry.open()
    registry.call(handle, HOOK, {})
    registry.call(handle, OTHER, {})
    registry.close(handle)
    assert seen == [7, 7]
    registry.deregister(1, "context_create")
    handle = registry.open()
    handle.library = 1
    with pytest.raises(NoSuchCalloutContext):
        handle.getContext("n")


def test_each_invocation_begins_with_continue() -> None:
    """Kea example 9."""
    registry, seen = Registry(), []
    registry.register(1, "a", HOOK, lambda handle: handle.setStatus(handle.SKIP))
    registry.register(1, "a", OTHER, lambda handle: seen.append(handle.getStatus()))
    handle = registry.open()
    assert registry.call(handle, HOOK, {}) is Status.SKIP
    assert registry.call(handle, OTHER, {}) is Status.CONTINUE
    assert seen == [Status.CONTINUE]
    assert registry.call(handle, "buffer4_send", {}) is Status.CONTINUE, "without callouts, too"


def test_libraries_in_their_order_and_inside_one_in_the_order_of_registration() -> None:
    registry, seen = Registry(), []
    for library, name in ((2, "c"), (1, "a"), (2, "d"), (1, "b"), (1, "b")):
        registry.register(library, "x", HOOK, lambda handle, name=name: seen.append(name))
    registry.call(registry.open(), HOOK, {})
    assert seen == ["a", "b", "b", "c", "d"]


def test_there_is_no_callout_at_a_hook_that_is_none() -> None:
    with pytest.raises(InvalidValue, match=r"no hook point 'pkt4_recieve'.*pkt4_receive"):
        Registry().register(1, "count", "pkt4_recieve", lambda handle: None)


def test_one_that_goes_on_failing_is_switched_off_with_an_event_and_one_that_recovers_is_not() -> None:
    registry, calls = Registry(), []
    fails = True

    def sometimes(handle: CalloutHandle) -> None:
        calls.append(1)
        if fails:
            raise RuntimeError

    registry.register(1, "flaky", HOOK, sometimes)
    for _ in range(FAILURES_MAX - 1):
        registry.call(registry.open(), HOOK, {})
    fails = False
    registry.call(registry.open(), HOOK, {})
    fails = True
    for _ in range(FAILURES_MAX - 1):
        registry.call(registry.open(), HOOK, {})
    assert registry.events == []
    registry.call(registry.open(), HOOK, {})
    assert len(registry.events) == 1
    assert "HOOK-DISABLED: flaky.sometimes at pkt4_receive" in registry.events[0]
    before = len(calls)
    assert registry.call(registry.open(), HOOK, {}) is Status.CONTINUE
    assert len(calls) == before
    assert not registry.has(HOOK)
    (told,) = registry.statistics()
    assert (told["calls"], told["errors"]) == (2 * FAILURES_MAX, 2 * FAILURES_MAX - 1)
    assert told["disabled"] == f"it raised, {FAILURES_MAX} times in a row"


def test_one_that_overruns_is_switched_off_after_three_times() -> None:
    registry = Registry()

    def slow(handle: CalloutHandle) -> None:
        raise Overrun

    registry.register(1, "slow", HOOK, slow)
    for number in range(OVERRUNS_MAX):
        assert registry.has(HOOK), number
        assert registry.call(registry.open(), HOOK, {}) is Status.DROP
    assert not registry.has(HOOK)
    assert "took longer than 25 ms" in registry.events[0]


def test_one_that_keeps_its_end_to_itself_has_overrun() -> None:
    times = iter([0.0, 0.026])
    registry = Registry(clock=lambda: next(times, 1.0))
    registry.register(1, "stubborn", HOOK, lambda handle: None)
    assert registry.call(registry.open(), HOOK, {}) is Status.DROP
    assert registry.statistics()[0]["overruns"] == 1


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, GeneratorExit])
def test_one_that_interrupts_ends_its_call_and_not_the_server(error: type[BaseException]) -> None:
    registry = Registry()

    def interrupt(handle: CalloutHandle) -> None:
        raise error

    registry.register(1, "bad", HOOK, interrupt)
    assert registry.call(registry.open(), HOOK, {}) is Status.DROP


def test_what_calls_cost_and_did_is_told() -> None:
    times = iter(range(100))
    registry = Registry(clock=lambda: next(times) / 1000)
    registry.register(1, "count", OTHER, lambda handle: handle.setStatus(handle.DROP))
    registry.register(1, "count", HOOK, lambda handle: None)
    for hook in (HOOK, OTHER, OTHER):
        registry.call(registry.open(), hook, {})
    told = [(one["hook"], one["calls"], one["stopped"], one["mean_us"]) for one in registry.statistics()]
    assert told == [(HOOK, 1, 0, 1000.0), (OTHER, 2, 2, 1000.0)]


class TestParking:
    """Kea example 14, without a server."""

    def test_it_goes_on_after_the_last_unpark_once(self) -> None:
        lot, gone = Registry().lot("leases4_committed"), []
        lot.park("packet", lambda: gone.append(1))
        assert [lot.reference("packet"), lot.reference("packet")] == [1, 2]
        assert lot.unpark("packet")
        assert gone == []
        assert lot.unpark("packet")
        assert gone == [1]
        assert not lot.unpark("packet")
        assert gone == [1]

    def test_one_that_is_dropped_never_goes_on(self) -> None:
        lot, gone = Registry().lot("leases4_committed"), []
        lot.park("packet", lambda: gone.append(1))
        lot.reference("packet")
        assert lot.drop("packet")
        assert not lot.drop("packet")
        assert not lot.unpark("packet")
        assert gone == []

    def test_dereferencing_lets_nothing_go(self) -> None:
        lot, gone = Registry().lot("leases4_committed"), []
        lot.park("packet", lambda: gone.append(1))
        lot.reference("packet")
        assert lot.dereference("packet") == 0
        assert gone == []
        assert lot.unpark("packet", force=True)
        assert gone == [1]

    def test_what_is_not_parked_can_be_neither_referred_to_nor_dereferenced(self) -> None:
        lot = Registry().lot("leases4_committed")
        for ask in (lot.reference, lot.dereference):
            with pytest.raises(Refused, match="not parked"):
                ask("packet")


def test_a_command_of_a_librarys_own_is_answered_by_the_last_of_them() -> None:
    """Kea example 13, without a server."""
    registry = Registry()
    seen: list[Any] = []

    def first(handle: CalloutHandle) -> None:
        seen.append(handle.getArgument("command"))
        handle.setArgument("response", {"result": 0, "text": "first"})

    registry.register(1, "a", "$count_get", first)
    assert registry.command("count-get", {"of": "all"}) == {"result": 0, "text": "first"}
    assert seen == [{"command": "count-get", "arguments": {"of": "all"}}]
    registry.register(2, "b", "$count_get", lambda handle: handle.setArgument("response", {"result": 1}))
    assert registry.command("count-get", {}) == {"result": 1}
    assert registry.commands() == ["count-get"]
    registry.forget(1)
    registry.forget(2)
    assert registry.commands() == []


def test_every_point_of_the_table_has_its_sentence_and_arguments_of_three_directions() -> None:
    for point in POINTS.values():
        assert point.when.endswith(".")
        assert all(one.direction in ("in", "in/out", "out") and one.what for one in point.arguments)
        assert set(point.status) <= {"SKIP", "DROP", "PARK"}
