"""What the control channel needs of an engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from dhcpcore.control.later import Later

#: Why an engine is not ready that waits for nothing but its administrator.
NO_SUBNET = "no subnet is defined"


class EngineFace(Protocol):
    """The engine as the control channel sees it.  Every answer is plain data that JSON can carry.

    A method may raise ``LessorError``: its text is shown to whoever asked.
    """

    def status(self) -> dict[str, Any]:
        """What a person asks first: version, readiness with its reason, revision, interfaces, database, clock."""
        ...

    def statistics(self) -> dict[str, Any]:
        """Counters since the start and rates of the last seconds."""
        ...

    def reload(self) -> None:
        """Read the definitions again, now, and have scripts reinitialise."""
        ...

    def release(self, address: bytes, space: int = 0) -> dict[str, Any]:
        """End the lease of an address at once; tells the row as it was.  Refused when there is none."""
        ...

    def renew(self, address: bytes, space: int = 0) -> dict[str, Any]:
        """Ask the client that holds an address to renew; tells whom and how.  Refused where that is not allowed."""
        ...

    def transactions(self, limit: int, client: str | None = None) -> list[dict[str, Any]]:
        """The latest transactions, newest first, of all clients or of those whose identity contains ``client``."""
        ...

    def log(self, limit: int, after: int | None, level: str, find: str | None) -> dict[str, Any]:
        """The newest lines of the engine's log, the oldest first; or those after the line of that number."""
        ...

    def interfaces(self) -> list[dict[str, Any]]:
        """The interfaces that may be served, with prefixes, gateway and resolvers."""
        ...

    def neighbours(self, interface: str) -> dict[str, Any]:
        """Other DHCP servers on a link; asks it, and tells what answered when called again."""
        ...

    def suspensions(self) -> list[dict[str, Any]]:
        """Clients that are not answered for a time, and why."""
        ...

    def lift(self, hw: bytes) -> dict[str, Any]:
        """Answer a suspended client again.  Refused where it is not suspended."""
        ...

    def hooks(self) -> list[dict[str, Any]]:
        """Every callout of the hook libraries, with what became of its calls."""
        ...

    def handlers(self) -> list[dict[str, Any]]:
        """Every configured handler, with what became of its calls."""
        ...

    def commands(self) -> list[str]:
        """Commands that hook libraries answer, be they new or the server's own."""
        ...

    def command(self, name: str, arguments: Mapping[str, Any]) -> Any:
        """A hook library's answer to one of them.  Refused where none answers it."""
        ...

    def processed(self, name: str, arguments: Mapping[str, Any], response: Any) -> Any:
        """A command was carried out: the answer, as the callouts at command_processed leave it."""
        ...

    def confirm_clock(self) -> None:
        """Take the clock as it is after a step, so that ended leases are given away again."""
        ...

    def script_state(self) -> dict[str, Any]:
        """Whether a script is configured, whether its process runs, and what became of it so far."""
        ...

    def script_registry(self) -> dict[str, Any]:
        """What the script has registered and whether it runs.  Refused where there is no script."""
        ...

    def script_digest(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Whether an answer to a Digest challenge was made with the script's name and password."""
        ...

    def script_call(self, name: str, arguments: Mapping[str, Any]) -> Later:
        """Call something in the script's process.  Refused where there is no script."""
        ...

    def stop(self) -> None:
        """Finish the batch at hand and end."""
        ...
