"""What cannot be read, and what is no request: one reason each, and others are served meanwhile."""

from collections.abc import Callable

import pytest

from tests.packets4 import ACK, DISCOVER, NAK, OFFER, Client, client
from tests.playbook import OFFICE, World, pool, subnet

Make = Callable[..., World]
A = client(1)


def office(world: Make) -> World:
    return world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.109")))


@pytest.mark.parametrize(
    "edit",
    [
        lambda data: b"",
        lambda data: data[:235],
        lambda data: b"\x02" + data[1:],
        lambda data: b"\x00" + data[1:],
        lambda data: data[:2] + b"\x11" + data[3:],
        lambda data: data[:2] + b"\xff" + data[3:],
        lambda data: data[:-1] + b"\x0c",
        lambda data: data[:-1] + b"\x0c\x05abc",
        lambda data: data[:-1] + b"\x34\x01\x00\xff",
        lambda data: data[:-1] + b"\x34\x01\x04\xff",
        lambda data: data[:-1] + b"\x34\x00\xff",
        lambda data: data[:240] + b"\x35\x02\x01\x01\xff",
        lambda data: data[:240] + b"\x35\x00\xff",
    ],
    ids=range(13),
)
def test_broken_bytes_are_malformed_and_say_where(world: Make, edit: Callable[[bytes], bytes]) -> None:
    w = office(world)
    assert w.one(w.packet(DISCOVER, A).edited(edit)) is None
    assert w.reason == "MALFORMED"
    assert "octet" in str(w.engine.traces[-1].steps)
    assert w.discover(A).kind == OFFER


@pytest.mark.parametrize(
    "edit",
    [
        lambda data: data[:-1],
        lambda data: data + bytes(100),
        lambda data: data + b"\xff\x0c\x05abc",
        lambda data: data[:240] + bytes(20) + data[240:],
        lambda data: data[:-1] + b"\xfa\x03abc\xff",
        lambda data: data[:3] + b"\x10" + data[4:],
        lambda data: data[:44] + b"\xff" * 192 + data[236:],
        lambda data: data[:-1] + b"\x34\x01\x01\x34\x00\xff",
    ],
    ids=[
        "no end",
        "padding",
        "after the end",
        "pads before",
        "unknown option",
        "hops",
        "garbage in fields",
        "52 split",
    ],
)
def test_what_is_merely_odd_is_served(world: Make, edit: Callable[[bytes], bytes]) -> None:
    w = office(world)
    assert w.one(w.packet(DISCOVER, A).edited(edit)).kind == OFFER


@pytest.mark.parametrize("kind", [2, 5, 6, 9, 11, 13, 18, 200, 255])
def test_what_servers_send_and_what_nobody_knows_is_no_request(world: Make, kind: int) -> None:
    w = office(world)
    assert w.one(w.packet(kind, A)) is None
    assert w.reason == "NOT-A-REQUEST"


def test_a_bootp_client_is_told_apart(world: Make) -> None:
    w = office(world)
    assert w.one(w.packet(None, A)) is None
    assert w.reason == "BOOTP"
    assert w.one(w.packet(DISCOVER, A).edited(lambda data: data[:236] + bytes(64))) is None
    assert w.reason == "BOOTP"


@pytest.mark.parametrize("who", [Client(b""), Client(b"", b""), Client(b"", htype=0)])
def test_nobody_is_not_served(world: Make, who: Client) -> None:
    w = office(world)
    assert w.discover(who) is None
    assert w.reason == "NO-IDENTITY"


@pytest.mark.parametrize(
    "who", [Client(b"\x02" * 16), Client(b"\x02"), Client(b"", b"x"), Client(b"\0" * 6), Client(b"\xff" * 6)]
)
def test_anybody_else_is(world: Make, who: Client) -> None:
    w = office(world)
    ack = w.lease(who)
    assert w.row(ack.yiaddr).client == who.identity


def test_a_refusal_names_its_reason_in_the_message_option(world: Make) -> None:
    w = office(world)
    nak = w.select(A, "198.51.100.1")
    assert (nak.kind, nak.options[56]) == (NAK, b"NAK-WRONG-NETWORK")


def test_every_transaction_leaves_a_trace_with_its_bytes(world: Make) -> None:
    w = office(world)
    ack = w.lease(A)
    last = w.engine.traces[-1]
    assert (last.reason.code, last.answer, last.client) == ("ACK-NEW", ack.payload, A.identity)
    assert ack.kind == ACK
    w.one(w.packet(DISCOVER, A).edited(lambda data: data[:10]))
    assert len(w.engine.traces[-1].datagram.data) == 10
