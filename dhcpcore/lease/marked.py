"""Changes of a batch some of whose leases count for limited classes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dhcpcore.lease.model import Change, LeaseKey


class Marked(list[Change]):
    """Changes, and for leases that are of limited classes, which: of these keys alone anything is said."""

    __slots__ = ("classes",)

    def __init__(self, changes: Iterable[Change], classes: Mapping[LeaseKey, tuple[str, ...]]) -> None:
        super().__init__(changes)
        self.classes = classes
