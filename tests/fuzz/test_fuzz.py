"""Mutated packets do no harm; and harm, where there is some, is found."""

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dhcpcore.engine import Engine
from dhcpcore.handlers import reply
from dhcpcore.handlers.options import Options
from dhcpcore.handlers.reply import Reply
from dhcpcore.lease.facts import Outcome
from dhcpcore.stats.reasons import Reason
from tests.fuzz.corpus import corpus
from tests.fuzz.fuzz import Failure, run
from tests.interop.packets import decode
from tests.simulation.memory import MemoryRows

FEW, MANY = 20_000, 1_000_000
DECIDED_AT_LEAST = 0.3

#: Reasons that say how deep the packets got; a fuzz that meets none of them fuzzes the decoder alone.
DEEP = {
    "OFFER", "ACK-NEW", "ACK-RENEWED", "ACK-ADOPTED", "ACK-INFORM", "RELEASED", "DECLINED", "NAK-TAKEN", "NAK-DECLINED",
    "NAK-MOVED", "NAK-NOT-PERMITTED", "NAK-WRONG-NETWORK", "POOL-EXHAUSTED", "PROBE-ANSWERED", "DATABASE-UNAVAILABLE",
    "LEASE-ACTIVE", "LEASE-UNASSIGNED", "LEASE-UNKNOWN", "LEASEQUERY-SEARCH", "LEASEQUERY-INVALID",
    "LEASEQUERY-REFUSED", "BOOT-OFFER", "BOOT-ACK", "PROXY-ONLY", "BOOTP-REPLY", "BOOTP-KNOWN", "CLASS-DROP",
}  # fmt: skip
#: More, of definitions that are drawn for some lives alone: a few lives may be without.
DRAWN = {
    "NO-BOOT-FILE", "OFFER-DO-WITHOUT", "OFFER-NOTHING", "CLIENT-NOT-ALLOWED", "MIN-SECS", "NOT-ADMITTED", "RANDOM-MAC",
    "RATE-LIMITED", "SUSPENDED",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def assert_clean(count: int, seed: int, reasons: set[str]) -> None:
    tally = run(count, seed)
    print(f"{tally.packets} packets, {tally.decided} decided, {tally.answered} answered: {dict(tally.reasons)}")
    assert tally.packets == count
    assert tally.decided >= DECIDED_AT_LEAST * count
    assert tally.reasons.keys() >= reasons, sorted(reasons - tally.reasons.keys())


def test_mutated_packets_do_no_harm() -> None:
    assert_clean(FEW, 11, DEEP)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_million_mutated_packets_do_no_harm() -> None:
    assert_clean(MANY, 1, DEEP | DRAWN)


def test_the_corpus_is_real_packets() -> None:
    packets = [decode(packet.encoded()) for packet in corpus()]
    assert {message.kind for message in packets} >= {0, 1, 3, 4, 7, 8, 10}
    assert sum(1 for message in packets if 82 in message.options) > 200
    assert sum(1 for message in packets if 61 in message.options) > 200
    assert len({code for message in packets for code in message.options}) > 30


class _Bug(Exception):
    """Not one of the pipeline's signals."""


def test_a_fault_of_a_handler_is_found_with_its_packet(monkeypatch: pytest.MonkeyPatch) -> None:
    handle = Options.handle

    def broken(self: Options, bundle: Any) -> None:
        if 57 in bundle.request.options:
            raise _Bug
        handle(self, bundle)

    monkeypatch.setattr(Options, "handle", broken)
    with pytest.raises(Failure) as caught:
        run(FEW, 1)
    assert "_Bug" in str(caught.value)
    assert "Alone it is _Bug(), of 01" in str(caught.value)


def test_a_datagram_that_is_lost_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    finish = Engine.finish
    monkeypatch.setattr(
        Engine, "finish", lambda self, bundle: None if bundle.reason == Reason.NO_BINDING else finish(self, bundle)
    )
    with pytest.raises(Failure, match="reasons"):
        run(FEW, 1)


def test_an_answer_that_nobody_can_read_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    encode = Reply._encode
    monkeypatch.setattr(Reply, "_encode", lambda self, bundle, response: encode(self, bundle, response)[:241] + b"\xf0")
    with pytest.raises(Failure, match="options that break off"):
        run(FEW, 1)


FORGED: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "an option twice": ("option 12 twice", lambda data: data[:240] + b"\x0c\x01a\x0c\x01b" + data[240:]),
    "no server": ("options begin", lambda data: data[:243] + data[249:] if data[240] == 53 else data),
    "another transaction": ("another client's", lambda data: data[:4] + bytes(4) + data[8:]),
    "too long": ("octets where", lambda data: data + bytes(2000)),
}


@pytest.mark.parametrize(("told", "forge"), FORGED.values(), ids=FORGED)
def test_an_answer_that_breaks_a_rule_is_found(
    monkeypatch: pytest.MonkeyPatch, told: str, forge: Callable[[bytes], bytes]
) -> None:
    encode = Reply._encode
    monkeypatch.setattr(Reply, "_encode", lambda self, bundle, response: forge(encode(self, bundle, response)))
    with pytest.raises(Failure, match=told):
        run(FEW, 1)


def test_an_answer_before_its_commit_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MemoryRows, "commit", lambda self, changes, now: Outcome())
    with pytest.raises(Failure, match="was promised"):
        run(FEW, 1)


def test_an_answer_that_goes_elsewhere_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reply, "CLIENT_PORT", 69)
    with pytest.raises(Failure, match="to port 69"):
        run(FEW, 1)


def test_a_seed_finds_the_same_again() -> None:
    assert run(5000, 3) == run(5000, 3)
