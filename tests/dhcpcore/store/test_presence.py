"""A filter may say yes of a stranger, and never no of what was added."""

from hypothesis import given
from hypothesis import strategies as st

from dhcpcore.store.presence import Presence

KEYS = st.tuples(st.integers(0, 5), st.binary(max_size=20))


@given(st.sets(KEYS), st.integers(0, 50))
def test_what_was_added_is_there_however_many_were_expected(keys, expected):
    filled = Presence(expected)
    filled.add(keys)
    assert set(filled.among(keys)) == keys


def test_nearly_all_others_are_not():
    filled = Presence(10_000)
    filled.add((3, number.to_bytes(6, "big")) for number in range(10_000))
    strangers = [(3, number.to_bytes(6, "big")) for number in range(10_000, 30_000)]
    assert len(filled.among(strangers)) < 20_000 * 0.05


def test_nothing_is_in_an_empty_one():
    assert Presence(0).among([(1, b"a"), (2, b"")]) == []
