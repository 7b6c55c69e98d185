"""Host names as clients send them: kept for people, whatever the octets; never a reason to lose a lease."""

from collections.abc import Callable

import pytest

from tests.packets4 import ACK, client
from tests.playbook import OFFICE, World, assignment, pool, subnet

Make = Callable[..., World]
A = client(1)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (b"laptop", "laptop"),
        ("büro".encode(), "büro"),
        (b"lap\0top\0", "laptop"),
        (b"\0", ""),
        (b"", ""),
        (b"b\xfcro", "b\ufffdro"),
        (b"\xff\xfe\x00", "\ufffd\ufffd"),
        (b"x" * 400, "x" * 255),
        (b"a'; DROP TABLE lease; --", "a'; DROP TABLE lease; --"),
        (b"<script>", "<script>"),
    ],
)
def test_any_octets_are_kept_as_text(world: Make, sent: bytes, kept: str) -> None:
    w = world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.109")))
    ack = w.lease(A, options={12: sent})
    assert w.row(ack.yiaddr).hostname == kept


def test_a_name_that_changes_is_kept_at_the_next_renewal(world: Make) -> None:
    w = world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.109")))
    w.lease(A, options={12: b"old"})
    w.pass_(60)
    assert w.renew(A, "192.0.2.100", options={12: b"new"}).kind == ACK
    assert w.row("192.0.2.100").hostname == "new"
    assert len(w.history("192.0.2.100")) == 1


def test_an_assignments_name_comes_before_the_clients(world: Make) -> None:
    home = subnet(OFFICE)
    w = world(home, assignments=[assignment(home, "192.0.2.10", hw=A.hw, hostname="printer")])
    w.lease(A, options={12: b"HP-1234"})
    assert w.row("192.0.2.10").hostname == "printer"


def test_a_clients_name_is_not_sent_back_as_an_order(world: Make) -> None:
    w = world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.109")))
    assert 12 not in w.lease(A, options={12: b"laptop"}, prl=bytes((1, 12))).options
