"""Active leasequery: clients come and go, and a requestor on a TCP connection hears of it.  RFC 7724."""

from __future__ import annotations

import selectors
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dhcpcore.lease.transitions import is_active
from dhcpcore.net.bulk import BulkPort, BulkServer
from dhcpcore.net.clock import Clock
from dhcpcore.settings.credentials import Credentials
from dhcpcore.settings.model import Leasequery as Files
from dhcpcore.topology.build import from_document
from dhcpcore.topology.validate import validate
from tests.certificates import Authority
from tests.packets4 import (
    ACTIVELEASEQUERY,
    LEASEACTIVE,
    LEASEQUERYSTATUS,
    LEASEUNASSIGNED,
    TLS,
    Answer,
    Client,
    client,
    read,
    request,
)
from tests.playbook import World

Make = Callable[..., World]
A, B = client(1), client(2, b"\x01\x02\x00\x00\x00\x00\x02")
RELAY, AGENT = "192.0.2.2", b"\x01\x04port\x02\x04home"
ALLOWED = {"enabled": True, "requestors": ["127.0.0.1"], "active": True, "active_insecure": True}


class Now(Clock):
    """The world's."""

    def __init__(self, w: World) -> None:
        super().__init__(lambda: w.now)
        self._world = w

    def now(self) -> float:
        return self._world.now


class Requestor:
    """One connection to the TCP port of a world's server, which is driven by hand."""

    def __init__(self, w: World, files: Files | None = None) -> None:
        self.selector = selectors.DefaultSelector()
        port = BulkPort(0)
        self.server = BulkServer(
            port, w.engine, w.store._store, Now(w), lambda: None, Credentials(files or Files()), lambda: 0.0
        )
        self.server.register(self.selector)
        self.server.work(busy=False)
        self.sock = socket.create_connection(port.sock.getsockname())
        self.sock.setblocking(False)
        self.stream = b""
        self.closed = False

    def send(self, kind: int = ACTIVELEASEQUERY, **fields: Any) -> list[Answer]:
        message = request(kind, Client(b"", htype=0), 7, **fields)
        self.sock.sendall(len(message).to_bytes(2, "big") + message)
        return self.hear()

    def hear(self) -> list[Answer]:
        """What it is told by now."""
        self.hear_raw()
        found = []
        while self.stream:
            size = int.from_bytes(self.stream[:2], "big")
            found.append(read(self.stream[2 : 2 + size]))
            self.stream = self.stream[2 + size :]
        return found

    def hear_raw(self) -> None:
        for _ in range(4):
            for key, mask in self.selector.select(0.005):
                key.data.handle(key, mask)
            self.server.work(busy=False)
            try:
                self.stream += (said := self.sock.recv(1 << 16))
                self.closed = not said
            except BlockingIOError:
                pass
            except ConnectionResetError:
                self.closed = True

    def close(self) -> None:
        self.sock.close()
        self.server.close()
        self.selector.close()


@pytest.fixture
def meet() -> Iterator[Callable[..., Requestor]]:
    made: list[Requestor] = []

    def make(w: World, files: Files | None = None) -> Requestor:
        made.append(Requestor(w, files))
        return made[-1]

    yield make
    for one in made:
        one.close()


def office(world: Make, **leasequery: Any) -> World:
    document = {
        "version": 1, "globals": {"lifetime": 3600}, "leasequery": {**ALLOWED, **leasequery},
        "subnets": [{"prefix": "192.0.2.0/24", "pools": [{"first": "192.0.2.100", "last": "192.0.2.109"}]}],
    }  # fmt: skip
    snapshot = from_document(validate(document))
    return world(*snapshot.subnets, leasequery=snapshot.leasequery)


Meet = Callable[..., Requestor]


def test_a_lease_is_told_from_its_grant_to_its_end(world: Make, meet: Meet) -> None:
    w = office(world)
    requestor = meet(w)
    assert requestor.send() == []
    w.lease(B, via=RELAY, agent=AGENT)
    (granted,) = requestor.hear()
    assert (granted.kind, granted.ciaddr, granted.hw) == (LEASEACTIVE, "192.0.2.100", B.hw)
    assert (granted.options[61], granted.options[82], granted.number(51)) == (B.client_id, AGENT, 3600)
    w.pass_(600)
    w.renew(B, "192.0.2.100")
    (renewed,) = requestor.hear()
    assert (renewed.kind, renewed.number(51), renewed.number(153)) == (LEASEACTIVE, 3600, 600)
    w.pass_(60)
    w.release(B, "192.0.2.100")
    (ended,) = requestor.hear()
    assert (ended.kind, ended.ciaddr, ended.options[156], ended.hw) == (LEASEUNASSIGNED, "192.0.2.100", b"\4", b"")
    assert requestor.hear() == [], "and no more"


def test_an_offer_is_no_lease_and_is_not_told(world: Make, meet: Meet) -> None:
    w = office(world)
    requestor = meet(w)
    requestor.send()
    w.discover(A)
    assert requestor.hear() == []


def test_nothing_is_told_before_its_commit(world: Make, meet: Meet) -> None:
    """The ACK leaves after the commit, and so does what is told: at that moment it is in SQL."""
    w = office(world)
    requestor = meet(w)
    requestor.send()
    told: list[int] = []
    w.store.before_commit.append(lambda: told.append(len(requestor.hear())))
    w.lease(A)
    assert told == [0], "nothing before the commit"
    assert is_active(w.row("192.0.2.100"), w.now)
    assert len(requestor.hear()) == 1


def test_who_comes_back_hears_what_it_missed(world: Make, meet: Meet) -> None:
    w = office(world)
    w.lease(A)
    w.pass_(100)
    first = meet(w)
    (_, status) = first.send(options={154: int(w.now - 100).to_bytes(4, "big")})
    assert (status.kind, status.options[151]) == (LEASEQUERYSTATUS, b"\7")
    first.close()
    w.pass_(1)
    w.lease(B)
    again = meet(w)
    (missed, status) = again.send(options={154: status.options[152]})
    assert (missed.ciaddr, status.options[151]) == ("192.0.2.101", b"\7")


@pytest.mark.parametrize("said", [{"active": False}, {"active": False, "active_insecure": False}])
def test_where_it_is_not_active_it_is_refused_and_closed(world: Make, meet: Meet, said: dict[str, bool]) -> None:
    """RFC 7724 8.1: neither it nor its being unprotected is the default."""
    requestor = meet(office(world, **said))
    (refused,) = requestor.send()
    assert (refused.kind, refused.options[151][0]) == (LEASEQUERYSTATUS, 4)
    assert (requestor.hear(), requestor.closed) == ([], True)


def test_tls_is_refused_by_its_name(world: Make, meet: Meet) -> None:
    requestor = meet(office(world))
    (refused,) = requestor.send(TLS)
    assert (refused.kind, refused.options[151][0]) == (TLS, 8)
    assert not requestor.closed, "it is the requestor that leaves"


def test_where_tls_is_required_it_begins_when_asked_for_and_nothing_is_told_without(
    world: Make, meet: Meet, tmp_path: Path
) -> None:
    """What is said over it: tests/dhcpcore/net/test_tls.py."""
    authority = Authority(tmp_path, "authority")
    certificate, key = authority.certify("server")
    files = Files(certificate=certificate, key=key, requestors_ca=authority.file)
    w = office(world, active_insecure=False, tls="required")
    requestor = meet(w, files)
    (refused,) = requestor.send()
    assert (refused.kind, refused.options[151][0], requestor.closed) == (LEASEQUERYSTATUS, 4, True)
    requestor = meet(w, files)
    (begun,) = requestor.send(TLS)
    assert (begun.kind, 151 in begun.options) == (TLS, False)
    requestor.sock.sendall(b"in clear\r\n")
    requestor.hear_raw()
    assert requestor.closed
