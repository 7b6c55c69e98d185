"""DHCPv6 messages: any octets are a message or one error; what is written is read alike by another program."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers import dhcp6

from dhcpcore.errors import InvalidValue, MalformedMessage
from dhcpcore.wire.v6.message import (
    ASSOCIATIONS_MAX,
    HOP_COUNT_LIMIT,
    OPTIONS_MAX,
    Association,
    Leased,
    MessageType6,
    Opt6,
    Relay6,
    Status,
    decode,
    encode,
    first,
    pack_association,
    read_association,
    status,
    type_name6,
    wrap,
)
from tests.packets6 import (
    RELAY_REPL,
    RELAYED_SOLICIT,
    SOLICIT,
    address,
    ia_na,
    ia_pd,
    ip6,
    message,
    option,
    prefix,
    relayed,
)

DUID = bytes.fromhex("00030001020000000001")
IAID = b"\0\0\0\1"
LEASED = Leased(ip6("2001:db8::10"), 128, 300, 400)
GOOD = [
    message(SOLICIT, option(1, DUID), ia_na(address("2001:db8::1", 1, 2)), ia_pd(prefix("2001:db8:f::/56"))),
    relayed(relayed(message(SOLICIT, option(1, DUID)), option(18, b"lan1")), link="2001:db8::1"),
    RELAYED_SOLICIT,
]


class TestDecode:
    @given(st.binary(max_size=600))
    def test_any_octets_are_a_message_or_malformed(self, data: bytes) -> None:
        with suppress(MalformedMessage):
            decode(data)

    @settings(max_examples=600)
    @given(st.sampled_from(GOOD), st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=6),
           st.integers(0, 400))  # fmt: skip
    def test_a_message_with_other_octets_or_without_an_end_is(
        self, good: bytes, others: list[tuple[int, int]], cut: int
    ) -> None:
        data = bytearray(good[: len(good) - cut] if cut < len(good) // 2 else good)
        for at, octet in others:
            data[at % len(data)] = octet
        with suppress(MalformedMessage):
            decode(bytes(data))

    def test_what_a_router_sent_through_two_relays(self) -> None:
        """The packet of DHCPKit 1.0's tests of its RelayForwardMessage, with the values that those state."""
        found = decode(RELAYED_SOLICIT)
        near, far = found.relays
        assert (near.hops, near.link, near.peer) == (0, bytes(16), ip6("fe80::3631:c4ff:fe3c:b2f1"))
        assert (near.get(18), near.get(37)) == (b"Fa2/3", bytes.fromhex("00000009020023000001000a0003000100211c7d486e"))
        assert (far.hops, far.link, far.get(18)) == (1, ip6("2001:db8:ffff:1::1"), b"Gi0/0/0")
        solicit = found.message
        assert (solicit.kind, solicit.xid.hex()) == (MessageType6.SOLICIT, "f350d6")
        assert (solicit.get(1), solicit.get(14)) == (bytes.fromhex("000300013431c43cb2f1"), b"")
        assert solicit.get(6) == b"".join(code.to_bytes(2, "big") for code in (23, 56, 31, 25, 3, 17, 82, 83))
        iaid = bytes.fromhex("c43cb2f1")
        assert solicit.associations == (
            Association(Opt6.IA_NA, iaid), Association(Opt6.IA_PD, iaid, leased=(Leased(bytes(16), 0, 0, 0),)),
        )  # fmt: skip

    def test_another_program_reads_the_same_there(self) -> None:
        far = dhcp6.DHCP6_RelayForward(RELAYED_SOLICIT)
        near = far[dhcp6.DHCP6_RelayForward].getlayer(dhcp6.DHCP6_RelayForward, 2)
        found = decode(RELAYED_SOLICIT)
        assert [(one.hopcount, ip6(one.linkaddr), ip6(one.peeraddr)) for one in (near, far)] == [
            (one.hops, one.link, one.peer) for one in found.relays
        ]
        assert near[dhcp6.DHCP6_Solicit].trid == int.from_bytes(found.message.xid, "big")

    @pytest.mark.parametrize(
        ("data", "said"),
        [
            (b"", "shorter than its header"),
            (b"\1\2\3", "shorter than its header"),
            (message(SOLICIT, b"\0\1\0"), "has no length"),
            (message(SOLICIT, b"\0\1\0\5abc"), "announces 5 octets, 3 there"),
            (message(SOLICIT, option(1, b"\0\3")), "DUID in option 1 has 2"),
            (message(SOLICIT, option(1, bytes(131))), "DUID in option 1 has 131"),
            (message(SOLICIT, option(6, b"\0")), "option 6 has 1"),
            (message(SOLICIT, option(8, b"\0")), "option 8 has 1"),
            (message(SOLICIT, option(3, bytes(11))), "option 3 is shorter"),
            (message(SOLICIT, option(4, bytes(3))), "option 4 is shorter"),
            (message(SOLICIT, ia_na(option(5, bytes(23)))), "option 5 is shorter"),
            (message(SOLICIT, ia_pd(option(26, bytes(24)))), "option 26 is shorter"),
            (message(SOLICIT, ia_pd(option(26, bytes(8) + b"\x81" + bytes(16)))), "prefix length of 129"),
            (message(SOLICIT, ia_na(option(13, b"\0"))), "a status code has no code"),
            (message(SOLICIT, ia_na(b"\0\5\0")), "has no length"),
            (relayed(b""), "holds no message"),
            (relayed(message(SOLICIT))[:30], "shorter than a relay's header"),
            (bytes((RELAY_REPL,)) + relayed(message(SOLICIT))[1:], "a relay-reply is for relays"),
            (message(SOLICIT, *[option(99, b"")] * (OPTIONS_MAX + 1)), f"more than {OPTIONS_MAX} options"),
            (message(SOLICIT, *[ia_na()] * (ASSOCIATIONS_MAX + 1)), f"more than {ASSOCIATIONS_MAX} identity"),
        ],
        ids=[
            "nothing", "half a header", "no length", "cut off", "DUID short", "DUID long", "odd ORO", "elapsed time",
            "IA_NA", "IA_TA", "IAADDR", "IAPREFIX", "prefix length", "status", "inside an IA", "empty relay",
            "half a relay", "relay-reply", "options", "associations",
        ],
    )  # fmt: skip
    def test_what_breaks_the_format_is_malformed_and_says_why(self, data: bytes, said: str) -> None:
        with pytest.raises(MalformedMessage, match=said):
            decode(data)

    def test_as_many_relays_as_may_be_and_one_more(self) -> None:
        data = message(SOLICIT)
        for _ in range(HOP_COUNT_LIMIT):
            data = relayed(data)
        assert len(decode(data).relays) == HOP_COUNT_LIMIT
        with pytest.raises(MalformedMessage, match="relays"):
            decode(relayed(data))

    def test_a_client_that_leaves_out_what_it_must_say_is_read_all_the_same(self) -> None:
        found = decode(message(SOLICIT, option(65001, b"x"), option(65001, b"y"))).message
        assert found.options == ((65001, b"x"), (65001, b"y"))
        assert found.get(65001) == b"x"
        assert found.get(1) is None

    def test_bits_behind_a_prefix_are_left_out(self) -> None:
        octets = bytes(8) + b"\x38" + ip6("2001:db8:f:1234:ffff::1")
        (found,) = decode(message(SOLICIT, ia_pd(option(26, octets)))).message.associations
        assert found.leased == (Leased(ip6("2001:db8:f:1200::"), 56, 0, 0),)


class TestEncode:
    def test_another_program_reads_an_answer_as_it_was_meant(self) -> None:
        given_na = Association(Opt6.IA_NA, IAID, 100, 200, (LEASED,))
        given_pd = Association(
            Opt6.IA_PD, IAID, 1, 2, (Leased(ip6("2001:db8:f::"), 56, 3, 4),), (Status.SUCCESS, "there")
        )
        none = Association(Opt6.IA_TA, IAID, status=(Status.NO_ADDRS_AVAIL, "no"))
        octets = encode(MessageType6.REPLY, b"abc", ((1, DUID), (2, DUID), (14, b"")), (given_na, given_pd, none))
        read = dhcp6.DHCP6_Reply(octets)
        assert read.trid == int.from_bytes(b"abc", "big")
        na, pd = read[dhcp6.DHCP6OptIA_NA], read[dhcp6.DHCP6OptIA_PD]
        assert (na.iaid, na.T1, na.T2) == (1, 100, 200)
        assert [(one.addr, one.preflft, one.validlft) for one in na.ianaopts] == [("2001:db8::10", 300, 400)]
        held, said = pd.iapdopt
        assert (held.prefix, held.plen, held.preflft, held.validlft) == ("2001:db8:f::", 56, 3, 4)
        assert (said.statuscode, said.statusmsg) == (0, b"there")
        (ta,) = read[dhcp6.DHCP6OptIA_TA].iataopts
        assert (ta.statuscode, ta.statusmsg) == (2, b"no")

    def test_what_is_written_is_read_again(self) -> None:
        leased = LEASED._replace(options=((65001, b"x"),))
        one = Association(Opt6.IA_NA, IAID, 1, 2, (leased,), (3, "é"), ((65002, b""),))
        assert read_association(Opt6.IA_NA, pack_association(one)) == one

    @pytest.mark.parametrize(
        ("options", "associations", "said"),
        [
            (((7, b"\1"),), (), "preference"),
            (((1, DUID), (1, DUID)), (), "option 1 stands twice"),
            (((3, bytes(12)),), (), "identity association"),
            (((65001, bytes(0x10000)),), (), "65536 octets"),
            ((), (Association(3, IAID), Association(3, IAID)), "same IAID"),
            ((), (Association(3, IAID, leased=(LEASED._replace(preferred=401),)),), "preferred for 401"),
            ((), (Association(3, IAID, 2, 1),), "T1 2 s comes after"),
        ],
        ids=["place", "twice", "octets of an association", "too long", "IAID", "times", "timers"],
    )
    def test_what_no_server_may_send_is_refused(
        self, options: tuple[tuple[int, bytes], ...], associations: tuple[Association, ...], said: str
    ) -> None:
        with pytest.raises(InvalidValue, match=said):
            encode(MessageType6.REPLY, b"abc", options, associations)

    def test_what_repeats_may_and_one_iaid_for_addresses_and_prefixes(self) -> None:
        vendor = (0).to_bytes(4, "big")
        encode(MessageType6.REPLY, b"abc", ((17, vendor), (17, vendor)), (Association(3, IAID), Association(25, IAID)))
        with pytest.raises(InvalidValue, match="it has three"):
            encode(MessageType6.REPLY, b"ab", ())

    def test_it_goes_back_through_its_relays_in_turn(self) -> None:
        near, far = Relay6(0, bytes(16), ip6("fe80::1"), ((18, b"a"),)), Relay6(1, ip6("2001:db8::1"), bytes(16), ())
        read = dhcp6.DHCP6_RelayReply(wrap(message(7), (near, far)))
        assert (read.hopcount, read.linkaddr) == (1, "2001:db8::1")
        inner = read[dhcp6.DHCP6OptRelayMsg].message
        assert (inner.hopcount, inner.peeraddr, inner[dhcp6.DHCP6OptIfaceId].ifaceid) == (0, "fe80::1", b"a")
        assert wrap(b"x", ()) == b"x"


def test_names_and_statuses() -> None:
    assert [type_name6(kind) for kind in (1, 11, 12, 99)] == ["SOLICIT", "INFORMATION-REQUEST", "RELAY-FORW", "TYPE-99"]
    assert status(Status.NOT_ON_LINK, "é") == b"\0\4\xc3\xa9"
    assert first(((1, b"a"), (1, b"b")), 1) == b"a"
    assert first((), 1) is None
