"""What a client will receive: every option with its value, where it comes from, and whether it is sent at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.services import subnets
from app.services.appliance import Appliance
from app.services.option_origin import EffectiveOption, Origin
from app.services.option_preview import read_back, spaces
from app.services.option_warnings import warnings
from dhcpcore.errors import Fault, InvalidDocument, InvalidValue
from dhcpcore.lease.model import Assignment
from dhcpcore.store.definitions import Definitions
from dhcpcore.topology.class_names import ALL, GUARD_KNOWN, GUARD_UNKNOWN, KNOWN, UNKNOWN
from dhcpcore.topology.document import AssignmentEntry
from dhcpcore.topology.everywhere import EVERYWHERE_ID
from dhcpcore.topology.faults import Faults
from dhcpcore.topology.levels import (
    PROTOCOL,
    Merged,
    assignment_level,
    choose,
    levels_of,
    merge,
    origin,
    pool_name,
)
from dhcpcore.topology.snapshot import OptionLevel, Pool, Snapshot, Subnet
from dhcpcore.wire.addresses import format_address, parse_address
from dhcpcore.wire.options import OptionSpace

#: How a client is named; at most one of them.
IDENTIFIERS = ("hw_address", "client_id", "circuit_id", "remote_id", "duid", "expression")


@dataclass(frozen=True, slots=True)
class EffectiveOptions:
    """What one client receives, in the order of the wire; then what it does not receive."""

    subnet: str
    pool: str | None
    assignment: int | None
    address: str | None
    requested: tuple[int, ...] | None
    options: tuple[EffectiveOption, ...]
    unknown: tuple[str, ...]  #: Requested, and no level has a value.
    warnings: tuple[str, ...]  #: What the client will stumble over.


def effective(appliance: Appliance, subnet: str, client: Mapping[str, Any] | None = None, *,
              address: str | None = None, requested: Sequence[str] | None = None) -> EffectiveOptions:
    """What a client of a subnet receives that requests these options (names or codes; None: it sends no list).

    ``client`` names it by one identifier, as an assignment does; without one it is any client without assignment.  Its
    pool is that of ``address``, else of its assigned address, else the first one that admits it.
    """
    definitions = Definitions(appliance.database)
    snapshot = definitions.snapshot()
    home = subnets.find(snapshot, subnet)
    space = spaces(appliance)[home.family]
    codes = None if requested is None else _codes(space, requested)
    identifier = _identifier(client or {})
    assignment = None
    if identifier is not None:
        found = definitions.assignments_by_identifier([identifier], snapshot.revision).get(identifier, ())
        mine = [one for one in found if one.subnet == home.subnet_id]
        if home.family == 4:
            mine += [one for one in found if one.subnet == EVERYWHERE_ID]
        assignment = next(iter(mine), None)
    octets = _address(address, home)
    if octets is None and assignment is not None:
        octets = next((key[2] for key in assignment.addresses if key[0] == home.space and home.contains(key[2])), None)
    pool = _pool(home, octets, assignment)
    nearer = _of_classes(snapshot, assignment)
    nearer += [] if assignment is None else [assignment_level(
        f"assignment {assignment.assignment_id}", assignment.options, assignment.hostname, assignment.always_send,
        assignment.never_send, assignment.computed)]
    levels = levels_of(home, pool, nearer)
    merged = merge([_with_computed(level) for level in levels])
    spare = {code: b"" for level in levels for code, one in level.computed.items() if one.if_absent}
    merged = merged._replace(payloads={**spare, **merged.payloads})
    choice = choose(merged, None if codes is None else bytes(codes)) if home.family == 4 else None
    sent = [code for code, _ in choice.pairs] if choice else _sent6(merged, codes)
    kept = sorted(set(merged.payloads) - set(sent))
    options = tuple(_option(space, levels, merged, codes, code, is_sent=code in sent) for code in [*sent, *kept])
    return EffectiveOptions(
        subnet=home.name, pool=None if pool is None else pool_name(pool),
        assignment=None if assignment is None else assignment.assignment_id,
        address=None if octets is None else format_address(octets),
        requested=None if codes is None else tuple(codes),
        options=options,
        unknown=tuple(space.row(code).name for code in dict.fromkeys(codes or ())
                      if code not in merged.payloads and code not in PROTOCOL),
        warnings=() if home.family == 6 else warnings(home, options))


def _of_classes(snapshot: Snapshot, assignment: Assignment | None) -> list[OptionLevel]:
    """What the classes say that the client is of whatever it sends, the farthest first."""
    if snapshot.classes is None:
        return []
    names = {ALL, UNKNOWN} if assignment is None else {ALL, KNOWN, *assignment.classes}
    return [one.level for one in reversed(snapshot.classes.all_of(names).given)]


def _option(space: OptionSpace, levels: Sequence[OptionLevel], merged: Merged, codes: Sequence[int] | None, code: int,
            *, is_sent: bool) -> EffectiveOption:
    payload = merged.payloads[code]
    first, *others = origin(levels, code)
    value = first.computed[code].form() if code in first.computed else read_back(space, code, payload)[0]
    return EffectiveOption(
        code=code, name=space.row(code).name, value=value, hex=payload.hex(),
        origin=Origin(first.kind, first.name), overrides=tuple(Origin(one.kind, one.name) for one in others),
        sent=is_sent, why=_why(levels, codes, code) + _unless(levels, code))


def _with_computed(level: OptionLevel) -> OptionLevel:
    """The level with a place for what it works out: its octets are told by a packet alone."""
    places = {code: b"" for code, one in level.computed.items() if one.value is not None and not one.if_absent}
    return replace(level, payloads={**level.payloads, **places})


def _unless(levels: Sequence[OptionLevel], code: int) -> str:
    """What takes an option away from some clients."""
    asked = [level.computed[code].remove_when for level in levels if code in level.computed]
    texts = [one.text for one in asked if one is not None]
    return f"; not to clients for whom {' or '.join(texts)}" if texts else ""


def _why(levels: Sequence[OptionLevel], codes: Sequence[int] | None, code: int) -> str:
    barring = [level for level in levels if code in level.never]
    if barring:
        return f"never sent: {_said(barring[-1])} says so"
    if codes is not None and code in codes:
        return "requested"
    forcing = [level for level in levels if code in level.always]
    if forcing:
        return f"always sent: {_said(forcing[-1])} says so"
    return "the client sends no list, so it gets everything" if codes is None else "not requested"


def _said(level: OptionLevel) -> str:
    if level.kind == "computed":
        return "the protocol"
    return f"{level.kind.replace('_', ' ')} {level.name}".rstrip() if level.kind != "assignment" else level.name


def _sent6(merged: Merged, codes: Sequence[int] | None) -> list[int]:
    """DHCPv6: what is requested (RFC 9915 21.7), and what is always sent."""
    order = dict.fromkeys([*(sorted(merged.payloads) if codes is None else codes), *sorted(merged.always)])
    return [code for code in order if code in merged.payloads and code not in merged.never]


def _codes(space: OptionSpace, requested: Sequence[str]) -> list[int]:
    codes = []
    for number, name in enumerate(requested):
        try:
            codes.append(space.find(name).code)
        except InvalidValue as error:
            raise InvalidDocument((Fault(f"requested[{number}]", str(error)),)) from None
    return codes


def _identifier(client: Mapping[str, Any]) -> tuple[int, bytes] | None:
    """Kind and octets of what names the client."""
    given = {key: value for key, value in client.items() if value not in (None, "")}
    if not given:
        return None
    faults = Faults()
    entry = faults.model("", AssignmentEntry, given)
    if entry is None:
        raise InvalidDocument(faults.all())
    _key, kind, octets = entry.identifier
    return int(kind), octets


def _address(address: str | None, home: Subnet) -> bytes | None:
    if not address:
        return None
    try:
        octets = parse_address(address)
    except InvalidValue as error:
        raise InvalidDocument((Fault("address", str(error)),)) from None
    if not home.contains(octets):
        raise InvalidDocument((Fault("address", f"{address} does not lie in {home.name}: name one that does"),))
    return octets


def _pool(home: Subnet, address: bytes | None, assignment: Assignment | None) -> Pool | None:
    if address is not None:
        return next((pool for pool in home.pools if pool.covers(address)), None)
    mine = {GUARD_UNKNOWN} if assignment is None else {GUARD_KNOWN, *assignment.classes}
    return next((pool for pool in home.pools
                 if (not pool.guard or mine.intersection(pool.guard)) and pool.plen == len(home.prefix) * 8), None)
