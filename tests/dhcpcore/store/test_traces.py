"""Blocks of transactions come back as they went in."""

import zlib

import pytest
from sqlalchemy import update

from dhcpcore.engine import Datagram, Traced
from dhcpcore.pipeline.trace import Step, describe
from dhcpcore.stats.reasons import Reason
from dhcpcore.store import traces
from dhcpcore.store.database import Database
from dhcpcore.store.schema import trace
from dhcpcore.store.traces import BLOCK_RECORDS, Place, TraceFilter, TraceLog, decode, encode
from tests.stored import store_traces

GIADDR = b"\xc0\x00\x02\x01"


def _traced(number: int, reason: Reason = Reason.OFFER, client: bytes = b"\x00\x01\x02\0\0\0\0\x01") -> Traced:
    datagram = Datagram(b"request %d" % number, GIADDR, 67, 2, GIADDR, GIADDR, 1_800_000_000.25 + number)
    steps: list[tuple[object, ...]] = [(Step.LINK_BY_RELAY, GIADDR, 7), (0, "text")]
    return Traced(datagram, reason, 3, steps, client, b"answer" if reason is Reason.OFFER else b"")


def test_a_block_comes_back_as_it_went_in() -> None:
    (record,) = decode(encode([_traced(1, Reason.NO_SUBNET)]))
    assert record.received_at == 1_800_000_001.25
    assert (record.revision, record.interface, record.source, record.port) == (3, 2, GIADDR, 67)
    assert (record.reason, record.datagram, record.answer) == (Reason.NO_SUBNET, b"request 1", b"")
    assert next(describe(step) for step in record.steps) == "Relay 192.0.2.1 stands for subnet 7."


def test_an_empty_block_has_no_record() -> None:
    assert list(decode(encode([]))) == []


def test_the_newest_come_first_and_of_one_client_only_his(database: Database) -> None:
    log = TraceLog(database)
    store_traces(database, [_traced(1), _traced(2, client=b"\x01other")])
    store_traces(database, [_traced(3)])
    assert [record.datagram for record in log.latest(10)] == [b"request 3", b"request 2", b"request 1"]
    assert [record.datagram for record in log.latest(10, client=b"other")] == [b"request 2"]
    assert [record.datagram for record in log.latest(1)] == [b"request 3"]


def test_many_transactions_make_several_blocks(database: Database) -> None:
    log = TraceLog(database)
    store_traces(database, [_traced(number) for number in range(BLOCK_RECORDS + 5)])
    records = log.latest(BLOCK_RECORDS + 5)
    assert len(records) == BLOCK_RECORDS + 5
    assert records[0].datagram == b"request %d" % (BLOCK_RECORDS + 4)


def test_reasons_of_another_release_are_read_by_their_code() -> None:
    block = encode([_traced(1, Reason.MALFORMED)])
    legend, _, body = zlib.decompress(block).partition(b"\n")
    older = legend.replace(b'"MALFORMED"', b'"NO-LONGER-KNOWN"') + b"\n" + body
    assert next(decode(zlib.compress(older))).reason is Reason.INTERNAL_ERROR


def test_a_transaction_of_very_many_steps_is_stored_with_the_first_of_them() -> None:
    """A link of a thousand guarded pools; nothing of it must keep the others of the block from being stored."""
    long = _traced(1)._replace(steps=[(Step.GUARDED_POOL, number, "unknown") for number in range(10_000)])
    first, second = decode(encode([long, _traced(2)]))
    assert second.datagram == b"request 2"
    assert 1000 < len(first.steps) < 10_000
    assert [step[1] for step in first.steps] == list(range(len(first.steps)))


@pytest.mark.parametrize("body", [b"", b"no block", zlib.compress(b"[]\n\0\0"), zlib.compress(b"no legend")])
def test_a_block_that_somebody_broke_is_told_and_passed_over(
    database: Database, caplog: pytest.LogCaptureFixture, body: bytes
) -> None:
    log = TraceLog(database)
    store_traces(database, [_traced(1)])
    with database.writer() as connection:
        connection.execute(update(trace).values(body=body))
    store_traces(database, [_traced(2)])
    assert [record.datagram for record in log.latest(10)] == [b"request 2"]
    assert "BROKEN-TRACES: row 1 of the table trace" in caplog.text


def test_traces_of_one_network_take_little_room() -> None:
    many = [_traced(number)._replace(answer=bytes(300)) for number in range(200)]
    assert len(encode(many)) < 200 * 300 / 5


def _pages(log: TraceLog, wanted: TraceFilter, limit: int) -> list[list[bytes]]:
    """All pages of a search, by what was received."""
    pages: list[list[bytes]] = []
    after: Place | None = None
    while not pages or after is not None:
        found, after = log.search(wanted, after, limit)
        pages.append([record.datagram for record in found])
        assert len(pages[-1]) <= limit
        assert len(pages) < 50
    return pages


@pytest.mark.parametrize("limit", [1, 3, 7, 100])
@pytest.mark.parametrize("blocks", [2, 3, 200])
def test_pages_have_each_record_once_those_of_one_batch_too(
    database: Database, monkeypatch: pytest.MonkeyPatch, limit: int, blocks: int
) -> None:
    monkeypatch.setattr(traces, "BLOCKS_MAX", blocks)
    log = TraceLog(database)
    for number in (1, 5, 9, 13, 17):
        at = _traced(number).datagram.received_at
        batch = [_traced(number + n) for n in range(4)]
        store_traces(database, [one._replace(datagram=one.datagram._replace(received_at=at)) for one in batch])
    found = [record for page in _pages(log, TraceFilter(), limit) for record in page]
    assert found == [b"request %d" % n for n in range(20, 0, -1)]


def test_what_came_in_a_time(database: Database) -> None:
    log = TraceLog(database)
    for number in range(1, 6):
        store_traces(database, [_traced(number)])
    began = 1_800_000_000.25

    def found(**wanted: float) -> list[bytes]:
        return [record.datagram for record in log.search(TraceFilter(None, None, **wanted), None, 10)[0]]

    assert found(since=began + 4) == [b"request 5", b"request 4"]
    assert found(until=began + 1) == [b"request 1"]
    assert found(since=began + 2.01, until=began + 3.99) == [b"request 3"]
    assert found(since=began + 3.01, until=began + 3.99) == []


def test_a_search_looks_through_so_many_blocks_at_once(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traces, "BLOCKS_MAX", 5)
    log = TraceLog(database)
    for number in range(20):
        store_traces(database, [_traced(number, client=b"\0rare" if number == 2 else b"\0common")])
    pages = _pages(log, TraceFilter(client=b"rare"), 10)
    assert [page for page in pages if page] == [[b"request 2"]]
    assert len(pages) > 3
