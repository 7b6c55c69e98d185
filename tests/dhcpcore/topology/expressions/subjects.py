"""Packets for expressions to look at."""

from collections.abc import Mapping
from typing import Any

from dhcpcore.topology.expressions.subject import Subject
from dhcpcore.wire.v4.message import decode
from tests.packets4 import DISCOVER, Client, ip, request

WHO = Client(bytes.fromhex("020000000007"), client_id=b"foobar")


def subject(options: Mapping[int, bytes] | None = None, *, agent: bytes | None = None, **fields: Any) -> Subject:
    """A DISCOVER through a relay, as it came in on eth0."""
    data = request(
        fields.pop("kind", DISCOVER), WHO, 0x01020304, giaddr="192.0.2.2", options=options or {}, agent=agent
    )
    made = Subject(decode(data), source=ip("192.0.2.2"), destination=ip("192.0.2.1"), interface="eth0")
    made.classes = frozenset(fields.pop("classes", ()))
    assert not fields
    return made
