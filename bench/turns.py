"""Taking the turns of a run: every server once, then all again, so that ratios are between neighbours in time."""

import fcntl
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.disk import sync_ms
from bench.errors import BenchError
from bench.modes import MODES, Mode
from bench.plan import Plan
from bench.running import Bed, running
from bench.servers.server import Server
from bench.turn import Session, Turn

# Between two turns, so that somebody else who waits for the lock gets it.
LOCK_PAUSE_S = 0.5


def say(text: str) -> None:
    """Progress goes to standard error; standard output is for the table."""
    print(text, file=sys.stderr, flush=True)


@contextmanager
def _quiet(lock: Path | None) -> Iterator[None]:
    """Holds the machine's lock file, if one was named, while a server is measured."""
    if lock is None:
        yield
        return
    with lock.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    time.sleep(LOCK_PAUSE_S)


def _measure(server: Server, bed: Bed, plan: Plan, modes: tuple[Mode, ...], kept: Turn) -> None:
    """Starts the server for these modes; what they find is kept in `kept` even when a later one fails."""
    slowed = modes[0].slow_sync
    with running(server, bed, plan.slow_sync_us if slowed else 0) as started:
        session = Session(started, plan, kept)
        sync = sync_ms(started.ground.folder)
        warm_up = session.closed_loop("warm-up", plan.warm_up_s)
        prefix = "slow_" if slowed else ""
        session.note(**{f"{prefix}sync_ms": sync, f"{prefix}warm_up": warm_up.rate_per_s})
        session.note(**{f"{prefix}start_s": started.start_s})
        for mode in modes:
            begun = time.monotonic()
            mode.measure(session)
            say(f"    {mode.name} ({time.monotonic() - begun:.0f} s)")


def take_turn(server: Server, bed: Bed, plan: Plan, repetition: int) -> Turn:
    """Measures one server in all modes asked for; a failure is kept as the turn's error."""
    turn = Turn(server.name, repetition)
    wanted = [mode for mode in MODES if mode.name in plan.modes]
    try:
        for slowed in (False, True):
            modes = tuple(mode for mode in wanted if mode.slow_sync is slowed)
            if modes:
                _measure(server, bed, plan, modes, turn)
    except BenchError as failed:
        turn.error = str(failed)
    return turn


def take_turns(servers: tuple[Server, ...], bed: Bed, plan: Plan, lock: Path | None) -> Iterator[Turn]:
    """All turns of a run, interleaved, each as soon as it is over."""
    for repetition in range(1, plan.repetitions + 1):
        for server in servers:
            say(f"repetition {repetition}, {server.title}")
            with _quiet(lock):
                turn = take_turn(server, bed, plan, repetition)
            if turn.error:
                say(f"    {turn.error}")
            yield turn
