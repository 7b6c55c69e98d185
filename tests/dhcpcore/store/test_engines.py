"""Engines that share a database: who is alive, and each one's share."""

from dhcpcore.store.database import Database
from dhcpcore.store.engines import SILENT_S, Engines, Share

NOW = 1_800_000_000.0


def test_an_engine_alone_has_the_whole_pool(database: Database) -> None:
    share = Engines(database).beat(b"one", "a", NOW, {})
    assert (share.index, share.count) == (0, 1)


def test_engines_that_are_heard_share(database: Database) -> None:
    engines = Engines(database)
    first = engines.beat(b"one", "a", NOW, {})
    second = engines.beat(b"two", "b", NOW + 1, {})
    again = engines.beat(b"one", "a", NOW + 2, {"revision": 3})
    assert (second.index, second.count) == (1, 2)
    assert again == Share(first.engine, 0, 2)
    assert {row["duid"]: row["status"] for row in engines.all()}[b"one".hex()] == {"revision": 3}


def test_an_engine_that_is_silent_for_long_has_no_share(database: Database) -> None:
    engines = Engines(database)
    engines.beat(b"one", "a", NOW, {})
    assert engines.beat(b"two", "b", NOW + SILENT_S - 1, {}).count == 2
    assert engines.beat(b"two", "b", NOW + SILENT_S + 1, {}).count == 1


def test_an_engine_that_leaves_gives_its_share_up_at_once(database: Database) -> None:
    engines = Engines(database)
    engines.beat(b"one", "a", NOW, {})
    engines.beat(b"two", "b", NOW, {})
    engines.leave(b"one")
    assert engines.beat(b"two", "b", NOW + 1, {}).count == 1
