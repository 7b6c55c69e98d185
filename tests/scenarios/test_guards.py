"""Pools that admit known clients only, or unknown ones only: known is who has an assignment on the link."""

from collections.abc import Callable

from tests.packets4 import ACK, NAK, client
from tests.playbook import OFFICE, World, assignment, pool, subnet

Make = Callable[..., World]
KNOWN, STRANGER = client(1), client(2)


def guarded(world: Make, guard: str, *more: object) -> World:
    home = subnet(OFFICE, pool("192.0.2.100", "192.0.2.109", guard=guard), *more)
    return world(home, assignments=[assignment(home, None, hw=KNOWN.hw)])


def test_known_admits_who_has_an_assignment(world: Make) -> None:
    assert guarded(world, "known").lease(KNOWN).yiaddr == "192.0.2.100"


def test_known_does_not_admit_a_stranger(world: Make) -> None:
    w = guarded(world, "known")
    assert w.discover(STRANGER) is None
    assert w.reason == "NO-POOL"
    assert w.discover(STRANGER, requested="192.0.2.105") is None
    assert w.select(STRANGER, "192.0.2.105").kind == NAK
    assert w.reason == "NAK-NOT-PERMITTED"


def test_unknown_admits_a_stranger(world: Make) -> None:
    assert guarded(world, "unknown").lease(STRANGER).yiaddr == "192.0.2.100"


def test_unknown_does_not_admit_who_has_an_assignment(world: Make) -> None:
    w = guarded(world, "unknown")
    assert w.discover(KNOWN) is None
    assert w.reason == "NO-POOL"


def test_a_guarded_pool_is_stepped_over(world: Make) -> None:
    w = guarded(world, "known", pool("192.0.2.200", "192.0.2.209"))
    assert w.lease(STRANGER).yiaddr == "192.0.2.200"
    assert w.lease(KNOWN).yiaddr == "192.0.2.100"


def test_who_becomes_known_moves_to_the_known_ones_pool(world: Make) -> None:
    home = subnet(OFFICE, pool("192.0.2.100", "192.0.2.109", guard="unknown"),
                  pool("192.0.2.200", "192.0.2.209", guard="known"))  # fmt: skip
    w = world(home)
    assert w.lease(STRANGER).yiaddr == "192.0.2.100"
    w.install(assignments=[assignment(home, None, hw=STRANGER.hw)])
    assert w.renew(STRANGER, "192.0.2.100").kind == NAK
    assert w.reason == "NAK-NOT-PERMITTED"
    assert w.lease(STRANGER).yiaddr == "192.0.2.200"


def test_an_assignment_with_an_address_needs_no_pool_to_admit_it(world: Make) -> None:
    home = subnet(OFFICE, pool("192.0.2.100", "192.0.2.109", guard="unknown"))
    w = world(home, assignments=[assignment(home, "192.0.2.105", hw=KNOWN.hw)])
    assert w.lease(KNOWN).kind == ACK
    assert w.renew(KNOWN, "192.0.2.105").kind == ACK
