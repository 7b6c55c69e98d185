"""Positions: always rising, and no row moves that need not."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from dhcpcore.store.positions import GAP, placed


def test_the_first_rows_get_gaps():
    assert placed([None, None]) == [GAP, 2 * GAP]
    assert placed([]) == []


def test_a_row_in_between_takes_the_middle():
    assert placed([100, None, 200]) == [100, 150, 200]
    assert placed([None, 100]) == [50, 100]
    assert placed([100, None]) == [100, 100 + GAP]


def test_where_there_is_no_room_all_move():
    assert placed([1, None, 2]) == [GAP, 2 * GAP, 3 * GAP]


def test_one_that_moves_leaves_the_others():
    assert placed([20, 30, 40, 10]) == [20, 30, 40, 40 + GAP]
    assert placed([40, 10, 20, 30]) == [5, 10, 20, 30]


def test_what_somebody_broke_is_put_right():
    assert placed([-5, 0, 10, 10]) == [2, 4, 6, 10]


@given(st.lists(st.one_of(st.none(), st.integers(-3, 60)), max_size=12))
def test_positions_rise(present):
    made = placed(present)
    assert len(made) == len(present)
    assert all(low < high for low, high in itertools.pairwise(made))
    assert not made or made[0] > 0


@given(st.lists(st.integers(1, 1000), unique=True, max_size=20).map(sorted))
def test_what_is_in_order_stays(present):
    assert placed(present) == present
