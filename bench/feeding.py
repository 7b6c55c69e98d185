"""The engine and its store in one process, fed with datagrams: what `bench.instructions` runs under valgrind.

    python -m bench.feeding FOLDER --load dora --rounds 60

The folder holds a database with definitions.  Time, clients and the order of everything are the same in every run.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from dhcpcore.engine import Datagram, Engine, Outgoing
from dhcpcore.net import cycle
from dhcpcore.store.database import Database
from dhcpcore.store.definitions import Definitions
from dhcpcore.store.leases import LeaseStore
from dhcpcore.topology.links import Interface

FILE = "lessor.db"
PREFIX = "10.77.0.0/16"
SERVER, RELAY = bytes((10, 77, 0, 1)), bytes((10, 77, 255, 254))
SUBNET: dict[str, Any] = {
    "prefix": PREFIX,
    "name": "bench",
    "lifetime": 3600,
    "pools": [{"first": "10.77.1.0", "last": "10.77.236.255"}],
    "options": {"routers": ["10.77.0.1"], "domain-name-servers": ["10.77.0.1"]},
}
DEFINITIONS: dict[str, Any] = {"version": 1, "subnets": [SUBNET]}

OFFER, ACK = 2, 5
_COOKIE = bytes((0x63, 0x82, 0x53, 0x63))
#: Subnet mask, broadcast address, time offset, domain, routers, name servers, host name: what dhclient asks for.
_REQUEST_LIST = bytes((55, 7, 1, 28, 2, 3, 15, 6, 12, 255))
_DISCOVER, _REQUEST = bytes((53, 1, 1)), bytes((53, 1, 3))
#: Of an answer: where its address is, and the first two options, which are 53 and 54.
_XID, _YIADDR, _CLIENT, _TYPE, _SERVER_ID = slice(4, 8), slice(16, 20), slice(30, 34), 242, slice(245, 249)
#: A round is so much later than the one before: renewals have something to write.
_ROUND_S = 2.0
_BEGIN = 1_800_000_000.0
_NOWHERE = bytes(4)


class Offered(NamedTuple):
    """What the next round asks for."""

    client: bytes
    xid: bytes
    address: bytes
    server: bytes


def message(xid: bytes, client: bytes, options: bytes, ciaddr: bytes = _NOWHERE) -> bytes:
    """What the relay passes on of the client with this number, whose hardware address is 02:00 and its four octets."""
    head = bytes((1, 1, 6, 1)) + xid + bytes(4) + ciaddr + bytes(8) + RELAY
    return head + bytes((2, 0)) + client + bytes(10 + 192) + _COOKIE + options + _REQUEST_LIST


class Feeder:
    """One engine, its clients, and what they were told."""

    def __init__(self, folder: Path, batch: int, clients: int) -> None:
        self._database = Database(url(folder))
        definitions = Definitions(self._database)
        self._store = LeaseStore(self._database, definitions)
        self._random = random.Random(1)
        self._engine = Engine(strict=True, draw=self._random.randrange)
        self._engine.set_interfaces({1: Interface(1, "lsb0", (SERVER,))})
        self._engine.install(definitions.snapshot())
        while not definitions.survey(self._engine.snapshot.revision):
            pass
        self._batch, self._clients = batch, clients
        self._now = _BEGIN
        self._offered: list[Offered] = []
        self._next = 0
        self.held: dict[bytes, bytes] = {}
        self.exchanges = 0

    def close(self) -> None:
        """Leave the database."""
        self._store.close()
        self._database.dispose()

    def dora(self) -> None:
        """Who was made an offer takes it, and as many others ask."""
        asked = [
            message(one.xid, one.client, _REQUEST + bytes((50, 4)) + one.address + bytes((54, 4)) + one.server)
            for one in self._offered
        ]
        asked += [message(self._random.randbytes(4), self._client(), _DISCOVER) for _ in range(self._batch)]
        self._ask(asked)

    def renew(self) -> None:
        """Clients that hold an address ask for more time (REBINDING, RFC 2131 4.3.2)."""
        holders = list(self.held)
        asked = []
        for _ in range(min(self._batch, len(holders))):
            client = holders[self._next % len(holders)]
            self._next += 1
            asked.append(message(self._random.randbytes(4), client, _REQUEST, self.held[client]))
        self._ask(asked)

    def _client(self) -> bytes:
        """One after the other, and again from the first: none has two exchanges at once."""
        self._next = (self._next + 1) % self._clients
        return self._next.to_bytes(4, "big")

    def _ask(self, asked: Sequence[bytes]) -> None:
        self._now += _ROUND_S
        self._offered = []
        datagrams = [Datagram(data, RELAY, 67, 1, SERVER, SERVER, self._now) for data in asked]
        batch = self._engine.open(datagrams, self._now)
        cycle.run(batch, self._store, self._engine.snapshot, self._take, monotonic=lambda: 0.0)

    def _take(self, answers: Sequence[Outgoing]) -> None:
        for payload, _route in answers:
            client, address = payload[_CLIENT], payload[_YIADDR]
            if payload[_TYPE] == OFFER:
                self._offered.append(Offered(client, payload[_XID], address, payload[_SERVER_ID]))
            elif payload[_TYPE] == ACK:
                self.held[client] = address
                self.exchanges += 1


#: What a round is, by name.
LOADS: dict[str, Callable[[Feeder], None]] = {"dora": Feeder.dora, "renew": Feeder.renew}


def url(folder: Path) -> str:
    """Of the database in the folder."""
    return f"sqlite:///{folder / FILE}"


def main(words: Sequence[str]) -> int:
    """Every client gets its lease; then so many rounds of the load, and the number of its exchanges is printed."""
    parser = argparse.ArgumentParser(prog="bench.feeding")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--load", choices=tuple(LOADS), default="dora")
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--clients", type=int, default=2000)
    options = parser.parse_args(words)
    feeder = Feeder(options.folder, options.batch, options.clients)
    # As the server does: what has been loaded by now is not looked through for garbage again.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    for _ in range(options.clients // options.batch + 2):
        feeder.dora()
    warm = feeder.exchanges
    for _ in range(options.rounds):
        LOADS[options.load](feeder)
    feeder.close()
    print(json.dumps({"exchanges": feeder.exchanges - warm}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
