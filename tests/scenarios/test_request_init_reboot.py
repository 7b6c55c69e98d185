"""REQUEST in INIT-REBOOT state: it names an address it had, and no server.  RFC 2131 4.3.2, second part."""

from collections.abc import Callable

import pytest

from tests.packets4 import ACK, NAK, REQUEST, client
from tests.playbook import OFFICE, T0, World, pool, subnet

Make = Callable[..., World]
A, B = client(1), client(2)
WITH_AND_WITHOUT_AUTHORITY = pytest.mark.parametrize("authoritative", [True, False])


def office(world: Make, *, authoritative: bool = False, adopt: str = "never", **fields: object) -> World:
    pools = (pool("192.0.2.100", "192.0.2.109"),)
    return world(subnet(OFFICE, *pools, lifetime=3600, authoritative=authoritative, adopt=adopt), **fields)


@WITH_AND_WITHOUT_AUTHORITY
class TestKnown:
    def test_its_present_lease_is_confirmed_and_extended(self, world: Make, authoritative: bool) -> None:
        w = office(world, authoritative=authoritative)
        w.lease(A)
        w.pass_(600)
        ack = w.reboot(A, "192.0.2.100")
        assert (ack.kind, ack.yiaddr, ack.ciaddr, w.reason) == (ACK, "192.0.2.100", "0.0.0.0", "ACK-RENEWED")
        assert w.row("192.0.2.100").expires == T0 + 600 + 3600
        assert len(w.history("192.0.2.100")) == 1

    @pytest.mark.parametrize("sweeps", [True, False])
    def test_its_expired_lease_that_nobody_took_is_granted_anew(
        self, world: Make, authoritative: bool, sweeps: bool
    ) -> None:
        w = office(world, authoritative=authoritative)
        w.lease(A)
        w.pass_(90_000)
        if sweeps:
            assert w.sweep() == 1
        assert w.reboot(A, "192.0.2.100").kind == ACK
        assert w.reason == "ACK-NEW"
        assert w.history("192.0.2.100") == [
            (A.identity, T0, T0 + 3600, 2), (A.identity, T0 + 90_000, None, None)
        ]  # fmt: skip

    def test_its_released_lease_that_nobody_took_is_granted_anew(self, world: Make, authoritative: bool) -> None:
        w = office(world, authoritative=authoritative)
        w.lease(A)
        w.release(A, "192.0.2.100")
        assert w.reboot(A, "192.0.2.100").kind == ACK

    def test_an_address_it_declined_is_refused(self, world: Make, authoritative: bool) -> None:
        w = office(world, authoritative=authoritative)
        w.lease(A)
        w.decline(A, "192.0.2.100")
        assert w.reboot(A, "192.0.2.100").kind == NAK
        assert w.reason == "NAK-DECLINED"

    def test_another_network_is_refused_since_we_know_better(self, world: Make, authoritative: bool) -> None:
        w = office(world, authoritative=authoritative)
        w.lease(A)
        assert w.reboot(A, "198.51.100.5").kind == NAK
        assert w.reason == "NAK-WRONG-NETWORK"
        assert w.row("192.0.2.100").state == 1, "a refusal ends nothing"


@WITH_AND_WITHOUT_AUTHORITY
def test_anothers_address_is_refused(world: Make, authoritative: bool) -> None:
    w = office(world, authoritative=authoritative)
    w.lease(B)
    assert w.reboot(A, "192.0.2.100").kind == NAK
    assert w.reason == "NAK-TAKEN"


class TestUnknown:
    """No record of this client: then it MUST remain silent, unless it is the authority of the link."""

    @pytest.mark.parametrize("address", ["192.0.2.100", "192.0.2.50", "198.51.100.5"])
    def test_without_authority_there_is_silence(self, world: Make, address: str) -> None:
        w = office(world)
        assert w.reboot(A, address) is None
        assert w.reason == "UNKNOWN-CLIENT"
        assert w.row(address) is None

    @pytest.mark.parametrize(
        ("address", "reason"),
        [
            ("192.0.2.100", "NAK-UNKNOWN-CLIENT"),
            ("192.0.2.50", "NAK-NOT-PERMITTED"),
            ("198.51.100.5", "NAK-WRONG-NETWORK"),
        ],
    )
    def test_with_authority_there_is_a_refusal(self, world: Make, address: str, reason: str) -> None:
        w = office(world, authoritative=True)
        assert w.reboot(A, address).kind == NAK
        assert w.reason == reason
        assert w.row(address) is None

    def test_an_ended_lease_of_another_is_no_record_of_this_client(self, world: Make) -> None:
        w = office(world)
        w.lease(B)
        w.pass_(90_000)
        assert w.reboot(A, "192.0.2.100") is None
        assert w.reason == "UNKNOWN-CLIENT"


@pytest.mark.parametrize("address", [None, b"", b"\xc0\x00\x02"])
def test_a_request_without_any_address_has_a_reason_of_its_own(world: Make, address: bytes | None) -> None:
    w = office(world)
    assert w.one(w.packet(REQUEST, A, requested=address)) is None
    assert w.reason == "NO-CLIENT-ADDRESS"


def test_a_client_that_changed_its_link_is_refused_by_its_new_relay(world: Make) -> None:
    here = subnet(OFFICE, pool("192.0.2.100", "192.0.2.109"))
    there = subnet("198.51.100.0/24", pool("198.51.100.100", "198.51.100.109"))
    w = world(here, there)
    w.lease(A)
    nak = w.reboot(A, "192.0.2.100", via="198.51.100.1")
    assert (nak.kind, nak.to, w.reason) == (NAK, "198.51.100.1", "NAK-WRONG-NETWORK")
    assert w.lease(A, via="198.51.100.1").yiaddr == "198.51.100.100"
    assert w.row("192.0.2.100").state == 1, "a lease of another link may be another of its interfaces: it runs out"


class TestTwoLeasesOfOneClient:
    """A second lease is legal: it is healed at the client's next contact, and not by a packet that came late."""

    def two(self, world: Make) -> World:
        w = office(world, adopt="free")
        w.lease(A)
        w.pass_(5)
        assert w.reboot(A, "192.0.2.105").kind == ACK
        return w

    def test_a_request_that_may_be_late_does_not_end_what_the_client_just_spoke_of(self, world: Make) -> None:
        w = self.two(world)
        assert w.row("192.0.2.100").state == 1
        assert w.history("192.0.2.100") == [(A.identity, T0, None, None)]

    def test_its_next_contact_ends_what_it_left(self, world: Make) -> None:
        w = self.two(world)
        w.pass_(11)
        assert w.renew(A, "192.0.2.105").kind == ACK
        assert w.history("192.0.2.100") == [(A.identity, T0, T0 + 16, 4)]

    def test_a_client_that_selects_another_address_leaves_the_first_at_once(self, world: Make) -> None:
        w = office(world)
        w.lease(A)
        w.pass_(5)
        assert w.select(A, "192.0.2.105").kind == ACK
        assert w.history("192.0.2.100") == [(A.identity, T0, T0 + 5, 4)]
