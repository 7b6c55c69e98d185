"""Assignments that are of no subnet, and the expression that says what else an assignment can know a client by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dhcpcore.topology.declared import DeclaredAssignment, DeclaredSubnet
from dhcpcore.topology.document import IDENTIFIERS
from dhcpcore.topology.expressions.compiler import Expression, compiled
from dhcpcore.topology.expressions.faults import InvalidExpression
from dhcpcore.topology.faults import Faults
from dhcpcore.wire.addresses import format_address
from dhcpcore.wire.options import OptionSpace

#: What stands for all subnets where one is asked for; a subnet cannot be called so.
EVERYWHERE = "*"
#: The number of the subnet that such an assignment is stored under; those of subnets begin at 1.
EVERYWHERE_ID = 0
#: The address space that its address is of.
EVERYWHERE_SPACE = 0

_FAMILIES = {key: families for key, _kind, families in IDENTIFIERS}


def told(name: str) -> str:
    """Where an assignment belongs, in a sentence."""
    return "all subnets" if name == EVERYWHERE else name


def place(one: DeclaredAssignment) -> str:
    """The path of an assignment that is of no subnet."""
    return f"assignments[{one.number}]"


def check(listed: Sequence[DeclaredAssignment], subnets: Iterable[DeclaredSubnet], faults: Faults) -> None:
    """Each fits DHCPv4, no client is named twice, no address is given twice."""
    clients: dict[tuple[int, bytes], DeclaredAssignment] = {}
    holders: dict[bytes, tuple[str, bool]] = {}
    wanted = {address for one in listed if one.entry.enabled for address in one.entry.all_addresses}
    for subnet in subnets if wanted else ():
        if subnet.entry.space == EVERYWHERE_SPACE:
            for one in subnet.assignments:
                for address in one.entry.all_addresses if one.entry.enabled else ():
                    if address in wanted:
                        holders.setdefault(address, (subnet.place(one), one.entry.shared))
    for one in listed:
        entry, path = one.entry, place(one)
        _only_ipv4(one, faults)
        key, kind, octets = entry.identifier
        other = clients.setdefault((kind, octets), one)
        if other is not one:
            faults.add(path, key, f"names the same client as {place(other)}: write both as one")
        for address in entry.all_addresses if entry.enabled else ():
            holder, is_shared = holders.setdefault(address, (path, entry.shared))
            if holder != path and not (entry.shared and is_shared):
                said = f"{format_address(address)} is given to {holder} already"
                faults.add(path, "address", f"{said}: choose another address, or write shared: true in both")


def _only_ipv4(one: DeclaredAssignment, faults: Faults) -> None:
    entry, path = one.entry, place(one)
    key = entry.identifier[0]
    if 4 not in _FAMILIES[key]:
        right = ", ".join(name for name, families in _FAMILIES.items() if 4 in families)
        faults.add(path, key, f"no IPv4 client can be known by it: use one of {right}")
    if entry.prefixes:
        faults.add(path, "prefixes", "is only for IPv6 subnets: write the assignment into one")
    if len(entry.addresses) > 1:
        faults.add(path, "addresses", "an IPv4 client has one address: write `address`")
    elif any(len(address) == 16 for address in entry.all_addresses):
        faults.add(path, "address", "is not an IPv4 address: write an IPv6 client's assignment into its subnet")


def key_expression(text: str | None, space: OptionSpace, faults: Faults, path: str) -> Expression | None:
    """The expression of ``assignment_key``, read; None where there is none or it is wrong, which is noted."""
    if text is None:
        return None
    try:
        expression = compiled(text, space, condition=False)
    except InvalidExpression as error:
        faults.add(path, "assignment_key", str(error))
        return None
    for name, at in expression.members.items():
        said = f"a client's assignment may put it into classes, so it cannot depend on {name!r}: read the packet"
        faults.add(path, "assignment_key", str(InvalidExpression(said, text, at)))
        return None
    return expression
