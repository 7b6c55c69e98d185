"""The steps that a transaction's trace is made of.

A step is a tuple: its number, then plain values (bytes, numbers, text).  Nothing is formatted while packets are served;
``describe`` turns a step into a sentence when somebody looks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from dhcpcore.lease.owner import owner_of
from dhcpcore.wire.addresses import format_address, format_hex, format_prefix
from dhcpcore.wire.v4.options import DHCP4_OPTIONS


class Step:
    """One row a step; the arguments are those of ``SENTENCES``.

    Plain numbers, as ``Opt`` is: every packet's trace names several, and an enumeration's members cost thrice as much.
    """

    LINK_BY_RELAY: Final = 1
    LINK_BY_INTERFACE: Final = 2
    LINK_BY_ADDRESS: Final = 3
    IDENTITY: Final = 4
    ASSIGNMENT: Final = 5
    ASSIGNMENT_BLOCKED: Final = 6
    OWN_LEASE: Final = 7
    OWN_LEASE_NOT_PERMITTED: Final = 8
    OFFER_REPEATED: Final = 9
    REQUESTED: Final = 10
    REQUESTED_TAKEN: Final = 11
    FROM_POOL: Final = 12
    CANDIDATE_TAKEN: Final = 13
    LIFETIME: Final = 14
    OPTIONS_DROPPED: Final = 15
    LEFT_OTHER_LEASE: Final = 16
    NEEDS_ROWS: Final = 17
    PROBING: Final = 18
    PROBE_SILENT: Final = 19
    RETRIED: Final = 20
    GUARDED_POOL: Final = 21
    ADOPTED: Final = 22
    QUERY: Final = 23
    ASKED_TO_RENEW: Final = 24
    LINK_BY_INTERFACE_ID: Final = 30
    UNANSWERED: Final = 31
    HELD_BY_OTHER: Final = 32
    GIVEN: Final = 33
    LINK_BY_SELECTION: Final = 40
    VPN: Final = 41
    SERVER_OVERRIDE: Final = 42
    RELAYED_UNICAST: Final = 43
    RAPID_COMMIT: Final = 44
    IPV6_ONLY: Final = 45
    LENIENT: Final = 46
    CLASSES: Final = 60
    CLASSES_KNOWN: Final = 61
    CLASSES_ADDITIONAL: Final = 62
    GUARDED_SUBNET: Final = 63
    GATED_POOL: Final = 70
    REUSED: Final = 71
    ADAPTED: Final = 72
    DELAYED: Final = 73
    LIMIT: Final = 74
    LEASE_RUNS_OUT: Final = 75
    ASSIGNMENT_EVERYWHERE: Final = 76
    CLASS_FULL: Final = 77
    CLASS_RATE: Final = 78
    CLASSES_STASHED: Final = 79
    STOPPED_BY_HOOK: Final = 90
    SUBNET_BY_HOOK: Final = 91
    HANDLERS: Final = 92
    STOPPED_BY_HANDLER: Final = 93
    HANDLER_ASKED: Final = 95
    HOOK_ASKED: Final = 96
    IDENTIFIER_BY_HOOK: Final = 94
    QUERY_REFUSED: Final = 95
    SCRIPT_ASKED: Final = 80
    SCRIPT_GIVES: Final = 81
    SCRIPT_CHANGED: Final = 82
    SCRIPT_ROUTED: Final = 83


def _address(value: bytes) -> str:
    return format_address(value)


def _range(address: bytes, plen: int) -> str:
    return format_address(address) if plen == 128 else format_prefix(address, plen)


def _dropped(codes: bytes, limit: int | None) -> str:
    """The options by name; traces of before say nothing of the limit."""
    names = ", ".join(f"{DHCP4_OPTIONS.row(code).name} ({code})" for code in codes)
    room = f" in the {limit} octets that the client takes" if limit is not None else ""
    return f"No room was left{room} for the options {names}."


#: What each step says to people.
SENTENCES: dict[int, Callable[..., str]] = {
    Step.LINK_BY_RELAY: lambda relay, subnet: f"Relay {_address(relay)} stands for subnet {subnet}.",
    Step.LINK_BY_INTERFACE: lambda index, subnet: f"It came in on interface {index}, which is subnet {subnet}.",
    Step.LINK_BY_ADDRESS: lambda address, subnet: f"The client uses {_address(address)}, which is of subnet {subnet}.",
    Step.LINK_BY_INTERFACE_ID: lambda said, subnet: f"The relay's Interface-Id {said.hex()} means subnet {subnet}.",
    Step.UNANSWERED: lambda number: f"No handler answers its identity association {number}.",
    Step.HELD_BY_OTHER: lambda address, plen: f"{_range(address, plen)} is another's, or on probation.",
    Step.GIVEN: lambda address, plen, seconds: f"It gets {_range(address, plen)} for {seconds} s.",
    Step.IDENTITY: lambda client: f"The client is known by {identity(client)}.",
    Step.ASSIGNMENT: lambda number, address: f"Assignment {number} gives it {_address(address)}.",
    Step.ASSIGNMENT_BLOCKED: lambda address: f"Its assigned address {_address(address)} is in use by another.",
    Step.OWN_LEASE: lambda address, state: f"It has or had {_address(address)} ({state}).",
    Step.OWN_LEASE_NOT_PERMITTED: lambda address: f"Its address {_address(address)} is not to be given to it any more.",
    Step.OFFER_REPEATED: lambda address: f"It was offered {_address(address)} a moment ago.",
    Step.REQUESTED: lambda address: f"It asked for {_address(address)}.",
    Step.REQUESTED_TAKEN: lambda address: f"{_address(address)}, which it asked for, is not free for it.",
    Step.FROM_POOL: lambda pool, address: f"Pool {pool} has {_address(address)} free.",
    Step.CANDIDATE_TAKEN: lambda address: f"{_address(address)} turned out to be taken.",
    Step.LIFETIME: lambda seconds: f"The lease time is {seconds} s.",
    Step.OPTIONS_DROPPED: lambda codes, limit=None: _dropped(codes, limit),
    Step.LEFT_OTHER_LEASE: lambda address: f"Its other lease {_address(address)} of this link was ended.",
    Step.NEEDS_ROWS: lambda count: f"Round {count}: more rows were read from the database.",
    Step.PROBING: lambda address: f"{_address(address)} was probed before it was offered.",
    Step.PROBE_SILENT: lambda address: f"Nobody answered the probe of {_address(address)}.",
    Step.RETRIED: lambda count: f"Another writer was first; decided again (time {count}).",
    Step.GUARDED_POOL: lambda pool, name: f"Pool {pool} admits only clients of class {name}.",
    Step.LINK_BY_SELECTION: lambda address, option, subnet: (
        f"{_address(address)} in option {option} stands for subnet {subnet}."
    ),
    Step.VPN: lambda vss, option: f"Option {option} says VPN {vss[1:].decode('ascii', 'replace')!r}.",
    Step.SERVER_OVERRIDE: lambda address: f"Its relay wants {_address(address)} to be the server identifier.",
    Step.RELAYED_UNICAST: lambda: "The client had sent it by unicast, its relay says.",
    Step.RAPID_COMMIT: lambda: "It asked for rapid commit: acknowledged at once.",
    Step.IPV6_ONLY: lambda wait: f"It can do without IPv4: it is to wait {wait} s before it asks again.",
    Step.LENIENT: lambda fault: f"Read as far as it goes, as `lenient_options` says: {fault}.",
    Step.CLASSES: lambda names: f"Its classes: {names}.",
    Step.CLASSES_KNOWN: lambda names: f"Its classes by what is known of it: {names}.",
    Step.CLASSES_ADDITIONAL: lambda names: f"Its classes by what it is served from: {names}.",
    Step.GUARDED_SUBNET: lambda subnet: f"Subnet {subnet} does not admit it.",
    Step.ADOPTED: lambda address: f"{_address(address)} was unknown here and is free: adopted.",
    Step.ASKED_TO_RENEW: lambda address, how: f"The client of {_address(address)} was asked to renew ({how}).",
    Step.QUERY: lambda by, value: (
        f"It asks by {by}: {_address(value) if by.endswith('address') and len(value) in {4, 16} else value.hex(':')}."
    ),
    Step.QUERY_REFUSED: lambda code, text: f"It is told status {code}: {text}.",
    Step.GATED_POOL: lambda pool, code: f"Pool {pool} does not admit it: {code}.",
    Step.REUSED: lambda seconds: f"Its lease is young and was not written again: {seconds} s of it are left.",
    Step.ADAPTED: lambda used, seconds: f"{used} % of its pool are in use: the lease is shortened to {seconds} s.",
    Step.DELAYED: lambda ms: f"The offer was held back for {ms} ms, for other servers to be first.",
    Step.LIMIT: lambda what: f"{what} has as many leases as it may have.",
    Step.ASSIGNMENT_EVERYWHERE: lambda number: f"Assignment {number} counts wherever it appears.",
    Step.CLASS_FULL: lambda name, subnet: (
        f"Class {name} has as many leases as it may have" + (f" in subnet {subnet}." if subnet else ".")
    ),
    Step.CLASSES_STASHED: lambda names: (
        f"Its classes by what its relay said when the lease was granted: {names or 'none'}."
    ),
    Step.CLASS_RATE: lambda name: f"Class {name} sends more than its rate.",
    Step.STOPPED_BY_HOOK: lambda hook: f"A callout at {hook} stopped it.",
    Step.IDENTIFIER_BY_HOOK: lambda value: f"A callout at host4_identifier named the client {value}.",
    Step.SUBNET_BY_HOOK: lambda number: f"A callout at subnet4_select chose subnet {number}.",
    Step.HANDLERS: lambda names: f"Configured handlers were asked: {names}.",
    Step.HANDLER_ASKED: lambda name, phase: f"The configured handler {name} was asked in its own process ({phase}).",
    Step.HOOK_ASKED: lambda hook: f"A callout at {hook} was asked in its own process.",
    Step.STOPPED_BY_HANDLER: lambda name: f"The configured handler {name} stopped it.",
    Step.SCRIPT_ASKED: lambda hooks: f"The site's script was asked ({hooks}).",
    Step.SCRIPT_GIVES: lambda address, subnet, serial: (
        f"The site's script gives it {_address(address)} (subnet {subnet}, serial {serial})."
    ),
    Step.SCRIPT_CHANGED: lambda what: f"The site's script changed the answer: {what}.",
    Step.SCRIPT_ROUTED: lambda address, port, hw: (
        f"The site's script sent it to {_address(address)}, port {port}"
        + (f", in a frame to {format_hex(hw, ':')}." if hw else ".")
    ),
    Step.LEASE_RUNS_OUT: lambda address, seconds: f"{_address(address)} is in the way of an assignment "
    f"that waits: the lease runs out in {seconds} s and is not extended.",
}


def identity(client: bytes) -> str:
    """A client key in words."""
    if client[:1] == b"\x01":
        return "client identifier " + client[1:].hex(":")
    if client[:1] == b"\x00":
        return "hardware address " + client[2:].hex(":")
    owner = owner_of(client)
    return "nothing" if owner is None else "DUID " + owner.duid.hex(":")


def describe(step: Sequence[Any]) -> str:
    """One step in words."""
    sentence = SENTENCES.get(step[0])
    return sentence(*step[1:]) if sentence else f"Step {step[0]}: {list(step[1:])}"
