"""The command line: `run` (the default), `serve`, `table`, `list`."""

import argparse
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench import processes, results
from bench.compiled import compile_into
from bench.errors import BenchError, CannotRun
from bench.modes import MODES
from bench.network import network
from bench.plan import Plan
from bench.running import Bed, ground_of, prepare, running
from bench.servers import preload
from bench.servers.server import Server
from bench.servers.table import DEFAULT_SERVERS, KEA_MEMFILE, SERVERS, chosen
from bench.table import markdown
from bench.turns import say, take_turns

DEFAULTS = Plan(servers=DEFAULT_SERVERS, modes=tuple(mode.name for mode in MODES))
QUICK = Plan(
    servers=("lessor", "lessor@pgsql", KEA_MEMFILE),
    modes=("saturation", "rows"),
    seconds=1.0,
    warm_up_s=1.0,
)
RESULT_FILE = Path(tempfile.gettempdir()) / "lessor-bench.json"
# /tmp is often kept in memory, where a sync costs nothing: the servers' files must be on a disk.
RUN_FOLDER = Path("/var/tmp")  # noqa: S108 - a folder of our own is made in it
COMMANDS = ("run", "serve", "table", "list")


def parser() -> argparse.ArgumentParser:
    """All commands and options."""
    top = argparse.ArgumentParser(prog="bench/run", description="Measures this DHCP server beside others. Needs root.")
    commands = top.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="measure (the default)")
    serve = commands.add_parser("serve", help="start one server under load, to look at it with a profiler")
    serve.add_argument("server", choices=tuple(SERVERS))
    for command in (run, serve):
        _add_bed_options(command)
    _add_run_options(run)
    shown = commands.add_parser("table", help="print the table of result files")
    shown.add_argument("files", nargs="+", type=Path, metavar="FILE")
    commands.add_parser("list", help="list the servers and the modes")
    return top


def _add_bed_options(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add("--seconds", type=float, help="length of a trial (serve: of the load)")
    add("--window", type=int, default=DEFAULTS.window, help="exchanges under way in a closed loop")
    add("--clients", type=int, default=DEFAULTS.clients, help="distinct clients")
    add("--server-cpus", default=DEFAULTS.server_cpus, help="cores of the server and its database")
    add("--client-cpus", default=DEFAULTS.client_cpus, help="cores of the generator")
    add("--preload-leases", type=int, default=0, metavar="N", help="fill Lessor's store with N leases of others before")
    add("--nice", type=int, default=0, metavar="N", help="of server, database and generator, on a busy machine")
    add("--folder", type=Path, default=RUN_FOLDER, help="where the servers' files are, on the disk under test")


def _add_run_options(run: argparse.ArgumentParser) -> None:
    add = run.add_argument
    add("--quick", action="store_true", help="saturation of Lessor and Kea, trials of 1 s: a minute")
    add("--servers", help=f"of {','.join(SERVERS)}")
    add("--modes", help=f"of {','.join(mode.name for mode in MODES)}")
    add("--reps", type=int, default=DEFAULTS.repetitions, help="repetitions, all servers in each")
    add("--sustained", type=float, default=DEFAULTS.sustained_s, help="how long a sustained rate must be carried")
    add("--rates", default=",".join(map(str, DEFAULTS.rates)), help="equal offered rates to compare answer times at")
    add("--slow-sync-us", type=int, default=DEFAULTS.slow_sync_us, help="how long a slowed sync takes, microseconds")
    add("--lock", type=Path, help="hold this lock file during each server's turn, so that other jobs can take turns")
    add("--json", type=Path, default=RESULT_FILE, metavar="FILE", help="where the results go")


def plan_from(options: argparse.Namespace) -> Plan:
    """The settings of a run: those of --quick or the defaults, and what was said otherwise."""
    base = QUICK if options.quick else DEFAULTS
    known = {mode.name for mode in MODES}
    modes = tuple(options.modes.split(",")) if options.modes else base.modes
    if unknown := [name for name in modes if name not in known]:
        raise CannotRun(f"Unknown mode {', '.join(unknown)}; known are {', '.join(sorted(known))}.")
    preload.check(options.preload_leases)
    try:
        rates = tuple(int(rate) for rate in options.rates.split(","))
    except ValueError as wrong:
        raise CannotRun(f"--rates takes whole numbers and commas, not {options.rates!r}.") from wrong
    return Plan(
        servers=tuple(server.name for server in chosen(options.servers or ",".join(base.servers))),
        modes=modes,
        repetitions=options.reps,
        seconds=options.seconds or base.seconds,
        warm_up_s=base.warm_up_s,
        sustained_s=options.sustained,
        window=options.window,
        rates=rates,
        slow_sync_us=options.slow_sync_us,
        clients=options.clients,
        preload_leases=options.preload_leases,
        server_cpus=options.server_cpus,
        client_cpus=options.client_cpus,
        nice=options.nice,
    )


@contextmanager
def _bed(options: argparse.Namespace) -> Iterator[Bed]:
    cores = {int(core) for cpus in (options.server_cpus, options.client_cpus) for core in cpus.split(",")}
    if not cores <= os.sched_getaffinity(0):
        raise CannotRun("There are not so many cores: name others, or one twice, with --server-cpus and --client-cpus.")
    with tempfile.TemporaryDirectory(prefix="lessor-bench-", dir=options.folder) as name, network() as made:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL's account passes through it.
        processes.favour(os.getpid(), options.nice)
        yield Bed(
            folder,
            made,
            compile_into(folder),
            options.server_cpus,
            options.client_cpus,
            options.clients,
            options.preload_leases,
            options.nice,
        )


def _prepared(servers: Sequence[Server], bed: Bed) -> Iterator[tuple[Server, str]]:
    """Prepares each server; one that cannot be prepared is named and left out."""
    for server in servers:
        say(f"preparing {server.title}")
        try:
            prepare(server, bed)
            yield server, server.version(ground_of(server, bed))
        except BenchError as failed:
            say(f"    {server.title} is left out: {failed}")


def run(options: argparse.Namespace) -> int:
    """Measures, saves after each turn, prints the table; 1 when a server could not be measured."""
    plan = plan_from(options)
    with _bed(options) as bed:
        versions = {server.name: version for server, version in _prepared(chosen(",".join(plan.servers)), bed)}
        if not versions:
            raise CannotRun("No server could be prepared.")
        host, done = results.host_facts(), []
        for turn in take_turns(chosen(",".join(versions)), bed, plan, options.lock):
            done.append(turn)
            whole = results.Results(host, versions, results.plan_facts(plan), tuple(done))
            results.save(options.json, whole)
    print(markdown(whole))
    say(f"Results: {options.json}")
    return int(len(versions) < len(plan.servers) or any(turn.error for turn in done))


def serve(options: argparse.Namespace) -> int:
    """Keeps one server under a closed loop, and says which processes to look at."""
    server = SERVERS[options.server]
    with _bed(options) as bed:
        prepare(server, bed)
        with running(server, bed) as started:
            print("process trees:", *started.pids, flush=True)
            end = time.monotonic() + (options.seconds or 60.0)
            while time.monotonic() < end:
                trial = started.generator.closed_loop("serve", options.window, min(5.0, end - time.monotonic() + 0.1))
                print(f"{trial.rate_per_s:,.0f} exchanges/s", flush=True)
    return 0


def table(options: argparse.Namespace) -> int:
    """Prints the table of one or several result files."""
    print(markdown(results.joined([results.load(file) for file in options.files])))
    return 0


def list_all(_options: argparse.Namespace) -> int:
    """Prints what can be named."""
    for server in SERVERS.values():
        print(f"server  {server.name:23} {server.title}")
    for mode in MODES:
        print(f"mode    {mode.name:23} {(mode.measure.__doc__ or '').splitlines()[0]}")
    return 0


def main(words: Sequence[str]) -> int:
    """Runs one command; `run` may be left out."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # So that servers and namespaces are cleaned up.
    if not words or words[0] not in (*COMMANDS, "-h", "--help"):
        words = ("run", *words)
    options = parser().parse_args(words)
    try:
        return {"run": run, "serve": serve, "table": table, "list": list_all}[options.command](options)
    except BenchError as failed:
        say(f"bench: {failed}")
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
