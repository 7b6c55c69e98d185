"""A small world for dialogues: a strict engine, a real SQLite file, a clock that is set, and a witness that watches.

    w = World(path, subnet("192.0.2.0/24", pool("192.0.2.100", "192.0.2.199")))
    offer = w.discover(client(1))
    ack = w.select(client(1), offer)
    w.pass_(1800)
    w.renew(client(1), ack.yiaddr)

After every step the world checks what must always hold, from the answers alone: one holder an address, nobody given an
address before its old end and the grace, no lease promised before its row is committed, one reason a datagram, and the
history in SQL equal to what was acknowledged.
"""

from __future__ import annotations

import itertools
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

from dhcpcore.batch import Batch
from dhcpcore.engine import Datagram, Engine, Outgoing
from dhcpcore.lease.facts import Facts, Outcome, Wants
from dhcpcore.lease.model import Assignment, Change, Identifier, Lease, LeaseKey
from dhcpcore.net import cycle
from dhcpcore.pipeline.scripted import Script
from dhcpcore.stats.reasons import Reason, Verdict
from dhcpcore.store.database import Database
from dhcpcore.store.leases import LeaseStore
from dhcpcore.store.schema import class_count, history, lease, lease_class, lease_count, metadata, quarantine
from dhcpcore.topology.links import NO_PLACE, Interface
from dhcpcore.topology.policy import Policy
from dhcpcore.topology.snapshot import Boot, Lifetimes, Pool, Snapshot, Subnet
from tests.packets4 import (
    ACK,
    BOOTP,
    BROADCAST,
    DECLINE,
    DHCP_ONLY,
    DISCOVER,
    INFORM,
    LEASEACTIVE,
    LEASEQUERY,
    LEASEUNASSIGNED,
    LEASEUNKNOWN,
    NAK,
    NOWHERE,
    OFFER,
    RELEASE,
    REQUEST,
    Answer,
    Client,
    dotted,
    ip,
    read,
    request,
    sub_options,
)

T0 = 1_700_000_000
FOREVER = 253_402_300_799
SERVER = "192.0.2.1"
OFFICE = "192.0.2.0/24"
ETH0 = 2

_KINDS = {"OFFER": OFFER, "OFFER-NOTHING": OFFER, "OFFER-DO-WITHOUT": OFFER, "BOOTP-REPLY": BOOTP, "BOOTP-KNOWN": BOOTP,
          "LEASE-UNASSIGNED": LEASEUNASSIGNED, "LEASE-UNKNOWN": LEASEUNKNOWN,
          "LEASE-ACTIVE": LEASEACTIVE, "BOOT-OFFER": OFFER}  # fmt: skip

_numbers = itertools.count(1)


def pool(first: str, last: str, *, pool_id: int = 0, **fields: Any) -> Pool:
    """A pool of IPv4 addresses; ``guard`` is the name of one class, or several."""
    guard = fields.pop("guard", ())
    fields["guard"] = (guard,) if isinstance(guard, str) else tuple(guard)
    return Pool(pool_id or next(_numbers), 4, ip(first), ip(last), 32, **fields)


def subnet(prefix: str, *pools: Pool, subnet_id: int = 0, name: str = "", **fields: Any) -> Subnet:
    """A subnet; ``lifetime`` is short for a fixed default, ``relays`` may be text."""
    address, _, plen = prefix.partition("/")
    if "lifetime" in fields:
        fields["lifetimes"] = Lifetimes(default_s=fields.pop("lifetime"))
    fields["relays"] = tuple(ip(relay) for relay in fields.pop("relays", ()))
    space = fields.pop("space", 0)
    return Subnet(subnet_id or next(_numbers), 4, space, ip(address), int(plen), name or prefix, pools=pools, **fields)


def assignment(
    home: Subnet, address: str | None, *, hw: bytes = b"", client_id: bytes = b"", circuit: bytes = b"",
    remote: bytes = b"", duid: bytes = b"", hostname: str = "", options: Mapping[int, bytes] = MappingProxyType({}),
    classes: Sequence[str] = (), boot: tuple[bytes, bytes, bytes] | None = None, waits: bool = False,
    **more: frozenset[int],
) -> Assignment:  # fmt: skip
    """A static assignment by one identifier."""
    kinds = {
        Identifier.HW_ADDRESS: b"\x01" + hw if hw else b"",
        Identifier.CLIENT_ID: client_id,
        Identifier.CIRCUIT_ID: circuit,
        Identifier.REMOTE_ID: remote,
        Identifier.DUID: duid,
    }
    ((kind, identifier),) = [(kind, value) for kind, value in kinds.items() if value]
    keys: tuple[LeaseKey, ...] = () if address is None else ((home.space, 4, ip(address), 32),)
    return Assignment(next(_numbers), home.subnet_id, int(kind), identifier, keys, hostname, tuple(options.items()),
                      classes=tuple(classes), boot=boot, waits=waits, **more)


class Kept:
    """The definitions' assignments, from a list."""

    def __init__(self) -> None:
        self.listed: tuple[Assignment, ...] = ()
        self.asked = 0

    def assignments_by_identifier(
        self, keys: Iterable[tuple[int, bytes]], revision: int
    ) -> dict[tuple[int, bytes], tuple[Assignment, ...]]:
        self.asked += 1
        wanted = set(keys)
        found: dict[tuple[int, bytes], tuple[Assignment, ...]] = {}
        for one in self.listed:
            key = (one.identifier_kind, one.identifier)
            if key in wanted:
                found[key] = (*found.get(key, ()), one)
        return found

    def assignments_by_address(self, keys: Iterable[LeaseKey], revision: int) -> dict[LeaseKey, tuple[Assignment, ...]]:
        self.asked += 1
        found: dict[LeaseKey, tuple[Assignment, ...]] = {}
        for key in keys:
            if mine := tuple(one for one in self.listed if key in one.addresses):
                found[key] = mine
        return found

    def assigned_in(self, space: int, kind: int, plen: int, first: bytes, last: bytes, revision: int) -> list[bytes]:
        self.asked += 1
        return [
            key[2]
            for one in self.listed
            for key in one.addresses
            if (key[0], key[1], key[3]) == (space, kind, plen) and first <= key[2] <= last
        ]


class Watched:
    """The lease store, with what a test wants to happen at its two arrows."""

    def __init__(self, store: LeaseStore) -> None:
        self._store = store
        self.before_commit: list[Callable[[], None]] = []  #: Called before the next commits, one each.
        self.commit_faults: list[Exception] = []  #: Raised instead of the next commits, one each; nothing is stored.
        self.after_commit: list[Exception] = []  #: Raised after the next commits: they are stored.
        self.fetch_faults: list[Exception] = []
        self.commits: list[tuple[Change, ...]] = []
        self.fetches = 0

    def fetch(self, wants: Wants, facts: Facts, revision: int, *, assigned: bool) -> None:
        self.fetches += 1
        if self.fetch_faults:
            raise self.fetch_faults.pop(0)
        self._store.fetch(wants, facts, revision, assigned=assigned)

    def commit(self, changes: Sequence[Change], now: float) -> Outcome:
        if self.before_commit:
            self.before_commit.pop(0)()
        if self.commit_faults:
            raise self.commit_faults.pop(0)
        keys = [change.after.key for change in changes]
        assert keys == sorted(keys), "changes go to SQL in the order of their keys"
        assert len(set(keys)) == len(keys), "one row an address"
        outcome = self._store.commit(changes, now)
        self.commits.append(tuple(changes))
        if self.after_commit:
            raise self.after_commit.pop(0)
        return outcome

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


@dataclass
class Holding:
    """One interval of the witness: who held an address, from when, until when, and why it ended."""

    client: bytes
    opened: int
    until: int
    path: tuple[bytes, bytes]
    subnet: int
    spoke: int  #: When its client last spoke of it.
    closed: int | None = None
    why: int | None = None

    @property
    def end(self) -> int:
        """The lesser of closed and lease end."""
        return self.until if self.closed is None else min(self.closed, self.until)


@dataclass
class Witness:
    """What the answers on the wire say, and nothing else: its own account of who holds what."""

    held: dict[LeaseKey, list[Holding]] = field(default_factory=dict)
    of: dict[bytes, set[LeaseKey]] = field(default_factory=dict)  #: What each client ever held.
    barred: dict[LeaseKey, int] = field(default_factory=dict)  #: Declined or probed: until when nobody may have it.

    def holder(self, key: LeaseKey, now: float) -> Holding | None:
        intervals = self.held.get(key)
        last = intervals[-1] if intervals else None
        return last if last is not None and last.closed is None and last.until > now else None

    def acknowledged(
        self, key: LeaseKey, who: bytes, now: int, until: int, path: tuple[bytes, bytes] | None, home: int,
        grace_s: int, neighbours: Callable[[LeaseKey], bool], selecting: bool = True,
    ) -> None:  # fmt: skip
        assert self.barred.get(key, 0) <= now, f"{dotted(key[2])} was found in use and given away all the same"
        intervals = self.held.setdefault(key, [])
        last = intervals[-1] if intervals else None
        mine = self.holder(key, now)
        if last is not None and last.client != who:
            assert mine is None, f"{dotted(key[2])} has two holders"
            wait = 0 if last.why == 3 else grace_s
            assert last.end + wait <= now, f"{dotted(key[2])} was given away {last.end + wait - now} s too early"
        if mine is not None and mine.subnet == home and (path is None or path == mine.path):
            mine.until, mine.spoke = until, now
        else:
            if mine is not None:
                mine.closed, mine.why = now, 5
            path = path or (mine.path if mine is not None and mine.subnet == home else (b"", b""))
            intervals.append(Holding(who, now, until, path, home, now))
        for other in self.of.setdefault(who, set()):
            left = self.holder(other, now) if other != key else None
            lately = left is not None and left.spoke > now - 10 and not selecting
            if left is not None and left.client == who and neighbours(other) and not lately:
                left.closed, left.why = now, 4
        self.of[who].add(key)
        self.barred.pop(key, None)

    def ended(self, key: LeaseKey, who: bytes | None, now: int, why: int, barred_s: int = 0) -> bool:
        """A RELEASE, a DECLINE, an administrator: whether it counts, and then that it does."""
        mine = self.holder(key, now)
        if mine is None or (who is not None and mine.client != who):
            return False
        mine.closed, mine.why = now, why
        if barred_s:
            self.barred[key] = now + barred_s
        return True


class Site(Protocol):
    """A site's script, whose process answers what engines ask it."""

    script: Script

    def answer(self, engine: Engine, now: float, run: Callable[[Batch], object]) -> None:
        """Have its questions answered, and what they suspended resumed, until there are no more."""


@dataclass
class Node:
    """One engine of the world."""

    engine: Engine
    store: Watched


@dataclass
class Step:
    """A batch while it is under way."""

    packets: tuple[Sent, ...]
    answers: list[Answer] = field(default_factory=list)
    seen: int = 0  #: Packets whose RELEASE or DECLINE the witness has taken note of.
    given_back: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Sent:
    """A packet on its way: what a client said, and how it came to the server."""

    data: bytes
    datagram: Datagram
    who: Client
    kind: int | None
    xid: int
    options: dict[int, bytes]
    ciaddr: bytes
    giaddr: bytes
    agent: bytes | None

    def edited(self, edit: Callable[[bytes], bytes]) -> Sent:
        """The same with other bytes: for what the builder would not write."""
        data = edit(self.data)
        return replace(self, data=data, datagram=self.datagram._replace(data=data))


class World:
    """Engines, a database, a clock and a witness."""

    def __init__(
        self, folder: Path, *subnets: Subnet, assignments: Sequence[Assignment] = (), engines: int = 1,
        interfaces: Mapping[int, Interface] | None = None, script: Site | None = None, **snapshot: Any,
    ) -> None:  # fmt: skip
        self.now: float = T0
        self.site = script
        self.path = folder / "lessor.db"
        self.database = Database(f"sqlite:///{self.path}")
        with self.database.writer_engine.begin() as connection:
            metadata.create_all(connection, tables=[lease, history, lease_count, lease_class, class_count, quarantine])
        self.kept = Kept()
        scripted = None if script is None else script.script
        self.nodes = [
            Node(Engine(strict=True, script=scripted), Watched(LeaseStore(self.database, self.kept)))
            for _ in range(engines)
        ]
        for number, node in enumerate(self.nodes):
            node.engine.allocator.share = (number, engines)
        self.sql = sqlite3.connect(self.path, isolation_level=None)
        self.witness = Witness()
        self.subnets: tuple[Subnet, ...] = ()
        self.fields: dict[str, Any] = {}
        self.revision = 0
        self.reasons: list[str] = []  #: Codes of the datagrams that ended in the last step.
        self.log: list[str] = []
        self.sent = 0
        self.faulty = False  #: A commit was lost or unknown: SQL may hold more than was acknowledged.
        self._xids = itertools.count(0x1000)
        self._step: Step | None = None
        self._under_way: dict[tuple[int, bytes], list[Sent]] = {}
        self.attach(interfaces or {ETH0: Interface(ETH0, "eth0", (ip(SERVER),), bytes(6))})
        self.install(*subnets, assignments=assignments, **snapshot)

    # The administrator.

    def attach(self, interfaces: Mapping[int, Interface]) -> None:
        """These interfaces are there now."""
        self.interfaces = dict(interfaces)
        for node in self.nodes:
            node.engine.set_interfaces(self.interfaces)

    def install(self, *subnets: Subnet, assignments: Sequence[Assignment] | None = None, **snapshot: Any) -> None:
        """A new revision of the definitions; what is not named stays."""
        self.subnets = subnets or self.subnets
        self.fields |= snapshot
        if assignments is not None:
            self.kept.listed = tuple(assignments)
        self.revision += 1
        made = Snapshot(
            self.revision, self.subnets,
            identifier_kinds=frozenset(one.identifier_kind for one in self.kept.listed),
            has_assigned_addresses=any(one.addresses for one in self.kept.listed),
            **self.fields,
        )  # fmt: skip
        for node in self.nodes:
            node.store.follow(made)
            node.engine.install(made)
        self.snapshot = made

    def restart(self, by: int = 0) -> None:
        """The engine is killed and starts again: what it had in memory is gone."""
        old = self.nodes[by]
        for bundle in old.engine.waiting.bundles():
            self._forget(int.from_bytes(bundle.request.xid, "big"), bundle.request.giaddr)
            self.sent -= 1
        engine = Engine(strict=True)
        engine.counters = old.engine.counters
        engine.allocator.share = old.engine.allocator.share
        engine.set_interfaces(self.interfaces)
        engine.install(self.snapshot)
        self.nodes[by] = Node(engine, old.store)

    def sweep(self, by: int = 0) -> int:
        """Close what has ended, to the end of the table; how many rows were closed."""
        node, after, count = self.nodes[by], None, 0
        while True:
            rows, after = node.store.sweep(after, self.now, probation_s=node.engine.probation_s)
            count += len(rows)
            cycle.run(node.engine.open_sweep(rows, self.now), node.store, node.engine.snapshot, self._hand_over)
            if after is None:
                break
        node.store.recount(self.now)
        self.check()
        return count

    def pass_(self, seconds: float) -> None:
        """Time goes by."""
        self.now += seconds

    # What goes over the wire.

    def packet(
        self, kind: int | None, who: Client, *, ciaddr: str | bytes = NOWHERE, via: str | bytes | None = None,
        agent: bytes | None = None, unicast: bool = False, interface: int = ETH0,
        options: Mapping[int, bytes] | None = None,
        requested: str | bytes | None = None, server: str | bytes | None = None, prl: bytes | None = None,
        lease_time: int | None = None, port: int | None = None, source: str | bytes | None = None,
        local: str | bytes | None = None, broadcast: bool = False, xid: int | None = None, at: int = 0, **fields: Any,
    ) -> Sent:  # fmt: skip
        """A packet as it arrives here: ``via`` is the relay it came through."""
        xid = next(self._xids) if xid is None else xid
        said = dict(options or {})
        for code, value in ((50, requested), (54, server)):
            if value is not None:
                said[code] = ip(value) if isinstance(value, str) else value
        if lease_time is not None:
            said[51] = lease_time.to_bytes(4, "big")
        if prl is not None:
            said[55] = prl
        giaddr = NOWHERE if via is None else ip(via)
        data = request(
            kind, who, xid, ciaddr=ciaddr, giaddr=giaddr, options=said, agent=agent, broadcast=broadcast, **fields
        )
        addresses = self.interfaces[interface].addresses if interface in self.interfaces else ()
        here = ip(local) if local is not None else (addresses[0] if addresses else b"")
        come = ip(source) if source is not None else giaddr if via is not None else ip(ciaddr)
        direct = unicast or via is not None
        datagram = Datagram(
            data, come, port if port is not None else 67 if via is not None else 68, interface,
            here if direct else BROADCAST, here, self.now, at,
        )  # fmt: skip
        if who.client_id is not None:
            said[61] = who.client_id
        return Sent(data, datagram, who, kind, xid, said, ip(ciaddr), giaddr, agent)

    def send(self, *packets: Sent, by: int = 0) -> list[Answer]:
        """One batch; its answers, in the order they left.  May be called while another engine's batch is under way."""
        node = self.nodes[by]
        outer = self._step
        step = self._step = Step(packets)
        before = self._reasons(node)
        for packet in packets:
            self._under_way.setdefault((packet.xid, packet.giaddr), []).append(packet)
        self.sent += len(packets)
        batch = node.engine.open([packet.datagram for packet in packets], self.now)
        cycle.run(batch, node.store, node.engine.snapshot, self._hand_over, lambda: self.now)
        if self.site is not None:
            self.site.answer(node.engine, self.now, lambda again: cycle.run(
                again, node.store, node.engine.snapshot, self._hand_over, lambda: self.now))
        gained = self._reasons(node) - before
        self._given_back_until(len(packets))
        if not self.faulty:
            for code in ("RELEASED", "DECLINED"):
                assert gained[code] == step.given_back[code], f"{code}: {gained[code]}, by the wire {step.given_back}"
        self._agree(step.answers, gained)
        self._step = outer
        self.reasons = sorted(gained.elements())
        self.log += self.reasons
        if outer is None:
            self.check()
        return step.answers

    def one(self, packet: Sent, by: int = 0) -> Answer | None:
        """A batch of one: its answer, if it had one."""
        answers = self.send(packet, by=by)
        assert len(answers) <= 1, "one datagram, two answers"
        return answers[0] if answers else None

    def later(self, by: int = 0) -> list[Answer]:
        """A batch of nothing but what was suspended and is due."""
        return self.send(by=by)

    def discover(self, who: Client, by: int = 0, **fields: Any) -> Answer | None:
        return self.one(self.packet(DISCOVER, who, **fields), by)

    def select(self, who: Client, offer: Answer | str, by: int = 0, **fields: Any) -> Answer | None:
        """REQUEST in SELECTING state: names the offered address and this server."""
        address = offer if isinstance(offer, str) else offer.yiaddr
        server = SERVER if isinstance(offer, str) else offer.address(54)
        return self.one(self.packet(REQUEST, who, **{"requested": address, "server": server, **fields}), by)

    def reboot(self, who: Client, address: str, by: int = 0, **fields: Any) -> Answer | None:
        """REQUEST in INIT-REBOOT state: names the address, no server."""
        return self.one(self.packet(REQUEST, who, requested=address, **fields), by)

    def bootp(self, who: Client, by: int = 0, **fields: Any) -> Answer | None:
        """A BOOTREQUEST: a message without option 53."""
        return self.one(self.packet(None, who, **fields), by)

    def renew(self, who: Client, address: str, by: int = 0, **fields: Any) -> Answer | None:
        """REQUEST in RENEWING state: unicast, from the address itself."""
        return self.one(self.packet(REQUEST, who, ciaddr=address, unicast=True, **fields), by)

    def rebind(self, who: Client, address: str, by: int = 0, **fields: Any) -> Answer | None:
        """REQUEST in REBINDING state: broadcast."""
        return self.one(self.packet(REQUEST, who, ciaddr=address, **fields), by)

    def release(self, who: Client, address: str, by: int = 0, **fields: Any) -> Answer | None:
        fields = {"server": SERVER, "unicast": True, **fields}
        return self.one(self.packet(RELEASE, who, ciaddr=address, **fields), by)

    def decline(self, who: Client, address: str, by: int = 0, **fields: Any) -> Answer | None:
        return self.one(self.packet(DECLINE, who, **{"requested": address, "server": SERVER, **fields}), by)

    def inform(self, who: Client, address: str, by: int = 0, **fields: Any) -> Answer | None:
        return self.one(self.packet(INFORM, who, ciaddr=address, **fields), by)

    def lease(self, who: Client, by: int = 0, **fields: Any) -> Answer:
        """DISCOVER and REQUEST; the ACK."""
        offer = self.discover(who, by, **fields)
        assert offer is not None, self.reasons
        ack = self.select(who, offer, by, **fields)
        assert ack is not None, self.reasons
        assert (ack.kind, ack.yiaddr) == (ACK, offer.yiaddr), self.reasons
        return ack

    # What SQL says.

    def fill(self, first: str, count: int, home: Subnet, *, expires: int = FOREVER, state: int = 1) -> None:
        """Rows of strangers, written by somebody else: nothing of them was ever on this wire."""
        start = int.from_bytes(ip(first), "big")
        rows = [
            (
                home.space, 4, (start + n).to_bytes(4, "big"), 32, b"\x01stranger" + n.to_bytes(4, "big"), b"\x01",
                state, expires, T0, home.subnet_id, 1, 1, "", b"", b"",
            )
            for n in range(count)
        ]  # fmt: skip
        self.sql.execute("BEGIN IMMEDIATE")
        self.sql.executemany(f"INSERT INTO lease VALUES ({', '.join('?' * 15)})", rows)
        self.sql.execute("COMMIT")

    def row(self, address: str, space: int = 0) -> Lease | None:
        """The committed row of an address, read by a connection of its own."""
        found = self.sql.execute(
            "SELECT * FROM lease WHERE space = ? AND kind = 4 AND address = ? AND plen = 32", (space, ip(address))
        ).fetchone()
        return None if found is None else Lease._make(found)

    def history(self, address: str, space: int = 0) -> list[tuple[bytes, int, int | None, int | None]]:
        """Client, opened, closed, why: oldest first."""
        return self.sql.execute(
            "SELECT client, opened_at, closed_at, reason FROM history WHERE space = ? AND address = ? ORDER BY version",
            (space, ip(address)),
        ).fetchall()

    @property
    def engine(self) -> Engine:
        return self.nodes[0].engine

    @property
    def store(self) -> Watched:
        return self.nodes[0].store

    @property
    def reason(self) -> str:
        """The reason of the one datagram that ended in the last step."""
        assert len(self.reasons) == 1, self.reasons
        return self.reasons[0]

    # The watch.

    def check(self) -> None:
        """What holds after every step."""
        suspended = sum(node.engine.suspended for node in self.nodes)
        suspended += sum(len(node.engine.callouts.waiting) for node in self.nodes if node.engine.callouts is not None)
        counted = sum(sum(self._reasons(node).values()) for node in self.nodes)
        assert counted + suspended == self.sent, f"{self.sent} datagrams, {counted} reasons, {suspended} suspended"
        for node in self.nodes:
            self._check_hints(node)
        if not self.faulty:
            self._check_history()

    def close(self) -> None:
        """End of the world."""
        for node in self.nodes:
            node.store.close()
        self.sql.close()
        self.database.dispose()

    def _reasons(self, node: Node) -> Counter[str]:
        total: Counter[str] = Counter()
        for (_, reason, _), count in node.engine.counters.datagrams.items():
            total[reason.code] += count
        return total

    def _hand_over(self, answers: list[Outgoing]) -> None:
        """What the engine gives to the socket, at this very moment: leases must be in SQL by now."""
        for payload, route in answers:
            answer = replace(
                read(payload), to=dotted(route.address), port=route.port, interface=route.interface,
                local=dotted(route.local) if route.local else "", frame=route.hw, source_port=route.source_port,
            )  # fmt: skip
            packet = self._forget(answer.xid, ip(answer.giaddr))
            assert packet is not None, "an answer to nobody, or a second one"
            self._check_answer(packet, answer)
            assert self._step is not None
            self._step.answers.append(answer)
            if answer.kind in {ACK, BOOTP} and answer.yiaddr != "0.0.0.0":
                if packet in self._step.packets:
                    self._given_back_until(self._step.packets.index(packet))
                self._check_promise(packet, answer)

    def _check_answer(self, packet: Sent, answer: Answer) -> None:
        if packet.kind == LEASEQUERY:
            assert ip(answer.giaddr) == packet.giaddr
            assert answer.order[:2] == (53, 54)
            return
        assert answer.hw == packet.who.hw
        assert ip(answer.giaddr) == packet.giaddr
        said = sub_options(packet.agent or b"") if packet.giaddr != NOWHERE else {}
        if packet.kind is None:
            assert DHCP_ONLY.isdisjoint(answer.options), "what BOOTP clients do not know"
        else:
            assert answer.order[0] == 53
            own = {a for i in self.interfaces.values() for a in i.addresses}
            assert ip(answer.options[54]) in own | {said.get(11)}  # RFC 5107 4.
            if all(one.echo_client_id for one in self.subnets):
                assert answer.options.get(61) == packet.who.client_id, "option 61 is echoed as it came"  # RFC 6842 3.
        if packet.agent is not None and packet.giaddr != NOWHERE:
            if 82 in answer.options:
                assert answer.options[82] == self._agent(packet), "option 82 is echoed verbatim"  # RFC 3046 2.2.
                assert [c for c in answer.order if answer.fields[c] == "options"][-1] == 82, "and last"
        else:
            assert 82 not in answer.options, "no relay, no option 82"
        if answer.kind == NAK:
            assert (answer.yiaddr, answer.siaddr, answer.ciaddr) == ("0.0.0.0",) * 3  # RFC 2131 4.3.1 table 3.
            assert set(answer.options) <= {53, 54, 56, 61, 82}
        asked = int.from_bytes(packet.options.get(57, b"\0\0"), "big")
        assert len(answer.payload) <= max(548, min(asked - 28, 1472)), "longer than the client takes"

    def _check_promise(self, packet: Sent, answer: Answer) -> None:
        home = self._home(ip(answer.yiaddr), packet)
        assert home is not None, f"{answer.yiaddr} is of no subnet"
        lifetime = answer.number(51) if answer.kind == ACK else home.bootp_lifetime_s
        until = FOREVER if lifetime == 0xFFFF_FFFF else int(self.now) + lifetime
        row = self.row(answer.yiaddr, home.space)
        assert row is not None, f"{answer.yiaddr} was promised and is not in SQL"
        kept = self.witness.holder(row.key, self.now)
        if kept is not None and kept.client == packet.who.identity:
            # An end that was promised stands; who renews a lease without end has heard that it has one.
            renewed = packet.ciaddr != NOWHERE and kept.until == FOREVER
            until = until if renewed else max(until, kept.until)
        assert (row.client, row.state, row.expires) == (packet.who.identity, 1, until), "promised before the commit"
        path = (
            (packet.giaddr, self._agent(packet)) if packet.giaddr != NOWHERE
            else None if packet.ciaddr != NOWHERE
            else (b"", b"")
        )  # fmt: skip
        self.witness.acknowledged(
            row.key, packet.who.identity, int(self.now), until, path, home.subnet_id,
            self.fields.get("reclaim_grace_s", 30), lambda key: self._same_link(home, key),
            54 in packet.options,
        )  # fmt: skip

    def _agent(self, packet: Sent) -> bytes:
        """Option 82 as it is kept and returned: without the VSS-Control of a VPN that was heeded.  RFC 6607 7."""
        agent = packet.agent or b""
        heeded = 151 in sub_options(agent) and any(one.vss for one in self.subnets)
        return agent.replace(b"\x98\0", b"") if heeded else agent

    def _home(self, address: bytes, packet: Sent) -> Subnet | None:
        """The subnet of an address; where several spaces have it, the one that the packet's relay belongs to."""
        found = [one for one in self.subnets if one.contains(address)]
        said = sub_options(packet.agent or b"").get(151) or packet.options.get(221)
        near = [one for one in found if packet.giaddr in one.relays or (one.vss and one.vss == said)]
        nowhere = [NO_PLACE[1]] if self.site is not None else [None]  # A script may give what no subnet has.
        return (near or found or nowhere)[0]

    def _same_link(self, home: Subnet, key: LeaseKey) -> bool:
        def wire(one: Subnet) -> tuple[str | None, str | None, int]:
            attached = one.interface
            for interface in self.interfaces.values():
                if attached is None and any(one.contains(a) for a in interface.addresses):
                    attached = interface.name
            return one.shared_network, attached, one.subnet_id

        if home.policy.one_lease_per_client and home.space == key[0]:
            return True
        mine = wire(home)
        for other in self.subnets:
            if other.space == key[0] and other.contains(key[2]):
                theirs = wire(other)
                return any(a is not None and a == b for a, b in zip(mine, theirs, strict=True))
        return False

    def _given_back_until(self, place: int) -> None:
        """RELEASE and DECLINE have no answer: the witness decides itself which ones count, in the order they came."""
        own = {a for i in self.interfaces.values() for a in i.addresses}
        step = self._step
        assert step is not None
        while step.seen < place:
            packet = step.packets[step.seen]
            step.seen += 1
            if packet.kind not in {RELEASE, DECLINE} or packet.options.get(54) not in own:
                continue
            address = packet.ciaddr if packet.kind == RELEASE else packet.options.get(50, b"")
            code, why, barred = (
                ("RELEASED", 1, 0) if packet.kind == RELEASE
                else ("DECLINED", 3, self.fields.get("probation_s", 86_400))
            )  # fmt: skip
            home = self._home(address, packet) if len(address) == 4 else None
            for key in list(self.witness.held):
                if home is not None and home.space != key[0]:
                    continue
                if key[2] == address and self.witness.ended(key, packet.who.identity, int(self.now), why, barred):
                    step.given_back[code] += 1

    def _agree(self, answers: Sequence[Answer], gained: Counter[str]) -> None:
        """Answers and reasons say the same."""
        kinds = Counter(answer.kind for answer in answers)
        by_code = {reason.code: reason for reason in Reason}
        said: Counter[int] = Counter()
        for code, count in gained.items():
            verdict = by_code[code].verdict
            if verdict in {Verdict.ANSWERED, Verdict.REFUSED}:
                said[_KINDS.get(code, NAK if verdict is Verdict.REFUSED else ACK)] += count
        assert kinds == said, f"answers {dict(kinds)}, reasons {dict(gained)}"
        assert self._step is not None
        waiting = self._suspended_xids()
        for packet in self._step.packets:
            if packet.xid not in waiting:
                self._under_way.pop((packet.xid, packet.giaddr), None)

    def _forget(self, xid: int, giaddr: bytes) -> Sent | None:
        """The earliest packet under way that an answer may be to; a relay may have forwarded it twice."""
        waiting = self._under_way.get((xid, giaddr))
        return waiting.pop(0) if waiting else None

    def _suspended_xids(self) -> set[int]:
        engines = [node.engine for node in self.nodes]
        bundles = [bundle for engine in engines for bundle in engine.waiting.bundles()]
        bundles += [bundle for engine in engines if engine.callouts is not None for bundle in engine.callouts.waiting]
        return {int.from_bytes(bundle.request.xid, "big") for bundle in bundles}

    def _check_hints(self, node: Node) -> None:
        """Offers under way are one a client and one an address, and no more than that is kept of them."""
        allocator = node.engine.allocator
        holds = list(allocator._by_client.values())
        assert {hold.key: hold for hold in holds} == allocator._by_key
        assert len(holds) == len(allocator._by_key)

    def _check_history(self) -> None:
        said: dict[LeaseKey, list[tuple[Any, ...]]] = {}
        for row in self.sql.execute(
            "SELECT h.space, h.kind, h.address, h.plen, h.client, h.opened_at, h.closed_at, h.reason, h.subnet, "
            "h.relay, h.agent, l.expires, l.opened = h.version, l.state FROM history h "
            "LEFT JOIN lease l USING (space, kind, address, plen) ORDER BY h.version"
        ):
            said.setdefault(row[:4], []).append(row[4:])
        assert said.keys() == self.witness.held.keys()
        for key, rows in said.items():
            mine = self.witness.held[key]
            assert len(rows) == len(mine), f"{dotted(key[2])}: {len(rows)} intervals in SQL, {len(mine)} on the wire"
            for row, one in zip(rows, mine, strict=True):
                client, opened, closed, why, home, relay, agent, expires, present, state = row
                assert (client, opened, home, (relay, agent)) == (one.client, one.opened, one.subnet, one.path)
                if closed is None:
                    assert present, f"{dotted(key[2])}: an interval that nobody will close"
                    assert state == 1
                    assert one.closed is None
                    assert expires == one.end
                else:
                    assert closed == one.end, f"{dotted(key[2])}: closed at {closed}, on the wire at {one.end}"
                    assert why == (2 if one.closed is None or one.closed > one.until else one.why)


def traces(world: World) -> Iterator[str]:
    """The last transaction in words, for a test that wants to see why."""
    from dhcpcore.pipeline.trace import describe

    for step in world.engine.traces[-1].steps:
        yield describe(step)


__all__ = [
    "ETH0", "FOREVER", "OFFICE", "SERVER", "T0", "Boot", "Lifetimes", "Policy", "World", "assignment", "pool", "subnet"]
