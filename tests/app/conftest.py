"""The services run on both databases: `url` is an empty one, `database` a migrated one."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from dhcpcore.store import migrate
from dhcpcore.store.database import Database


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.pg)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/lessor.db"
    return request.getfixturevalue("pg_url")


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite database with all tables, to be copied: migrating takes longer than most tests."""
    file = tmp_path_factory.mktemp("migrated") / "lessor.db"
    migrate.upgrade(f"sqlite:///{file}")
    return file


@pytest.fixture
def sqlite_url(tmp_path: Path, migrated_file: Path) -> str:
    """A migrated SQLite database, where the kind of database cannot matter."""
    shutil.copy(migrated_file, tmp_path / "lessor.db")
    return f"sqlite:///{tmp_path}/lessor.db"


@pytest.fixture
def sqlite_database(sqlite_url: str) -> Iterator[Database]:
    opened = Database(sqlite_url)
    yield opened
    opened.dispose()


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    migrate.upgrade(url)
    opened = Database(url)
    yield opened
    opened.dispose()
