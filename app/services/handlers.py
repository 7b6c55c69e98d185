"""Configured handlers, one at a time, their types, and what became of their calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.services.access import Principal, Role
from app.services.appliance import Appliance
from app.services.changes import Difference, differences
from app.services.definitions import Applied
from dhcpcore.control import EngineAway
from dhcpcore.errors import NotFound
from dhcpcore.store.handler_edits import Edited, HandlerEdits, StoredHandler
from dhcpcore.topology.handler_types import BUILT_IN_SOURCE, HandlerType

__all__ = ["BUILT_IN_SOURCE", "HandlerType"]


@dataclass(frozen=True, slots=True)
class HandlerView:
    """One handler in the document's words; ``version`` is the revision that it was last changed in."""

    name: str
    type: str
    enabled: bool
    isolated: bool
    entry: Mapping[str, Any]
    version: int


@dataclass(frozen=True, slots=True)
class HandlerCalls:
    """What became of a handler's calls.  Times are microseconds; ``disabled`` says why it is not called."""

    name: str
    type: str
    calls: int
    changed: int
    stopped: int
    errors: int
    overruns: int
    mean_us: float
    slowest_us: float
    disabled: str
    isolated: bool = False  #: Whether it runs in a process of its own.
    restarts: int = 0  #: How often that was begun anew.


def list_handlers(appliance: Appliance) -> tuple[HandlerView, ...]:
    """All of them, in their order."""
    return tuple(map(_view, HandlerEdits(appliance.database).listed()))


def get(appliance: Appliance, name: str) -> HandlerView:
    """One handler; refused where there is none of that name."""
    return _view(HandlerEdits(appliance.database).find(name))


def changed_since(appliance: Appliance, view: HandlerView, version: int) -> tuple[Difference, ...]:
    """What somebody else has changed of a handler since it was looked at in that version."""
    try:
        return differences(HandlerEdits(appliance.database).at(view.name, version).form, view.entry)
    except NotFound:
        return ()


def types(appliance: Appliance) -> tuple[HandlerType, ...]:
    """The types that can be configured, the built-in ones first."""
    return tuple(HandlerEdits(appliance.database).types().values())


def get_type(appliance: Appliance, name: str) -> HandlerType:
    """One type; refused where there is none of that name."""
    found = HandlerEdits(appliance.database).types().get(name)
    if found is None:
        raise NotFound(f"There is no handler type {name!r}: `lessor handler types` shows them.")
    return found


def calls(appliance: Appliance) -> tuple[HandlerCalls, ...]:
    """What the running engine tells of its handlers, in their order; ``EngineAway`` where none runs."""
    return tuple(HandlerCalls(**one) for one in appliance.engine.call("handlers"))


def calls_or_none(appliance: Appliance) -> Mapping[str, HandlerCalls] | None:
    """The same by name; None where no engine runs."""
    try:
        return {one.name: one for one in calls(appliance)}
    except EngineAway:
        return None


def add(
    appliance: Appliance, entry: Mapping[str, Any], *, by: Principal, before: str | None = None
) -> tuple[HandlerView, Applied]:
    """A new handler, the last one, or in front of the one that ``before`` names."""
    by.must_be(Role.ADMIN)
    return _done(appliance, HandlerEdits(appliance.database).put(entry, by.name, before=before))


def replace(
    appliance: Appliance, name: str, entry: Mapping[str, Any], *, by: Principal, version: int | None = None,
    before: str | None = None,
) -> tuple[HandlerView, Applied]:  # fmt: skip
    """Another form for a handler, whole, maybe with another name; ``before`` as in ``move``."""
    by.must_be(Role.ADMIN)
    return _done(appliance, HandlerEdits(appliance.database).put(
        entry, by.name, name=name, since=version, before=before))


def move(appliance: Appliance, name: str, before: str, *, by: Principal) -> tuple[HandlerView, Applied]:
    """Put a handler in front of another one; an empty ``before``: behind all others."""
    by.must_be(Role.ADMIN)
    edits = HandlerEdits(appliance.database)
    row = edits.find(name)
    return _done(appliance, edits.put(row.form, by.name, name=name, since=row.since, before=before))


def enable(appliance: Appliance, name: str, *, enabled: bool, by: Principal) -> tuple[HandlerView, Applied]:
    """Have a handler take effect, or not; one that was switched off for its failures begins anew."""
    by.must_be(Role.ADMIN)
    edits = HandlerEdits(appliance.database)
    row = edits.find(name)
    entry = {key: value for key, value in row.form.items() if key != "enabled"}
    return _done(appliance, edits.put(entry | ({} if enabled else {"enabled": False}), by.name, name=name,
                                      since=row.since))


def remove(appliance: Appliance, name: str, *, by: Principal, version: int | None = None) -> Applied:
    """No such handler any longer."""
    by.must_be(Role.ADMIN)
    return _applied(appliance, HandlerEdits(appliance.database).remove(name, by.name, since=version))


def _view(row: StoredHandler) -> HandlerView:
    return HandlerView(row.name, str(row.form.get("type")), row.form.get("enabled", True) is not False,
                       row.form.get("isolated") is True, row.form, row.since)


def _done(appliance: Appliance, edited: Edited) -> tuple[HandlerView, Applied]:
    return get(appliance, edited.name), _applied(appliance, edited)


def _applied(appliance: Appliance, edited: Edited) -> Applied:
    told = appliance.tell_engine() if edited.changed else True
    return Applied(edited.revision, (), (), told)
