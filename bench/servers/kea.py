"""Kea DHCPv4 of Debian: leases in memory with a file behind them (memfile, its default), or in PostgreSQL.

Left at its defaults but for: log level WARN (INFO writes a line a lease), UDP sockets (the quicker of its two kinds,
and enough behind a relay).
"""

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.commands import run
from bench.errors import CannotRun, ServerFailed
from bench.servers import postgres
from bench.servers.server import Ground

# From perfdhcp's and the operating system's side a Kea is one process that keeps these in the folder named here.
STATE_FOLDERS = ("KEA_PIDFILE_DIR", "KEA_LOCKFILE_DIR")


def version(_ground: Ground) -> str:
    """Kea's own version."""
    return run(("kea-dhcp4", "-v"), CannotRun).text.strip()


def _lease_file(ground: Ground) -> Path:
    return ground.folder / "kea-leases4.csv"


def _lease_database(ground: Ground) -> dict[str, object]:
    if ground.database_folder is None:
        return {"type": "memfile", "persist": True, "name": str(_lease_file(ground))}
    return {
        "type": "postgresql",
        "host": str(ground.database_folder),
        "name": postgres.DATABASE,
        "user": postgres.ROLE,
        "password": "",
    }


def configuration(ground: Ground) -> dict[str, object]:
    """Kea's whole configuration."""
    return {
        "Dhcp4": {
            "interfaces-config": {"interfaces": [ground.interface], "dhcp-socket-type": "udp"},
            "lease-database": _lease_database(ground),
            "valid-lifetime": ground.lease_s,
            "option-data": [
                {"name": "routers", "data": ground.address},
                {"name": "domain-name-servers", "data": ground.address},
            ],
            "subnet4": [
                {"id": 1, "subnet": ground.prefix, "pools": [{"pool": f"{ground.pool_first} - {ground.pool_last}"}]}
            ],
            "loggers": [{"name": "kea-dhcp4", "severity": "WARN", "output_options": [{"output": "stderr"}]}],
        }
    }


def prepare(ground: Ground) -> None:
    """Writes the configuration and, for PostgreSQL, Kea's tables."""
    (ground.folder / "kea-dhcp4.conf").write_text(json.dumps(configuration(ground), indent=1))
    if ground.database_folder is not None:
        words = ("kea-admin", "db-init", "pgsql", "-h", str(ground.database_folder))
        run((*words, "-u", postgres.ROLE, "-p", "unused", "-n", postgres.DATABASE), ServerFailed)


def command(ground: Ground) -> Sequence[str]:
    """In the foreground."""
    return ("kea-dhcp4", "-c", str(ground.folder / "kea-dhcp4.conf"))


def environment(ground: Ground) -> Mapping[str, str]:
    """Keeps Kea's own files in the run's folder."""
    return dict.fromkeys(STATE_FOLDERS, str(ground.folder))


def leases_in_file(ground: Ground) -> Sequence[str]:
    """The lease file is a journal: the last line of an address counts, and a lifetime of 0 means that it is gone."""
    with _lease_file(ground).open(newline="") as file:
        lifetimes = {row["address"]: row["valid_lifetime"] for row in csv.DictReader(file)}
    return tuple(address for address, lifetime in lifetimes.items() if lifetime != "0")


def leases_in_database(ground: Ground) -> Sequence[str]:
    """Kea keeps an address as a number."""
    assert ground.database_folder is not None
    return postgres.query(ground.database_folder, "SELECT host('0.0.0.0'::inet + address) FROM lease4")
