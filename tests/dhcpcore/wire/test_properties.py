"""Whatever comes: octets are a value or malformed, values are octets or refused, and nothing else is ever raised."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dhcpcore.errors import InvalidValue, MalformedMessage
from dhcpcore.wire.definitions import KEYS, RECORD, TUPLE, TYPES
from dhcpcore.wire.options import OptionSpace
from dhcpcore.wire.v4.options import DHCP4_OPTIONS
from dhcpcore.wire.v6.options import DHCP6_OPTIONS

SPACES = {"dhcp4": DHCP4_OPTIONS, "dhcp6": DHCP6_OPTIONS}
#: Octets that lead somewhere: short lengths and codes, labels, the high values that mark pointers and ends.
OCTETS = st.binary(max_size=60) | st.lists(
    st.sampled_from([b"\0", b"\1", b"\2", b"\4", b"\x10", b"\xc0", b"\xff", b"abc", b"\0\0\0\1", b"\3org\0"]),
    max_size=30,
).map(b"".join)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
    | st.sampled_from(["192.0.2.1", "2001:db8::1", "10.0.0.0/8", "example.org", "0102", "3/4", "option-1"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(["hex", "text", "end", "options", "enterprise", "name", "flags", "1"]) | st.text(max_size=5),
        inner, max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip


def rows_of(space: OptionSpace):
    return st.sampled_from([row for row in space.rows if row.codec is not DHCP4_OPTIONS.by_name["pad"].codec])


@pytest.mark.parametrize("name", SPACES)
@settings(max_examples=1500, deadline=None)
@given(data=st.data(), payload=OCTETS)
def test_any_octets_are_a_value_that_can_be_written_again_or_malformed(name, data, payload):
    row = data.draw(rows_of(SPACES[name]))
    try:
        value = row.decode(payload)
    except MalformedMessage as malformed:
        place = malformed.offset
        assert 0 <= place <= len(payload)
        return
    assert json.loads(json.dumps(value)) == value
    try:
        again = row.encode(value)
    except InvalidValue as refused:
        # Received, yet never to be sent: a number that an RFC bounds.
        assert "out of range" in str(refused)  # noqa: PT017 - The same.
        return
    assert row.decode(again) == value


@pytest.mark.parametrize("name", SPACES)
@settings(max_examples=500, deadline=None)
@given(data=st.data(), value=PLAIN)
def test_any_plain_value_is_octets_or_refused(name, data, value):
    row = data.draw(rows_of(SPACES[name]))
    try:
        octets = row.encode(value)
    except InvalidValue as refused:
        assert len(str(refused)) < 1000  # noqa: PT017 - Both ways out are right; this is a fact of the one.
    else:
        assert isinstance(octets, bytes)


@pytest.mark.parametrize("row", [row for space in SPACES.values() for row in space.rows], ids=lambda row: row.name)
def test_what_cannot_be_shown_whole_is_refused_all_the_same(row):
    deep = []
    for _level in range(5000):
        deep = [deep]
    for value in (1 << 70_000, -(1 << 70_000), [1 << 70_000], {"code": 1 << 70_000}, deep, [{"x" * 100_000: deep}]):
        with pytest.raises(InvalidValue):
            row.encode(value)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "space": st.sampled_from(["dhcp4", "dhcp6", "mine", "vendor-9"]) | PLAIN,
                "code": st.integers(0, 70000) | PLAIN,
                "name": st.sampled_from(["x-one", "x-two", "routers", "option-5"]) | PLAIN,
                "type": st.sampled_from([*TYPES, TUPLE, RECORD]) | PLAIN,
                "array": st.booleans() | PLAIN,
                "fields": st.lists(st.sampled_from([*TYPES, TUPLE]), max_size=4) | PLAIN,
                "encapsulates": st.sampled_from(["mine", "dhcp6", "none", ""]) | PLAIN,
                "family": st.sampled_from([4, 6]) | PLAIN,
                "doc": st.text() | PLAIN,
            },
        ),
        max_size=5,
    ),
    OCTETS,
)
def test_any_definitions_make_a_space_or_are_refused_and_the_space_works(definitions, payload):
    for base in SPACES.values():
        space, faults = base.extended(definitions)
        assert len(faults) + len(space.rows) <= len(base.rows) + len(definitions)
        for row in space.rows[len(base.rows) :]:
            try:
                value = row.decode(payload)
            except MalformedMessage:
                continue
            assert row.decode(row.encode(value)) == value
    assert "space" in KEYS
