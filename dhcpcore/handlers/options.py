"""The configured options and boot fields of an answer, encoded once for each combination and kept."""

from __future__ import annotations

from typing import ClassVar

from dhcpcore.lease.model import Assignment
from dhcpcore.pipeline.bundle import Response4, TransactionBundle
from dhcpcore.pipeline.bundle6 import CLIENTS6, six
from dhcpcore.pipeline.handler import Handler
from dhcpcore.pipeline.stashed import stashed
from dhcpcore.pipeline.subjects import subject_of, with_agent
from dhcpcore.topology.class_names import ALL, KNOWN, UNKNOWN
from dhcpcore.topology.classes import ClientClass
from dhcpcore.topology.computed import worked_out
from dhcpcore.topology.levels import Merged, Pairs, assignment_level, choose, choose6, levels_of, merge
from dhcpcore.topology.snapshot import Boot, OptionLevel, Pool, Snapshot, Subnet
from dhcpcore.wire.architectures import HTTP, architectures_of
from dhcpcore.wire.v4.message import NOWHERE, MessageType, Opt
from dhcpcore.wire.v4.tlv import encode_options
from dhcpcore.wire.v6.message import Opt6, type_name6
from dhcpcore.wire.v6.options import DHCP6_OPTIONS

#: Combinations of subnet, pool and requested options that are kept encoded; clients send a few dozen different lists.
_CACHE_MAX = 8192

_VENDOR_CLASS_ID, _ARCHITECTURE = 60, 93


class Options(Handler):
    """What the client asked for in option 55, in its order; all that is configured where it sent none.

    RFC 2131 4.3.1, RFC 2132 9.8; ``topology.levels`` says which level wins and what is sent unasked.
    """

    message_types: ClassVar[frozenset[int] | None] = frozenset(
        (MessageType.DISCOVER, MessageType.REQUEST, MessageType.INFORM, MessageType.BOOTP,
         MessageType.PXE_DISCOVER, MessageType.PXE_REQUEST)
    )  # fmt: skip

    def __init__(self) -> None:
        self._cache: dict[tuple[int, int, bytes | None, tuple[ClientClass, ...]], tuple[bytes, Pairs]] = {}
        self._merged: dict[tuple[int, int], Merged] = {}
        self._computes = False  #: Whether any level of the definitions works an option out.

    def wanted(self, snapshot: Snapshot) -> bool:
        """Always; but what no level works out is not looked for."""
        self._computes = computes(snapshot)
        return True

    def handle(self, bundle: TransactionBundle) -> None:
        """Sets the response's options and its siaddr, sname and file."""
        response = bundle.responses[0]
        requested = bundle.request.options.get(Opt.PARAMETER_REQUEST_LIST)
        subnet = bundle.subnet
        pool = bundle.pool
        classes = bundle.client_classes
        assignment = bundle.assignment
        if self._computes or (assignment is not None and assignment.computed):
            choice = choose(_worked_out(bundle), requested)
            response.body, response.pairs = encode_options(choice.pairs), choice.by_importance
        elif assignment is not None and assignment.says_of_options:
            level = _level_of(assignment)
            choice = choose(self._of(subnet, pool, classes).under(level), requested)
            response.body, response.pairs = encode_options(choice.pairs), choice.by_importance
        else:
            key = (subnet.subnet_id, pool.pool_id if pool is not None else 0, requested, classes)
            cached = self._cache.get(key)
            if cached is None:
                choice = choose(self._of(subnet, pool, classes), requested)
                if len(self._cache) >= _CACHE_MAX:
                    self._cache.clear()
                cached = self._cache[key] = (encode_options(choice.pairs), choice.by_importance)
            response.body, response.pairs = cached
        boot = subnet.boot
        for one in reversed(classes):
            if one.boot is not None:
                boot = one.boot.over(boot)
        if boot.by_architecture:
            boot = _by_architecture(boot, bundle.request.options.get(_ARCHITECTURE, b""), response)
        response.siaddr, response.sname, response.file = boot.next_server, boot.server_name, boot.file
        if assignment is not None and assignment.boot is not None:
            next_server, server_name, file = assignment.boot
            response.siaddr = next_server or response.siaddr
            response.sname = server_name or response.sname
            response.file = file or response.file

    def _of(self, subnet: Subnet, pool: Pool | None, classes: tuple[ClientClass, ...]) -> Merged:
        """What subnet and pool say, merged once: there are no more of them than the definitions have pools."""
        key = (subnet.subnet_id, pool.pool_id if pool is not None else 0)
        merged = self._merged.get(key)
        if merged is None:
            merged = self._merged[key] = merge(levels_of(subnet, pool))
        for one in reversed(classes):
            merged = merged.under(one.level)
        return merged


def computes(snapshot: Snapshot) -> bool:
    """Whether any level but an assignment works an option out."""
    return (snapshot.classes is not None and snapshot.classes.computes) or any(
        subnet.computed or any(level.computed for level in subnet.above) or any(pool.computed for pool in subnet.pools)
        for subnet in snapshot.subnets
    )


def _level_of(assignment: Assignment) -> OptionLevel:
    return assignment_level(
        "", assignment.options, assignment.hostname, assignment.always_send, assignment.never_send, assignment.computed
    )


def _worked_out(bundle: TransactionBundle) -> Merged:
    """What all levels say to this packet; a renewal that no relay saw is read with what its relay said."""
    assignment = bundle.assignment
    nearer = [one.level for one in reversed(bundle.client_classes)]
    if assignment is not None:
        nearer.append(_level_of(assignment))
    levels = levels_of(bundle.subnet, bundle.pool, nearer)
    agent = stashed(bundle) if bundle.request.giaddr == NOWHERE else b""
    subject = with_agent(bundle, agent) if agent else subject_of(bundle)
    mine = () if bundle.subject is None else bundle.subject.classes
    subject.classes = {*mine, ALL, UNKNOWN if assignment is None else KNOWN}
    return merge(levels)._replace(payloads=worked_out(levels, subject))


def _by_architecture(boot: Boot, said: bytes, response: Response4) -> Boot:
    """The boot fields for the first architecture of the client's that has any.  RFC 4578 2.1."""
    for architecture in architectures_of(said):
        found = boot.by_architecture.get(architecture)
        if found is not None:
            if architecture in HTTP:
                response.overrides = {**(response.overrides or {}), _VENDOR_CLASS_ID: b"HTTPClient"}
            return found.over(boot)
    return boot


class Options6(Handler):
    """The same for DHCPv6: what the client asked for in option 6; all where it sent none.  RFC 8415 21.7."""

    message_types: ClassVar[frozenset[int] | None] = CLIENTS6

    def __init__(self) -> None:
        self._cache: dict[tuple[int, int, bytes | None], Pairs] = {}

    def handle(self, bundle: TransactionBundle) -> None:
        """What belongs into an answer of its type."""
        mine = six(bundle)
        response = mine.answers[0]
        requested = mine.message.get(Opt6.ORO)
        key = (bundle.subnet.subnet_id, response.kind, requested)
        chosen = self._cache.get(key)
        if chosen is None:
            name = type_name6(response.kind)
            pairs = choose6(merge(levels_of(bundle.subnet, None)), requested)
            chosen = tuple((code, octets) for code, octets in pairs if name in DHCP6_OPTIONS.row(code).messages)
            if len(self._cache) >= _CACHE_MAX:
                self._cache.clear()
            self._cache[key] = chosen
        response.options += chosen
