"""What an expression looks at: one packet, how it came, and the classes that it is known to be of."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from dhcpcore.wire.v4.message import Request4

_NO_OPTIONS: Mapping[int, bytes] = MappingProxyType({})


class Subject:
    """A DHCPv4 packet; ``classes`` grows while the classes are gone through in order."""

    __slots__ = ("classes", "data", "destination", "hw", "interface", "message_type", "options", "source")

    def __init__(
        self,
        request: Request4 | None,
        *,
        source: bytes = b"",
        destination: bytes = b"",
        interface: str = "",
    ) -> None:
        self.options: Mapping[int, bytes] = _NO_OPTIONS if request is None else request.options
        self.data = b"" if request is None else request.data
        self.hw = b"" if request is None else request.hw[1:]
        self.message_type = 0 if request is None else request.message_type
        self.source = source
        self.destination = destination
        self.interface = interface
        self.classes: set[str] = set()


#: What a constant is worked out on, once.
NOTHING = Subject(None)
