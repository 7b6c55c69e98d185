"""Which options a client is sent, and which level of the definitions says so: the nearest level wins.

The handler of options merges levels once for each combination and keeps the result; the services that show an
administrator what a client will receive ask the same functions, so both always say the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from dhcpcore.topology.computed import NOTHING_COMPUTED, Computations
from dhcpcore.topology.snapshot import OptionLevel, Pool, Subnet
from dhcpcore.wire.addresses import format_address
from dhcpcore.wire.v4.message import Opt

#: The levels, the farthest first.
KINDS = ("computed", "globals", "shared_network", "subnet", "pool", "class", "assignment")

#: Options that the protocol sets; configured ones of these codes would contradict it.
PROTOCOL = frozenset(
    (Opt.REQUESTED_ADDRESS, Opt.LEASE_TIME, Opt.OVERLOAD, Opt.MESSAGE_TYPE, Opt.SERVER_ID, Opt.PARAMETER_REQUEST_LIST,
     Opt.MAX_MESSAGE_SIZE, Opt.RENEWAL_TIME, Opt.REBINDING_TIME, Opt.CLIENT_ID, Opt.AGENT_OPTIONS)
)  # fmt: skip

Pairs = tuple[tuple[int, bytes], ...]


def levels_of(subnet: Subnet, pool: Pool | None, nearer: Iterable[OptionLevel] = ()) -> tuple[OptionLevel, ...]:
    """The levels that concern a client, the farthest first; ``nearer`` are those of its classes and its assignment."""
    levels = [] if subnet.family == 6 else [_computed(subnet.plen)]
    mine = OptionLevel("subnet", subnet.name, subnet.options, subnet.always, subnet.never, subnet.computed)
    levels += [*subnet.above, mine]
    if pool is not None:
        levels.append(OptionLevel("pool", pool_name(pool), pool.options, pool.always, pool.never, pool.computed))
    return (*levels, *nearer)


def _computed(plen: int) -> OptionLevel:
    """Every client is told its mask; whoever writes another one means it."""
    return OptionLevel("computed", "", {Opt.SUBNET_MASK: netmask(plen)}, frozenset((Opt.SUBNET_MASK,)))


def assignment_level(
    name: str,
    options: Iterable[tuple[int, bytes]],
    hostname: str = "",
    always: frozenset[int] = frozenset(),
    never: frozenset[int] = frozenset(),
    computed: Computations = NOTHING_COMPUTED,
) -> OptionLevel:
    """The level of an assignment; its host name is told as option 12, unless that is among its options."""
    payloads = dict(options)
    if hostname and Opt.HOST_NAME not in computed:
        payloads.setdefault(Opt.HOST_NAME, hostname.encode())
    return OptionLevel("assignment", name, payloads, always, never, computed)


class Merged(NamedTuple):
    """Levels as one: what has a value, and what is always or never sent."""

    payloads: Mapping[int, bytes]
    always: frozenset[int]
    never: frozenset[int]

    def under(self, level: OptionLevel) -> Merged:
        """With one level more, the nearest."""
        return Merged({**self.payloads, **level.payloads}, self.always | level.always, self.never | level.never)


_NOTHING = Merged(MappingProxyType({}), frozenset(), frozenset())


def merge(levels: Iterable[OptionLevel]) -> Merged:
    """Levels, the farthest first, as one."""
    merged = _NOTHING
    for level in levels:
        merged = merged.under(level)
    return merged


class Choice(NamedTuple):
    """The options of one answer: in the order of the wire, and the most important first."""

    pairs: Pairs
    by_importance: Pairs


def choose(merged: Merged, requested: bytes | None) -> Choice:
    """What a client is sent that requests these codes (option 55), or that has no such list and gets everything.

    On the wire: the mask, which must stand before the routers (RFC 2132 3.3), then what was requested in the client's
    order (RFC 2132 9.8), then what is always sent.  What is always sent is the more important: where room is short the
    last of the requested options goes first.
    """
    payloads, always, never = merged
    never = never | PROTOCOL
    forced = [code for code in sorted(always) if code in payloads]
    wanted = list(requested) if requested is not None else sorted(payloads)
    mask = [Opt.SUBNET_MASK] if Opt.SUBNET_MASK in always else []
    order = dict.fromkeys([*mask, *wanted, *forced])
    urgent = dict.fromkeys([*mask, *forced, *wanted])
    return Choice(
        tuple((code, payloads[code]) for code in order if code in payloads and code not in never),
        tuple((code, payloads[code]) for code in urgent if code in payloads and code not in never),
    )


def choose6(merged: Merged, requested: bytes | None) -> Pairs:
    """The same for DHCPv6, whose list (option 6) has codes of two octets; an answer is never short of room."""
    payloads, always, never = merged
    codes = () if requested is None else range(0, len(requested) - 1, 2)
    wanted = sorted(payloads) if requested is None else [int.from_bytes(requested[at : at + 2], "big") for at in codes]
    forced = [code for code in sorted(always) if code in payloads]
    order = dict.fromkeys([*wanted, *forced])
    return tuple((code, payloads[code]) for code in order if code in payloads and code not in never)


def origin(levels: Iterable[OptionLevel], code: int) -> tuple[OptionLevel, ...]:
    """The levels that give an option a value, the one that wins first; what counts only where none has one, last."""
    nearest = tuple(reversed(tuple(levels)))
    spare = tuple(level for level in nearest if code in level.computed and level.computed[code].if_absent)
    given = (level for level in nearest if level not in spare and _gives(level, code))
    return (*given, *spare)


def _gives(level: OptionLevel, code: int) -> bool:
    return code in level.payloads or (code in level.computed and level.computed[code].value is not None)


def netmask(plen: int) -> bytes:
    """The netmask of a prefix length."""
    return (0xFFFF_FFFF ^ (0xFFFF_FFFF >> plen)).to_bytes(4, "big")


def pool_name(pool: Pool) -> str:
    """A pool by its ends."""
    return f"{format_address(pool.first)} - {format_address(pool.last)}"
