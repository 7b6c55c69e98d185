"""The changes of one batch: folded to one row an address, seen by those who come later, and in their order."""

from __future__ import annotations

from typing import Any

from dhcpcore.lease.facts import Facts
from dhcpcore.lease.model import Change, Close, Lease, LeaseKey, State
from dhcpcore.lease.transitions import conflict, end, grant
from dhcpcore.pipeline.ledger import Ledger

NOW = 1_000_000
A, B = b"\0a", b"\0b"


def key(number: int) -> LeaseKey:
    return (0, 4, bytes((10, 0, 0, number)), 32)


def granted(before: Lease | None, number: int = 1, client: bytes = A, now: int = NOW, **fields: Any) -> Change:
    change = grant(
        before, key(number), client=client, hw=b"\1", subnet=1, expires=now + 60, now=now, relay=b"", agent=b"",
        **{"hostname": "", "renewing": False, **fields},
    )  # fmt: skip
    assert change is not None
    return change


def test_a_change_is_laid_over_the_facts() -> None:
    facts = Facts(by_client={A: [], B: []}, by_key={key(1): None})
    change = granted(None)
    assert Ledger(facts).put(change) == key(1)
    assert facts.by_key[key(1)] == change.after
    assert facts.by_client == {A: [change.after], B: []}


def test_a_row_that_changes_hands_leaves_the_first_client() -> None:
    old = granted(None).after
    facts = Facts(by_client={A: [old], B: []})
    change = granted(old, client=B, now=NOW + 500)
    Ledger(facts).put(change)
    assert facts.by_client == {A: [], B: [change.after]}


def test_clients_that_were_not_asked_for_stay_unknown() -> None:
    facts = Facts()
    Ledger(facts).put(granted(None))
    assert facts.by_client == {}


def test_a_renewal_joins_the_grant_as_one_write() -> None:
    ledger = Ledger(Facts())
    first = granted(None)
    ledger.put(first)
    ledger.put(granted(first.after, now=NOW + 5, hostname="n"))
    (folded,) = ledger.changes.values()
    assert (folded.before, folded.opens, folded.closing) == (None, True, None)
    assert (folded.after.version, folded.after.opened) == (first.after.version, first.after.opened)
    assert (folded.after.hostname, folded.after.cltt) == ("n", NOW + 5)


def test_two_renewals_are_guarded_by_the_row_that_was_read() -> None:
    read = granted(None).after
    ledger = Ledger(Facts())
    one = granted(read, now=NOW + 1)
    ledger.put(one)
    ledger.put(granted(one.after, now=NOW + 2))
    (folded,) = ledger.changes.values()
    assert (folded.before, folded.after.version, folded.after.cltt) == (read, read.version + 1, NOW + 2)


class TestContention:
    def test_what_opens_or_closes_does_not_join(self) -> None:
        ledger = Ledger(Facts())
        first = granted(None)
        ledger.put(first)
        assert ledger.contends([end(first.after, NOW, Close.RELEASED)])

    def test_what_renews_does(self) -> None:
        ledger = Ledger(Facts())
        first = granted(None)
        ledger.put(first)
        assert not ledger.contends([granted(first.after, now=NOW + 1)])

    def test_other_addresses_do_not_contend(self) -> None:
        ledger = Ledger(Facts())
        ledger.put(granted(None))
        assert not ledger.contends([granted(None, 2, B)])

    def test_who_comes_after_one_that_waits_waits_too(self) -> None:
        ledger = Ledger(Facts())
        first = granted(None)
        ledger.put(first)
        assert ledger.contends([end(first.after, NOW, Close.RELEASED)])
        assert ledger.contends([granted(first.after, now=NOW + 1)])

    def test_so_do_all_rows_of_the_one_that_waits(self) -> None:
        ledger = Ledger(Facts())
        first = granted(None)
        ledger.put(first)
        assert ledger.contends([granted(None, 2), end(first.after, NOW, Close.MOVED)])
        assert ledger.contends([granted(None, 2, B)])
        assert not ledger.contends([granted(None, 3, B)])


def test_states_are_what_they_were() -> None:
    """They are stored as numbers."""
    assert [int(state) for state in State] == [1, 2, 3, 4]
    assert [int(reason) for reason in Close] == [1, 2, 3, 4, 5, 6]


def test_what_was_made_of_the_row_as_sql_has_it_does_not_overwrite_the_grant() -> None:
    """A later fetch of the batch lays rows of SQL over the facts: a probe's answer must not undo an acknowledgement."""
    facts = Facts()
    ledger = Ledger(facts)
    old = granted(None, now=NOW - 500).after._replace(client=b"", state=State.DECLINED, expires=NOW - 100)
    grant_ = granted(old)
    ledger.put(grant_)
    stale = conflict(old, key(1), 1, NOW, 600)
    assert not stale.opens
    assert ledger.contends((stale,))
    assert ledger.changes[key(1)] == grant_
