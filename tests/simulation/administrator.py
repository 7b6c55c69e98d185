"""An administrator who changes the definitions while they are in use.

Engines follow within a second, each at its own time: for a while they serve different revisions.  Assignments are
looked up by revision, as the store does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache

from dhcpcore.lease.model import KIND_ADDRESS4, Assignment, Identifier, LeaseKey
from dhcpcore.topology.build import from_document
from dhcpcore.topology.classes import Classes
from dhcpcore.topology.policy import NO_POLICY, Gate, Policy
from dhcpcore.topology.snapshot import Lifetimes, Pool, Snapshot, Subnet
from dhcpcore.topology.validate import validate
from tests.simulation.judge import Limit
from tests.simulation.machines import DatabaseServer
from tests.simulation.network import Link
from tests.simulation.plan import Plan
from tests.simulation.world import World

#: A declined address comes back within the life of a world.
PROBATION_S = 90
_LIFETIMES_S = (40, 90, 120, 300)
_FIRST_POOL_OFFSET = 20


@dataclass(slots=True)
class DeclaredPool:
    """A pool, by the last octet of its ends."""

    pool_id: int
    first: int
    last: int
    guard: str | None = None
    there: bool = True
    allocator: str = "lowest"
    excluded: frozenset[int] = frozenset()  #: Last octets.
    gate: Gate | None = None
    max_leases: int = 0  #: 0: no limit.


@dataclass(slots=True)
class DeclaredSubnet:
    """A /24 on a link."""

    subnet_id: int
    link: Link
    network: bytes  #: Three octets.
    pools: list[DeclaredPool] = field(default_factory=list)
    lifetime_s: int = 120
    flexible: bool = False  #: Whether clients may ask for another lease time.
    authoritative: bool = False
    adopt: str = "never"
    there: bool = True
    policy: Policy = NO_POLICY
    max_leases: int = 0  #: 0: no limit.

    def address(self, offset: int) -> bytes:
        """The address with that last octet."""
        return self.network + bytes((offset,))


@dataclass(frozen=True, slots=True)
class Revision:
    """What was published."""

    snapshot: Snapshot
    assignments: tuple[Assignment, ...]
    limits: tuple[Limit, ...] = ()


@cache
def classes_of(plan: Plan) -> Classes | None:
    """Classes by what a client sends, by its port, of its port's making, and by what is known of it."""
    if not plan.classes:
        return None
    telling = {"options": {"dhcp4": {"domain-name": {"expression": "concat('c-', option[60].hex)"}}}}
    listed = [
        {"name": "a", "test": "option[60].hex == 'a'", "max_leases": plan.class_limit, **telling},
        {"name": "port", "template_test": "relay4[1].hex"},
        {"name": "known-a", "test": "known and member('a')", "lifetime": 60},
    ]
    return from_document(validate({"version": 1, "classes": listed})).classes


class Administrator:
    """Declares subnets for all links, and changes them now and then."""

    def __init__(self, world: World, plan: Plan, links: list[Link], database: DatabaseServer) -> None:
        self._world = world
        self._plan = plan
        self._links = links
        self._database = database
        self.subnets: list[DeclaredSubnet] = []
        self._assignments: list[Assignment] = []
        self._probe = plan.probe
        self._identities: list[tuple[Identifier, bytes]] = []
        self._revisions: list[Revision] = [Revision(Snapshot(0), ())]
        self.resting = False
        self._most: dict[tuple[int, bytes, bytes], int] = {}
        self._numbers = iter(range(1, 1_000_000))
        for link in links:
            self._declare(link)
        self.publish()

    def know(self, identities: Iterable[tuple[Identifier, bytes]]) -> None:
        """Identifiers that an assignment may be for."""
        self._identities += identities

    @property
    def lifetime_s_max(self) -> int:
        """No lease of this world lasts longer."""
        return max(*_LIFETIMES_S, self._plan.lifetime_s) * 2

    # ---- What engines ask. ----

    def revision(self) -> int:
        """The published one."""
        self._database.require()
        return len(self._revisions) - 1

    def snapshot(self, revision: int | None = None) -> Snapshot:
        """One revision's."""
        return self._revisions[-1 if revision is None else revision].snapshot

    def survey(self, revision: int) -> bool:
        """There is nothing to be learned: all look-ups are in memory."""
        del revision
        return True

    def limits(self, revision: int) -> tuple[Limit, ...]:
        """How many leases may be where."""
        return self._revisions[revision].limits

    def most_ever(self) -> list[Limit]:
        """The most that was ever allowed where there is a limit: what was granted stays when it is lowered."""
        return [Limit(*where, most) for where, most in self._most.items()]

    @property
    def published(self) -> Snapshot:
        """As it stands now."""
        return self._revisions[-1].snapshot

    def assignments_by_identifier(
        self, keys: Iterable[tuple[int, bytes]], revision: int
    ) -> dict[tuple[int, bytes], tuple[Assignment, ...]]:
        found: dict[tuple[int, bytes], tuple[Assignment, ...]] = {}
        for one in self._revisions[revision].assignments:
            if (key := (one.identifier_kind, one.identifier)) in keys:
                found[key] = (*found.get(key, ()), one)
        return found

    def assignments_by_address(
        self, keys: Iterable[LeaseKey], revision: int
    ) -> dict[LeaseKey, tuple[Assignment, ...]]:
        wanted = set(keys)
        found: dict[LeaseKey, tuple[Assignment, ...]] = {}
        for one in self._revisions[revision].assignments:
            for key in one.addresses:
                if key in wanted:
                    found[key] = (*found.get(key, ()), one)
        return found

    def assigned_in(self, space: int, kind: int, plen: int, first: bytes, last: bytes, revision: int) -> list[bytes]:
        return [
            key[2]
            for one in self._revisions[revision].assignments
            for key in one.addresses
            if (key[0], key[1], key[3]) == (space, kind, plen) and first <= key[2] <= last
        ]

    # ---- What it does. ----

    def _declare(self, link: Link) -> None:
        dice, plan = self._world.dice, self._plan
        share = max(2, plan.pool_size // len(self._links))
        networks = [bytes((10, link.number, 0))]
        if dice.random() < 0.3:
            networks.append(bytes((10, 100 + link.number, 0)))
            share = max(2, share // 2)
        for network in networks:
            subnet = DeclaredSubnet(
                next(self._numbers), link, network, lifetime_s=plan.lifetime_s, flexible=dice.random() < 0.3,
                authoritative=dice.random() < 0.5, adopt=dice.choice(("never", "never", "free", "reserved")),
            )  # fmt: skip
            if plan.limits and dice.random() < 0.6:
                subnet.max_leases = dice.randint(1, share)
            first = _FIRST_POOL_OFFSET
            subnet.pools.append(DeclaredPool(next(self._numbers), first, first + share - 1))
            if dice.random() < 0.3:
                guard = dice.choice(("known", "unknown")) if plan.assignments else None
                if plan.classes and guard is None and dice.random() < 0.5:
                    guard = dice.choice(("a", "port"))
                subnet.pools.append(DeclaredPool(next(self._numbers), 200, 200 + share // 2, guard))
            for pool in subnet.pools:
                if plan.policies:
                    self._allocate(subnet, pool)
                if plan.limits and dice.random() < 0.5:
                    pool.max_leases = dice.randint(1, share)
            self.subnets.append(subnet)

    def publish(self) -> None:
        """The next revision."""
        living = {subnet.subnet_id for subnet in self.subnets if subnet.there}
        assignments = tuple(one for one in self._assignments if one.subnet in living)
        snapshot = Snapshot(
            len(self._revisions),
            tuple(self._built(subnet) for subnet in self.subnets if subnet.there),
            identifier_kinds=frozenset(one.identifier_kind for one in assignments),
            has_assigned_addresses=any(one.addresses for one in assignments),
            offer_hold_s=20,
            probation_s=PROBATION_S,
            probe=self._probe,
            classes=classes_of(self._plan),
        )
        limits = tuple(self._declared_limits())
        for *where, most in limits:
            self._most[tuple(where)] = max(most, self._most.get(tuple(where), 0))  # type: ignore[index]
        self._revisions.append(Revision(snapshot, assignments, limits))

    def _declared_limits(self) -> Iterable[Limit]:
        for subnet in self.subnets:
            space = subnet.link.space
            if subnet.there and subnet.max_leases:
                yield Limit(space, subnet.address(0), subnet.address(255), subnet.max_leases)
            for pool in subnet.pools:
                if subnet.there and pool.there and pool.max_leases:
                    yield Limit(space, subnet.address(pool.first), subnet.address(pool.last), pool.max_leases)

    def _built(self, subnet: DeclaredSubnet) -> Subnet:
        seconds = subnet.lifetime_s
        limits = (seconds // 2, seconds * 2) if subnet.flexible else (seconds, seconds)
        pools = tuple(
            Pool(
                pool.pool_id, KIND_ADDRESS4, subnet.address(pool.first), subnet.address(pool.last), 32,
                (pool.guard,) if pool.guard else (), allocator=pool.allocator, gate=pool.gate,
                max_leases=pool.max_leases,
                excluded=tuple(
                    (subnet.address(one),) * 2 for one in sorted(pool.excluded) if pool.first <= one <= pool.last
                ),
            )
            for pool in subnet.pools
            if pool.there
        )
        link = subnet.link
        several = sum(other.link is link for other in self.subnets) > 1
        return Subnet(
            subnet.subnet_id, 4, link.space, subnet.network + b"\0", 24, f"{link.name}-{subnet.subnet_id}",
            interface="lan" if link.relay is None else None,
            shared_network=link.name if several and link.relay is not None else None,
            lifetimes=Lifetimes(seconds, *limits), pools=pools, options={3: subnet.address(1)},
            authoritative=subnet.authoritative, adopt=subnet.adopt, vss=link.vss,
            policy=subnet.policy._replace(max_leases=subnet.max_leases),
            rapid_commit=self._plan.rapid, bootp="free" if self._plan.booters else "never",
            ipv6_only_s=300 if self._plan.ipv6_only else 0,
        )  # fmt: skip

    def change(self) -> None:
        """One change, published at once; then another, some time later."""
        if self.resting:
            return
        dice = self._world.dice
        subnet = dice.choice(self.subnets)
        pool = dice.choice(subnet.pools)
        what = dice.choice(_CHANGES)
        said = what(self, subnet, pool)
        if said:
            self.publish()
            self._world.note(f"revision {len(self._revisions) - 1}: {said} in {subnet.network.hex('.')}")
        self._world.later(dice.expovariate(1 / self._plan.change_every_s), self.change)

    def _resize(self, subnet: DeclaredSubnet, pool: DeclaredPool) -> str:
        dice = self._world.dice
        if pool.max_leases:
            return ""  # For a minute an engine that is late would give out what another one counts.
        low, high = (_FIRST_POOL_OFFSET, 190) if pool.first < 195 else (195, 250)
        first = min(max(low, pool.first + dice.randint(-4, 4)), high - 1)
        last = min(max(first, pool.last + dice.randint(-6, 6)), high)
        pool.first, pool.last = first, last
        return f"pool {pool.pool_id} is {first}-{last}"

    def _toggle_pool(self, subnet: DeclaredSubnet, pool: DeclaredPool) -> str:
        if pool.max_leases:
            return ""
        pool.there = not pool.there
        return f"pool {pool.pool_id} is {'back' if pool.there else 'gone'}"

    def _toggle_subnet(self, subnet: DeclaredSubnet, pool: DeclaredPool) -> str:
        if subnet.link.space:
            return ""  # Where no VPN is declared, those that relays name are not heeded.
        subnet.there = not subnet.there
        return f"subnet {subnet.subnet_id} is {'back' if subnet.there else 'gone'}"

    def _lifetime(self, subnet: DeclaredSubnet, pool: DeclaredPool) -> str:
        subnet.lifetime_s = self._world.dice.choice(_LIFETIMES_S)
        return f"leases last {subnet.lifetime_s} s"

    def _manners(self, subnet: DeclaredSubnet, pool: DeclaredPool) -> str:
        dice = self._world.dice
        subnet.authoritative = dice.random() < 0.5
        subnet.adopt = dice.choice(("never", "free", "reserved"))
        return f"authoritative {subnet.authoritative}, adopt {subnet.adopt}"

    def _allocate(self, subnet: DeclaredSubnet, pool: DeclaredPool) -> str:
        dice = self._world.dice
        if not self._plan.policies:
            return ""
        pool.allocator = dice.choice(("lowest", "hashed", "random"))
        pool.excluded = frozenset(dice.randint(pool.first, pool.last) for _ in range(dice.choice((0, 0, 1, 2))))
        pool.gate = Gate(dice.choice(("all", "known"))) if self._plan.assignments and dice.random() < 0.2 else None
        subnet.policy = Policy(
            cache_threshold=dice.choice((0, 0, 25, 60)), adaptive_threshold=dice.choice((0, 0, 50)),
            offer_delay_s=dice.choice((0.0, 0.0, 0.3)),
        )  # fmt: skip
        said = ".".join(map(str, sorted(pool.excluded))) or "nothing"
        return f"pool {pool.pool_id} is {pool.allocator} without {said}, and {subnet.policy}"

    def _limit(self, subnet: DeclaredSubnet, pool: DeclaredPool) -> str:
        limited: DeclaredSubnet | DeclaredPool = subnet if subnet.max_leases else pool
        if not limited.max_leases:
            return ""
        limited.max_leases = max(1, limited.max_leases + self._world.dice.choice((-3, -1, 1, 3)))
        return f"{'subnet' if limited is subnet else f'pool {pool.pool_id}'} may have {limited.max_leases} leases"

    def _relay(self, subnet: DeclaredSubnet, pool: DeclaredPool) -> str:
        link = subnet.link
        if link.relay is None:
            return ""
        dice = self._world.dice
        if dice.random() < 0.5:
            link.relay = bytes((10, link.number, 0, dice.choice((1, 2, 3))))
        link.circuit = dice.choice((None, b"port-1", b"port-2"))
        return f"the relay is {link.relay.hex('.')}, its circuit {link.circuit!r}"

    def _assign(self, subnet: DeclaredSubnet, pool: DeclaredPool) -> str:
        dice = self._world.dice
        if not self._plan.assignments or not self._identities:
            return ""
        if self._assignments and dice.random() < 0.3:
            gone = self._assignments.pop(dice.randrange(len(self._assignments)))
            return f"assignment {gone.assignment_id} is gone"
        kind, identifier = dice.choice(self._identities)
        offset = dice.choice((dice.randint(pool.first, pool.last), dice.randint(10, 19)))
        key = (subnet.link.space, KIND_ADDRESS4, subnet.address(offset), 32)
        for one in self._assignments:
            if key in one.addresses or (one.subnet, one.identifier_kind, one.identifier) == (
                subnet.subnet_id, kind, identifier
            ):  # fmt: skip
                return ""
        number = next(self._numbers)
        keys = (key,) if dice.random() < 0.9 else ()
        waits = self._plan.policies and dice.random() < 0.4
        self._assignments.append(Assignment(number, subnet.subnet_id, kind, identifier, keys, "", (), waits=waits))
        given = key[2].hex(".") if keys else "no address"
        return f"assignment {number} of {kind.name} {identifier.hex(':')} is {given}"


_CHANGES = (
    Administrator._resize, Administrator._resize, Administrator._toggle_pool, Administrator._toggle_subnet,
    Administrator._lifetime, Administrator._manners, Administrator._relay, Administrator._assign, Administrator._assign,
    Administrator._allocate, Administrator._limit,
)  # fmt: skip
