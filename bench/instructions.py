"""How many instructions of the processor an exchange takes, engine and store together, counted by valgrind.

    .venv/bin/python -m bench.instructions [--loads dora,renew] [--definitions FILE | --configured] [--folder /dev/shm]

A time differs from run to run with everything else that the machine does; this number hardly does, so a change of the
packet path can be judged by it wherever it is made.  One process holds the engine and its store and is fed datagrams;
no socket is in it.  It runs twice under callgrind, with more rounds the second time: what starting and warming up take
is in both, and the difference divided by the exchanges that it holds is what one exchange takes.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.services import schema
from bench import configured, feeding
from bench.commands import run
from bench.errors import BadOutput, BenchError, CannotRun
from bench.running import CHECKOUT
from dhcpcore.settings import Settings
from dhcpcore.store.database import Database
from dhcpcore.store.definitions import Definitions
from dhcpcore.topology.validate import validate

#: Rounds of the two runs; the first is warm by then: statements are compiled, pages of free addresses read.
ROUNDS = (10, 30)
BATCH = 64
CLIENTS = 500
_COLLECTED = re.compile(r"Collected : (\d+)")
#: Memory is so dear to valgrind's own account that a run takes fifty times as long as without.
RUN_S_MAX = 900.0


def prepare(folder: Path, document: dict[str, Any]) -> None:
    """A database with these definitions, in ``folder``."""
    settings = Settings(database_url=feeding.url(folder), state_dir=folder)
    schema.upgrade(settings)
    database = Database(settings.database_url)
    try:
        Definitions(database).apply(validate(document), "bench")
    finally:
        database.dispose()


def counted(folder: Path, load: str, rounds: int, batch: int, clients: int) -> tuple[int, int]:
    """Instructions and exchanges of one run, on a copy of the database that was prepared in ``folder``."""
    with tempfile.TemporaryDirectory(dir=folder, prefix="run-") as name:
        shutil.copy(folder / feeding.FILE, name)
        words = ["--load", load, "--rounds", str(rounds), "--batch", str(batch), "--clients", str(clients)]
        said = run(
            ("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", sys.executable, "-m", "bench.feeding",
             name, *words),
            BenchError,
            environment={**os.environ, "PYTHONHASHSEED": "0", "PYTHONPATH": str(CHECKOUT)},
            timeout_s=RUN_S_MAX,
        )  # fmt: skip
    collected = _COLLECTED.search(said.errors)
    if collected is None:
        raise BadOutput(f"valgrind told no count: {said.errors[-500:].strip()}")
    return int(collected[1]), int(json.loads(said.text)["exchanges"])


def per_exchange(folder: Path, load: str, rounds: tuple[int, int] = ROUNDS, batch: int = BATCH,
                 clients: int = CLIENTS) -> float:
    """Instructions that one exchange takes."""
    (some, few), (more, many) = (counted(folder, load, number, batch, clients) for number in rounds)
    if many <= few:
        raise BadOutput(f"{rounds[1]} rounds hold no more exchanges than {rounds[0]}: {many} and {few}.")
    return (more - some) / (many - few)


def parser() -> argparse.ArgumentParser:
    """All options."""
    made = argparse.ArgumentParser(prog="bench.instructions", description=(__doc__ or "").splitlines()[0])
    add = made.add_argument
    add("--loads", default=",".join(feeding.LOADS), help=f"of {','.join(feeding.LOADS)}")
    add("--rounds", default="{},{}".format(*ROUNDS), help="of the two runs")
    add("--batch", type=int, default=BATCH, help="exchanges that begin in a round")
    add("--clients", type=int, default=CLIENTS, help="distinct clients")
    what = made.add_mutually_exclusive_group()
    what.add_argument("--definitions", type=Path, metavar="FILE", help=f"JSON, with a pool in {feeding.PREFIX}")
    what.add_argument("--configured", action="store_true", help="200 subnets, 50 classes, 100,000 assignments")
    add("--folder", type=Path, default=Path("/var/tmp"), help="where the database is")  # noqa: S108
    return made


def document_of(options: argparse.Namespace) -> dict[str, Any]:
    """The definitions that were asked for."""
    if options.definitions:
        read: dict[str, Any] = json.loads(options.definitions.read_text())
        return read
    return configured.definitions(feeding.SUBNET) if options.configured else feeding.DEFINITIONS


def main(words: Sequence[str]) -> int:
    """Count, and print a line for each load; 2 where it cannot be counted."""
    options = parser().parse_args(words)
    try:
        loads = options.loads.split(",")
        if unknown := [load for load in loads if load not in feeding.LOADS]:
            raise CannotRun(f"Unknown load {', '.join(unknown)}; known are {', '.join(feeding.LOADS)}.")
        if not re.fullmatch(r"\d+,\d+", options.rounds):
            raise CannotRun(f"--rounds takes two whole numbers and a comma, not {options.rounds!r}.")
        few, many = map(int, options.rounds.split(","))
        if shutil.which("valgrind") is None:
            raise CannotRun("The program valgrind is missing. Debian: apt-get install valgrind.")
        with tempfile.TemporaryDirectory(dir=options.folder, prefix="lessor-instructions-") as folder:
            prepare(Path(folder), document_of(options))
            for load in loads:
                taken = per_exchange(Path(folder), load, (few, many), options.batch, options.clients)
                print(f"{load:6} {taken:10,.0f} instructions an exchange", flush=True)
    except BenchError as failed:
        print(f"bench.instructions: {failed}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
