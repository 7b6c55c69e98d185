"""What a cache of definitions is to a database that has one."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol


class Remembered(NamedTuple):
    """What was found, and when: by the wall clock, as a file outlives the machine's."""

    at: float
    found: Any


class Cache(Protocol):
    """Remembers what was found by a hardware address.  None of it raises: without a cache, the database is asked."""

    believed_s: float  #: What is older is only used where the database does not answer.

    def get(self, mac: str) -> Remembered | None:
        """What is known of it, however old."""

    def put(self, mac: str, known: Remembered) -> None:
        """Remember it."""

    def forget(self, mac: str) -> None:
        """The database knows nothing of it any more."""

    def clear(self) -> None:
        """Forget all of it."""
