"""A pool's ends moved: what that changes, whom it takes an address from, and the change itself."""

from __future__ import annotations

from app.services import definitions
from app.services.access import Principal, Role
from app.services.appliance import Appliance
from app.services.definitions import Applied, Plan
from dhcpcore.errors import Fault, InvalidDocument, NotFound
from dhcpcore.store.definitions import Definitions
from dhcpcore.topology.declared import Document
from dhcpcore.topology.validate import validate
from dhcpcore.wire.addresses import format_prefix


def plan(appliance: Appliance, number: int, old: tuple[str, str], new: tuple[str, str], *, based_on: int) -> Plan:
    """What giving the pool ``old`` of a subnet the ends ``new`` would change; nothing is written."""
    return definitions.plan(appliance, _document(appliance, number, old, new, based_on))


def move(appliance: Appliance, number: int, old: tuple[str, str], new: tuple[str, str], *, by: Principal,
         based_on: int, losses: int) -> Applied:
    """Do it; refused where somebody changed the definitions since, or more clients lose than were agreed to."""
    by.must_be(Role.ADMIN)
    document = _document(appliance, number, old, new, based_on)
    return definitions.apply(appliance, document, by=by, note=f"pool {' - '.join(old)} is now {' - '.join(new)}",
                             agreed=lambda planned: sum(one.clients for one in planned.losses) <= losses,
                             based_on=based_on)


def _document(appliance: Appliance, number: int, old: tuple[str, str], new: tuple[str, str], based_on: int) -> Document:
    """The definitions of that revision with the one pool changed."""
    subnet = Definitions(appliance.database).snapshot(based_on).subnet(number)
    raw = definitions.export(appliance, based_on)[0]
    prefix = None if subnet is None else format_prefix(subnet.prefix, subnet.plen)
    for index, one in enumerate(raw["subnets"]):
        for place, pool in enumerate(one.get("pools", ()) if one["prefix"] == prefix else ()):
            if (pool["first"], pool["last"]) == old:
                pool["first"], pool["last"] = new
                return _checked(raw, f"subnets[{index}].pools[{place}]")
    raise NotFound(f"There is no pool {' - '.join(old)} any longer; look at the subnet again.")


def _checked(raw: dict[str, object], path: str) -> Document:
    try:
        return validate(raw)
    except InvalidDocument as error:
        # The fields of the form are the pool's own; what collides elsewhere is told whole.
        raise InvalidDocument(tuple(Fault(one.path.removeprefix(path).lstrip(".") or "pool", one.message)
                                    for one in error.faults)) from None
