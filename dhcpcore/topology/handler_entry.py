"""A configured handler in the document: its type and fields, and which messages it has to do with."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, model_validator

from dhcpcore.topology.entries import Entry
from dhcpcore.topology.fields import ClassName, Duration, Name, Requestor, format_requestor, wrong

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
#: Names in one part of a scope.
_NAMES_MAX = 1000


def _any_of(value: object) -> object:
    return value if isinstance(value, list) else [value]


def _one_or_all(listed: list[Any]) -> Any:
    return listed[0] if len(listed) == 1 else listed


def _few(listed: list[Any]) -> list[Any]:
    if not listed:
        raise wrong("the list is empty: name at least one, or leave the key out for all")
    if len(listed) > _NAMES_MAX:
        raise wrong(f"the list has {len(listed)} entries: at most {_NAMES_MAX} are read")
    return listed


_AnyOf = (BeforeValidator(_any_of), AfterValidator(_few))


def _requestors(listed: list[Any]) -> Any:
    return _one_or_all([format_requestor(one) for one in listed])


def minute_of(text: str) -> int:
    """Minutes since midnight of ``08:30``; 24:00 is the end of the day."""
    hours, colon, minutes = text.partition(":")
    digits = hours.isdigit() and minutes.isdigit() and text.isascii() and len(hours) == len(minutes) == 2
    at = int(hours) * 60 + int(minutes) if digits and colon else -1
    if not 0 <= at <= 24 * 60 or int(minutes) > 59:
        raise wrong(f"{text!r:.40} is no time of day: write one such as 08:30")
    return at


def _minute(text: str) -> str:
    minute_of(text)
    return text


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ValueError, OSError, LookupError):
        raise wrong(
            f"{text!r:.60} is no time zone of this machine: write one such as Europe/Berlin, or install tzdata"
        ) from None
    return text


def _days(listed: list[str]) -> list[str]:
    return sorted(set(listed), key=_DAYS.index)


TimeOfDay = Annotated[str, AfterValidator(_minute), Field(examples=["08:30"])]


class TimeEntry(Entry):
    """A time of day, on some days of the week."""

    begin: TimeOfDay = Field("00:00", alias="from", description="When it begins.")
    end: TimeOfDay = Field("24:00", alias="to", description="When it ends; before `from`: on the next day.")
    days: Annotated[list[Day], AfterValidator(_days)] = Field(
        default_factory=list, description="The days on which it begins; empty: every day."
    )
    zone: Annotated[str, AfterValidator(_zone), Field(examples=["Europe/Berlin"])] = Field(
        "UTC", description="The time zone, by its name."
    )

    @model_validator(mode="after")
    def _lasts(self) -> Self:
        if self.begin == self.end:
            raise wrong("from and to are the same: write two times, such as from: '08:00', to: '17:00'")
        return self


class ElapsedEntry(Entry):
    """For how long a client has been asking, as it says itself (the field secs)."""

    more_than: Duration | None = Field(None, description="It must have asked for more than this.")
    less_than: Duration | None = Field(None, description="It must have asked for less than this.")

    @model_validator(mode="after")
    def _sense(self) -> Self:
        if self.more_than is None and self.less_than is None:
            raise wrong("write more_than, less_than, or both")
        if self.more_than is not None and self.less_than is not None and self.less_than <= self.more_than:
            raise wrong("less_than is not more than more_than: no message would be meant; exchange them")
        return self


class ScopeEntry(Entry):
    """Which messages a handler has to do with: all that is written must hold; of a list, one is enough."""

    subnet: Annotated[list[Name], *_AnyOf, PlainSerializer(_one_or_all)] | None = Field(
        None, description="Clients in this subnet, by name or prefix."
    )
    shared_network: Annotated[list[Name], *_AnyOf, PlainSerializer(_one_or_all)] | None = Field(
        None, description="Clients in a subnet of this shared network."
    )
    relay: Annotated[list[Requestor], *_AnyOf, PlainSerializer(_requestors)] | None = Field(
        None, description="What came through this relay: an address, or a prefix that has it."
    )
    classes: Annotated[list[ClassName], *_AnyOf, PlainSerializer(_one_or_all)] | None = Field(
        None, alias="class", description="Clients of this class."
    )
    mark: Annotated[list[Name], *_AnyOf, PlainSerializer(_one_or_all)] | None = Field(
        None, description="What a handler before it has marked so."
    )
    time: TimeEntry | None = Field(None, description="What comes in at this time.")
    elapsed: ElapsedEntry | None = Field(None, description="Clients that have asked for so long.")


class HandlerEntry(Entry):
    """A handler: the document's list is their order."""

    type: Name = Field(description="Its type: built in, or of an installed package.")
    name: Name | None = Field(None, description="How it is called; without one, as its type.")
    fields: dict[str, Any] = Field(default_factory=dict, description="What its type wants to know.")
    scope: ScopeEntry = Field(default_factory=ScopeEntry, description="Which messages it has to do with.")
    isolated: bool = Field(False, description="Whether it runs in a process of its own; not for built-in types.")
    enabled: bool = Field(True, description="False keeps it without effect.")
    description: Annotated[str, Field(max_length=1000)] | None = Field(None, description="For people.")
