"""Packets as hooks have them."""

from __future__ import annotations

from dhcpcore.script.compat.ipv4 import IPv4
from dhcpcore.script.compat.packet import DHCPPacket
from dhcpcore.script.hooks import _packet
from dhcpcore.wire.v4.message import decode
from tests.packets4 import DISCOVER, client, request


def a_packet(*, wanted: str | None = None, ciaddr: str | None = None) -> DHCPPacket:
    """A DISCOVER, perhaps with an address that it would like to have, or has."""
    made = _packet(decode(request(DISCOVER, client(1), 1)))
    if wanted is not None:
        made.setOption("requested_ip_address", IPv4(wanted))
    if ciaddr is not None:
        made.setOption("ciaddr", IPv4(ciaddr))
    return made
