"""Clients behind a relay that ask at a steady rate, and one among them that site code misbehaves about.

    python -m bench.asking SERVER RELAY SECONDS RATE PERIOD CULPRIT...

Each client asks for an address and, once it has an offer, requests it; the next client follows at its time whatever
became of this one.  Prints, as JSON, the milliseconds that each answer took, and how many questions had none within
``PATIENCE_S``.  Every PERIOD seconds the next of the culprits asks; nothing of them is counted.
"""

import heapq
import itertools
import json
import socket
import struct
import sys
import time

PORT = 67
#: A client asks again after so long (RFC 2131 4.1): what comes later is no answer.
PATIENCE_S = 4.0
_HEADER = struct.Struct("!4BIHH4s4s4s4s16s192x")
_COOKIE = bytes((0x63, 0x82, 0x53, 0x63))
_DISCOVER, _REQUEST, _OFFER = 1, 3, 2


def _message(kind: int, xid: int, relay: bytes, hardware: bytes, options: bytes = b"") -> bytes:
    none = bytes(4)
    return _HEADER.pack(1, 1, 6, 1, xid, 0, 0, none, none, none, relay, hardware) + _COOKIE + bytes(
        (53, 1, kind)) + options + b"\xff"


def _requested(offer: bytes) -> bytes:
    """Options 50 and 54 of a REQUEST for what was offered."""
    at = 240
    while offer[at] != 255:
        code, length = offer[at], offer[at + 1] if offer[at] else 0
        if code == 54:
            return b"\x32\x04" + offer[16:20] + b"\x36\x04" + offer[at + 2 : at + 2 + length]
        at += 2 + length if code else 1
    return b"\x32\x04" + offer[16:20]


class Clients:
    """All of them: who waits for an answer since when, and how long the others waited."""

    def __init__(self, server: str, relay: str, period_s: float, culprits: list[bytes]) -> None:
        self._to, self._relay = (server, PORT), socket.inet_aton(relay)
        self._period_s, self._culprits = period_s, itertools.cycle(culprits)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((relay, PORT))
        self._waiting: dict[int, tuple[float, bytes]] = {}
        self._xid = 0
        self.took_ms: list[float] = []
        self.asked = 0

    def run(self, seconds: float, rate: float) -> None:
        """Half of the questions a second are DISCOVERs; the other half follow from their answers."""
        begun = time.monotonic()
        due = [(begun, 0, 2.0 / rate, False), (begun, 1, self._period_s, True)]
        number = 0
        while (now := time.monotonic()) < begun + seconds + (PATIENCE_S if self._waiting else 0.0):
            while due and due[0][0] <= now < begun + seconds:
                at, order, period, is_culprit = heapq.heappop(due)
                heapq.heappush(due, (at + period, order, period, is_culprit))
                number += not is_culprit
                hardware = next(self._culprits) if is_culprit else b"\2\0" + number.to_bytes(4, "big")
                self._ask(_DISCOVER, hardware, counted=not is_culprit)
            self._hear(max(0.0005, min(0.05, due[0][0] - time.monotonic())))

    def _ask(self, kind: int, hardware: bytes, options: bytes = b"", *, counted: bool = True) -> None:
        self._xid += 1
        if counted:
            self.asked += 1
            self._waiting[self._xid] = (time.monotonic(), hardware)
        self._socket.sendto(_message(kind, self._xid, self._relay, hardware, options), self._to)

    def _hear(self, wait_s: float) -> None:
        self._socket.settimeout(wait_s)
        try:
            answer = self._socket.recv(1500)
        except OSError:
            return
        now = time.monotonic()
        asked = self._waiting.pop(int.from_bytes(answer[4:8], "big"), None)
        if asked is None or now - asked[0] > PATIENCE_S:
            return
        self.took_ms.append((now - asked[0]) * 1000)
        if answer[242] == _OFFER:
            self._ask(_REQUEST, asked[1], _requested(answer))


def main(words: list[str]) -> int:
    """Ask, and print what came of it."""
    server, relay, seconds, rate, period, *culprits = words
    clients = Clients(server, relay, float(period), [bytes.fromhex(one.replace(":", "")) for one in culprits])
    clients.run(float(seconds), float(rate))
    print(json.dumps({"took_ms": [round(took, 3) for took in clients.took_ms], "asked": clients.asked}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
