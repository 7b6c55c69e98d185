"""The store's tests run on both databases: `url` is an empty one, `database` a migrated one."""

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


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    migrate.upgrade(url)
    opened = Database(url)
    yield opened
    opened.dispose()
