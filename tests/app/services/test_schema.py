"""What root makes is handed over to the account that serves; what somebody else put in its place is not."""

import os
from pathlib import Path

import pytest

from app.services import schema
from dhcpcore.settings import Settings

NOBODY = (65534, 65534)
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    folder = tmp_path / "state"
    folder.mkdir()
    return Settings(state_dir=folder, database_url=f"sqlite:///{folder}/lessor.db")


def test_the_folder_and_the_database_are_handed_over(settings: Settings) -> None:
    schema.upgrade(settings)
    schema.hand_over(settings, NOBODY)
    assert settings.sqlite_path is not None
    assert [path.stat().st_uid for path in (settings.state_dir, settings.sqlite_path)] == [NOBODY[0]] * 2


@pytest.mark.parametrize("link", ["symlink_to", "hardlink_to"])
def test_a_file_of_roots_that_is_linked_in_their_place_is_not(settings: Settings, tmp_path: Path, link: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text("of root")
    assert settings.sqlite_path is not None
    getattr(settings.sqlite_path, link)(secret)
    schema.hand_over(settings, NOBODY)
    assert secret.stat().st_uid == 0


def test_where_there_is_no_other_account_nothing_is_given(settings: Settings) -> None:
    schema.hand_over(settings, None)
    assert settings.state_dir.stat().st_uid == 0
