"""Every option that can be written by name: the built-in tables' and the site's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.services.appliance import Appliance
from dhcpcore.store.definitions import Definitions
from dhcpcore.wire.manual import kind
from dhcpcore.wire.rows import OptionRow
from dhcpcore.wire.v4.options import DHCP4_OPTIONS
from dhcpcore.wire.v6.options import DHCP6_OPTIONS


@dataclass(frozen=True, slots=True)
class OptionView:
    """One option: ``value`` says in a few words how its value is written, ``example`` shows it.

    ``settable`` False: the server, a relay or the client says it, and nobody may configure it.
    """

    space: str
    code: int
    name: str
    value: str
    example: Any
    description: str
    source: str
    settable: bool
    built_in: bool


def list_options(appliance: Appliance, *, space: str | None = None, find: str | None = None,
                 built_in: bool | None = None) -> tuple[OptionView, ...]:
    """Options by space and code; ``find`` is part of a name or a description, or a code."""
    found = [*_built_in(), *_of_the_site(appliance)]
    wanted = (find or "").lower()
    return tuple(
        one for one in found
        if space in {None, one.space} and built_in in {None, one.built_in}
        and (not wanted or wanted in one.name.lower() or wanted in one.description.lower() or wanted == str(one.code)))


def _built_in() -> list[OptionView]:
    return [_view(space, row) for space, table in (("dhcp4", DHCP4_OPTIONS), ("dhcp6", DHCP6_OPTIONS))
            for row in table.rows]


def _view(space: str, row: OptionRow) -> OptionView:
    return OptionView(space=space, code=row.code, name=row.name, value=kind(row.codec),
                      example=row.describe().get("example"), description=row.doc, source=row.rfc,
                      settable=row.settable, built_in=True)


def _of_the_site(appliance: Appliance) -> list[OptionView]:
    return [
        OptionView(space=str(one["space"]), code=int(one["code"]), name=str(one["name"]),
                   value=f"list: {one['type']}" if one.get("array") else str(one["type"]), example=None,
                   description=str(one.get("doc") or "Defined here."), source="this site", settable=True,
                   built_in=False)
        for one in Definitions(appliance.database).option_definitions()]
