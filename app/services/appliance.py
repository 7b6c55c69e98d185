"""What every service works on: the settings, the database, the engine's control channel, and the time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dhcpcore.control import ControlClient, EngineAway
from dhcpcore.settings import Settings
from dhcpcore.store import schema_version
from dhcpcore.store.database import Database
from dhcpcore.store.lease_orders import Room


@dataclass(frozen=True, slots=True)
class Appliance:
    """One installation as a process sees it.  ``database`` has the schema of this program."""

    settings: Settings
    database: Database
    engine: ControlClient
    #: Whether leases may be listed in any order.
    room: Room = field(default_factory=Room)

    @classmethod
    def open(cls, settings: Settings) -> Appliance:
        """Connect; refused with the remedy where the database has no tables, or those of another version."""
        schema_version.require_current(settings.database_url)
        return cls(settings, Database(settings.database_url), ControlClient(settings.control_socket))

    def close(self) -> None:
        """Give the connections back."""
        self.database.dispose()

    def tell_engine(self) -> bool:
        """Have the engine read the definitions now; False where none answers, which then does so at its start."""
        try:
            self.engine.call("reload")
        except EngineAway:
            return False
        return True

    def engine_status(self) -> dict[str, Any] | None:
        """The engine's own words, None where it is away."""
        try:
            status: dict[str, Any] = self.engine.call("status")
        except EngineAway:
            return None
        return status


def is_running(settings: Settings) -> bool:
    """Whether an engine answers at the control socket."""
    try:
        ControlClient(settings.control_socket, 1.0).call("status")
    except EngineAway:
        return False
    return True
