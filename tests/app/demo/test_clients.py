import itertools
import random

import pytest

from app.demo.clients import Client, Crowd, Doing
from dhcpcore.wire.v4.client import Answer
from dhcpcore.wire.v4.message import NOWHERE, MessageType, decode
from dhcpcore.wire.v4.tlv import scan_suboptions

RELAY, SERVER, ADDRESS = b"\x7f\0\0\2", b"\x7f\0\0\1", b"\xc0\0\2\x64"


@pytest.fixture
def crowd():
    made = Crowd([Client("oak-printer-1", b"\2\0\0\0\0\1", RELAY, b"port-1")], random.Random(1))
    made.begin(0.0, 0.0)
    return made


def says(crowd, now):
    return [decode(message) for _, message in crowd.act(now, 100)]


def answer(kind, request, lease_s=120):
    return Answer(kind, int.from_bytes(request.xid, "big"), ADDRESS, SERVER, lease_s, lease_s // 2)


def bind(crowd, now=0.0):
    (discover,) = says(crowd, now)
    _, message = crowd.hear(answer(MessageType.OFFER, discover), now)
    request = decode(message)
    assert crowd.hear(answer(MessageType.ACK, request), now) is None
    return discover, request


def test_a_client_arrives_through_its_relay(crowd):
    discover, request = bind(crowd)
    assert (discover.message_type, discover.giaddr, discover.hw) == (MessageType.DISCOVER, RELAY, b"\1\2\0\0\0\0\1")
    # RFC 8357: the answer comes to the port that an ordinary user's relay has.
    assert scan_suboptions(discover.options[82]) == {1: b"port-1", 19: b""}
    assert discover.options[12] == b"oak-printer-1"
    assert (request.message_type, request.options[50], request.options[54]) == (MessageType.REQUEST, ADDRESS, SERVER)
    assert request.xid == discover.xid
    assert crowd.count(Doing.BOUND) == 1


def test_it_renews_at_half_time_or_so_as_a_rebinding_client(crowd):
    bind(crowd)
    assert says(crowd, 50.0) == []
    crowd.clients[0].leaves = 10_000.0
    (renewal,) = says(crowd, 70.0)
    assert (renewal.message_type, renewal.ciaddr, renewal.giaddr) == (MessageType.REQUEST, ADDRESS, RELAY)
    assert 54 not in renewal.options
    assert 50 not in renewal.options
    crowd.hear(answer(MessageType.ACK, renewal), 70.0)
    assert crowd.clients[0].ends == 190.0


def test_it_leaves_politely_or_not_and_comes_back(crowd):
    seen = set()
    now = 0.0
    for _ in range(400):
        now = max(now, crowd.next_due())
        for message in says(crowd, now):
            seen.add(message.message_type)
            if message.message_type == MessageType.DISCOVER:
                _, request = crowd.hear(answer(MessageType.OFFER, message), now)
                crowd.hear(answer(MessageType.ACK, decode(request)), now)
            elif message.message_type == MessageType.REQUEST:
                crowd.hear(answer(MessageType.ACK, message), now)
            elif message.message_type == MessageType.RELEASE:
                assert message.ciaddr == ADDRESS
                assert message.options[54] == SERVER
    assert seen == {MessageType.DISCOVER, MessageType.REQUEST, MessageType.RELEASE}
    assert now > 3000


def test_unanswered_it_asks_ever_more_seldom(crowd):
    times, now = [], 0.0
    while now < 600:
        now = crowd.next_due()
        if says(crowd, now):
            times.append(now)
    gaps = [later - sooner for sooner, later in itertools.pairwise(times)]
    assert gaps[0] < 10
    assert all(gap > 20 for gap in gaps[4:])


def test_a_nak_sends_it_back_to_the_start(crowd):
    bind(crowd)
    crowd.clients[0].leaves = 10_000.0
    (renewal,) = says(crowd, 70.0)
    crowd.hear(answer(MessageType.NAK, renewal), 70.0)
    assert crowd.clients[0].address == NOWHERE
    assert says(crowd, 72.0)[0].message_type == MessageType.DISCOVER


def test_strange_answers_change_nothing(crowd):
    (discover,) = says(crowd, 0.0)
    for kind in (MessageType.ACK, MessageType.NAK, MessageType.RELEASE):
        assert crowd.hear(answer(kind, discover), 0.0) is None
    assert crowd.hear(Answer(MessageType.OFFER, 1, ADDRESS, SERVER, 1, 1), 0.0) is None
    assert crowd.clients[0].doing == Doing.SEEKING


def test_at_the_end_everybody_who_holds_an_address_gives_it_back(crowd):
    assert list(crowd.farewell()) == []
    bind(crowd)
    ((relay, message),) = crowd.farewell()
    assert relay == RELAY
    assert decode(message).message_type == MessageType.RELEASE


def test_a_round_is_bounded():
    crowd = Crowd([Client(str(n), bytes([2, 0, 0, 0, 0, n]), RELAY, b"") for n in range(50)], random.Random(1))
    crowd.begin(0.0, 0.0)
    assert len(list(crowd.act(0.0, 10))) == 10
