"""The witness: every frame of an interface, from the kernel's packet socket, decoded by the tests' own decoder."""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import threading
import time
from collections.abc import Callable

from tests.interop.namespaces import Namespace, inside
from tests.interop.packets import NAMES, Packet, dissect
from tests.interop.processes import wait_for

ETH_P_ALL = 0x0003
SOL_PACKET, PACKET_ADD_MEMBERSHIP, PACKET_STATISTICS, PACKET_MR_PROMISC = 263, 1, 6, 1
SO_RCVBUFFORCE = 33
SO_TIMESTAMPNS = 35
BUFFER_BYTES = 64 << 20
FRAME_LIMIT = 65_600
"""The longest: several messages in one piece are up to 65,535 octets, the Ethernet header and tags not counted."""
SETTLING_S = 0.05
"""How much later than its receiver the witness may see a frame: a bridge forwards before it passes upwards."""


def packet_socket(namespace: Namespace, interface: str) -> socket.socket:
    """Open a promiscuous packet socket on an interface of a namespace."""

    def make() -> socket.socket:
        tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        tap.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES)
        tap.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        tap.bind((interface, ETH_P_ALL))
        request = struct.pack("iHH8s", socket.if_nametoindex(interface), PACKET_MR_PROMISC, 0, b"")
        tap.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, request)
        return tap

    return inside(namespace.name, make)


class Sniffer:
    """Keeps every frame with the kernel's time stamp; decodes when asked."""

    def __init__(self, namespace: Namespace, interface: str) -> None:
        self._tap = packet_socket(namespace, interface)
        self._frames: list[tuple[float, bytes]] = []
        self._decoded: list[Packet] = []
        self._read = 0
        self._dropped = 0
        self._running = True
        self._lock = threading.Lock()
        self._in_hand = threading.Lock()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while self._running:
            if not select.select([self._tap], [], [], 0.1)[0]:
                continue
            with self._in_hand, contextlib.suppress(OSError):
                raw, controls, _, _ = self._tap.recvmsg(FRAME_LIMIT, 64)
                stamp = next((data for _, kind, data in controls if kind == SO_TIMESTAMPNS), None)
                seconds, nanoseconds = struct.unpack("qq", stamp[:16]) if stamp else (time.time(), 0)
                self._frames.append((seconds + nanoseconds / 1e9, raw))

    def _catch_up(self) -> None:
        """Read all frames that have arrived by now."""
        time.sleep(SETTLING_S)
        now = time.time()
        while self._running:
            with self._in_hand:
                if not select.select([self._tap], [], [], 0)[0] or (self._frames and self._frames[-1][0] >= now):
                    return
            time.sleep(0)

    def packets(self, *kinds: int) -> list[Packet]:
        """Give what was seen so far, all of it or the message types named."""
        self._catch_up()
        with self._lock:
            end = len(self._frames)
            for at, raw in self._frames[self._read : end]:
                self._decoded += dissect(raw, at)
            self._read = end
            return [packet for packet in self._decoded if not kinds or packet.message.kind in kinds]

    def from_client(self, hardware: str, *kinds: int) -> list[Packet]:
        """Give the packets about one client."""
        chaddr = bytes.fromhex(hardware.replace(":", ""))
        return [packet for packet in self.packets(*kinds) if packet.message.chaddr == chaddr]

    def wait(self, what: str, match: Callable[[Packet], bool], *kinds: int, limit_s: float = 15) -> Packet:
        """Wait for a packet, seen already or still to come."""
        found: list[Packet] = []

        def look() -> bool:
            found[:] = [packet for packet in self.packets(*kinds) if match(packet)]
            return bool(found)

        try:
            wait_for(what, look, limit_s)
        except AssertionError as fault:
            seen = "\n".join(str(packet) for packet in self.packets()[-30:])
            wanted = [NAMES[kind] for kind in kinds]
            raise AssertionError(f"{fault}; looked for {wanted}, the last packets:\n{seen}") from None
        return found[0]

    @property
    def dropped(self) -> int:
        """Give the number of frames that the kernel had to drop, since the start: a witness must have missed none."""
        statistics = self._tap.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8)
        self._dropped += struct.unpack("II", statistics)[1]  # Reading resets the kernel's counter.
        return self._dropped

    def close(self) -> None:
        """Stop listening; what was seen stays readable."""
        self._running = False
        self._thread.join()
        self._tap.close()
