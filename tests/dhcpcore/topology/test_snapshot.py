"""Prefixes, pools and links as values: held against the standard library's idea of a network."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhcpcore.topology.snapshot import EMPTY, Link, Pool, Snapshot, Subnet


def subnet(prefix: str, subnet_id: int = 1) -> Subnet:
    network = ipaddress.ip_network(prefix)
    return Subnet(subnet_id, network.version, 0, network.network_address.packed, network.prefixlen, prefix)


@given(address=st.integers(0, 0xFFFF_FFFF), near=st.integers(-300, 300), plen=st.integers(0, 32))
def test_an_ipv4_prefix_holds_what_the_standard_library_says(address: int, near: int, plen: int) -> None:
    network = ipaddress.ip_network((address, plen), strict=False)
    made = subnet(str(network))
    for octets in (address, max(0, min(0xFFFF_FFFF, address + near))):
        inside = ipaddress.ip_address(octets)
        assert made.contains(inside.packed) == (inside in network)


@given(address=st.integers(0, (1 << 128) - 1), near=st.integers(0, (1 << 70)), plen=st.integers(0, 128))
def test_an_ipv6_prefix_too(address: int, near: int, plen: int) -> None:
    network = ipaddress.ip_network((address, plen), strict=False)
    other = ipaddress.ip_address((address + near) % (1 << 128))
    assert subnet(str(network)).contains(other.packed) == (other in network)


@pytest.mark.parametrize("octets", [b"", b"\xc0", bytes(16), b"\xc0\0\2\1\0"])
def test_what_is_no_address_of_the_family_is_in_no_prefix_and_no_pool(octets: bytes) -> None:
    assert not subnet("0.0.0.0/0").contains(octets)
    assert not Pool(1, 4, bytes(4), b"\xff" * 4, 32).covers(octets)


def test_a_pool_covers_from_first_to_last() -> None:
    made = Pool(1, 4, b"\x0a\0\0\x05", b"\x0a\0\1\x05", 32)
    assert [made.covers(one) for one in (b"\x0a\0\0\x04", b"\x0a\0\0\x05", b"\x0a\0\1\x05", b"\x0a\0\1\x06")] == [
        False, True, True, False,
    ]  # fmt: skip


def test_a_link_finds_its_member_by_address() -> None:
    one, two = subnet("192.0.2.0/24"), subnet("198.51.100.0/24", 2)
    link = Link("campus", (one, two))
    assert link.subnet_of(b"\xc6\x33\x64\x01") is two
    assert link.subnet_of(b"\xcb\0\x71\x01") is None
    assert link.subnet_of(b"") is None


def test_a_snapshot_finds_its_subnets_by_number() -> None:
    made = Snapshot(1, (subnet("192.0.2.0/24", 5),))
    assert made.subnet(5) is made.subnets[0]
    assert made.subnet(6) is None
    assert (EMPTY.revision, EMPTY.subnets) == (0, ())
