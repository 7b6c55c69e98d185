"""What is old is deleted, in small steps; what is not, and what is not over yet, is kept."""

from typing import Any

from sqlalchemy import event, func, insert, select

from dhcpcore.store.database import Database
from dhcpcore.store.retention import BLOCKS, ROWS, RULES, Retention
from dhcpcore.store.schema import history, trace

NOW = 1_800_000_000
DAY = 86_400


def _history(number: int, closed_at: int | None) -> dict[str, Any]:
    return {
        "space": 0, "kind": 4, "address": number.to_bytes(4), "plen": 32, "version": 1, "client": b"c", "hw": b"",
        "subnet": 1, "hostname": "", "relay": b"", "agent": b"", "opened_at": 1, "closed_at": closed_at, "reason": None,
    }  # fmt: skip


def _prune_all(database: Database) -> int:
    retention = Retention(database)
    steps = 1
    while retention.prune(NOW):
        steps += 1
        assert steps < 100
    return steps


def _count(database: Database, table: Any) -> int:
    with database.reader() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def test_intervals_that_ended_long_ago_are_deleted_and_no_others(database: Database) -> None:
    rule = next(rule for rule in RULES if rule.table is history)
    old, young = NOW - rule.days * DAY - 1, NOW - rule.days * DAY + 1
    with database.writer() as connection:
        connection.execute(insert(history), [_history(n, (old, young, None)[n % 3]) for n in range(2 * ROWS + 1)])
    _prune_all(database)
    with database.reader() as connection:
        kept = connection.execute(select(history.c.closed_at)).scalars().all()
    assert old not in kept
    assert len(kept) == sum(1 for n in range(2 * ROWS + 1) if n % 3)


def test_a_step_looks_at_so_many_rows_only(database: Database) -> None:
    with database.writer() as connection:
        connection.execute(insert(history), [_history(n, 1) for n in range(ROWS + 10)])
    retention = Retention(database)
    before = _count(database, history)
    for _ in range(len(RULES)):
        retention.prune(NOW)
        after = _count(database, history)
        assert before - after <= ROWS
        before = after


def test_traces_are_deleted_by_their_last_transaction(database: Database) -> None:
    rule = next(rule for rule in RULES if rule.table is trace)
    with database.writer() as connection:
        for last in (NOW - rule.days * DAY - 1, NOW - 5):
            connection.execute(insert(trace).values(engine=1, first_at=1, last_at=last, count=0, body=b""))
    _prune_all(database)
    assert _count(database, trace) == 1


def test_what_is_deleted_is_found_by_its_key_and_not_looked_for(database: Database) -> None:
    """With ten million rows of history a look through all of them would stop the engine for seconds at each step."""
    with database.writer() as connection:
        connection.execute(insert(history), [_history(n, n % 2) for n in range(2 * ROWS)])
    statements: list[tuple[str, Any]] = []

    @event.listens_for(database.writer_engine, "before_cursor_execute")
    def _seen(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith("DELETE FROM history"):
            statements.append((statement, parameters[0]))

    _prune_all(database)
    assert len(statements) == 2
    explain = "EXPLAIN QUERY PLAN " if database.dialect == "sqlite" else "EXPLAIN "
    with database.reader() as connection:
        for statement, parameters in statements:
            plan = "\n".join(str(row) for row in connection.exec_driver_sql(explain + statement, parameters))
            if database.dialect == "sqlite":
                assert (
                    "SEARCH history USING PRIMARY KEY (space=? AND kind=? AND address=? AND plen=? AND version=?)"
                    in plan
                )
            else:
                assert all(f"({column} =" in plan for column in ("space", "kind", "address", "plen", "version")), plan
                assert "Index Cond" in plan, plan


def test_blocks_of_traces_are_deleted_a_few_at_a_time(database: Database) -> None:
    """Each may be large."""
    block = {"engine": 1, "first_at": 1, "last_at": 1, "count": 0, "body": b""}
    with database.writer() as connection:
        connection.execute(insert(trace), [block] * (2 * BLOCKS + 1))
    retention = Retention(database)
    assert retention.prune(NOW)
    assert _count(database, trace) == BLOCKS + 1
    _prune_all(database)
    assert _count(database, trace) == 0


def test_the_walk_through_traces_ends_at_the_first_that_is_kept(database: Database) -> None:
    block = {"engine": 1, "first_at": NOW, "last_at": NOW, "count": 0, "body": b""}
    with database.writer() as connection:
        connection.execute(insert(trace), [block] * (10 * BLOCKS))
    assert _prune_all(database) == len(RULES)
    assert _count(database, trace) == 10 * BLOCKS


def test_an_empty_database_has_nothing_to_prune(database: Database) -> None:
    assert _prune_all(database) == len(RULES)
