"""The services run on both databases; what only reads the same of both has `sqlite_database`."""

from collections.abc import Iterator

import pytest

from dhcpcore.store.database import Database


@pytest.fixture
def sqlite_database(sqlite_url: str) -> Iterator[Database]:
    opened = Database(sqlite_url)
    yield opened
    opened.dispose()
