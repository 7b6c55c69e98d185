"""RELEASE: counts only where identity, address and server identifier match the row.  RFC 2131 4.3.4, 4.4.6."""

from collections.abc import Callable

import pytest

from tests.packets4 import ACK, NAK, RELEASE, Client, client
from tests.playbook import OFFICE, T0, World, pool, subnet

Make = Callable[..., World]
A, B = client(1), client(2)


def office(world: Make, **fields: object) -> World:
    w = world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.101"), lifetime=3600), **fields)
    w.lease(A)
    w.pass_(600)
    return w


def test_the_lease_ends_and_its_row_stays(world: Make) -> None:
    w = office(world)
    assert w.release(A, "192.0.2.100") is None
    row = w.row("192.0.2.100")
    assert (w.reason, row.state, row.client, row.expires) == ("RELEASED", 2, A.identity, T0 + 600)
    assert w.history("192.0.2.100") == [(A.identity, T0, T0 + 600, 1)]


@pytest.mark.parametrize(
    ("who", "address", "server", "reason"),
    [
        (B, "192.0.2.100", "192.0.2.1", "NO-BINDING"),
        (client(1, b"\x01other"), "192.0.2.100", "192.0.2.1", "NO-BINDING"),
        (Client(A.hw, htype=6), "192.0.2.100", "192.0.2.1", "NO-BINDING"),
        (A, "192.0.2.101", "192.0.2.1", "NO-BINDING"),
        (A, "0.0.0.0", "192.0.2.1", "NO-BINDING"),
        (A, "192.0.2.100", "192.0.2.2", "OTHER-SERVER"),
        (A, "192.0.2.100", b"", "OTHER-SERVER"),
        (A, "192.0.2.100", None, "NO-SERVER-ID"),
    ],
)
def test_whatever_does_not_match_leaves_the_row_alone(
    world: Make, who: Client, address: str, server: str | bytes | None, reason: str
) -> None:
    w = office(world)
    before = w.row("192.0.2.100")
    w.release(who, address, server=server)
    assert (w.reason, w.row("192.0.2.100"), w.store.commits[1:]) == (reason, before, [])


def test_the_address_is_ciaddr_and_nothing_else(world: Make) -> None:
    w = office(world)
    w.one(w.packet(RELEASE, A, requested="192.0.2.100", server="192.0.2.1", source="192.0.2.100", unicast=True))
    assert (w.reason, w.row("192.0.2.100").state) == ("NO-BINDING", 1)


def test_a_second_one_finds_nothing(world: Make) -> None:
    w = office(world)
    w.release(A, "192.0.2.100")
    w.pass_(5)
    w.release(A, "192.0.2.100")
    assert (w.reason, w.row("192.0.2.100").expires) == ("NO-BINDING", T0 + 600)


def test_after_the_end_there_is_nothing_to_release(world: Make) -> None:
    w = office(world)
    w.pass_(3600)
    w.release(A, "192.0.2.100")
    assert w.reason == "NO-BINDING"
    w.sweep()
    assert w.history("192.0.2.100") == [(A.identity, T0, T0 + 3600, 2)]


def test_another_address_of_this_server_is_this_server(world: Make) -> None:
    from dhcpcore.topology.links import Interface
    from tests.packets4 import ip

    w = office(world)
    w.attach({2: Interface(2, "eth0", (ip("192.0.2.1"),)), 3: Interface(3, "eth1", (ip("203.0.113.1"),))})
    w.release(A, "192.0.2.100", server="203.0.113.1")
    assert w.reason == "RELEASED"


def test_through_a_relay_or_by_broadcast_it_counts_as_well(world: Make) -> None:
    w = office(world)
    w.release(A, "192.0.2.100", unicast=False)
    assert w.reason == "RELEASED"
    w.lease(A)
    w.release(A, "192.0.2.100", via="192.0.2.9")
    assert w.reason == "RELEASED"


def test_the_same_client_gets_it_back_at_once(world: Make) -> None:
    w = office(world)
    w.release(A, "192.0.2.100")
    assert w.lease(A).yiaddr == "192.0.2.100"


def test_others_get_it_after_the_grace_and_not_before(world: Make) -> None:
    w = office(world, reclaim_grace_s=30)
    w.release(A, "192.0.2.100")
    w.pass_(29)
    assert w.select(B, "192.0.2.100").kind == NAK
    w.pass_(1)
    assert w.select(B, "192.0.2.100").kind == ACK


def test_a_released_lease_is_not_renewed_by_somebody_else_in_its_name(world: Make) -> None:
    w = office(world)
    w.release(A, "192.0.2.100")
    assert w.renew(B, "192.0.2.100").kind == NAK
