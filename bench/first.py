"""Asks a server, again and again, until it answers for the first time, and prints when that was.

    python -m bench.first SERVER RELAY SECONDS

The time is that of the system's monotonic clock, which all processes share.  Only the standard library is imported, so
that asking begins before the server is started.
"""

import socket
import struct
import sys
import time

PORT = 67
#: Between two questions: the answer is known to within this time.
PERIOD_S = 0.005
#: 06:ff: is no client of a generator, nor of the leases that are written before.
_HARDWARE = bytes.fromhex("06ff00000001")
_HEADER = struct.Struct("!4BIHH4s4s4s4s16s192x")
_DISCOVER = bytes((0x63, 0x82, 0x53, 0x63, 53, 1, 1, 255))


def discover(relay: str) -> bytes:
    """A DISCOVER as this relay passes it on."""
    none, giaddr = bytes(4), socket.inet_aton(relay)
    return _HEADER.pack(1, 1, 6, 1, 0x6669_7273, 0, 0, none, none, none, giaddr, _HARDWARE) + _DISCOVER


def main(server: str, relay: str, seconds: float, port: int = PORT) -> int:
    """Ask until there is an answer; 1 when none came."""
    question, deadline = discover(relay), time.monotonic() + seconds
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((relay, port))
        sock.settimeout(PERIOD_S)
        print("asking", flush=True)
        while time.monotonic() < deadline:
            try:
                sock.sendto(question, (server, port))
                answer = sock.recv(1500)
            except OSError:  # Nobody there yet: a timeout, or an ICMP message that says so.
                time.sleep(PERIOD_S)
                continue
            if answer[4:8] == question[4:8] and answer[0] == 2:
                print(time.monotonic(), flush=True)
                return 0
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], float(sys.argv[3])))
