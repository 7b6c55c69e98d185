"""Several answers to one message, of which all but the first are made when they are wanted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Generic, TypeVar

T = TypeVar("T")


class MessagesList(Generic[T]):
    """The first message can be looked at and replaced; those after it are only iterated, once.

    True where there is a first one.  Without a first one nothing is yielded.
    """

    def __init__(self, first_message: T | None = None, subsequent_messages: Iterable[T] | None = None) -> None:
        self._first = first_message
        self._rest: Iterable[T] = () if subsequent_messages is None else subsequent_messages

    def __bool__(self) -> bool:
        return self._first is not None

    def __iter__(self) -> Iterator[T]:
        if self._first is None:
            return iter(())
        return chain((self._first,), self._rest)

    def __getitem__(self, index: int) -> T:
        if index != 0 or self._first is None:
            raise IndexError("only the first message can be looked at, where there is one")
        return self._first

    def __setitem__(self, index: int, message: T) -> None:
        if index != 0:
            raise IndexError("only the first message can be replaced")
        self._first = message
