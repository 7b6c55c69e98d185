"""What was seen for an offer serves the REQUEST that selects it, once, soon, and for that address alone."""

import pytest

from dhcpcore.lease import offered as module
from dhcpcore.lease.model import Lease
from dhcpcore.lease.offered import CLIENTS_MAX, KEPT_S, Offered

ADDRESS, OTHER = b"\xc0\x00\x02\x01", b"\xc0\x00\x02\x02"
KEY = (0, 4, ADDRESS, 32)
ROW = Lease(0, 4, ADDRESS, 32, b"c", b"", 1, 2_000, 1_000, 1, 5, 5, "", b"", b"")
NOW = 1_000.0


def test_the_selected_offer_is_known_once() -> None:
    memory = Offered()
    memory.remember(b"c", KEY, [ROW], NOW)
    assert memory.recall(b"c", ADDRESS, NOW + KEPT_S) == (KEY, (ROW,))
    assert memory.recall(b"c", ADDRESS, NOW + 1) is None


def test_a_client_without_rows_is_known_to_have_none() -> None:
    memory = Offered()
    memory.remember(b"c", KEY, [], NOW)
    assert memory.recall(b"c", ADDRESS, NOW) == (KEY, ())


@pytest.mark.parametrize(
    ("client", "address", "now"),
    [
        (b"other", ADDRESS, NOW),
        (b"c", OTHER, NOW),
        (b"c", None, NOW),
        (b"c", ADDRESS, NOW + KEPT_S + 1),
        (b"c", ADDRESS, NOW - 1),
    ],
)
def test_anything_else_is_read(client: bytes, address: bytes | None, now: float) -> None:
    memory = Offered()
    memory.remember(b"c", KEY, [ROW], NOW)
    assert memory.recall(client, address, now) is None


def test_it_is_bounded_and_forgets_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CLIENTS_MAX", 8)
    memory = Offered()
    for number in range(100):
        memory.remember(bytes((number,)), KEY, [], NOW)
        assert len(memory) <= 8
    assert memory.recall(bytes((99,)), ADDRESS, NOW) == (KEY, ())
    assert memory.recall(bytes((1,)), ADDRESS, NOW) is None
    assert CLIENTS_MAX > 8
