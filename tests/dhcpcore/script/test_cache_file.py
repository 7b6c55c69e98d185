"""The cache in a file: what becomes of it where the file is full, broken or somebody else's too."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from dhcpcore.script import cache_file
from dhcpcore.script.cache_file import CacheFile
from dhcpcore.script.compat.caching import Remembered
from dhcpcore.script.compat.definition import Definition


def known(at: float) -> Remembered:
    return Remembered(at, Definition("192.0.2.1", 600, "net", 0))


def test_what_is_in_the_file_beside_it_stays(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "cache") as other:
        other.execute("CREATE TABLE cache (mac INTEGER)")
        other.execute("INSERT INTO cache VALUES (7)")
    other.close()
    CacheFile(str(tmp_path / "cache"), "site").put("a", known(0))
    with sqlite3.connect(tmp_path / "cache") as other:
        assert other.execute("SELECT mac FROM cache").fetchall() == [(7,)]
    other.close()


def test_the_oldest_go_where_it_has_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_file, "ROWS_MAX", 3)
    monkeypatch.setattr(cache_file, "_LOOKED_AT", 5)
    made = CacheFile("", "site")
    for number in range(5):
        made.put(str(number), known(number))
    assert list(made.newest(10)) == ["1", "2", "3", "4"]
    assert list(made.newest(2)) == ["3", "4"]


def test_a_file_that_breaks_is_said_and_a_row_that_is_none_is_no_answer(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made = CacheFile(str(tmp_path / "cache"), "site")
    made.put("a", known(0))
    with sqlite3.connect(tmp_path / "cache") as other:
        other.execute("UPDATE lessor_cache SET known = '[1]'")
    other.close()
    assert made.get("a") is None
    assert made.newest(10) == {}
    assert not caplog.text
    with sqlite3.connect(tmp_path / "cache") as other:
        other.execute("DROP TABLE lessor_cache")
    other.close()
    assert made.get("a") is None
    made.put("a", known(0))
    made.clear()
    assert "cannot be used at the moment: no such table" in caplog.text


def test_what_text_cannot_carry_is_said_and_not_remembered(caplog: pytest.LogCaptureFixture) -> None:
    made = CacheFile("", "site")
    made.put("a", Remembered(0, Definition("192.0.2.1", 600, "net", 0, extra=object())))
    assert made.get("a") is None
    assert "of a is not remembered in a file" in caplog.text
