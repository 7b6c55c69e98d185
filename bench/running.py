"""A server under measurement: prepared, started in its namespace on its cores with its database, and ended."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import processes
from bench.commands import run
from bench.compiled import Compiled
from bench.errors import BenchError, ServerFailed
from bench.generator import Generator
from bench.network import RELAY_ADDRESS, SERVER_ADDRESS, Network
from bench.servers import postgres
from bench.servers.server import Ground, Server

CHECKOUT = Path(__file__).resolve().parent.parent
# From the start of the process to the first answered exchange.
ANSWER_S_MAX = 60.0
# What a server may still do right after its first answer (fill caches, open further sockets).
SETTLE_S = 0.5


@dataclass(frozen=True, slots=True)
class Bed:
    """Where servers are started: the same for every turn of a run."""

    folder: Path
    network: Network
    compiled: Compiled
    server_cpus: str
    client_cpus: str
    clients: int
    preload_leases: int = 0
    nice: int = 0

    @property
    def separate_cores(self) -> bool:
        """Whether the generator has a core of its own, so that it may poll without sleeping."""
        return not set(self.server_cpus.split(",")) & set(self.client_cpus.split(","))


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers. `pids` are the roots of its process trees: itself, and its database.

    `start_s` is from the start of its process to its first answer.
    """

    server: Server
    ground: Ground
    generator: Generator
    pids: tuple[int, ...]
    start_s: float = 0.0


def ground_of(server: Server, bed: Bed) -> Ground:
    """A server's folder has the same path in every turn, since configurations hold it."""
    folder = bed.folder / server.name.replace("@", "-")
    database = folder / "database" if server.database else None
    preload = bed.preload_leases if server.preload else 0
    return Ground(folder, bed.network.interface, CHECKOUT, database, preload)


def _pristine(ground: Ground) -> Path:
    return ground.folder.with_suffix(".prepared")


def prepare(server: Server, bed: Bed) -> None:
    """Makes configuration, schema and rows of other clients once; every turn begins with a copy of them."""
    ground = ground_of(server, bed)
    ground.folder.mkdir()
    ground.folder.chmod(0o755)  # PostgreSQL's account passes through it.
    database = None
    try:
        if ground.database_folder:
            postgres.create(ground.database_folder)
            database = postgres.start(ground.database_folder)
        server.prepare(ground)
        if server.preload and ground.preload_leases:
            server.preload(ground)
    finally:
        if database:
            postgres.stop(database)
    ground.folder.rename(_pristine(ground))


def _start(server: Server, ground: Ground, bed: Bed, slowed: Mapping[str, str]) -> subprocess.Popen[bytes]:
    with (ground.folder / "server.log").open("wb") as log:
        return subprocess.Popen(
            (*bed.network.on_server_side(bed.server_cpus), *server.command(ground)),
            env={**os.environ, **server.environment(ground), **slowed},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


@contextmanager
def _asking(bed: Bed) -> Iterator[subprocess.Popen[str]]:
    """A client that asks from before the server's start until its first answer, and then says when that was."""
    command = (*bed.network.on_client_side(bed.client_cpus), sys.executable, "-m", "bench.first",
               SERVER_ADDRESS, RELAY_ADDRESS, str(ANSWER_S_MAX))
    with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True, start_new_session=True) as asking:
        try:
            assert asking.stdout is not None
            if asking.stdout.readline() != "asking\n":
                raise BenchError("The client that asks for the first answer did not start.")
            yield asking
        finally:
            asking.kill()


def _first_answer(process: subprocess.Popen[bytes], asking: subprocess.Popen[str], ground: Ground) -> float:
    """When it came, by the monotonic clock."""
    while asking.poll() is None and process.poll() is None:
        time.sleep(0.05)
    if process.poll() is not None:
        raise ServerFailed(f"It ended with {process.returncode} at its start: {_log(ground)}")
    assert asking.stdout is not None
    said = asking.stdout.read()
    if asking.returncode or not said:
        raise ServerFailed(f"It answered nobody within {ANSWER_S_MAX:.0f} s: {_log(ground)}")
    return float(said)


def _await_exchange(process: subprocess.Popen[bytes], running: Running) -> None:
    deadline = time.monotonic() + ANSWER_S_MAX
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise ServerFailed(f"It ended with {process.returncode} at its start: {_log(running.ground)}")
        if running.generator.closed_loop("start", 1, 0.2).finished:
            time.sleep(SETTLE_S)
            return
    raise ServerFailed(f"It granted nothing within {ANSWER_S_MAX:.0f} s: {_log(running.ground)}")


def _log(ground: Ground) -> str:
    return (ground.folder / "server.log").read_text(errors="replace")[-1500:].strip()


@contextmanager
def running(server: Server, bed: Bed, slow_sync_us: int = 0) -> Iterator[Running]:
    """Starts the server from its prepared files, waits until it answers, and ends it whatever happens."""
    ground = ground_of(server, bed)
    slowed = {"LD_PRELOAD": str(bed.compiled.slow_sync), "SLOWSYNC_US": str(slow_sync_us)} if slow_sync_us else {}
    with ExitStack() as stack:
        run(("cp", "-a", "--reflink=auto", str(_pristine(ground)), str(ground.folder)), BenchError)
        stack.callback(shutil.rmtree, ground.folder, ignore_errors=True)
        os.sync()  # Else the copy is written out while the server is measured.
        pids = []
        if ground.database_folder:
            database = postgres.start(ground.database_folder, ("taskset", "-c", bed.server_cpus), slowed)
            stack.callback(postgres.stop, database)
            pids.append(database.pid)
        with _asking(bed) as asking:
            began = time.monotonic()
            process = _start(server, ground, bed, slowed)
            stack.callback(processes.stop, process)
            start_s = _first_answer(process, asking, ground) - began
        generator = Generator(
            bed.compiled.load,
            bed.network,
            bed.client_cpus,
            bed.separate_cores,
            bed.clients,
            ground.folder / "acknowledged",
        )
        started = Running(server, ground, generator, (process.pid, *pids), start_s)
        _await_exchange(process, started)
        for pid in processes.tree(started.pids):  # Each process of PostgreSQL makes itself a session of its own.
            processes.favour(pid, bed.nice)
        yield started
        if process.poll() is not None:
            raise ServerFailed(f"It ended with {process.returncode} under load: {_log(ground)}")
