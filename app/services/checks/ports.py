"""The ports that definitions open beside that of DHCP: whether they are the engine's."""

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

    @property
    def name(self) -> str:
        return f"{self.protocol.upper()} port {self.number}"


def further(patient: Patient) -> tuple[Port, ...]:
    """Those that the definitions ask for; none where there is no database to read them from."""
    if patient.database is None:
        return ()
    snapshot, port = Definitions(patient.database).snapshot(), patient.settings.dhcp4.port
    found = []
    if snapshot.leasequery.enabled:
        found.append(Port("tcp", port, "leasequery in bulk"))
    if port == _DHCP and any(subnet.proxy for subnet in snapshot.subnets):
        found.append(Port("udp", _PXE, "machines that ask a ProxyDHCP server for their boot file"))
    return tuple(found)


def held(patient: Patient, port: Port) -> Iterator[Verdict]:
    """Who has the port, beside whether the engine runs."""
    holders = patient.machine.holders(port.number, port.protocol)
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
