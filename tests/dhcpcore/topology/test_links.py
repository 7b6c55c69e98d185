"""Which link an address stands for, among thousands of subnets as among two."""

import random

import pytest

from dhcpcore.topology.links import Interface, Links
from dhcpcore.topology.snapshot import Snapshot, Subnet
from tests.packets4 import ip


def subnet(number: int, prefix: str, **fields: object) -> Subnet:
    address, _, plen = prefix.partition("/")
    family = 6 if ":" in prefix else 4
    return Subnet(number, family, fields.pop("space", 0), ip(address), int(plen), prefix, **fields)  # type: ignore[arg-type]


NESTED = (
    subnet(1, "10.0.0.0/8"),
    subnet(2, "10.1.0.0/16"),
    subnet(3, "10.1.2.0/23"),
    subnet(4, "10.1.2.3/32"),
    subnet(5, "2001:db8::/32"),
    subnet(6, "2001:db8:1::/48"),
)


@pytest.mark.parametrize(
    ("address", "number"),
    [
        ("10.1.2.3", 4),
        ("10.1.3.255", 3),
        ("10.1.4.0", 2),
        ("10.255.255.255", 1),
        ("2001:db8:1::1", 6),
        ("2001:db8:2::1", 5),
    ],
)
def test_the_longest_prefix_wins(address: str, number: int) -> None:
    place = Links(Snapshot(1, NESTED), {}).for_address(ip(address))
    assert place is not None
    assert place[1].subnet_id == number


@pytest.mark.parametrize("address", ["11.0.0.0", "9.255.255.255", "2001:db9::1", "0.0.0.0"])
def test_an_address_of_no_subnet_stands_for_none(address: str) -> None:
    assert Links(Snapshot(1, NESTED), {}).for_address(ip(address)) is None


def test_the_whole_internet_is_a_subnet_too() -> None:
    place = Links(Snapshot(1, (*NESTED, subnet(7, "0.0.0.0/0"))), {}).for_address(ip("192.0.2.1"))
    assert place is not None
    assert place[1].subnet_id == 7


def test_of_two_spaces_the_first_declared_has_it() -> None:
    two = (subnet(1, "10.0.0.0/24", space=3), subnet(2, "10.0.0.0/24"))
    place = Links(Snapshot(1, two), {}).for_address(ip("10.0.0.1"))
    assert place is not None
    assert place[1].subnet_id == 1


def test_the_answer_is_that_of_looking_at_every_subnet() -> None:
    rng = random.Random(1)
    subnets = []
    for number in range(300):
        plen = rng.choice((8, 12, 16, 20, 22, 24, 28, 31, 32))
        prefix = rng.getrandbits(32) & 0x0FFF_FFFF & (0xFFFF_FFFF << (32 - plen))
        subnets.append(Subnet(number + 1, 4, 0, prefix.to_bytes(4), plen, str(number)))
    links = Links(Snapshot(1, tuple(subnets)), {})
    for _ in range(2000):
        near = rng.choice(subnets)
        address = (int.from_bytes(near.prefix) ^ rng.getrandbits(rng.choice((2, 6, 10, 18)))).to_bytes(4)
        holding = [one for one in subnets if one.contains(address)]
        place = links.for_address(address)
        found = (place[1].plen, place[1].prefix) if place is not None else None
        assert found == max(((one.plen, one.prefix) for one in holding), default=None)


def test_thousands_of_subnets_are_not_looked_at_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A renewal by unicast, and every made-up giaddr, would cost milliseconds."""
    subnets = tuple(Subnet(n + 1, 4, 0, (0x0A00_0000 + n * 256).to_bytes(4), 24, str(n)) for n in range(5000))
    links = Links(Snapshot(1, subnets), {1: Interface(1, "eth0", (ip("10.0.0.1"),))})
    looked: list[Subnet] = []
    contains = Subnet.contains
    monkeypatch.setattr(Subnet, "contains", lambda self, address: looked.append(self) or contains(self, address))
    for number in (0, 2500, 4999):
        place = links.for_address((0x0A00_0000 + number * 256 + 9).to_bytes(4))
        assert place is not None
        assert place[1].subnet_id == number + 1
    assert links.for_relay(ip("192.0.2.1")) is None
    assert len(looked) <= 4
