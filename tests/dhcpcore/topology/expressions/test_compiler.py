"""Expressions against packets: Kea's documented examples, what is refused and where, and what holds for any text."""

import string

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dhcpcore.topology.expressions.compiler import DEPTH_MAX, compiled
from dhcpcore.topology.expressions.faults import InvalidExpression
from dhcpcore.topology.expressions.functions import FUNCTIONS, VALUE_OCTETS_MAX
from dhcpcore.topology.expressions.grammar import LETTERS_MAX
from dhcpcore.topology.expressions.subject import NOTHING, Subject
from dhcpcore.wire.v4.message import decode
from dhcpcore.wire.v4.options import DHCP4_OPTIONS
from tests.dhcpcore.topology.expressions.subjects import subject
from tests.packets4 import INFORM, request

SPACE = DHCP4_OPTIONS
VENDOR = bytes.fromhex("0000118b0b0109") + b"docsis3.0"
VENDOR_CLASS = bytes.fromhex("0000118b0e09") + b"docsis3.0" + b"\x03abc" + bytes.fromhex("000000090201") + b"x"


def value(text: str, packet: Subject = NOTHING) -> bool | bytes:
    return compiled(text, SPACE).evaluate(packet)


#: Kea's manual, "Using Expressions in Classification": each of its examples, and the notes beneath them.
DOCUMENTED = [
    ("'example'", b"example"),
    ("0x5a7d", b"Z}"),
    ("0x123", b"\x01\x23"),
    ("0XaB", b"\xab"),
    ("10.0.0.1", b"\x0a\0\0\x01"),
    ("2001:db8::1", bytes.fromhex("20010db8") + bytes(11) + b"\x01"),
    ("::ffff:192.0.2.1", bytes(10) + b"\xff\xff\xc0\0\x02\x01"),
    ("123", b"\0\0\0\x7b"),
    ("'foo' == 'bar'", False),
    ("match('foo.*', 'foobar')", True),
    ("match('foo', 'foobar')", False),
    ("not ('foo' == 'bar')", True),
    ("not 'foo' == 'bar'", True),
    ("('foo' == 'bar') and ('bar' == 'foo')", False),
    ("('foo' == 'bar') or ('bar' == 'bar')", True),
    ("'a' == 'a' or 'a' == 'b' and 'a' == 'b'", True),
    ("('a' == 'a' or 'a' == 'b') and 'a' == 'b'", False),
    ("substring('foobar', 0, 3)", b"foo"),
    ("substring('foobar', 0, 6)", b"foobar"),
    ("substring('foobar', 3, 3)", b"bar"),
    ("substring('foobar', 3, all)", b"bar"),
    ("substring('foobar', 1, 4)", b"ooba"),
    ("substring('foobar', -5, 4)", b"ooba"),
    ("substring('foobar', -1, -3)", b"oba"),
    ("substring('foobar', 4, -2)", b"ob"),
    ("substring('foobar', 4, -9)", b"foob"),
    ("substring('foobar', 10, 2)", b""),
    ("substring('foobar', 6, 1)", b""),
    ("substring('foobar', -6, 1)", b"f"),
    ("substring('foobar', -7, 1)", b""),
    ("substring('foobar', 2, 0)", b""),
    ("substring('', 0, all)", b""),
    ("concat('foo', 'bar')", b"foobar"),
    ("'abc' + 'def' + 'ghi'", b"abcdefghi"),
    ("'a' + 'b' == 'ab'", True),
    ("split('foo.bar', '.', 2)", b"bar"),
    ("split ('one.two..four', '.', 1)", b"one"),
    ("split ('one.two..four', '.', 2)", b"two"),
    ("split ('one.two..four', '.', 3)", b""),
    ("split ('one.two..four', '.', 4)", b"four"),
    ("split ('one.two..four', '.', 5)", b""),
    ("split ('one.two', '.', 0)", b""),
    ("split ('one.two', '.', -1)", b""),
    ("split ('one.two', '', 7)", b"one.two"),
    ("split ('', '.', 1)", b""),
    ("split ('a-b.c', '.-', 2)", b"b"),
    ('split("", 0x27, 1)'.replace('"', "'"), b""),
    ("ifelse('foo' == 'bar', 'us', 'them')", b"them"),
    ("hexstring('foo', '-')", b"66-6f-6f"),
    ("hexstring(0x0a0b, '')", b"0a0b"),
    ("hexstring('', ':')", b""),
    ("lcase('LoWeR')", b"lower"),
    ("ucase('uPpEr')", b"UPPER"),
    ("match('foo.*', lcase('FooBar'))", True),
    ("match('.*foo.*', 'is it foo or bar')", True),
    ("match('^.*foo.*$', 'is it foo or bar')", True),
    ("addrtotext (192.10.0.1)", b"192.10.0.1"),
    ("addrtotext (2003:db8::)", b"2003:db8::"),
    ("addrtotext ('abc')", b""),
    ("addrtotext ('')", b""),
    ("int8totext (-1)", b"-1"),
    ("int8totext (0xff)", b"-1"),
    ("int16totext (-1)", b"-1"),
    ("int32totext (-1)", b"-1"),
    ("uint8totext (255)", b"255"),
    ("uint16totext (65535)", b"65535"),
    ("uint32totext (4294967295)", b"4294967295"),
    ("uint16totext (0x01)", b""),
    ("uint32totext ('')", b""),
    ("int8totext('ab')", b""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), DOCUMENTED)
def test_what_keas_manual_says_an_expression_is(text: str, expected: bool | bytes) -> None:
    assert value(text) == expected


FULL = {
    60: b"docsis3.0",
    12: b"printer\0",
    124: VENDOR_CLASS,
    125: VENDOR,
    43: b"\0\1\2ab\xff",
    55: b"\1\3",
    50: b"\xc0\0\2\5",
}
AGENT = b"\x01\x04port\x02\x06" + bytes.fromhex("020000000007")

READ = [
    ("option[60].hex", b"docsis3.0"),
    ("option[60].text", b"docsis3.0"),
    ("option[vendor-class-identifier].hex == 'docsis3.0'", True),
    ("option[12].hex", b"printer\0"),
    ("option[12].text", b"printer"),
    ("option[50].text", b"192.0.2.5"),
    ("option[55].text", b"1, 3"),
    ("option[60].exists", True),
    ("option[77].exists", False),
    ("option[77].hex", b""),
    ("option[77].text", b""),
    ("option[43].option[1].hex", b"ab"),
    ("option[43].option[2].exists", False),
    ("option[77].option[2].exists", False),
    ("option[77].option[2].hex", b""),
    ("option[82].option[1].hex", b"port"),
    ("relay4[1].hex", b"port"),
    ("relay4[1].text", b"port"),
    ("relay4[circuit-id].exists", True),
    ("relay4[9].exists", False),
    ("relay4[9].hex", b""),
    ("option[82].option[2].hex == pkt4.mac", True),
    ("pkt.iface", b"eth0"),
    ("pkt.src == 192.0.2.2", True),
    ("pkt.dst == 192.0.2.1", True),
    ("pkt4.mac", bytes.fromhex("020000000007")),
    ("pkt4.hlen == 6", True),
    ("pkt4.htype == 1", True),
    ("pkt4.ciaddr == 0.0.0.0", True),
    ("pkt4.giaddr == 192.0.2.2", True),
    ("pkt4.yiaddr == 0.0.0.0", True),
    ("pkt4.siaddr == 0.0.0.0", True),
    ("pkt4.msgtype == 1", True),
    ("pkt4.transid == 0x01020304", True),
    ("vendor[*].exists", True),
    ("vendor[0].exists", True),
    ("vendor[4491].exists", True),
    ("vendor[4492].exists", False),
    ("vendor.enterprise == 4491", True),
    ("vendor[4491].option[1].exists", True),
    ("vendor[4491].option[1].hex", b"docsis3.0"),
    ("vendor[*].option[1].hex", b"docsis3.0"),
    ("vendor[4491].option[2].exists", False),
    ("vendor[9].option[1].hex", b""),
    ("vendor-class[*].exists", True),
    ("vendor-class[4491].exists", True),
    ("vendor-class[9].exists", True),
    ("vendor-class[1].exists", False),
    ("vendor-class.enterprise == 4491", True),
    ("vendor-class[4491].data", b"docsis3.0"),
    ("vendor-class[4491].data[1]", b"abc"),
    ("vendor-class[4491].data[3]", b""),
    ("vendor-class[9].data", b"x"),
    ("ifelse(option[230].exists, option[230].hex, 'none')", b"none"),
    ("hexstring(pkt4.mac, ':')", b"02:00:00:00:00:07"),
    ("member('foobar')", True),
    ("member('other')", False),
    ("known", False),
    ("unknown", True),
    ("not member('KNOWN')", True),
    ("split(option[60].hex, '.', 1)", b"docsis3"),
    ("option[60].hex == 'docsis3.0' and member('foobar') and not known", True),
    ("option[60].hex == 'x' or member('x') or known", False),
    ("option[60].hex == 'x' or member('foobar') or known", True),
    ("option[60].hex == 'docsis3.0' and member('x') and unknown", False),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), READ)
def test_what_is_read_of_a_packet(text: str, expected: bool | bytes) -> None:
    assert value(text, subject(FULL, agent=AGENT, classes=["foobar"])) == expected


def test_the_length_of_the_packet_is_a_number_of_four_octets() -> None:
    packet = subject()
    assert value("pkt.len", packet) == len(packet.request.data).to_bytes(4, "big")


def test_known_is_read_when_it_is_known() -> None:
    assert value("known", subject(classes=["KNOWN"])) is True
    assert value("unknown", subject(classes=["KNOWN"])) is False


#: What is wrong, the place of the caret (from 1), and words that say what would be right.
REFUSED = [
    ("", 1, "empty"),
    ("   ", 1, "empty"),
    ("option[60", 10, "] would be right"),
    ("option[60].text = 'x'", 17, "by =="),
    ("option[60].text != 'x'", 17, "not in front"),
    ("'a' == 'b' && known", 12, "write and"),
    ("'a' == 'b' | known", 12, "write or"),
    ('option[60].text == "x"', 20, "single quotes"),
    ("option[60].text == 'x", 20, "has no end"),
    ("1 - 2", 3, "no arithmetic"),
    ("known ;", 7, "no meaning"),
    ("'a' == 'b' == 'c'", 12, "and, or"),
    ("known unknown", 7, "and"),
    ("(known", 7, ")"),
    ("known)", 6, "the end"),
    ("substring('a',,2)", 15, "a value"),
    ("option[60].", 12, "a name"),
    ("not", 4, "a value"),
    ("substrng('a',1,2)", 1, "did you mean substring?"),
    ("zzzz('a')", 1, "substring"),
    ("substring", 1, "parentheses"),
    ("all", 1, "length of a substring"),
    ("optian[60].hex", 1, "did you mean option?"),
    ("option[vendor-class-identifer].hex", 8, "vendor-class-identifier"),
    ("option[zzzzz].hex", 8, "the manual"),
    ("option[60].hx", 12, "did you mean hex?"),
    ("option[60].hex.text", 16, "ends there"),
    ("option[60].hex[1]", 16, "nothing in brackets"),
    ("option[60]", 1, ".hex"),
    ("option.hex", 1, "which option?"),
    ("option[0].hex", 8, "1 to 254"),
    ("option[255].hex", 8, "1 to 254"),
    ("option[-1].hex", 8, "1 to 254"),
    ("option[82].option[256].hex", 19, "0 to 255"),
    ("relay4[zzz].hex", 8, "is not known here"),
    ("relay4[circut-id].hex", 8, "circuit-id"),
    ("option[60].option[name].hex", 19, "only numbers"),
    ("pkt6.msgtype == 1", 1, "pkt4"),
    ("relay6[0].peeraddr == ::1", 1, "DHCPv6"),
    ("pkt4.mc", 6, "did you mean mac?"),
    ("pkt4[1].mac", 6, "nothing in brackets"),
    ("pkt4", 1, ".mac"),
    ("vendor.exists", 1, "enterprise number"),
    ("vendor[x].exists", 8, "enterprise number"),
    ("vendor[4294967296].exists", 8, "enterprise number"),
    ("vendor[*].hex", 11, "exists, option"),
    ("vendor[9].enterprise", 8, "nothing in brackets"),
    ("vendor-class[*].data[x]", 22, "data[0]"),
    ("vendor-class[*].data.hex", 22, "ends there"),
    ("member(3)", 8, "a text"),
    ("member('')", 8, "a text"),
    ("member(option[60].hex)", 8, "written out"),
    ("substring('a', option[1].hex, 2)", 16, "a number such as 3"),
    ("substring('a', 1, any)", 19, "or all"),
    ("substring('a', 99999999, 1)", 16, "out of range"),
    ("split('a', '.', all)", 17, "a number such as 3"),
    ("concat('a')", 1, "takes 2 arguments"),
    ("concat('a', 'b', 'c')", 1, "takes 2 arguments"),
    ("concat(known, 'a')", 8, "ifelse"),
    ("'a' == known", 8, "ifelse"),
    ("'a' + known", 7, "ifelse"),
    ("not 'a'", 5, "=="),
    ("'a' and known", 1, "=="),
    ("known or 'a'", 10, "=="),
    ("ifelse('a', 'b', 'c')", 8, "=="),
    ("match(option[60].hex, 'a')", 7, "written out"),
    ("match('a(b', 'x')", 9, "no end"),
    ("match('a**', 'x')", 10, "repeat of a repeat"),
    ("match('(?=a)', 'x')", 8, "for ever"),
    ("int8totext(128)", 12, "-128 to 127"),
    ("uint8totext(-1)", 13, "0 to 255"),
    ("-1 == 'a'", 1, "0 to 4294967295"),
    ("4294967296 == 'a'", 1, "0 to 4294967295"),
    ("999.1.1.1 == 'a'", 1, "address"),
    ("1::2::3 == 'a'", 1, "address"),
    ("known\nand\n  foo", 3, "is not known here"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "column", "right"), REFUSED)
def test_what_is_wrong_is_told_with_its_place_and_the_remedy(text: str, column: int, right: str) -> None:
    with pytest.raises(InvalidExpression) as caught:
        compiled(text, SPACE)
    assert caught.value.column == column
    assert right in caught.value.said


def test_a_string_is_no_condition_and_a_condition_no_string() -> None:
    assert compiled("known", SPACE, condition=True).piece.truth
    assert not compiled("'a'", SPACE, condition=False).piece.truth
    with pytest.raises(InvalidExpression, match="compare it"):
        compiled("option[60].hex", SPACE, condition=True)
    with pytest.raises(InvalidExpression, match="a string is needed"):
        compiled("known", SPACE, condition=False)


def test_an_expression_is_only_so_long_and_so_deep() -> None:
    assert value("not " * (DEPTH_MAX - 1) + "known") is True
    with pytest.raises(InvalidExpression, match="deep"):
        compiled("not " * DEPTH_MAX + "known", SPACE)
    assert value("(" * 1000 + "known" + ")" * 1000) is False
    with pytest.raises(InvalidExpression, match="letters"):
        compiled("known" + " " * LETTERS_MAX, SPACE)


def test_no_nesting_makes_a_value_explode() -> None:
    text = "option[60].hex"
    for _ in range(DEPTH_MAX - 2):
        text = f"hexstring({text}, '::')"
    assert len(value(text, subject({60: bytes(200)}))) <= VALUE_OCTETS_MAX


def test_the_atoms_are_all_that_an_expression_reads() -> None:
    text = "substring(option[61].hex, 0, 3) == 'foo' and (known or option[60].hex + 'x' == 'ax') and 'a' == 'a'"
    assert list(compiled(text, SPACE).atoms()) == [
        "substring(option[61].hex, 0, 3)",
        "member('KNOWN')",
        "option[60].hex",
    ]
    assert compiled("'a' == 'b'", SPACE).atoms() == {}


def test_members_are_told_with_their_places() -> None:
    made = compiled("member('a') and not member('b') or known", SPACE)
    assert made.members == {"a": 7, "b": 27, "KNOWN": 35}


# What holds for any text and any packet.

WORDS = st.sampled_from([
    *FUNCTIONS, "option", "relay4", "pkt4", "pkt", "vendor", "vendor-class", "known", "unknown", "and", "or", "not",
    "==", "+", "(", ")", "[", "]", ",", ".", "*", "hex", "exists", "text", "mac", "'a'", "''", "0x0102", "60", "-1",
    "10.0.0.1", "::1", "all", "\n", " ", "'",
])  # fmt: skip
TEXTS = st.text(alphabet=string.printable + "é\ud800", max_size=40) | st.lists(WORDS, max_size=20).map(" ".join)


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_any_text_is_an_expression_or_a_fault_with_its_place(text: str) -> None:
    try:
        made = compiled(text, SPACE)
    except InvalidExpression as caught:
        fault = caught
    else:
        assert isinstance(made.evaluate(NOTHING), bool if made.piece.truth else bytes)
        return
    lines = text.split("\n")
    assert 1 <= fault.line <= len(lines)
    assert 1 <= fault.column <= len(lines[fault.line - 1]) + 1
    assert fault.shown.endswith("^")


STRINGS = st.deferred(
    lambda: st.sampled_from([
        "option[60].hex", "option[61].text", "relay4[1].hex", "pkt4.mac", "vendor[*].option[1].hex",
        "vendor-class[*].data[1]", "option[43].option[1].text", "vendor.enterprise", "'a'", "''", "0x00ff", "7",
        "192.0.2.1", "option[93].text",
        "option[55].text", "option[119].text", "pkt.iface", "pkt.len",
    ])
    | st.builds("substring({}, {}, {})".format, STRINGS, st.integers(-9, 9), st.integers(-9, 9) | st.just("all"))
    | st.builds("concat({}, {})".format, STRINGS, STRINGS)
    | st.builds("({} + {})".format, STRINGS, STRINGS)
    | st.builds("split({}, {}, {})".format, STRINGS, STRINGS, st.integers(-1, 4))
    | st.builds("hexstring({}, {})".format, STRINGS, STRINGS)
    | st.builds("ifelse({}, {}, {})".format, CONDITIONS, STRINGS, STRINGS)
    | st.builds("{}({})".format, st.sampled_from(
        ["lcase", "ucase", "addrtotext", "int8totext", "int16totext", "int32totext", "uint8totext", "uint16totext",
         "uint32totext"]), st.sampled_from(["option[60].hex", "pkt4.giaddr", "pkt.len", "0xff"]))
)  # fmt: skip
CONDITIONS = st.deferred(
    lambda: st.sampled_from([
        "known", "unknown", "member('a')", "option[60].exists", "relay4[1].exists", "vendor[4491].exists",
        "vendor-class[*].exists",
    ])
    | st.builds("({} == {})".format, STRINGS, STRINGS)
    | st.builds("match('{}', {})".format, st.sampled_from(["a*", "[0-9a-f:]+", "(a|b)*c"]), STRINGS)
    | st.builds("(not {})".format, CONDITIONS)
    | st.builds("({} and {})".format, CONDITIONS, CONDITIONS)
    | st.builds("({} or {})".format, CONDITIONS, CONDITIONS)
)  # fmt: skip
OCTETS = st.binary(max_size=40) | st.sampled_from([VENDOR, VENDOR_CLASS, VENDOR[:-3], b"\x01\xff", b"a.b", b""])
PACKETS = st.builds(
    subject,
    st.dictionaries(st.sampled_from([12, 43, 55, 60, 93, 119, 124, 125]), OCTETS, max_size=5),
    agent=st.none() | OCTETS,
    classes=st.sets(st.sampled_from(["a", "KNOWN"])),
)


def within_limits(error: InvalidExpression) -> bool:
    """Whether the strategies made what is refused for another reason than its size."""
    return not ("deep" in error.said or "letters" in error.said)


@settings(max_examples=120, deadline=None)
@given(CONDITIONS | STRINGS, PACKETS)
def test_any_packet_is_evaluated_without_a_word(text: str, packet: Subject) -> None:
    try:
        made = compiled(text, SPACE)
    except InvalidExpression as error:
        assume(within_limits(error))
        raise
    got = made.evaluate(packet)
    assert isinstance(got, bool) if made.piece.truth else len(got) <= VALUE_OCTETS_MAX


@settings(max_examples=80, deadline=None)
@given(CONDITIONS, CONDITIONS, PACKETS)
def test_logic_is_logic(one: str, other: str, packet: Subject) -> None:
    try:
        a, b = value(one, packet), value(other, packet)
        assert value(f"not not {one}", packet) is a
        assert value(f"not ({one} and {other})", packet) is value(f"not {one} or not {other}", packet) is not (a and b)
        assert value(f"not ({one} or {other})", packet) is value(f"not {one} and not {other}", packet) is not (a or b)
        assert value(f"{one} or {other} or {one}", packet) is (a or b)
        assert value(f"{one} and {other} and {one}", packet) is (a and b)
    except InvalidExpression as error:
        assume(within_limits(error))
        raise


@settings(max_examples=150, deadline=None)
@given(CONDITIONS, PACKETS, PACKETS)
def test_packets_with_the_same_atoms_have_the_same_value(text: str, one: Subject, other: Subject) -> None:
    try:
        made = compiled(text, SPACE)
    except InvalidExpression:
        return
    atoms = made.atoms().values()
    if [atom.evaluate(one) for atom in atoms] == [atom.evaluate(other) for atom in atoms]:
        assert made.evaluate(one) == made.evaluate(other)


@pytest.mark.parametrize(("text", "code"), [
    ("option[60].hex", 60), ("option[vendor-class-identifier].text", 60), ("option[82].option[1].exists", 82),
    ("relay4[1].hex", 82), ("vendor[4491].option[3].hex", 125), ("vendor.enterprise", 125), ("vendor[*].exists", 125),
    ("vendor-class[*].data[0]", 124), ("vendor-class.enterprise", 124), ("vendor-class[9].exists", 124),
    ("substring(option[77].hex, 0, 2)", 77), ("pkt4.mac", 0), ("substring(pkt4.mac, 0, 2)", 0), ("known", 0),
])  # fmt: skip
def test_an_atom_tells_the_option_that_it_is_read_from(text: str, code: int) -> None:
    made = compiled(text, SPACE)
    assert [atom.code for atom in made.atoms().values()] == [code]
    assert made.reads_agent is (code == 82)


def test_an_empty_packet_of_another_kind_is_read_as_well() -> None:
    inform = Subject(decode(request(INFORM, client_without_words(), 7)))
    assert value("pkt4.msgtype == 8 and option[61].hex == '' and pkt.iface == ''", inform) is True


def client_without_words():
    from tests.packets4 import Client

    return Client(b"")
