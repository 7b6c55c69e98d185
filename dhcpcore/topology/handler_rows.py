"""Configured handlers as the packet path reads them: fields made ready, and a scope with everything looked up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from dhcpcore.topology.entries import Entry
from dhcpcore.topology.handler_entry import ScopeEntry, TimeEntry, minute_of
from dhcpcore.topology.spans import last_of

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NO_PAYLOADS: Mapping[int, Mapping[int, bytes]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Window:
    """A time of day on some days of the week, in minutes since midnight; ``end`` before ``begin``: on the next day."""

    begin: int
    end: int
    days: frozenset[int]  #: 0 is Monday; those on which it begins.
    zone: ZoneInfo

    def holds(self, now: float) -> bool:
        """Whether ``now`` (seconds since 1970) lies in it."""
        local = datetime.fromtimestamp(now, self.zone)
        minute = local.hour * 60 + local.minute
        if self.begin < self.end:
            return self.begin <= minute < self.end and local.weekday() in self.days
        if minute >= self.begin:
            return local.weekday() in self.days
        return minute < self.end and (local - timedelta(days=1)).weekday() in self.days


@dataclass(frozen=True, slots=True)
class Scope:
    """Which messages a handler has to do with: None says nothing, all else must hold."""

    subnets: frozenset[int] | None = None  #: Ids; a shared network stands for those of its subnets.
    relays: tuple[tuple[bytes, int], ...] | None = None
    classes: frozenset[str] | None = None
    marks: frozenset[str] | None = None
    window: Window | None = None
    more_than_s: int | None = None
    less_than_s: int | None = None

    def has_relay(self, address: bytes) -> bool:
        """Whether a relay's address is one of those that are meant."""
        return self.relays is not None and any(
            len(prefix) == len(address) and prefix <= address <= last_of(prefix, plen) for prefix, plen in self.relays
        )


@dataclass(frozen=True, slots=True)
class HandlerRow:
    """One configured handler that is enabled.  Two are equal where nothing that it was made of differs."""

    name: str
    type: str
    fields: Mapping[str, Any]  #: In the document's canonical form.
    scope: Scope = Scope()
    #: The fields as the type's own model; None for a type of a package, which has its own.
    model: Entry | None = field(default=None, compare=False)
    #: Of fields that hold options: their payloads by family and code.
    payloads: Mapping[int, Mapping[int, bytes]] = field(default_factory=lambda: _NO_PAYLOADS)
    isolated: bool = False  #: Whether it runs in a process of its own.


def window_of(entry: TimeEntry | None) -> Window | None:
    """The time of a scope, made ready."""
    if entry is None:
        return None
    days = frozenset(_DAYS.index(day) for day in entry.days) or frozenset(range(7))
    return Window(minute_of(entry.begin), minute_of(entry.end), days, ZoneInfo(entry.zone))


def scope_of(entry: ScopeEntry, subnets: Iterable[tuple[int, str, str, str | None]]) -> Scope:
    """The scope with its names looked up among ``subnets``: id, name, prefix and shared network of each."""
    ids: frozenset[int] | None = None
    if entry.subnet is not None or entry.shared_network is not None:
        ids = frozenset(
            number
            for number, name, prefix, network in subnets
            if (entry.subnet is None or name in entry.subnet or prefix in entry.subnet)
            and (entry.shared_network is None or network in entry.shared_network)
        )
    elapsed = entry.elapsed
    return Scope(
        subnets=ids,
        relays=None if entry.relay is None else tuple(entry.relay),
        classes=None if entry.classes is None else frozenset(entry.classes),
        marks=None if entry.mark is None else frozenset(entry.mark),
        window=window_of(entry.time),
        more_than_s=None if elapsed is None else elapsed.more_than,
        less_than_s=None if elapsed is None else elapsed.less_than,
    )
