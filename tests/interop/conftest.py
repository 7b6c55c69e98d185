"""What the interop tests share: a test bed that cleans up, and a database of either kind.

Nothing in this folder imports dhcpcore or app, except through the command line, so that a mistake made twice in the
server cannot hide in the judge: packets are decoded by ``packets.py``, leases are read from SQL in ``database.py``.
"""

from collections.abc import Iterator

import pytest

from tests.interop.lab import Lab
from tests.interop.namespaces import remove_leftovers

DATABASES = [pytest.param("sqlite", id="sqlite"), pytest.param("postgresql", id="postgresql", marks=pytest.mark.pg)]


@pytest.fixture(scope="session")
def tidy() -> None:
    """Remove what an earlier run left behind when it was killed."""
    remove_leftovers()


@pytest.fixture
def lab(tidy) -> Iterator[Lab]:
    """A test bed of the test's own; the logs of its programs are printed when the test fails."""
    with Lab() as made:
        yield made
        made.show_logs()


@pytest.fixture
def sqlite_url(lab) -> str:
    """An empty SQLite database, for what has nothing to do with the kind of database."""
    return f"sqlite:///{lab.folder}/lessor.db"


@pytest.fixture(params=DATABASES)
def database_url(request, lab) -> str:
    """An empty database of each kind: the tests that ask for it run twice."""
    if request.param == "sqlite":
        return request.getfixturevalue("sqlite_url")
    return request.getfixturevalue("pg_url")
