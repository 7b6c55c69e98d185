"""A world put together: machines, engines, network, clients, an administrator, and time that runs.

Two parts: a stormy one, in which everything that the plan allows goes wrong, and a calm one, at whose end every client
that could have an address has one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dhcpcore.lease.model import KIND_ADDRESS4, Identifier, LeaseKey, State
from dhcpcore.store.leases import LeaseStore
from tests.simulation.administrator import Administrator
from tests.simulation.booters import Booter
from tests.simulation.clients import Client
from tests.simulation.clients import State as ClientState
from tests.simulation.databases import Shelf
from tests.simulation.judge import Judge
from tests.simulation.liars import Liar
from tests.simulation.machines import DatabaseServer, Machine
from tests.simulation.memory import POISON
from tests.simulation.network import Link, Network
from tests.simulation.plan import Plan, Weather, plan_of
from tests.simulation.server import Server
from tests.simulation.world import BEGINNING, Violation, World

#: How long the calm part lasts: longer than a client tries in vain, and a declined address is kept back.
CALM_S = 260.0
_CALM = Weather()
#: An address that was free for so long is found by whoever looks for one: clients ask every half minute at least.
_FOUND_WITHIN_S = 45.0
#: Engines' clocks may be apart by so much when the network is slow.
_SKEW_S = 12.0


@dataclass(frozen=True, slots=True)
class Result:
    """How a world ended."""

    seed: int
    digest: str
    steps: int
    datagrams: int
    acknowledgements: int
    reasons: dict[str, int]
    spaces: dict[int, int]  #: Acknowledgements in each lease space.


class Simulation:
    """One seed's world."""

    def __init__(self, seed: int, shelf: Shelf, plan: Plan | None = None) -> None:
        self.plan = plan = plan or plan_of(seed)
        self.world = world = World(seed)
        self.weather = plan.weather
        self.most_held = 0  #: Leases that the limited class had at once.
        self._storm_ends = BEGINNING + plan.duration_s
        links = [Link(0, None), *(Link(n, bytes((10, n, 0, 1))) for n in range(1, plan.relayed_links + 1))]
        links += [Link(1, bytes((10, 1, 0, 1)), space=space) for space in range(1, plan.vpns + 1)]
        machine = Machine(world, world.dice.uniform(-100, 100))
        database_machine = machine if plan.one_machine else Machine(world)
        self.database = DatabaseServer(world, database_machine)
        self.network = network = Network(world, links, self._weather_now)
        self.administrator = administrator = Administrator(world, plan, links, self.database)
        self.books = shelf.books
        skew = 100_000.0 if plan.clock_steps else _SKEW_S
        self.judge = judge = Judge(world, self.books, skew)
        if plan.limits:
            judge.limits = administrator.limits
            judge.in_use = self._in_use
            if not plan.clock_steps:  # A database whose clock is wrong takes leases for ended that are in use.
                judge.most_ever = administrator.most_ever
        world.check = judge.check

        def open_store() -> LeaseStore:
            return shelf.open(administrator)

        for number in range(plan.engines):
            own = machine if plan.one_machine or number == 0 else Machine(world, world.dice.uniform(-100, 100))
            network.servers.append(
                Server(world, number, own, self.database, network, administrator, open_store, self._weather_now, judge)
            )
        self._settle_people(links)

    def run(self) -> Result:
        """From the beginning to the end."""
        world, plan = self.world, self.plan
        try:
            for server in self.network.servers:
                server.start()
            self._share_pools()
            for client in self.network.clients:
                world.later(world.dice.uniform(0, 60), client.begin)
                world.later(world.dice.uniform(0, 60), self._live, client)
                if isinstance(client, Liar):
                    world.later(30.0, client.lie)
            if plan.change_every_s:
                world.later(60.0, self._administer)
            if plan.class_limit:
                self._count_class()
            if plan.clock_steps:
                self._plan_steps()
            world.run_until(self._storm_ends)
            self._calm_down()
            world.run_until(world.now + CALM_S)
            self._look_for_the_hungry()
        except Violation as violation:
            raise Violation(
                f"{violation}\nThe last events:\n{world.last_events}\n"
                f"Seed {world.seed}; again by: python -m tests.simulation --seed {world.seed}"
            ) from violation
        reasons = dict(sorted((reason.code, count) for reason, count in self.judge.reasons.items()))
        return Result(
            world.seed, world.digest, world.steps, sum(reasons.values()), self.judge.acknowledgements, reasons,
            dict(self.judge.acknowledged_in),
        )

    def _in_use(self) -> list[LeaseKey]:
        clients = self.network.clients
        return [client.lease.key for client in clients if client.lease is not None and client.configured is not None]

    def _weather_now(self) -> Weather:
        return self.weather

    # ---- People. ----

    def _settle_people(self, links: list[Link]) -> None:
        world, plan = self.world, self.plan
        dice = world.dice
        kinds: list[type[Client]] = [Client] * plan.clients + [Liar] * plan.liars + [Booter] * plan.booters
        for number, kind in enumerate(kinds):
            hostname = POISON if world.chance(plan.weather.poison) else f"host{number}"
            client = kind(
                world, self.network, self.judge, f"{kind.__name__.lower()}{number}",
                bytes((2, 0, 0, 0, number // 256, number % 256)), dice.choice(links), hostname,
            )  # fmt: skip
            if dice.random() < 0.5:
                client.client_id = b"\x01" + client.hw
            if dice.random() < 0.2:
                client.lease_time_s = dice.choice((1, 60, 600, 0xFFFF_FFFF))
            client.rapid = plan.rapid and dice.random() < 0.5
            if plan.classes:
                client.vendor = dice.choice((b"a", b"a", b"b") if plan.class_limit else (b"a", b"b", b""))
            client.does_without = plan.ipv6_only and kind is Client and dice.random() < 0.3
            self.network.clients.append(client)
        self.administrator.know((Identifier.HW_ADDRESS, b"\x01" + one.hw) for one in self.network.clients)
        self.administrator.know((Identifier.CLIENT_ID, one.client_id) for one in self.network.clients if one.client_id)
        self.administrator.know(((Identifier.CIRCUIT_ID, b"port-1"),))
        for _ in range(plan.squatters):
            subnet = dice.choice(self.administrator.subnets)
            pool = subnet.pools[0]
            subnet.link.squatters.add(subnet.address(dice.randint(pool.first, pool.last)))

    def _live(self, client: Client) -> None:
        """Once a second, perhaps, somebody does something with a client."""
        world = self.world
        if self.weather is _CALM:
            return
        if client.state != ClientState.OFF and world.chance(self.plan.restless):
            dice = world.dice
            link = dice.choice(self.network.links)
            what = dice.choice(("off", "off", "release", "release", "move", "anew", "forget", "inform"))
            world.note(f"{client.name}: {what}")
            acts: dict[str, Callable[[], None]] = {
                "off": lambda: client.switch_off(dice.uniform(1, 90)),
                "release": client.give_back,
                "move": lambda: client.move(link),
                "anew": client.install_anew,
                "forget": client.forget_all,
                "inform": client.inform,
            }
            acts[what]()
        world.later(1.0, self._live, client)

    def _administer(self) -> None:
        self.administrator.change()
        if self.plan.release_by_hand:
            self._release_by_hand()

    def _release_by_hand(self) -> None:
        """A lease is ended by hand, and its client told so by telephone."""
        world = self.world
        rows = [row for row in self.books.all_rows() if row.state == State.LEASED]
        if rows and self.weather is not _CALM:
            row = world.dice.choice(rows)
            world.note(f"the administrator releases {row.address.hex('.')}")
            for client in self.network.clients:
                if client.identity == row.client:
                    client.forget_all()
            world.dice.choice(self.network.servers).release(row)
        world.later(world.dice.uniform(20, 60), self._release_by_hand)

    def _count_class(self) -> None:
        """The clients of the class have no more leases than they may, at any time."""
        mine = {client.identity for client in self.network.clients if client.vendor == b"a"}
        held = [row for row in self.books.all_rows() if row.state == State.LEASED and row.client in mine]
        if len(held) > self.plan.class_limit:
            raise Violation(f"{len(held)} leases of a class that may have {self.plan.class_limit}")
        self.most_held = max(self.most_held, len(held))
        self.world.later(1.0, self._count_class)

    # ---- Machines. ----

    def _share_pools(self) -> None:
        """What the engines' table does for them, every ten seconds."""
        alive = [server for server in self.network.servers if server.engine is not None]
        for index, server in enumerate(alive):
            server.set_share(index, len(alive))
        self.world.later(10.0, self._share_pools)

    def _plan_steps(self) -> None:
        """A clock is set wrong and, later, right again; it is confirmed when no lease of the wrong time is left."""
        world, plan = self.world, self.plan
        dice = world.dice
        machines = [self.database.machine, *(server.machine for server in self.network.servers)]
        machine = dice.choice(machines)
        seconds = dice.choice((-1, 1)) * dice.choice((100.0, 1000.0, 5000.0))
        begin = dice.uniform(100, plan.duration_s / 2)
        end = begin + dice.uniform(5, 150)
        world.later(begin, machine.step, seconds)
        world.later(end, machine.step, -seconds)
        wait = 1.0 if seconds > 0 else self.administrator.lifetime_s_max + 60.0
        world.later(end + wait, self._confirm)
        self._storm_ends = max(self._storm_ends, BEGINNING + end + wait)

    def _confirm(self) -> None:
        self.world.note("the administrator confirms the clocks")
        for server in self.network.servers:
            server.confirm_clock()

    # ---- The end. ----

    def _calm_down(self) -> None:
        self.world.note("calm")
        self.weather = _CALM
        self.database.away_until = 0.0
        self.administrator.resting = True

    def _look_for_the_hungry(self) -> None:
        """Nobody has been without an address for long while one was to be had."""
        for client in self.network.clients:
            if type(client) is not Client or client.hostname == POISON or client.lease is not None:
                continue
            if client.state != ClientState.SELECTING:
                continue
            free = self._free_on(client.link)
            if free:
                raise Violation(f"{client.name} on {client.link.name} got no address, and {len(free)} are free: {free}")

    def _free_on(self, link: Link) -> list[str]:
        """Addresses of unguarded pools that nobody has, had a moment ago, or shall have."""
        now = self.database.machine.wall() - _FOUND_WITHIN_S
        administrator = self.administrator
        snapshot = administrator.published
        free: list[str] = []
        rows = [row for row in self.books.all_rows() if row.state == State.LEASED]
        full = [
            limit for limit in administrator.limits(snapshot.revision)
            if sum(limit.covers(row.key) for row in rows) >= limit.most
        ]  # fmt: skip
        if self.plan.class_limit:
            return free  # Whoever has none may be one too many.
        here = [declared for declared in administrator.subnets if declared.there and declared.link is link]
        if link.relay is not None and not any(declared.network == link.relay[:3] for declared in here):
            return free  # Nothing that is declared tells the engines where the relay is.
        for declared in here:
            for pool in declared.pools:
                if not pool.there or pool.guard is not None or pool.gate is not None:
                    continue
                span = (link.space, KIND_ADDRESS4, 32, declared.address(pool.first), declared.address(pool.last))
                assigned = set(administrator.assigned_in(*span, snapshot.revision))
                for offset in set(range(pool.first, pool.last + 1)) - pool.excluded:
                    address = declared.address(offset)
                    key: LeaseKey = (link.space, KIND_ADDRESS4, address, 32)
                    if any(limit.covers(key) for limit in full):
                        continue
                    row = self.books.row_of(key)
                    ended = row is None or row.expires + snapshot.reclaim_grace_s <= now
                    if ended and address not in assigned and address not in link.squatters:
                        free.append(address.hex("."))
        return free
