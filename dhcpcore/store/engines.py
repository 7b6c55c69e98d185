"""The engines that share this database: who they are, which are alive, and so each one's share of the pools."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select, update

from dhcpcore.store.database import Database
from dhcpcore.store.schema import engine

#: An engine that was not heard for so long no longer counts when pools are shared out.
SILENT_S = 30


@dataclass(frozen=True, slots=True)
class Share:
    """This engine's number in the database, its place among those alive, and how many they are."""

    engine: int
    index: int
    count: int


class Engines:
    """The table of engines."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def beat(self, duid: bytes, name: str, now: float, status: Mapping[str, Any]) -> Share:
        """Say that this engine is alive; learn who else is."""
        values = {"name": name, "seen_at": int(now), "status": dict(status)}
        with self._database.writer(durable=False) as connection:
            known = connection.execute(update(engine).where(engine.c.duid == duid).values(values))
            if known.rowcount == 0:
                connection.execute(insert(engine).values(duid=duid, **values))
            alive = connection.execute(
                select(engine.c.id, engine.c.duid).where(engine.c.seen_at > now - SILENT_S).order_by(engine.c.id)
            ).all()
        own = next(number for number, identity in alive if bytes(identity) == duid)
        return Share(own, [number for number, _ in alive].index(own), len(alive))

    def leave(self, duid: bytes) -> None:
        """This engine ends: the others may use its share at once."""
        with self._database.writer(durable=False) as connection:
            connection.execute(update(engine).where(engine.c.duid == duid).values(seen_at=0))

    def all(self) -> list[dict[str, Any]]:
        """Every engine that ever used this database, the latest first."""
        with self._database.reader() as connection:
            rows = connection.execute(select(engine).order_by(engine.c.seen_at.desc())).mappings().all()
        return [{**row, "duid": bytes(row["duid"]).hex()} for row in rows]
