"""LEASEQUERY: who has an address, and what a client has.  RFC 4388, RFC 6148; of VPNs, RFC 6607; DHCPv6, RFC 5007."""

from __future__ import annotations

from typing import ClassVar

from dhcpcore.errors import MalformedMessage
from dhcpcore.lease.facts import Wants
from dhcpcore.lease.model import KIND_ADDRESS4, Lease, LeaseKey
from dhcpcore.lease.query import ALL_VPNS, DEFAULT_VPN, By, Query, read, spaces_of
from dhcpcore.lease.query6 import Query6, Refusal, Scope, by_client
from dhcpcore.lease.query6 import read as read6
from dhcpcore.lease.telling import lifetimes_of, reply
from dhcpcore.lease.telling6 import client_data, client_links, head, refused
from dhcpcore.lease.transitions import is_active
from dhcpcore.pipeline.bundle import Outgoing, Route, TransactionBundle
from dhcpcore.pipeline.bundle6 import LEASEQUERY6, Response6, TransactionBundle6, six
from dhcpcore.pipeline.handler import Handler
from dhcpcore.pipeline.searches import Search, Searches
from dhcpcore.pipeline.signals import CannotRespond, NeedsRows
from dhcpcore.pipeline.trace import Step
from dhcpcore.stats.reasons import Reason
from dhcpcore.topology.links import NO_PLACE, Links
from dhcpcore.topology.snapshot import EMPTY
from dhcpcore.wire.v4.message import NOWHERE, MessageType, Opt
from dhcpcore.wire.v6.message import MessageType6, Opt6, Status

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


class LeaseQuery6(Handler):
    """The same for DHCPv6, where a refusal is told: by a status."""

    message_types: ClassVar[frozenset[int] | None] = frozenset((LEASEQUERY6,))

    def __init__(self, duid: bytes) -> None:
        self._duid = duid

    def pre(self, bundle: TransactionBundle) -> None:
        """Wants the rows that answer it, where its requestor is admitted."""
        mine = six(bundle)
        if not bundle.snapshot.leasequery.enabled:
            raise CannotRespond(Reason.LEASEQUERY_REFUSED)
        named = mine.message.get(Opt6.SERVER_ID)
        if not mine.duid:
            raise CannotRespond(Reason.INVALID_MESSAGE)
        if named is not None and named != self._duid:
            raise CannotRespond(Reason.OTHER_SERVER)
        bundle.server_id = self._duid
        bundle.link, bundle.home = bundle.links.for_relay(bundle.datagram.source) or NO_PLACE
        bundle.subnet = bundle.home
        query = read6(mine.message, tcp=False) if _is_admitted(mine) else _STRANGER
        scope = query if isinstance(query, Refusal) else query.scope(bundle.links)
        if isinstance(query, Query6):
            bundle.trace.append((Step.QUERY, query.by.value, query.value))
            if isinstance(scope, Scope):
                _want(bundle, query.wants(scope, bundle.facts, bundle.now))
        if bundle.handler_data is None:
            bundle.handler_data = {}
        bundle.handler_data[_QUERY] = query, scope

    def handle(self, bundle: TransactionBundle) -> None:
        """One client's leases, the links of one that has leases of several, nothing, or a status.  RFC 5007 4.3.3."""
        mine = six(bundle)
        assert bundle.handler_data is not None
        query, scope = bundle.handler_data[_QUERY]
        response = Response6(MessageType6.LEASEQUERY_REPLY)
        response.options = head(bundle.server_id, mine.duid)
        mine.respond(response)
        if isinstance(scope, Refusal):
            response.put(*refused(scope))
            bundle.trace.append((Step.QUERY_REFUSED, int(scope.status), scope.text))
            bundle.reason = Reason.STATUS_LEASEQUERY
            return

        def find(key: LeaseKey) -> Lease | None:
            return _committed(bundle, bundle.facts.by_key.get(key))

        wants = query.wants(scope, bundle.facts, bundle.now, find)
        if wants:
            _want(bundle, wants)
            raise NeedsRows
        clients = by_client(query.rows(scope, bundle.facts, bundle.now, bundle.links, find), bundle.links)
        for (duid, _), rows in clients.items() if len(clients) == 1 else ():
            response.put(*client_data(duid, rows, bundle.now, lifetimes_of(bundle.snapshot)))
        if len(clients) > 1:
            response.put(*client_links(link for _, link in clients))
        bundle.reason = Reason.LEASE_ACTIVE if clients else Reason.LEASE_UNKNOWN


_STRANGER = Refusal(Status.NOT_ALLOWED, "this is none of the requestors")


def _is_admitted(bundle: TransactionBundle6) -> bool:
    """Whoever is answered, and whoever its relays say that it came from: a relay forwards what anybody sends."""
    admits = bundle.snapshot.leasequery.admits
    return admits(bundle.datagram.source) and all(admits(relay.peer) for relay in bundle.relays)


def _want(bundle: TransactionBundle, wants: Wants) -> None:
    bundle.wants.leases.update(wants.leases)
    bundle.wants.duids |= wants.duids


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
