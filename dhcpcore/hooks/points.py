"""The table of hook points: Kea's names, arguments, directions and what a status means.

The manual's page and the check of names at loading are made from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument by name.  The server reads those back that are ``out`` or ``in/out``."""

    name: str
    direction: str
    what: str


@dataclass(frozen=True, slots=True)
class Point:
    """One hook point.  ``status``: what SKIP, DROP and PARK do there; those that are not named count as CONTINUE.

    ``absent``: why nothing is ever called there, at one that Kea has and this server does not.  ``apart``: who waits
    for a callout in a process of its own, where that is not its message alone.
    """

    name: str
    when: str
    arguments: tuple[Argument, ...]
    status: Mapping[str, str]
    absent: str = ""
    apart: str = ""


def _point(
    name: str, when: str, *arguments: tuple[str, str, str], absent: str = "", apart: str = "", **status: str
) -> Point:
    return Point(name, when, tuple(Argument(*one) for one in arguments), MappingProxyType(status), absent, apart)


_NOBODY = "nobody waits: it is told, and its answer changes nothing"
_QUERY = ("query4", "in", "the client's message")
_CHANGED_QUERY = ("query4", "in/out", "the client's message; its options may be changed")
_RESPONSE = ("response4", "in", "the answer, or None")
_SUBNET = ("subnet4", "in", "the subnet that the client is served from")
_LEASE = ("lease4", "in", "the lease")
_DROPPED = "the message is not answered: HOOK-DROPPED"
_UNSENT = "the answer is not sent: HOOK-DROPPED; what was committed stays"
_PARKED = "the answer waits until the last reference is given back by `unpark`"

POINTS: Mapping[str, Point] = MappingProxyType({point.name: point for point in (
    _point("context_create", "A message came in, before the first hook that sees it."),
    _point("context_destroy", "The message is done with, after the last hook that saw it.", apart=_NOBODY),
    _point(
        "dhcp4_srv_configured", "A revision of the definitions is about to be in force; at the start the first one.",
        ("server_config", "in", "the new snapshot"), ("error", "out", "why it is refused"),
        DROP="the revision is not taken: the former one stays in force",
        apart="everybody waits: no message is answered by a revision that may be refused",
    ),
    _point("cb4_updated", "A later revision than the one that was in force has come into force.",
           ("audit_entries", "in", "who changed what since the former one, oldest first"), apart=_NOBODY),
    _point(
        "buffer4_receive", "Octets came in at the server's port, whether or not they make a message.",
        ("query4", "in/out", "the message: its octets (`data`) may be replaced; `fault` says why they cannot be read"),
        SKIP="the callout has read it: the options are those that stand in `query4.options`", DROP=_DROPPED,
    ),
    _point("pkt4_receive", "The message was read.", _CHANGED_QUERY, SKIP=_DROPPED, DROP=_DROPPED),
    _point(
        "subnet4_select", "The link that the message came from is known.", _QUERY,
        ("subnet4", "in/out", "the subnet that it points at; another one of the collection may be chosen"),
        ("subnet4collection", "in", "the subnets of the link"),
        SKIP="the message is of no subnet: NO-SUBNET", DROP=_DROPPED,
    ),
    _point(
        "host4_identifier", "The client's assignment is about to be looked for, and there are assignments.", _QUERY,
        ("id_type", "in/out",
         "what `id_value` is: `flex-id`, `hw-address`, `client-id`, `duid`, `circuit-id` or `remote-id`"),
        ("id_value", "out", "the octets that an assignment knows the client by; it comes before all others"),
        SKIP="what the callout set is not used", DROP="what the callout set is not used",
        PARK="what the callout set is not used",
    ),
    _point(
        "lease4_select", "An address was found for a client that does not hold it yet.", _QUERY, _SUBNET,
        ("fake_allocation", "in", "True for an offer, False for a grant"),
        ("lease4", "in/out", "the lease as it would be; `valid_lft` may be changed"),
        SKIP="no lease: no offer, and a REQUEST is refused with NAK-HOOK",
    ),
    _point(
        "lease4_renew", "A client's lease is about to be extended.", _QUERY, _SUBNET,
        ("clientid", "in", "the client identifier, or None"), ("hwaddr", "in", "hardware type and address"),
        ("lease4", "in/out", "the lease as it would be; `valid_lft` may be changed"),
        SKIP="the lease is not extended; the client is told what is left of it",
    ),
    _point("lease4_release", "A client gives its address back.", _QUERY, _LEASE,
           SKIP="the lease stays: HOOK-KEPT", DROP="the lease stays: HOOK-KEPT"),
    _point("lease4_decline", "A client found its address in use.", _QUERY, _LEASE,
           SKIP="it is not put on probation: HOOK-KEPT", DROP="it is not put on probation: HOOK-KEPT"),
    _point(
        "lease4_offer", "An OFFER is ready.", _QUERY, _RESPONSE, ("leases4", "in", "the one lease that is offered"),
        ("offer_lifetime", "in", "seconds that the address is kept for the client"),
        ("old_lease", "in", "the address's row before, or None"),
        ("host", "in", "the client's assignment, or None"),
        ("offer_address_in_use", "out", "True: somebody uses the address; it is put on probation, another one offered"),
        DROP="no offer: HOOK-DROPPED", PARK=_PARKED,
    ),
    _point("lease4_server_decline",
           "An address was found in use before a client got it, and its probation is committed.", _QUERY, _LEASE,
           apart=_NOBODY),
    _point(
        "ddns4_update", "A lease's name is about to be put into DNS.", _QUERY, _RESPONSE, _SUBNET,
        ("hostname", "in/out", "the name"), ("fwd-update", "in/out", "whether the name is told its address"),
        ("rev-update", "in/out", "whether the address is told its name"),
        ("ddns-params", "in", "how the subnet has it"),
        absent="this server makes no updates of DNS",
    ),
    _point(
        "leases4_committed", "What a REQUEST, RELEASE or DECLINE changed is committed; its answer has not left.",
        _QUERY, _RESPONSE, ("leases4", "in", "leases that were granted or extended"),
        ("deleted_leases4", "in", "leases that ended"), DROP=_UNSENT, PARK=_PARKED,
    ),
    _point("pkt4_send", "An answer is about to be packed.", _QUERY,
           ("response4", "in/out", "the answer; fields and options may be changed"), _SUBNET,
           SKIP="the callout has packed it: its octets (`data`) are sent as they stand", DROP=_UNSENT),
    _point("buffer4_send", "The answer's octets are ready.",
           ("response4", "in/out", "the answer; its octets (`data`) may be replaced"), SKIP=_UNSENT, DROP=_UNSENT),
    _point("lease4_expire", "A lease ended without its client having given it back.", _LEASE,
           ("remove_lease", "in", "False: rows are kept, so that clients find their address again"),
           SKIP="the lease is not swept now; it is asked again at the next round",
           apart="everybody waits: the sweep is no message that could be put aside"),
    _point("lease4_recover", "The probation of an address is over; nobody has been given it yet.", _LEASE,
           SKIP="it is on probation for another term",
           apart="everybody waits: the sweep is no message that could be put aside"),
    _point("command_processed", "A command of the control channel was carried out.", ("name", "in", "of the command"),
           ("arguments", "in", "by name"), ("response", "in/out", "the answer"),
           apart="everybody waits: a command is answered where it came"),
)})  # fmt: skip

#: What a callout for a command is called with; the command ``x-y`` has the point ``$x_y``.
COMMAND_ARGUMENTS = ("command", "response")


def command_point(command: str) -> str:
    """The hook point of a command that a library registers."""
    return "$" + command.replace("-", "_")
