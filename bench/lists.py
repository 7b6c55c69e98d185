"""How long REST's lists and searches take at the server, with many leases and assignments in SQLite.

    .venv/bin/python -m bench.lists [--leases 1000000] [--assignments 100000] [--folder /var/tmp]

Each question is asked twenty times, with a token, of the application itself: what is measured is all but the network.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from app.services import schema, tokens
from app.services.access import terminal
from app.services.appliance import Appliance
from app.services.sessions import Caller
from app.wsgi import create_app
from dhcpcore.settings import Settings
from dhcpcore.store.definitions import Definitions
from dhcpcore.topology.validate import validate

TIMES = 20
_CHUNK = 50_000
_LEASE = ("INSERT INTO lease (space, kind, address, plen, client, hw, state, expires, cltt, subnet, version, opened, "
          "hostname, relay, agent) VALUES (0, 4, ?, 32, ?, ?, ?, ?, ?, ?, 1, 1, ?, x'', x'')")


def fill(appliance: Appliance, leases: int, assignments: int) -> None:
    """Sixteen subnets, the leases spread over them, and the assignments in one of their own."""
    subnets = [{"prefix": f"10.{n}.0.0/16", "name": f"net-{n}",
                "pools": [{"first": f"10.{n}.0.1", "last": f"10.{n}.255.254"}]} for n in range(16)]
    subnets.append({"prefix": "10.128.0.0/9", "name": "kept", "assignments": [
        {"hw_address": f"02:01:{n >> 16:02x}:{n >> 8 & 255:02x}:{n & 255:02x}:00", "hostname": f"kept-{n}",
         "address": f"10.{128 + (n >> 16)}.{n >> 8 & 255}.{n & 255}"} for n in range(1, assignments + 1)]})
    Definitions(appliance.database).apply(validate({"version": 1, "subnets": subnets}), "bench")
    step, now = (16 << 16) // (leases + 1), int(time.time())
    for at in range(1, leases + 1, _CHUNK):
        rows = []
        for n in range(at, min(at + _CHUNK, leases + 1)):
            number = n * step
            hw = b"\x01\x02" + n.to_bytes(5, "big")
            # Ends and last words are spread over a day, as those of clients that came at any time.
            spread = n * 7919 % 86_400
            expires = now + (60 + spread if n % 10 else -60 - spread)
            rows.append(((10 << 24 | number).to_bytes(4, "big"), b"\0" + hw, hw, 1,
                         expires, now - spread, (number >> 16) + 1, f"host-{n}"))
        with appliance.database.writer(durable=False, seconds=600) as connection:
            connection.exec_driver_sql(_LEASE, rows)


def questions(leases: int) -> dict[str, str]:
    """What is asked, by what it is called."""
    last = "02:" + leases.to_bytes(5, "big").hex(":")
    return {
        "leases, first page of 100": "leases",
        "leases, 1,000 a page": "leases?limit=1000",
        "leases, the last ones first": "leases?sort=-address",
        "leases, those that end first": "leases?sort=expires_at&state=active",
        "leases, those that were seen last": "leases?sort=-last_seen_at",
        "leases by hardware address": "leases?sort=hw_address",
        "leases by host name, from Z to A": "leases?sort=-hostname",
        "leases of one subnet, those that end first": "leases?sort=expires_at&subnet=9",
        "part of a host name, those that end last": "leases?sort=-expires_at&hostname=host-99",
        "leases of one subnet that are held": "leases?subnet=9&state=active",
        "one address": "leases?find=10.8.0.16",
        "a hardware address": f"leases?find={last}",
        "part of a host name that many have": "leases?hostname=host-99",
        "a host name that nobody has": "leases?hostname=nobody",
        "expired leases": "leases?state=expired",
        "declined leases (there are none)": "leases?state=declined",
        "assignments, first page of 100": "assignments",
        "assignments, 1,000 a page": "assignments?limit=1000",
        "an assignment by its address": "assignments?find=10.128.4.4",
        "an assignment by its client": "assignments?find=02:01:00:04:04:00",
        "an assignment by a host name that none has": "assignments?find=nobody",
        "assignments by address": "assignments?sort=address",
        "assignments by host name, from Z to A": "assignments?sort=-hostname",
        "assignments, those used last first": "assignments?sort=-last_used_at",
        "revisions": "revisions",
        "the audit": "audit",
        "subnets with their use": "subnets",
    }


def pages(leases: int) -> dict[str, str]:
    """Pages, by what they are called."""
    return {
        "the dashboard, whole": "",
        "the dashboard's living part": "fragments/dashboard",
        "the page of leases": "leases",
        "the page of leases, those that end first": "leases?sort=expires_at",
        "the page of leases, by part of a host name": "leases?find=host-99",
        "the page of one lease": "leases/10.8.0.16",
        "the page of subnets": "subnets",
        "a subnet with the map of its addresses": "subnets/9",
        "the page of assignments": "assignments",
        "the page of assignments, by address": "assignments?sort=address",
        "the page of revisions": "revisions",
        "the page of the audit": "audit",
        "the page of events": "events",
        "a scrape of /metrics": "metrics",
        f"the page of leases, a hardware address of {leases:,}": f"leases?find=02:{leases.to_bytes(5, 'big').hex(':')}",
    }


def main() -> None:
    """Fill a database, ask, and print the table."""
    parser = argparse.ArgumentParser(prog="bench.lists")
    parser.add_argument("--leases", type=int, default=1_000_000)
    parser.add_argument("--assignments", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, default=Path("/var/tmp"))  # noqa: S108 - a folder of its own is made in it
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder, prefix="lessor-lists-") as folder:
        settings = Settings(database_url=f"sqlite:///{folder}/lessor.db", state_dir=Path(folder))
        schema.upgrade(settings)
        appliance = Appliance.open(settings)
        fill(appliance, asked.leases, asked.assignments)
        secret = tokens.create(appliance, "bench", "viewer", caller=Caller(terminal())).secret
        client = create_app(appliance).test_client()
        print(f"| {asked.leases:,} leases, {asked.assignments:,} assignments | median, ms | p95, ms |\n|---|---:|---:|")
        asks = {name: f"api/v1/{question}" for name, question in questions(asked.leases).items()} | pages(asked.leases)
        for name, question in asks.items():
            took = []
            for _ in range(TIMES):
                began = time.perf_counter()
                answer = client.get(f"/{question}", headers={"Authorization": f"Bearer {secret}"})
                took.append(1000 * (time.perf_counter() - began))
                if answer.status_code != 200:
                    sys.exit(f"{question}: {answer.text}")
            took.sort()
            print(f"| {name} | {took[TIMES // 2]:.1f} | {took[TIMES - 2]:.1f} |", flush=True)
        appliance.close()


if __name__ == "__main__":
    main()
