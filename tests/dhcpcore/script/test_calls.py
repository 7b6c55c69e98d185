"""Calls that wait for the script: one at a time, each told once."""

from dhcpcore.script.calls import CALLS_MAX, Calls


class Told(list):
    """What those who called were told, by their names."""

    def by(self, name):
        return lambda result, error: self.append((name, result, error))


def test_one_is_with_the_host_and_the_others_come_in_their_order():
    calls, told = Calls(), Told()
    for name in "abc":
        calls.add(name, {"n": 1}, told.by(name), 10.0)
    assert calls.take() == {"call": "a", "number": 1, "arguments": {"n": 1}}
    assert calls.take() is None
    calls.told(1, "x", None)
    assert calls.take()["call"] == "b"
    assert told == [("a", "x", None)]


def test_one_that_is_outdated_is_told_so_once_and_its_place_is_kept_until_the_host_is_done():
    calls, told = Calls(), Told()
    calls.add("a", {}, told.by("a"), 10.0)
    calls.take()
    calls.add("b", {}, told.by("b"), 20.0)
    calls.outdate(10.5)
    assert told == [("a", None, "The script did not answer in time.")]
    assert calls.take() is None, "the host is still at it"
    calls.told(1, "late", None)
    assert len(told) == 1
    assert calls.take()["call"] == "b"


def test_when_the_host_is_gone_all_are_told():
    calls, told = Calls(), Told()
    calls.add("a", {}, told.by("a"), 10.0)
    calls.take()
    calls.add("b", {}, told.by("b"), 10.0)
    calls.fail("It is gone.")
    assert told == [("a", None, "It is gone."), ("b", None, "It is gone.")]
    calls.add("c", {}, told.by("c"), 10.0)
    assert calls.take()["call"] == "c"


def test_so_many_wait_and_no_more():
    calls, told = Calls(), Told()
    for number in range(CALLS_MAX + 1):
        calls.add(str(number), {}, told.by(number), 10.0)
    assert [name for name, *_ in told] == [CALLS_MAX]
    assert len(calls) == CALLS_MAX
