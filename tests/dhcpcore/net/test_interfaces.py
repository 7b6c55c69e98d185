"""Interfaces as rtnetlink tells them: not all have a hardware address of Ethernet's form."""

from pathlib import Path
from typing import Any, Self

import pytest

from dhcpcore.net import interfaces


class Entry(dict[str, Any]):
    """A message of pyroute2's."""

    def __init__(self, index: int, **attributes: Any) -> None:
        super().__init__(index=index)
        self._attributes = attributes

    def get_attr(self, name: str) -> Any:
        return self._attributes.get(name)


class Route:
    """A machine with an Ethernet, tunnels over IPv4 and IPv6, an InfiniBand and a point-to-point link."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def get_links(self) -> list[Entry]:
        addresses = ("02:00:00:00:00:01", "192.0.2.1", "fe80::1:203", "80:00:02:08:fe:80:00:00", None)
        return [
            Entry(index, IFLA_IFNAME=f"if{index}", IFLA_ADDRESS=address) for index, address in enumerate(addresses, 1)
        ]

    def get_addr(self) -> list[Entry]:
        return [Entry(1, IFA_LOCAL="192.0.2.1", IFA_ADDRESS="192.0.2.1"), Entry(1, IFA_ADDRESS="2001:db8::1")]


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> dict[int, interfaces.Interface]:
    monkeypatch.setattr(interfaces, "IPRoute", Route)
    return interfaces.read(())


def test_a_tunnel_does_not_keep_the_server_from_starting(found: dict[int, interfaces.Interface]) -> None:
    assert sorted(found) == [1, 2, 3, 4, 5]
    assert {found[index].hw for index in (2, 3, 5)} == {b""}, "what is no link-layer address is none"


def test_hardware_addresses_and_addresses_are_read(found: dict[int, interfaces.Interface]) -> None:
    assert found[1].hw == b"\x02\0\0\0\0\x01"
    assert found[1].addresses == (b"\xc0\x00\x02\x01", b"\x20\x01\x0d\xb8" + bytes(11) + b"\x01")
    assert found[4].hw == bytes.fromhex("80000208fe800000")


def test_resolvers_are_those_that_a_client_reaches(tmp_path: Path) -> None:
    stub, real = tmp_path / "stub", tmp_path / "real"
    stub.write_text("# made by hand\nnameserver 127.0.0.53\nsearch example.org\nnameserver\nnameserver x\n")
    real.write_text("nameserver 192.0.2.53\nnameserver 2001:db8::53\n")
    assert interfaces.resolvers((tmp_path / "none", stub, real)) == ["192.0.2.53", "2001:db8::53"]
    assert interfaces.resolvers((stub,)) == []
