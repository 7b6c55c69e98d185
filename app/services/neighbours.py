"""Other DHCP servers on a link: asks as a client would, and listens who answers.  Needs root."""

from __future__ import annotations

import contextlib
import secrets
import select
import socket
import time
from dataclasses import dataclass

from dhcpcore.wire.v4.client import discover, read_offer

#: Servers that probe an address before they offer it take about a second.
LISTEN_S = 3.0
_ETH_P_IP = 0x0800


@dataclass(frozen=True, slots=True)
class OtherServer:
    """A server that offered an address on ``interface``."""

    interface: str
    server: str
    offered: str


def servers_on(interface: str, server_port: int = 67, client_port: int = 68,
               listen_s: float = LISTEN_S) -> list[OtherServer]:
    """Every server that answers one DISCOVER on ``interface`` within ``listen_s``.

    The answer is read from the wire and not from a socket of the client's port, so that a running DHCP client of this
    machine is no hindrance.
    """
    transaction, hardware = secrets.randbits(32), b"\x02" + secrets.token_bytes(5)
    found: dict[str, OtherServer] = {}
    with contextlib.ExitStack() as stack:
        wire = stack.enter_context(socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ETH_P_IP)))
        wire.bind((interface, _ETH_P_IP))
        sender = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
        sender.bind(("", client_port))
        sender.sendto(discover(transaction, hardware), ("255.255.255.255", server_port))
        end = time.monotonic() + listen_s
        while (left := end - time.monotonic()) > 0:
            if not select.select([wire], [], [], left)[0]:
                break
            answer = read_offer(wire.recv(65535), transaction, client_port)
            if answer is not None:
                found[answer[0]] = OtherServer(interface, *answer)
    return list(found.values())
