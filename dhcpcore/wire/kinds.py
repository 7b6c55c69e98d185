"""Kinds of messages of both families side by side, and their names."""

from __future__ import annotations

from typing import Final

from dhcpcore.errors import MalformedMessage
from dhcpcore.wire.v4.message import type_name
from dhcpcore.wire.v6.message import decode, type_name6

#: Added to a message type of DHCPv6, wherever those of both families stand side by side.
KIND6: Final = 0x600


def kind_name(kind: int) -> str:
    """A kind of message by name; those of DHCPv6 say so, for some are called as in DHCPv4."""
    return type_name(kind) if kind < KIND6 else f"DHCPV6-{type_name6(kind - KIND6)}"


def kind6_of(data: bytes) -> int:
    """The kind of a datagram of DHCPv6; where it cannot be read, that of its first octet."""
    try:
        return KIND6 + decode(data).message.kind
    except MalformedMessage:
        return KIND6 + (data[0] if data else 0)
