"""The benchmark's own parts, off by default: they run with `--slow` or `--require=slow`. Nothing is measured here."""

import tempfile
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.slow)


@pytest.fixture
def short_folder():
    """A folder whose path leaves room for that of a Unix socket in a folder in it, 107 octets in all."""
    with tempfile.TemporaryDirectory(prefix="lsb") as folder:
        yield Path(folder)
