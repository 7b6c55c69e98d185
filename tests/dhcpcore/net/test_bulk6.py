"""Leasequery of DHCPv6 over real connections: what is asked by TCP, what is told, and who is not.  RFC 5460."""

from __future__ import annotations

import logging
import random
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dhcpcore.lease.bulk import QUERIES_MAX
from dhcpcore.lease.bulk6 import Session6
from dhcpcore.net.bulk import IDLE_S_MAX, UNSENT_OCTETS_MAX
from dhcpcore.store.leases import SWEEP_ROWS
from tests.packets6 import (
    LEASEQUERY_DATA,
    LEASEQUERY_DONE,
    LEASEQUERY_REPLY,
    SOLICIT,
    address,
    ia_na,
    message,
    option,
    relayed,
)
from tests.playbook6 import DUID, OFFICE, OTHER_SERVER, Client6, World6, server
from tests.requestors6 import (
    ASKS,
    BY_ADDRESS,
    BY_CLIENT,
    BY_LINK,
    BY_RELAY,
    BY_REMOTE,
    MAY_ASK,
    Bulk6,
    a_lease,
    framed,
    kinds,
    lq,
    put,
    query,
    told_of,
)

A, B, C = Client6(1), Client6(2), Client6(3)
LAB = {"prefix": "2001:db8:2::/64", "name": "lab"}
LINK, OTHER_LINK = "2001:db8:1::", "2001:db8:2::1"
RELAY, LINE = Client6(0x77).duid, b"\0\0\0\x09line-1"
BEHIND = option(18, b"p1") + option(53, RELAY) + option(37, LINE)


@pytest.fixture
def w(tmp_path: Path) -> Iterator[World6]:
    made = World6(tmp_path, OFFICE, LAB, leasequery=MAY_ASK)
    yield made
    made.close()


@pytest.fixture
def bulk(w: World6) -> Iterator[Bulk6]:
    made = Bulk6(w)
    yield made
    made.close()


def fill(w: World6, count: int) -> None:
    put(w, *(a_lease(w, f"2001:db8:1::{n:x}", Client6(n)) for n in range(1, count + 1)))


def some_leases(w: World6) -> None:
    put(w, a_lease(w, "2001:db8:1::1", A, agent=BEHIND), a_lease(w, "2001:db8:f::", A, plen=56, iaid=2),
        a_lease(w, "2001:db8:1::2", B, agent=option(37, b"\0\0\0\x09line-2")),
        a_lease(w, "2001:db8:2::1", A, iaid=3, subnet=1), a_lease(w, "2001:db8:2::3", C, subnet=1, agent=BEHIND),
        a_lease(w, "2001:db8:1::9", C, state=2, agent=BEHIND), a_lease(w, "2001:db8:1::a", C, expires=0))  # fmt: skip


def told(bulk: Bulk6, *queries: bytes) -> list[tuple[int, list[str]]]:
    """Whose leases, by the client's number, and which, of an answer that is as it has to be."""
    answers = bulk.ask(*queries)
    assert kinds(answers) == [LEASEQUERY_REPLY, *[LEASEQUERY_DATA] * (len(answers) - 2), LEASEQUERY_DONE]
    assert (answers[0].get(1), answers[0].get(2)) == (ASKS.duid, DUID)
    found = [told_of(one) for one in answers[:-1]]
    return [(int.from_bytes(one.duid[-2:], "big"), [name for name, *_ in one.leased]) for one in found if one]


class TestWhatIsTold:
    @pytest.mark.parametrize(
        ("asks", "found"),
        [
            (query(BY_LINK, link=LINK), [(1, ["2001:db8:1::1", "2001:db8:f::/56"]), (2, ["2001:db8:1::2"])]),
            (query(BY_LINK, link=OTHER_LINK), [(1, ["2001:db8:2::1"]), (3, ["2001:db8:2::3"])]),
            (query(BY_RELAY, option(53, RELAY)), [(1, ["2001:db8:1::1"]), (3, ["2001:db8:2::3"])]),
            (query(BY_RELAY, option(53, RELAY), link=LINK), [(1, ["2001:db8:1::1"])]),
            (query(BY_REMOTE, option(37, LINE)), [(1, ["2001:db8:1::1"]), (3, ["2001:db8:2::3"])]),
            (query(BY_REMOTE, option(37, LINE), link=OTHER_LINK), [(3, ["2001:db8:2::3"])]),
            (query(BY_CLIENT, A.id), [(1, ["2001:db8:1::1", "2001:db8:f::/56"]), (1, ["2001:db8:2::1"])]),
            (query(BY_CLIENT, A.id, link=OTHER_LINK), [(1, ["2001:db8:2::1"])]),
            (query(BY_ADDRESS, address("2001:db8:1::2")), [(2, ["2001:db8:1::2"])]),
            (query(BY_ADDRESS, address("2001:db8:f:1::1")), [(1, ["2001:db8:1::1", "2001:db8:f::/56"])]),
        ],
        ids=["link", "another link", "relay-id", "relay-id of a link", "remote-id", "remote-id of a link", "client",
             "client of a link", "address", "address in a prefix"],
    )  # fmt: skip
    def test_by_everything_that_it_can_be_by(
        self, w: World6, bulk: Bulk6, asks: bytes, found: list[tuple[int, list[str]]]
    ) -> None:
        some_leases(w)
        assert [(who, sorted(what)) for who, what in told(bulk, asks)] == found

    @pytest.mark.parametrize(
        "asks",
        [query(BY_LINK, link=LINK), query(BY_RELAY, option(53, RELAY)), query(BY_REMOTE, option(37, LINE)),
         query(BY_CLIENT, A.id), query(BY_ADDRESS, address("2001:db8:1::1"))],
        ids=["link", "relay-id", "remote-id", "client", "address"],
    )  # fmt: skip
    def test_where_there_is_nothing_the_reply_is_all(self, w: World6, bulk: Bulk6, asks: bytes) -> None:
        put(w, a_lease(w, "2001:db8:1::1", B, state=2), a_lease(w, "2001:db8:2::1", C, subnet=1))
        (only,) = bulk.ask(asks)
        assert (only.kind, only.codes) == (LEASEQUERY_REPLY, [2, 1])

    @pytest.mark.parametrize(
        ("asks", "status"),
        [(query(0), 7), (query(9, link=LINK), 7), (query(BY_LINK), 8), (query(BY_RELAY), 8),
         (query(BY_RELAY, option(37, LINE)), 8), (query(BY_REMOTE, option(37, b"\0\0\0\x09")), 8),
         (query(BY_REMOTE, option(53, RELAY)), 8), (query(BY_CLIENT), 8), (query(BY_ADDRESS), 8),
         (message(14, ASKS.id), 8), (query(BY_LINK, link="2001:db8:9::"), 9), (query(BY_CLIENT, A.id, link="::1"), 9)],
        ids=["type 0", "type 9", "no link", "no relay-id", "another option", "short remote-id", "another option too",
             "no client", "no address", "no query", "unknown link", "unknown link of a client"],
    )  # fmt: skip
    def test_what_is_wrong_has_a_status_and_the_connection_goes_on(
        self, w: World6, bulk: Bulk6, asks: bytes, status: int
    ) -> None:
        some_leases(w)
        refusal, *others = bulk.ask(asks, query(BY_ADDRESS, address("2001:db8:1::2")))
        assert (refusal.kind, refusal.status, refusal.get(45)) == (LEASEQUERY_REPLY, status, None)
        assert kinds(others) == [LEASEQUERY_REPLY, LEASEQUERY_DONE]

    def test_queries_of_one_connection_are_answered_one_after_the_other(self, w: World6, bulk: Bulk6) -> None:
        some_leases(w)
        count = QUERIES_MAX + 4
        answers = bulk.ask(*(query(BY_CLIENT, B.id, xid=bytes((0, 0, n))) for n in range(count)))
        assert [(one.kind, one.xid[2]) for one in answers] == [
            (kind, n) for n in range(count) for kind in (LEASEQUERY_REPLY, LEASEQUERY_DONE)
        ]  # fmt: skip

    def test_a_table_longer_than_a_slice_is_told_whole_and_each_once(self, w: World6, bulk: Bulk6) -> None:
        fill(w, 2 * SWEEP_ROWS + 7)
        found = told(bulk, query(BY_LINK, link=LINK))
        assert [who for who, _ in found] == list(range(1, 2 * SWEEP_ROWS + 8))

    def test_rows_of_dhcpv4_and_of_other_spaces_are_not_told(self, w: World6, bulk: Bulk6) -> None:
        v4 = a_lease(w, "2001:db8:1::1", A, agent=BEHIND)._replace(kind=4, address=b"\x0a\0\0\1", plen=32)
        put(w, v4, a_lease(w, "2001:db8:1::1", B, agent=BEHIND, space=3))
        assert kinds(bulk.ask(query(BY_RELAY, option(53, RELAY)))) == [LEASEQUERY_REPLY]

    def test_relay_options_that_are_none_name_nobody(self, w: World6, bulk: Bulk6) -> None:
        put(w, a_lease(w, "2001:db8:1::1", A, agent=b"\0\x25\0"))
        assert kinds(bulk.ask(query(BY_REMOTE, option(37, LINE)))) == [LEASEQUERY_REPLY]


class TestConnections:
    @pytest.mark.parametrize(
        "data",
        [framed(message(SOLICIT, A.id, ia_na())), framed(message(16, ASKS.id)), framed(b"\x0e\0"), framed(b""),
         framed(message(14, ASKS.id, server(OTHER_SERVER), lq(BY_CLIENT, A.id))),
         framed(relayed(query(BY_CLIENT, A.id))), b"\xff\xff"],
        ids=["solicit", "done", "short", "empty", "of another server", "relayed", "too long"],
    )  # fmt: skip
    def test_what_is_no_leasequery_ends_the_connection(self, bulk: Bulk6, data: bytes) -> None:
        sock = bulk.connect()
        sock.sendall(data)
        bulk.finish()
        assert sock.recv(100) == b""

    def test_who_is_no_requestor_is_closed_at_once(
        self, w: World6, bulk: Bulk6, caplog: pytest.LogCaptureFixture
    ) -> None:
        w.apply({"subnets": [OFFICE], "leasequery": {"enabled": True, "requestors": ["2001:db8::/32", "127.0.0.1"]}})
        with caplog.at_level(logging.INFO):
            assert bulk.connect().recv(100) == b""
        assert "BULK-LEASEQUERY-REFUSED: ::1 is none of the requestors" in caplog.text

    def test_while_it_is_not_enabled_nothing_listens(self, tmp_path: Path) -> None:
        w = World6(tmp_path, OFFICE)
        bulk = Bulk6(w)
        try:
            with pytest.raises(ConnectionRefusedError):
                bulk.connect()
            w.apply({"subnets": [OFFICE], "leasequery": MAY_ASK})
            bulk.server.work(busy=False)
            assert kinds(bulk.ask(query(BY_LINK, link=LINK))) == [LEASEQUERY_REPLY]
        finally:
            bulk.close()
            w.close()

    def test_who_is_taken_from_the_list_is_told_no_more(self, w: World6, bulk: Bulk6) -> None:
        fill(w, SWEEP_ROWS + 5)
        sock = bulk.connect()
        sock.sendall(framed(query(BY_LINK, link=LINK)))
        bulk.turn()
        bulk.server.work(busy=False)
        w.apply({"subnets": [OFFICE, LAB], "leasequery": {"enabled": True, "requestors": ["2001:db8::9"]}})
        answers = bulk.heard(sock)
        assert (answers[0].kind, answers[-1].kind, answers[-1].status) == (LEASEQUERY_REPLY, LEASEQUERY_DONE, 10)
        assert sock.recv(1) == b""

    def test_where_tls_is_required_nothing_is_told(self, w: World6, bulk: Bulk6) -> None:
        some_leases(w)
        w.apply({"subnets": [OFFICE, LAB], "leasequery": {**MAY_ASK, "tls": "required"}})
        sock = bulk.connect()
        sock.sendall(framed(query(BY_LINK, link=LINK)))
        (only,) = bulk.heard(sock)
        assert (only.status, sock.recv(1)) == (10, b"")

    def test_who_says_nothing_for_long_is_closed(self, bulk: Bulk6) -> None:
        idle = bulk.connect()
        bulk.monotonic += IDLE_S_MAX + 1
        bulk.server.work(busy=False)
        assert idle.recv(1) == b""

    def test_one_slice_at_a_time_and_rarer_while_packets_come(self, w: World6, bulk: Bulk6) -> None:
        fill(w, 3 * SWEEP_ROWS)
        sock = bulk.connect()
        sock.sendall(framed(query(BY_LINK, link=LINK)))
        bulk.turn()
        (peer,) = bulk.server._peers.values()
        session: Any = peer.session
        assert bulk.server.work(busy=True) > 0
        assert session.told == SWEEP_ROWS
        assert bulk.server.work(busy=False) == 0.0
        assert session.told == 2 * SWEEP_ROWS

    def test_who_does_not_read_is_told_no_more_and_holds_up_nobody(self, w: World6, bulk: Bulk6) -> None:
        fill(w, 3000)
        lazy = bulk.connect()
        (stuck,) = bulk.server._peers.values()
        stuck.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        lazy.sendall(framed(query(BY_LINK, link=LINK)) * 20)
        bulk.finish()
        assert stuck.session.asked is not None
        assert UNSENT_OCTETS_MAX < len(stuck.session.out) < 2 * UNSENT_OCTETS_MAX + SWEEP_ROWS * 400
        assert kinds(bulk.ask(query(BY_CLIENT, A.id))) == [LEASEQUERY_REPLY, LEASEQUERY_DONE]


def test_no_octets_do_harm(w: World6) -> None:
    some_leases(w)
    rows, _ = w.store.rows(None)
    dice = random.Random(5007)
    whole = b"".join(framed(query(kind, A.id, option(53, RELAY), option(37, LINE), address("2001:db8:1::1"), link=LINK))
                     for kind in range(7))  # fmt: skip
    for _ in range(500):
        data = bytearray(whole)
        for _ in range(dice.randrange(6)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        session = Session6(DUID, lambda: w.engine.links)
        session.receive(bytes(data[: dice.randrange(len(data))]), w.now)
        while session.asked is not None:
            session.tell(rows, None, w.now, w.engine.snapshot)
