"""The engine, its database, its definitions, its clock and its disk."""

from __future__ import annotations

from collections.abc import Iterator

from app.services.checks.verdicts import Patient, Verdict, broken, note, ok, warning
from dhcpcore.control import NO_SUBNET
from dhcpcore.errors import StoreError
from dhcpcore.store import catalogue, health, queries, schema_version
from dhcpcore.store.database import Database, shown
from dhcpcore.store.definitions import Definitions

_MIB = 1 << 20
_SPACE_LOW, _SPACE_OUT = 1024 * _MIB, 100 * _MIB
_QUARANTINE_SHOWN = 10
#: Beyond 5 s an engine is not ready; a second is already worth a word.
_OFFSET_NOTED_S, _OFFSET_BROKEN_S = 1.0, 5.0
_NO_DATABASE = "Not looked at: the database does not answer."


def engine(patient: Patient) -> Iterator[Verdict]:
    if patient.status is None:
        yield warning(f"No engine serves clients. {patient.fault}")
    elif patient.status.get("why_not_ready") == [NO_SUBNET]:
        yield note("The engine serves nobody yet: no subnet is defined.")
    elif not patient.status.get("ready"):
        why = patient.status.get("why_not_ready") or ["it does not say why"]
        yield broken(f"The engine runs and is not ready: {'; '.join(map(str, why))}.",
               "See its log, and: lessor control status")
    else:
        yield ok(f"The engine serves revision {patient.status.get('revision')}.")


def database(patient: Patient) -> Iterator[Verdict]:
    settings = patient.settings
    path = settings.sqlite_path
    found = Database(settings.database_url)
    try:
        missing, version = found.missing, schema_version.current(settings.database_url)
    except StoreError as error:
        found.dispose()
        yield broken(f"The database does not answer: {error}", "Start it, or correct database_url.")
        return
    if missing:
        found.dispose()
        yield broken(f"There is no database at {path}.",
                     "Make it: lessor migrate; lessor apply and lessor serve do so by themselves.")
        return
    if version != schema_version.head():
        found.dispose()
        known = "has no tables" if version is None else f"has schema version {version}, and not {schema_version.head()}"
        yield broken(f"The database {known}.", "Bring it to this program's version: lessor migrate")
        return
    patient.database = found
    yield ok(f"{shown(found)} answers, with schema version {version}.")
    kind = health.file_system(path, patient.machine.mounts()) if path is not None else ""
    if kind in health.NETWORK_FILE_SYSTEMS:
        yield broken(f"{path} lies on a network file system ({kind}), where SQLite loses data.",
               "Move it to a disk of this machine, or use PostgreSQL.")


def durability(patient: Patient) -> Iterator[Verdict]:
    if patient.database is None:
        yield note(_NO_DATABASE)
        return
    with patient.database.reader() as connection:
        found = health.durability(connection)
    if found is None:
        yield ok("Every acknowledged lease is on this machine's disk (SQLite, synchronous).")
        return
    yield from _of_postgresql(found)


def _of_postgresql(found: health.Durability) -> Iterator[Verdict]:
    if found.is_standby:
        yield broken("This PostgreSQL is a standby: nothing can be written to it.",
               "Name the primary in database_url; several hosts and target_session_attrs=read-write find it.")
    if not found.fsync:
        yield broken("PostgreSQL runs with fsync off: a power failure loses acknowledged leases.",
               "Set fsync = on in postgresql.conf.")
    if found.synchronous_commit == "off":
        yield broken("synchronous_commit is off: a crash of PostgreSQL loses leases acknowledged just before.",
               "Set synchronous_commit = on, for the server or for Lessor's role.")
        return
    together = [name for name, state in found.standbys if state in {"sync", "quorum"}]
    if together and found.synchronous_commit in {"on", "remote_apply"} and found.synchronous_standby_names:
        yield ok(f"Every acknowledged lease is on this PostgreSQL's disk and on a standby's "
                            f"({', '.join(together)}): it survives a fail-over.")
    elif found.synchronous_standby_names and not together:
        yield broken("PostgreSQL waits for a synchronous standby, and none is connected: every commit hangs.",
               "Bring the standby back, or clear synchronous_standby_names.")
    elif found.standbys:
        yield warning("Every acknowledged lease is on this PostgreSQL's disk, but its standbys follow "
                                 "asynchronously: after a fail-over the latest leases may be missing, and their "
                                 "addresses be given to others.",
               "Name a standby in synchronous_standby_names and keep synchronous_commit = on.")
    else:
        yield ok("Every acknowledged lease is on this PostgreSQL's disk. It has no standby: it survives a "
                            "restart, not the loss of the machine.")


def definitions(patient: Patient) -> Iterator[Verdict]:
    if patient.database is None:
        yield note(_NO_DATABASE)
        return
    snapshot = Definitions(patient.database).snapshot()
    pools = sum(len(subnet.pools) for subnet in snapshot.subnets)
    if not snapshot.subnets:
        yield warning("No subnet is defined: no client gets an address.",
               "Write a definitions document, then: lessor apply FILE")
    elif not pools and not snapshot.has_assigned_addresses:
        yield warning("There are subnets, and neither a pool nor an assignment in any of them.",
               "Add pools to the document (lessor export), then: lessor apply FILE")
    else:
        yield ok(f"Revision {snapshot.revision}: {len(snapshot.subnets)} subnets, {pools} pools.")
    with patient.database.reader() as connection:
        rows = queries.quarantined(connection, _QUARANTINE_SHOWN)
        types = catalogue.read(connection)
    for one in snapshot.handlers:
        if one.type not in types:
            yield warning(f"Handler {one.name} is set aside: no installed package has the type {one.type}.",
                          "Install its package beside Lessor, then: lessor migrate, and start the engine again")
    for place, fault in [*((one.place, one.fault) for one in snapshot.quarantined),
                         *((one.place, one.fault) for one in rows)][:_QUARANTINE_SHOWN]:
        yield warning(f"Quarantined, while the rest serves: {place}: {fault}",
               "Correct it in the document, then: lessor apply FILE")


def clock(patient: Patient) -> Iterator[Verdict]:
    if patient.database is not None:
        before = patient.clock()
        there = patient.database.now()
        offset = there - (before + patient.clock()) / 2
        if abs(offset) > _OFFSET_BROKEN_S:
            yield broken(f"This machine's clock and the database's are {abs(offset):.1f} s apart.",
                   "Run NTP on both.")
        elif abs(offset) > _OFFSET_NOTED_S:
            yield warning(f"This machine's clock and the database's are {abs(offset):.1f} s apart.",
                   "Run NTP on both.")
    synchronised = patient.machine.clock_synchronised()
    if synchronised is False:
        yield warning("Nothing keeps this machine's clock right.", "Run NTP: timedatectl set-ntp true")
    else:
        yield ok("The clock is kept by NTP." if synchronised else
               "The clock agrees with the database's; whether NTP keeps it, nobody here can tell.")


def disk(patient: Patient) -> Iterator[Verdict]:
    path = patient.settings.sqlite_path
    for place in dict.fromkeys((patient.settings.state_dir, *((path.parent,) if path else ()))):
        space = patient.machine.space(place)
        free = f"{space.free // _MIB:,} MiB of {space.total // _MIB:,} MiB"
        if space.free < _SPACE_OUT:
            yield broken(f"{place} is full: {free} free. No lease can be stored.", "Free some space.")
        elif space.free < _SPACE_LOW:
            yield warning(f"{place} is nearly full: {free} free.", "Free some space.")
        else:
            yield ok(f"{place}: {free} free.")
    if patient.database is not None:
        sizes = health.sizes(patient.database)
        rows = ", ".join(f"{count:,} of {name}" for name, count in sizes.rows.items() if count) or "none"
        yield ok(f"The database takes {sizes.octets / _MIB:,.1f} MiB; rows: {rows}.")


