"""Definitions in staticDHCPd's own two tables, ``subnets`` and ``maps``, in SQLite, PostgreSQL or MySQL.

They are the script's, and read in its process: nothing here knows Lessor's own database.
"""

from __future__ import annotations

import importlib
import sqlite3
import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from dhcpcore.errors import LessorError
from dhcpcore.script.compat.definition import Definition
from dhcpcore.script.compat.generic import CachingDatabase, Found
from dhcpcore.script.compat.mac import MAC

_COLUMNS = (
    "m.ip, m.hostname, m.subnet, m.serial, s.lease_time, s.gateway, s.subnet_mask, s.broadcast_address, "
    "s.ntp_servers, s.domain_name_servers, s.domain_name"
)


class Tables(CachingDatabase):
    """One statement a look-up, over a connection that is made anew once it fails; each thread has its own."""

    def __init__(
        self, connect: Callable[[], Any], mark: str, parameters: Mapping[str, Any]
    ) -> None:
        """``mark`` is how the driver writes a bound value."""
        super().__init__()
        self._connect = connect
        self._of_thread = threading.local()
        self._extra = [f"maps.{name}" for name in parameters.get("EXTRA_MAPS") or ()]
        self._extra += [f"subnets.{name}" for name in parameters.get("EXTRA_SUBNETS") or ()]
        more = "".join(f", {name.replace('maps.', 'm.').replace('subnets.', 's.')}" for name in self._extra)
        key = "LOWER(m.mac)" if parameters.get("CASE_INSENSITIVE_MACS") else "m.mac"
        self._statement = (
            f"SELECT {_COLUMNS}{more} FROM maps m, subnets s "  # noqa: S608 - Names of columns, from conf.py itself.
            f"WHERE {key} = {mark} AND m.subnet = s.subnet AND m.serial = s.serial"
        )

    def _lookupMAC(self, mac: MAC) -> Found:
        rows = self._rows(str(mac))
        found = [self._definition(row) for row in rows]
        return found[0] if len(found) == 1 else found or None

    def _rows(self, mac: str) -> list[Any]:
        connections = self._of_thread
        connection: Any = getattr(connections, "connection", None)
        fresh = connection is None
        if fresh:
            connection = connections.connection = self._connect()
        try:
            cursor = connection.cursor()
            cursor.execute(self._statement, (mac,))
            return list(cursor.fetchall())
        except Exception:
            connections.connection = None
            if fresh:
                raise
            return self._rows(mac)

    def _definition(self, row: Any) -> Definition:
        ip, hostname, subnet, serial, lease_time, gateway, mask, broadcast, ntp, dns, domain = row[:11]
        extra = dict(zip(self._extra, row[11:], strict=True)) or None
        return Definition(
            ip=ip, lease_time=lease_time, subnet=subnet, serial=serial, hostname=hostname, gateways=gateway,
            subnet_mask=mask, broadcast_address=broadcast, domain_name=domain, domain_name_servers=dns,
            ntp_servers=ntp, extra=extra,
        )  # fmt: skip

    def reinitialise(self) -> None:
        """Connect anew and forget what was read."""
        super().reinitialise()
        self._of_thread = threading.local()


def sqlite(parameters: Mapping[str, Any]) -> Tables:
    """SQLITE_FILE."""
    path = parameters.get("SQLITE_FILE")
    if not path:
        raise LessorError("DATABASE_ENGINE is SQLite and SQLITE_FILE is not set.")
    return Tables(lambda: sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=1.0), "?", parameters)


def postgresql(parameters: Mapping[str, Any]) -> Tables:
    """POSTGRESQL_*."""
    import psycopg  # noqa: PLC0415 - Only who has such a database waits for the driver.

    wanted = {"dbname": "DATABASE", "user": "USERNAME", "password": "PASSWORD", "host": "HOST", "port": "PORT",
              "sslmode": "SSLMODE"}  # fmt: skip
    said = {key: parameters.get(f"POSTGRESQL_{name}") for key, name in wanted.items()}
    if said["host"] is None:
        said["port"] = None
    given = {key: value for key, value in said.items() if value is not None}
    return Tables(lambda: psycopg.connect(**given, autocommit=True, connect_timeout=2), "%s", parameters)


def mysql(parameters: Mapping[str, Any]) -> Tables:
    """MYSQL_*, by whichever of the two usual drivers is installed."""
    for name in ("MySQLdb", "pymysql"):
        try:
            driver = importlib.import_module(name)
        except ImportError:
            continue
        said = {
            "database": parameters.get("MYSQL_DATABASE"), "user": parameters.get("MYSQL_USERNAME"),
            "password": parameters.get("MYSQL_PASSWORD"), "host": parameters.get("MYSQL_HOST"),
            "port": parameters.get("MYSQL_PORT"),
        }  # fmt: skip
        given = {key: value for key, value in said.items() if value is not None}
        return Tables(partial(driver.connect, **given), "%s", parameters)
    raise LessorError("DATABASE_ENGINE is MySQL, and no driver for it is installed: install pymysql beside Lessor.")


ENGINES: Mapping[str, Callable[[Mapping[str, Any]], Tables]] = {
    "sqlite": sqlite, "postgresql": postgresql, "mysql": mysql,
}  # fmt: skip
