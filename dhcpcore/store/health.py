"""How the database is: what protects its commits, how large it has grown, and whether its place is fit for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, func, select

from dhcpcore.store.database import POSTGRESQL, Database
from dhcpcore.store.schema import metadata

#: What grows with use, in the order in which people ask.
GROWING = ("lease", "history", "trace", "audit", "request", "quarantine")

#: File systems over which SQLite's write-ahead log does not work: its shared memory is one machine's.
NETWORK_FILE_SYSTEMS = frozenset({"9p", "afs", "ceph", "cifs", "fuse.glusterfs", "fuse.sshfs", "nfs", "nfs4", "smb3"})


@dataclass(frozen=True, slots=True)
class Durability:
    """PostgreSQL's settings that decide whether a commit is kept; ``standbys`` are (name, state) of those connected."""

    fsync: bool
    synchronous_commit: str
    synchronous_standby_names: str
    standbys: tuple[tuple[str, str], ...]
    is_standby: bool


@dataclass(frozen=True, slots=True)
class Sizes:
    """Octets of the whole database, and rows of the tables that grow."""

    octets: int
    rows: dict[str, int]


def durability(connection: Connection) -> Durability | None:
    """What PostgreSQL says of itself; None on SQLite, whose durability Lessor sets itself."""
    if connection.dialect.name != POSTGRESQL:
        return None

    def shown(name: str) -> str:
        return str(connection.exec_driver_sql(f"SHOW {name}").scalar_one())

    standbys = connection.exec_driver_sql(
        "SELECT coalesce(application_name, ''), coalesce(sync_state, '') FROM pg_stat_replication ORDER BY 1"
    )
    return Durability(
        fsync=shown("fsync") == "on",
        # The engine's own connections ask for the server's setting; ours may have been changed by this role's.
        synchronous_commit=shown("synchronous_commit"),
        synchronous_standby_names=shown("synchronous_standby_names"),
        standbys=tuple((str(name), str(state)) for name, state in standbys),
        is_standby=bool(connection.exec_driver_sql("SELECT pg_is_in_recovery()").scalar_one()),
    )


def sizes(database: Database, seconds: float = 30.0) -> Sizes:
    """How large the database is; counting ten million rows takes seconds, and is given ``seconds``."""
    with database.reader(seconds=seconds) as connection:
        rows = {name: int(connection.execute(select(func.count()).select_from(metadata.tables[name])).scalar_one())
                for name in GROWING}
        if database.dialect == POSTGRESQL:
            octets = int(connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one())
        else:
            assert database.path is not None
            parts = (database.path.with_name(database.path.name + suffix) for suffix in ("", "-wal"))
            octets = sum(part.stat().st_size for part in parts if part.exists())
    return Sizes(octets, rows)


def file_system(path: Path, mounts: str) -> str:
    """The type of file system that holds ``path``, by the text of /proc/mounts; empty where none fits."""
    best, kind = "", ""
    for line in mounts.splitlines():
        fields = line.split()
        if len(fields) < 3:
            continue
        place = fields[1].replace("\\040", " ")
        if (str(path) == place or str(path).startswith(place.rstrip("/") + "/")) and len(place) >= len(best):
            best, kind = place, fields[2]
    return kind
