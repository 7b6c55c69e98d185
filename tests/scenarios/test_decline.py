"""DECLINE: the client found its address in use.  RFC 2131 4.3.3; probation, and no loop."""

from collections.abc import Callable

import pytest

from tests.packets4 import ACK, NAK, Client, client
from tests.playbook import OFFICE, T0, World, assignment, pool, subnet

Make = Callable[..., World]
A, B = client(1), client(2)
DAY = 86_400


def office(world: Make, **fields: object) -> World:
    w = world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.101"), lifetime=3600), **fields)
    w.lease(A)
    return w


def test_the_address_goes_on_probation_and_is_nobodys(world: Make) -> None:
    w = office(world)
    w.pass_(2)
    assert w.decline(A, "192.0.2.100") is None
    row = w.row("192.0.2.100")
    assert (w.reason, row.state, row.client, row.expires) == ("DECLINED", 4, b"", T0 + 2 + DAY)
    assert w.history("192.0.2.100") == [(A.identity, T0, T0 + 2, 3)]


def test_nobody_is_offered_it_before_the_probation_is_over(world: Make) -> None:
    w = office(world, probation_s=600)
    w.decline(A, "192.0.2.100")
    assert w.lease(A).yiaddr == "192.0.2.101"
    w.pass_(599)
    assert w.discover(B, requested="192.0.2.100") is None
    assert w.reason == "POOL-EXHAUSTED"
    w.pass_(1)
    assert w.lease(B).yiaddr == "192.0.2.100"


@pytest.mark.parametrize(
    ("who", "address", "server", "reason"),
    [
        (B, "192.0.2.100", "192.0.2.1", "NO-BINDING"),
        (client(1, b"\x01other"), "192.0.2.100", "192.0.2.1", "NO-BINDING"),
        (A, "192.0.2.101", "192.0.2.1", "NO-BINDING"),
        (A, b"", "192.0.2.1", "NO-BINDING"),
        (A, None, "192.0.2.1", "NO-BINDING"),
        (A, "192.0.2.100", "192.0.2.2", "OTHER-SERVER"),
        (A, "192.0.2.100", None, "NO-SERVER-ID"),
    ],
)
def test_whatever_does_not_match_leaves_the_row_alone(
    world: Make, who: Client, address: str | bytes | None, server: str | None, reason: str
) -> None:
    w = office(world)
    before = w.row("192.0.2.100")
    w.decline(who, address, server=server)
    assert (w.reason, w.row("192.0.2.100"), w.store.commits[1:]) == (reason, before, [])


def test_an_offer_cannot_be_declined(world: Make) -> None:
    w = office(world)
    w.discover(B)
    w.decline(B, "192.0.2.101")
    assert (w.reason, w.row("192.0.2.101")) == ("NO-BINDING", None)


def test_an_ended_lease_cannot_be_declined(world: Make) -> None:
    w = office(world)
    w.pass_(3600)
    w.decline(A, "192.0.2.100")
    assert (w.reason, w.row("192.0.2.100").state) == ("NO-BINDING", 1)


def test_ciaddr_does_not_stand_for_the_address(world: Make) -> None:
    w = office(world)
    w.decline(A, None, ciaddr="192.0.2.100")
    assert (w.reason, w.row("192.0.2.100").state) == ("NO-BINDING", 1)


def test_after_the_probation_who_declined_it_may_have_it_again(world: Make) -> None:
    w = office(world, probation_s=600)
    w.decline(A, "192.0.2.100")
    w.pass_(601)
    assert w.select(A, "192.0.2.100").kind == ACK
    assert len(w.history("192.0.2.100")) == 2


def test_renewing_what_it_declined_is_refused(world: Make) -> None:
    w = office(world)
    w.decline(A, "192.0.2.100")
    assert w.renew(A, "192.0.2.100").kind == NAK


class TestAssignment:
    """An assigned address that somebody else uses: a state that is shown, the pool or silence, and no loop."""

    def conflict(self, world: Make, *pools: object) -> World:
        home = subnet(OFFICE, *pools, lifetime=3600)
        w = world(home, assignments=[assignment(home, "192.0.2.10", hw=A.hw)])
        w.lease(A)
        w.decline(A, "192.0.2.10")
        assert w.reason == "DECLINED"
        return w

    def test_the_state_is_shown(self, world: Make) -> None:
        w = self.conflict(world)
        assert w.row("192.0.2.10").state == 4

    def test_the_pool_takes_its_place(self, world: Make) -> None:
        w = self.conflict(world, pool("192.0.2.100", "192.0.2.109"))
        assert w.lease(A).yiaddr == "192.0.2.100"
        w.pass_(1800)
        assert w.renew(A, "192.0.2.100").kind == ACK, "no refusal in favour of an address in conflict"

    def test_without_a_pool_there_is_silence_with_that_reason(self, world: Make) -> None:
        w = self.conflict(world)
        assert w.discover(A) is None
        assert w.reason == "ASSIGNMENT-CONFLICT"

    def test_a_pool_that_does_not_admit_it_is_no_help(self, world: Make) -> None:
        w = self.conflict(world, pool("192.0.2.100", "192.0.2.109", guard="unknown"))
        assert w.discover(A) is None
        assert w.reason == "ASSIGNMENT-CONFLICT"

    def test_once_the_probation_is_over_the_assignment_holds_again(self, world: Make) -> None:
        w = self.conflict(world, pool("192.0.2.100", "192.0.2.109"))
        w.lease(A)
        for _ in range(47):
            w.pass_(1800)
            assert w.renew(A, "192.0.2.100").kind == ACK
        w.pass_(1800)
        assert w.renew(A, "192.0.2.100").kind == NAK
        assert w.reason == "NAK-MOVED"
        assert w.lease(A).yiaddr == "192.0.2.10"

    def test_its_options_still_reach_the_client_in_the_pool(self, world: Make) -> None:
        home = subnet(OFFICE, pool("192.0.2.100", "192.0.2.109"))
        w = world(home, assignments=[assignment(home, "192.0.2.10", hw=A.hw, options={15: b"mine"})])
        w.lease(A)
        w.decline(A, "192.0.2.10")
        assert w.lease(A).options[15] == b"mine"

    def test_an_assigned_address_that_another_holds_blocks_it_until_its_end(self, world: Make) -> None:
        w = world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.109"), lifetime=3600))
        w.lease(B)
        w.install(assignments=[assignment(w.subnets[0], "192.0.2.100", hw=A.hw)])
        assert w.lease(A).yiaddr == "192.0.2.101"
        w.pass_(1800)
        assert w.renew(B, "192.0.2.100").kind == NAK, "it is assigned to another now"
        assert w.renew(A, "192.0.2.101").kind == ACK, "but not free yet"
        w.pass_(1829)
        assert w.renew(A, "192.0.2.101").kind == ACK
        w.pass_(1)
        assert w.renew(A, "192.0.2.101").kind == NAK
        assert w.lease(A).yiaddr == "192.0.2.100"

    def test_an_assigned_address_on_offer_to_another_does_not_send_its_owner_round_in_circles(
        self, world: Make
    ) -> None:
        """The offer was made before the assignment: for its minute the owner keeps what it has."""
        w = world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.109"), lifetime=3600))
        w.lease(A)
        w.discover(B)
        w.install(assignments=[assignment(w.subnets[0], "192.0.2.101", hw=A.hw)])
        assert w.renew(A, "192.0.2.100").kind == ACK
        w.pass_(60)
        assert w.renew(A, "192.0.2.100").kind == NAK
        assert w.lease(A).yiaddr == "192.0.2.101"
