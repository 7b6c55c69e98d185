"""What comes from the child: a value that the engine may use, a failure of the script, or no word of it believed."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dhcpcore.pipeline.questions import Given, Matter, Question, Said, Shown, Word
from dhcpcore.script import frames, translate
from dhcpcore.script.frames import BrokenPipeProtocol
from dhcpcore.script.hooks import Told, given_of

GIVEN = ["c0000209", 600, "office", 0, "printer", "ffffff00", [[3, "c0000201"]]]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=7) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def test_an_answer_is_read() -> None:
    said, wrong = translate.from_pipe([7, 1, GIVEN, {"siaddr": "c0000206"}, {"58": "0000003c", "3": None}])
    assert wrong is None
    assert said == Said(
        7, Word.GO, Given(b"\xc0\0\2\x09", 600, "office", 0, "printer", b"\xff\xff\xff\0", ((3, b"\xc0\0\2\1"),)),
        {"siaddr": b"\xc0\0\2\6"}, {58: b"\0\0\0\x3c", 3: None},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("place", "value"),
    [(0, "c00002"), (0, "00000000"), (0, "xx"), (1, 0), (1, -1), (1, 2**32), (1, "soon"), (3, 2**40), (5, "ff00ff00"),
     (5, "ff"), (6, [[0, "00"]]), (6, [[300, "00"]]), (6, 7)],
)  # fmt: skip
def test_a_definition_that_makes_no_sense_is_a_failure(place: int, value: Any) -> None:
    given_ = list(GIVEN)
    given_[place] = value
    said, wrong = translate.from_pipe([7, 1, given_])
    assert (said, bool(wrong)) == (Said(7, Word.FAILED), True)


@pytest.mark.parametrize(
    "more",
    [({"yiaddr": "00"}, {}), ({"sname": "00" * 65}, {}), ({"other": "00"}, {}), ({}, {"51": "00"}), ({}, {"0": "00"}),
     ({}, {"66": "00" * 1501}), ({}, {"x": "00"}), ([], {})],
)  # fmt: skip
def test_a_change_that_makes_no_sense_is_a_failure(more: Any) -> None:
    said, wrong = translate.from_pipe([7, 1, None, *more])
    assert (said, bool(wrong)) == (Said(7, Word.FAILED), True)


@settings(max_examples=300, deadline=None)
@given(JSON)
def test_any_other_thing_is_refused_or_a_failure(thing: Any) -> None:
    with suppress(BrokenPipeProtocol):
        assert isinstance(translate.from_pipe(thing)[0], Said)
    with suppress(BrokenPipeProtocol):
        assert isinstance(translate.from_pipe([1, 1, thing, thing, thing])[0], Said)


def test_a_question_can_be_sent_and_its_definition_comes_back() -> None:
    given_ = Given(b"\xc0\0\2\x09", 600, "office", 3, "printer", b"\xff\xff\xff\0", ((1, b"\xff\xff\xff\0"),))
    shown = Shown(2, b"\xc0\0\2\x09", bytes(4), bytes(4), b"", b"pxe.0", False, ((3, b"\xc0\0\2\1"),))
    question = Question(7, Matter.ANSWER, b"\1" * 240, "DISCOVER", bytes(4), 67, b"\xc0\0\2\1", (given_,), shown)
    (sent,) = json.loads(frames.encode({"questions": [translate.to_pipe(question)]})[4:])["questions"]
    told = Told(sent[7][0])
    assert (told.ip, told.lease_time, told.subnet, told.serial, told.hostname, told.subnet_mask) == (
        "192.0.2.9", 600, "office", 3, "printer", "255.255.255.0",
    )  # fmt: skip
    assert translate.from_pipe([7, 1, given_of(told)])[1] is None


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=64))
def test_any_octets_are_messages_or_refused(data: bytes) -> None:
    with suppress(BrokenPipeProtocol):
        assert all(isinstance(message, dict) for message in frames.Decoder().feed(data))


def test_messages_are_put_together_from_pieces() -> None:
    decoder = frames.Decoder()
    data = frames.encode({"a": 1}) + frames.encode({"b": [2]})
    found = [message for at in range(len(data)) for message in decoder.feed(data[at : at + 1])]
    assert found == [{"a": 1}, {"b": [2]}]


def test_what_is_too_long_is_neither_sent_nor_waited_for() -> None:
    with pytest.raises(BrokenPipeProtocol, match="octets"):
        frames.encode({"a": "x" * frames.FRAME_MAX})
    with pytest.raises(BrokenPipeProtocol, match="no message"):
        list(frames.Decoder().feed(b"\xff\xff\xff\xff"))
    with pytest.raises(BrokenPipeProtocol, match="JSON"):
        frames.encode({"a": object()})
