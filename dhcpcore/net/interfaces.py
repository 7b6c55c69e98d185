"""The machine's network interfaces and their addresses, and word of their changes.

Links and addresses are read by pyroute2; a plain netlink socket only says that something changed, so that the loop
can sleep in between.  Neither needs a privilege.
"""

from __future__ import annotations

import contextlib
import socket
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from dhcpcore.topology.links import Interface

#: Multicast groups of rtnetlink: links, IPv4 addresses, IPv6 addresses.
_GROUPS = 0x1 | 0x10 | 0x100
#: Flags of a link: IFF_UP, IFF_BROADCAST.
_UP, _BROADCAST = 0x1, 0x2
#: Addresses that are nobody's (RFC 5737), to look up the way out: a router's whole table may have a million rows.
_OUTSIDE = ("192.0.2.1", "198.51.100.1", "203.0.113.1")
_RESOLV_FILES = (Path("/etc/resolv.conf"), Path("/run/systemd/resolve/resolv.conf"))
_RESOLV_LINES_MAX = 200


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


def describe(wanted: tuple[str, ...]) -> list[dict[str, Any]]:
    """What a person wants to know of the interfaces that broadcast: those named, or all of them where none is.

    ``gateway`` is the way out that leads over the interface, empty where none does; ``resolvers`` are the machine's.
    """
    found: dict[int, dict[str, Any]] = {}
    with IPRoute() as route:
        for link in route.get_links():
            name = link.get_attr("IFLA_IFNAME")
            if link["flags"] & _BROADCAST and (not wanted or name in wanted):
                found[link["index"]] = {"name": name, "up": bool(link["flags"] & _UP), "addresses": [], "gateway": "",
                                        "resolvers": resolvers()}
        for entry in route.get_addr(family=socket.AF_INET):
            text = entry.get_attr("IFA_LOCAL") or entry.get_attr("IFA_ADDRESS")
            if text and entry["index"] in found:
                found[entry["index"]]["addresses"].append(f"{text}/{entry['prefixlen']}")
        for outside in _OUTSIDE:
            with contextlib.suppress(NetlinkError):  # There is no way out at all.
                for way in route.route("get", dst=outside):
                    gateway = way.get_attr("RTA_GATEWAY")
                    if gateway and way.get_attr("RTA_OIF") in found:
                        found[way.get_attr("RTA_OIF")]["gateway"] = gateway
    return list(found.values())


def resolvers(files: tuple[Path, ...] = _RESOLV_FILES) -> list[str]:
    """The name servers that this machine asks, without a forwarder of its own: no client reaches that."""
    for file in files:
        named: list[str] = []
        with contextlib.suppress(OSError):
            for line in file.read_text(encoding="utf-8", errors="replace").splitlines()[:_RESOLV_LINES_MAX]:
                words = line.split()
                with contextlib.suppress(ValueError):
                    if len(words) > 1 and words[0] == "nameserver" and not ip_address(words[1]).is_loopback:
                        named.append(words[1])
        if named:
            return named
    return []


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
