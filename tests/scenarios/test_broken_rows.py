"""Lease rows that somebody made invalid by hand: nobody gets their addresses, all others are served."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from dhcpcore.topology.snapshot import Quarantined
from tests.packets4 import ACK, NAK, OFFER, client
from tests.playbook import OFFICE, World, pool, subnet

Make = Callable[..., World]
A, B, C = client(1), client(2), client(3)
BROKEN = "192.0.2.100"

#: What somebody might write; SQLite keeps a text in a column of numbers.
BREAKAGE = pytest.mark.parametrize(
    "broken",
    [
        "expires = 'soon'",
        "version = 'first', expires = 1",
        "subnet = 1.5",
        "client = 'somebody'",
        "agent = 'circuit 7'",
        "hostname = CAST(x'ff' AS TEXT)",
    ],
    ids=lambda text: text.partition(" ")[0],
)


def broken_office(world: Make, broken: str) -> World:
    w = world(subnet(OFFICE, pool(BROKEN, "192.0.2.101"), lifetime=600))
    assert w.lease(A).yiaddr == BROKEN
    w.faulty = True  # What SQL says is not what was acknowledged: that is the point.
    w.sql.execute("PRAGMA ignore_check_constraints = on")
    w.sql.execute(f"UPDATE lease SET {broken}")
    w.restart()
    return w


@BREAKAGE
def test_others_are_served(world: Make, broken: str) -> None:
    w = broken_office(world, broken)
    ack = w.lease(B)
    assert (ack.kind, ack.yiaddr) == (ACK, "192.0.2.101")
    assert w.renew(B, ack.yiaddr).kind == ACK


@BREAKAGE
def test_others_of_the_same_batch_are_served(world: Make, broken: str) -> None:
    w = broken_office(world, broken)
    kinds = [answer.kind for answer in w.send(w.packet(1, A), w.packet(1, B))]
    assert OFFER in kinds


@BREAKAGE
def test_the_sweep_goes_on(world: Make, broken: str) -> None:
    w = broken_office(world, broken)
    w.lease(B)
    w.pass_(700)
    assert w.sweep() >= 1
    ((state,),) = w.sql.execute("SELECT state FROM lease WHERE address = x'c0000265'")
    assert state == 3


@pytest.mark.parametrize("broken", ["expires = 'soon'", "agent = 'circuit 7'"])
def test_the_row_is_shown_in_quarantine_once(world: Make, broken: str) -> None:
    w = broken_office(world, broken)
    w.sweep()
    w.sweep()
    ((place, row),) = w.sql.execute('SELECT place, "row" FROM quarantine')
    assert place == f"lease {BROKEN}"
    assert "c0000264" in row


def test_a_sound_row_is_not_in_quarantine(world: Make) -> None:
    w = world(subnet(OFFICE, pool(BROKEN, "192.0.2.101"), lifetime=600))
    w.lease(A)
    w.sweep()
    assert w.sql.execute("SELECT count(*) FROM quarantine").fetchone() == (0,)


@pytest.mark.parametrize("broken", ["expires = 'soon'", "version = 'first'"])
def test_its_address_is_nobodys(world: Make, broken: str) -> None:
    w = broken_office(world, broken)
    w.lease(B)
    assert w.discover(C) is None
    assert w.reason == "POOL-EXHAUSTED"
    w.discover(C, requested=BROKEN)
    assert w.reason == "POOL-EXHAUSTED"


ODD = (Quarantined("subnet 7", "its prefix makes no sense"),)
OTHER = subnet("198.51.100.0/24", pool("198.51.100.100", "198.51.100.109"))


def test_a_client_of_a_subnet_in_quarantine_is_not_refused(world: Make) -> None:
    """Its lease may be as good as ever: it goes on with it, and renews it once the definition is mended."""
    home = subnet(OFFICE, pool(BROKEN, "192.0.2.101"), lifetime=600, authoritative=True)
    w = world(home)
    w.lease(A)
    w.install(OTHER, quarantined=ODD)
    assert w.renew(A, BROKEN) is None
    assert w.reason == "QUARANTINED"
    w.install(home, quarantined=())
    assert w.renew(A, BROKEN).kind == ACK


def test_a_client_of_a_pool_in_quarantine_is_not_refused(world: Make) -> None:
    home = subnet(OFFICE, pool(BROKEN, "192.0.2.101"), lifetime=600, authoritative=True)
    w = world(home)
    w.lease(A)
    w.install(replace(home, pools=()), quarantined=(Quarantined("pool 7", "its first address makes no sense"),))
    assert w.renew(A, BROKEN) is None
    assert w.reason == "QUARANTINED"
    w.install(replace(home, pools=()), quarantined=())
    assert w.renew(A, BROKEN).kind == NAK


def test_an_address_that_is_anothers_is_refused_all_the_same(world: Make) -> None:
    w = world(subnet(OFFICE, pool(BROKEN, BROKEN), lifetime=600, authoritative=True))
    w.lease(A)
    w.install(quarantined=ODD)
    assert w.reboot(B, BROKEN).kind == NAK
    assert w.reason == "NAK-TAKEN"
