"""Somebody else's transaction and a commit wait for each other: PostgreSQL ends the commit, and it is made again."""

import threading
import time
from collections.abc import Callable

import pytest
from sqlalchemy import Connection

from tests.faults.rig import FIRST, Rig
from tests.faults.told import told
from tests.packets4 import ACK, client

pytestmark = pytest.mark.pg
A, B = client(1), client(2)
_LOCK = "SELECT 1 FROM lease WHERE client = %s FOR UPDATE"


def _close_the_circle(other: Connection, watching: Connection) -> None:
    """Once the commit waits for B's row, and has locked A's by then, want that one."""
    while not watching.exec_driver_sql("SELECT count(*) FROM pg_locks WHERE NOT granted").scalar_one():
        time.sleep(0.01)
    other.exec_driver_sql(_LOCK, (A.identity,))
    other.rollback()


def test_somebody_elses_transaction_and_ours_wait_for_each_other(pg_url: str, build: Callable[..., Rig]) -> None:
    fault = told("another transaction and the commit wait for each other")
    rig = build(pg_url)
    rig.apply()
    leased = {who: rig.lease(who) for who in (A, B)}
    assert leased[A] == FIRST
    rig.pass_(10)
    with rig.database.writer_engine.connect() as other, rig.database.writer_engine.connect() as watching:
        other.exec_driver_sql("SET deadlock_timeout = '1min'")  # So that ours is the transaction that is ended.
        other.exec_driver_sql(_LOCK, (B.identity,))
        rival = threading.Thread(target=_close_the_circle, args=(other, watching))
        rig.gaps.at["before commit"].append(rival.start)
        answers = rig.send(*(rig.renew(who, address) for who, address in leased.items()))
        rival.join()
    assert [answer.kind for answer in answers] == [ACK, ACK], rig.reasons
    assert rig.reasons == fault.reasons * 2
    rig.send(rig.renew(A, leased[A]))
    assert rig.reasons == fault.after
