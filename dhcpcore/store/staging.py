"""A large change in small steps: staged under a pending revision, in transactions that nobody has to wait for.

The engine is the other writer of an SQLite file, so no transaction here holds its write lock for long: a chunk's size
follows the time that the last one took, and between two chunks the lock is free; a change of a few rows is one chunk,
and waits for nothing.  Rows of a pending revision are visible to nobody until ``head`` moves.  What a killed apply left
behind is undone by the next one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from dhcpcore.errors import Busy, LessorError, Refused
from dhcpcore.store.audit import record_changes
from dhcpcore.store.database import SQLITE, Database
from dhcpcore.store.plan import KEYS, TABLES, Plan

#: What a chunk aims at; DESIGN.md allows 50 ms, and a busy machine may stretch what was aimed at.
_CHUNK_S = 0.012
#: The lock stays free for at least this long after a chunk: longer than a waiter of SQLite's sleeps between two tries.
_PAUSE_S = 0.02
_ROWS_FIRST = 100
_ROWS_MAX = 4000
#: PostgreSQL locks rows and not the database: chunks there only bound the memory and tell of progress.
_ROWS_POSTGRESQL = 5000
#: A pending revision that nobody touched for so long was left behind.
ABANDONED_S = 30.0
#: Reading all assignments may take its time; it holds no lock.
_PATIENT_S = 600.0

Progress = Callable[[int, int], None]
Rows = Sequence[tuple[Any, ...]]
#: A statement and its rows.
Step = tuple[str, Rows]


@dataclass(slots=True)
class Stage:
    """A pending revision in our hands; ``touched_ms`` is the guard that nobody else took it over."""

    revision: int
    touched_ms: int


class Stager:
    """Writes plans under pending revisions of one database."""

    def __init__(self, database: Database, sleep: Callable[[float], None] = time.sleep) -> None:
        self._database = database
        self._sleep = sleep
        self._on_sqlite = database.dialect == SQLITE
        self._rows = _ROWS_FIRST if self._on_sqlite else _ROWS_POSTGRESQL
        self._opening = {table: self._opening_of(table) for table in TABLES}
        self._closing = {table: self._closing_of(table) for table in TABLES}

    def begin(self, author: str, note: str) -> Stage:
        """A new pending revision; refused while another apply is at work, after clearing away what a dead one left."""
        left = self._left_behind()
        if left is not None:
            self.undo(left)
        now_ms = self._now_ms()
        try:
            with self._database.writer() as connection:
                inserted = connection.execute(
                    text(
                        "INSERT INTO revision (state, author, note, created_at, touched_at) "
                        "VALUES ('pending', :author, :note, :at, :touched) RETURNING id"
                    ),
                    {"author": author, "note": note, "at": now_ms // 1000, "touched": now_ms},
                )
                return Stage(int(inserted.scalar_one()), now_ms)
        except IntegrityError:
            raise Busy("Another change of the definitions has just begun: wait for it, then try again.") from None

    def write(self, stage: Stage, plan: Plan, progress: Progress | None = None) -> None:
        """Stage the rows of a plan."""
        done = 0
        for chunk in self._chunks(self._steps(plan, stage.revision)):
            rows, took = self._write(stage, chunk)
            done += rows
            if progress is not None:
                progress(done, plan.size)
            if rows < plan.size:
                self._make_way(took)

    def publish(self, stage: Stage, expected_head: int, record: Callable[[Connection, int], None]) -> None:
        """Make the pending revision the definitions: one short transaction, with what ``record`` adds to it."""
        now_ms = self._now_ms()
        with self._database.writer() as connection:
            self._touch(connection, stage, now_ms)
            moved = connection.execute(
                text("UPDATE head SET revision = :new WHERE id = 1 AND revision = :old"),
                {"new": stage.revision, "old": expected_head},
            )
            if moved.rowcount != 1:
                raise Busy("The definitions were changed by somebody else meanwhile: look at them and try again.")
            connection.execute(
                text("UPDATE revision SET state = 'published', published_at = :at WHERE id = :id"),
                {"at": now_ms // 1000, "id": stage.revision},
            )
            record(connection, now_ms // 1000)

    def run(self, plan: Plan, expected_head: int, author: str, note: str) -> int:
        """Publish a small plan with its audit rows, whole or not at all, and give the revision."""
        stage = self.begin(author, note)
        try:
            self.write(stage, plan)

            def record(connection: Connection, now: int) -> None:
                record_changes(connection, plan.changes, actor=author, revision=stage.revision, now=now)

            self.publish(stage, expected_head, record)
        except BaseException:
            # Where the database is away, the next change clears up.
            with suppress(LessorError):
                self.undo(stage)
            raise
        return stage.revision

    def tell_planner(self) -> None:
        """After a large change: let PostgreSQL look at the tables now, so that look-ups go by index."""
        if not self._on_sqlite:
            with self._database.writer(seconds=_PATIENT_S) as connection:
                connection.exec_driver_sql("ANALYZE assignment, assignment_address")

    def undo(self, stage: Stage) -> None:
        """Take back all that was staged, in chunks as well, and give the revision up."""
        parameters = {"r": stage.revision}
        with self._database.reader(seconds=_PATIENT_S) as connection:
            opened = {table: _keys(connection, table, "from_revision", parameters) for table in TABLES}
            closed = {table: _keys(connection, table, "to_revision", parameters) for table in TABLES}
        for table in TABLES:
            where = " AND ".join(f"{key} = {self._mark}" for key in KEYS[table])
            for statement, keys in (
                (f"DELETE FROM {table} WHERE {where} AND from_revision = {stage.revision}", opened[table]),
                (
                    f"UPDATE {table} SET to_revision = NULL WHERE {where} AND to_revision = {stage.revision}",
                    closed[table],
                ),
            ):
                for chunk in self._chunks([(statement, keys)]):
                    _rows, took = self._write(stage, chunk)
                    self._make_way(took)
        now_ms = self._now_ms()
        with self._database.writer() as connection:
            self._touch(connection, stage, now_ms)
            connection.execute(text("UPDATE revision SET state = 'abandoned' WHERE id = :r"), parameters)

    def forget(self, stage: Stage) -> None:
        """Give up a pending revision under which nothing was staged."""
        with self._database.writer() as connection:
            connection.execute(text("DELETE FROM revision WHERE id = :r AND state = 'pending'"), {"r": stage.revision})

    def _left_behind(self) -> Stage | None:
        """The pending revision of an apply that died, now ours; refused while its apply is alive."""
        now_ms = self._now_ms()
        with self._database.writer() as connection:
            row = connection.execute(
                text("SELECT id, author, created_at, touched_at FROM revision WHERE state = 'pending'")
            ).first()
            if row is None:
                return None
            idle_s = (now_ms - row.touched_at) / 1000
            if idle_s < ABANDONED_S:
                raise Busy(
                    f"Another change of the definitions, by {row.author}, is under way "
                    f"(it moved {max(idle_s, 0):.0f} s ago): wait for it, then try again."
                )
            stage = Stage(row.id, row.touched_at)
            touched_ms = self._touch(connection, stage, now_ms)
        return Stage(stage.revision, touched_ms)

    def _write(self, stage: Stage, chunk: Sequence[Step]) -> tuple[int, float]:
        """One transaction: its number of rows, and the seconds that it held the lock."""
        now_ms = self._now_ms()
        with self._database.writer(durable=False) as connection:
            began = time.perf_counter()
            touched_ms = self._touch(connection, stage, now_ms)
            for statement, rows in chunk:
                connection.exec_driver_sql(statement, list(rows))
        took = time.perf_counter() - began
        stage.touched_ms = touched_ms
        written = sum(len(rows) for _, rows in chunk)
        if self._on_sqlite:
            fitting = written * _CHUNK_S / max(took, 1e-6)
            # Grows slowly and shrinks at once.
            self._rows = int(min(max(fitting, 1), self._rows * 2, _ROWS_MAX)) or 1
        return written, took

    def _make_way(self, took: float) -> None:
        """Leave the lock free for whoever waits for it, after a transaction that took so long."""
        if self._on_sqlite:
            self._sleep(max(_PAUSE_S, took))

    def _touch(self, connection: Connection, stage: Stage, now_ms: int) -> int:
        """Show that we live, and make sure that the revision is still ours: nobody else wrote since our last chunk.

        What it returns is the guard of the next chunk, once this one is committed.
        """
        touched_ms = max(now_ms, stage.touched_ms + 1)
        updated = connection.execute(
            text("UPDATE revision SET touched_at = :new WHERE id = :id AND state = 'pending' AND touched_at = :old"),
            {"new": touched_ms, "id": stage.revision, "old": stage.touched_ms},
        )
        if updated.rowcount != 1:
            raise Refused("This change stood still for too long and another one took its place: try again.")
        return touched_ms

    def _chunks(self, steps: Iterable[Step]) -> Iterator[list[Step]]:
        """What one transaction writes, of as many rows as fit by then."""
        chunk: list[Step] = []
        room = self._rows
        for statement, rows in steps:
            at = 0
            while at < len(rows):
                part = rows[at : at + room]
                chunk.append((statement, part))
                at += len(part)
                room -= len(part)
                if not room:
                    yield chunk
                    chunk, room = [], self._rows
        if chunk:
            yield chunk

    def _steps(self, plan: Plan, revision: int) -> Iterable[Step]:
        for table, keys in plan.closes.items():
            yield self._closing[table].replace(":revision", str(revision)), keys
        for table, rows in plan.opens.items():
            yield self._opening[table].replace(":revision", str(revision)), rows

    @property
    def _mark(self) -> str:
        return "?" if self._on_sqlite else "%s"

    def _opening_of(self, table: str) -> str:
        cast = "" if self._on_sqlite else "::json"
        marks = ", ".join(self._mark + (cast if column == "body" else "") for column in TABLES[table])
        columns = ", ".join(f'"{column}"' for column in TABLES[table])
        return f"INSERT INTO {table} ({columns}, from_revision) VALUES ({marks}, :revision)"

    def _closing_of(self, table: str) -> str:
        where = " AND ".join(f"{key} = {self._mark}" for key in KEYS[table])
        return (
            f"UPDATE {table} SET to_revision = :revision "
            f"WHERE {where} AND from_revision < :revision AND to_revision IS NULL"
        )

    def _now_ms(self) -> int:
        return int(self._database.now() * 1000)


def _keys(connection: Connection, table: str, column: str, parameters: dict[str, int]) -> list[tuple[Any, ...]]:
    keys = ", ".join(KEYS[table])
    found = connection.execute(text(f"SELECT DISTINCT {keys} FROM {table} WHERE {column} = :r"), parameters)
    return [tuple(row) for row in found]
