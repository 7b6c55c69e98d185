"""Bulk leasequery, octets in and octets out: RFC 6926, each promise with its "does not"."""

from __future__ import annotations

import random
from typing import Any

import pytest

from dhcpcore.lease.bulk import MESSAGE_OCTETS_MAX, QUERIES_MAX, Session
from dhcpcore.lease.model import NEVER, Lease, LeaseKey, State
from dhcpcore.lease.telling import Status, lifetimes_of
from dhcpcore.topology.snapshot import Lifetimes, Pool, Snapshot, Subnet
from tests.packets4 import (
    BULKLEASEQUERY,
    DISCOVER,
    LEASEACTIVE,
    LEASEQUERY,
    LEASEQUERYDONE,
    LEASEUNASSIGNED,
    Answer,
    Client,
    client,
    ip,
    read,
    request,
)

NOW = 1_700_000_000
SERVER = ip("192.0.2.1")
NOBODY = Client(b"", htype=0)
A, B = client(1), client(2, b"\x01\x02\x00\x00\x00\x00\x02")
HOME, AWAY = b"\x02\x04home\x0c\x04edge", b"\x02\x04away"
SNAPSHOT = Snapshot(
    1,
    (
        Subnet(
            1, 4, 0, ip("192.0.2.0"), 24, "office", lifetimes=Lifetimes(3600, renew_s=600, rebind_s=1200),
            pools=(Pool(1, 4, ip("192.0.2.200"), ip("192.0.2.210"), 32, lifetimes=Lifetimes(3600)),),
        ),
    ),
)  # fmt: skip


def row(last: int, who: Client = A, *, state: int = State.LEASED, expires: int = NOW + 3000, cltt: int = NOW - 600,
        agent: bytes = b"", space: int = 0, subnet: int = 1) -> Lease:  # fmt: skip
    return Lease(space, 4, ip(f"192.0.2.{last}"), 32, who.identity, b"\x01" + who.hw, state, expires, cltt, subnet, 1,
                 1, "", b"", agent)  # fmt: skip


def framed(message: bytes) -> bytes:
    return len(message).to_bytes(2, "big") + message


def query(who: Client = NOBODY, *, kind: int = BULKLEASEQUERY, xid: int = 7, **fields: Any) -> bytes:
    return framed(request(kind, who, xid, **fields))


def between(since: int | None = None, until: int | None = None) -> dict[int, bytes]:
    times = {154: since, 155: until}
    return {code: at.to_bytes(4, "big") for code, at in times.items() if at is not None}


def said(session: Session) -> list[Answer]:
    """What it sends, frame by frame."""
    stream, found = bytes(session.out), []
    session.out.clear()
    while stream:
        size = int.from_bytes(stream[:2], "big")
        found.append(read(stream[2 : 2 + size]))
        stream = stream[2 + size :]
    return found


def answered(sent: bytes, *rows: Lease, now: int = NOW) -> list[Answer]:
    """The answers to one query where these are the rows of the table."""
    session = Session(SERVER)
    session.receive(sent, now)
    while session.asked is not None:
        session.tell(rows, None, now, lifetimes_of(SNAPSHOT))
    return said(session)


class TestAnswers:
    def test_a_binding_is_told_with_its_state_and_times_and_then_the_end(self) -> None:
        active, end = answered(query(), row(100, B, agent=HOME))
        assert (active.kind, active.xid, active.ciaddr, active.hw) == (LEASEACTIVE, 7, "192.0.2.100", B.hw)
        assert active.address(54) == "192.0.2.1"
        assert (active.number(152), active.options[156], active.options[157]) == (NOW, b"\x02", b"\0")
        assert (active.number(51), active.number(91), active.number(59)) == (3000, 600, 600)
        assert 58 not in active.options, "T1 has passed just now"
        assert (active.options[61], active.options[82]) == (B.client_id, HOME)
        assert (end.kind, end.xid, end.number(152)) == (LEASEQUERYDONE, 7, NOW)
        assert 151 not in end.options, "it went well"

    def test_t1_and_t2_are_those_of_the_pool(self) -> None:
        active, _ = answered(query(), row(200))
        assert (active.number(58), active.number(59)) == (1200, 2550)

    def test_a_deleted_subnet_s_lease_is_told_with_the_usual_shares(self) -> None:
        active, _ = answered(query(), row(100, subnet=99))
        assert active.number(58) == 1200

    def test_a_lease_without_end(self) -> None:
        active, _ = answered(query(), row(100, expires=NEVER))
        assert active.number(51) == 0xFFFF_FFFF
        assert {58, 59}.isdisjoint(active.options)

    @pytest.mark.parametrize(
        ("of", "state", "since"),
        [
            (row(100, expires=NOW), 3, 0),
            (row(100, state=State.EXPIRED, expires=NOW - 50), 3, 50),
            (row(100, state=State.RELEASED, expires=NOW - 50), 4, 50),
            (row(100, state=State.DECLINED, expires=NOW + 900, cltt=NOW - 20), 5, 20),
        ],
    )
    def test_what_is_over_is_told_without_its_client(self, of: Lease, state: int, since: int) -> None:
        over, end = answered(query(), of)
        assert (over.kind, over.ciaddr, over.hw, end.kind) == (LEASEUNASSIGNED, "192.0.2.100", b"", LEASEQUERYDONE)
        assert (over.options[156], over.number(153), over.number(152)) == (bytes((state,)), since, NOW)
        assert set(over.options) == {53, 54, 152, 153, 156, 157}

    def test_only_what_option_55_lists(self) -> None:
        active, _ = answered(query(options={55: bytes((51,))}), row(100, B, agent=HOME))
        assert set(active.options) == {51, 53, 54, 152, 156, 157}

    def test_nothing_found_is_an_end_alone(self) -> None:
        assert [answer.kind for answer in answered(query(A), row(100, B))] == [LEASEQUERYDONE]


class TestWhatIsAskedFor:
    OTHER_SPACE = row(103, client(4), space=1, agent=HOME)
    ROWS = (row(100, A, agent=HOME), row(101, B, agent=AWAY), row(102, client(3)), OTHER_SPACE)

    @pytest.mark.parametrize(
        ("asked", "found"),
        [
            ({}, [100, 101, 102]),
            ({"who": A}, [100]),
            ({"who": Client(B.hw)}, [101]),
            ({"who": Client(b"", B.client_id, 0)}, [101]),
            ({"agent": b"\x02\x04home"}, [100]),
            ({"agent": b"\x02\x04hom"}, None),
            ({"agent": b"\x0c\x04edge"}, [100]),
            ({"agent": b"\x0c\x04home"}, []),
        ],
    )
    def test_by_everything_that_it_can_be_by(self, asked: dict[str, Any], found: list[int] | None) -> None:
        *bindings, end = answered(query(**asked), *self.ROWS)
        if found is None:
            assert (bindings, end.options[151][0]) == ([], Status.MALFORMED_QUERY)
        else:
            assert [int(answer.ciaddr.rpartition(".")[2]) for answer in bindings] == found
            assert 151 not in end.options

    @pytest.mark.parametrize(
        ("asked", "found"),
        [
            (between(), [100, 101, 102]),
            (between(NOW - 600), [100, 101]),
            (between(NOW - 599), [101]),
            (between(None, NOW - 600), [100, 102]),
            (between(NOW - 600, NOW - 600), [100]),
            (between(NOW + 1), []),
        ],
    )
    def test_by_when_it_changed_last(self, asked: dict[int, bytes], found: list[int]) -> None:
        """A renewal, a release, and an end that nobody swept yet, are changes.  RFC 6926 7.2."""
        rows = (row(100), row(101, state=State.RELEASED, expires=NOW - 5), row(102, expires=NOW - 900, cltt=NOW - 4500))
        *bindings, _ = answered(query(options=asked), *rows)
        assert [int(answer.ciaddr.rpartition(".")[2]) for answer in bindings] == found

    def test_what_an_index_finds_is_not_looked_for_in_the_table(self) -> None:
        session = Session(SERVER)
        wanted = []
        by = ({"who": A}, {"who": Client(b"", B.client_id, 0)}, {"agent": HOME[:6]}, {})
        for sent in (query(**fields) for fields in by):
            session.receive(sent, NOW)
            wanted.append(session.wants())
            session.tell((), None, NOW, lifetimes_of(SNAPSHOT))
        by_hw, by_id, by_remote, everything = wanted
        assert by_hw.clients == {A.identity, b"\x01\x01" + A.hw}
        assert by_id.clients == {B.identity}
        assert by_remote is everything is None


class TestStream:
    def test_octet_by_octet_and_all_at_once_are_the_same(self) -> None:
        stream = query(xid=1) + query(A, xid=2)
        session = Session(SERVER)
        for at in range(len(stream)):
            session.receive(stream[at : at + 1], NOW)
        once = Session(SERVER)
        once.receive(stream, NOW)
        for one in (session, once):
            while one.asked is not None:
                one.tell((row(100),), None, NOW, lifetimes_of(SNAPSHOT))
        assert bytes(session.out) == bytes(once.out)
        assert [(answer.kind, answer.xid) for answer in said(once)] == [
            (LEASEACTIVE, 1), (LEASEQUERYDONE, 1), (LEASEACTIVE, 2), (LEASEQUERYDONE, 2),
        ]  # fmt: skip

    def test_slices_of_the_table_are_told_as_they_come(self) -> None:
        session = Session(SERVER)
        session.receive(query(), NOW)
        following: LeaseKey = row(100).key
        session.tell((row(100),), following, NOW, lifetimes_of(SNAPSHOT))
        assert (session.after, [answer.kind for answer in said(session)]) == (following, [LEASEACTIVE])
        session.tell((row(101),), None, NOW, lifetimes_of(SNAPSHOT))
        assert [answer.kind for answer in said(session)] == [LEASEACTIVE, LEASEQUERYDONE]
        assert (session.asked, session.after, session.told) == (None, None, 2)

    @pytest.mark.parametrize(
        "sent",
        [
            query(ciaddr="192.0.2.1"),
            query(kind=LEASEQUERY),
            query(kind=DISCOVER),
            query(options=between(2, 1)),
            query(options={154: b"\0\1"}),
            query(agent=b"\x02\x09home"),
            query(Client(b"", b"\x01" + bytes(255), 0)),
        ],
    )
    def test_a_query_that_is_none_is_told_so_and_the_next_is_answered(self, sent: bytes) -> None:
        session = Session(SERVER)
        session.receive(sent + query(xid=8), NOW)
        (refused,) = said(session)
        assert (refused.kind, refused.xid, refused.options[151][0]) == (LEASEQUERYDONE, 7, Status.MALFORMED_QUERY)
        assert len(refused.options[151]) > 1, "and why, in words"
        assert session.asked is not None
        assert not session.closing

    def test_a_query_by_two_things_is_not_allowed(self) -> None:
        """RFC 6926 8.2."""
        (refused,) = answered(query(A, agent=HOME[:6]))
        assert (refused.kind, refused.options[151][0]) == (LEASEQUERYDONE, Status.NOT_ALLOWED)

    def test_the_first_answer_to_each_query_alone_has_our_identifier(self) -> None:
        """RFC 6926 8.3."""
        found = answered(query(xid=1) + query(xid=2) + query(Client(bytes(6)), xid=3), row(100), row(101))
        assert [(answer.xid, 54 in answer.options) for answer in found] == [
            (1, True), (1, False), (1, False), (2, True), (2, False), (2, False), (3, True),
        ]  # fmt: skip

    TOO_LONG = (MESSAGE_OCTETS_MAX + 1).to_bytes(2, "big")

    @pytest.mark.parametrize("sent", [framed(b""), framed(b"GET / HTTP/1.1\r\n"), TOO_LONG])
    def test_octets_that_are_no_message_end_the_connection(self, sent: bytes) -> None:
        session = Session(SERVER)
        session.receive(sent + query(), NOW)
        assert session.closing
        assert (said(session), session.asked) == ([], None)

    def test_only_so_many_queries_wait(self) -> None:
        session = Session(SERVER)
        for xid in range(QUERIES_MAX + 1):
            session.receive(query(xid=xid), NOW)
        (refused,) = said(session)
        assert (refused.xid, refused.options[151][0]) == (QUERIES_MAX, Status.QUERY_TERMINATED)

    def test_who_may_not_ask_any_more_is_told_so(self) -> None:
        session = Session(SERVER)
        session.receive(query(xid=1) + query(xid=2), NOW)
        session.tell((row(100),), row(100).key, NOW, lifetimes_of(SNAPSHOT))
        session.refuse(NOW)
        assert [(answer.kind, answer.xid) for answer in said(session)] == [
            (LEASEACTIVE, 1), (LEASEQUERYDONE, 1), (LEASEQUERYDONE, 2),
        ]  # fmt: skip
        assert session.closing

    def test_whatever_is_sent_nothing_breaks(self) -> None:
        dice = random.Random(6926)
        whole = query(A) + query(agent=HOME) + query(options=between(1, 2)) + query(Client(b"", b"\x01abc", 0))
        for _ in range(2_000):
            data = bytearray(whole)
            for _ in range(dice.randrange(6)):
                data[dice.randrange(len(data))] = dice.randrange(256)
            session = Session(SERVER)
            session.receive(bytes(data[: dice.randrange(len(data))]), NOW)
            while session.asked is not None:
                session.wants()
                session.tell((row(100, agent=dice.randbytes(7)),), None, NOW, lifetimes_of(SNAPSHOT))
            said(session)
