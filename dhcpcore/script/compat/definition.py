"""Definition: what a client gets, as databases and scripts tell it."""

from __future__ import annotations

from typing import Any

from dhcpcore.script.compat.ipv4 import IPv4

#: Resolvers and time servers that are kept of a list.
_SERVERS_MAX = 3


class Definition:
    """An address with its lease time, its subnet and serial, and what goes with it.

    Addresses are IPv4, text, a number or octets; lists of them text with commas too, a sequence, or flat octets.
    Raises ``ValueError`` where the address is missing or one makes no sense.
    """

    def __init__(
        self,
        ip: Any,
        lease_time: Any,
        subnet: Any,
        serial: Any,
        hostname: Any = None,
        gateways: Any = None,
        subnet_mask: Any = None,
        broadcast_address: Any = None,
        domain_name: Any = None,
        domain_name_servers: Any = None,
        ntp_servers: Any = None,
        extra: Any = None,
    ) -> None:
        if not ip:
            raise ValueError("A Definition needs an address (ip).")
        self.ip = IPv4(ip)
        self.lease_time = int(lease_time)
        self.subnet = str(subnet)
        self.serial = int(serial)
        self.hostname = str(hostname) if hostname else None
        self.gateways = addresses_of(gateways)
        self.subnet_mask = IPv4(subnet_mask) if subnet_mask else None
        self.broadcast_address = IPv4(broadcast_address) if broadcast_address else None
        self.domain_name = str(domain_name) if domain_name else None
        self.domain_name_servers = addresses_of(domain_name_servers, _SERVERS_MAX)
        self.ntp_servers = addresses_of(ntp_servers, _SERVERS_MAX)
        self.extra = extra

    def __repr__(self) -> str:
        said = ", ".join(f"{name}={value!s}" for name, value in vars(self).items() if value is not None)
        return f"Definition({said})"


def addresses_of(said: Any, limit: int | None = None) -> list[IPv4] | None:
    """A list of addresses however it is told; None where it is empty."""
    if not said:
        return None
    if isinstance(said, str):
        parts: list[Any] = [part for part in said.split(",") if part.strip()]
    elif isinstance(said, IPv4 | int):
        parts = [said]
    else:
        parts = list(said)
        if isinstance(said, bytes) or (len(parts) >= 4 and all(isinstance(part, int) and part < 256 for part in parts)):
            parts = [parts[at : at + 4] for at in range(0, len(parts) - 3, 4)]
    return [IPv4(part) for part in parts][:limit] or None
