"""What every test may lean on: the markers, `--require`, and a PostgreSQL of its own.

A test that needs root, namespaces, PostgreSQL or a browser skips with the reason where there is none; with
`--require=netns,pg,browser,slow` such a skip is a failure, so that a green run on CI means that they ran.
"""

import functools
import os
import shutil
import subprocess
from collections.abc import Iterator

import hypothesis
import pytest

from tests import pg

# One commit, one verdict: the check draws the same examples each time. To look for new ones:
# `./lessor test --hypothesis-profile=search`.
hypothesis.settings.register_profile("check", derandomize=True, database=None, deadline=None)
hypothesis.settings.register_profile("search", deadline=None)
hypothesis.settings.load_profile("check")

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
