"""Writes down what was granted: the lease row, its history, and the end of other leases that the client left."""

from __future__ import annotations

from typing import ClassVar

from dhcpcore.lease.model import INFINITE_LIFETIME_S, NEVER, Change, Close, Lease, State
from dhcpcore.lease.transitions import conflict, end, grant, is_active, is_renewal, lease_end
from dhcpcore.pipeline.bundle import TransactionBundle
from dhcpcore.pipeline.bundle6 import CLIENTS6, TransactionBundle6, six
from dhcpcore.pipeline.callouts import Callouts, probation_s
from dhcpcore.pipeline.handler import Handler
from dhcpcore.pipeline.trace import Step
from dhcpcore.topology.snapshot import Snapshot
from dhcpcore.wire.addresses import is_of_many_links
from dhcpcore.wire.v4.message import NOWHERE, MessageType, Opt
from dhcpcore.wire.v6.message import Association, Leased, MessageType6, encode_options

#: Octets of a host name that are kept.  RFC 1035 2.3.4.
_HOSTNAME_MAX = 255
#: A lease that the client spoke of so lately is ended only when it selects another: a REQUEST of another state that the
#: network delayed or doubled must not end what the client took since.  What is left is healed at its next contact.
_SETTLED_S = 10


class RecordLease(Handler):
    """The only place where a grant becomes a change of rows."""

    message_types: ClassVar[frozenset[int] | None] = frozenset((MessageType.REQUEST,))

    def post(self, bundle: TransactionBundle) -> None:
        """The granted row first, then the end of the client's other leases of this link: it has moved."""
        key = bundle.key
        assert key is not None
        request = bundle.request
        options = request.options
        now = int(bundle.now)
        relay: bytes | None
        agent: bytes | None
        if request.giaddr != NOWHERE:
            relay, agent = request.giaddr, options.get(Opt.AGENT_OPTIONS, b"")
        elif request.ciaddr != NOWHERE:
            relay = agent = None  # A renewal by-passes the relay: it cannot know the circuit.  RFC 2131 4.4.5.
        else:
            relay = agent = b""
        name = options.get(Opt.HOST_NAME)
        assignment = bundle.assignment
        hostname = (
            assignment.hostname
            if assignment is not None and assignment.hostname
            else name[:_HOSTNAME_MAX].decode("utf-8", "replace").replace("\0", "")
            if name
            else ""
        )
        change = grant(
            bundle.before,
            key,
            client=bundle.client,
            hw=request.hw,
            subnet=bundle.subnet.subnet_id,
            expires=lease_end(now, bundle.responses[0].lifetime_s),
            now=now,
            hostname=hostname,
            relay=relay,
            agent=agent,
            renewing=request.ciaddr != NOWHERE,
        )
        if change is not None and bundle.subnet.policy.cache_threshold and _is_young(bundle, change):
            change = None
        changes = [change] if change is not None else []
        rows = bundle.facts.by_client.get(bundle.client)
        if rows:
            settled = now if Opt.SERVER_ID in options else now - _SETTLED_S
            for row in rows:
                mine = row[:4]
                if mine == key:
                    continue
                settles = row.cltt <= settled or mine in bundle.reverted
                if settles and is_active(row, now) and _goes(bundle, row):
                    changes.append(end(row, now, Close.MOVED))
                    bundle.trace.append((Step.LEFT_OTHER_LEASE, row.address))
        if change is None:
            bundle.rely_on(key)
        bundle.record(*changes)


class RecordAtOnce(RecordLease):
    """What is granted without a REQUEST: by rapid commit (RFC 4039 3.1), or to a BOOTP client (RFC 951)."""

    message_types: ClassVar[frozenset[int] | None] = frozenset((MessageType.DISCOVER, MessageType.BOOTP))

    def __init__(self, *, scripted: bool = False) -> None:
        """``scripted``: the site's script may make an ACK of an OFFER."""
        self._scripted = scripted

    def wanted(self, snapshot: Snapshot) -> bool:
        """Off unless a subnet grants so."""
        return snapshot.rapid_commit4 or snapshot.bootp or self._scripted

    def post(self, bundle: TransactionBundle) -> None:
        """An offer writes no row."""
        if bundle.responses[0].message_type != MessageType.OFFER:
            super().post(bundle)


def _is_young(bundle: TransactionBundle, change: Change) -> bool:
    """Whether a renewal need not be written: the answer then promises only what the row says, the time that is left.

    Within the first ``cache_threshold`` percent of the lease, and where nothing else of the row changes.
    """
    before = change.before
    if before is None or not is_renewal(change):
        return False
    age, lifetime = bundle.now - before.cltt, before.expires - before.cltt
    if age * 100 >= bundle.subnet.policy.cache_threshold * lifetime:
        return False
    response = bundle.responses[0]
    left = INFINITE_LIFETIME_S if before.expires == NEVER else before.expires - int(bundle.now)
    if left < response.lifetime_s:
        # T1 and T2 come nearer as the lease does.
        response.renew_s = response.renew_s * left // response.lifetime_s
        response.rebind_s = response.rebind_s * left // response.lifetime_s
        response.lifetime_s = left
    bundle.trace.append((Step.REUSED, response.lifetime_s))
    return True


def _goes(bundle: TransactionBundle, row: Lease) -> bool:
    """Whether the client leaves this other lease: one of this link, or any where a client has but one."""
    if bundle.subnet.policy.one_lease_per_client and row.space == bundle.subnet.space:
        return True
    home = bundle.link.subnet_of(row.address)
    return home is not None and home.space == row.space


class RecordConflict(Handler):
    """An address whose probe was answered goes on probation, whatever becomes of the client."""

    message_types: ClassVar[frozenset[int] | None] = frozenset((MessageType.DISCOVER, MessageType.BOOTP))

    def __init__(self, callouts: Callouts | None = None) -> None:
        self._callouts = callouts

    def post(self, bundle: TransactionBundle) -> None:
        """One row an answered probe; none where somebody has leased the address since and is who answered."""
        for key, answered in (bundle.probed or {}).items():
            row = bundle.facts.by_key.get(key)
            if answered and (row is None or not _settled(row, bundle.now)):
                subnet = bundle.link.subnet_of(key[2]) or bundle.subnet
                seconds = probation_s(bundle.snapshot, self._callouts)
                bundle.record(conflict(row, key, subnet.subnet_id, int(bundle.now), seconds))
                if self._callouts is not None:
                    self._callouts.found_in_use(bundle, key)


def _settled(row: Lease, now: float) -> bool:
    """Whether the row says already who answered, or that somebody did: a lease, or a probation that is not over."""
    return row.state in (State.LEASED, State.DECLINED) and row.expires > now


class RecordAssociations(Handler):
    """The same for DHCPv6: what a Reply gives by its identity associations is leases; what it takes back is ended."""

    message_types: ClassVar[frozenset[int] | None] = CLIENTS6

    def post(self, bundle: TransactionBundle) -> None:
        """All rows of one answer, or none: it leaves with all of them."""
        mine = six(bundle)
        if bundle.responses and mine.answers[0].kind == MessageType6.REPLY and mine.kind in _GIVING:
            for one in mine.answers[0].associations:
                self._record(mine, one)
        if mine.changes:
            bundle.record(*mine.changes)

    def _record(self, bundle: TransactionBundle6, one: Association) -> None:
        now = int(bundle.now)
        given = {leased.key: leased for leased in one.leased if leased.valid}
        for leased in given.values():
            change = _granted(bundle, one, leased)
            if change is None:
                bundle.rely_on(bundle.lease_key(one, leased))
            else:
                bundle.changes.append(change)
        gone = {leased.key for leased in one.leased if not leased.valid}
        for row in bundle.rows_of(one):
            key = (row.address, row.plen)
            if key not in given and (given or key in gone) and is_active(row, now):
                bundle.changes.append(end(row, now, Close.MOVED if given else Close.REVOKED))
                bundle.trace.append((Step.LEFT_OTHER_LEASE, row.address))


_GIVING = frozenset((MessageType6.SOLICIT, MessageType6.REQUEST, MessageType6.RENEW, MessageType6.REBIND))
#: Octets of a relay's options that a lease keeps.
_AGENT_MAX = 1024


def _granted(bundle: TransactionBundle6, one: Association, leased: Leased) -> Change | None:
    """One address or prefix."""
    now = int(bundle.now)
    key = bundle.lease_key(one, leased)
    home = bundle.link.subnet_of(leased.address) or bundle.subnet
    relay: bytes | None = b""
    agent: bytes | None = b""
    if bundle.relays:
        relay = next((each.link for each in bundle.relays if is_of_many_links(each.link)), b"")
        agent = encode_options(bundle.relays[0].options)
        agent = agent if len(agent) <= _AGENT_MAX else b""
    elif not bundle.by_multicast:
        relay = agent = None
    return grant(
        bundle.row(key), key, client=bundle.key_of(one), hw=bundle.request.hw, subnet=home.subnet_id,
        expires=lease_end(now, leased.valid), now=now, hostname="", relay=relay, agent=agent,
        renewing=bundle.kind in (MessageType6.RENEW, MessageType6.REBIND),
    )  # fmt: skip
