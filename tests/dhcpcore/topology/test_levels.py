"""Which options are sent, and which level says so."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhcpcore.topology.levels import KINDS, PROTOCOL, assignment_level, choose, levels_of, merge, netmask, origin
from dhcpcore.topology.snapshot import OptionLevel, Pool, Subnet

CODES = st.dictionaries(st.integers(1, 254), st.binary(max_size=8), max_size=12)
SOME = st.frozensets(st.integers(1, 254), max_size=6)
PREFIX = bytes([192, 0, 2, 0])


def pool(**more) -> Pool:
    return Pool(1, 4, bytes([192, 0, 2, 10]), bytes([192, 0, 2, 20]), 32, **more)


@given(of_globals=CODES, of_subnet=CODES, of_pool=CODES, extra=CODES, requested=st.none() | st.binary(max_size=30),
       always=SOME, never=SOME)  # fmt: skip
def test_what_is_chosen(of_globals, of_subnet, of_pool, extra, requested, always, never) -> None:
    above = (OptionLevel("globals", "", of_globals, never=never),)
    home = Subnet(1, 4, 0, PREFIX, 24, "office", options=of_subnet, above=above, always=always)
    levels = levels_of(home, pool(options=of_pool), [assignment_level("x", extra.items())])
    choice = choose(merge(levels), requested)
    codes = [code for code, _ in choice.pairs]
    assert len(set(codes)) == len(codes)
    assert not (PROTOCOL | never) & set(codes)
    nearest = {1: b"\xff\xff\xff\0", **of_globals, **of_subnet, **of_pool, **extra}
    assert dict(choice.pairs) == {code: nearest[code] for code in codes}
    wanted = set(nearest) if requested is None else {1} | always | set(requested)
    assert set(codes) == (wanted & set(nearest)) - PROTOCOL - never
    assert 1 in never or codes[0] == 1, "the mask comes first: before the routers"
    if requested is not None:
        order = [code for code in dict.fromkeys(requested) if code in codes and code != 1]
        unasked = [code for code in codes if code not in requested and code != 1]
        assert [code for code in codes if code != 1] == order + unasked
    assert sorted(choice.by_importance) == sorted(choice.pairs)
    important = [code for code, _ in choice.by_importance]
    forced = [code for code in important if code in always | {1}]
    assert important[: len(forced)] == forced
    for code in codes:
        assert origin(levels, code)[0].payloads[code] == nearest[code]


def test_the_levels_are_told_the_farthest_first() -> None:
    above = (OptionLevel("globals", ""), OptionLevel("shared_network", "campus"))
    home = Subnet(1, 4, 0, PREFIX, 24, "office", above=above)
    nearer = [OptionLevel("class", "phones"), assignment_level("assignment 7", [])]
    levels = levels_of(home, pool(), nearer)
    assert [level.kind for level in levels] == list(KINDS)
    assert [level.name for level in levels] == [
        "", "", "campus", "office", "192.0.2.10 - 192.0.2.20", "phones", "assignment 7",
    ]  # fmt: skip


def test_every_level_that_has_a_value_is_told_the_winner_first() -> None:
    home = Subnet(1, 4, 0, PREFIX, 24, "office", options={15: b"a"}, above=(OptionLevel("globals", "", {15: b"b"}),))
    assert [level.kind for level in origin(levels_of(home, None), 15)] == ["subnet", "globals"]
    assert origin(levels_of(home, None), 16) == ()


def test_an_assignments_host_name_is_option_12_unless_that_is_written() -> None:
    assert assignment_level("x", [], "printer").payloads == {12: b"printer"}
    assert assignment_level("x", [(12, b"other")], "printer").payloads == {12: b"other"}
    assert assignment_level("x", []).payloads == {}


def test_an_ipv6_subnet_has_no_mask() -> None:
    home = Subnet(1, 6, 0, bytes(16), 64, "six", options={23: bytes(16)})
    assert merge(levels_of(home, None)).payloads == {23: bytes(16)}


@pytest.mark.parametrize("plen", range(33))
def test_a_mask_has_as_many_bits_as_the_prefix(plen: int) -> None:
    assert int.from_bytes(netmask(plen), "big").bit_count() == plen
    assert netmask(plen) == (((1 << plen) - 1) << (32 - plen)).to_bytes(4, "big")
