"""What an expression looks at: one packet, how it came, and the classes that it is known to be of."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from types import MappingProxyType
from typing import Protocol

from dhcpcore.wire.v4.message import NOWHERE, Opt, Request4

#: As a plain number, which is looked up three times as fast.
_AGENT_OPTIONS = int(Opt.AGENT_OPTIONS)
_NO_CLASSES: AbstractSet[str] = frozenset()


class Named(Protocol):
    """An interface."""

    @property
    def name(self) -> str: ...


class Came(Protocol):
    """How a packet came: addresses of its IP header, and the index of the interface."""

    @property
    def source(self) -> bytes: ...

    @property
    def destination(self) -> bytes: ...

    @property
    def interface(self) -> int: ...


_NO_INTERFACES: Mapping[int, Named] = MappingProxyType({})


class Subject:
    """A DHCPv4 packet; ``classes`` are those found so far.  Each packet has one: what few ask for is found when asked.

    ``options`` are the request's, or stand for them.  Without ``came`` it was not received.

    Only the word of a relay counts, which is who sets giaddr: a client could name any port in option 82.  RFC 3046 2.1.
    """

    __slots__ = ("_came", "_interfaces", "classes", "options", "request")

    def __init__(
        self, request: Request4, came: Came | None = None, interfaces: Mapping[int, Named] = _NO_INTERFACES
    ) -> None:
        self.request = request
        self.options: Mapping[int, bytes] = request.options
        if _AGENT_OPTIONS in request.options and request.giaddr == NOWHERE:
            self.options = {code: said for code, said in request.options.items() if code != _AGENT_OPTIONS}
        self.classes: AbstractSet[str] = _NO_CLASSES
        self._came = came
        self._interfaces = interfaces

    @property
    def message_type(self) -> int:
        """As it was said: what the server takes a message for may be another thing.  0: BOOTP, which says nothing."""
        said = self.options.get(Opt.MESSAGE_TYPE)
        return said[0] if said else 0

    @property
    def source(self) -> bytes:
        """The address that it was sent from."""
        return b"" if self._came is None else self._came.source

    @property
    def destination(self) -> bytes:
        """The address that it was sent to."""
        return b"" if self._came is None else self._came.destination

    @property
    def interface(self) -> str:
        """The name of the interface that it came in on; empty where that is gone."""
        found = None if self._came is None else self._interfaces.get(self._came.interface)
        return "" if found is None else found.name


#: What a constant is worked out on, once.
NOTHING = Subject(Request4(bytes(240), {}, 0))
