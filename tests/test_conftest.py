"""The rules that a run of tests itself follows: markers, --require, and the private PostgreSQL."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy

from tests import pg
from tests.conftest import OneBrowser

ROOT = Path(__file__).parent.parent

SAMPLE = """
import pytest

@pytest.mark.slow
def test_slow(): pass

@pytest.mark.browser
def test_browser(): pytest.skip("the test's own reason")

def test_free(): pytest.skip("needs nothing that can be required")

@pytest.mark.browser
@pytest.mark.xfail(strict=True, reason="known")
def test_known(): raise AssertionError
"""


def run_pytest(folder: Path, *args: str, browser: bool = True) -> subprocess.CompletedProcess[str]:
    """A pytest of its own over one file, with this tree's settings and conftest, with or without a browser."""
    programs = folder / "programs"
    programs.mkdir(exist_ok=True)
    if browser:
        (programs / "chromium").touch(0o755)
    settings = ["-c", str(ROOT / "pyproject.toml"), f"--rootdir={ROOT}", "-p", "tests.conftest"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *settings, "-p", "no:cacheprovider", *args, str(folder / "test_sample.py")],
        cwd=ROOT, env={**os.environ, "PATH": str(programs)},
        capture_output=True, text=True, timeout=100, check=False,
    )


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    (tmp_path / "test_sample.py").write_text(SAMPLE)
    return tmp_path


def test_one_that_slows_all_after_it_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "test_sample.py").write_text("import os\n\ndef test_nice(): os.nice(1)\n")
    done = run_pytest(tmp_path)
    assert done.returncode == 1
    assert "the test left this process with another priority" in done.stdout


def test_without_require_what_is_missing_skips(sample: Path) -> None:
    done = run_pytest(sample)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 skipped, 1 xfailed" in done.stdout
    assert "slow: run with --slow" in done.stdout


def test_slow_runs_when_asked(sample: Path) -> None:
    assert "1 passed, 2 skipped, 1 xfailed" in run_pytest(sample, "--slow").stdout


def test_require_turns_the_skip_of_a_marked_test_into_a_failure_and_no_other(sample: Path) -> None:
    done = run_pytest(sample, "--require=browser")
    assert done.returncode == 1
    assert "1 failed, 2 skipped" in done.stdout
    assert "test_browser: --require=browser, and yet: Skipped: the test's own reason" in done.stdout


def test_without_a_browser_the_reason_says_what_to_install(sample: Path) -> None:
    done = run_pytest(sample, browser=False)
    assert done.returncode == 0, done.stdout
    assert "no Chromium here (Debian: apt-get install chromium)" in done.stdout
    done = run_pytest(sample, "--require=browser", browser=False)
    assert done.returncode == 1
    assert "and yet: Skipped: no Chromium here" in done.stdout


def test_require_slow_runs_slow_tests(sample: Path) -> None:
    assert "1 passed, 2 skipped" in run_pytest(sample, "--require=slow").stdout


def test_a_module_that_skips_itself_fails_where_anything_is_required(tmp_path: Path) -> None:
    (tmp_path / "test_sample.py").write_text("import pytest\npytest.skip('hidden', allow_module_level=True)\n")
    assert run_pytest(tmp_path).returncode in {0, 5}
    done = run_pytest(tmp_path, "--require=pg")
    assert done.returncode != 0
    assert "skipped itself at import" in done.stdout


def test_the_tests_of_the_browser_are_one_workers_and_others_anybodys() -> None:
    scope = OneBrowser._split_scope
    of_browser = {scope(None, f"tests/browser/test_{name}.py::test[/a@b]") for name in ("tasks", "hostile")}
    others = {scope(None, f"tests/app/test_site.py::test[{name}]") for name in ("/a", "tests/browser/")}
    assert (len(of_browser), len(others)) == (1, 2)


def test_require_refuses_an_unknown_name(sample: Path) -> None:
    done = run_pytest(sample, "--require=moon")
    assert done.returncode == 4
    assert "not moon" in done.stderr


@pytest.mark.pg
def test_each_test_gets_an_empty_database_and_none_is_left(pg_cluster: pg.Cluster) -> None:
    def names() -> set[str]:
        engine = sqlalchemy.create_engine(pg_cluster.url("postgres"))
        with engine.connect() as connection:
            found = set(connection.scalars(sqlalchemy.text("SELECT datname FROM pg_database")))
        engine.dispose()
        return found

    before = names()
    with pg_cluster.database() as first, pg_cluster.database() as second:
        assert first != second
        engine = sqlalchemy.create_engine(first)
        with engine.begin() as connection:
            connection.execute(sqlalchemy.text("CREATE TABLE here (n integer)"))
            assert connection.scalar(sqlalchemy.text("SHOW fsync")) == "on"
        engine.dispose()
        other = sqlalchemy.create_engine(second)
        with other.connect() as connection:
            assert connection.scalar(sqlalchemy.text("SELECT to_regclass('here')")) is None
        other.dispose()
        assert len(names()) == len(before) + 2
    assert names() == before


@pytest.mark.pg
def test_a_cluster_survives_a_crash_and_leaves_nothing_behind() -> None:
    cluster = pg.Cluster("max_connections = 20").start()
    try:
        pid = cluster.pid
        cluster.stop(signal.SIGQUIT)
        cluster.start()
        assert cluster.pid != pid
        engine = sqlalchemy.create_engine(cluster.url("postgres"))
        with engine.connect() as connection:
            assert connection.scalar(sqlalchemy.text("SHOW max_connections")) == "20"
            assert connection.scalar(sqlalchemy.text("SHOW listen_addresses")) == ""
        engine.dispose()
        pid = cluster.pid
    finally:
        cluster.remove()
    assert not cluster.root.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
