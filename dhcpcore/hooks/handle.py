"""What a callout is given: arguments, contexts and the status, by Kea's names."""
# ruff: noqa: N802 - The methods have Kea's names, which callouts are written against.

from __future__ import annotations

import enum
from typing import Any

from dhcpcore.errors import LessorError
from dhcpcore.hooks.awaited import Call
from dhcpcore.hooks.parking import ParkingLot


class Status(enum.IntEnum):
    """What the server is to do next.  Every invocation of a hook begins with CONTINUE."""

    CONTINUE = 0
    SKIP = 1
    DROP = 2
    PARK = 3


class NoSuchArgument(LessorError, KeyError):
    """This invocation has no argument of that name."""

    __str__ = LessorError.__str__


class NoSuchCalloutContext(LessorError, KeyError):
    """The library put nothing of that name into this packet's context."""

    __str__ = LessorError.__str__


class Told:
    """One invocation of a hook that may have to wait: how far it has come, so that no callout is called twice.

    ``about`` is what it is about, ``made`` what the server made for it, and ``arguments`` what callouts see of that.
    """

    __slots__ = ("about", "arguments", "call", "called", "done", "made", "status")

    def __init__(self, about: object, made: dict[str, Any], arguments: dict[str, Any]) -> None:
        self.about = about
        self.made = made
        self.arguments = arguments
        self.status = Status.CONTINUE
        self.done: set[Any] = set()  #: Callouts that were called.
        self.called: Any = None  #: The callout that is waited for,
        self.call: Call | None = None  #: and its call.


class CalloutHandle:
    """One packet's (or one command's) way through the hooks: made before the first one, given to every callout.

    Arguments are one invocation's and shared by all its callouts; contexts last as long as the handle and are each
    library's own.
    """

    CONTINUE, SKIP, DROP, PARK = Status.CONTINUE, Status.SKIP, Status.DROP, Status.PARK

    def __init__(self) -> None:
        self.arguments: dict[str, Any] = {}
        self.contexts: dict[int, dict[str, Any]] = {}
        self.status = Status.CONTINUE
        self.hook = ""
        self.library = 0
        self.lot: ParkingLot | None = None
        #: By hook, what callouts were told, where some of them are waited for.
        self.told: dict[str, Told] = {}

    def getArgument(self, name: str) -> Any:
        """The value; ``NoSuchArgument``, a ``KeyError``, where there is none."""
        try:
            return self.arguments[name]
        except KeyError:
            known = ", ".join(self.arguments) or "none"
            raise NoSuchArgument(f"{self.hook} has no argument {name!r}; it has {known}.") from None

    def setArgument(self, name: str, value: Any) -> None:
        """For the callouts after this one, and for the server where it reads the argument back."""
        self.arguments[name] = value

    def getArgumentNames(self) -> list[str]:
        """Those of this invocation."""
        return list(self.arguments)

    def deleteArgument(self, name: str) -> None:
        """Take one away, if it is there."""
        self.arguments.pop(name, None)

    def deleteAllArguments(self) -> None:
        """Take all away."""
        self.arguments.clear()

    def getContext(self, name: str) -> Any:
        """What this library put there earlier for the same packet; else ``NoSuchCalloutContext``, a ``KeyError``."""
        try:
            return self.contexts[self.library][name]
        except KeyError:
            raise NoSuchCalloutContext(f"{name!r} is not in this library's context of the packet.") from None

    def getOptionalContext(self, name: str) -> Any:
        """The same, or None."""
        return self.contexts.get(self.library, {}).get(name)

    def setContext(self, name: str, value: Any) -> None:
        """For this library's later callouts of the same packet."""
        self.contexts.setdefault(self.library, {})[name] = value

    def getContextNames(self) -> list[str]:
        """What this library put there."""
        return list(self.contexts.get(self.library, {}))

    def deleteContext(self, name: str) -> None:
        """Take one away, if it is there."""
        self.contexts.get(self.library, {}).pop(name, None)

    def deleteAllContext(self) -> None:
        """Take all of this library's away."""
        self.contexts.pop(self.library, None)

    def getStatus(self) -> Status:
        """What the callouts before this one left."""
        return self.status

    def setStatus(self, status: int) -> None:
        """What the server is to do; a later callout may set it again."""
        self.status = Status(status)

    def getHookName(self) -> str:
        """The hook that is being called."""
        return self.hook

    def getCurrentHook(self) -> str:
        """The same."""
        return self.hook

    def getCurrentLibrary(self) -> int:
        """This library's number; the first one is 1."""
        return self.library

    def getParkingLotHandlePtr(self) -> ParkingLot:
        """Where ``reference`` keeps a packet that is then parked, and ``unpark`` lets it go on."""
        if self.lot is None:
            raise NoSuchArgument(f"nothing can be parked at {self.hook}.")
        return self.lot
