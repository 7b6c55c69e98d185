"""Short lists that are held whole in memory: sorted, and cut into pages by the number of the last item."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from app.services.cursors import from_cursor, to_cursor
from dhcpcore.errors import InvalidValue

PAGE_MAX = 1000


class Numbered(Protocol):
    """Something with a number of its own."""

    @property
    def id(self) -> int:
        """The number."""


T = TypeVar("T", bound=Numbered)


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some items, and the cursor of those that follow; None at the end."""

    items: tuple[T, ...]
    next_cursor: str | None


def paged(items: Sequence[T], keys: Mapping[str, Callable[[T], Any]], *, sort: str, cursor: str | None, limit: int,
          ) -> Page[T]:
    """A page of the items, sorted by one of ``keys`` (``-key``: the other way round)."""
    key = keys.get(sort.removeprefix("-"))
    if key is None:
        raise InvalidValue(f"sort is {sort}; right is one of {', '.join(keys)}, or one of them with - before it.")
    if not 1 <= limit <= PAGE_MAX:
        raise InvalidValue(f"limit is {limit}; right is a whole number from 1 to {PAGE_MAX}.")
    ordered = sorted(items, key=lambda one: (key(one), one.id), reverse=sort.startswith("-"))
    after, start = from_cursor(cursor), 0
    if after is not None:
        places = [place for place, one in enumerate(ordered) if one.id == after]
        if not places:
            raise InvalidValue("cursor leads to what is no longer in the list; ask for the list without it.")
        start = places[0] + 1
    shown = ordered[start : start + limit]
    return Page(tuple(shown), to_cursor(shown[-1].id) if start + limit < len(ordered) else None)
