"""A process that is killed on its way through a batch; the next one begins with nothing but the database."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.rig import FIRST, Rig
from tests.faults.told import told
from tests.packets4 import ACK, client

ROOT = Path(__file__).parent.parent.parent
A = client(1)


def killed(url: str, arrow: str) -> int:
    command = [sys.executable, "-m", "tests.faults.killed", url, arrow, FIRST]
    return subprocess.run(command, cwd=ROOT, capture_output=True, timeout=60, check=False).returncode


@pytest.mark.parametrize("arrow", ["before fetch", "after fetch", "before commit"])
def test_killed_before_the_commit(url: str, build: Callable[..., Rig], arrow: str) -> None:
    fault = told("the process is killed before the commit")
    rig = build(url)
    rig.apply()
    assert killed(url, arrow) == -9
    assert rig.row(FIRST) is None
    assert fault.reasons == []  # Nobody is left who counts.
    (ack,) = rig.send(rig.select(A, FIRST))
    assert (ack.kind, rig.reasons) == (ACK, fault.after)


@pytest.mark.parametrize("arrow", ["after commit", "before send"])
def test_killed_between_commit_and_send(url: str, build: Callable[..., Rig], arrow: str) -> None:
    fault = told("the process is killed between commit and send")
    rig = build(url)
    rig.apply()
    assert killed(url, arrow) == -9
    row = rig.row(FIRST)
    assert row is not None
    assert row.client == A.identity
    assert fault.reasons == []
    (ack,) = rig.send(rig.select(A, FIRST))
    assert (ack.kind, rig.reasons) == (ACK, fault.after)
    assert len(rig.history(FIRST)) == 1


def test_not_killed_where_it_does_not_come_by(url: str, build: Callable[..., Rig]) -> None:
    rig = build(url)
    rig.apply()
    assert killed(url, "never") == 0
    assert rig.row(FIRST) is not None
