"""What USE_CACHE remembers, and where."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dhcpcore.errors import LessorError
from dhcpcore.script import cache
from dhcpcore.script.cache import Memory, cache_of, packed, unpacked
from dhcpcore.script.cache_file import CacheFile
from dhcpcore.script.compat import generic
from dhcpcore.script.compat.caching import Cache, Remembered
from dhcpcore.script.compat.definition import Definition
from dhcpcore.script.compat.generic import CachingDatabase
from dhcpcore.script.compat.mac import MAC
from dhcpcore.script.memcached import Memcached
from dhcpcore.script.namespace import SIMULATED
from dhcpcore.script.parameters import DEFAULTS

A, B = MAC("02:00:00:00:00:01"), MAC("02:00:00:00:00:02")


def definition(last: int = 1, **more: Any) -> Definition:
    return Definition(f"192.0.2.{last}", 600, "192.0.2.0/24", 0, **more)


class Inventory(CachingDatabase):
    """Knows A, while it answers; counts how often it is asked."""

    def __init__(self, cached: Cache) -> None:
        super().__init__()
        self.remember(cached)
        self.asked = 0
        self.knows = {A: definition()}
        self.is_away = False

    def _lookupMAC(self, mac: MAC) -> Definition | None:  # noqa: N802 - The name is staticDHCPd's.
        self.asked += 1
        if self.is_away:
            raise ConnectionError("nobody there")
        return self.knows.get(mac)


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    time = [1000.0]
    monkeypatch.setattr(generic.time, "time", lambda: time[0])
    return time


def of(tmp_path: Path, database: str = "sqlite", **said: Any) -> Cache:
    return cache_of({**DEFAULTS, **said}, lambda path: tmp_path / path, database)


KINDS: dict[str, dict[str, Any]] = {
    "memory": {}, "temporary": {"DISK_CACHE": True}, "file": {"DISK_CACHE": True, "DISK_CACHE_PERSISTENT": "cache"},
    "written-through": {"DISK_CACHE_PERSISTENT": "cache"},
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
class TestInProcess:
    def test_what_was_found_is_believed_for_five_minutes(self, kind: str, now: list[float], tmp_path: Path) -> None:
        database = Inventory(of(tmp_path, **KINDS[kind]))
        found = [database.lookupMAC(A) for _ in range(3)]
        assert [str(one.ip) for one in found] == ["192.0.2.1"] * 3
        assert database.asked == 1
        now[0] += cache.BELIEVED_S
        database.knows[A] = definition(2)
        assert str(database.lookupMAC(A).ip) == "192.0.2.2"
        now[0] -= 1  # A clock that was set back.
        assert str(database.lookupMAC(A).ip) == "192.0.2.2"
        assert database.asked == 3

    def test_nobody_is_remembered_as_unknown(self, kind: str, now: list[float], tmp_path: Path) -> None:
        database = Inventory(of(tmp_path, **KINDS[kind]))
        assert database.lookupMAC(B) is database.lookupMAC(B) is None
        assert database.asked == 2

    def test_who_is_no_longer_known_is_forgotten(self, kind: str, now: list[float], tmp_path: Path) -> None:
        database = Inventory(of(tmp_path, **KINDS[kind]))
        assert database.lookupMAC(A)
        del database.knows[A]
        now[0] += cache.BELIEVED_S
        assert database.lookupMAC(A) is None
        database.is_away = True
        with pytest.raises(ConnectionError):
            database.lookupMAC(A)

    def test_where_the_database_does_not_answer_what_was_known_will_do(
        self, kind: str, now: list[float], tmp_path: Path
    ) -> None:
        database = Inventory(of(tmp_path, **KINDS[kind]))
        assert database.lookupMAC(A)
        now[0] += 100_000
        database.is_away = True
        assert str(database.lookupMAC(A).ip) == "192.0.2.1"
        with pytest.raises(ConnectionError):
            database.lookupMAC(B)

    def test_to_reinitialise_is_to_forget(self, kind: str, now: list[float], tmp_path: Path) -> None:
        database = Inventory(of(tmp_path, **KINDS[kind]))
        database.lookupMAC(A)
        database.reinitialise()
        database.lookupMAC(A)
        assert database.asked == 2

    def test_only_a_file_outlives_the_process(self, kind: str, now: list[float], tmp_path: Path) -> None:
        Inventory(of(tmp_path, **KINDS[kind])).lookupMAC(A)
        later = Inventory(of(tmp_path, **KINDS[kind]))
        assert str(later.lookupMAC(A).ip) == "192.0.2.1"
        assert later.asked == (0 if "DISK_CACHE_PERSISTENT" in KINDS[kind] else 1)
        if "DISK_CACHE_PERSISTENT" in KINDS[kind]:
            later.reinitialise()
            again = Inventory(of(tmp_path, **KINDS[kind]))
            again.lookupMAC(A)
            assert again.asked == 1


def test_a_definition_is_the_same_again() -> None:
    whole = Remembered(7.5, Definition(
        "192.0.2.1", 600, "net", 3, hostname="printer", gateways="192.0.2.2,192.0.2.3", subnet_mask="255.255.255.0",
        broadcast_address="192.0.2.255", domain_name="example.org", domain_name_servers=["192.0.2.53"],
        ntp_servers=["192.0.2.4", "192.0.2.5"], extra={"maps.rack": 7, "maps.shelf": None},
    ))  # fmt: skip
    again = unpacked(packed(whole))
    assert again.at == 7.5
    assert vars(again.found) == vars(whole.found)
    several = unpacked(packed(Remembered(0, (definition(1), definition(2)))))
    assert [str(one.ip) for one in several.found] == ["192.0.2.1", "192.0.2.2"]


@pytest.mark.parametrize("extra", [object(), {"a": (1, 2)}, {1: "a"}], ids=["object", "tuple", "key"])
def test_what_would_become_something_else_is_not_packed(extra: Any) -> None:
    with pytest.raises(TypeError):
        packed(Remembered(0, definition(extra=extra)))


def test_in_memory_the_first_one_goes_where_there_is_no_more_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "MEMORY_MAX", 2)
    made = Memory()
    for number in range(3):
        made.put(str(number), Remembered(number, definition()))
    assert [made.get(str(number)) is None for number in range(3)] == [True, False, False]


def test_what_is_simulated_leaves_no_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SIMULATED, "1")
    assert isinstance(of(tmp_path, DISK_CACHE=True, DISK_CACHE_PERSISTENT="cache"), Memory)
    assert isinstance(of(tmp_path, CACHING_MODEL="memcached", MEMCACHED_HOST="127.0.0.1"), Memory)
    assert not list(tmp_path.iterdir())


def test_the_parameters_choose(tmp_path: Path) -> None:
    assert isinstance(of(tmp_path, DISK_CACHE=True), CacheFile)
    assert isinstance(of(tmp_path, CACHING_MODEL="memcached", MEMCACHED_HOST="127.0.0.1", DISK_CACHE=True), Memcached)


def test_another_database_finds_nothing_in_the_file(tmp_path: Path) -> None:
    said = {"DISK_CACHE": True, "DISK_CACHE_PERSISTENT": "cache", "SQLITE_FILE": "a", "POSTGRESQL_PASSWORD": "x"}
    of(tmp_path, **said).put(str(A), Remembered(0, definition()))
    assert of(tmp_path, **{**said, "POSTGRESQL_PASSWORD": "y"}).get(str(A)) is not None
    assert of(tmp_path, **{**said, "SQLITE_FILE": "b"}).get(str(A)) is None


@pytest.mark.parametrize(
    ("path", "why"), [("nowhere/cache", "unable to open"), ("text", "not a database"), (".", "unable to open")]
)
def test_a_file_that_cannot_be_used_is_said_and_memory_will_do(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, path: str, why: str
) -> None:
    (tmp_path / "text").write_text("The site's notes.\n" * 100)
    made = of(tmp_path, DISK_CACHE=True, DISK_CACHE_PERSISTENT=path)
    assert isinstance(made, Memory)
    assert f"DISK_CACHE_PERSISTENT: {tmp_path / path} cannot be used" in caplog.text
    assert why in caplog.text
    assert (tmp_path / "text").read_text() == "The site's notes.\n" * 100


@pytest.mark.parametrize(
    ("said", "fault"),
    [({"CACHING_MODEL": "redis"}, "CACHING_MODEL is 'redis'"), ({"CACHING_MODEL": "memcached"}, "MEMCACHED_HOST"),
     ({"CACHING_MODEL": "memcached", "MEMCACHED_HOST": "a", "MEMCACHED_PORT": 0}, "MEMCACHED_PORT is 0"),
     ({"CACHING_MODEL": "memcached", "MEMCACHED_HOST": "a", "MEMCACHED_AGE_TIME": "1h"}, "MEMCACHED_AGE_TIME is '1h'"),
     ({"DISK_CACHE_PERSISTENT": 7}, "DISK_CACHE_PERSISTENT is 7")],
)  # fmt: skip
def test_what_makes_no_sense_is_named(tmp_path: Path, said: dict[str, Any], fault: str) -> None:
    with pytest.raises(LessorError, match=fault):
        of(tmp_path, **said)
