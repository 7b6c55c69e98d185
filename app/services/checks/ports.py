"""The ports that DHCPv6 and the definitions open beside that of DHCPv4: whether they are the engine's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from app.services.checks.verdicts import Patient, Verdict, note, ok, warning
from dhcpcore.store.definitions import Definitions

#: Where booting machines ask a ProxyDHCP server.  PXE 2.1, 2.2.4.
_PXE = 4011
_DHCP = 67


class Port(NamedTuple):
    """One port, and what does not work without it."""

    protocol: str  #: udp or tcp.
    number: int
    purpose: str
    family: int = 4

    @property
    def name(self) -> str:
        return f"{self.protocol.upper()} port {self.number}"


def further(patient: Patient) -> tuple[Port, ...]:
    """Those that the settings and the definitions ask for; without a database to read these from, of the settings."""
    settings = patient.settings
    found = [Port("udp", settings.dhcp6.port, "clients of DHCPv6", 6)] if settings.dhcp6.enabled else []
    if patient.database is None or not settings.dhcp4.enabled:
        return tuple(found)
    snapshot, port = Definitions(patient.database).snapshot(), settings.dhcp4.port
    if snapshot.leasequery.enabled:
        found.append(Port("tcp", port, "leasequery in bulk"))
    if port == _DHCP and any(subnet.proxy for subnet in snapshot.subnets):
        found.append(Port("udp", _PXE, "machines that ask a ProxyDHCP server for their boot file"))
    return tuple(found)


def held(patient: Patient, port: Port) -> Iterator[Verdict]:
    """Who has the port, beside whether the engine runs."""
    holders = patient.machine.holders(port.number, port.protocol if port.family == 4 else "udp6")
    if patient.status is not None and holders:
        yield ok(f"{port.name} is open, for {port.purpose}.")
    elif patient.status is not None:
        yield warning(f"The engine runs and nobody has {port.name}: without it there is no {port.purpose}."
                      if port.protocol == "tcp" else
                      f"The engine runs and nobody has {port.name}: {port.purpose} are not answered.",
                      "See the engine's log; the port is opened at its start.")
    elif holders:
        one = holders[0]
        who = f"{one.name or 'a process'} (pid {one.pid})" if one.pid else "a process that only root can name"
        yield warning(f"{port.name} is taken by {who}, at {one.address}: it is for {port.purpose}.", "Stop that one.")
    else:
        yield note(f"{port.name} is free, for {port.purpose}.")
