import pytest

from app.rendering import share, span, thousands


@pytest.mark.parametrize(("seconds", "said"), [
    (-5, "0 s"), (0, "0 s"), (59.9, "59 s"), (60, "1 min"), (97, "1 min 37 s"), (599, "9 min 59 s"), (601, "10 min"),
    (3600, "1 h"), (3660, "1 h 1 min"), (36_060, "10 h"), (86_400, "1 d"), (90_000, "1 d 1 h"), (10 * 86_400, "10 d"),
])
def test_a_span_is_no_more_exact_than_anybody_needs(seconds, said):
    assert span(seconds) == said


@pytest.mark.parametrize(("part", "whole", "percent"), [
    (0, 100, 0.0), (1, 100_000, 0.5), (1, 3, 33.3), (100, 100, 100.0), (5, 4, 100.0), (1, 0, 0.0)])
def test_a_share_shows_the_least_and_never_more_than_all(part, whole, percent):
    assert share(part, whole) == percent


def test_large_numbers_can_be_read():
    assert thousands(1234567) == "1\u202f234\u202f567"
    assert thousands(1 << 64) == "2^64"
