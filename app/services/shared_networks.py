"""Shared networks: names that subnets give, and by which they share one wire; and what each says for all of them.

One is there while a subnet names it, or while it says something of itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.services import declared, subnets
from app.services.access import Principal, Role
from app.services.appliance import Appliance
from app.services.changes import NOBODY_LOSES, Consent, make, merged
from app.services.declared import DeclaredPiece, DeclaredSubnet
from app.services.definitions import Applied
from dhcpcore.errors import Conflict, Fault, InvalidDocument, NotFound, Outdated
from dhcpcore.store.topology_edits import Wish

_KEY = "shared_network"


@dataclass(frozen=True, slots=True)
class SharedNetwork:
    """One, with the names of its subnets and what it says for all of them; ``version`` never repeats."""

    name: str
    subnets: tuple[str, ...]
    entry: Mapping[str, Any]
    version: str


def list_all(appliance: Appliance) -> tuple[SharedNetwork, ...]:
    """Every shared network by name."""
    members: dict[str, list[DeclaredSubnet]] = {}
    for one in declared.subnets(appliance):
        if name := one.entry.get(_KEY):
            members.setdefault(name, []).append(one)
    pieces = {one.name: one for one in declared.shared_networks(appliance)}
    return tuple(_view(name, members.get(name, []), pieces.get(name)) for name in sorted({*members, *pieces}))


def get(appliance: Appliance, name: str) -> SharedNetwork:
    """One by its name; refused where there is none."""
    for one in list_all(appliance):
        if one.name == name:
            return one
    raise NotFound(f"There is no shared network {name}, and no subnet names it. See: lessor shared-network list")


def find(appliance: Appliance, name: str) -> SharedNetwork:
    """One by its name, or what it would be if it were there: empty, in the version 0."""
    return next((one for one in list_all(appliance) if one.name == name), SharedNetwork(name, (), {}, "0"))


def put(appliance: Appliance, name: str, entry: Mapping[str, Any], *, by: Principal, version: str | None = None,
        consent: Consent = NOBODY_LOSES) -> tuple[SharedNetwork, Applied | None]:
    """Say what holds for all of its subnets, in the document's words, and with ``subnets`` which ones they are.

    Without ``subnets`` (names, prefixes or numbers) they stay.  With another ``name`` it is called that from now on, in
    all its subnets; all of it is one revision.
    """
    by.must_be(Role.ADMIN)
    before = find(appliance, name)
    if version not in {None, before.version}:
        raise Outdated(f"The shared network {name} was changed by somebody else meanwhile: look at it and try again.")
    called = entry.get("name", name)
    if called != name and any(one.name == called for one in list_all(appliance)):
        raise Conflict((Fault("name", f"{called!r} is another shared network: give its subnets that name instead"),))
    form = {key: value for key, value in entry.items() if key != "subnets"} | {"name": called}
    wanted = None if entry.get("subnets") is None else {_number(appliance, one) for one in _listed(entry["subnets"])}
    wishes = [] if len(form) == 1 and before.entry == {} and (wanted or before.subnets) else [
        Wish("shared network", form, name if before.entry else None)]
    wishes += _moves(appliance, name, called if isinstance(called, str) else name, wanted)
    _, applied = make(appliance, wishes, by=by, consent=consent, note=f"shared network {name} changed"[:200])
    return find(appliance, called), applied


def change(appliance: Appliance, name: str, patch: Mapping[str, Any], *, by: Principal, version: str | None = None,
           consent: Consent = NOBODY_LOSES) -> tuple[SharedNetwork, Applied | None]:
    """Change what a merge patch names and keep the rest."""
    entry = merged(get(appliance, name).entry, patch)
    return put(appliance, name, entry, by=by, version=version, consent=consent)


def remove(appliance: Appliance, name: str, *, by: Principal, version: str | None = None) -> Applied:
    """Have each of its subnets be alone on its wire, and nothing said for all of them; the subnets stay."""
    by.must_be(Role.ADMIN)
    before = get(appliance, name)
    if version not in {None, before.version}:
        raise Outdated(f"The shared network {name} was changed by somebody else meanwhile: look at it and try again.")
    wishes = [Wish("shared network", None, name)] if before.entry else []
    wishes += _moves(appliance, name, name, set())
    _, applied = make(appliance, wishes, by=by, consent=NOBODY_LOSES, note=f"shared network {name} removed"[:200])
    assert applied is not None
    return applied


def _moves(appliance: Appliance, name: str, called: str, wanted: set[int] | None) -> list[Wish]:
    """The subnets that come, go, or name it otherwise from now on."""
    wishes = []
    for one in declared.subnets(appliance):
        is_member = one.entry.get(_KEY) == name
        entry = {key: value for key, value in one.entry.items() if key != _KEY}
        if one.id in wanted if wanted is not None else is_member:
            entry[_KEY] = called
        elif not is_member:
            continue
        if entry != one.entry:
            wishes.append(Wish("subnet", entry, one.id, since=one.version))
    return wishes


def _listed(value: Any) -> list[str]:
    if not isinstance(value, list | tuple) or any(
            isinstance(one, bool) or not isinstance(one, str | int) for one in value):
        raise InvalidDocument((Fault("subnets", "is not a list of subnets by name, prefix or number"),))
    return [str(one) for one in value]


def _number(appliance: Appliance, named: str) -> int:
    try:
        return subnets.number(appliance, named)
    except NotFound as error:
        raise InvalidDocument((Fault("subnets", str(error)),)) from None


def _view(name: str, members: list[DeclaredSubnet], piece: DeclaredPiece | None) -> SharedNetwork:
    # What joins or changes raises the revision; what only leaves lessens a number.
    since = max([one.version for one in members] + ([piece.version] if piece is not None else []))
    version = f"{since}.{len(members)}.{int(piece is not None)}"
    return SharedNetwork(name, tuple(one.name for one in members), piece.entry if piece is not None else {}, version)
