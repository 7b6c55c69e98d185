"""One batch from open to end: what is called, in which order, and that every fault has its name.

The dialogues of tests/scenarios/test_faults.py show the same with a real store and real packets.
"""

from __future__ import annotations

from typing import Any

import pytest

from dhcpcore.errors import OutcomeUnknown, StoreError, StoreUnavailable
from dhcpcore.lease.facts import Facts, Outcome, Wants
from dhcpcore.net import cycle
from dhcpcore.stats.reasons import Reason
from dhcpcore.topology.snapshot import Snapshot


class Batch:
    """A batch that wants ``rounds`` fetches and has ``commits`` commits to make; it writes down what is done to it."""

    def __init__(self, *, rounds: int = 1, commits: int = 1, answers: bool = True) -> None:
        self.wants = Wants(clients={b"a"})
        self.facts = Facts()
        self.now = 5.0
        self.pending: list[object] = [object()]
        self.log: list[Any] = []
        self._rounds = rounds
        self._commits = commits
        self._answers = answers

    def decide(self) -> None:
        self.log.append("decide")
        self._rounds -= 1
        self.pending = [object()] if self._rounds > 0 else []
        self.wants = Wants(clients={b"a"}) if self._rounds > 0 else Wants()

    def ready(self) -> list[str]:
        return ["answer"] if self._answers and self.log[-1] in {"decide", "settle"} else []

    def changes(self) -> list[str]:
        return ["change"] if self._commits > 0 else []

    def settle(self, outcome: Outcome) -> None:
        self.log.append("settle")
        self._commits -= 1
        if self._commits > 0:
            self.pending = [object()]
            self._rounds = 1

    def unknown(self) -> None:
        self.log.append("unknown")
        self.pending = [object()]
        self.wants = Wants(clients={b"a"})
        self._rounds = 1

    def abandon(self, reason: Reason) -> None:
        self.log.append(reason.code)


class Store:
    def __init__(self, batch: Batch, *, fetch: list[Any] | None = None, commit: list[Any] | None = None) -> None:
        self._batch = batch
        self._fetch = fetch or []
        self._commit = commit or []

    def fetch(self, wants: Wants, facts: Facts, revision: int, *, assigned: bool) -> None:
        self._batch.log.append(("fetch", revision, assigned))
        if self._fetch and (fault := self._fetch.pop(0)):
            raise fault

    def commit(self, changes: Any, now: float) -> Outcome:
        self._batch.log.append(("commit", now))
        if self._commit and (fault := self._commit.pop(0)):
            raise fault
        return Outcome()


def run(batch: Batch, store: Store, *, took: float = 0.0) -> list[Any]:
    times = iter([0.0] + [took] * 20)
    snapshot = Snapshot(7, has_assigned_addresses=True)
    cycle.run(
        batch, store, snapshot, lambda answers: batch.log.append("send"), lambda: next(times)  # type: ignore[arg-type]
    )  # fmt: skip
    return batch.log


FETCH, COMMIT = ("fetch", 7, True), ("commit", 5.0)
AWAY, UNKNOWN = StoreUnavailable("away"), OutcomeUnknown("unknown")


def test_fetch_decide_send_commit_settle_send() -> None:
    batch = Batch()
    assert run(batch, Store(batch)) == [FETCH, "decide", "send", COMMIT, "settle", "send"]


def test_nothing_to_say_is_not_sent() -> None:
    batch = Batch(answers=False)
    assert run(batch, Store(batch)) == [FETCH, "decide", COMMIT, "settle"]


def test_nothing_to_store_is_not_committed() -> None:
    batch = Batch(commits=0)
    assert run(batch, Store(batch)) == [FETCH, "decide", "send"]


def test_who_needs_more_rows_is_waited_for_before_the_commit() -> None:
    batch = Batch(rounds=3, answers=False)
    assert run(batch, Store(batch)) == [FETCH, "decide"] * 3 + [COMMIT, "settle"]


def test_who_lost_is_decided_again() -> None:
    batch = Batch(commits=2, answers=False)
    assert run(batch, Store(batch)) == [FETCH, "decide", COMMIT, "settle", "decide", COMMIT, "settle"]


@pytest.mark.parametrize("rounds_before", [0, 1])
def test_a_failed_fetch_ends_it(rounds_before: int, caplog: pytest.LogCaptureFixture) -> None:
    batch = Batch(rounds=3, answers=False)
    log = run(batch, Store(batch, fetch=[None] * rounds_before + [AWAY]))
    assert log == [FETCH, "decide"] * rounds_before + [FETCH, "DATABASE-UNAVAILABLE"]
    assert "DATABASE-UNAVAILABLE: away" in caplog.text


@pytest.mark.parametrize("fault", [AWAY, StoreError("no")])
def test_a_failed_commit_ends_it_and_sends_nothing(fault: Exception) -> None:
    batch = Batch(answers=False)
    assert run(batch, Store(batch, commit=[fault])) == [FETCH, "decide", COMMIT, "DATABASE-UNAVAILABLE"]


def test_an_unknown_outcome_is_read_again_once() -> None:
    batch = Batch(answers=False)
    assert run(batch, Store(batch, commit=[UNKNOWN])) == [
        FETCH, "decide", COMMIT, "unknown", FETCH, "decide", COMMIT, "settle",
    ]  # fmt: skip
    batch = Batch(answers=False)
    assert run(batch, Store(batch, commit=[UNKNOWN, UNKNOWN]))[-2:] == [COMMIT, "OUTCOME-UNKNOWN"]


def test_where_it_cannot_be_read_again_that_is_its_name() -> None:
    batch = Batch(answers=False)
    log = run(batch, Store(batch, fetch=[None, AWAY], commit=[UNKNOWN]))
    assert log[-2:] == [FETCH, "OUTCOME-UNKNOWN"]


def test_what_took_too_long_is_neither_committed_nor_said() -> None:
    batch = Batch(answers=False)
    assert run(batch, Store(batch), took=cycle.AGE_S_MAX + 0.1) == [FETCH, "decide", "BATCH-TOO-OLD"]
    batch = Batch(answers=False)
    assert run(batch, Store(batch), took=cycle.AGE_S_MAX)[-1] == "settle"


def test_a_fault_of_the_program_is_not_the_databases() -> None:
    batch = Batch()
    with pytest.raises(ZeroDivisionError):
        run(batch, Store(batch, commit=[ZeroDivisionError()]))
