"""The judges find the faults they are for, and do not find them where there are none."""

import pytest

from tests.interop.database import LEASED, RELEASED, HistoryRow, LeaseRow
from tests.interop.judges import Wire, missing_history, missing_leases, naks_in_a_row, overlaps
from tests.interop.packets import ACK, DECLINE, NAK, NOWHERE, RELEASE, REQUEST, Message, Packet, packed

ALICE, BOB = b"\2\0\0\0\0\1", b"\2\0\0\0\0\2"
SEVEN, EIGHT = packed("192.0.2.7"), packed("192.0.2.8")


def seen(at, kind, who, address=NOWHERE, lease_s=100, *, identifier=None, xid=1):
    options = {53: bytes([kind])}
    if identifier:
        options[61] = identifier
    if kind == ACK and lease_s:
        options[51] = lease_s.to_bytes(4, "big")
    if kind == DECLINE:
        options[50] = address
    fields = {"yiaddr": address} if kind == ACK else {"ciaddr": address} if kind == RELEASE else {}
    message = Message(op=2 if kind in (ACK, NAK) else 1, xid=xid, chaddr=who, options=options, **fields)
    return Packet(at, b"", b"", NOWHERE, NOWHERE, 67, 68, message)


def row(who=ALICE, address=SEVEN, state=LEASED, expires=1100, client=None):
    return LeaseRow(address, client or b"\0\1" + who, state, expires, 1, b"", b"")


def test_two_clients_at_once_are_an_overlap():
    found = overlaps([seen(1000, ACK, ALICE, SEVEN), seen(1050, ACK, BOB, SEVEN)])
    assert len(found) == 1
    assert found[0].startswith("192.0.2.7 acknowledged to")


@pytest.mark.parametrize("between", [
    [],
    [seen(1010, NAK, BOB)],
    [seen(1010, RELEASE, ALICE, EIGHT)],
    [seen(1010, RELEASE, BOB, SEVEN)],
    [seen(1010, DECLINE, ALICE, EIGHT)],
    [seen(1060, RELEASE, ALICE, SEVEN)],
])  # fmt: skip
def test_what_ends_no_holding_excuses_no_overlap(between):
    assert overlaps([seen(1000, ACK, ALICE, SEVEN), *between, seen(1050, ACK, BOB, SEVEN)])


@pytest.mark.parametrize("between", [
    [seen(1010, RELEASE, ALICE, SEVEN)],
    [seen(1010, DECLINE, ALICE, SEVEN)],
    [seen(1010, NAK, ALICE)],
    [seen(1010, ACK, ALICE, EIGHT)],
])  # fmt: skip
def test_what_ends_a_holding_frees_the_address(between):
    assert not overlaps([seen(1000, ACK, ALICE, SEVEN), *between, seen(1050, ACK, BOB, SEVEN)])


def test_an_ended_lease_is_no_overlap_and_a_renewed_one_is():
    assert not overlaps([seen(1000, ACK, ALICE, SEVEN), seen(1101, ACK, BOB, SEVEN)])
    renewed = [seen(1000, ACK, ALICE, SEVEN), seen(1050, ACK, ALICE, SEVEN), seen(1101, ACK, BOB, SEVEN)]
    assert overlaps(renewed)


def test_an_ack_to_an_inform_is_no_lease():
    assert not overlaps([seen(1000, ACK, ALICE, SEVEN), seen(1050, ACK, BOB, SEVEN, lease_s=0)])


def test_two_identifiers_on_one_card_are_two_clients():
    first = [seen(999, REQUEST, ALICE, identifier=b"one", xid=1), seen(1000, ACK, ALICE, SEVEN, xid=1)]
    second = [seen(1001, REQUEST, ALICE, identifier=b"two", xid=2), seen(1002, ACK, ALICE, SEVEN, xid=2)]
    assert overlaps(first + second)


def test_naks_are_counted_by_client_until_it_is_served():
    both = [seen(1, NAK, ALICE), seen(2, NAK, ALICE), seen(3, ACK, BOB, SEVEN)]
    assert naks_in_a_row(both) == {ALICE: 2}
    assert naks_in_a_row([*both, seen(4, ACK, ALICE, EIGHT), seen(5, NAK, ALICE)]) == {ALICE: 2}
    assert naks_in_a_row([*both, seen(4, ACK, BOB, EIGHT), seen(5, NAK, ALICE)]) == {ALICE: 3}


def test_an_ack_that_crosses_a_release_gives_nothing():
    asked, left = seen(1000, REQUEST, ALICE, xid=5), seen(1001, RELEASE, ALICE, SEVEN, xid=6)
    late = [seen(999, ACK, ALICE, SEVEN), asked, left, seen(1002, ACK, ALICE, SEVEN, xid=5)]
    assert not overlaps([*late, seen(1003, ACK, BOB, SEVEN)])
    closed = [HistoryRow(SEVEN, b"\0\1" + ALICE, 999, 1000, 1)]
    assert not missing_history(Wire().see(late), closed)
    assert missing_history(Wire().see([*late[:2], late[3]]), closed)
    again = [*late, seen(1003, REQUEST, ALICE, xid=7), seen(1004, ACK, ALICE, SEVEN, xid=7)]
    assert overlaps([*again, seen(1005, ACK, BOB, SEVEN)])


def test_an_acknowledged_lease_in_sql_is_found():
    assert not missing_leases(Wire().see([seen(1000, ACK, ALICE, SEVEN)]), {SEVEN: row()})
    identified = [seen(999, REQUEST, ALICE, identifier=b"one"), seen(1000, ACK, ALICE, SEVEN)]
    assert not missing_leases(Wire().see(identified), {SEVEN: row(client=b"\1one")})


@pytest.mark.parametrize("rows", [
    {}, {SEVEN: row(BOB)}, {SEVEN: row(state=RELEASED)}, {SEVEN: row(expires=1098)}, {EIGHT: row(address=EIGHT)},
])  # fmt: skip
def test_an_acknowledged_lease_that_sql_does_not_hold_is_told(rows):
    assert len(missing_leases(Wire().see([seen(1000, ACK, ALICE, SEVEN)]), rows)) == 1


def test_a_released_lease_need_not_be_held():
    wire = Wire().see([seen(1000, ACK, ALICE, SEVEN)]).see([seen(1001, RELEASE, ALICE, SEVEN)])
    assert not missing_leases(wire, {})


@pytest.mark.parametrize(("opened", "closed", "covered"), [
    (1000, None, True), (900, None, True), (900, 1001, True), (900, 990, False), (1010, None, False),
])  # fmt: skip
def test_each_ack_must_lie_in_a_holding(opened, closed, covered):
    rows = [HistoryRow(SEVEN, b"\0\1" + ALICE, opened, closed, None)]
    assert (not missing_history(Wire().see([seen(1000, ACK, ALICE, SEVEN)]), rows)) is covered
    assert missing_history(Wire().see([seen(1000, ACK, BOB, SEVEN)]), rows)
