"""Shared networks: names that subnets give, and by which they share one wire.  One is there while a subnet names it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.services import declared, subnets
from app.services.access import Principal, Role
from app.services.appliance import Appliance
from app.services.changes import NOBODY_LOSES, make
from app.services.declared import DeclaredSubnet
from app.services.definitions import Applied
from dhcpcore.errors import Conflict, Fault, InvalidDocument, NotFound, Outdated
from dhcpcore.store.topology_edits import Wish

_KEY = "shared_network"


@dataclass(frozen=True, slots=True)
class SharedNetwork:
    """One, with the names of its subnets; ``version`` never repeats as they come, change and go."""

    name: str
    subnets: tuple[str, ...]
    version: str


def list_all(appliance: Appliance) -> tuple[SharedNetwork, ...]:
    """Every shared network by name."""
    members: dict[str, list[DeclaredSubnet]] = {}
    for one in declared.subnets(appliance):
        if name := one.entry.get(_KEY):
            members.setdefault(name, []).append(one)
    return tuple(_view(name, members[name]) for name in sorted(members))


def get(appliance: Appliance, name: str) -> SharedNetwork:
    """One by its name; refused where no subnet names it."""
    for one in list_all(appliance):
        if one.name == name:
            return one
    raise NotFound(f"No subnet names the shared network {name}. See: lessor shared-network list")


def put(appliance: Appliance, name: str, members: Iterable[str], *, by: Principal, version: str | None = None,
        new_name: str | None = None) -> tuple[SharedNetwork | None, Applied | None]:
    """Have exactly these subnets (by name, prefix or number) share the wire ``name``, in one revision.

    With ``new_name`` it is called that from now on.  Without any subnet there is no such network: None.
    """
    by.must_be(Role.ADMIN)
    _require(appliance, name, version)
    called = new_name or name
    if called != name and any(one.name == called for one in list_all(appliance)):
        raise Conflict((Fault("name", f"{called!r} is another shared network: give its subnets that name instead"),))
    wanted = {_number(appliance, one) for one in members}
    wishes = []
    for one in declared.subnets(appliance):
        entry = {key: value for key, value in one.entry.items() if key != _KEY}
        if one.id in wanted:
            entry[_KEY] = called
        elif one.entry.get(_KEY) != name:
            continue
        if entry != one.entry:
            wishes.append(Wish("subnet", entry, one.id, since=one.version))
    applied = None
    if wishes:
        _, applied = make(appliance, wishes, by=by, consent=NOBODY_LOSES, note=f"shared network {name} changed"[:200])
    return (get(appliance, called) if wanted else None), applied


def rename(appliance: Appliance, name: str, new_name: str, *, by: Principal, version: str | None = None,
           ) -> tuple[SharedNetwork | None, Applied | None]:
    """Call it otherwise, in all its subnets at once."""
    return put(appliance, name, get(appliance, name).subnets, by=by, version=version, new_name=new_name)


def _require(appliance: Appliance, name: str, version: str | None) -> None:
    if version is not None and version != get(appliance, name).version:
        raise Outdated(f"The shared network {name} was changed by somebody else meanwhile: look at it and try again.")


def _number(appliance: Appliance, named: str) -> int:
    try:
        return subnets.number(appliance, named)
    except NotFound as error:
        raise InvalidDocument((Fault("subnets", str(error)),)) from None


def _view(name: str, members: list[DeclaredSubnet]) -> SharedNetwork:
    # One that joins or changes raises the revision; one that only leaves lessens the number.
    version = f"{max(one.version for one in members)}.{len(members)}"
    return SharedNetwork(name, tuple(one.name for one in members), version)
