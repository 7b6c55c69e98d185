"""The Snapshot: one revision of the definitions, immutable, as the packet path reads it.

Built once per revision (``topology.build``) and swapped whole.  Assignments may number millions and are not in it:
the snapshot only says which kinds of identifier are in use, so that batches without any ask for none.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from types import MappingProxyType
from typing import TYPE_CHECKING

from dhcpcore.topology.computed import NOTHING_COMPUTED, Computations
from dhcpcore.topology.filters import Admission
from dhcpcore.topology.handler_rows import HandlerRow
from dhcpcore.topology.kinds import INFINITE_LIFETIME_S, Tls
from dhcpcore.topology.policy import NO_POLICY, Flood, Gate, Policy
from dhcpcore.topology.spans import last_of

if TYPE_CHECKING:
    from dhcpcore.topology.classes import Classes
    from dhcpcore.topology.expressions.compiler import Expression

_NO_OPTIONS: Mapping[int, bytes] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """Lease times in seconds.  ``renew_s`` and ``rebind_s`` None: 0.5 and 0.875 of the time granted, RFC 2131 4.4.5.

    ``preferred_s`` is DHCPv6's; None: 0.625 of the valid lifetime.
    """

    default_s: int = 3600
    min_s: int = 60
    max_s: int = 86_400
    renew_s: int | None = None
    rebind_s: int | None = None
    preferred_s: int | None = None
    #: Lease time, T1 and T2 of a client that asks for none, which nearly all are.
    usual: tuple[int, int, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Work out what is granted for every packet."""
        object.__setattr__(self, "usual", (self.default_s, *self.timers(self.default_s)))

    def timers(self, granted_s: int) -> tuple[int, int]:
        """T1 and T2, always T1 < T2 < lease time: configured ones that do not fit a short lease are replaced."""
        if granted_s == INFINITE_LIFETIME_S:
            return INFINITE_LIFETIME_S, INFINITE_LIFETIME_S
        renew = self.renew_s if self.renew_s is not None else granted_s // 2
        rebind = self.rebind_s if self.rebind_s is not None else granted_s * 7 // 8
        if not renew < rebind < granted_s:
            return granted_s // 2, granted_s * 7 // 8
        return renew, rebind

    def granted(self, asked_s: int | None) -> int:
        """The time to grant a client that asked for ``asked_s`` (None: did not ask), within the limits."""
        if asked_s is None:
            return self.default_s
        if self.default_s == INFINITE_LIFETIME_S:
            return self.default_s
        return max(self.min_s, min(asked_s, self.max_s))


@dataclass(frozen=True, slots=True)
class OptionLevel:
    """What one level of the definitions says of options: payloads by code, and codes always or never sent."""

    kind: str  #: One of ``levels.KINDS``.
    name: str
    payloads: Mapping[int, bytes] = field(default_factory=lambda: _NO_OPTIONS)
    always: frozenset[int] = frozenset()
    never: frozenset[int] = frozenset()
    computed: Computations = field(default_factory=lambda: NOTHING_COMPUTED)


@dataclass(frozen=True, slots=True)
class Boot:
    """BOOTP fields of a subnet's replies: siaddr, sname and file; of a class, what is empty is not said."""

    next_server: bytes = b"\0\0\0\0"
    server_name: bytes = b""
    file: bytes = b""
    by_architecture: Mapping[int, Boot] = field(default_factory=lambda: MappingProxyType({}))

    def over(self, other: Boot) -> Boot:
        """These fields where they are said, else the other's."""
        return Boot(
            self.next_server if any(self.next_server) else other.next_server,
            self.server_name or other.server_name,
            self.file or other.file,
            # A file that is said nearer holds for every machine.
            self.by_architecture or ({} if self.file else other.by_architecture),
        )


@dataclass(frozen=True, slots=True)
class Pool:
    """A range of addresses, or of prefixes of one delegated length, from ``first`` to ``last`` inclusive."""

    pool_id: int
    kind: int  #: A ``lease.model.KIND_*``.
    first: bytes
    last: bytes
    plen: int  #: 32, 128, or the delegated length.
    guard: tuple[str, ...] = ()  #: Classes of which a client must be in one; empty admits all.
    options: Mapping[int, bytes] = field(default_factory=lambda: _NO_OPTIONS)
    lifetimes: Lifetimes | None = None  #: None: the subnet's.
    always: frozenset[int] = frozenset()
    never: frozenset[int] = frozenset()
    bootp: bool = True  #: Whether BOOTP clients get its addresses, where the subnet's ``bootp`` is free.
    ipv6_only_s: int | None = None  #: None: as the subnet says.
    additional: tuple[str, ...] = ()  #: Classes to look at once an address of it is found.
    excluded: tuple[tuple[bytes, bytes], ...] = ()  #: First and last of ranges that are given to nobody; in order.
    allocator: str = "lowest"  #: lowest | hashed | random
    gate: Gate | None = None
    max_leases: int = 0  #: 0: no limit.
    computed: Computations = field(default_factory=lambda: NOTHING_COMPUTED)

    def covers(self, address: bytes) -> bool:
        """Whether ``address`` (of the same family) is one of the pool's."""
        return len(address) == len(self.first) and self.first <= address <= self.last

    def gives(self, address: bytes) -> bool:
        """Whether ``address``, one of the pool's, is not excluded."""
        place = bisect_right(self.excluded, address, key=itemgetter(0))
        return not place or self.excluded[place - 1][1] < address

    @property
    def ranges(self) -> tuple[tuple[bytes, bytes], ...]:
        """First and last of the ranges that are given out: the pool without what is excluded."""
        found, octets = [], len(self.first)
        low = int.from_bytes(self.first, "big")
        for first, last in self.excluded:
            if (high := int.from_bytes(first, "big") - 1) >= low:
                found.append((low.to_bytes(octets, "big"), high.to_bytes(octets, "big")))
            low = int.from_bytes(last, "big") + 1
        if low <= int.from_bytes(self.last, "big"):
            found.append((low.to_bytes(octets, "big"), self.last))
        return tuple(found)

    @property
    def capacity(self) -> int:
        """How many addresses or prefixes it can give out at most."""
        bits = len(self.first) * 8 - self.plen
        return sum(
            ((int.from_bytes(last, "big") - int.from_bytes(first, "big")) >> bits) + 1 for first, last in self.ranges
        )


@dataclass(frozen=True, slots=True)
class Subnet:
    """One subnet of one family, with all settings already inherited: nothing above it is looked at per packet.

    Options alone keep their levels, for people want to see where a value comes from; ``levels`` merges them, once.
    """

    subnet_id: int
    family: int  #: 4 or 6.
    space: int  #: Lease space; 0 unless the subnet names another (VRFs).
    prefix: bytes
    plen: int
    name: str
    interface: str | None = None
    relays: tuple[bytes, ...] = ()
    interface_id: bytes | None = None
    shared_network: str | None = None
    lifetimes: Lifetimes = field(default_factory=Lifetimes)
    boot: Boot = field(default_factory=Boot)
    pools: tuple[Pool, ...] = ()
    #: Its own payloads by code; those of globals and shared network are in ``above``.
    options: Mapping[int, bytes] = field(default_factory=lambda: _NO_OPTIONS)
    authoritative: bool = False
    adopt: str = "never"  #: never | free | reserved
    rapid_commit: bool = False
    preference: int | None = None
    proxy: bool = False  #: Another server gives the addresses: only booting machines are answered.
    #: What globals and shared network say of options, the farthest first.
    above: tuple[OptionLevel, ...] = ()
    always: frozenset[int] = frozenset()
    never: frozenset[int] = frozenset()
    bootp: str = "never"  #: never | reserved | free
    bootp_lifetime_s: int = INFINITE_LIFETIME_S
    echo_client_id: bool = True
    ipv6_only_s: int = 0  #: V6ONLY_WAIT for clients that can do without IPv4; 0: they are served like others.
    auto_configure: str = "ignore"  #: ignore | forbid | allow
    vss: bytes = b""  #: Type octet and name of the VPN, as option 82.151 says it; empty: of none.
    guard: tuple[str, ...] = ()  #: As a pool's.
    additional: tuple[str, ...] = ()  #: As a pool's.
    admission: Admission | None = None  #: Its allow and deny lists; None where it has none.
    match_client_id: bool = True  #: False: clients are told apart by their hardware address alone.
    policy: Policy = NO_POLICY
    #: Options that are worked out for each packet.
    computed: Computations = field(default_factory=lambda: NOTHING_COMPUTED)
    assignment_key: Expression | None = None  #: Its value may be what an assignment knows a client by.
    last: bytes = field(init=False, repr=False, compare=False)  #: The last address of the prefix.

    def __post_init__(self) -> None:
        """Work out what is asked for every packet."""
        object.__setattr__(self, "last", last_of(self.prefix, self.plen))

    def contains(self, address: bytes) -> bool:
        """Whether ``address`` lies inside the subnet's prefix."""
        return self.prefix <= address <= self.last and len(address) == len(self.prefix)


@dataclass(frozen=True, slots=True)
class Link:
    """Subnets of one family that share a wire: one, or the members of a shared network or interface, in order."""

    name: str
    subnets: tuple[Subnet, ...]

    def subnet_of(self, address: bytes) -> Subnet | None:
        """The member whose prefix holds ``address``."""
        size = len(address)
        for subnet in self.subnets:
            if subnet.prefix <= address <= subnet.last and len(subnet.prefix) == size:
                return subnet
        return None


@dataclass(frozen=True, slots=True)
class Leasequery:
    """Who may ask who has which address: prefixes, of which nearly all are one host's."""

    enabled: bool = False
    requestors: tuple[tuple[bytes, int], ...] = ()
    active: bool = False  #: Whether they may ask, by TCP, to be told what changes,
    active_encrypted: bool = False  #: and only over TLS.
    tls: Tls = "off"  #: Whether TLS is begun where a requestor wants it, or nobody heard by TCP without it.

    def hears_changes(self, *, encrypted: bool) -> bool:
        """Whether who asks on such a connection is told what changes."""
        return self.active and (encrypted or not self.active_encrypted)

    def admits(self, address: bytes) -> bool:
        """Whether a query of this requestor is answered."""
        return self.enabled and any(
            len(prefix) == len(address) and prefix <= address <= last_of(prefix, plen)
            for prefix, plen in self.requestors
        )


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A definition row that could not be used, where it stands and why; the rest serves."""

    place: str
    fault: str


@dataclass(frozen=True, slots=True)
class Compatibility:
    """Where the server bends for clients and relays that do not follow the RFCs."""

    lenient_options: bool = False
    ignore_link_selection: bool = False
    ignore_server_identifier: bool = False
    bootp_always_options: bool = False
    exclude_first_last_24: bool = False


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One revision of the definitions."""

    revision: int
    subnets: tuple[Subnet, ...] = ()
    #: Kinds of identifier (``lease.model.Identifier``) that at least one enabled assignment uses.
    identifier_kinds: frozenset[int] = frozenset()
    has_assigned_addresses: bool = False
    quarantined: tuple[Quarantined, ...] = ()
    offer_hold_s: int = 60
    reclaim_grace_s: int = 30
    probation_s: int = 86_400
    probe: bool = False  #: Whether an address is probed (ICMP, ARP) before it is offered.
    classes: Classes | None = None  #: None where nothing says a word of classes.
    admission: Admission | None = None  #: The allow and deny lists of globals; None where there are none.
    leasequery: Leasequery = field(default_factory=Leasequery)
    flood: Flood | None = None
    forcerenew: str = "never"  #: never | authenticated | plain
    subnet_selection: bool = False  #: Whether options 118 and 221 of clients are believed.
    compatibility: Compatibility = field(default_factory=Compatibility)
    handlers: tuple[HandlerRow, ...] = ()  #: Those that are enabled, in their order.

    @property
    def bootp(self) -> bool:
        """Whether any subnet answers BOOTP clients."""
        return any(subnet.bootp != "never" for subnet in self.subnets)

    @property
    def rapid_commit4(self) -> bool:
        """Whether any IPv4 subnet grants on a DISCOVER."""
        return any(subnet.rapid_commit and subnet.family == 4 for subnet in self.subnets)

    def subnet(self, subnet_id: int) -> Subnet | None:
        """The subnet of that id, if it still exists."""
        for candidate in self.subnets:
            if candidate.subnet_id == subnet_id:
                return candidate
        return None


EMPTY = Snapshot(revision=0)
