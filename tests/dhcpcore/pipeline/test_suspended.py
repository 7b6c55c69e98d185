"""Transactions that wait: beside each other, bounded, and each resumed with what it waited for."""

from __future__ import annotations

from typing import Any

import pytest

from dhcpcore.pipeline import suspended
from dhcpcore.pipeline.bundle import Datagram, TransactionBundle
from dhcpcore.pipeline.questions import Matter, Said, Word
from dhcpcore.pipeline.scripted import Rules, Script
from dhcpcore.pipeline.suspended import Suspended
from dhcpcore.topology.links import Links
from dhcpcore.topology.snapshot import EMPTY
from dhcpcore.wire.v4.message import decode
from tests.packets4 import DISCOVER, client, request

KEY = (0, 4, b"\xc0\0\2\1", 32)


def bundle(number: int) -> Any:
    data = request(DISCOVER, client(number), number)
    datagram = Datagram(data, bytes(4), 68, 2, b"\xff" * 4, b"\xc0\0\2\1", 0.0)
    return TransactionBundle(datagram, decode(data), EMPTY, Links(EMPTY, {}), 0.0)


def test_each_is_resumed_with_what_it_waited_for() -> None:
    waiting, script = Suspended(), Script(Rules())
    probed, timed, asks = bundle(1), bundle(2), bundle(3)
    waiting.put(probed, KEY, 5.0)
    waiting.put(timed, None, 3.0)
    question = script.question(asks, Matter.ADMIT)
    waiting.ask(asks, question)
    assert (len(waiting), waiting.timer(), waiting.due) == (3, 3.0, False)
    assert waiting.take(1.0, EMPTY) == []
    waiting.said(Said(question.number, Word.DROP))
    assert waiting.due
    assert waiting.take(1.0, EMPTY) == [asks]
    assert script.dialogue(asks).admitted.word == Word.DROP
    assert waiting.take(3.0, EMPTY) == [timed]
    waiting.probe_answered(KEY)
    assert waiting.take(3.0, EMPTY) == [probed]
    assert probed.probed == {KEY: True}
    assert (len(waiting), waiting.timer()) == (0, None)


def test_a_second_answer_and_one_to_nobody_are_no_matter() -> None:
    waiting, script = Suspended(), Script(Rules())
    asks = bundle(1)
    question = script.question(asks, Matter.ANSWER)
    waiting.said(Said(question.number, Word.GO))
    assert not waiting.due
    waiting.ask(asks, question)
    waiting.said(Said(question.number, Word.GO))
    waiting.said(Said(question.number, Word.FAILED))
    assert waiting.take(0.0, EMPTY) == [asks]
    assert script.dialogue(asks).edited.word == Word.GO


def test_beyond_the_bound_the_oldest_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suspended, "SUSPENDED_MAX", 2)
    waiting, script = Suspended(), Script(Rules())
    first, second, third = bundle(1), bundle(2), bundle(3)
    assert waiting.ask(first, script.question(first, Matter.ADMIT)) is None
    assert waiting.ask(second, script.question(second, Matter.ADMIT)) is None
    assert waiting.put(third, None, 1.0) is first
    assert waiting.bundles() == [third, second]
