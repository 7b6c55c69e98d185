"""The pages of a server under measurement, and browsers that watch them: started and ended around trials."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bench import processes
from bench.errors import BadOutput, ServerFailed
from bench.running import CHECKOUT, Running

BROWSERS = 8
#: Long enough for each browser to ask twice for the living part of its page.
WATCHED_S = 10.0
PAIRS = 4
_SEEN_S_MAX = 90.0


@dataclass(slots=True)
class Seen:
    """What the browsers of one trial saw, filled in at its end."""

    events: int = 0
    asked: int = 0
    failures: int = 0
    p95_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Pages:
    """The running web process, on the server's cores: the worst place that it can have."""

    pid: int
    address: str
    token: str
    running: Running

    @contextmanager
    def watched(self, count: int = BROWSERS) -> Iterator[Seen]:
        """So many browsers while the block runs, on the cores of the generator."""
        generator, seen = self.running.generator, Seen()
        command = (*generator.network.on_server_side(generator.cpus), sys.executable, "-m", "bench.browsers",
                   self.address, self.token, str(count))
        with subprocess.Popen(command, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                              start_new_session=True) as browsers:
            assert browsers.stdout is not None
            try:
                if browsers.stdout.readline() != "watching\n":
                    raise ServerFailed(f"The pages did not come: {_log(self.running)}")
                yield seen
                said, _ = browsers.communicate(timeout=_SEEN_S_MAX)
                told = _read(said)
                seen.events, seen.asked, seen.failures = told["events"], told["asked"], told["failures"]
                seen.p95_ms = told["p95_ms"]
            finally:
                browsers.kill()


@contextmanager
def pages(running: Running, server_cpus: str, nice: int) -> Iterator[Pages]:
    """Start the pages beside the engine, and wait until they answer; ended whatever happens."""
    ground, web = running.ground, running.server.pages
    assert web is not None
    network = running.generator.network
    with (ground.folder / "web.log").open("wb") as log:
        process = subprocess.Popen((*network.on_server_side(server_cpus), *web.command(ground)), stdout=log, stderr=log,
                                   start_new_session=True)
    try:
        started = Pages(process.pid, web.address, web.token(ground), running)
        with started.watched(0):
            pass
        for pid in processes.tree((process.pid,)):
            processes.favour(pid, nice)
        yield started
    finally:
        processes.stop(process)


def _read(said: str) -> dict[str, int]:
    try:
        told: dict[str, int] = json.loads(said)
    except ValueError as wrong:
        raise BadOutput(f"This is not the report of browsers: {said[:300]}") from wrong
    return told


def _log(running: Running) -> str:
    return (running.ground.folder / "web.log").read_text(errors="replace")[-1500:].strip()
