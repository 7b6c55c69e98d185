"""LEASEQUERY: who has an address, and which addresses a client has.  RFC 4388, RFC 6148; of VPNs, RFC 6607."""

from __future__ import annotations

from typing import ClassVar

from dhcpcore.errors import MalformedMessage
from dhcpcore.lease.model import KIND_ADDRESS4, Lease, LeaseKey
from dhcpcore.lease.query import ALL_VPNS, DEFAULT_VPN, By, Query, read, spaces_of
from dhcpcore.lease.telling import lifetimes_of, reply
from dhcpcore.lease.transitions import is_active
from dhcpcore.pipeline.bundle import Outgoing, Route, TransactionBundle
from dhcpcore.pipeline.handler import Handler
from dhcpcore.pipeline.searches import Search, Searches
from dhcpcore.pipeline.signals import CannotRespond, NeedsRows
from dhcpcore.pipeline.trace import Step
from dhcpcore.stats.reasons import Reason
from dhcpcore.topology.links import NO_PLACE, Links
from dhcpcore.topology.snapshot import EMPTY
from dhcpcore.wire.v4.message import NOWHERE, MessageType, Opt

_SERVER_PORT = 67
_REASONS = {
    MessageType.LEASEACTIVE: Reason.LEASE_ACTIVE,
    MessageType.LEASEUNASSIGNED: Reason.LEASE_UNASSIGNED,
    MessageType.LEASEUNKNOWN: Reason.LEASE_UNKNOWN,
}
#: What only a TCP stream can answer.  RFC 6926 7.2.
_IN_BULK = frozenset((By.RELAY_ID, By.EVERYTHING))
#: Of queries that are about no VPN.
_OF_NONE = (None, DEFAULT_VPN)
#: The links of a VPN that no subnet is of.
_NOWHERE = Links(EMPTY, {})
#: Where the query is between the phases: what was asked, and the space that it is answered from, if any.
_QUERY = "leasequery"


class LeaseQuery(Handler):
    """Answers requestors that the definitions name, from the rows of the address or client that they ask for."""

    message_types: ClassVar[frozenset[int] | None] = frozenset((MessageType.LEASEQUERY,))

    def __init__(self, searches: Searches) -> None:
        self._searches = searches

    def pre(self, bundle: TransactionBundle) -> None:
        """The answer goes to giaddr (RFC 4388 6.4.3): who is there must be admitted, a forged source learns nothing."""
        request = bundle.request
        if request.giaddr == NOWHERE or not bundle.snapshot.leasequery.admits(request.giaddr):
            raise CannotRespond(Reason.LEASEQUERY_REFUSED)
        if bundle.datagram.local in {NOWHERE, b""}:
            raise CannotRespond(Reason.NO_SERVER_ADDRESS)
        try:
            query = read(request)
        except MalformedMessage:
            raise CannotRespond(Reason.LEASEQUERY_INVALID) from None
        if query.by in _IN_BULK:
            raise CannotRespond(Reason.LEASEQUERY_INVALID)
        if query.vpn not in _OF_NONE:
            # Chosen as a DISCOVER's is.  A requestor is believed, for it is listed; of an unknown VPN nothing is known.
            option = Opt.VSS if request.options.get(Opt.VSS) == query.vpn else Opt.AGENT_OPTIONS
            bundle.trace.append((Step.VPN, query.vpn, int(option)))
            bundle.links = bundle.links.vpn(query.vpn or b"") or _NOWHERE
        bundle.link, bundle.home = bundle.links.for_relay(request.giaddr) or NO_PLACE
        bundle.subnet = bundle.home
        bundle.trace.append((Step.QUERY, query.by.value, query.value))
        space = _space(bundle, query)
        if space is not None:
            self._look_for(bundle, query, space)
        bundle.server_id = bundle.datagram.local
        if bundle.handler_data is None:
            bundle.handler_data = {}
        bundle.handler_data[_QUERY] = query, space

    def handle(self, bundle: TransactionBundle) -> None:
        """Ends with the answer in ``outgoing``, or with the query among the searches."""
        request = bundle.request
        assert bundle.handler_data is not None
        query, space = bundle.handler_data[_QUERY]
        route = Route(request.giaddr, _SERVER_PORT, 0, bundle.datagram.local)
        # What was not heeded is not returned.  RFC 6607 7.1.
        vpn = b"" if space is None else query.vpn or b""
        if query.by is By.REMOTE_ID and space is not None:
            self._searches.add(Search(request, query, bundle.server_id, route, space, vpn))
            bundle.reason = Reason.LEASEQUERY_SEARCH
            return
        kind, payload = reply(
            request, query, [] if space is None else self._rows(bundle, query, space), now=bundle.now,
            server_id=bundle.server_id, lifetimes=lifetimes_of(bundle.snapshot), vpn=vpn,
            known=query.by is By.ADDRESS and bundle.links.for_address(query.value) is not None,
        )  # fmt: skip
        bundle.outgoing.append(Outgoing(payload, route))
        bundle.reason = _REASONS[kind]

    def _look_for(self, bundle: TransactionBundle, query: Query, space: int) -> None:
        """The rows that answer it, where an index finds them; else there must be room for one more search."""
        if query.by is By.ADDRESS:
            bundle.wants.leases.add(_key(bundle, query, space))
        elif query.by is not By.REMOTE_ID:
            bundle.wants.clients.update(query.clients)
        elif self._searches.full:
            raise CannotRespond(Reason.LEASEQUERY_BUSY)

    def _rows(self, bundle: TransactionBundle, query: Query, space: int) -> list[Lease]:
        facts = bundle.facts
        clients = query.clients
        if query.by is By.ADDRESS:
            key = _key(bundle, query, space)
            row = _committed(bundle, facts.by_key.get(key))
            if row is None or not is_active(row, bundle.now):
                return []
            space = row.space
            clients = (row.client,)
            if row.client not in facts.by_client:
                bundle.wants.clients.add(row.client)  # For all its addresses, option 92.
                bundle.wants.leases.add(key)
                raise NeedsRows
        rows = [_committed(bundle, row) for client in clients for row in facts.by_client.get(client, ())]
        return [
            row
            for row in rows
            if row is not None
            and (row.space, row.kind) == (space, KIND_ADDRESS4)
            and (query.by is not By.HARDWARE or row.hw == query.value)
        ]


def _committed(bundle: TransactionBundle, row: Lease | None) -> Lease | None:
    """The row as SQL has it: the answer leaves at once, and what this batch changes may never be committed."""
    change = bundle.ledger.changes.get(row.key) if row is not None else None
    return row if change is None else change.before


def _space(bundle: TransactionBundle, query: Query) -> int | None:
    """Where is looked for what is asked: in the VPN that the query names, None where it is none of ours.

    Else where the requestor's own link is; in space 0 where it is on none.
    """
    if query.vpn in _OF_NONE:
        return bundle.home.space
    if query.vpn == ALL_VPNS:
        return None  # Only in bulk.  RFC 6926 6.2.9.
    return next(iter(spaces_of(query.vpn, bundle.snapshot)), None)


def _key(bundle: TransactionBundle, query: Query, space: int) -> LeaseKey:
    """The row of an address: of the requestor's own link where that has it, else of whichever subnet has it."""
    subnet = bundle.link.subnet_of(query.value)
    if subnet is None and (found := bundle.links.for_address(query.value)) is not None:
        subnet = found[1]
    if subnet is not None:
        space = subnet.space
    elif query.vpn in _OF_NONE:
        space = 0
    return (space, KIND_ADDRESS4, query.value, 32)
