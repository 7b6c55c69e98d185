"""What concerns several pieces of a document: overlaps, duplicates, and what must lie inside what.

Every rule takes all subnets and notes a fault at the piece that can be changed or left out to put it right: of two
that collide, the later one, and an assignment rather than a pool.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from dhcpcore.topology.declared import DeclaredAssignment, DeclaredNetwork, DeclaredSubnet
from dhcpcore.topology.document import IDENTIFIERS
from dhcpcore.topology.everywhere import EVERYWHERE
from dhcpcore.topology.faults import Faults
from dhcpcore.topology.kinds import KIND_PREFIX6
from dhcpcore.topology.spans import Span, last_of, overlaps
from dhcpcore.wire.addresses import format_address, format_prefix
from dhcpcore.wire.architectures import format_architecture

Subnets = Sequence[DeclaredSubnet]


def check(subnets: Subnets, faults: Faults) -> None:
    """Apply every rule."""
    for rule in RULES:
        rule(subnets, faults)


def check_networks(networks: Sequence[DeclaredNetwork], faults: Faults) -> None:
    """Each shared network has a name of its own."""
    seen: dict[str, str] = {}
    for network in networks:
        other = seen.setdefault(network.entry.name, network.path)
        if other != network.path:
            said = f"{network.entry.name!r} is the name of {other} already: write both as one, or choose another name"
            faults.add(network.path, "name", said)


def _names(subnets: Subnets, faults: Faults) -> None:
    by_prefix = {format_prefix(*subnet.entry.prefix): subnet.path for subnet in subnets}
    seen: dict[str, str] = {}
    for subnet in subnets:
        if subnet.entry.name == EVERYWHERE:
            faults.add(subnet.path, "name", f"{EVERYWHERE!r} stands for all subnets: choose another name")
        named = by_prefix.get(subnet.entry.name or "", subnet.path)
        if named != subnet.path and format_prefix(*subnet.entry.prefix) != subnet.entry.name:
            faults.add(subnet.path, "name", f"{subnet.name!r} is the prefix of {named}: choose a name of its own")
            continue
        other = seen.setdefault(subnet.name, subnet.path)
        # Equal prefixes are told as an overlap.
        if other != subnet.path and subnet.entry.name is not None:
            faults.add(subnet.path, "name", f"{subnet.name!r} is the name of {other} already: names are unique")


def _prefixes(subnets: Subnets, faults: Faults) -> None:
    spans = []
    for number, subnet in enumerate(subnets):
        prefix = subnet.entry.prefix
        label = f"{format_prefix(*prefix)} of {subnet.path}"
        spans.append(Span(subnet.entry.space, *_range(prefix), subnet.path, "prefix", label, number))
    for earlier, later in overlaps(spans):
        faults.add(
            later.element, "prefix",
            f"overlaps {earlier.label}: take one of them out, or give one another `space` if they are apart",
        )  # fmt: skip


def _attachment(subnets: Subnets, faults: Faults) -> None:
    """Relays are of the subnet's family; an interface-id means one link."""
    by_id: dict[bytes, DeclaredSubnet] = {}
    for subnet in subnets:
        entry = subnet.entry
        for number, relay in enumerate(entry.relays):
            if len(relay) != len(entry.prefix[0]):
                faults.add(subnet.path, f"relays[{number}]", f"{format_address(relay)} is not of the subnet's family")
        if entry.boot is not None and len(entry.boot.next_server or b"1234") != 4:
            faults.add(subnet.path, "boot.next_server", "is not an IPv4 address")
        assigned = any(one.entry.enabled and one.entry.all_addresses for one in subnet.assignments)
        if entry.proxy and entry.family == 4 and (subnet.pools or assigned):
            said = "is true, so that another server gives the addresses: take the pools and assigned addresses out"
            faults.add(subnet.path, "proxy", said)
        for architecture, boot in (entry.boot.by_architecture if entry.boot is not None else {}).items():
            if len(boot.next_server or b"1234") != 4:
                place = f"boot.by_architecture.{format_architecture(architecture)}.next_server"
                faults.add(subnet.path, place, "is not an IPv4 address")
        if entry.interface_id is None:
            continue
        other = by_id.setdefault(entry.interface_id, subnet)
        if other is not subnet and (entry.shared_network is None or entry.shared_network != other.entry.shared_network):
            faults.add(
                subnet.path, "interface_id",
                f"means {other.path} already: give both the same shared_network, or one another interface_id",
            )  # fmt: skip


def _vpns(subnets: Subnets, faults: Faults) -> None:
    """A VPN is one address space: what its relays say must not mean two.  RFC 6607 3."""
    seen: dict[bytes, DeclaredSubnet] = {}
    for subnet in subnets:
        entry = subnet.entry
        if entry.vss is not None:
            other = seen.setdefault(entry.vss, subnet)
            if other.entry.space != entry.space:
                faults.add(
                    subnet.path, "vss",
                    f"means space {other.entry.space} in {other.path} already: give both the same `space`, or one "
                    "another vss",
                )  # fmt: skip


def _pools_inside(subnets: Subnets, faults: Faults) -> None:
    for subnet in subnets:
        prefix = subnet.entry.prefix
        low, high = _range(prefix)
        for pool in subnet.pools:
            if pool.kind == KIND_PREFIX6:
                continue  # What is delegated need not be of the link.
            for key, address in (("first", pool.entry.first), ("last", pool.entry.last)):
                reason = _not_a_host(address, prefix, low, high)
                if reason:
                    faults.add(pool.path, key, reason)


def _not_a_host(address: bytes, prefix: tuple[bytes, int], low: bytes, high: bytes) -> str | None:
    """Why no client of the subnet can have this address; None where one can."""
    if len(address) != len(low) or not low <= address <= high:
        return (
            f"{format_address(address)} is outside the subnet {format_prefix(*prefix)}: it goes from "
            f"{format_address(low)} to {format_address(high)}"
        )
    # RFC 1122 3.2.1.3; a /31 has neither, RFC 3021.
    if len(address) == 4 and prefix[1] < 31:
        if address == low:
            return f"{format_address(address)} is the subnet's own address: begin one higher"
        if address == high:
            return f"{format_address(address)} is the subnet's broadcast address: end one lower"
    return None


def _ranges_apart(subnets: Subnets, faults: Faults) -> None:
    """No two pools overlap, an assigned prefix lies in none, and nobody delegates an assigned address."""
    spans: list[Span] = []
    for subnet in subnets:
        space = subnet.entry.space
        for pool in subnet.pools:
            last = last_of(pool.entry.last, pool.plen)
            spans.append(Span(space, pool.entry.first, last, pool.path, "", pool.path, len(spans)))
    pools = len(spans)
    prefixes = list(_assigned_prefixes(subnets))
    spans += [span._replace(number=pools + number) for number, span in enumerate(prefixes)]
    for earlier, later in overlaps(spans):
        faults.add(
            later.element, later.place,
            f"{format_address(later.first)} to {format_address(later.last)} overlaps {earlier.label}, "
            f"{format_address(earlier.first)} to {format_address(earlier.last)}: an address can be given out in one "
            "way only",
        )  # fmt: skip


def _assigned_prefixes(subnets: Subnets) -> Iterator[Span]:
    for subnet in subnets:
        for one in subnet.assignments:
            if not one.entry.enabled:
                continue
            for number, prefix in enumerate(one.entry.prefixes):
                if len(prefix[0]) == 16:
                    path = subnet.place(one)
                    yield Span(subnet.entry.space, *_range(prefix), path, f"prefixes[{number}]", path, 0)


def _delegated_addresses(subnets: Subnets, faults: Faults) -> None:
    """An assigned IPv6 address is in no prefix pool and in no assigned prefix of somebody else."""
    ranges = [
        Span(subnet.entry.space, pool.entry.first, last_of(pool.entry.last, pool.plen), pool.path, "", pool.path, 0)
        for subnet in subnets
        for pool in subnet.pools
        if pool.kind == KIND_PREFIX6
    ]
    ranges += _assigned_prefixes(subnets)
    if not ranges:
        return
    points = [
        Span(subnet.entry.space, address, address, subnet.place(one), "addresses", "", len(ranges))
        for subnet in subnets
        if subnet.entry.family == 6
        for one in subnet.assignments
        if one.entry.enabled
        for address in one.entry.all_addresses
        if len(address) == 16
    ]
    for earlier, later in overlaps([*ranges, *points]):
        if later.place == "addresses" and earlier.element != later.element and earlier.place != "addresses":
            faults.add(
                later.element, "addresses",
                f"{format_address(later.first)} lies in what {earlier.label} delegates: choose another address",
            )  # fmt: skip


def _assignments(subnets: Subnets, faults: Faults) -> None:
    """Each assignment fits its subnet; no client is named twice in a subnet, no address is given twice in a space."""
    holders: dict[tuple[int, bytes], tuple[DeclaredSubnet, DeclaredAssignment]] = {}
    for subnet in subnets:
        clients: dict[tuple[int, bytes], DeclaredAssignment] = {}
        prefix, space = subnet.entry.prefix, subnet.entry.space
        low, high = _range(prefix)
        for one in subnet.assignments:
            _fits_family(subnet, one, faults)
            key, kind, octets = one.entry.identifier
            other = clients.setdefault((kind, octets), one)
            if other is not one:
                said = f"names the same client as {subnet.place(other)}: a client has one assignment a subnet"
                faults.add(subnet.place(one), key, said)
            for place, address in _placed(one):
                reason = _not_a_host(address, prefix, low, high)
                if reason:
                    hint = "" if faults.full else _where(address, subnet, subnets)
                    faults.add(subnet.place(one), place, reason + hint)
                elif one.entry.enabled:
                    holder = holders.setdefault((space, address), (subnet, one))
                    if holder[1] is not one and not (one.entry.shared and holder[1].entry.shared):
                        said = f"{format_address(address)} is given to {holder[0].place(holder[1])} already"
                        remedy = "choose another address, or write shared: true in both"
                        faults.add(subnet.place(one), place, f"{said}: {remedy}")


def _placed(one: DeclaredAssignment) -> Iterator[tuple[str, bytes]]:
    if one.entry.address is not None:
        yield "address", one.entry.address
    for number, address in enumerate(one.entry.addresses):
        yield f"addresses[{number}]", address


def _where(address: bytes, subnet: DeclaredSubnet, subnets: Subnets) -> str:
    """A hint for an address that lies in another subnet."""
    for other in subnets:
        if other is not subnet and other.entry.space == subnet.entry.space and _inside(address, other):
            return f"; it belongs to {other.path} ({other.name}): move the assignment there"
    return ""


def _inside(address: bytes, subnet: DeclaredSubnet) -> bool:
    low, high = _range(subnet.entry.prefix)
    return len(address) == len(low) and low <= address <= high


def _fits_family(subnet: DeclaredSubnet, one: DeclaredAssignment, faults: Faults) -> None:
    family = subnet.entry.family
    key, _kind, _octets = one.entry.identifier
    if family not in _FAMILIES[key]:
        right = ", ".join(name for name, families in _FAMILIES.items() if family in families)
        faults.add(subnet.place(one), key, f"no IPv{family} client can be known by it: use one of {right}")
    if family == 4 and len(one.entry.addresses) > 1:
        faults.add(subnet.place(one), "addresses", "an IPv4 client has one address a subnet: write `address`")
    if one.entry.prefixes:
        if family == 4:
            faults.add(subnet.place(one), "prefixes", "is only for IPv6 subnets: take it out")
        for number, prefix in enumerate(one.entry.prefixes):
            if len(prefix[0]) == 4:
                faults.add(subnet.place(one), f"prefixes[{number}]", "only IPv6 prefixes are delegated")


_FAMILIES = {key: families for key, _kind, families in IDENTIFIERS}


def _range(prefix: tuple[bytes, int]) -> tuple[bytes, bytes]:
    return prefix[0], last_of(*prefix)


RULES: Iterable[Callable[[Subnets, Faults], None]] = (
    _names,
    _prefixes,
    _attachment,
    _vpns,
    _pools_inside,
    _ranges_apart,
    _delegated_addresses,
    _assignments,
)
