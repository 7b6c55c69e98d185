"""Patterns against Python's own regular expressions, and what no pattern may do: hang."""

import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dhcpcore.topology.expressions.patterns import LETTERS_MAX, VALUE_OCTETS_MAX, InvalidPattern, matcher

ATOMS = st.sampled_from(["a", "b", "c", ".", "[ab]", "[^a]", "[a-c1]", r"\d", r"\w", r"\.", "x", r"\x61", "-"])
REPEATS = st.sampled_from(["", "", "*", "+", "?", "{2}", "{1,3}", "{0,2}", "{2,}", "{0}", "*?", "+?"])
PATTERNS = st.recursive(
    st.builds(str.__add__, ATOMS, REPEATS),
    lambda inner: (
        st.builds("{}{}".format, inner, inner)
        | st.builds("({}|{}){}".format, inner, inner, REPEATS)
        | st.builds("(?:{}){}".format, inner, REPEATS)
        | st.builds("(|{})".format, inner)
    ),
    max_leaves=6,
)


@settings(max_examples=400, deadline=None)
@given(PATTERNS, st.lists(st.sampled_from("abcx1.-\n").map(str), max_size=9).map("".join))
def test_a_pattern_matches_what_pythons_does(pattern: str, value: str) -> None:
    try:
        ours = matcher(pattern)
    except InvalidPattern as error:
        assume("written out" not in str(error))
        raise
    assert ours(value.encode()) == bool(re.fullmatch(pattern.encode(), value.encode(), re.ASCII))


@pytest.mark.parametrize(
    ("pattern", "value", "matches"),
    [
        ("^ab$", b"ab", True),
        ("^a|b$", b"b", True),
        ("", b"", True),
        ("", b"a", False),
        ("[[:alpha:]_]+", b"a_Z", True),
        ("[[:digit:]]", b"a", False),
        ("[]a]", b"]", True),
        ("[a-]", b"-", True),
        (r"[\d.]+", b"1.2", True),
        ("é", "é".encode(), True),
        (r"\x00\xff", b"\0\xff", True),
        (".", b"\n", False),
        ("a{2}{", b"", None),
    ],
)
def test_some_patterns(pattern: str, value: bytes, matches: bool | None) -> None:
    if matches is None:
        with pytest.raises(InvalidPattern):
            matcher(pattern)
    else:
        assert matcher(pattern)(value) is matches


@pytest.mark.parametrize(
    ("pattern", "at", "said"),
    [
        ("a**", 2, "repeat of a repeat"),
        ("*a", 0, "nothing to repeat"),
        ("a(b", 1, "no end"),
        ("a)b", 1, "did not begin"),
        ("a[b", 1, "no end"),
        ("[b-a]", 0, "range"),
        ("[[:nope:]]", 3, "known are"),
        ("[é]", 1, "ASCII"),
        ("a{", 1, "a count is written"),
        ("a{,3}", 1, "a count is written"),
        ("a{3,2}", 1, "lesser to the greater"),
        ("a{256}", 1, "at most 255"),
        ("(?=a)", 0, "for ever"),
        ("(?!a)", 0, "for ever"),
        (r"(a)\1", 3, "for ever"),
        (r"\b", 0, "no meaning"),
        (r"\x1", 0, "two hexadecimal digits"),
        ("a^", 1, "either end"),
        ("$a", 0, "either end"),
        ("(" * 17 + ")" * 17, 16, "deep"),
        ("(a{200}){200}", 0, "written out"),
        ("a" * (LETTERS_MAX + 1), LETTERS_MAX, "letters"),
    ],
)
def test_what_is_wrong_with_a_pattern_is_told(pattern: str, at: int, said: str) -> None:
    with pytest.raises(InvalidPattern, match=re.escape(said)) as caught:
        matcher(pattern)
    assert caught.value.at == at


class Counted(dict):
    """Remembered steps, counted as they are worked out."""

    worked = 0

    def __setitem__(self, key, value):
        self.worked += 1
        super().__setitem__(key, value)


@pytest.mark.parametrize("pattern", ["(a*)*b", "(a|a)*c", ".*a.*a.*a.*a.*a.*z", "(a|b)*a(a|b){100}z", "(.?){200}x"])
def test_no_pattern_takes_more_steps_than_the_value_has_octets(pattern: str) -> None:
    match = matcher(pattern)
    steps = match.__self__._steps = Counted()
    assert match(b"ab" * (VALUE_OCTETS_MAX // 2)) is False
    assert steps.worked < VALUE_OCTETS_MAX


def test_a_value_longer_than_any_option_does_not_match() -> None:
    match = matcher("a*")
    assert match(b"a" * VALUE_OCTETS_MAX)
    assert not match(b"a" * (VALUE_OCTETS_MAX + 1))
