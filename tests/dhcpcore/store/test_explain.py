from dhcpcore.engine import Datagram, Traced
from dhcpcore.pipeline.trace import Step
from dhcpcore.stats.reasons import Reason
from dhcpcore.store import explain
from tests.packets6 import RENEW, ip6
from tests.packets6 import message as message6
from tests.stored import store_traces

RELAY = b"\xc0\x00\x02\x01"
CLIENT = b"\x00\x01\x02\x00\x00\x00\x00\x01"


def message(options):
    return bytes(240) + options


def traced(number, data, client=CLIENT, reason=Reason.OFFER):
    datagram = Datagram(data, RELAY, 67, 2, RELAY, RELAY, 1_800_000_000.5 + number)
    return Traced(datagram, reason, 3, [(Step.LINK_BY_RELAY, RELAY, 7)], client, b"answer")


def test_a_transaction_is_told_in_words(database):
    store_traces(database, [traced(0, message(b"\x35\x01\x01\xff"))])
    (one,) = explain.latest(database, 10)
    assert (one.message, one.source, one.reason, one.text) == (
        "DISCOVER", "192.0.2.1", "OFFER", "An address was offered.")
    assert one.steps == ("Relay 192.0.2.1 stands for subnet 7.",)
    assert (one.received_at, one.client) == (1_800_000_000.5, CLIENT)


def test_the_type_is_found_behind_other_options_and_padding(database):
    datagrams = [message(b"\x00\x00\x0c\x02ab\x35\x01\x03\xff"), message(b"\x35\x01\x63"), message(b"\xff\x35\x01\x01"),
                 message(b"\x0c\xff"), message(b""), b"", b"x" * 10, bytes(300)]
    store_traces(database, [traced(n, data) for n, data in enumerate(datagrams)])
    told = [one.message for one in reversed(explain.latest(database, 10))]
    assert told == ["REQUEST", "TYPE-99", *["UNREADABLE"] * 6]


def test_one_clients_alone_and_newest_first(database):
    store_traces(database, [traced(0, b""), traced(1, b"", b"\x01other"), traced(2, b"")])
    assert [one.received_at for one in explain.latest(database, 10, CLIENT[2:])] == [1_800_000_002.5, 1_800_000_000.5]
    assert len(explain.latest(database, 1)) == 1
    assert explain.latest(database, 10, b"nobody") == []


def test_a_bootp_client_is_told_as_one(database):
    """It says no type; what became of it says that it needed none."""
    store_traces(database, [traced(0, message(b"\xff"), reason=Reason.BOOTP_REPLY)])
    assert explain.latest(database, 1)[0].message == "BOOTP"


def test_a_message_of_dhcpv6_says_so(database):
    made = traced(0, message6(RENEW))
    store_traces(database, [made._replace(datagram=made.datagram._replace(source=ip6("fe80::1")))])
    (one,) = explain.latest(database, 1)
    assert (one.message, one.source) == ("DHCPV6-RENEW", "fe80::1")
