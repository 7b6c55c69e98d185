"""The definitions document as models: every key, its type and what it means (the manual's text stands here).

A model sees one thing (a subnet's own settings, a pool, an assignment) and checks what can be seen on it alone; what
concerns several is in ``rules``.  Dumped with ``document_of``, a model gives its one canonical form.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, model_validator

from dhcpcore.topology.document_options import FamilyNames, GlobalOptions, OptionNames, Options
from dhcpcore.topology.entries import BootEntry, Entry, FloodEntry, Lifetime, Limit
from dhcpcore.topology.fields import (
    Address,
    AddressRange,
    AgentId,
    ClassName,
    ClientId,
    ClientPattern,
    Duid,
    Duration,
    Hostname,
    HwAddress,
    InterfaceId,
    InterfaceName,
    Name,
    Network,
    RelayAddress,
    Vss,
    format_span,
    wrong,
)
from dhcpcore.topology.filters import ENTRIES_MAX, LOOSE_MAX
from dhcpcore.topology.handler_entry import HandlerEntry
from dhcpcore.topology.kinds import INFINITE_LIFETIME_S, OFFER_HOLD_S_MAX, Identifier
from dhcpcore.topology.leasequery_entry import LeasequeryEntry

VERSION = 1
#: MIN_V6ONLY_WAIT.  RFC 8925 3.4.
V6ONLY_WAIT_MIN_S = 300
#: Top-level keys that the format has and this version does not serve yet; a document that uses one is refused.
LATER_KEYS = ("ddns",)

Adopt = Literal["never", "free", "reserved"]
Forcerenew = Literal["never", "authenticated", "plain"]
Bootp = Literal["never", "free", "reserved"]
AutoConfigure = Literal["ignore", "forbid", "allow"]
Allocation = Literal["lowest", "hashed", "random"]
Admit = Literal["all", "known", "reserved"]
#: A percentage; 0 is off.
Percent = Annotated[int, Field(ge=0, le=100)]
#: What each level says of ``always_send`` and ``never_send``.
_ALWAYS = "Options that clients are sent whether they ask for them or not, wherever their value is written."
_NEVER = "Options that clients are never sent; wins over always_send, of whatever level."


def _lasting(seconds: int) -> int:
    if seconds < 1:
        raise wrong("a lease is at least 1 second")
    return seconds


def _v6only_wait(seconds: int) -> int:
    if 0 < seconds < V6ONLY_WAIT_MIN_S:
        raise wrong(f"{seconds} s is too short: no client waits under {V6ONLY_WAIT_MIN_S} s (RFC 8925 3.4); 0 is off")
    return seconds


def _offer_hold(seconds: int) -> int:
    if not 1 <= seconds <= OFFER_HOLD_S_MAX:
        raise wrong(f"{seconds} s: 1 second to 1 hour are right")
    return seconds


OfferHold = Annotated[Duration, AfterValidator(_offer_hold)]
LeaseDuration = Annotated[Duration, AfterValidator(_lasting)]
V6OnlyWait = Annotated[Duration, AfterValidator(_v6only_wait)]


class CompatibilityEntry(Entry):
    """Switches for clients and relays that do not follow the RFCs; each costs some safety."""

    lenient_options: bool = Field(False, description="Serve a message whose options break off, as far as it is read.")
    ignore_link_selection: bool = Field(False, description="Leave a relay's link selection, option 82.5, unheeded.")
    ignore_server_identifier: bool = Field(False, description="Answer what names another server as if it named us.")
    bootp_always_options: bool = Field(False, description="Send options to BOOTP clients that sent no RFC 1497 area.")
    exclude_first_last_24: bool = Field(
        False, description="Give nobody the .0 and .255 of any /24, where a subnet is a /24 or larger."
    )


def _few(patterns: list[Any]) -> list[Any]:
    if len(patterns) > ENTRIES_MAX:
        raise wrong(f"the list has {len(patterns)} entries, at most {ENTRIES_MAX} are read")
    loose = sum(None in pattern.octets for pattern in patterns)
    if loose > LOOSE_MAX:
        raise wrong(f"{loose} entries have a * before their end: at most {LOOSE_MAX} can be looked at one by one")
    return patterns


Clients = Annotated[list[ClientPattern], AfterValidator(_few)]


class GlobalsEntry(Entry):
    """What holds everywhere unless a subnet says otherwise."""

    lifetime: Lifetime | None = Field(None, description="Of subnets that have none of their own.")
    authoritative: bool = Field(False, description="Whether clients with a wrong address are told so (NAK).")
    adopt: Adopt = Field("never", description="What to do with clients that renew a lease that the database lacks.")
    rapid_commit: bool = Field(False, description="Whether a client that offers it gets its lease in two messages.")
    options: GlobalOptions = Field(default_factory=GlobalOptions, description="Options of all subnets, by family.")
    offer_hold: OfferHold = Field(60, description="How long an offered address is kept for the client.")
    reclaim_grace: Duration = Field(30, description="How long after its end a lease's address is given to nobody else.")
    probation: Duration = Field(86_400, description="How long a declined address is given to nobody.")
    probe: bool = Field(False, description="Whether an address is probed (ICMP, ARP) before it is offered.")
    always_send: FamilyNames = Field(default_factory=FamilyNames, description=_ALWAYS)
    never_send: FamilyNames = Field(default_factory=FamilyNames, description=_NEVER)
    forcerenew: Forcerenew = Field(
        "never", description="Whether clients may be asked to renew at once: `never`, `authenticated`, or also `plain`."
    )
    bootp: Bootp = Field("never", description="Which BOOTP clients (without DHCP) get an address.")
    bootp_lifetime: LeaseDuration = Field(INFINITE_LIFETIME_S, description="How long a BOOTP client has its address.")
    echo_client_id: bool = Field(True, description="Whether option 61 is returned to the client (RFC 6842).")
    ipv6_only: V6OnlyWait = Field(0, description="How long clients that can do without IPv4 stay without; 0: off.")
    auto_configure: AutoConfigure = Field(
        "ignore", description="What clients without an address here may make up themselves (RFC 2563)."
    )
    subnet_selection: bool = Field(
        False, description="Whether clients choose subnet (option 118) and address space (option 221) themselves."
    )
    compatibility: CompatibilityEntry = Field(
        default_factory=CompatibilityEntry, description="Switches for clients and relays that break the rules."
    )
    allow: Clients = Field(default_factory=list, description="Only these clients are served, where any are listed.")
    deny: Clients = Field(default_factory=list, description="These clients are not served.")
    cache_threshold: Percent = Field(0, description="Percent of a lease within which it is renewed without a write.")
    one_lease_per_client: bool = Field(False, description="Whether a new lease ends the client's others, anywhere.")
    random_mac: Literal["allow", "deny"] = Field("allow", description="Whether made-up hardware addresses are served.")
    flood: FloodEntry = Field(default_factory=FloodEntry, description="How much clients may send.")
    assignment_key: str | None = Field(
        None, description="DHCPv4: an expression; its value is looked for among assignments by `expression`."
    )

    @model_validator(mode="after")
    def _limits(self) -> Self:
        if INFINITE_LIFETIME_S in {self.reclaim_grace, self.probation}:
            raise wrong("reclaim_grace and probation end: infinite would lose the addresses for ever")
        return self


def _one_or_all(names: list[str]) -> str | list[str]:
    return names[0] if len(names) == 1 else names


def _any_of(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _guards(names: list[str]) -> list[str]:
    """``KNOWN`` and ``UNKNOWN``, as Kea has them, are written small here."""
    if not names:
        raise wrong("the list is empty: name the classes, or leave the key out to admit everybody")
    return [name.lower() if name in {"KNOWN", "UNKNOWN"} else name for name in names]


#: A class, or several of which one is enough.
Guard = Annotated[list[ClassName], BeforeValidator(_any_of), AfterValidator(_guards), PlainSerializer(_one_or_all)]


class PoolEntry(Entry):
    """A range of addresses that clients without an assignment are served from."""

    first: Address = Field(description="The first address.")
    last: Address = Field(description="The last address.")
    guard: Guard | None = Field(None, alias="class", description="Only clients of this class, or of any in a list.")
    lifetime: Lifetime | None = Field(None, description="Replaces the subnet's.")
    options: Options = Field(default_factory=dict, description="Added to the subnet's; the pool's win.")
    always_send: OptionNames = Field(default_factory=list, description=_ALWAYS)
    never_send: OptionNames = Field(default_factory=list, description=_NEVER)
    bootp: bool = Field(True, description="False keeps BOOTP clients out, where the subnet's `bootp` is `free`.")
    ipv6_only: V6OnlyWait | None = Field(None, description="As in globals, for clients that this pool admits.")
    additional: list[ClassName] = Field(
        default_factory=list, description="Classes that are looked at once the address is found, for their options."
    )
    exclude: list[AddressRange] = Field(default_factory=list, description="Addresses of it that are given to nobody.")
    allocator: Allocation | None = Field(None, description="As in the subnet, for this pool.")
    admit: Admit | None = Field(None, description="As in the subnet, for this pool.")
    random_mac: Literal["allow", "deny", "only"] | None = Field(
        None, description="As in the subnet; `only`: nobody but clients with a made-up hardware address."
    )
    max_leases: Limit = Field(0, description="How many leases it may have at once; 0: as many as it has addresses.")

    @model_validator(mode="after")
    def _range(self) -> Self:
        if len(self.first) != len(self.last):
            raise wrong("first and last are of different families")
        if self.first > self.last:
            raise wrong("first comes after last: exchange them")
        before = None
        for span in sorted(self.exclude):
            if len(span[0]) != len(self.first) or not (self.first <= span[0] and span[1] <= self.last):
                raise wrong(f"exclude: {format_span(span)} is not inside the pool: take it out, or make the pool wider")
            if before is not None and span[0] <= before[1]:
                raise wrong(f"exclude: {format_span(span)} overlaps {format_span(before)}: write them as one")
            before = span
        return self


class PrefixPoolEntry(Entry):
    """A prefix that is cut into equal pieces, which are delegated to routers (DHCPv6)."""

    prefix: Network = Field(description="What is cut.")
    delegated_length: int = Field(description="The length of each piece.")
    guard: Guard | None = Field(None, alias="class", description="Only clients of this class, or of any in a list.")
    lifetime: Lifetime | None = Field(None, description="Replaces the subnet's.")

    @model_validator(mode="after")
    def _pieces(self) -> Self:
        address, plen = self.prefix
        if len(address) != 16:
            raise wrong("only IPv6 prefixes are delegated")
        if not plen <= self.delegated_length <= 128:
            raise wrong(f"delegated_length is {self.delegated_length}: {plen} (the prefix's own) to 128 are right")
        return self

    @property
    def first(self) -> bytes:
        """First address of the first piece."""
        return self.prefix[0]

    @property
    def last(self) -> bytes:
        """First address of the last piece."""
        address, plen = self.prefix
        piece = (1 << (128 - plen)) - (1 << (128 - self.delegated_length))
        return (int.from_bytes(address, "big") | piece).to_bytes(16, "big")


#: How an assignment names its client: key, stored kind, and the families in which it can be seen.
IDENTIFIERS: tuple[tuple[str, Identifier, tuple[int, ...]], ...] = (
    ("hw_address", Identifier.HW_ADDRESS, (4, 6)),
    ("client_id", Identifier.CLIENT_ID, (4,)),
    ("circuit_id", Identifier.CIRCUIT_ID, (4,)),
    ("remote_id", Identifier.REMOTE_ID, (4, 6)),
    ("duid", Identifier.DUID, (4, 6)),
    ("expression", Identifier.FLEX, (4,)),
)
_IDENTIFIER_KEYS = ", ".join(key for key, _kind, _families in IDENTIFIERS)


class AssignmentEntry(Entry):
    """A static assignment: one client, what it gets, and what it is told."""

    hw_address: HwAddress | None = Field(None, description="The client's hardware (MAC) address.")
    client_id: ClientId | None = Field(None, description="DHCPv4: client identifier, option 61, type octet included.")
    circuit_id: AgentId | None = Field(None, description="DHCPv4: circuit that the relay names, option 82.1.")
    remote_id: AgentId | None = Field(None, description="Remote end that the relay names: option 82.2, DHCPv6's 37.")
    duid: Duid | None = Field(None, description="The client's DUID; in DHCPv4 inside a client identifier of type 255.")
    expression: AgentId | None = Field(None, description="DHCPv4: what `assignment_key` makes of the client's packets.")
    address: Address | None = Field(None, description="The address that the client gets.")
    addresses: list[Address] = Field(default_factory=list, description="DHCPv6: the addresses, where more than one.")
    prefixes: list[Network] = Field(default_factory=list, description="DHCPv6: the prefixes delegated to the client.")
    hostname: Hostname | None = Field(None, description="The name that the client is told, and known by here.")
    options: Options = Field(default_factory=dict, description="Added to subnet's and pool's; the assignment's win.")
    enabled: bool = Field(True, description="False keeps the assignment without effect.")
    always_send: OptionNames = Field(default_factory=list, description=_ALWAYS)
    never_send: OptionNames = Field(default_factory=list, description=_NEVER)
    classes: list[ClassName] = Field(default_factory=list, description="Classes that the client is of by this.")
    boot: BootEntry | None = Field(None, description="DHCPv4: BOOTP fields of its replies; they win over the subnet's.")
    shared: bool = Field(False, description="Whether other shared assignments may keep the same address.")
    takeover: Literal["nak", "wait"] = Field(
        "nak", description="What ends a lease that is in the way: a NAK at its next contact, or its own end."
    )

    @model_validator(mode="after")
    def _one_client(self) -> Self:
        given = [key for key, _kind, _families in IDENTIFIERS if getattr(self, key) is not None]
        if len(given) != 1:
            said = f"{' and '.join(given)} are there" if given else "none is there"
            raise wrong(f"an assignment names its client by exactly one of {_IDENTIFIER_KEYS}; {said}")
        if self.address is not None and self.addresses:
            raise wrong("write either address or addresses")
        if len(set(self.addresses)) < len(self.addresses):
            raise wrong("addresses: one of them is there twice")
        return self

    @property
    def identifier(self) -> tuple[str, Identifier, bytes]:
        """Key, kind and octets of what names the client."""
        for key, kind, _families in IDENTIFIERS:
            octets = getattr(self, key)
            if octets is not None:
                return key, kind, octets
        raise AssertionError("the validator lets no assignment through without an identifier")

    @property
    def all_addresses(self) -> list[bytes]:
        """The address or the addresses."""
        return self.addresses if self.address is None else [self.address]


class SubnetSettings(Entry):
    """What a subnet says of itself; its pools and assignments are apart, for they may be very many."""

    prefix: Network = Field(description="The subnet, and by it the family.")
    name: Name | None = Field(None, description="How it is called; without one, by its prefix.")
    space: Annotated[int, Field(ge=0, le=0x7FFF_FFFF)] = Field(
        0, description="Number of the address space, where several networks use the same addresses (VRFs)."
    )
    interface: InterfaceName | None = Field(None, description="The interface that is directly attached to this link.")
    relays: list[RelayAddress] = Field(default_factory=list, description="More relay or link addresses that mean it.")
    interface_id: InterfaceId | None = Field(None, description="DHCPv6: a relay's option 18 that means it, in hex.")
    shared_network: Name | None = Field(None, description="Subnets that name the same one share a wire.")
    lifetime: Lifetime | None = Field(None, description="Replaces the one of globals.")
    authoritative: bool | None = Field(None, description="As in globals, for this subnet.")
    adopt: Adopt | None = Field(None, description="As in globals, for this subnet.")
    rapid_commit: bool | None = Field(None, description="As in globals, for this subnet.")
    preference: Annotated[int, Field(ge=0, le=255)] | None = Field(
        None, description="DHCPv6: which server clients prefer."
    )
    boot: BootEntry | None = Field(None, description="DHCPv4: BOOTP fields of the replies.")
    options: Options = Field(
        default_factory=dict, description="Added to those of globals and shared network; the subnet's win."
    )
    always_send: OptionNames = Field(default_factory=list, description=_ALWAYS)
    never_send: OptionNames = Field(default_factory=list, description=_NEVER)
    bootp: Bootp | None = Field(None, description="As in globals, for this subnet.")
    bootp_lifetime: LeaseDuration | None = Field(None, description="As in globals, for this subnet.")
    echo_client_id: bool | None = Field(None, description="As in globals, for this subnet.")
    ipv6_only: V6OnlyWait | None = Field(None, description="As in globals, for this subnet.")
    auto_configure: AutoConfigure | None = Field(None, description="As in globals, for this subnet.")
    vss: Vss | None = Field(None, description="DHCPv4: the VPN that relays name in option 82.151 (RFC 6607).")
    proxy: bool = Field(False, description="DHCPv4: only machines that boot are answered, without an address.")
    guard: Guard | None = Field(None, alias="class", description="Only clients of this class, or of any in a list.")
    additional: list[ClassName] = Field(
        default_factory=list, description="Classes that are looked at once the address is found, for their options."
    )
    allow: Clients = Field(default_factory=list, description="Only these clients are served here, if any are listed.")
    deny: Clients = Field(default_factory=list, description="These clients are not served here.")
    allocator: Allocation | None = Field(None, description="Which free address of a pool comes first.")
    adaptive_threshold: Percent = Field(0, description="Percent of a pool in use from which leases last lifetime.min.")
    cache_threshold: Percent | None = Field(None, description="As in globals, for this subnet.")
    one_lease_per_client: bool | None = Field(None, description="As in globals, for this subnet.")
    match_client_id: bool = Field(True, description="DHCPv4: False tells clients apart by hardware address alone.")
    admit: Admit | None = Field(None, description="Whom its pools admit: all, known clients, or nobody.")
    random_mac: Literal["allow", "deny"] | None = Field(None, description="As in globals, for this subnet.")
    random_mac_lifetime: Lifetime | None = Field(None, description="Of clients with a made-up hardware address.")
    min_secs: Annotated[int, Field(ge=0, le=0xFFFF)] = Field(
        0, description="DHCPv4: for how many seconds a client must have asked before it is made an offer."
    )
    offer_delay_ms: Annotated[int, Field(ge=0, le=10_000)] = Field(
        0, description="DHCPv4: milliseconds by which offers are held back, for other servers to be first."
    )
    max_leases: Limit = Field(0, description="How many leases it may have at once, assigned ones too; 0: no limit.")
    assignment_key: str | None = Field(None, description="DHCPv4: as in globals, for this subnet.")

    @model_validator(mode="after")
    def _adapts(self) -> Self:
        if self.adaptive_threshold and self.lifetime is not None and self.lifetime.min is None:
            raise wrong("adaptive_threshold shortens leases to lifetime.min: write a lifetime with a min")
        return self

    @property
    def family(self) -> int:
        """4 or 6."""
        return 4 if len(self.prefix[0]) == 4 else 6


class SubnetEntry(SubnetSettings):
    """A subnet as the document has it."""

    pools: list[PoolEntry] = Field(default_factory=list, description="Ranges of addresses for dynamic clients.")
    prefix_pools: list[PrefixPoolEntry] = Field(default_factory=list, description="DHCPv6: prefixes to delegate.")
    assignments: list[AssignmentEntry] = Field(default_factory=list, description="Static assignments.")


class SharedNetworkEntry(Entry):
    """What holds for all subnets that name this shared network, unless a subnet says otherwise."""

    name: Name = Field(description="What its subnets name in `shared_network`.")
    lifetime: Lifetime | None = Field(None, description="Replaces the one of globals.")
    authoritative: bool | None = Field(None, description="As in globals, for its subnets.")
    adopt: Adopt | None = Field(None, description="As in globals, for its subnets.")
    rapid_commit: bool | None = Field(None, description="As in globals, for its subnets.")
    preference: Annotated[int, Field(ge=0, le=255)] | None = Field(
        None, description="DHCPv6: which server clients prefer."
    )
    boot: BootEntry | None = Field(None, description="DHCPv4: BOOTP fields of the replies.")
    options: GlobalOptions = Field(
        default_factory=GlobalOptions, description="Added to those of globals, by family; the shared network's win."
    )
    always_send: FamilyNames = Field(default_factory=FamilyNames, description=_ALWAYS)
    never_send: FamilyNames = Field(default_factory=FamilyNames, description=_NEVER)
    bootp: Bootp | None = Field(None, description="As in globals, for its IPv4 subnets.")
    bootp_lifetime: LeaseDuration | None = Field(None, description="As in globals, for its IPv4 subnets.")
    echo_client_id: bool | None = Field(None, description="As in globals, for its IPv4 subnets.")
    ipv6_only: V6OnlyWait | None = Field(None, description="As in globals, for its IPv4 subnets.")
    auto_configure: AutoConfigure | None = Field(None, description="As in globals, for its IPv4 subnets.")


class ClassEntry(Entry):
    """A class of clients: who is of it, and what they are told."""

    name: ClassName = Field(description="How it is called by pools, subnets, assignments and other classes.")
    test: str | None = Field(None, description="An expression: whoever it is true for is of the class.")
    template_test: str | None = Field(
        None, description="An expression: its value makes a class `SPAWN_name_value` of whoever it is not empty for."
    )
    only_in_additional_list: bool = Field(
        False, description="True: looked at only where a pool or subnet lists it as `additional`."
    )
    options: GlobalOptions = Field(default_factory=GlobalOptions, description="Options of its clients, by family.")
    lifetime: Lifetime | None = Field(None, description="Replaces the subnet's and the pool's.")
    boot: BootEntry | None = Field(None, description="DHCPv4: BOOTP fields, each in place of the subnet's.")
    description: Annotated[str, Field(max_length=1000)] | None = Field(None, description="For people.")
    always_send: FamilyNames = Field(default_factory=FamilyNames, description=_ALWAYS)
    never_send: FamilyNames = Field(default_factory=FamilyNames, description=_NEVER)
    max_leases: Limit = Field(
        0, description="How many leases its clients may have at once; of a template, those of each class of its making."
    )
    max_leases_per_subnet: Limit = Field(0, description="The same, in each subnet.")
    offer_hold: OfferHold | None = Field(None, description="As in globals, for offers to its clients.")
    rate: Limit = Field(
        0, description="Packets a second that its clients together may send; of a template, as with `max_leases`."
    )

    @model_validator(mode="after")
    def _one_test(self) -> Self:
        if self.test is not None and self.template_test is not None:
            raise wrong("write either test or template_test")
        limits = ("max_leases", "max_leases_per_subnet", "rate", "offer_hold")
        if self.only_in_additional_list and (said := [key for key in limits if getattr(self, key)]):
            raise wrong(f"{said[0]}: the class is looked at when all is decided: take only_in_additional_list out")
        return self


class DocumentEntry(Entry):
    """The whole document, for its JSON schema; ``validate`` reads it piece by piece, to name all faults at once."""

    version: Literal[1] = Field(description="The format's version: 1.")
    globals: GlobalsEntry = Field(default_factory=GlobalsEntry, description="What holds everywhere.")
    option_definitions: list[dict[str, Any]] = Field(default_factory=list, description="The site's own options.")
    shared_networks: list[SharedNetworkEntry] = Field(
        default_factory=list, description="What subnets that share a wire have in common."
    )
    classes: list[ClassEntry] = Field(default_factory=list, description="Classes of clients.")
    subnets: list[SubnetEntry] = Field(default_factory=list, description="The subnets of both families.")
    assignments: list[AssignmentEntry] = Field(
        default_factory=list, description="Static assignments of IPv4 clients wherever they appear."
    )
    leasequery: LeasequeryEntry = Field(
        default_factory=LeasequeryEntry, description="Who may ask who has which address."
    )
    handlers: list[HandlerEntry] = Field(
        default_factory=list, description="What else decides about messages and answers, in this order."
    )


#: Keys of a subnet, an assignment or a lifetime that only one family has, with that family.
ONLY_FAMILY: dict[str, int] = {
    "boot": 4,
    "proxy": 4,
    "preference": 6,
    "interface_id": 6,
    "prefix_pools": 6,
    "prefixes": 6,
    "preferred": 6,
    "bootp": 4,
    "bootp_lifetime": 4,
    "echo_client_id": 4,
    "ipv6_only": 4,
    "auto_configure": 4,
    "vss": 4,
    "match_client_id": 4,
    "min_secs": 4,
    "offer_delay_ms": 4,
    "assignment_key": 4,
}


def document_of(entry: Entry) -> dict[str, Any]:
    """The canonical form of a model: canonical spellings, keys in the model's order, without what is the default."""
    made = entry.model_dump(exclude_defaults=True, by_alias=True)
    for holder in (made, made.get("globals", {})):
        _shorten(holder)
    by_architecture = made.get("boot", {}).get("by_architecture", {})
    for architecture, fields in by_architecture.items():
        if fields.keys() == {"file"}:
            by_architecture[architecture] = fields["file"]
    return made


def _shorten(made: dict[str, Any]) -> None:
    for key in ("lifetime", "random_mac_lifetime"):
        lifetime = made.get(key)
        if isinstance(lifetime, dict) and lifetime.keys() == {"default"}:
            made[key] = lifetime["default"]
