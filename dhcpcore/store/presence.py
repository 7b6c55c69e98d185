"""Which keys may be stored: most clients have no assignment, and are told so without asking the database.

A Bloom filter (Bloom 1970) whose bits of one key are in one word: it never says no of a key that was added, and yes of
another once in some fifty times.
"""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Iterable
from itertools import combinations, islice
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)

#: Keys of one word of 64 bits, each of which sets three of them.
_KEYS_A_WORD = 4
#: 16 MiB: for some eight million keys.  With more it says yes more often, which costs a look into the database.
_WORDS_MAX = 1 << 21
#: The bits of a key, chosen by ten bits of its hash that do not choose the word: every fortieth of all such threes.
_BITS = tuple(1 << a | 1 << b | 1 << c for a, b, c in islice(combinations(range(64), 3), 0, 40 * 1024, 40))
_CHOICE = 40


class Presence:
    """Keys that were added, for ``expected`` of them."""

    __slots__ = ("_last", "_words")

    def __init__(self, expected: int) -> None:
        words = min(1 << (expected // _KEYS_A_WORD).bit_length(), _WORDS_MAX)
        self._words = array("Q", bytes(8 * words))
        self._last = words - 1

    def add(self, keys: Iterable[Hashable]) -> None:
        """From now on these are among what is there."""
        words, last = self._words, self._last
        for key in keys:
            mixed = hash(key)
            words[mixed & last] |= _BITS[mixed >> _CHOICE & 1023]

    def among(self, keys: Iterable[Key]) -> list[Key]:
        """Those that were added, and few others."""
        words, last, bits = self._words, self._last, _BITS
        return [
            key for key in keys
            if words[(mixed := hash(key)) & last] & (mine := bits[mixed >> _CHOICE & 1023]) == mine
        ]  # fmt: skip
