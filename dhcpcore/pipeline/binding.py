"""Questions that offering and granting both ask: what may this client have here, and is it free.

Functions on the bundle; they read facts and want more where some are missing, and change nothing else.
"""

from __future__ import annotations

from dhcpcore.lease.model import KIND_ADDRESS4, NEVER, Assignment, Lease, LeaseKey, State
from dhcpcore.lease.transitions import is_active, is_free_for_others
from dhcpcore.pipeline.bundle import TransactionBundle
from dhcpcore.pipeline.signals import NeedsRows
from dhcpcore.stats.reasons import Reason
from dhcpcore.topology.class_names import GUARD_KNOWN, GUARD_UNKNOWN
from dhcpcore.topology.everywhere import EVERYWHERE_SPACE
from dhcpcore.topology.scopes import POOL
from dhcpcore.topology.snapshot import Pool, Subnet
from dhcpcore.wire.v4.message import MessageType, Opt

_DECLINED = int(State.DECLINED)


def key_of(subnet: Subnet, address: bytes) -> LeaseKey:
    """The lease key of an IPv4 address in a subnet."""
    return (subnet.space, KIND_ADDRESS4, address, 32)


def row_of(bundle: TransactionBundle, key: LeaseKey) -> Lease | None:
    """The row of an address, wanted first where it was not fetched."""
    facts = bundle.facts
    for row in facts.by_client.get(bundle.client, ()):
        if row[:4] == key:
            return row
    try:
        return facts.by_key[key]
    except KeyError:
        _want(bundle, key)
        raise NeedsRows from None


def admits(bundle: TransactionBundle, pool: Pool) -> bool:
    """Whether the pool's guard lets the client in."""
    if (pool.gate is not None or bundle.full is not None) and refusal(bundle, pool) is not None:
        return False
    return not pool.guard or is_of(bundle, pool.guard)


def admitted(bundle: TransactionBundle, subnet: Subnet) -> bool:
    """Whether the subnet's guard and its lists let the client in."""
    if subnet.guard and not is_of(bundle, subnet.guard):
        return False
    lists = subnet.admission
    if lists is None:
        return True
    request = bundle.request
    hw, client_id = request.hw[1:], request.options.get(Opt.CLIENT_ID)
    return not lists.denies(hw, client_id) and not lists.lacks(hw, client_id)


def is_of(bundle: TransactionBundle, names: tuple[str, ...]) -> bool:
    """Whether the client is of one of these classes."""
    subject = bundle.subject
    for name in names:
        if name == GUARD_KNOWN:
            found = bundle.assignment is not None
        elif name == GUARD_UNKNOWN:
            found = bundle.assignment is None
        else:
            found = subject is not None and name in subject.classes
        if found:
            return True
    return False


def refusal(bundle: TransactionBundle, pool: Pool) -> Reason | None:
    """Why the pool's gate does not let the client in; None where it does.  Who has an assignment is no stranger."""
    gate = pool.gate
    if (
        bundle.full is not None
        and (POOL, pool.pool_id) in bundle.full
        and bundle.request.message_type != MessageType.REQUEST
    ):  # Who asks for an address is told by the limit's own name.
        return Reason.LIMIT_REACHED
    if gate is None:
        return None
    known = bundle.assignment is not None
    if gate.admit == "reserved" or (gate.admit == "known" and not known):
        return Reason.NOT_ADMITTED
    if gate.random_mac != "allow" and is_random(bundle.request.hw) != (gate.random_mac == "only") and not (
        known and gate.random_mac == "deny"
    ):  # fmt: skip
        return Reason.RANDOM_MAC
    return None


def is_random(hw: bytes) -> bool:
    """Whether a hardware address was made up by its host: the bit for local administration.  RFC 7844 2.1, RFC 9724."""
    return len(hw) == 7 and hw[0] == 1 and hw[1] & 3 == 2


def assigned_here(bundle: TransactionBundle) -> list[tuple[LeaseKey, Subnet]]:
    """The addresses of the client's assignment that are of this link."""
    assignment = bundle.assignment
    if assignment is None:
        return []
    return [
        (key, subnet)
        for key in assignment.addresses
        if key[1] == KIND_ADDRESS4
        and (subnet := _home(bundle, assignment, key[2])) is not None
        and admitted(bundle, subnet)
    ]


def _home(bundle: TransactionBundle, assignment: Assignment, address: bytes) -> Subnet | None:
    for subnet in bundle.link.subnets:
        if subnet.subnet_id == assignment.subnet:
            return subnet
    # One that is of no subnet: its address is of the common space.
    home = bundle.link.subnet_of(address)
    return home if home is not None and home.space == EVERYWHERE_SPACE else None


def permission(bundle: TransactionBundle, address: bytes) -> tuple[Subnet, Pool | None] | None:
    """Who gives the client this address: its assignment (no pool needed), or a pool that admits it."""
    subnet = bundle.link.subnet_of(address)
    return None if subnet is None else permission_in(bundle, subnet, key_of(subnet, address))


def permission_in(bundle: TransactionBundle, subnet: Subnet, key: LeaseKey) -> tuple[Subnet, Pool | None] | None:
    """The same, where the address's subnet is known."""
    if not admitted(bundle, subnet):
        return None
    pool = pool_of(subnet, key[2])
    if bundle.assignment is not None and any(key == assigned for assigned, _ in assigned_here(bundle)):
        return subnet, pool
    if pool is None or not admits(bundle, pool) or (pool.excluded and not pool.gives(key[2])):
        return None
    if bundle.snapshot.has_assigned_addresses and assigned_to_other(bundle, key):
        return (subnet, pool) if runs_out(bundle, key) else None
    return subnet, pool


def pool_of(subnet: Subnet, address: bytes) -> Pool | None:
    """The pool of the subnet that covers the address."""
    for pool in subnet.pools:
        if pool.first <= address <= pool.last:
            return pool
    return None


def assigned_to_other(bundle: TransactionBundle, key: LeaseKey) -> bool:
    """Whether an enabled assignment keeps the address for somebody else."""
    try:
        assignments = bundle.facts.assigned[key]
    except KeyError:
        _want(bundle, key)
        raise NeedsRows from None
    if not assignments:
        return False
    mine = bundle.assignment.assignment_id if bundle.assignment is not None else None
    return any(assignment.assignment_id != mine for assignment in assignments)


def runs_out(bundle: TransactionBundle, key: LeaseKey) -> bool:
    """Whether the client's present lease of the address may run out, because the assignment in its way waits for it."""
    assignment, kept = bundle.assignment, bundle.facts.assigned.get(key, ())
    if assignment is None and not kept:
        return False
    mine = assignment.assignment_id if assignment is not None else None
    others = [one for one in kept if one.assignment_id != mine]
    own = [mine_key for mine_key, _ in assigned_here(bundle)]
    in_its_way = [*others, assignment] if assignment is not None and own and key not in own else others
    if not in_its_way or not all(one.waits for one in in_its_way):
        return False
    return any(
        row.key == key and is_active(row, bundle.now) and row.expires != NEVER
        for row in bundle.facts.by_client.get(bundle.client, ())
    )


def _want(bundle: TransactionBundle, key: LeaseKey) -> None:
    """The row of an address, and who it is kept for: whoever asks the one will ask the other."""
    bundle.wants.leases.add(key)
    if bundle.snapshot.has_assigned_addresses:
        bundle.wants.assigned.add(key)


def is_free(bundle: TransactionBundle, row: Lease | None, *, reclaim: bool) -> bool:
    """Whether the client may take the address of this row.  ``reclaim`` False: no ended lease changes hands."""
    if row is None:
        return True
    if row.state == _DECLINED:
        return row.expires <= bundle.now
    if row.client == bundle.client:
        return True
    return reclaim and is_free_for_others(row, bundle.now, bundle.snapshot.reclaim_grace_s)
