"""The machine's network interfaces and their addresses, and word of their changes.

Links and addresses are read by pyroute2; a plain netlink socket only says that something changed, so that the loop
can sleep in between.  Neither needs a privilege.
"""

from __future__ import annotations

import contextlib
import socket
from ipaddress import ip_address

from pyroute2 import IPRoute

from dhcpcore.topology.links import Interface

#: Multicast groups of rtnetlink: links, IPv4 addresses, IPv6 addresses.
_GROUPS = 0x1 | 0x10 | 0x100


def read(wanted: tuple[str, ...]) -> dict[int, Interface]:
    """Interfaces by index: those named, or all of them where none is."""
    addresses: dict[int, list[bytes]] = {}
    with IPRoute() as route:
        links = list(route.get_links())
        for entry in route.get_addr():
            text = entry.get_attr("IFA_LOCAL") or entry.get_attr("IFA_ADDRESS")
            if text:
                addresses.setdefault(entry["index"], []).append(ip_address(text).packed)
    found: dict[int, Interface] = {}
    for link in links:
        name = link.get_attr("IFLA_IFNAME")
        if wanted and name not in wanted:
            continue
        index = link["index"]
        hardware = _hardware(link.get_attr("IFLA_ADDRESS") or "")
        found[index] = Interface(index, name, tuple(addresses.get(index, ())), hardware)
    return found


def _hardware(text: str) -> bytes:
    """A hardware address; a tunnel, whose link-layer address is an IP address, has none."""
    octets = text.split(":")
    return bytes.fromhex("".join(octets)) if all(len(octet) == 2 for octet in octets) else b""


class Changes:
    """A socket that becomes readable when a link or an address came, went or changed."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.NETLINK_ROUTE)
        self._socket.bind((0, _GROUPS))

    def fileno(self) -> int:
        """For the selector."""
        return self._socket.fileno()

    def drain(self) -> None:
        """Take all that was said; an overrun of the socket's buffer is a change like any other."""
        with contextlib.suppress(BlockingIOError):
            while True:
                try:
                    self._socket.recv(65536)
                except OSError as error:
                    if isinstance(error, BlockingIOError):
                        raise

    def close(self) -> None:
        """Close it."""
        self._socket.close()
