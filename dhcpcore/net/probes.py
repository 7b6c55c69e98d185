"""Asks the wire whether an address is in use: ICMP echo everywhere, ARP on links that are attached here.

One socket each, all probes multiplexed.  Opened with privilege, used without; where the privilege is missing the probe
of that kind is left out, and says so once.
"""

from __future__ import annotations

import logging
import os
import socket
import struct
from collections import OrderedDict
from collections.abc import Mapping

from dhcpcore.engine import Probe
from dhcpcore.lease.model import LeaseKey
from dhcpcore.net.udp4 import checksum
from dhcpcore.topology.links import Interface

log = logging.getLogger(__name__)

#: Probes whose answers are waited for; the oldest is forgotten.  As many as transactions may be suspended.
_PENDING_MAX = 1024
#: Packets read in one round of the loop: a flood of ARP must not starve DHCP.
_READS_MAX = 256
_ECHO = struct.Struct("!BBHHH")
_ARP = struct.Struct("!HHBBH6s4s6s4s")
_ETH_P_ARP = 0x0806
_ARP_REQUEST, _ARP_REPLY = 1, 2


class _Pending:
    """Addresses that were asked about, oldest first."""

    def __init__(self) -> None:
        self._keys: OrderedDict[bytes, LeaseKey] = OrderedDict()

    def add(self, key: LeaseKey) -> None:
        self._keys[key[2]] = key
        if len(self._keys) > _PENDING_MAX:
            self._keys.popitem(last=False)

    def take(self, address: bytes) -> LeaseKey | None:
        return self._keys.pop(address, None)


class IcmpProber:
    """Echo requests.  RFC 792."""

    def __init__(self, raw: socket.socket) -> None:
        self._socket = raw
        self._id = os.getpid() & 0xFFFF
        self._sequence = 0
        self._pending = _Pending()

    @classmethod
    def open(cls) -> IcmpProber | None:
        """None where the privilege is missing."""
        try:
            return cls(socket.socket(socket.AF_INET, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.IPPROTO_ICMP))
        except PermissionError:
            log.info("NO-ICMP-PROBE: without CAP_NET_RAW no address can be probed by ICMP.")
            return None

    def set_interfaces(self, interfaces: Mapping[int, Interface]) -> None:
        """Routing finds the way."""

    def fileno(self) -> int:
        """For the selector."""
        return self._socket.fileno()

    def send(self, probes: list[Probe]) -> None:
        """Ask; what cannot be sent counts as unanswered."""
        for probe in probes:
            self._sequence = (self._sequence + 1) & 0xFFFF
            echo = _ECHO.pack(8, 0, 0, self._id, self._sequence)
            echo = _ECHO.pack(8, 0, checksum(echo), self._id, self._sequence)
            self._pending.add(probe.key)
            try:
                self._socket.sendto(echo, (socket.inet_ntoa(probe.key[2]), 0))
            except OSError as error:
                log.debug("The probe of %s was not sent: %s.", socket.inet_ntoa(probe.key[2]), error)

    def answers(self) -> list[LeaseKey]:
        """Addresses that answered."""
        found = []
        for _ in range(_READS_MAX):
            try:
                packet, _source = self._socket.recvfrom(256)
            except OSError:
                break
            start = (packet[0] & 0x0F) * 4 if packet else 0
            if packet[start : start + 1] == b"\0" and packet[start + 4 : start + 6] == self._id.to_bytes(2, "big"):
                key = self._pending.take(packet[12:16])
                if key is not None:
                    found.append(key)
        return found


class ArpProber:
    """ARP probes: hosts that drop ICMP answer them all the same.  RFC 5227 2.1.1."""

    def __init__(self, packets: socket.socket) -> None:
        self._socket = packets
        self._hears = False
        self._interfaces: Mapping[int, Interface] = {}
        self._pending = _Pending()

    @classmethod
    def open(cls) -> ArpProber | None:
        """None where the privilege is missing.  It hears nothing until the first probe is sent."""
        try:
            return cls(socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK, 0))
        except PermissionError:
            log.info("NO-ARP-PROBE: without CAP_NET_RAW no address can be probed by ARP.")
            return None

    def set_interfaces(self, interfaces: Mapping[int, Interface]) -> None:
        """Their names and hardware addresses."""
        self._interfaces = interfaces

    def fileno(self) -> int:
        """For the selector."""
        return self._socket.fileno()

    def send(self, probes: list[Probe]) -> None:
        """Ask on the link; probes of relayed clients are not for ARP."""
        if not self._hears:
            self._socket.bind(("", _ETH_P_ARP))
            self._hears = True
        for probe in probes:
            interface = self._interfaces.get(probe.interface)
            if interface is None or len(interface.hw) != 6 or len(probe.key[2]) != 4:
                continue
            request = _ARP.pack(
                1, 0x0800, 6, 4, _ARP_REQUEST, interface.hw, b"\0\0\0\0", b"\0\0\0\0\0\0", probe.key[2]
            )
            self._pending.add(probe.key)
            try:
                self._socket.sendto(request, (interface.name, _ETH_P_ARP, 0, 0, b"\xff" * 6))
            except OSError as error:
                log.debug("The ARP probe of %s was not sent: %s.", socket.inet_ntoa(probe.key[2]), error)

    def answers(self) -> list[LeaseKey]:
        """Addresses whose owner answered."""
        found = []
        for _ in range(_READS_MAX):
            try:
                packet = self._socket.recv(64)
            except OSError:
                break
            if len(packet) >= _ARP.size and packet[6:8] == _ARP_REPLY.to_bytes(2, "big"):
                key = self._pending.take(packet[14:18])
                if key is not None:
                    found.append(key)
        return found
