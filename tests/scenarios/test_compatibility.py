"""Switches for what breaks the rules; each off unless it is on, and each for one thing.

`ignore_link_selection` is in test_selection.py, `ignore_server_identifier` in test_server_override.py and
`bootp_always_options` in test_bootp.py.
"""

from collections.abc import Callable

import pytest

from dhcpcore.topology.snapshot import Compatibility
from tests.packets4 import DISCOVER, OFFER, client
from tests.playbook import OFFICE, World, pool, subnet, traces

Make = Callable[..., World]
A = client(1)
LENIENT = Compatibility(lenient_options=True)

BREAKS_OFF = {
    "an option without its length": lambda data: data[:-1] + b"\x0c",
    "one that is cut": lambda data: data[:-1] + b"\x0c\x05abc",
    "one that is cut, behind others": lambda data: data[:-1] + b"\x0f\x03abc\x0c\xff" + b"x" * 20,
    "an overload of nothing": lambda data: data[:-1] + b"\x34\x00\xff",
    "an overload of a wrong kind": lambda data: data[:-1] + b"\x34\x01\x09\xff",
    "an overloaded field that is cut": lambda data: data[:235] + b"\x0c" + data[236:-1] + b"\x34\x01\x01\xff",
    "a message type of two octets": lambda data: data[:240] + b"\x35\x02\x01\x01\xff",
}
NO_MESSAGE = {
    "nothing": lambda data: b"",
    "half a header": lambda data: data[:235],
    "a reply": lambda data: b"\x02" + data[1:],
    "a hardware address of 17 octets": lambda data: data[:2] + b"\x11" + data[3:],
}


def office(world: Make, **snapshot: object) -> World:
    return world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.109")), **snapshot)


@pytest.mark.parametrize("edit", BREAKS_OFF.values(), ids=BREAKS_OFF)
def test_options_that_break_off_are_read_as_far_as_they_go(world: Make, edit: Callable[[bytes], bytes]) -> None:
    w = office(world, compatibility=LENIENT)
    assert w.one(w.packet(DISCOVER, A).edited(edit)).kind == OFFER
    assert "as `lenient_options` says" in "".join(traces(w))


@pytest.mark.parametrize("edit", BREAKS_OFF.values(), ids=BREAKS_OFF)
def test_they_are_malformed_where_the_switch_is_off(world: Make, edit: Callable[[bytes], bytes]) -> None:
    w = office(world)
    assert w.one(w.packet(DISCOVER, A).edited(edit)) is None
    assert w.reason == "MALFORMED"


@pytest.mark.parametrize("edit", NO_MESSAGE.values(), ids=NO_MESSAGE)
def test_what_is_no_request_at_all_stays_malformed(world: Make, edit: Callable[[bytes], bytes]) -> None:
    w = office(world, compatibility=LENIENT)
    assert w.one(w.packet(DISCOVER, A).edited(edit)) is None
    assert w.reason == "MALFORMED"


def test_what_is_whole_is_read_as_ever(world: Make) -> None:
    w = office(world, compatibility=LENIENT)
    assert w.discover(A).kind == OFFER
    assert "lenient" not in "".join(traces(w))


def test_a_type_that_was_cut_off_is_no_message(world: Make) -> None:
    w = office(world, compatibility=LENIENT)
    assert w.one(w.packet(DISCOVER, A).edited(lambda data: data[:240] + b"\x35\x01")) is None
    assert w.reason == "MALFORMED"
