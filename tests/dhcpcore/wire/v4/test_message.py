"""DHCPv4 messages: any octets are a request or one error; answers are as long as the client takes, and can be read."""

from __future__ import annotations

import warnings
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dhcpcore.errors import MalformedMessage
from dhcpcore.wire.v4.message import COOKIE, Opt, Request4, decode, encode, encode_tight
from dhcpcore.wire.v4.tlv import encode_options
from tests.packets4 import DISCOVER, LENGTHS, Client, client, read, request, tlv

A = client(1)


class TestDecode:
    @given(st.binary(max_size=700))
    def test_any_octets_are_a_value_or_malformed(self, data: bytes) -> None:
        with suppress(MalformedMessage):
            decode(data)

    @settings(max_examples=400)
    @given(tail=st.binary(max_size=300), overload=st.none() | st.binary(max_size=2), fields=st.binary(max_size=192))
    def test_any_options_behind_a_good_header_are(self, tail: bytes, overload: bytes | None, fields: bytes) -> None:
        head = request(DISCOVER, A, 1)[:44] + fields.ljust(192, b"\0") + COOKIE
        options = tlv(53, b"\1") + (tlv(52, overload) if overload is not None else b"") + tail
        try:
            made = decode(head + options)
        except MalformedMessage:
            return
        for name in ("hops", "secs", "sname", "file", "limit", "xid", "ciaddr", "giaddr", "hw", "broadcast"):
            getattr(made, name)
        assert Opt.OVERLOAD not in made.options
        assert 548 <= made.limit <= 1472

    @given(
        options=st.dictionaries(
            st.integers(1, 254).filter(lambda code: code not in {52, 53, 61}), st.binary(max_size=600), max_size=6
        )
    )
    def test_options_are_read_as_they_were_written(self, options: dict[int, bytes]) -> None:
        made = decode(request(DISCOVER, A, 7, options=options))
        assert made.options == {53: b"\1", **options}

    def test_the_header_is_where_the_rfc_has_it(self) -> None:
        data = request(3, A, 0x01020304, ciaddr="192.0.2.5", giaddr="192.0.2.9", broadcast=True, hops=2, secs=300,
                       sname=b"server", file=b"boot")  # fmt: skip
        made = decode(data)
        assert (made.message_type, made.xid, made.hw) == (3, b"\1\2\3\4", b"\1" + A.hw)
        assert (made.ciaddr, made.giaddr, made.broadcast) == (b"\xc0\0\2\5", b"\xc0\0\2\x09", True)
        assert (made.hops, made.secs, made.sname, made.file) == (2, 300, b"server", b"boot")

    @pytest.mark.parametrize("octets", range(17))
    def test_the_hardware_address_is_as_long_as_it_says(self, octets: int) -> None:
        assert decode(request(DISCOVER, Client(b"\xaa" * octets), 1)).hw == b"\1" + b"\xaa" * octets

    def test_a_message_without_cookie_or_type_is_bootp(self) -> None:
        """RFC 1534 2."""
        assert decode(request(None, A, 1)).message_type == 0
        assert decode(request(DISCOVER, A, 1)[:236]).message_type == 0
        assert decode(request(DISCOVER, A, 1)[:236] + bytes(64)).options == {}

    def test_parts_of_an_option_are_joined_over_all_fields(self) -> None:
        """RFC 3396 5: the options field, then file, then sname."""
        data = request(DISCOVER, A, 1, options=[(52, b"\3"), (43, b"one")], file=tlv(43, b"two") + b"\xff",
                       sname=tlv(43, b"three") + b"\xff")  # fmt: skip
        assert decode(data).options[43] == b"onetwothree"

    @pytest.mark.parametrize(("said", "seen"), [(b"\1", {43: b"file"}), (b"\2", {43: b"sname"})])
    def test_only_the_fields_that_are_said_are_read(self, said: bytes, seen: dict[int, bytes]) -> None:
        data = request(DISCOVER, A, 1, options={52: said}, file=tlv(43, b"file") + b"\xff",
                       sname=tlv(43, b"sname") + b"\xff")  # fmt: skip
        assert decode(data).options == {53: b"\1", **seen}

    def test_an_overload_inside_an_overloaded_field_is_not_followed(self) -> None:
        data = request(
            DISCOVER, A, 1, options={52: b"\1"}, file=tlv(52, b"\2") + b"\xff", sname=tlv(43, b"x") + b"\xff"
        )
        assert 43 not in decode(data).options

    def test_a_broken_field_that_is_overloaded_is_malformed(self) -> None:
        data = request(DISCOVER, A, 1, options={52: b"\1"}, file=b"\x2b\xff")
        with pytest.raises(MalformedMessage):
            decode(data)

    @pytest.mark.parametrize(
        ("said", "limit"), [(None, 548), (b"", 548), (b"\2", 548), (b"\0\0", 548), (b"\2\x3f", 548), (b"\2\x40", 548),
                            (b"\2\x41", 549), (b"\5\xdc", 1472), (b"\xff\xff", 1472), (b"\5\xdc\0", 548)],
    )  # fmt: skip
    def test_how_long_an_answer_may_be(self, said: bytes | None, limit: int) -> None:
        assert decode(request(DISCOVER, A, 1, options={} if said is None else {57: said})).limit == limit


def blank(limit: int = 576) -> Request4:
    return decode(request(DISCOVER, A, 9, options={57: limit.to_bytes(2, "big")}))


FIELDS: dict[str, Any] = {
    "yiaddr": b"\xc0\0\2\x64", "ciaddr": bytes(4), "siaddr": b"\xc0\0\2\6", "broadcast": False,
}  # fmt: skip


class TestEncode:
    def test_what_fits_is_one_piece(self) -> None:
        made = encode(
            blank(), **FIELDS, sname=b"", file=b"", options=tlv(53, b"\2") + tlv(15, b"d"), tail=tlv(82, b"a")
        )
        assert made is not None
        answer = read(made)
        assert (answer.order, answer.yiaddr, answer.siaddr) == ((53, 15, 82), "192.0.2.100", "192.0.2.6")
        assert len(made) == 300

    @pytest.mark.parametrize("limit", [576, 577, 1000, 1500])
    def test_to_the_last_octet_and_not_one_more(self, limit: int) -> None:
        room = limit - 28 - 240 - 3 - 1
        whole = b"".join(tlv(224, b"x" * 98) for _ in range(room // 100)) + b"\0" * (room % 100)
        made = encode(blank(limit), **FIELDS, sname=b"", file=b"", options=tlv(53, b"\2") + whole, tail=b"")
        assert made is not None
        assert len(made) == limit - 28
        assert (
            encode(blank(limit), **FIELDS, sname=b"", file=b"", options=tlv(53, b"\2") + whole + b"\0", tail=b"")
            is None
        )

    def test_names_stand_in_their_fields(self) -> None:
        made = encode(blank(), **FIELDS, sname=b"s" * 64, file=b"f" * 128, options=tlv(53, b"\2") + b"", tail=b"")
        assert made is not None
        assert (read(made).sname, read(made).file) == (b"s" * 64, b"f" * 128)


OPTIONS = st.lists(
    st.tuples(st.integers(1, 254).filter(lambda code: code not in {*LENGTHS, 52, 82}), st.binary(max_size=300)),
    max_size=14,
    unique_by=lambda pair: pair[0],
)


class TestEncodeTight:
    @settings(max_examples=300)
    @given(
        pairs=OPTIONS, limit=st.integers(576, 1500), agent=st.none() | st.binary(max_size=400),
        sname=st.sampled_from([b"", b"server"]), file=st.sampled_from([b"", b"boot"]),
    )  # fmt: skip
    def test_it_fits_can_be_read_and_tells_what_it_left_out(
        self, pairs: list[tuple[int, bytes]], limit: int, agent: bytes | None, sname: bytes, file: bytes
    ) -> None:
        head = [(53, b"\2"), (54, b"\xc0\0\2\1")]
        tail = tlv(82, agent) if agent is not None else b""
        made, dropped = encode_tight(
            blank(limit), **FIELDS, sname=sname, file=file, pairs=[*head, *pairs],
            essential=len(encode_options(head)), tail=tail,
        )  # fmt: skip
        assert len(made) <= limit - 28
        answer = read(made)
        given_ = {**dict(head), **dict(pairs), **({82: agent} if agent is not None else {})}
        sent = {code: payload for code, payload in answer.options.items() if code != 52}
        assert sent == {code: payload for code, payload in given_.items() if code not in dropped}
        assert answer.order[:2] == (53, 54)
        assert {answer.fields[53], answer.fields[54]} == {"options"}
        if 82 in sent:
            assert [code for code in answer.order if answer.fields[code] == "options"][-1] == 82
        if sname:
            assert answer.sname == sname
        if file:
            assert answer.file == file
        assert (52 in answer.options) == bool({"file", "sname"} & set(answer.fields.values()))

    def test_what_comes_last_is_left_out_first(self) -> None:
        pairs = [(53, b"\2"), *((224 + n, b"x" * 100) for n in range(8))]
        _, dropped = encode_tight(blank(), **FIELDS, sname=b"", file=b"", pairs=pairs, essential=3, tail=b"")
        assert dropped == tuple(range(232 - len(dropped), 232))
        assert dropped

    def test_a_small_one_may_follow_a_large_one_that_found_no_room(self) -> None:
        pairs = [(53, b"\2"), (224, b"x" * 500), (225, b"y")]
        made, dropped = encode_tight(blank(), **FIELDS, sname=b"", file=b"", pairs=pairs, essential=3, tail=b"")
        assert dropped == (224,)
        assert read(made).options[225] == b"y"


@settings(max_examples=60, deadline=None)
@given(options=st.dictionaries(st.integers(224, 248), st.binary(min_size=1, max_size=300), max_size=8))
def test_another_decoder_reads_the_same(options: dict[int, bytes]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from scapy.layers.dhcp import BOOTP, DHCP

    made, dropped = encode_tight(
        blank(1500), **FIELDS, sname=b"s", file=b"f", pairs=[(53, b"\2"), *options.items()], essential=3, tail=b""
    )
    packet = BOOTP(made)
    assert (packet.yiaddr, packet.op, packet.xid) == ("192.0.2.100", 2, 9)
    seen: dict[int, bytes] = {}
    for code, payload in (option for option in packet[DHCP].options if isinstance(option[0], int)):
        seen[code] = seen.get(code, b"") + payload  # It leaves the joining to its caller.
    assert seen == {code: payload for code, payload in options.items() if code not in dropped}
