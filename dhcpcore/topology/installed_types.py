"""Handler types of installed packages, found by their entry points.

A package is code that the administrator installed: it is imported here.  One that cannot be is told by name, and takes
no other with it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from importlib.metadata import EntryPoint, entry_points
from typing import Any, NamedTuple

from pydantic import BaseModel

from dhcpcore.topology.handler_types import BUILT_IN_FIELDS, HandlerType, type_of

log = logging.getLogger(__name__)

GROUP = "lessor.handlers"


class Installed(NamedTuple):
    """A type with what makes its handlers: a subclass of ``pipeline.api.HandlerFactory``."""

    type: HandlerType
    factory: Any


def installed() -> list[Installed]:
    """All of them, by name; of two with one name the first one is kept."""
    found: dict[str, Installed] = {}
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: (entry.name, entry.value)):
        for made in _loaded(entry):
            if made.type.name in BUILT_IN_FIELDS or made.type.name in found:
                log.error("HANDLER-TYPE: %s of %s is passed over: there is one of that name already.", made.type.name,
                          made.type.source)  # fmt: skip
            else:
                found[made.type.name] = made
    return list(found.values())


def factory_of(name: str) -> Any:
    """What makes the handlers of one type, of which nothing else is imported; ``LookupError`` where it is not there."""
    for entry in sorted(entry_points(group=GROUP, name=name), key=lambda entry: entry.value):
        if made := list(_loaded(entry)):
            return made[0].factory
    raise LookupError(f"type: there is no handler type {name!r} here, or its package cannot be imported")


def _loaded(entry: EntryPoint) -> Iterator[Installed]:
    source = f"{entry.dist.name} {entry.dist.version}" if entry.dist is not None else entry.module
    try:
        factory: Any = entry.load()
        fields = getattr(factory, "Fields", None)
        if not (isinstance(fields, type) and issubclass(fields, BaseModel) and callable(factory)):
            raise TypeError(f"{entry.value} is no HandlerFactory with Fields")  # noqa: TRY301 - Told like all else.
        yield Installed(type_of(entry.name, fields, source, factory.__doc__ or ""), factory)
    except BaseException:  # Who exits or interrupts while a package is imported ends the import, not the server.
        log.exception("HANDLER-TYPE: %s of %s cannot be used; its handlers are set aside.", entry.name, source)
