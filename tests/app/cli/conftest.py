from pathlib import Path

import pytest

from tests.app.cli.command_line import CommandLine

DOCUMENT = """
version: 1
subnets:
  - prefix: 192.0.2.0/24
    name: office
    pools: [{first: 192.0.2.10, last: 192.0.2.19}]
"""


@pytest.fixture
def document(tmp_path: Path) -> Path:
    file = tmp_path / "definitions.yaml"
    file.write_text(DOCUMENT)
    return file


@pytest.fixture
def lessor(tmp_path: Path, url: str) -> CommandLine:
    """On both databases, with nothing in them, not even tables."""
    folder = tmp_path / "state"
    folder.mkdir()
    return CommandLine(folder, url)


@pytest.fixture
def on_sqlite(tmp_path: Path, sqlite_url: str) -> CommandLine:
    """On a migrated SQLite database, where the kind of database cannot matter."""
    return CommandLine(tmp_path, sqlite_url)
