"""Every option that can be written by name: the built-in tables' and the site's own, which are defined here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.services import declared
from app.services.access import Principal
from app.services.appliance import Appliance
from app.services.changes import NOBODY_LOSES, make
from app.services.declared import DeclaredPiece
from app.services.definitions import Applied
from dhcpcore.errors import InvalidValue, NotFound
from dhcpcore.store.definitions import Definitions
from dhcpcore.store.topology_edits import Wish
from dhcpcore.wire.manual import kind
from dhcpcore.wire.options import OptionSpace
from dhcpcore.wire.rows import OptionRow
from dhcpcore.wire.v4.options import DHCP4_OPTIONS
from dhcpcore.wire.v6.options import DHCP6_OPTIONS


class DefinitionEntry(BaseModel):
    """An option definition as in the definitions document."""

    model_config = ConfigDict(extra="forbid")

    space: str = Field(description="dhcp4, dhcp6, or a space inside an option.", examples=["dhcp4"])
    code: int = Field(ge=1, le=65535, description="Its number in its space.", examples=[224])
    name: str = Field(description="How it is written in the document.", examples=["x-colour"])
    type: str = Field(description="A type of the manual's table, such as string or ipv4-address; or record.",
                      examples=["string"])
    array: bool = Field(False, description="Whether the value is a list.")
    fields: list[Any] | None = Field(None, description="Of a record: types, or mappings of name and type.")
    encapsulates: str | None = Field(None, description="Space whose options follow the value.")
    family: Literal[4, 6] | None = Field(None, description="Only for this family, where a space exists in both.")
    doc: str = Field("", description="What it is for.")


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


def space_of(appliance: Appliance, family: int) -> OptionSpace:
    """The options of a family, the site's own among them; wrong definitions are left out."""
    table = DHCP4_OPTIONS if family == 4 else DHCP6_OPTIONS
    return table.extended(Definitions(appliance.database).option_definitions())[0]


def find(appliance: Appliance, space: str, name: str, family: int | None = None) -> DeclaredPiece:
    """One of the site's own options; refused where there is none, or where a family must be named."""
    found = [one for one in declared.option_definitions(appliance)
             if (one.entry["space"], one.entry["name"]) == (space, name) and family in {None, one.entry.get("family")}]
    if len(found) > 1:
        raise InvalidValue(f"{name} is defined in {space} for both families: say which with family=4 or family=6.")
    if not found:
        tables = {one.name for one in _built_in() if one.space == space}
        hint = "; it is built in and stays as it is" if name in tables else ". See: lessor option-definition list"
        raise NotFound(f"There is no option {name} of this site's own in {space}{hint}")
    return found[0]


def named(appliance: Appliance, name: str) -> DeclaredPiece:
    """One of the site's own options by ``space/name``, with ``/4`` or ``/6`` where it names a family."""
    for one in declared.option_definitions(appliance):
        if one.name == name:
            return one
    raise NotFound(f"There is no option {name} of this site's own. See: lessor option-definition list")


def add(appliance: Appliance, entry: Mapping[str, Any], *, by: Principal) -> tuple[DeclaredPiece, Applied | None]:
    """Define an option, written as in the document; the one that says the same already is given as it is."""
    return _made(appliance, Wish("option definition", entry), by, f"option {entry.get('name')} defined"[:200])


def replace(appliance: Appliance, piece: DeclaredPiece, entry: Mapping[str, Any], *, by: Principal,
            version: int | None = None) -> tuple[DeclaredPiece, Applied | None]:
    """Define it in another way; refused where a value that is in use would not fit.  ``version`` as everywhere."""
    wish = Wish("option definition", entry, piece.name, since=version)
    return _made(appliance, wish, by, f"option {piece.name} changed")


def remove(appliance: Appliance, piece: DeclaredPiece, *, by: Principal, version: int | None = None) -> Applied:
    """Have no such option any longer; refused while somebody is told it."""
    wish = Wish("option definition", None, piece.name, since=version)
    _, applied = make(appliance, [wish], by=by, consent=NOBODY_LOSES, note=f"option {piece.name} removed")
    assert applied is not None
    return applied


def _made(appliance: Appliance, wish: Wish, by: Principal, note: str) -> tuple[DeclaredPiece, Applied | None]:
    keys, applied = make(appliance, [wish], by=by, consent=NOBODY_LOSES, note=note)
    return next(one for one in declared.option_definitions(appliance) if one.name == keys[0]), applied


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
