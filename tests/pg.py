"""A private PostgreSQL cluster for a test session: unix socket only, in a temporary folder, gone afterwards.

The programs are Debian's (/usr/lib/postgresql/*/bin) or those on PATH. PostgreSQL refuses root, so root starts it as
the account `postgres`, or `nobody` where there is none. Durability stays as shipped (fsync on): tests look for it.
"""

import contextlib
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

SHORT = "/tmp"
"""Where temporary files have a long path: a unix socket's name holds 107 bytes."""

START_S_MAX = 30.0
"""A cluster answers within a second; a loaded machine gets the benefit of the doubt."""

OWNER = "lessor"
"""The role that initdb makes; any local user may connect as it (authentication `trust`, socket only)."""


def programs() -> Path | None:
    """The folder that holds initdb and postgres of the newest PostgreSQL here, or None."""

    def version(folder: Path) -> float:
        try:
            return float(folder.parent.name)
        except ValueError:
            return 0.0

    found = [folder for folder in Path("/usr/lib/postgresql").glob("*/bin") if (folder / "initdb").exists()]
    if found:
        return max(found, key=version)
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


def _account() -> str | None:
    """The account that the server runs as: None is ourselves."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    return None


def reason_missing() -> str | None:
    """Why no cluster can be had here, as a sentence for a skip; None when one can."""
    if programs() is None:
        return "no PostgreSQL programs here (Debian: apt-get install postgresql)"
    if os.geteuid() == 0 and _account() is None:
        return "PostgreSQL refuses root and there is no account postgres or nobody to run it as"
    return None


class Cluster:
    """One server with its data folder. `start` and `stop` may be called again and again; `remove` ends it."""

    def __init__(self, *settings: str) -> None:
        """Make the folders and run initdb; `settings` are lines for postgresql.conf."""
        found = programs()
        assert found is not None, reason_missing()
        self._bin = found
        self._account = _account()
        self._numbers = itertools.count(1)
        self._server: subprocess.Popen[bytes] | None = None
        self.root = Path(tempfile.mkdtemp(prefix="lessor-pg-", dir=SHORT if len(tempfile.gettempdir()) > 20 else None))
        self.socket_dir = self.root / "s"
        self.data_dir = self.root / "data"
        self.log = self.root / "log"
        self.root.chmod(0o755)
        self.socket_dir.mkdir(mode=0o755)
        self.data_dir.mkdir(mode=0o700)
        if self._account:
            for path in (self.socket_dir, self.data_dir):
                shutil.chown(path, self._account)
        make = ("-U", OWNER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        self._run("initdb", "-D", str(self.data_dir), *make)
        with (self.data_dir / "postgresql.conf").open("a") as conf:
            conf.write(f"listen_addresses = ''\nunix_socket_directories = '{self.socket_dir}'\n")
            conf.write("max_connections = 200\ntimezone = 'UTC'\nlog_timezone = 'UTC'\n")
            conf.writelines(f"{line}\n" for line in settings)

    def _as_account(self) -> dict[str, object]:
        if self._account is None:
            return {}
        return {"user": self._account, "group": pwd.getpwnam(self._account).pw_gid, "extra_groups": []}

    def _run(self, program: str, *args: str) -> None:
        done = subprocess.run(
            [str(self._bin / program), *args],
            cwd="/", capture_output=True, text=True, timeout=120, check=False, **self._as_account(),
        )
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stdout}{done.stderr}")

    def start(self) -> Self:
        """Start the server and wait until it answers."""
        # setpriv ties the server's life to ours, so that a killed test run leaves none behind.
        lifeline = ["setpriv", "--pdeathsig", "INT"] if shutil.which("setpriv") else []
        with self.log.open("ab") as log:
            self._server = subprocess.Popen(
                [*lifeline, str(self._bin / "postgres"), "-D", str(self.data_dir)],
                cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, **self._as_account(),
            )
        until = time.monotonic() + START_S_MAX
        while not self._answers():
            if self._server.poll() is not None or time.monotonic() > until:
                self.stop(signal.SIGQUIT)
                raise RuntimeError(f"PostgreSQL did not start: {self.log.read_text()[-2000:]}")
            time.sleep(0.05)
        return self

    def _answers(self) -> bool:
        asked = [str(self._bin / "pg_isready"), "-q", "-h", str(self.socket_dir), "-U", OWNER, "-d", "postgres"]
        return subprocess.run(asked, cwd="/", timeout=30, check=False).returncode == 0

    @property
    def pid(self) -> int:
        """The postmaster's process id."""
        assert self._server is not None, "the cluster is not running"
        return self._server.pid

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop the server: SIGINT is fast and clean, SIGQUIT is a crash that leaves recovery to the next start."""
        if self._server is None:
            return
        if self._server.poll() is None:
            self._server.send_signal(how)
            try:
                self._server.wait(timeout=START_S_MAX)
            except subprocess.TimeoutExpired:
                self._server.kill()
                self._server.wait()
        self._server = None

    def remove(self) -> None:
        """Stop the server and delete all it wrote."""
        self.stop()
        shutil.rmtree(self.root, ignore_errors=True)

    def url(self, database: str) -> str:
        """The SQLAlchemy address of a database of this cluster."""
        return f"postgresql://{OWNER}@/{database}?host={self.socket_dir}"

    def _admin(self, statement: str) -> None:
        import psycopg  # A machine without the driver still says why it skips.

        with psycopg.connect(f"host={self.socket_dir} user={OWNER} dbname=postgres", autocommit=True) as connection:
            connection.execute(statement)

    @contextlib.contextmanager
    def database(self, template: str = "template0") -> Iterator[str]:
        """The address of a fresh database, empty or as another is; dropped afterwards with whoever is connected."""
        name = f"t{next(self._numbers)}"
        self._admin(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield self.url(name)
        finally:
            if self._server is not None and self._server.poll() is None:
                self._admin(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
