"""Packets for expressions to look at."""

from collections.abc import Mapping
from typing import Any

from dhcpcore.pipeline.bundle import Datagram
from dhcpcore.topology.expressions.subject import Subject
from dhcpcore.topology.links import Interface
from dhcpcore.wire.v4.message import decode
from tests.packets4 import DISCOVER, Client, ip, request

ETH0 = Interface(2, "eth0", (ip("192.0.2.1"),))
WHO = Client(bytes.fromhex("020000000007"), client_id=b"foobar")


def subject(options: Mapping[int, bytes] | None = None, *, agent: bytes | None = None, **fields: Any) -> Subject:
    """A DISCOVER through a relay, as it came in on eth0."""
    data = request(
        fields.pop("kind", DISCOVER), WHO, 0x01020304, giaddr="192.0.2.2", options=options or {}, agent=agent
    )
    came = Datagram(data, ip("192.0.2.2"), 67, 2, ip("192.0.2.1"), ip("192.0.2.1"), 0.0)
    made = Subject(decode(data), came, {2: ETH0})
    made.classes = frozenset(fields.pop("classes", ()))
    assert not fields
    return made
