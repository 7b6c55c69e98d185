import pytest

from app.rendering import browser, share, span, thousands


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


@pytest.mark.parametrize(("agent", "said"), [
    ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
     "Chrome on Linux"),
    ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/156.0 Safari/537.36 Edg/156.0",
     "Edge on Windows"),
    ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1",
     "Safari on iPhone"),
    ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
    ("curl/8.0", "curl/8.0"), ("", ""), ("evil\u202e", "evil\\u202e")])
def test_a_browser_is_told_in_two_words_and_anything_else_as_it_calls_itself(agent, said):
    assert browser(agent) == said
