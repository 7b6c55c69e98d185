"""How simulated clients reach a server: as stations on the link, or behind a simulated relay."""

from __future__ import annotations

import contextlib
import socket
from dataclasses import replace
from typing import Protocol

from tests.interop.namespaces import Namespace
from tests.interop.packets import (
    ETHER_ARP,
    SERVER_PORT,
    Message,
    NotDhcp,
    decode,
    dissect,
    encode,
    frame,
    packed,
)
from tests.interop.sniffer import FRAME_LIMIT, SO_RCVBUFFORCE, packet_socket

EVERYBODY = b"\xff" * 6
BROADCAST_ADDRESS = b"\xff" * 4
NOWHERE = b"\0\0\0\0"
PACKET_OUTGOING = 4
ARP_REQUEST, ARP_REPLY = b"\x00\x01\x08\x00\x06\x04\x00\x01", b"\x00\x01\x08\x00\x06\x04\x00\x02"
BUFFER_BYTES = 16 << 20


class Transport(Protocol):
    """What a fleet of clients needs of the network."""

    relayed: bool

    def fileno(self) -> int: ...
    def send(self, message: Message, source: bytes, server: bytes | None) -> None: ...
    def receive(self) -> list[Message]: ...
    def hold(self, address: bytes, hardware: bytes) -> None: ...
    def leave(self, address: bytes) -> None: ...
    def close(self) -> None: ...


class OnLink:
    """Stations of one Ethernet segment; each has its own hardware address and answers ARP for what it holds."""

    relayed = False

    def __init__(self, machine: Namespace, interface: str) -> None:
        self._socket = packet_socket(machine, interface)
        self._socket.setblocking(False)
        self._held: dict[bytes, bytes] = {}
        self._servers: dict[bytes, bytes] = {}

    def fileno(self) -> int:
        """Give the descriptor to wait on."""
        return self._socket.fileno()

    def send(self, message: Message, source: bytes, server: bytes | None) -> None:
        """Broadcast, or send to one server whose hardware address its answers have told."""
        hardware = self._servers.get(server or b"", EVERYBODY)
        target = server if server in self._servers and server else BROADCAST_ADDRESS
        self._socket.send(frame(encode(message), message.chaddr, hardware, source, target))

    def receive(self) -> list[Message]:
        """Give the replies that have come, and answer ARP on the way."""
        replies = []
        with contextlib.suppress(BlockingIOError):
            while True:
                raw, address = self._socket.recvfrom(FRAME_LIMIT)
                if address[2] == PACKET_OUTGOING:
                    continue
                if raw[12:14] == ETHER_ARP.to_bytes(2, "big"):
                    self._answer_arp(raw)
                    continue
                for packet in dissect(raw, 0):
                    if packet.message.op == 2:
                        self._servers[packet.message.options.get(54, packet.source)] = packet.ether_source
                        replies.append(packet.message)
        return replies

    def _answer_arp(self, raw: bytes) -> None:
        wanted = raw[38:42]
        hardware = self._held.get(wanted)
        if hardware and raw[14:22] == ARP_REQUEST:
            asker, asker_address = raw[22:28], raw[28:32]
            body = ARP_REPLY + hardware + wanted + asker + asker_address
            self._socket.send(asker + hardware + ETHER_ARP.to_bytes(2, "big") + body)

    def hold(self, address: bytes, hardware: bytes) -> None:
        """Answer ARP for an address from now on."""
        self._held[address] = hardware

    def leave(self, address: bytes) -> None:
        """Answer ARP for an address no more."""
        self._held.pop(address, None)

    def close(self) -> None:
        """Leave the link."""
        self._socket.close()


class Relayed:
    """Clients behind a relay agent: their messages go to the server by unicast with giaddr set (RFC 1542 4.1)."""

    relayed = True

    def __init__(self, machine: Namespace, address: str, server: str, agent_information: bytes = b"") -> None:
        self._giaddr = packed(address)
        self._server = (server, SERVER_PORT)
        self._agent_information = agent_information
        self._socket = machine.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES)
        self._socket.bind((address, SERVER_PORT))
        self._socket.setblocking(False)

    def fileno(self) -> int:
        """Give the descriptor to wait on."""
        return self._socket.fileno()

    def send(self, message: Message, source: bytes, server: bytes | None) -> None:
        """Forward a client's message to the server; option 82 comes last (RFC 3046 2.1)."""
        options = dict(message.options)
        if self._agent_information:
            options[82] = self._agent_information
        relayed = replace(message, giaddr=self._giaddr, hops=message.hops + 1, options=options)
        # The server is down now and then: the kernel reports its ICMP message at the next send.
        with contextlib.suppress(ConnectionRefusedError, BlockingIOError):
            self._socket.sendto(encode(relayed), self._server)

    def receive(self) -> list[Message]:
        """Give the replies that have come."""
        replies = []
        with contextlib.suppress(BlockingIOError):
            while True:
                try:
                    message = decode(self._socket.recv(FRAME_LIMIT))
                except (ConnectionRefusedError, NotDhcp):
                    continue
                if message.op == 2 and message.giaddr == self._giaddr:
                    replies.append(message)
        return replies

    def hold(self, address: bytes, hardware: bytes) -> None:
        """Nothing asks a relay for its clients' hardware addresses."""

    def leave(self, address: bytes) -> None:
        """Nothing asks a relay for its clients' hardware addresses."""

    def close(self) -> None:
        """Stop relaying."""
        self._socket.close()
