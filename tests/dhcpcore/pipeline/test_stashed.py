"""Option 82 of a packet that by-passes the relay is that of the lease it speaks of, and of no other."""

from __future__ import annotations

import pytest

from dhcpcore.lease.facts import Facts
from dhcpcore.lease.model import Lease, State
from dhcpcore.pipeline.bundle import Datagram, TransactionBundle
from dhcpcore.pipeline.stashed import agent_options
from dhcpcore.topology.links import Links
from dhcpcore.topology.snapshot import Snapshot
from dhcpcore.wire.v4.message import decode
from tests.packets4 import INFORM, REQUEST, client, ip, request

NOW = 1_000_000
A = client(1)
THEN, PRESENT = b"\x01\x04port", b"\x01\x05other"


def said(kind: int = REQUEST, *, state: int = State.LEASED, expires: int = NOW + 60, **fields: object) -> bytes:
    """What `agent_options` says of a packet whose client has 192.0.2.100."""
    snapshot = Snapshot(1)
    data = request(kind, A, 1, **fields)  # type: ignore[arg-type]
    datagram = Datagram(data, bytes(4), 68, 1, b"\xff" * 4, ip("192.0.2.1"), NOW)
    made = TransactionBundle(datagram, decode(data), snapshot, Links(snapshot, {}), NOW)
    made.client = A.identity
    row = Lease(0, 4, ip("192.0.2.100"), 32, A.identity, b"", state, expires, NOW, 1, 1, 1, "", ip("192.0.2.2"), THEN)
    made.facts = Facts(by_client={A.identity: [row]})
    return agent_options(made)


@pytest.mark.parametrize("kind", [REQUEST, INFORM])
def test_a_packet_that_by_passes_the_relay_has_what_the_relay_said_then(kind: int) -> None:
    assert said(kind, ciaddr="192.0.2.100") == THEN


@pytest.mark.parametrize("present", [PRESENT, None])
def test_a_relays_present_word_counts_alone_and_so_does_its_silence(present: bytes | None) -> None:
    assert said(ciaddr="192.0.2.100", giaddr="192.0.2.2", agent=present) == (present or b"")


def test_a_clients_own_option_82_does_not_count() -> None:
    assert said(ciaddr="192.0.2.100", agent=PRESENT) == THEN
    assert said(agent=PRESENT) == b""


@pytest.mark.parametrize(
    ("ciaddr", "row"),
    [
        ("0.0.0.0", {}),
        ("192.0.2.101", {}),
        ("192.0.2.100", {"expires": NOW}),
        ("192.0.2.100", {"state": State.RELEASED}),
        ("192.0.2.100", {"state": State.DECLINED}),
    ],
)
def test_no_lease_no_word(ciaddr: str, row: dict[str, int]) -> None:
    assert said(ciaddr=ciaddr, **row) == b""
