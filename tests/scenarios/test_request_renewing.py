"""REQUEST in RENEWING (unicast) and REBINDING (broadcast) state: ciaddr is set.  RFC 2131 4.3.2, last parts."""

from collections.abc import Callable

import pytest

from tests.packets4 import ACK, NAK, client
from tests.playbook import OFFICE, T0, World, pool, subnet

Make = Callable[..., World]
A, B = client(1), client(2)
BOTH = pytest.mark.parametrize("state", ["renew", "rebind"])
RELAY = "198.51.100.1"


def office(world: Make, *, authoritative: bool = False, adopt: str = "never", **fields: object) -> World:
    pools = (pool("192.0.2.100", "192.0.2.109"),)
    return world(subnet(OFFICE, *pools, lifetime=3600, authoritative=authoritative, adopt=adopt), **fields)


@BOTH
class TestEither:
    def test_the_lease_is_extended_and_touches_no_history(self, world: Make, state: str) -> None:
        w = office(world)
        w.lease(A)
        w.pass_(1800)
        ack = getattr(w, state)(A, "192.0.2.100")
        assert (ack.kind, ack.yiaddr, ack.ciaddr, w.reason) == (ACK, "192.0.2.100", "192.0.2.100", "ACK-RENEWED")
        assert (w.row("192.0.2.100").expires, w.row("192.0.2.100").cltt) == (T0 + 5400, T0 + 1800)
        assert w.history("192.0.2.100") == [(A.identity, T0, None, None)]

    def test_an_ended_lease_that_nobody_took_is_granted_anew(self, world: Make, state: str) -> None:
        w = office(world)
        w.lease(A)
        w.pass_(3700)
        assert getattr(w, state)(A, "192.0.2.100").kind == ACK
        assert [row[1:] for row in w.history("192.0.2.100")] == [(T0, T0 + 3600, 2), (T0 + 3700, None, None)]

    def test_a_lease_that_became_anothers_is_refused(self, world: Make, state: str) -> None:
        w = office(world)
        w.lease(A)
        w.pass_(3700)
        w.select(B, "192.0.2.100")
        assert getattr(w, state)(A, "192.0.2.100").kind == NAK
        assert w.reason == "NAK-TAKEN"

    def test_somebody_elses_lease_is_neither_extended_nor_ended(self, world: Make, state: str) -> None:
        w = office(world)
        w.lease(A)
        w.pass_(600)
        assert getattr(w, state)(B, "192.0.2.100").kind == NAK
        assert (w.row("192.0.2.100").client, w.row("192.0.2.100").expires) == (A.identity, T0 + 3600)

    def test_of_an_unknown_client_there_is_silence_without_authority(self, world: Make, state: str) -> None:
        w = office(world)
        assert getattr(w, state)(A, "192.0.2.100") is None
        assert w.reason == "UNKNOWN-CLIENT"

    def test_of_an_unknown_client_there_is_a_refusal_with_authority(self, world: Make, state: str) -> None:
        w = office(world, authoritative=True)
        assert getattr(w, state)(A, "192.0.2.100").kind == NAK
        assert w.reason == "NAK-UNKNOWN-CLIENT"

    def test_of_a_declined_address_there_is_a_refusal(self, world: Make, state: str) -> None:
        w = office(world)
        w.lease(A)
        w.decline(A, "192.0.2.100")
        assert getattr(w, state)(A, "192.0.2.100").kind == NAK

    def test_option_50_does_not_replace_ciaddr(self, world: Make, state: str) -> None:
        """Table 5 forbids the option here; whoever sends it all the same uses ciaddr."""
        w = office(world)
        w.lease(A)
        assert getattr(w, state)(A, "192.0.2.100", requested="192.0.2.105").yiaddr == "192.0.2.100"
        assert w.row("192.0.2.105") is None


def test_a_unicast_renewal_by_passes_the_relay_and_is_found_by_its_address(world: Make) -> None:
    far = subnet("198.51.100.0/24", pool("198.51.100.100", "198.51.100.109"), lifetime=3600)
    w = world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.109")), far)
    w.lease(A, via=RELAY)
    w.pass_(1800)
    ack = w.renew(A, "198.51.100.100")
    assert (ack.kind, ack.to, ack.interface, ack.frame) == (ACK, "198.51.100.100", 0, b"")
    assert w.row("198.51.100.100").relay == bytes((198, 51, 100, 1)), "the relay of the grant is kept"
    assert len(w.history("198.51.100.100")) == 1


def test_a_broadcast_on_another_link_is_not_found_by_its_address(world: Make) -> None:
    """REBINDING is broadcast: it comes from the link it is heard on, and that is not the address's."""
    far = subnet("198.51.100.0/24", pool("198.51.100.100", "198.51.100.109"), lifetime=3600)
    w = world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.109")), far)
    w.lease(A, via=RELAY)
    assert w.rebind(A, "198.51.100.100").kind == NAK
    assert w.reason == "NAK-WRONG-NETWORK"


def test_another_server_answers_a_rebinding_of_a_lease_in_the_shared_database(world: Make) -> None:
    w = world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.109"), lifetime=3600), engines=2)
    w.lease(A)
    w.pass_(3200)
    assert w.rebind(A, "192.0.2.100", by=1).kind == ACK
