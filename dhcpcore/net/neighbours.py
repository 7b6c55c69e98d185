"""Asks a link for other DHCP servers, as a client would, while the engine serves on.

One packet socket, opened with privilege and used without; a filter in the kernel keeps it deaf but for the seconds in
which answers may come.  A frame that we send ourselves does not come back to us, so the engine does not answer itself.
"""

from __future__ import annotations

import ctypes
import logging
import secrets
import socket
import struct
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dhcpcore.engine import Probe
from dhcpcore.errors import NotFound, Refused
from dhcpcore.lease.model import LeaseKey
from dhcpcore.net.udp4 import ip_packet
from dhcpcore.topology.links import Interface
from dhcpcore.wire.addresses import format_address
from dhcpcore.wire.v4.client import discover, read_offer

log = logging.getLogger(__name__)

#: Servers that probe an address before they offer it take about a second.
LISTEN_S = 3.0
#: What was heard is told for so long before the link is asked anew.
GOOD_S = 15.0
#: More servers than this on one link are a storm.
SERVERS_MAX = 50
_READS_MAX = 64
_ETH_P_IP = 0x0800
_SO_ATTACH_FILTER = 26
_INSTRUCTION = struct.Struct("=HBBI")
_NOWHERE, _EVERYBODY = b"\0\0\0\0", b"\xff\xff\xff\xff"
_DEAF = ((0x06, 0, 0, 0),)


def _udp_to(port: int) -> Sequence[tuple[int, int, int, int]]:
    """Classic BPF: IPv4 packets of UDP to that port."""
    return ((0x30, 0, 0, 9), (0x15, 0, 4, socket.IPPROTO_UDP),  # The protocol, or to the end.
            (0xB1, 0, 0, 0), (0x48, 0, 0, 2), (0x15, 0, 1, port),  # The port behind the header, or to the end.
            (0x06, 0, 0, 0xFFFF), (0x06, 0, 0, 0))


class Neighbours:
    """Has the shape of a prober, so that the loop hears it; it takes no part in the probing of addresses."""

    def __init__(self, packets: socket.socket, port: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._socket = packets
        self._port = port
        self._clock = clock
        self._interfaces: Mapping[int, Interface] = {}
        self._asked = ""
        self._asked_at = float("-inf")
        self._transaction = 0
        self._found: dict[str, str] = {}
        self._hears = False

    @classmethod
    def open(cls, port: int) -> Neighbours | None:
        """None where the privilege is missing."""
        try:
            return cls(socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK, 0), port)
        except PermissionError:
            log.info("NO-NEIGHBOURS: without CAP_NET_RAW no link can be asked for other DHCP servers.")
            return None

    def set_interfaces(self, interfaces: Mapping[int, Interface]) -> None:
        """Their names, hardware addresses and our own addresses."""
        self._interfaces = interfaces

    def fileno(self) -> int:
        """For the selector."""
        return self._socket.fileno()

    def send(self, probes: list[Probe]) -> None:
        """Addresses are probed by others."""

    def on(self, name: str) -> dict[str, Any]:
        """What answered on that interface; asks it first unless that was a moment ago.

        ``asking``: more may come, ask again shortly.
        """
        interface = next((one for one in self._interfaces.values() if one.name == name), None)
        if interface is None:
            known = ", ".join(one.name for one in self._interfaces.values())
            raise NotFound(f"The engine serves no interface {name!r:.40}; it serves {known or 'none'}.")
        since = self._clock() - self._asked_at
        if since < LISTEN_S and self._asked != name:
            raise Refused(f"{self._asked} is being asked; try again in {LISTEN_S:g} s.")
        if self._asked != name or since > GOOD_S:
            self._ask(interface)
            since = 0.0
        elif since >= LISTEN_S:
            self._end()
        own = {format_address(a) for one in self._interfaces.values() for a in one.addresses}
        return {"interface": name, "asking": since < LISTEN_S,
                "servers": [{"server": server, "offered": offered} for server, offered in self._found.items()
                            if server not in own]}

    def answers(self) -> list[LeaseKey]:
        """Take in what was offered; no address was probed, so none answers."""
        for _ in range(_READS_MAX):
            try:
                packet = self._socket.recv(4096)
            except OSError:
                break
            offer = read_offer(packet, self._transaction, self._port + 1)
            if offer is not None and len(self._found) < SERVERS_MAX:
                self._found[offer[0]] = offer[1]
        if self._clock() - self._asked_at >= LISTEN_S:
            self._end()
        return []

    def _ask(self, interface: Interface) -> None:
        if len(interface.hw) != 6:
            raise Refused(f"{interface.name} has no hardware address: nobody is attached to it by broadcast.")
        self._transaction, hardware = secrets.randbits(32), b"\x02" + secrets.token_bytes(5)
        packet = ip_packet(discover(self._transaction, hardware), _NOWHERE, _EVERYBODY, self._port + 1, self._port)
        try:
            self._filter(_udp_to(self._port + 1))
            self._socket.bind((interface.name, _ETH_P_IP))
            self._socket.sendto(packet, (interface.name, _ETH_P_IP, 0, 0, b"\xff" * 6))
        except OSError as error:
            self._filter(_DEAF)
            raise Refused(f"{interface.name} cannot be asked: {error.strerror}.") from None
        self._asked, self._asked_at, self._found, self._hears = interface.name, self._clock(), {}, True

    def _end(self) -> None:
        if self._hears:
            self._filter(_DEAF)
            self._hears = False

    def _filter(self, program: Sequence[tuple[int, int, int, int]]) -> None:
        code = ctypes.create_string_buffer(b"".join(_INSTRUCTION.pack(*row) for row in program))
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER,
                                struct.pack("@HP", len(program), ctypes.addressof(code)))
