"""Active leasequery, octets in and octets out: RFC 7724, each promise with its "does not"."""

from __future__ import annotations

from typing import Any

import pytest

from dhcpcore.lease.active import DUE_MAX, TOLD_MAX, Stream
from dhcpcore.lease.bulk import Session
from dhcpcore.lease.model import Close, LeaseKey, State
from dhcpcore.lease.telling import Holding, Status
from tests.dhcpcore.lease.test_bulk import (
    AWAY,
    CUSTOMER,
    HOME,
    NOW,
    OTHER,
    SERVER,
    SNAPSHOT,
    VPNS,
    A,
    B,
    between,
    query,
    row,
    said,
)
from tests.packets4 import (
    ACTIVELEASEQUERY,
    LEASEACTIVE,
    LEASEQUERYDONE,
    LEASEQUERYSTATUS,
    LEASEUNASSIGNED,
    TLS,
    Answer,
    Client,
    read,
)


def active(xid: int = 7, **fields: Any) -> bytes:
    return query(kind=ACTIVELEASEQUERY, xid=xid, **fields)


def begun(sent: bytes | None = None) -> tuple[Session, Stream]:
    session = Session(SERVER)
    session.receive(active() if sent is None else sent, NOW)
    assert session.stream is not None
    return session, session.stream


def messages(octets: bytes) -> list[Answer]:
    session = Session(SERVER)
    session.out += octets
    return said(session)


def lasts(answers: list[Answer]) -> list[int]:
    return [int(answer.ciaddr.rpartition(".")[2]) for answer in answers]


class TestBegin:
    """RFC 7724 7.3, 8.2 and 8.3."""

    @pytest.mark.parametrize("fields", [{}, {"options": between(NOW - 60)}, {"options": {55: b"\x33"}}])
    def test_a_query_begins_a_stream_and_says_nothing_yet(self, fields: dict[str, Any]) -> None:
        session, stream = begun(active(**fields))
        assert (bytes(session.out), session.closing, session.asked) == (b"", False, None)
        assert stream.catching_up is (154 in fields.get("options", {}))

    @pytest.mark.parametrize(
        "fields",
        [
            {"ciaddr": "192.0.2.1"},
            {"who": A},
            {"who": Client(b"", B.client_id, 0)},
            {"agent": b"\x02\x04home"},
            {"agent": b"\x0c\x04edge"},
            {"options": between(None, NOW)},
            {"options": between(NOW - 60, NOW)},
            {"options": {154: b"\0\1"}},
            {"options": {221: b""}},
        ],
    )
    def test_a_query_by_anything_or_with_an_end_is_malformed_and_the_connection_ends(
        self, fields: dict[str, Any]
    ) -> None:
        session = Session(SERVER)
        session.receive(active(**fields), NOW)
        (refused,) = said(session)
        assert (refused.kind, refused.xid, refused.number(152)) == (LEASEQUERYSTATUS, 7, NOW)
        assert refused.options[151][0] == Status.MALFORMED_QUERY
        assert len(refused.options[151]) > 1, "and why, in words"
        assert (session.stream, session.closing) == (None, True)

    def test_only_one_has_a_connection(self) -> None:
        session, _ = begun()
        session.receive(active(xid=8), NOW)
        (refused,) = said(session)
        assert (refused.kind, refused.xid, refused.options[151][0]) == (LEASEQUERYSTATUS, 8, Status.NOT_ALLOWED)
        assert session.closing

    def test_a_bulk_query_beside_it_is_not_allowed_and_it_goes_on(self) -> None:
        session, stream = begun()
        session.receive(query(xid=8), NOW)
        (refused,) = said(session)
        assert (refused.kind, refused.xid, refused.options[151][0]) == (LEASEQUERYDONE, 8, Status.NOT_ALLOWED)
        assert (session.stream, session.closing) == (stream, False)

    def test_while_a_bulk_query_is_answered_none_begins_and_that_is_told_that_it_ends(self) -> None:
        session = Session(SERVER)
        session.receive(query(xid=1) + active(xid=2), NOW)
        assert [(answer.kind, answer.xid, answer.options[151][0]) for answer in said(session)] == [
            (LEASEQUERYDONE, 1, Status.QUERY_TERMINATED), (LEASEQUERYSTATUS, 2, Status.NOT_ALLOWED),
        ]  # fmt: skip
        assert (session.stream, session.asked, session.closing) == (None, None, True)

    def test_after_a_bulk_query_one_may_begin(self) -> None:
        session = Session(SERVER)
        session.receive(query(), NOW)
        session.tell((), None, NOW, SNAPSHOT)
        session.receive(active(), NOW)
        assert session.stream is not None

    def test_tls_is_refused_and_a_query_without_it_may_follow(self) -> None:
        """RFC 7724 8.1: by a DHCPTLS with status 8; its options are ignored."""
        session = Session(SERVER)
        session.receive(query(kind=TLS, xid=9, options={154: b"\0", 151: b"\0"}) + active(), NOW)
        assert (bytes(session.out), session.stream) == (b"", None), "nothing is read until that is decided"
        session.refuse_tls(NOW, "none is here")
        (refused,) = said(session)
        assert (refused.kind, refused.xid) == (TLS, 9)
        assert refused.options[151][0] == Status.TLS_CONNECTION_REFUSED
        assert session.stream is not None


class TestChanges:
    """RFC 7724 6 and 8.2."""

    ROWS = (row(100, B, agent=HOME), row(101, state=State.RELEASED, expires=NOW - 5, agent=AWAY))

    def test_what_changed_is_told_as_in_bulk_with_our_identifier_once(self) -> None:
        _, stream = begun()
        first = messages(stream.tell((), self.ROWS, NOW, SNAPSHOT, {self.ROWS[0].key: Holding(NOW - 600, None)}))
        assert [(one.kind, one.xid, one.options[156], 54 in one.options) for one in first] == [
            (LEASEACTIVE, 7, b"\2", True), (LEASEUNASSIGNED, 7, b"\4", False),
        ]  # fmt: skip
        held, over = first
        assert (held.hw, held.options[61], held.options[82]) == (B.hw, B.client_id, HOME)
        assert (held.number(153), held.number(51), held.number(152)) == (600, 3000, NOW)
        assert (over.hw, {61, 82}.isdisjoint(over.options)) == (b"", True)
        assert all(92 not in one.options for one in first), "RFC 7724 7.4"
        assert [54 in one.options for one in messages(stream.tell((), self.ROWS, NOW, SNAPSHOT))] == [False, False]
        assert stream.told == 4

    def test_what_an_administrator_took_back_is_told_so(self) -> None:
        _, stream = begun()
        over = self.ROWS[1]
        assert stream.unclear(self.ROWS, SNAPSHOT, NOW) == list(self.ROWS)
        (told,) = messages(stream.tell((), (over,), NOW, SNAPSHOT, {over.key: Holding(NOW - 60, Close.REVOKED)}))
        assert told.options[156] == b"\6"

    def test_only_what_option_55_lists(self) -> None:
        _, stream = begun(active(options={55: bytes((51, 92))}))
        held, over = messages(stream.tell((), self.ROWS, NOW, SNAPSHOT))
        assert set(held.options) == {51, 53, 54, 152, 156, 157}
        assert set(over.options) == {53, 152, 156, 157}
        assert stream.unclear(self.ROWS, SNAPSHOT, NOW) == [self.ROWS[1]], "153 was not asked for"

    def test_an_address_that_changes_often_waits_once_and_no_more_wait_than_the_limit(self) -> None:
        _, stream = begun()
        key = row(100).key
        assert stream.note([key, key], SNAPSHOT)
        assert stream.note([key], SNAPSHOT)
        assert stream.next_due() == [key]
        many: list[LeaseKey] = [(0, 4, number.to_bytes(4, "big"), 32) for number in range(DUE_MAX)]
        assert stream.note(many[1:], SNAPSHOT)
        assert not stream.note(many[:1], SNAPSHOT)
        assert stream.next_due() == [key, *many[1:TOLD_MAX]], "the longest waiting first, a slice at a time"

    def test_what_was_read_is_due_until_it_is_told(self) -> None:
        _, stream = begun()
        keys = [one.key for one in self.ROWS]
        stream.note(keys, SNAPSHOT)
        assert stream.next_due() == stream.next_due() == keys
        stream.tell(keys[:1], self.ROWS[:1], NOW, SNAPSHOT)
        assert stream.next_due() == keys[1:]

    @pytest.mark.parametrize(
        ("options", "found"),
        [
            ({}, [(100, None)]),
            ({221: CUSTOMER}, [(101, CUSTOMER)]),
            ({221: b"\xfe"}, [(100, None), (101, CUSTOMER), (102, OTHER)]),
            ({221: b"\x00nobody"}, []),
        ],
    )
    def test_of_the_vpn_that_it_names_and_no_other(
        self, options: dict[int, bytes], found: list[tuple[int, bytes | None]]
    ) -> None:
        _, stream = begun(active(options=options))
        rows = [row(100 + space, A, space=space, subnet=space + 1) for space in range(4)]
        stream.note([one.key for one in rows], VPNS)
        assert [key[0] for key in stream.next_due()] == [last - 100 for last, _ in found]
        told = messages(stream.tell((), rows, NOW, VPNS))
        assert list(zip(lasts(told), (one.options.get(221) for one in told), strict=True)) == found


class TestCatchUp:
    """RFC 7724 7.4.1 and 8.2."""

    def test_what_changed_since_is_told_and_then_that_this_was_all(self) -> None:
        _, stream = begun(active(options=between(NOW - 100)))
        rows = (row(100), row(101, cltt=NOW - 50), row(102, state=State.EXPIRED, expires=NOW - 100),
                row(103, state=State.EXPIRED, expires=NOW - 101, cltt=NOW - 4000))  # fmt: skip
        first = messages(stream.catch_up(rows[:2], rows[1].key, NOW, SNAPSHOT))
        assert (lasts(first), stream.after, stream.catching_up) == ([101], rows[1].key, True)
        *rest, end = messages(stream.catch_up(rows[2:], None, NOW, SNAPSHOT))
        assert (lasts(rest), stream.catching_up) == ([102], False)
        assert (end.kind, end.xid, end.options[151], end.number(152)) == (LEASEQUERYSTATUS, 7, b"\7", NOW)
        assert 54 not in end.options, "that was in the first message"

    def test_nothing_changed_is_said_with_our_identifier(self) -> None:
        _, stream = begun(active(options=between(NOW + 100)))
        (end,) = messages(stream.catch_up((row(100),), None, NOW, SNAPSHOT))
        assert (end.options[151], end.address(54)) == (b"\7", "192.0.2.1")

    def test_without_a_time_there_is_nothing_to_catch_up_with(self) -> None:
        _, stream = begun()
        assert not stream.catching_up


class TestEnd:
    """RFC 7724 7.4 and 8.4."""

    def test_it_is_told_why_with_the_time_and_the_connection_ends(self) -> None:
        session, _ = begun()
        session.end_stream(NOW, Status.QUERY_TERMINATED, "the server is shutting down")
        (end,) = said(session)
        assert (end.kind, end.xid, end.number(152)) == (LEASEQUERYSTATUS, 7, NOW)
        assert end.options[151] == b"\2the server is shutting down"
        assert (session.stream, session.closing) == (None, True)

    def test_that_the_connection_is_alive_has_the_time(self) -> None:
        _, stream = begun()
        alive = stream.status(NOW, Status.CONNECTION_ACTIVE)
        answer = read(alive[2:])
        assert (answer.kind, answer.options[151], answer.number(152)) == (LEASEQUERYSTATUS, b"\6", NOW)
