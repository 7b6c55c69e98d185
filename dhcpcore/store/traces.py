"""Traces in SQL: blocks of transactions as the engine saw them, one row a flush, decoded only when somebody looks.

A record is a fixed header, the datagram, the answer, the client key and the steps as JSON.  A block is at most
``BLOCK_RECORDS`` records, deflated: packets of one network are alike, so ten times as many fit.  Retention deletes
whole blocks.
"""

from __future__ import annotations

import json
import logging
import struct
import time
import zlib
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import select

from dhcpcore.stats.reasons import Reason
from dhcpcore.store.database import Database
from dhcpcore.store.schema import trace

if TYPE_CHECKING:
    from dhcpcore.engine import Traced  # Reading traces needs no engine.

_log = logging.getLogger(__name__)

BLOCK_RECORDS = 1024
#: Blocks that one request looks through.
BLOCKS_MAX = 200
#: The quickest: on packets it saves nearly as much as the slowest.
_DEFLATE_LEVEL = 1
#: What the header's number of octets can tell.
_STEPS_OCTETS_MAX = 0xFFFF
#: received_at, revision, interface, source port, reason, then the lengths of the five parts.
_HEADER = struct.Struct("<dqIHH5H")
_REASONS = tuple(Reason)
_NUMBERS = {reason: number for number, reason in enumerate(_REASONS)}
_CODES = {reason.code: reason for reason in _REASONS}


class Record(NamedTuple):
    """One transaction as it was stored."""

    received_at: float
    revision: int
    interface: int
    source: bytes
    port: int
    reason: Reason
    client: bytes
    datagram: bytes
    answer: bytes
    steps: list[list[Any]]


#: One row of the table, without its number, and the names of its columns.
Block = tuple[int, int, int, int, bytes]
BLOCK_COLUMNS = ("engine", "first_at", "last_at", "count", "body")
#: Blocks that wait for a commit; beyond it the oldest are dropped.
ASIDE_MAX = 64
#: Seconds that they wait.
ASIDE_S = 1.0


def blocks(engine_id: int, entries: Sequence[Traced]) -> list[Block]:
    """The entries as rows."""
    parts = [entries[start : start + BLOCK_RECORDS] for start in range(0, len(entries), BLOCK_RECORDS)]
    return [
        (engine_id, int(part[0].datagram.received_at), int(part[-1].datagram.received_at), len(part), encode(part))
        for part in parts
    ]


class Aside:
    """Blocks that the next commit of leases takes along, or one of their own where none comes for a second.

    A commit of traces alone would keep those of leases waiting for the disk ten times a second.
    """

    __slots__ = ("_since", "blocks")

    def __init__(self) -> None:
        self.blocks: deque[Block] = deque(maxlen=ASIDE_MAX)
        self._since = 0.0

    def put(self, engine_id: int, entries: Sequence[Traced]) -> int:
        """How many octets they take."""
        made = blocks(engine_id, entries)
        if not self.blocks:
            self._since = time.monotonic()
        self.blocks += made
        return sum(len(block[-1]) for block in made)

    def due(self, *, at_once: bool) -> bool:
        """Whether there are some that have waited long enough, or that are wanted ``at_once``."""
        return bool(self.blocks) and (at_once or time.monotonic() - self._since >= ASIDE_S)


def encode(entries: Iterable[Traced]) -> bytes:
    """A block.  Reasons are stored by a legend of codes at its head, so that their order may change."""
    parts = [json.dumps([reason.code for reason in _REASONS]).encode() + b"\n"]
    for datagram, reason, revision, steps, client, answer in entries:
        text = _text(steps)
        data = datagram.data
        parts.append(
            _HEADER.pack(
                datagram.received_at, revision, datagram.interface, datagram.port, _NUMBERS[reason],
                len(datagram.source), len(client), len(data), len(answer), len(text),
            )
        )  # fmt: skip
        parts += (datagram.source, client, data, answer, text)
    return zlib.compress(b"".join(parts), _DEFLATE_LEVEL)


def _text(steps: Sequence[Sequence[object]]) -> bytes:
    """The steps as JSON; of very many, as on a link of a thousand guarded pools, the first that have room."""
    text = _encoder.encode(steps).encode()
    return text if len(text) <= _STEPS_OCTETS_MAX else _text(steps[: len(steps) // 2])


@dataclass(frozen=True, slots=True)
class TraceFilter:
    """Which records; what is None does not filter.

    ``client`` is contained in the client's key; ``since`` and ``until`` are times of receipt, both included.
    """

    client: bytes | None = None
    reason: Reason | None = None
    since: float | None = None
    until: float | None = None


class Place(NamedTuple):
    """Where a list of records, newest first, goes on: at those received at ``at``, without the first ``skip`` of them.

    A batch has many of one time.
    """

    at: float
    skip: int = 0


_ALL = TraceFilter()


def decode(block: bytes, wanted: TraceFilter = _ALL) -> Iterator[Record]:
    """The wanted records of a block, oldest first.  Raises ``ValueError`` where it is none."""
    try:
        legend, _, body = zlib.decompress(block).partition(b"\n")
    except zlib.error as error:
        raise ValueError(f"not a block of traces: {error}") from error
    reasons = [_CODES.get(code, Reason.INTERNAL_ERROR) for code in json.loads(legend)]
    at = 0
    while at < len(body):
        received, revision, interface, port, reason, *lengths = _HEADER.unpack_from(body, at)
        at += _HEADER.size
        parts = []
        for length in lengths:
            parts.append(body[at : at + length])
            at += length
        source, client, data, answer, text = parts
        if (
            (wanted.client is not None and wanted.client not in client)
            or (wanted.since is not None and received < wanted.since)
            or (wanted.until is not None and received > wanted.until)
            or (wanted.reason is not None and reasons[reason] is not wanted.reason)
        ):
            continue  # Before its steps are read, which takes longest.
        steps = [[_value(v) for v in step] for step in json.loads(text)]
        yield Record(received, revision, interface, source, port, reasons[reason], client, data, answer, steps)


def _plain(value: Any) -> str:
    return "h'" + value.hex() if isinstance(value, bytes) else str(value)


#: Made once: ``json.dumps`` with arguments makes one a call.
_encoder = json.JSONEncoder(default=_plain, separators=(",", ":"), check_circular=False)


def _value(value: Any) -> Any:
    return bytes.fromhex(value[2:]) if isinstance(value, str) and value.startswith("h'") else value


class TraceLog:
    """The table of blocks, to be read."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def latest(self, limit: int, client: bytes | None = None, *, until: float | None = None) -> list[Record]:
        """The newest records first, of one client or of all."""
        return self.search(TraceFilter(client=client, until=until), None, limit)[0]

    def search(self, wanted: TraceFilter, after: Place | None, limit: int) -> tuple[list[Record], Place | None]:
        """Up to ``limit`` records, newest first, and where to go on; None where nothing follows.

        Fewer may come, or none, and more follow all the same: no request looks through more than ``BLOCKS_MAX`` blocks.
        """
        if after is not None:
            wanted = replace(wanted, until=after.at)
        query = select(trace.c.id, trace.c.last_at, trace.c.body)
        if wanted.until is not None:
            query = query.where(trace.c.first_at <= wanted.until)
        if wanted.since is not None:
            query = query.where(trace.c.last_at >= int(wanted.since))
        query = query.order_by(trace.c.last_at.desc(), trace.c.id.desc()).limit(BLOCKS_MAX)
        skip = after.skip if after is not None else 0
        found: list[Record] = []
        looked_at, oldest = 0, 0
        with self._database.reader() as connection:
            for number, ended_at, body in connection.execute(query):
                looked_at, oldest = looked_at + 1, ended_at
                try:
                    found += reversed([*decode(body, wanted)])
                except (ValueError, struct.error) as error:
                    _log.warning("BROKEN-TRACES: row %d of the table trace cannot be read: %s.", number, error)
                if len(found) > limit + skip:
                    return _cut(found, after, limit)
        if looked_at < BLOCKS_MAX:
            return found[skip:], None
        # What came in the last second of these blocks may have more in those that follow.
        reached = Place(float(oldest + 1))
        if wanted.until is not None and reached.at >= wanted.until:
            return found[skip:], None
        return [record for record in found[skip:] if record.received_at > reached.at], reached


def _cut(found: list[Record], after: Place | None, limit: int) -> tuple[list[Record], Place]:
    skip = after.skip if after is not None else 0
    shown = found[skip : skip + limit]
    at = shown[-1].received_at
    same = sum(record.received_at == at for record in shown)
    return shown, Place(at, same + (skip if after is not None and at == after.at else 0))
