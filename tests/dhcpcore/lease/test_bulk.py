"""Bulk leasequery, octets in and octets out: RFC 6926, each promise with its "does not"."""

from __future__ import annotations

import random
from typing import Any

import pytest

from dhcpcore.lease.bulk import MESSAGE_OCTETS_MAX, QUERIES_MAX, TOLD_MAX, Session
from dhcpcore.lease.configured import merged, ranges_of
from dhcpcore.lease.facts import Facts
from dhcpcore.lease.model import NEVER, Close, Lease, LeaseKey, State
from dhcpcore.lease.telling import Holding, Status
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
            pools=(  # Excluded, so that it gives out nothing: of what nobody ever had, tests of its own tell.
                Pool(1, 4, ip("192.0.2.200"), ip("192.0.2.210"), 32, lifetimes=Lifetimes(3600),
                     excluded=((ip("192.0.2.200"), ip("192.0.2.210")),)),
            ),
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


def answered(
    sent: bytes, *rows: Lease, now: int = NOW, snapshot: Snapshot = SNAPSHOT, **held: Holding
) -> list[Answer]:
    """The answers to one query where these are the rows of the table; ``held``: by what they end in, as ``_100``."""
    session = Session(SERVER)
    session.receive(sent, now)
    holdings = {one.key: held[f"_{one.address[3]}"] for one in rows if f"_{one.address[3]}" in held}
    while session.asked is not None:
        last = session.after
        rest = [one for one in rows if last is None or one.key > last]
        session.tell(rest, None, now, snapshot, holdings)
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
            (row(100, state=State.DECLINED, expires=NOW - 30, cltt=NOW - 90), 1, 30),
        ],
    )
    def test_what_is_over_is_told_without_its_client(self, of: Lease, state: int, since: int) -> None:
        over, end = answered(query(), of)
        assert (over.kind, over.ciaddr, over.hw, end.kind) == (LEASEUNASSIGNED, "192.0.2.100", b"", LEASEQUERYDONE)
        assert (over.options[156], over.number(153), over.number(152)) == (bytes((state,)), since, NOW)
        lasts = {51} if state == 5 else set()
        assert set(over.options) == {53, 54, 91, 152, 153, 156, 157} | lasts
        assert not lasts or over.number(51) == 900, "what is left of the probation.  RFC 6926 8.3"

    def test_since_when_it_is_held_the_history_tells(self) -> None:
        """RFC 6926 8.3: start-time-of-state, of renewed leases too; where it is asked for."""
        held = Holding(NOW - 9000, None)
        (active, _) = answered(query(), row(100), _100=held)
        assert (active.number(153), active.number(91)) == (9000, 600)
        for other in (answered(query(options={55: bytes((51, 91))}), row(100), _100=held), answered(query(), row(100))):
            assert 153 not in other[0].options

    def test_what_an_administrator_took_back_is_reset_and_what_its_client_gave_back_is_released(self) -> None:
        """RFC 6926 6.2.7."""
        over = row(100, state=State.RELEASED, expires=NOW - 50)
        for ended, state in ((Close.REVOKED, 6), (Close.RELEASED, 4), (Close.MOVED, 4)):
            (answer, _) = answered(query(), over, _100=Holding(NOW - 9000, ended))
            assert (answer.options[156], answer.number(153)) == (bytes((state,)), 50)

    def test_only_what_option_55_lists_of_what_is_over(self) -> None:
        (over, _) = answered(query(options={55: bytes((51, 91))}), row(100, state=State.EXPIRED, expires=NOW - 50))
        assert set(over.options) == {53, 54, 91, 152, 156, 157}

    def test_only_what_option_55_lists(self) -> None:
        active, _ = answered(query(options={55: bytes((51,))}), row(100, B, agent=HOME))
        assert set(active.options) == {51, 53, 54, 152, 156, 157}

    def test_nothing_found_is_an_end_alone(self) -> None:
        assert [answer.kind for answer in answered(query(A), row(100, B))] == [LEASEQUERYDONE]


class TestWhatIsAskedFor:
    OTHER_SPACE = row(103, client(4), space=1, agent=HOME)
    #: What is over is told to who asks for everything alone.  RFC 6926 8.2.
    OVER = row(105, A, state=State.RELEASED, expires=NOW - 5, agent=HOME)
    ROWS = (row(100, A, agent=HOME), row(101, B, agent=AWAY), row(102, client(3)), OVER, OTHER_SPACE)

    @pytest.mark.parametrize(
        ("asked", "found"),
        [
            ({}, [100, 101, 102, 105]),
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
            (between(), [100, 101, 102, 103]),
            (between(NOW - 600), [100, 101]),
            (between(NOW - 599), [101]),
            (between(None, NOW - 600), [100, 101, 102, 103]),
            (between(NOW - 4000, NOW - 3000), []),
            (between(NOW - 9000, NOW - 8000), [103]),
            (between(NOW - 9000, NOW - 8001), []),
            (between(NOW - 600, NOW - 600), [100, 101]),
            (between(NOW + 1), []),
        ],
    )
    def test_by_when_it_changed_last(self, asked: dict[int, bytes], found: list[int]) -> None:
        """A renewal, a release, an end that nobody swept yet, are changes; and when it came to be held: RFC 6926."""
        rows = (
            row(100), row(101, state=State.RELEASED, expires=NOW - 5), row(102, expires=NOW - 900, cltt=NOW - 4500),
            row(103, expires=NOW + 9, cltt=NOW - 700),
        )  # fmt: skip
        *bindings, _ = answered(query(options=asked), *rows, _103=Holding(NOW - 8000, None))
        assert [int(answer.ciaddr.rpartition(".")[2]) for answer in bindings] == found

    def test_what_an_index_finds_is_not_looked_for_in_the_table(self) -> None:
        session = Session(SERVER)
        wanted = []
        by = ({"who": A}, {"who": Client(b"", B.client_id, 0)}, {"agent": HOME[:6]}, {})
        for sent in (query(**fields) for fields in by):
            session.receive(sent, NOW)
            wanted.append(session.wants(Facts(), NOW))
            session.tell((), None, NOW, SNAPSHOT)
        by_hw, by_id, by_remote, everything = wanted
        assert by_hw.clients == {A.identity, b"\x01\x01" + A.hw}
        assert by_id.clients == {B.identity}
        assert by_remote is everything is None


CUSTOMER, OTHER = b"\x00customer-a", b"\x01\x00\x00\x0c\x00\x00\x01\x02"
ONE = Pool(2, 4, ip("10.0.0.10"), ip("10.0.0.11"), 32)
VPNS = Snapshot(
    2,
    (
        Subnet(1, 4, 0, ip("192.0.2.0"), 24, "office"),
        Subnet(2, 4, 1, ip("10.0.0.0"), 24, "a", vss=CUSTOMER, pools=(ONE,)),
        Subnet(3, 4, 2, ip("10.0.0.0"), 24, "b", vss=OTHER),
        Subnet(4, 4, 3, ip("10.0.0.0"), 24, "nameless"),
    ),
)


class TestVpns:
    """RFC 6926 8.2 and 6.2.9, RFC 6607 7.1: the VPN that option 221 names, or 82.151; all of them by type 254."""

    ROWS = tuple(row(100 + space, client(space), space=space, subnet=space + 1) for space in range(4))

    @pytest.mark.parametrize(
        ("asked", "found"),
        [
            ({}, [(100, None)]),
            ({"options": {221: b"\xff"}}, [(100, b"\xff")]),
            ({"options": {221: CUSTOMER}}, [(101, CUSTOMER), (10, CUSTOMER), (11, CUSTOMER)]),
            ({"options": {221: OTHER}}, [(102, OTHER)]),
            ({"options": {221: OTHER, 55: b"\x33"}}, [(102, OTHER)]),
            ({"agent": b"\x97\x08" + OTHER}, [(102, OTHER)]),
            ({"agent": b"\x97\x08" + OTHER, "options": {221: CUSTOMER}}, [(102, OTHER)]),
            ({"options": {221: b"\xfe"}},
             [(100, None), (101, CUSTOMER), (10, CUSTOMER), (11, CUSTOMER), (102, OTHER)]),
            ({"who": client(2), "options": {221: OTHER}}, [(102, OTHER)]),
            ({"who": client(2), "options": {221: CUSTOMER}}, []),
            ({"who": client(2), "options": {221: b"\xfe"}}, [(102, OTHER)]),
            ({"who": client(2)}, []),
        ],
    )  # fmt: skip
    def test_it_is_told_of_and_named_and_no_other(
        self, asked: dict[str, Any], found: list[tuple[int, bytes | None]]
    ) -> None:
        *bindings, end = answered(query(**asked), *self.ROWS, snapshot=VPNS)
        assert sorted((int(one.ciaddr.rpartition(".")[2]), one.options.get(221)) for one in bindings) == sorted(found)
        assert {151, 221}.isdisjoint(end.options)

    @pytest.mark.parametrize("vpn", [b"\x00customer-b", b"\x02x", b"\x00"])
    def test_of_one_that_no_subnet_names_there_is_nothing_to_tell(self, vpn: bytes) -> None:
        """RFC 6926 8.2: an end without an error, with a useful text.  Never another's addresses."""
        (end,) = answered(query(options={221: vpn}), *self.ROWS, snapshot=VPNS)
        assert (end.kind, end.options[151]) == (LEASEQUERYDONE, b"\0no subnet is of this VPN")

    @pytest.mark.parametrize("vpn", [b"", b"\xffx", b"\xfex"])
    def test_one_that_cannot_be_is_a_malformed_query(self, vpn: bytes) -> None:
        """RFC 6607 3.5."""
        (end,) = answered(query(options={221: vpn}), *self.ROWS, snapshot=VPNS)
        assert end.options[151][0] == Status.MALFORMED_QUERY

    def test_definitions_that_change_under_way_are_followed(self) -> None:
        session = Session(SERVER)
        session.receive(query(options={221: CUSTOMER}), NOW)
        session.tell((self.ROWS[1],), self.ROWS[1].key, NOW, SNAPSHOT)
        (end,) = said(session)
        assert (end.options[151][1:], session.asked) == (b"no subnet is of this VPN", None)


class TestNeverHeld:
    """RFC 6926 8.2: every configured address is told once, of those that nobody ever had that they are available."""

    SOME = Snapshot(
        3,
        (
            Subnet(1, 4, 0, ip("192.0.2.0"), 24, "office", pools=(
                Pool(1, 4, ip("192.0.2.10"), ip("192.0.2.14"), 32, excluded=((ip("192.0.2.12"), ip("192.0.2.12")),)),
                Pool(2, 4, ip("192.0.2.20"), ip("192.0.2.21"), 32),
            )),
            Subnet(2, 4, 1, ip("10.0.0.0"), 24, "elsewhere", pools=(ONE,)),
        ),
    )  # fmt: skip

    @pytest.mark.parametrize(
        ("held", "states"),
        [
            ((), {10: 1, 11: 1, 13: 1, 14: 1, 20: 1, 21: 1}),
            ((10, 14), {10: 2, 11: 1, 13: 1, 14: 2, 20: 1, 21: 1}),
            ((9, 12, 15, 21, 99), {9: 2, 10: 1, 11: 1, 12: 2, 13: 1, 14: 1, 15: 2, 20: 1, 21: 2, 99: 2}),
        ],
    )
    def test_each_is_told_once(self, held: tuple[int, ...], states: dict[int, int]) -> None:
        *told, end = answered(query(), *(row(last) for last in held), snapshot=self.SOME)
        assert {int(one.ciaddr.rpartition(".")[2]): one.options[156][0] for one in told} == states
        assert len(told) == len(states)
        free = next(one for one in told if one.options[156] == b"\1")
        assert (free.kind, free.hw, {91, 153}.isdisjoint(free.options)) == (LEASEUNASSIGNED, b"", True)
        assert end.kind == LEASEQUERYDONE

    @pytest.mark.parametrize("asked", [{"options": between(0)}, {"options": between(None, NOW)}, {"who": A}])
    def test_who_asks_for_changes_or_for_somebody_does_not_hear_of_them(self, asked: dict[str, Any]) -> None:
        assert [one.kind for one in answered(query(**asked), snapshot=self.SOME)] == [LEASEQUERYDONE]

    def test_a_slice_is_a_slice_however_large_a_pool_is(self) -> None:
        large = Snapshot(4, (Subnet(1, 4, 0, ip("10.0.0.0"), 8, "large", pools=(
            Pool(1, 4, ip("10.0.0.1"), ip("10.255.255.254"), 32),)),))  # fmt: skip
        session = Session(SERVER)
        session.receive(query(), NOW)
        session.tell((), None, NOW, large)
        assert len(said(session)) == TOLD_MAX
        assert session.after == (0, 4, (0x0A000000 + TOLD_MAX).to_bytes(4, "big"), 32)

    def test_by_slices_of_any_length_and_with_any_rows_all_are_told_once_and_in_order(self) -> None:
        dice = random.Random(69268)
        for _ in range(300):
            pools, low = [], 1
            while low < 200 and dice.random() < 0.8:
                first, last = (low := low + dice.randrange(1, 30)), (low := low + dice.randrange(30))
                pools.append(Pool(1, 4, bytes((10, 0, 0, first)), bytes((10, 0, 0, min(last, 250))), 32))
            spaces = sorted(dice.sample(range(4), dice.randrange(1, 4)))
            some = Snapshot(1, tuple(
                Subnet(one, 4, one, ip("10.0.0.0"), 24, str(one), pools=tuple(pools)) for one in spaces))  # fmt: skip
            rows = sorted(
                Lease(dice.randrange(5), kind, bytes((10, 0, 0, dice.randrange(256))), 32, b"", b"", 1, 0, 0, 1, 1, 1,
                      "", b"", b"")
                for kind in (3, 4, 4, 4, 6) for _ in range(dice.randrange(8))
            )  # fmt: skip
            rows = list({one.key: one for one in rows}.values())
            ranges = ranges_of(some, spaces)
            want = {one.key for one in rows} | {
                (space, 4, bytes((10, 0, 0, number & 255)), 32)
                for space, first, last in ranges for number in range(first, last + 1)
            }  # fmt: skip
            found: list[LeaseKey] = []
            after: LeaseKey | None = None
            size, limit = dice.randrange(1, 9), dice.randrange(1, 9)
            while True:
                rest = [one for one in rows if after is None or one.key > after]
                told, after = merged(ranges, rest[:size], after, limit, all_rows=len(rest) <= size)
                found += [one.key if isinstance(one, Lease) else one for one in told]
                if after is None:
                    break
            assert found == sorted(want)


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
                one.tell((row(100),), None, NOW, SNAPSHOT)
        assert bytes(session.out) == bytes(once.out)
        assert [(answer.kind, answer.xid) for answer in said(once)] == [
            (LEASEACTIVE, 1), (LEASEQUERYDONE, 1), (LEASEACTIVE, 2), (LEASEQUERYDONE, 2),
        ]  # fmt: skip

    def test_slices_of_the_table_are_told_as_they_come(self) -> None:
        session = Session(SERVER)
        session.receive(query(), NOW)
        following: LeaseKey = row(100).key
        session.tell((row(100),), following, NOW, SNAPSHOT)
        assert (session.after, [answer.kind for answer in said(session)]) == (following, [LEASEACTIVE])
        session.tell((row(101),), None, NOW, SNAPSHOT)
        assert [answer.kind for answer in said(session)] == [LEASEACTIVE, LEASEQUERYDONE]
        assert (session.asked, session.after, session.told) == (None, None, 2)

    @pytest.mark.parametrize(
        "sent",
        [
            query(ciaddr="192.0.2.1"),
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

    @pytest.mark.parametrize("kind", [LEASEQUERY, DISCOVER])
    def test_a_message_that_is_not_for_tcp_ends_the_connection(self, kind: int) -> None:
        """RFC 7724 8.1.1, which updates RFC 6926."""
        session = Session(SERVER)
        session.receive(query(kind=kind) + query(), NOW)
        assert session.closing
        assert (said(session), session.asked) == ([], None)

    TOO_LONG = (MESSAGE_OCTETS_MAX + 1).to_bytes(2, "big")

    @pytest.mark.parametrize("sent", [framed(b""), framed(b"GET / HTTP/1.1\r\n"), TOO_LONG])
    def test_octets_that_are_no_message_end_the_connection(self, sent: bytes) -> None:
        session = Session(SERVER)
        session.receive(sent + query(), NOW)
        assert session.closing
        assert (said(session), session.asked) == ([], None)

    def test_only_so_many_queries_wait_and_what_follows_is_read_later(self) -> None:
        """RFC 6926 8.4."""
        session = Session(SERVER)
        session.receive(b"".join(query(xid=xid) for xid in range(QUERIES_MAX + 2)), NOW)
        assert session.full
        session.tell((), None, NOW, SNAPSHOT)
        assert session.full, "the next one was there already"
        for _ in range(QUERIES_MAX + 1):
            session.tell((), None, NOW, SNAPSHOT)
        assert [answer.xid for answer in said(session)] == list(range(QUERIES_MAX + 2))
        assert (session.full, session.asked) == (False, None)

    def test_who_may_not_ask_any_more_is_told_so(self) -> None:
        session = Session(SERVER)
        session.receive(query(xid=1) + query(xid=2), NOW)
        session.tell((row(100),), row(100).key, NOW, SNAPSHOT)
        session.refuse(NOW, "not a requestor any more")
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
                session.wants(Facts(), NOW)
                session.tell((row(100, agent=dice.randbytes(7)),), None, NOW, SNAPSHOT)
            said(session)
