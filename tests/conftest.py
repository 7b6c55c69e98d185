"""What every test may lean on: the markers, `--require`, and a PostgreSQL of its own.

A test that needs root, namespaces, PostgreSQL or a browser skips with the reason where there is none; with
`--require=netns,pg,browser,slow` such a skip is a failure, so that a green run on CI means that they ran.
"""

import functools
import gc
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from xdist.scheduler import LoadScopeScheduling

from dhcpcore.store import migrate
from dhcpcore.store.database import Database
from tests import pg

# One commit, one verdict: the check draws the same examples each time, and no more than find what there is to be found.
# To look for new ones: `./lessor test --hypothesis-profile=search`.
hypothesis.settings.register_profile("check", max_examples=50, derandomize=True, database=None, deadline=None)
hypothesis.settings.register_profile("search", deadline=None)
hypothesis.settings.load_profile("check")

MEMORY = Path("/dev/shm")
ROOM = 4 << 30
"""Octets that must be free there: far more than the tests write."""


def _in_memory() -> bool:
    """Whether what tests write may stay in memory: their databases wait for a disk with every commit, half their time.

    What a process asks of the system stays the same (the tests of promise 1 look at that); the answer comes sooner.
    """
    if "TMPDIR" in os.environ or not os.access(MEMORY, os.W_OK):
        return False
    told = os.statvfs(MEMORY)
    return told.f_bavail * told.f_frsize >= ROOM and not told.f_flag & os.ST_NOEXEC


if _in_memory():
    os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)  # The processes that tests start have it, too.

BROWSER_TESTS = "tests/browser/"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@functools.cache
def _no_netns() -> str | None:
    if os.geteuid() != 0:
        return "needs root, for network namespaces"
    if not shutil.which("ip"):
        return "no program ip here (Debian: apt-get install iproute2)"
    name = f"lessor-probe-{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False)
    if made.returncode:
        return f"no network namespace can be made here: {made.stderr.strip()}"
    subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=False)
    return None


@functools.cache
def _no_browser() -> str | None:
    if any(shutil.which(name) for name in BROWSERS):
        return None
    return "no Chromium here (Debian: apt-get install chromium)"


NEEDS = {"netns": _no_netns, "pg": functools.cache(pg.reason_missing), "browser": _no_browser}
"""Marker to the question why it cannot be had here; None is yes."""

REQUIRABLE = (*NEEDS, "slow")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("lessor")
    group.addoption("--require", default="", metavar="LIST", help=f"what must run, not skip: {','.join(REQUIRABLE)}")
    group.addoption("--slow", action="store_true", help="run the tests marked slow, too")


def _required(config: pytest.Config) -> frozenset[str]:
    return frozenset(filter(None, (name.strip() for name in config.getoption("--require").split(","))))


def pytest_configure(config: pytest.Config) -> None:
    unknown = sorted(_required(config) - set(REQUIRABLE))
    if unknown:
        raise pytest.UsageError(f"--require knows {', '.join(REQUIRABLE)}, not {', '.join(unknown)}")


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("slow") and not item.config.getoption("--slow") and "slow" not in _required(item.config):
        pytest.skip("slow: run with --slow")
    for name, why_not in NEEDS.items():
        if item.get_closest_marker(name) and (reason := why_not()):
            pytest.skip(reason)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Ten thousand tests stay in memory to the end: the collector need not walk them again and again."""
    gc.collect()
    gc.freeze()


PRIORITY = os.getpriority(os.PRIO_PROCESS, 0)


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """A test that lowers its process's priority lowers that of all tests after it, and of what they start."""
    assert os.getpriority(os.PRIO_PROCESS, 0) == PRIORITY, "the test left this process with another priority"


class OneBrowser(LoadScopeScheduling):
    """Tests go to whoever is free, but those of the browser all to one: they share an appliance and a Chromium."""

    def _split_scope(self, nodeid: str) -> str:
        return BROWSER_TESTS if nodeid.startswith(BROWSER_TESTS) else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> OneBrowser:
    """For ``-n``.  The marker ``xdist_group`` would do, if xdist 3.8 found it with pytest 9.2."""
    return OneBrowser(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """A skip of a test whose marker is required is a failure, whoever skipped it: this file or the test itself."""
    report = yield
    wanted = sorted(name for name in _required(item.config) if item.get_closest_marker(name))
    if report.skipped and wanted and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid}: --require={','.join(wanted)}, and yet: {reason}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    """A module that skips itself while it is collected hides its markers: no such module where anything is required."""
    report = yield
    if report.skipped and _required(collector.config):
        report.outcome = "failed"
        report.longrepr = f"{collector.nodeid} skipped itself at import; mark its tests instead: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def pg_cluster() -> Iterator[pg.Cluster]:
    """The session's private PostgreSQL. A test that stops or kills one makes its own `pg.Cluster()`."""
    if reason := NEEDS["pg"]():
        pytest.skip(reason)
    cluster = pg.Cluster()
    try:
        yield cluster.start()
    finally:
        cluster.remove()


@pytest.fixture
def pg_url(pg_cluster: pg.Cluster) -> Iterator[str]:
    """The address of a fresh, empty PostgreSQL database."""
    with pg_cluster.database() as url:
        yield url


@pytest.fixture(scope="session")
def pg_template(pg_cluster: pg.Cluster) -> Iterator[str]:
    """The name of a PostgreSQL database with all tables, to be copied: migrating takes longer than most tests."""
    with pg_cluster.database() as url:
        migrate.upgrade(url)
        yield url.partition("?")[0].rpartition("/")[2]


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite database with all tables, to be copied."""
    file = tmp_path_factory.mktemp("migrated") / "lessor.db"
    migrate.upgrade(f"sqlite:///{file}")
    return file


@pytest.fixture
def sqlite_url(tmp_path: Path, migrated_file: Path) -> str:
    """A migrated SQLite database, where the kind of database cannot matter."""
    shutil.copy(migrated_file, tmp_path / "lessor.db")
    return f"sqlite:///{tmp_path}/lessor.db"


@pytest.fixture
def pg_migrated_url(pg_cluster: pg.Cluster, pg_template: str) -> Iterator[str]:
    """A migrated PostgreSQL database."""
    with pg_cluster.database(pg_template) as url:
        yield url


BOTH = ("sqlite", pytest.param("postgresql", marks=pytest.mark.pg))
"""The kinds of database: parameters of a fixture."""


@pytest.fixture(params=BOTH)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database, once of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/lessor.db"
    return request.getfixturevalue("pg_url")


@pytest.fixture(params=BOTH)
def migrated_url(request: pytest.FixtureRequest) -> str:
    """The address of a migrated database, once of each kind."""
    return request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "pg_migrated_url")


@pytest.fixture
def database(migrated_url: str) -> Iterator[Database]:
    """The same, opened."""
    opened = Database(migrated_url)
    yield opened
    opened.dispose()
