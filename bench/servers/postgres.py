"""A PostgreSQL cluster for one server: Debian's defaults, a Unix socket only, trust inside it."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench import processes
from bench.commands import run
from bench.errors import CannotRun, ServerFailed

OWNER = "postgres"  # PostgreSQL refuses to run as root
ROLE = "bench"
DATABASE = "postgres"
READY_S_MAX = 30.0


def binaries() -> Path:
    """The newest PostgreSQL that is installed, where Debian puts it."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not versions:
        raise CannotRun("PostgreSQL is missing; on Debian: apt-get install postgresql")
    return versions[-1].parent


def version() -> str:
    """PostgreSQL's own version."""
    return run((str(binaries() / "postgres"), "--version"), CannotRun).text.split()[2]


def create(folder: Path) -> None:
    """Makes an empty cluster, with the role and the socket that `start` uses."""
    folder.mkdir()
    shutil.chown(folder, OWNER, OWNER)
    run(
        (
            *(str(binaries() / "initdb"), "--pgdata", str(folder / "data"), "--username", ROLE),
            *("--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync"),
        ),
        CannotRun,
        user=OWNER,
    )



def query(folder: Path, sql: str, **variables: str) -> list[str]:
    """The rows of a query of one column. A variable stands in the query as psql has it: `:number`, `:'text'`."""
    named = (word for name, value in {"ON_ERROR_STOP": "1", **variables}.items() for word in ("-v", f"{name}={value}"))
    words = ("psql", "--no-psqlrc", "-qAt", *named, "-h", str(folder), "-U", ROLE, DATABASE)
    return run(words, ServerFailed, stdin=sql).text.splitlines()


def start(
    folder: Path, pinned: Sequence[str] = (), environment: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Starts the cluster and waits until it answers."""
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            (
                *(*pinned, str(binaries() / "postgres"), "-D", str(folder / "data")),
                *("-c", "listen_addresses=", "-c", f"unix_socket_directories={folder}"),
            ),
            env={**os.environ, **(environment or {})},
            user=OWNER,
            group=OWNER,
            extra_groups=[],
            cwd=folder,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    deadline = time.monotonic() + READY_S_MAX
    while time.monotonic() < deadline and server.poll() is None:
        ready = subprocess.run(("pg_isready", "-q", "-h", str(folder), "-U", ROLE), check=False)
        if ready.returncode == 0:
            return server
        time.sleep(0.1)
    stop(server)
    raise ServerFailed(f"PostgreSQL did not start: {(folder / 'log').read_text(errors='replace')[-1000:]}")


def stop(server: subprocess.Popen[bytes]) -> None:
    """Ends the cluster with a checkpoint, so that its files can be copied ("fast" shutdown)."""
    processes.stop(server, signal.SIGINT)
