"""Interval work against the plain truth: sets of addresses."""

from hypothesis import given
from hypothesis import strategies as st

from dhcpcore.topology.coverage import Coverage, Range, removed

ranges = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 40), st.integers(0, 8)), max_size=6).map(
    lambda listed: [Range(space, 4, 32, bytes([low]), bytes([low + size]), str(low)) for space, low, size in listed]
)


def addresses(listed):
    return {(one.space, value) for one in listed for value in range(one.first[0], one.last[0] + 1)}


def disjoint(listed):
    kept = []
    for one in listed:
        if not addresses([one]) & addresses(kept):
            kept.append(one)
    return kept


@given(ranges, ranges)
def test_what_is_removed_is_the_difference_of_the_sets(before, after):
    assert addresses(removed(before, after)) == addresses(before) - addresses(after)


@given(ranges)
def test_a_key_is_found_in_the_range_that_holds_it(listed):
    kept = disjoint(listed)
    coverage = Coverage(kept)
    for space in (0, 1):
        for value in range(50):
            found = coverage.find((space, 4, bytes([value]), 32))
            assert (found is not None) == ((space, value) in addresses(kept))
            assert found is None or (space, value) in addresses([found])


def test_another_prefix_length_is_another_thing():
    before = [Range(0, 8, 56, b"\x00", b"\x08", "a")]
    assert list(removed(before, [Range(0, 8, 60, b"\x00", b"\x08", "b")])) == before
