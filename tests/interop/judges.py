"""What a recording of the wire proves: pure functions from packets, and from rows of SQL, to faults in plain words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tests.interop.database import LEASED, HistoryRow, LeaseRow
from tests.interop.packets import ACK, DECLINE, NAK, NOWHERE, RELEASE, Message, Packet, text

CLOCK_SLACK_S = 1.5  # Rows hold whole seconds.


@dataclass(frozen=True, slots=True)
class Holding:
    """Who was told on the wire that an address is theirs, and until when."""

    client: bytes
    seen_at: float
    until: float
    message: Message


def lease_acks(packets: Iterable[Packet]) -> list[Packet]:
    """Give the ACKs that promise a lease: an ACK to an INFORM carries none (RFC 2131 4.3.5)."""
    return [p for p in packets if p.message.kind == ACK and p.message.yiaddr != NOWHERE and p.message.seconds(51)]


class Wire:
    """The holdings as the recording tells them, one packet after the other."""

    def __init__(self) -> None:
        self.holdings: dict[bytes, Holding] = {}
        self.overlaps: list[str] = []
        self.grants: list[tuple[bytes, Packet]] = []  # The client and the ACK, for each ACK that gave an address.
        self._held_by: dict[bytes, bytes] = {}
        self._asked: dict[tuple[int, bytes], tuple[bytes, float]] = {}
        self._left_at: dict[bytes, float] = {}

    def see(self, packets: Iterable[Packet]) -> Wire:
        """Take a recording, in the order of the wire."""
        for packet in sorted(packets, key=lambda each: each.seen_at):
            self._see(packet)
        return self

    def _see(self, packet: Packet) -> None:
        message = packet.message
        # A reply need not repeat option 61 (RFC 6842 came late): the request with that xid told who asks.
        exchange = (message.xid, message.chaddr)
        if message.op == 1:
            self._asked[exchange] = (message.client, packet.seen_at)
        client, asked_at = self._asked.get(exchange, (message.client, packet.seen_at))
        given_up = {RELEASE: message.ciaddr, DECLINE: message.options.get(50)}.get(message.kind)
        # RFC 2131 3.1 (5): a client that hears a NAK starts anew.
        if message.kind == NAK or (given_up and given_up == self._held_by.get(client)):
            self._end(client)
            self._left_at[client] = packet.seen_at
        # An answer that comes after the client has left, to what it asked before, gives it nothing any more.
        elif lease_acks([packet]) and asked_at > self._left_at.get(client, 0):
            self._grant(packet, client)

    def _grant(self, packet: Packet, client: bytes) -> None:
        address = packet.message.yiaddr
        holder = self.holdings.get(address)
        if holder and holder.client != client and holder.until > packet.seen_at:
            self.overlaps.append(
                f"{text(address)} acknowledged to {client.hex()} at {packet.seen_at:.3f} while {holder.client.hex()} "
                f"held it from {holder.seen_at:.3f} until {holder.until:.3f}"
            )
        if holder and holder.client != client:
            self._held_by.pop(holder.client, None)
        if self._held_by.get(client, address) != address:
            self._end(client)  # One interface, one address: with the new ACK the client has left the old one.
        self._held_by[client] = address
        self.grants.append((client, packet))
        until = packet.seen_at + (packet.message.seconds(51) or 0)
        self.holdings[address] = Holding(client, packet.seen_at, until, packet.message)

    def _end(self, client: bytes) -> None:
        address = self._held_by.pop(client, None)
        if address is not None:
            self.holdings.pop(address, None)


def overlaps(packets: Iterable[Packet]) -> list[str]:
    """Tell each address that was acknowledged to a client while another one held it."""
    return Wire().see(packets).overlaps


def naks_in_a_row(packets: Iterable[Packet]) -> Counter[bytes]:
    """Count, for each hardware address, the most NAKs that it was sent without an ACK between them."""
    longest: Counter[bytes] = Counter()
    row: Counter[bytes] = Counter()
    for message in (packet.message for packet in packets):
        if message.kind == ACK:
            row[message.chaddr] = 0
        elif message.kind == NAK:
            row[message.chaddr] += 1
            longest[message.chaddr] = max(longest[message.chaddr], row[message.chaddr])
    return longest


def client_key(client: bytes) -> bytes:
    r"""Write a client's identity as the lease table does: \1 and option 61, else \0, htype and chaddr."""
    kind, _, value = client.partition(b":")
    return (b"\x01" if kind == b"id" else b"\x00") + value


def missing_leases(wire: Wire, rows: Mapping[bytes, LeaseRow]) -> list[str]:
    """Tell each holding of the wire that the lease table does not know, or ends too early."""
    faults = []
    for address, holding in wire.holdings.items():
        row = rows.get(address)
        if row is None:
            faults.append(f"{text(address)} acknowledged to {holding.client.hex()}: no row")
        elif row.client != client_key(holding.client) or row.state != LEASED:
            faults.append(f"{text(address)} acknowledged to {holding.client.hex()}: row says {row}")
        elif row.expires < holding.until - CLOCK_SLACK_S:
            faults.append(f"{text(address)} acknowledged until {holding.until:.1f}: row says {row.expires}")
    return faults


def missing_history(wire: Wire, rows: Iterable[HistoryRow]) -> list[str]:
    """Tell each ACK that gave or renewed an address and that no holding of the history table covers."""
    holdings: dict[tuple[bytes, bytes], list[HistoryRow]] = {}
    for row in rows:
        holdings.setdefault((row.address, row.client), []).append(row)
    faults = []
    for client, packet in wire.grants:
        at = packet.seen_at
        candidates = holdings.get((packet.message.yiaddr, client_key(client)), [])
        if not any(
            row.opened_at <= at + CLOCK_SLACK_S and (row.closed_at is None or row.closed_at >= at - CLOCK_SLACK_S)
            for row in candidates
        ):
            faults.append(f"{packet}: no holding in history, only {candidates}")
    return faults
