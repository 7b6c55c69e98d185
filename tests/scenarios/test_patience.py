"""Clients that are left to another server for a while, and offers that are held back."""

from collections.abc import Callable

from dhcpcore.topology.policy import Policy
from tests.packets4 import ACK, OFFER, client
from tests.playbook import OFFICE, World, pool, subnet, traces

Make = Callable[..., World]
A, B = client(1), client(2)
FIRST, LAST = "192.0.2.100", "192.0.2.109"


def patient(world: Make, **policy: float) -> World:
    return world(subnet(OFFICE, pool(FIRST, LAST), policy=Policy(**policy)))  # type: ignore[arg-type]


def test_who_has_not_asked_for_long_is_left_to_others(world: Make) -> None:
    w = patient(world, min_secs=3)
    assert w.discover(A, secs=2) is None
    assert w.reason == "MIN-SECS"


def test_who_has_is_served_and_requests_are_not_concerned(world: Make) -> None:
    w = patient(world, min_secs=3)
    offer = w.discover(A, secs=3)
    assert offer is not None
    assert w.select(A, offer, secs=0).kind == ACK


def test_an_offer_is_held_back_for_its_time(world: Make) -> None:
    w = patient(world, offer_delay_s=0.5)
    assert w.discover(A) is None
    assert w.reasons == []
    w.pass_(0.4)
    assert w.later() == []
    w.pass_(0.1)
    assert [(answer.kind, answer.yiaddr) for answer in w.later()] == [(OFFER, FIRST)]
    assert "The offer was held back for 500 ms, for other servers to be first." in list(traces(w))


def test_nothing_is_probed_for_it_and_the_engine_wakes_in_time(world: Make) -> None:
    w = patient(world, offer_delay_s=0.5)
    w.discover(A)
    assert w.engine.take_probes() == []
    assert w.engine.timer() == w.now + 0.5


def test_a_request_is_not_held_back(world: Make) -> None:
    w = patient(world, offer_delay_s=0.5)
    assert w.select(A, FIRST).kind == ACK


def test_without_a_delay_the_offer_leaves_at_once(world: Make) -> None:
    assert patient(world).discover(A) is not None


def test_no_address_is_kept_meanwhile(world: Make) -> None:
    w = world(subnet(OFFICE, pool(FIRST, FIRST), policy=Policy(offer_delay_s=0.5)))
    w.discover(A)
    assert w.select(B, FIRST).kind == ACK
    w.pass_(1)
    assert w.later() == []
    assert w.reason == "POOL-EXHAUSTED"


def test_a_delayed_offer_is_probed_as_well(world: Make) -> None:
    w = world(subnet(OFFICE, pool(FIRST, LAST), policy=Policy(offer_delay_s=0.5)), probe=True)
    w.discover(A)
    w.pass_(0.5)
    assert w.later() == []
    assert [probe.key[2][3] for probe in w.engine.take_probes()] == [100]
    w.pass_(1)
    assert [answer.kind for answer in w.later()] == [OFFER]


def test_a_new_revision_without_a_delay_lets_it_go_in_its_time(world: Make) -> None:
    w = patient(world, offer_delay_s=0.5)
    w.discover(A)
    w.install(subnet(OFFICE, pool(FIRST, LAST)))
    w.pass_(0.5)
    assert [answer.kind for answer in w.later()] == [OFFER]
