"""Whether a client without an address may make one up: RFC 2563."""

from collections.abc import Callable

import pytest

from dhcpcore.topology.policy import Gate
from tests.packets4 import ACK, OFFER, client
from tests.playbook import OFFICE, World, pool, subnet

Make = Callable[..., World]
A, B = client(1), client(2)
SENT = {116: b"\1"}


def office(world: Make, said: str, **fields: object) -> World:
    return world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.100"), auto_configure=said, **fields))


@pytest.mark.parametrize(("said", "octet"), [("forbid", b"\0"), ("allow", b"\1")])
def test_who_sent_116_and_gets_nothing_is_told(world: Make, said: str, octet: bytes) -> None:
    """RFC 2563 2.3."""
    w = office(world, said)
    w.lease(B)
    offer = w.discover(A, options=SENT)
    assert (offer.kind, offer.yiaddr, offer.options[116], w.reason) == (OFFER, "0.0.0.0", octet, "OFFER-NOTHING")


def test_it_is_broadcast_since_there_is_no_address_to_send_it_to(world: Make) -> None:
    w = office(world, "forbid")
    w.lease(B)
    offer = w.discover(A, options=SENT)
    assert (offer.to, offer.frame, offer.flags) == ("255.255.255.255", b"", 0x8000)
    assert w.discover(B, options=SENT).flags == 0


def test_where_nothing_is_said_there_is_silence(world: Make) -> None:
    w = office(world, "ignore")
    w.lease(B)
    assert w.discover(A, options=SENT) is None
    assert w.reason == "POOL-EXHAUSTED"


def test_who_did_not_send_116_hears_nothing(world: Make) -> None:
    w = office(world, "forbid")
    w.lease(B)
    assert w.discover(A) is None
    assert w.reason == "POOL-EXHAUSTED"


def test_who_gets_an_address_hears_nothing_of_it(world: Make) -> None:
    w = office(world, "forbid")
    ack = w.lease(A, options=SENT)
    assert (ack.kind, 116 in ack.options) == (ACK, False)


@pytest.mark.parametrize(("fields", "reason"), [
    ({"gate": Gate("known")}, "NOT-ADMITTED"),
    ({"gate": Gate("all", "deny")}, "RANDOM-MAC"),
    ({"max_leases": 1}, "LIMIT-REACHED"),
])  # fmt: skip
def test_who_is_not_admitted_or_one_too_many_is_told_too(world: Make, fields: dict[str, object], reason: str) -> None:
    """RFC 2563 2.3: no address is chosen, whatever the cause."""
    w = world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.109", **fields), auto_configure="forbid"))
    if reason == "LIMIT-REACHED":
        w.lease(B)
    assert w.discover(A) is None
    assert w.reason == reason
    assert w.discover(A, options=SENT).options[116] == b"\0"


def test_a_subnet_without_pools_tells_everybody(world: Make) -> None:
    w = world(subnet(OFFICE, auto_configure="forbid"))
    assert w.discover(A, options=SENT).options[116] == b"\0"


def test_the_subnet_decides(world: Make) -> None:
    w = world(subnet(OFFICE), subnet("198.51.100.0/24", auto_configure="forbid"))
    assert w.discover(A, options=SENT) is None
    assert w.discover(A, options=SENT, via="198.51.100.1").yiaddr == "0.0.0.0"


def test_a_link_that_nobody_declared_is_not_spoken_for(world: Make) -> None:
    w = office(world, "forbid")
    assert w.discover(A, options=SENT, via="203.0.113.1") is None
    assert w.reason == "NO-SUBNET"


def test_a_request_is_not_answered_so(world: Make) -> None:
    w = office(world, "forbid")
    assert w.reboot(A, "192.0.2.100", options=SENT) is None
    assert w.reason == "UNKNOWN-CLIENT"


def test_nothing_is_written_and_nothing_held(world: Make) -> None:
    w = world(subnet(OFFICE, auto_configure="forbid"))
    w.discover(A, options=SENT)
    assert (w.store.commits, w.engine.allocator.holds) == ([], 0)


def test_what_may_pass_by_itself_stays_silence(world: Make) -> None:
    """The clock is suspect, and only ended leases of others are left: there will be an address in a while."""
    w = office(world, "forbid", lifetime=60)
    w.lease(B)
    w.pass_(3600)
    w.engine.allocator.reclaim = False
    assert w.discover(A, options=SENT) is None
    assert w.reason == "CLOCK-SUSPECT"
