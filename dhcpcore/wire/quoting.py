"""How a wrong value is quoted in a message: short, on one line, whatever it is and however deep."""

from __future__ import annotations

from reprlib import Repr

#: Long enough for any name or prefix that was merely mistyped, short enough for a line of a log.
QUOTED_LETTERS_MAX = 80


class _Short(Repr):
    """The library's short forms, with strings long enough to be recognised."""

    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = self.maxlong = QUOTED_LETTERS_MAX

    def repr_int(self, x: int, level: int) -> str:
        # Python refuses to write numbers of many thousand digits.
        return super().repr_int(x, level) if x.bit_length() < 512 else f"a number of {x.bit_length()} bits"


def quoted(value: object) -> str:
    """``value`` as Python writes it, shortened in the middle and in depth."""
    text = _Short().repr(value)
    return text if len(text) <= QUOTED_LETTERS_MAX else f"{text[: QUOTED_LETTERS_MAX - 3]}..."
