"""What every part of an expression comes to for one packet: for people who try one out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from dhcpcore.topology.expressions.compiler import Expression, Piece
from dhcpcore.topology.expressions.subject import Subject


class Valued(NamedTuple):
    """A part of the text, how deep it lies in it, and its value."""

    text: str
    start: int
    depth: int
    value: bool | bytes


def explained(expression: Expression, subject: Subject) -> tuple[Valued, ...]:
    """The whole first, then what it is made of, in the order of the text; what only repeats the text is left out."""
    return tuple(_walk(expression.text, expression.piece, subject, 0))


def _walk(text: str, piece: Piece, subject: Subject, depth: int) -> Iterator[Valued]:
    if piece.constant and not piece.parts and depth:
        return
    yield Valued(text[piece.start : piece.end], piece.start, depth, piece.evaluate(subject))
    for part in piece.parts:
        yield from _walk(text, part, subject, depth + 1)


def value_text(value: bool | bytes) -> str:
    """A value in words: true, false, a text in quotes, octets in hex."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value and all(0x20 <= octet < 0x7F for octet in value):
        return f"'{value.decode()}'"
    return f"0x{value.hex()}" if value else "''"
