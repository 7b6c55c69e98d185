"""Where a client's search begins, and candidates of pools too large to look through."""

from dhcpcore.lease.sparse import Found, SparseView, place_of, sequence
from dhcpcore.topology.snapshot import Pool

LOW, HIGH = bytes(16), b"\0" * 8 + b"\xff" * 8


def test_a_place_is_the_clients_own_and_inside_the_pool() -> None:
    places = {place_of(bytes([n]), 1000, None) for n in range(200)}
    assert len(places) > 150
    assert all(0 <= place < 1000 for place in places)
    assert place_of(b"a", 1000, None) == place_of(b"a", 1000, None)


def test_a_drawn_place_is_what_was_drawn() -> None:
    assert place_of(b"a", 1000, lambda below: below - 1) == 999


def test_a_sequence_is_the_same_each_time_and_goes_everywhere() -> None:
    one, other = sequence(), sequence()
    drawn = [one(10) for _ in range(200)]
    assert [other(10) for _ in range(200)] == drawn
    assert set(drawn) == set(range(10))


def test_an_excluded_candidate_is_passed_over() -> None:
    middle = b"\0" * 8 + b"\x7f" + b"\xff" * 7
    view = SparseView(Pool(1, 6, LOW, HIGH, 128, excluded=((LOW, middle),)), 0, 30)
    for n in range(50):
        found = view.find(0, (0, 1), bytes([n]))
        assert isinstance(found, Found)
        assert found.key[2] > middle


def test_where_everything_is_excluded_nothing_is_found() -> None:
    assert SparseView(Pool(1, 6, LOW, HIGH, 128, excluded=((LOW, HIGH),)), 0, 30).find(0, (0, 1), b"a") is None
