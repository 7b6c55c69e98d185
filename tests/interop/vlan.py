"""VLAN interfaces: the kernel's own where it has them, else a tap device and a thread that tags and untags (802.1Q).

To a DHCP server both look alike: an interface ``eth0.20`` with addresses of its own, whose frames ``eth0`` does not
deliver.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import struct
import threading

from tests.interop.lab import Lab
from tests.interop.namespaces import CommandFailed, Namespace, inside
from tests.interop.packets import ETHER_VLAN
from tests.interop.sniffer import FRAME_LIMIT, SOL_PACKET, packet_socket
from tests.interop.transports import PACKET_OUTGOING

PACKET_AUXDATA = 8
AUXDATA = struct.Struct("IIIHHHH")
VLAN_VALID = 1 << 4
TUNSETIFF = 0x400454CA
IFF_TAP, IFF_NO_PI = 0x0002, 0x1000


def add_vlan(lab: Lab, machine: Namespace, parent: str, number: int) -> str:
    """Give a machine a VLAN interface on one of its own; give its name."""
    name = f"{parent}.{number}"
    with contextlib.suppress(CommandFailed):
        machine.ip("link", "add", "link", parent, "name", name, "type", "vlan", "id", str(number))
        machine.ip("link", "set", name, "up")
        return name
    tagger = Tagger(machine, parent, name, number)
    lab.on_close(tagger.close)
    machine.ip("link", "set", name, "up")
    return name


class Tagger:
    """Carries frames between a tap device and the tagged frames of its parent."""

    def __init__(self, machine: Namespace, parent: str, name: str, number: int) -> None:
        self._number = number
        self._trunk = packet_socket(machine, parent)
        self._trunk.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        self._tap = inside(machine.name, lambda: open_tap(name))
        self._running = True
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()

    def _carry(self) -> None:
        poll = select.poll()
        poll.register(self._trunk, select.POLLIN)
        poll.register(self._tap, select.POLLIN)
        while self._running:
            for descriptor, _ in poll.poll(100):
                with contextlib.suppress(OSError):  # An interface that is down takes no frame.
                    self._tag() if descriptor == self._tap else self._untag()

    def _tag(self) -> None:
        raw = os.read(self._tap, FRAME_LIMIT)
        self._trunk.send(raw[:12] + struct.pack("!HH", ETHER_VLAN, self._number) + raw[12:])

    def _untag(self) -> None:
        raw, controls, _, address = self._trunk.recvmsg(FRAME_LIMIT, 256)
        for level, kind, data in controls:
            if (level, kind) == (SOL_PACKET, PACKET_AUXDATA) and address[2] != PACKET_OUTGOING:
                status, *_, tag, _ = AUXDATA.unpack(data)  # The kernel has taken the tag out of the frame.
                if status & VLAN_VALID and tag & 0xFFF == self._number:
                    os.write(self._tap, raw)

    def close(self) -> None:
        """Remove the interface."""
        self._running = False
        self._thread.join()
        self._trunk.close()
        os.close(self._tap)


def open_tap(name: str) -> int:
    """Make a tap device in the namespace of the calling thread."""
    tap = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tap, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
    return tap
