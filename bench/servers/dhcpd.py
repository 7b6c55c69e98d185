"""ISC dhcpd of Debian, which syncs its lease file for each lease.

`dhcp-cache-threshold 0` because its default answers a client that comes back early without writing, which is not what
the others do; no ping before an offer, because no other server here does that.
"""

import re
from collections.abc import Sequence

from bench.commands import run
from bench.errors import CannotRun
from bench.servers.server import Ground

LEASE = re.compile(r"^lease (\S+) \{$.*?^  binding state (\w+);", re.MULTILINE | re.DOTALL)


def version(_ground: Ground) -> str:
    """The version, which dhcpd prints after its name."""
    said = run(("dhcpd", "--version"), CannotRun)
    return (said.text + said.errors).strip().removeprefix("isc-dhcpd-")


def configuration(ground: Ground) -> str:
    """The text of dhcpd.conf."""
    return f"""\
authoritative;
dhcp-cache-threshold 0;
ping-check off;
ddns-update-style none;
default-lease-time {ground.lease_s};
max-lease-time {ground.lease_s};
option routers {ground.address};
option domain-name-servers {ground.address};
subnet {ground.prefix.partition("/")[0]} netmask {ground.netmask} {{
  range {ground.pool_first} {ground.pool_last};
}}
"""


def prepare(ground: Ground) -> None:
    """The lease file must exist."""
    (ground.folder / "dhcpd.conf").write_text(configuration(ground))
    (ground.folder / "dhcpd.leases").touch()


def command(ground: Ground) -> Sequence[str]:
    """In the foreground, as root, because the run's folder is root's."""
    folder = ground.folder
    return (
        *("dhcpd", "-4", "-f", "-q", "-user", "root", "-group", "root", "-cf", str(folder / "dhcpd.conf")),
        *("-lf", str(folder / "dhcpd.leases"), "-pf", str(folder / "dhcpd.pid"), ground.interface),
    )


def leases(ground: Ground) -> Sequence[str]:
    """The lease file is a journal too: the last entry of an address counts."""
    states = dict(LEASE.findall((ground.folder / "dhcpd.leases").read_text()))
    return tuple(address for address, state in states.items() if state == "active")
