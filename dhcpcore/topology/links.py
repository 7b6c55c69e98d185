"""Which link a packet came from: relay address, interface, or an address that the client already uses.

Built once per snapshot and set of interfaces.  A link is every subnet that shares the wire: the members of a shared
network, the subnets that name the same interface, or one subnet alone.  RFC 7969 describes the same rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dhcpcore.topology.snapshot import Link, Snapshot, Subnet

#: Answers of ``for_relay`` that are kept; a sender of made-up giaddrs must not fill the memory.
_MEMO_MAX = 4096

#: A link, and the member that the packet points at: the one to allocate from first.
Place = tuple[Link, Subnet]

#: Where no subnet is declared: a link without members.
NO_PLACE: Place = (Link("", ()), Subnet(0, 4, 0, b"\xff\xff\xff\xff", 32, ""))


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface as the operating system shows it now."""

    index: int
    name: str
    addresses: tuple[bytes, ...] = ()  #: IPv4 (4 octets) and IPv6 (16 octets) addresses, in the system's order.
    hw: bytes = b""  #: Hardware address, without its type.


class Links:
    """Answers of one snapshot; ``interfaces`` maps interface indexes."""

    __slots__ = (
        "_by_interface", "_by_prefix", "_by_relay", "_declared", "_members", "_memo", "_snapshot", "_subnets", "_vpns",
        "_vss", "interfaces", "own",
    )  # fmt: skip

    def __init__(self, snapshot: Snapshot, interfaces: Mapping[int, Interface], vss: bytes = b"") -> None:
        self.interfaces = interfaces
        self._snapshot = snapshot
        self._vss = vss
        self._vpns: dict[bytes, Links] = {}
        self._declared = frozenset(subnet.vss for subnet in snapshot.subnets)
        #: Every address of this host: each may be named as server identifier.
        self.own = frozenset(address for interface in interfaces.values() for address in interface.addresses)
        self._subnets = tuple(sorted(snapshot.subnets, key=lambda subnet: -subnet.plen))
        self._members = _links(snapshot.subnets)
        mine = [subnet for subnet in self._subnets if subnet.vss == vss]
        #: Subnets by their leading bits, longest prefix first; an address is looked up once for each length in use.
        self._by_prefix: dict[tuple[int, int], dict[int, Subnet]] = {}
        for subnet in mine:
            octets = len(subnet.prefix)
            shift = octets * 8 - subnet.plen
            same = self._by_prefix.setdefault((octets, shift), {})
            same.setdefault(int.from_bytes(subnet.prefix, "big") >> shift, subnet)
        self._by_relay: dict[bytes, list[Subnet]] = {}
        for subnet in snapshot.subnets:
            for relay in subnet.relays if subnet.vss == vss else ():
                self._by_relay.setdefault(relay, []).append(subnet)
        self._memo: dict[bytes, Place | None] = {}
        self._by_interface: dict[tuple[int, int], Place | None] = {}

    def vpn(self, vss: bytes) -> Links | None:
        """The answers for a VPN, by type octet and name; None where no subnet is of it.  RFC 6607."""
        if vss not in self._vpns and vss in self._declared:
            self._vpns[vss] = Links(self._snapshot, self.interfaces, vss)
        return self._vpns.get(vss)

    def for_relay(self, relay: bytes) -> Place | None:
        """The place that a relay's giaddr (or link address) stands for."""
        try:
            return self._memo[relay]
        except KeyError:
            pass
        named = self._by_relay.get(relay)
        place = self._union(named) if named else self.for_address(relay)
        if len(self._memo) >= _MEMO_MAX:
            self._memo.clear()
        self._memo[relay] = place
        return place

    def for_address(self, address: bytes) -> Place | None:
        """The place of the longest prefix that holds ``address``."""
        number = int.from_bytes(address, "big")
        size = len(address)
        for (octets, shift), same in self._by_prefix.items():
            if octets == size and (subnet := same.get(number >> shift)) is not None:
                return self._members[subnet.subnet_id], subnet
        return None

    def of_subnet(self, subnet_id: int) -> Link | None:
        """The link of a subnet by its id, of whichever VPN; None where it is no more."""
        return self._members.get(subnet_id)

    def for_interface(self, index: int, family: int) -> Place | None:
        """The place of a directly attached link: subnets that name it, else those of the interface's own addresses."""
        try:
            return self._by_interface[index, family]
        except KeyError:
            pass
        interface = self.interfaces.get(index)
        place = self._attached(interface, family) if interface else None
        self._by_interface[index, family] = place
        return place

    def own_towards(self, address: bytes) -> bytes | None:
        """By which of our addresses a client knows us that has this IPv4 address: on its own link, else any."""
        place = self.for_address(address)
        subnets = place[0].subnets if place is not None else ()
        own = [(a, i) for i in self.interfaces.values() for a in i.addresses if len(a) == 4 and a[0] != 127]
        near = (a for a, i in own if any(s.interface == i.name or s.contains(a) for s in subnets))
        return next(near, own[0][0] if own else None)

    def _attached(self, interface: Interface, family: int) -> Place | None:
        size = 4 if family == 4 else 16
        own = [address for address in interface.addresses if len(address) == size]
        attached = [
            subnet
            for subnet in self._subnets
            if subnet.family == family
            and (subnet.vss == self._vss or (subnet.interface is not None and not self._vss))
            and (
                subnet.interface == interface.name
                or (subnet.interface is None and any(subnet.contains(address) for address in own))
            )
        ]
        # Subnets in the order of the interface's addresses: the first address is the one most clients belong to.
        attached.sort(
            key=lambda subnet: next((place for place, address in enumerate(own) if subnet.contains(address)), len(own))
        )
        return self._union(attached) if attached else None

    def _union(self, chosen: list[Subnet]) -> Place:
        members: dict[int, Subnet] = {subnet.subnet_id: subnet for subnet in chosen}
        for subnet in chosen:
            members |= {other.subnet_id: other for other in self._members[subnet.subnet_id].subnets}
        link = self._members[chosen[0].subnet_id]
        if len(members) > len(link.subnets):
            link = Link(link.name, tuple(members.values()))
        return link, chosen[0]


def _links(subnets: Iterable[Subnet]) -> dict[int, Link]:
    """The link of each subnet, by shared network."""
    networks: dict[tuple[int, str], list[Subnet]] = {}
    for subnet in subnets:
        if subnet.shared_network is not None:
            networks.setdefault((subnet.family, subnet.shared_network), []).append(subnet)
    links: dict[int, Link] = {}
    for subnet in subnets:
        if subnet.shared_network is None:
            links[subnet.subnet_id] = Link(subnet.name, (subnet,))
    for (_, name), members in networks.items():
        link = Link(name, tuple(members))
        links |= {subnet.subnet_id: link for subnet in members}
    return links
