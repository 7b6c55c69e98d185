"""Regular expressions for ``match``: the usual syntax, matched without going back, so that no value can make it hang.

A pattern becomes positions (one a letter of the pattern) and, for each, the positions that may follow: Glushkov's
automaton.  A value is walked once, and the steps already walked are remembered.  What only a matcher that goes back
can do (references, looking ahead or behind) is refused.  As Kea's, the whole value must match.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from dhcpcore.errors import InvalidValue

#: Letters of a pattern, positions that it may have once counted repeats are written out, and repeats in one count.
LETTERS_MAX = 256
POSITIONS_MAX = 256
REPEATS_MAX = 255
DEPTH_MAX = 16
#: Octets of a value that are looked at; a longer one does not match.  No option but a joined one has over 255.
VALUE_OCTETS_MAX = 1024
#: Remembered steps of one pattern.
_STEPS_MAX = 4096

_ALL = (1 << 256) - 1


def _octets(*ranges: tuple[int, int]) -> int:
    """A set of octets as the bits of a number."""
    made = 0
    for low, high in ranges:
        made |= ((1 << (high - low + 1)) - 1) << low
    return made


_DIGIT = _octets((0x30, 0x39))
_LOWER, _UPPER = _octets((0x61, 0x7A)), _octets((0x41, 0x5A))
_SPACE = _octets((0x09, 0x0D), (0x20, 0x20))
_WORD = _DIGIT | _LOWER | _UPPER | _octets((0x5F, 0x5F))
#: What stands for any octet but the ends of lines.  ECMA-262 22.2.2.7.
_DOT = _ALL & ~_octets((0x0A, 0x0A), (0x0D, 0x0D))
_ESCAPED = {
    "d": _DIGIT, "D": _ALL & ~_DIGIT, "w": _WORD, "W": _ALL & ~_WORD, "s": _SPACE, "S": _ALL & ~_SPACE,
    "t": 1 << 0x09, "n": 1 << 0x0A, "v": 1 << 0x0B, "f": 1 << 0x0C, "r": 1 << 0x0D, "0": 1,
}  # fmt: skip
_NAMED = {
    "alnum": _DIGIT | _LOWER | _UPPER, "alpha": _LOWER | _UPPER, "blank": 1 << 0x09 | 1 << 0x20, "digit": _DIGIT,
    "lower": _LOWER, "print": _octets((0x20, 0x7E)), "punct": _octets((0x21, 0x7E)) & ~(_DIGIT | _LOWER | _UPPER),
    "space": _SPACE, "upper": _UPPER, "xdigit": _DIGIT | _octets((0x41, 0x46), (0x61, 0x66)),
}  # fmt: skip


class _Part(NamedTuple):
    """A part of a pattern: whether nothing matches it, and the positions that it may begin and end with, as bits."""

    empty: bool
    first: int
    last: int


_NOTHING = _Part(True, 0, 0)


class InvalidPattern(InvalidValue):
    """The pattern is wrong; ``at`` is the letter, from 0."""

    def __init__(self, said: str, at: int) -> None:
        super().__init__(said)
        self.at = at


def matcher(pattern: str) -> Callable[[bytes], bool]:
    """Whether a value matches the pattern as a whole; ``InvalidPattern`` where it is none that is read here."""
    if len(pattern) > LETTERS_MAX:
        raise InvalidPattern(f"the pattern has {len(pattern)} letters, at most {LETTERS_MAX} are read", LETTERS_MAX)
    return _Automaton(_Reader(pattern)).matches


class _Reader:
    """Reads a pattern into positions and what follows each."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0
        self._depth = 0
        self.octets: list[int] = []  #: Of each position: the octets that it stands for.
        self.follow: list[int] = []
        self.whole = self._either()
        if self._at < len(pattern):
            raise InvalidPattern("a group ends here that did not begin: write \\) for the letter", self._at)

    def _peek(self) -> str:
        return self._pattern[self._at : self._at + 1]

    def _taken(self, letters: str) -> bool:
        if self._pattern.startswith(letters, self._at):
            self._at += len(letters)
            return True
        return False

    def _either(self) -> _Part:
        made = self._sequence()
        while self._taken("|"):
            other = self._sequence()
            made = _Part(made.empty or other.empty, made.first | other.first, made.last | other.last)
        return made

    def _sequence(self) -> _Part:
        # The whole value must match: where a value begins and ends, ^ and $ say nothing new.
        while not self._depth and self._taken("^"):
            pass
        made = _NOTHING
        while self._peek() not in {"", "|", ")"}:
            if not self._depth and self._peek() == "$" and self._pattern[self._at + 1 : self._at + 2] in {"", "|"}:
                self._at += 1
                break
            made = self._joined(made, self._repeated())
        return made

    def _joined(self, one: _Part, other: _Part) -> _Part:
        self._link(one.last, other.first)
        return _Part(
            one.empty and other.empty,
            one.first | other.first if one.empty else one.first,
            one.last | other.last if other.empty else other.last,
        )

    def _link(self, ends: int, starts: int) -> None:
        while ends:
            lowest = ends & -ends
            self.follow[lowest.bit_length() - 1] |= starts
            ends ^= lowest

    def _repeated(self) -> _Part:
        start, known = self._at, len(self.octets)
        made = self._single()
        least, most = self._counts()
        if (least, most) == (1, 1):
            return made
        if self._peek() in {"*", "+", "{"}:
            raise InvalidPattern("a repeat of a repeat: put the first into a group (…)", self._at)
        self._taken("?")  # As few as possible is the same where the whole value must match.
        copies = [made]
        for _ in range(max(least, 1 if most is None else most) - 1):
            copies.append(self._copy(known, len(copies), made, start))
        whole = _NOTHING
        for number, copy in enumerate(copies):
            whole = self._joined(whole, copy if number < least else copy._replace(empty=True))
        if most is None:
            self._link(copies[-1].last, copies[-1].first)
        return _NOTHING if most == 0 else whole

    def _copy(self, known: int, number: int, made: _Part, start: int) -> _Part:
        """The positions of a part once more."""
        size = (len(self.octets) - known) // number
        shift = len(self.octets) - known
        if len(self.octets) + size > POSITIONS_MAX:
            raise InvalidPattern(f"written out, the repeats make over {POSITIONS_MAX} letters", start)
        self.octets += self.octets[known : known + size]
        # Nothing outside the part follows its first copy yet.
        self.follow += [after << shift for after in self.follow[known : known + size]]
        return _Part(made.empty, made.first << shift, made.last << shift)

    def _counts(self) -> tuple[int, int | None]:
        at = self._at
        for sign, counts in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self._taken(sign):
                return counts
        if not self._taken("{"):
            return 1, 1
        end = self._pattern.find("}", self._at)
        low, comma, high = self._pattern[self._at : end if end >= 0 else None].partition(",")
        numbers = [part for part in (low, high) if part]
        if end < 0 or not low or not all(part.isascii() and part.isdecimal() and len(part) <= 3 for part in numbers):
            raise InvalidPattern("a count is written {3}, {3,} or {3,5}; the letter itself is \\{", at)
        least, most = int(low), (int(high) if high else None) if comma else int(low)
        if least > REPEATS_MAX or (most is not None and not least <= most <= REPEATS_MAX):
            raise InvalidPattern(f"a count goes from the lesser to the greater, at most {REPEATS_MAX}", at)
        self._at = end + 1
        return least, most

    def _single(self) -> _Part:
        at = self._at
        letter = self._peek()
        self._at += 1
        match letter:
            case "(":
                return self._group(at)
            case "[":
                return self._position(self._set(at))
            case ".":
                return self._position(_DOT)
            case "\\":
                return self._position(self._escape(at))
            case "^" | "$":
                raise InvalidPattern(f"{letter} is right only at either end, as the whole value must match anyway", at)
            case "*" | "+" | "?" | "{":
                raise InvalidPattern(f"{letter} has nothing to repeat; the letter itself is \\{letter}", at)
            case _:
                made = _NOTHING
                for octet in letter.encode(errors="replace"):
                    made = self._joined(made, self._position(1 << octet))
                return made

    def _position(self, octets: int) -> _Part:
        if len(self.octets) >= POSITIONS_MAX:
            raise InvalidPattern(f"written out, the repeats make over {POSITIONS_MAX} letters", self._at)
        bit = 1 << len(self.octets)
        self.octets.append(octets)
        self.follow.append(0)
        return _Part(False, bit, bit)

    def _group(self, at: int) -> _Part:
        if self._taken("?") and not self._taken(":"):
            raise InvalidPattern("looking ahead or behind could take for ever: only (…) and (?:…) are read", at)
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise InvalidPattern(f"groups are more than {DEPTH_MAX} deep", at)
        made = self._either()
        if not self._taken(")"):
            raise InvalidPattern("the group that begins here has no end: write \\( for the letter", at)
        self._depth -= 1
        return made

    def _escape(self, at: int) -> int:
        letter = self._peek()
        self._at += 1
        if letter in _ESCAPED:
            return _ESCAPED[letter]
        if letter == "x":
            digits = self._pattern[self._at : self._at + 2]
            if len(digits) == 2 and all(digit in "0123456789abcdefABCDEF" for digit in digits):
                self._at += 2
                return 1 << int(digits, 16)
            raise InvalidPattern("an octet is written \\x and two hexadecimal digits", at)
        if not letter or letter.isalnum() or not letter.isascii():
            said = "going back to a group could take for ever" if letter.isdigit() else "has no meaning here"
            raise InvalidPattern(f"\\{letter} {said}", at)
        return 1 << ord(letter)

    def _set(self, at: int) -> int:
        """The octets of ``[…]``."""
        inverted = self._taken("^")
        made = 0
        first = True
        while first or self._peek() != "]":
            low, simple = self._member(at)
            first = False
            if simple and self._peek() == "-" and self._pattern[self._at + 1 : self._at + 2] not in {"", "]"}:
                self._at += 1
                high, whole = self._member(at)
                if not whole or high < low:
                    raise InvalidPattern("a range goes from one letter to a later one, such as a-z", at)
                made |= (high << 1) - low
            else:
                made |= low
        self._at += 1
        return _ALL & ~made if inverted else made

    def _member(self, at: int) -> tuple[int, bool]:
        """One member of a set, and whether it is one octet, which a range may begin or end with."""
        letter = self._peek()
        if not letter:
            raise InvalidPattern("the set that begins here has no end: write \\[ for the letter", at)
        if self._taken("[:"):
            end = self._pattern.find(":]", self._at)
            name = self._pattern[self._at : end] if end >= 0 else ""
            if name not in _NAMED:
                raise InvalidPattern(f"[:{name}:] is not known; known are {', '.join(_NAMED)}", self._at)
            self._at = end + 2
            return _NAMED[name], False
        self._at += 1
        if letter == "\\":
            octets = self._escape(self._at - 1)
            return octets, octets & (octets - 1) == 0
        if not letter.isascii():
            said = "in a set, write an octet that is no letter of ASCII as \\x and two digits"
            raise InvalidPattern(said, self._at - 1)
        return 1 << ord(letter), True


class _Automaton:
    """Walks a value; a state is the set of positions that the next octet may be of."""

    __slots__ = ("_empty", "_first", "_follow", "_last", "_octets", "_steps")

    def __init__(self, reader: _Reader) -> None:
        self._octets = [
            sum(1 << position for position, octets in enumerate(reader.octets) if octets >> octet & 1)
            for octet in range(256)
        ]
        self._follow = reader.follow
        self._empty, self._first, self._last = reader.whole
        #: From the positions just walked and an octet to the positions it may be: what was worked out once.
        self._steps: dict[tuple[int, int], int] = {}

    def matches(self, value: bytes) -> bool:
        """Whether the whole value is of the pattern."""
        if len(value) > VALUE_OCTETS_MAX:
            return False
        if not value:
            return self._empty
        walked = self._first & self._octets[value[0]]
        steps = self._steps
        for octet in value[1:]:
            if not walked:
                return False
            key = (walked, octet)
            following = steps.get(key)
            walked = self._step(key) if following is None else following
        return bool(walked & self._last)

    def _step(self, key: tuple[int, int]) -> int:
        walked, octet = key
        reached = 0
        while walked:
            lowest = walked & -walked
            reached |= self._follow[lowest.bit_length() - 1]
            walked ^= lowest
        if len(self._steps) >= _STEPS_MAX:
            self._steps.clear()
        made = self._steps[key] = reached & self._octets[octet]
        return made
