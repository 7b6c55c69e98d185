"""The engine's DUID: made once, kept, and on the disk before it is used."""

import os
from pathlib import Path

import pytest

from dhcpcore.errors import SettingsError
from dhcpcore.net.identity import server_duid


def test_it_is_made_once_and_kept(tmp_path: Path) -> None:
    first = server_duid(tmp_path)
    assert first[:2] == b"\0\x04"
    assert len(first) == 18
    assert server_duid(tmp_path) == first
    assert [path.name for path in tmp_path.iterdir()] == ["server-duid"]


def test_a_loss_of_power_does_not_leave_an_empty_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name must not be on the disk before the content: an engine with an empty file would not start again."""
    done: list[str] = []
    fsync, rename = os.fsync, Path.rename
    monkeypatch.setattr(os, "fsync", lambda fd: done.append("sync") or fsync(fd))
    monkeypatch.setattr(Path, "rename", lambda self, to: done.append("rename") or rename(self, to))
    server_duid(tmp_path)
    assert done == ["sync", "rename"]


@pytest.mark.parametrize("text", ["", "no hex", "00"])
def test_a_file_without_a_duid_is_told_of_and_not_replaced(tmp_path: Path, text: str) -> None:
    path = tmp_path / "server-duid"
    path.write_text(text)
    with pytest.raises(SettingsError, match="server-duid"):
        server_duid(tmp_path)
    assert path.read_text() == text
