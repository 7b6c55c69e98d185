"""Assignments with boot fields of their own, and several that share one address."""

from collections.abc import Callable

from tests.packets4 import ACK, Client, client, ip
from tests.playbook import OFFICE, Boot, World, assignment, pool, subnet

Make = Callable[..., World]
A, B = client(1), client(2)
BOOT = Boot(ip("192.0.2.6"), b"boothost", b"pxe.0")


def booting(world: Make, boot: tuple[bytes, bytes, bytes] | None) -> World:
    house = subnet(OFFICE, pool("192.0.2.100", "192.0.2.109"), boot=BOOT)
    return world(house, assignments=[assignment(house, "192.0.2.10", hw=A.hw, boot=boot)])


def test_its_boot_fields_win_over_the_subnets_each_for_itself(world: Make) -> None:
    offer = booting(world, (ip("192.0.2.7"), b"", b"lab.0")).discover(A)
    assert (offer.siaddr, offer.sname.rstrip(b"\0"), offer.file.rstrip(b"\0")) == ("192.0.2.7", b"boothost", b"lab.0")


def test_without_any_it_gets_the_subnets(world: Make) -> None:
    offer = booting(world, None).discover(A)
    assert (offer.siaddr, offer.file.rstrip(b"\0")) == ("192.0.2.6", b"pxe.0")


def test_other_clients_get_the_subnets(world: Make) -> None:
    offer = booting(world, (ip("192.0.2.7"), b"", b"lab.0")).discover(B)
    assert (offer.siaddr, offer.file.rstrip(b"\0")) == ("192.0.2.6", b"pxe.0")


ROM, SYSTEM = Client(A.hw), Client(A.hw, b"\xff\0\0\0\1\0\x03duid")


def shared(world: Make) -> World:
    house = subnet(OFFICE, pool("192.0.2.100", "192.0.2.109"), lifetime=3600)
    return world(house, assignments=[
        assignment(house, "192.0.2.10", hw=A.hw), assignment(house, "192.0.2.10", hw=B.hw),
    ])  # fmt: skip


def test_of_two_that_share_an_address_the_first_has_it_and_the_other_one_of_the_pool(world: Make) -> None:
    w = shared(world)
    assert w.lease(A).yiaddr == "192.0.2.10"
    assert w.lease(B).yiaddr == "192.0.2.100"


def test_when_the_first_gives_it_back_the_other_moves_to_it(world: Make) -> None:
    w = shared(world)
    w.lease(A)
    w.lease(B)
    w.release(A, "192.0.2.10")
    w.pass_(30)
    assert w.renew(B, "192.0.2.100").kind != ACK
    assert w.reason == "NAK-MOVED"
    assert w.lease(B).yiaddr == "192.0.2.10"


def test_nobody_else_gets_it(world: Make) -> None:
    w = shared(world)
    offer = w.discover(client(9), requested="192.0.2.10")
    assert offer.yiaddr == "192.0.2.100"
