"""What is wrong with an expression, where, and what would be right."""

from __future__ import annotations

from dhcpcore.errors import InvalidValue

#: Letters of the line that are shown with the caret under the place; a longer line is cut around it.
_WINDOW = 76


class InvalidExpression(InvalidValue):
    """An expression is wrong: ``said`` in one sentence, ``line`` and ``column`` from 1, ``shown`` with a caret."""

    def __init__(self, said: str, text: str, at: int) -> None:
        at = max(0, min(at, len(text)))
        self.said = said
        self.at = at
        self.line = text.count("\n", 0, at) + 1
        start = text.rfind("\n", 0, at) + 1
        self.column = at - start + 1
        end = text.find("\n", start)
        self.shown = _pointed(text[start : end if end >= 0 else len(text)], at - start)
        super().__init__(f"line {self.line}, column {self.column}: {said}\n{self.shown}")


def _pointed(line: str, column: int) -> str:
    """The line, cut to the window, and a caret under the column."""
    first = max(0, min(column - _WINDOW // 2, len(line) - _WINDOW))
    part = "".join(letter if letter.isprintable() else " " for letter in line[first : first + _WINDOW])
    return f"    {part}\n    {' ' * (column - first)}^"
