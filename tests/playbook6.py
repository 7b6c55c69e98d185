"""A small world for dialogues of DHCPv6: octets in, octets out, through a strict engine and a real database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import text

from dhcpcore.batch6 import open6
from dhcpcore.builtin import FACTORIES
from dhcpcore.engine import Engine, Outgoing
from dhcpcore.interchange import read as read_document
from dhcpcore.lease.model import Lease
from dhcpcore.net import cycle
from dhcpcore.pipeline.api import Handler, HandlerFactory
from dhcpcore.pipeline.bundle import Datagram
from dhcpcore.pipeline.instances import Instances
from dhcpcore.store.database import Database
from dhcpcore.store.definitions import Definitions
from dhcpcore.store.leases import LeaseStore
from dhcpcore.store.schema import metadata
from dhcpcore.topology.links import Interface
from dhcpcore.topology.validate import validate
from tests.packets6 import Answer6, ip6, message, option, read6

T0 = 1_700_000_000
DUID = bytes.fromhex("000200000de90a0b0c0d")  #: The server's.
OTHER_SERVER = bytes.fromhex("000200000de9ffffffff")
ETH0 = 2
ALL_SERVERS, HERE = ip6("ff02::1:2"), ip6("fe80::5")
OFFICE: dict[str, Any] = {"prefix": "2001:db8:1::/64", "name": "office", "interface": "eth0", "authoritative": True}


@dataclass(frozen=True)
class Client6:
    """Somebody with a DUID."""

    number: int = 1

    @property
    def duid(self) -> bytes:
        return bytes.fromhex("0003000102000000") + self.number.to_bytes(2, "big")

    @property
    def id(self) -> bytes:
        """Option 1."""
        return option(1, self.duid)

    @property
    def address(self) -> bytes:
        return ip6(f"fe80::ff:{self.number:x}")


def server(duid: bytes = DUID) -> bytes:
    """Option 2."""
    return option(2, duid)


def of(make: Callable[[], Handler]) -> type[HandlerFactory]:
    """A type that makes such a handler."""

    class Type(HandlerFactory):
        def create(self) -> Handler:
            return make()

    return Type


def _lay(database: Database) -> None:
    with database.writer_engine.begin() as connection:
        metadata.create_all(connection)
        connection.execute(text("INSERT INTO head (id, revision) VALUES (1, 0)"))


@cache
def _empty() -> bytes:
    """SQLite's file of a database without definitions: made once."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "lessor.db")
        database = Database(f"sqlite:///{path}")
        _lay(database)
        with database.writer_engine.connect() as connection:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.exec_driver_sql("BEGIN")
        database.dispose()
        return path.read_bytes()


class World6:
    """An engine, a database and a clock.  ``handlers`` are made by name, and configured in this order."""

    def __init__(
        self, folder: Path, *subnets: Mapping[str, Any], handlers: Mapping[str, Callable[[], Handler]] | None = None,
        url: str | None = None, configured: Sequence[Mapping[str, Any]] = (), apart: Any = None, **document: Any,
    ) -> None:  # fmt: skip
        self.now: float = T0
        if url is None:
            (folder / "lessor.db").write_bytes(_empty())
        self.database = Database(url or f"sqlite:///{folder / 'lessor.db'}")
        if url is not None:
            _lay(self.database)
        made = handlers or {}
        instances = Instances({**FACTORIES, **{name: of(make) for name, make in made.items()}}, apart=apart)
        self.engine = Engine(strict=True, instances=instances, duid=DUID)
        self.engine.set_interfaces({ETH0: Interface(ETH0, "eth0", (ip6("2001:db8:1::1"), HERE), bytes(6))})
        self.definitions = Definitions(self.database)
        self.store = LeaseStore(self.database, self.definitions)
        self.commits = 0
        self.reasons: list[str] = []
        rows = [*configured, *({"name": name, "type": name} for name in made)]
        self.apply({"subnets": list(subnets or [OFFICE]), "handlers": rows, **document})

    def apply(self, document: Mapping[str, Any] | str) -> None:
        """These are the definitions."""
        raw = read_document(document) if isinstance(document, str) else document
        self.definitions.apply(validate({"version": 1, **raw}), "alice")
        snapshot = self.definitions.snapshot()
        self.store.follow(snapshot)
        self.engine.install(snapshot)

    def fetch(self, *arguments: Any, **fields: Any) -> None:
        self.store.fetch(*arguments, **fields)

    def commit(self, *arguments: Any) -> Any:
        self.commits += 1
        return self.store.commit(*arguments)

    def datagram(
        self, data: bytes, *, source: bytes | str = b"", unicast: bool = False, port: int = 546, interface: int = ETH0
    ) -> Datagram:
        """As the socket gives it to the engine."""
        come = ip6(source) if isinstance(source, str) else source or Client6().address
        return Datagram(data, come, port, interface, HERE if unicast else ALL_SERVERS, HERE, self.now)

    def batch(self, *datagrams: Datagram) -> list[Outgoing]:
        """One batch; what left, in its order.  Nothing leaves that promises what is not committed."""
        left: list[Outgoing] = []

        def send(answers: list[Outgoing]) -> None:
            self._check(answers)
            left.extend(answers)

        before = Counter(self._counted())
        cycle.run(open6(self.engine, datagrams, self.now), self, self.engine.snapshot, send, lambda: self.now)
        gained = Counter(self._counted()) - before
        self.reasons = sorted(gained.elements())
        assert len(self.reasons) == len(datagrams), "one reason a datagram"
        return left

    def send(self, data: bytes, **how: Any) -> Answer6 | None:
        """A batch of one: its answer, if there was one."""
        left = self.batch(self.datagram(data, **how))
        assert len(left) <= 1
        return read6(left[0].payload) if left else None

    def ask(self, kind: int, *options: bytes, who: Client6 | None = None, **how: Any) -> Answer6 | None:
        """A client's message."""
        return self.send(message(kind, (who or Client6()).id, *options), **how)

    @property
    def reason(self) -> str:
        (only,) = self.reasons
        return only

    def pass_(self, seconds: float) -> None:
        self.now += seconds

    def row(self, address: str, plen: int = 128) -> Lease | None:
        """The committed row of an address or prefix."""
        return self.store.lease((0, 6 if plen == 128 else 8, ip6(address), plen))

    def history(self, address: str) -> list[tuple[bytes, int, int | None, int | None]]:
        """Client, opened, closed, why: oldest first."""
        with self.database.reader_engine.connect() as connection:
            found = connection.execute(
                text("SELECT client, opened_at, closed_at, reason FROM history WHERE address = :a ORDER BY version"),
                {"a": ip6(address)},
            )
            return [(bytes(client), *rest) for client, *rest in found]

    def close(self) -> None:
        self.store.close()
        self.database.dispose()

    def _counted(self) -> dict[str, int]:
        return {reason.code: count for reason, count in self.engine.counters.by_reason().items()}

    def _check(self, left: Sequence[Outgoing]) -> None:
        for one in left:
            answer = read6(one.payload)
            for given in answer.associations if answer.kind == 7 else ():
                for name, _, valid in given.leased:
                    if valid:
                        address, _, plen = name.partition("/")
                        row = self.row(address, int(plen or 128))
                        assert row is not None
                        assert row.state == 1, "a Reply that promises a lease left before its commit"
                        assert row.expires >= self.now + valid or valid == 0xFFFFFFFF
                        assert row.client[1:5] == given.iaid.to_bytes(4, "big")
