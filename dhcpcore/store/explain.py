"""Stored traces in words: what came, from whom, what became of it and why."""

from __future__ import annotations

from dataclasses import dataclass

from dhcpcore.pipeline.trace import describe
from dhcpcore.stats.reasons import Reason
from dhcpcore.store.database import Database
from dhcpcore.store.traces import Place, Record, TraceFilter, TraceLog
from dhcpcore.wire.addresses import format_address
from dhcpcore.wire.kinds import kind6_of, kind_name
from dhcpcore.wire.v4.message import MessageType

#: Where the options begin in a DHCPv4 message.  RFC 2131 3.
_OPTIONS = 240
_OF_BOOTP = frozenset((Reason.BOOTP, Reason.BOOTP_REPLY, Reason.BOOTP_KNOWN))


@dataclass(frozen=True, slots=True)
class Transaction:
    """One datagram and its fate.  ``reason`` is the stable code, ``text`` its sentence, ``steps`` how it came to it."""

    received_at: float
    message: str
    client: bytes
    source: str
    reason: str
    text: str
    steps: tuple[str, ...]
    datagram: bytes
    answer: bytes


def latest(
    database: Database, limit: int, client: bytes | None = None, *, until: float | None = None
) -> list[Transaction]:
    """The newest transactions, newest first, of all clients or of those whose key contains ``client``."""
    return [_told(record) for record in TraceLog(database).latest(limit, client, until=until)]


def search(
    database: Database, wanted: TraceFilter, after: Place | None, limit: int
) -> tuple[list[Transaction], Place | None]:
    """Transactions, newest first, and where to go on, as ``TraceLog.search`` finds them."""
    found, following = TraceLog(database).search(wanted, after, limit)
    return [_told(record) for record in found], following


def _told(record: Record) -> Transaction:
    return Transaction(
        received_at=record.received_at, message=message_of(record), client=record.client,
        source=format_address(record.source), reason=record.reason.code, text=record.reason.text,
        steps=tuple(describe(step) for step in record.steps), datagram=record.datagram, answer=record.answer)


def message_of(record: Record) -> str:
    """The type of a message; of DHCPv4 by a look at its first options: enough for people, whatever else is broken."""
    if len(record.source) == 16:
        return kind_name(kind6_of(record.datagram))
    if record.reason in _OF_BOOTP:
        return MessageType.BOOTP.name
    datagram = record.datagram
    at = _OPTIONS
    while at + 2 < len(datagram) and datagram[at] != 255:
        if datagram[at] == 0:
            at += 1
            continue
        if datagram[at] == 53:
            kind = datagram[at + 2]
            return MessageType(kind).name if kind in set(MessageType) else f"TYPE-{kind}"
        at += 2 + datagram[at + 1]
    return "UNREADABLE"
