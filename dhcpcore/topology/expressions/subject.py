"""What an expression looks at: one packet, how it came, and the classes that it is known to be of."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from types import MappingProxyType

from dhcpcore.wire.v4.message import Opt, Request4

_NO_CLASSES: AbstractSet[str] = frozenset()
_NO_OPTIONS: Mapping[int, bytes] = MappingProxyType({})


class Subject:
    """A DHCPv4 packet; ``classes`` are those found so far."""

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
        # As it was said: what the server takes a message for may be another thing.  BOOTP says nothing.
        self.message_type = (self.options.get(Opt.MESSAGE_TYPE) or b"\0")[0]
        self.source = source
        self.destination = destination
        self.interface = interface
        self.classes: AbstractSet[str] = _NO_CLASSES


#: What a constant is worked out on, once.
NOTHING = Subject(None)
