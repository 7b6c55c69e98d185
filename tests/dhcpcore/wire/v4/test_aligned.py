"""Pads between options and at the end."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dhcpcore.wire.v4.aligned import WORD_MAX, aligned
from dhcpcore.wire.v4.tlv import encode_options, scan

HEAD = bytes(range(240))
OPTIONS = encode_options([(53, b"\2"), (15, b"abc"), (80, b""), (12, b"x" * 40)])
MESSAGE = (HEAD + OPTIONS + b"\xff").ljust(300, b"\0")


def test_options_begin_at_words() -> None:
    made = aligned(MESSAGE, 4, 0, 576)
    assert made[:240] == HEAD
    assert made[240:].startswith(bytes.fromhex("350102 00 0f03616263 000000 5000 0000 0c28"))
    assert made[240 + 4 + 8 + 4 + 44] == 255
    assert len(made) == 301


def test_the_end_is_at_a_word_and_never_below_what_bootp_wants() -> None:
    short = (HEAD + encode_options([(53, b"\2")]) + b"\xff").ljust(300, b"\0")
    assert aligned(short, 0, 7, 576) == short.ljust(301, b"\0")
    assert aligned(short, 0, 4, 576) == short
    assert len(aligned(HEAD + OPTIONS + b"x" + b"\7seven..\xff", 0, 64, 576)) == 320


def test_where_there_is_no_room_it_stays_as_it_is() -> None:
    assert aligned(MESSAGE, 64, 0, 330) == MESSAGE
    assert aligned(MESSAGE, 64, 0, 576) != MESSAGE


@given(
    st.lists(st.tuples(st.integers(1, 254), st.binary(max_size=300)), max_size=6, unique_by=lambda pair: pair[0]),
    st.integers(0, WORD_MAX), st.integers(0, WORD_MAX),
)  # fmt: skip
def test_it_says_the_same(pairs: list[tuple[int, bytes]], word: int, tail: int) -> None:
    message = HEAD + encode_options(pairs) + b"\xff"
    made = aligned(message, word, tail, 100_000)
    assert scan(made, 240, len(made)) == scan(message, 240, len(message))
    assert not tail or len(made) % tail == 0
