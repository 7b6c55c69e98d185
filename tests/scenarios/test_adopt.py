"""`adopt`: what becomes of a lease that this database does not know, after a restore or a change of servers."""

from collections.abc import Callable

import pytest

from tests.packets4 import ACK, NAK, client
from tests.playbook import OFFICE, T0, World, assignment, pool, subnet

Make = Callable[..., World]
A, B = client(1), client(2)
STATES = pytest.mark.parametrize("state", ["reboot", "renew", "rebind"])


def office(world: Make, adopt: str, *, authoritative: bool = True, assigned: str | None = None) -> World:
    home = subnet(OFFICE, pool("192.0.2.100", "192.0.2.109"), lifetime=3600, authoritative=authoritative, adopt=adopt)
    return world(home, assignments=[assignment(home, assigned, hw=A.hw)] if assigned else [])


@STATES
def test_free_adopts_an_address_that_is_free(world: Make, state: str) -> None:
    w = office(world, "free")
    ack = getattr(w, state)(A, "192.0.2.105")
    assert (ack.kind, ack.yiaddr, w.reason) == (ACK, "192.0.2.105", "ACK-ADOPTED")
    assert w.history("192.0.2.105") == [(A.identity, T0, None, None)]
    assert w.discover(B).yiaddr == "192.0.2.100"


@STATES
def test_free_does_not_adopt_anothers(world: Make, state: str) -> None:
    w = office(world, "free")
    w.lease(B)
    assert getattr(w, state)(A, "192.0.2.100").kind == NAK
    assert w.reason == "NAK-TAKEN"


@STATES
def test_free_does_not_adopt_what_is_on_offer(world: Make, state: str) -> None:
    w = office(world, "free")
    w.discover(B)
    assert getattr(w, state)(A, "192.0.2.100").kind == NAK


@STATES
@pytest.mark.parametrize("address", ["192.0.2.50", "192.0.2.255", "192.0.2.1"])
def test_free_does_not_adopt_outside_the_pools(world: Make, state: str, address: str) -> None:
    w = office(world, "free")
    answer = getattr(w, state)(A, address)
    assert (answer.kind, w.reason) == (NAK, "NAK-NOT-PERMITTED")
    assert w.row(address) is None


@STATES
def test_free_does_not_adopt_what_is_assigned_to_another(world: Make, state: str) -> None:
    w = office(world, "free", assigned="192.0.2.105")
    assert getattr(w, state)(B, "192.0.2.105").kind == NAK


@STATES
def test_reserved_adopts_the_clients_own_assignment(world: Make, state: str) -> None:
    w = office(world, "reserved", assigned="192.0.2.10")
    assert getattr(w, state)(A, "192.0.2.10").yiaddr == "192.0.2.10"
    assert w.reason == "ACK-ADOPTED"


@STATES
def test_reserved_does_not_adopt_of_a_pool(world: Make, state: str) -> None:
    w = office(world, "reserved")
    assert getattr(w, state)(A, "192.0.2.105").kind == NAK
    assert w.reason == "NAK-UNKNOWN-CLIENT"


@STATES
def test_never_adopts_not_even_an_assignment(world: Make, state: str) -> None:
    w = office(world, "never", assigned="192.0.2.10")
    assert getattr(w, state)(A, "192.0.2.10").kind == NAK
    assert w.reason == "NAK-UNKNOWN-CLIENT"


def test_an_address_adopted_is_offered_to_nobody_though_its_page_was_loaded_before(world: Make) -> None:
    w = office(world, "free")
    w.discover(B)  # Loads the page.
    w.reboot(A, "192.0.2.101")
    assert [w.discover(client(n)).yiaddr for n in (3, 4)] == ["192.0.2.102", "192.0.2.103"]
