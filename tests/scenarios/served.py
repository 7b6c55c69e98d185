"""A world of a definitions document that went the whole way: validator, database, snapshot, look-ups, wire."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import text

from dhcpcore.interchange import read
from dhcpcore.store.definitions import Definitions
from dhcpcore.store.schema import metadata
from dhcpcore.topology.snapshot import Snapshot
from dhcpcore.topology.validate import validate
from tests.playbook import World


def served(make: Callable[..., World], document: str | dict[str, Any]) -> World:
    """A world that serves the document; ``apply`` changes it."""
    w = make()
    with w.database.writer_engine.begin() as connection:
        metadata.create_all(connection)
        connection.execute(text("INSERT INTO head (id, revision) VALUES (1, 0)"))
    apply(w, document)
    return w


def apply(w: World, document: str | dict[str, Any]) -> Snapshot:
    """Make the document the definitions of every engine."""
    raw = read(document) if isinstance(document, str) else document
    definitions = Definitions(w.database)
    definitions.apply(validate({"version": 1, **raw}), "alice")
    snapshot = definitions.snapshot()
    assert not snapshot.quarantined
    for node in w.nodes:
        node.store._store._assignments = definitions
        node.store.follow(snapshot)
        node.engine.install(snapshot)
    w.subnets, w.snapshot = snapshot.subnets, snapshot
    return snapshot
