"""What a request works on: the installation of this process, and what is remembered between requests."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app

from app.services.appliance import Appliance
from app.services.engine_log import LiveLog
from app.services.live import LiveStatistics
from app.services.moments import Remembered
from app.services.scripts import Catalogue, RememberedCatalogue
from app.services.subnets import Overview, RememberedOverview
from app.services.transactions import TransactionView, latest
from app.services.watching import Places

_KEY = "lessor"
#: Where programs ask: they get 401 and not the log-in page, and errors as problem+json.
PROGRAMS = ("/api/", "/metrics")
#: Transactions that the dashboard shows.
NEWEST = 8


@dataclass(frozen=True, slots=True)
class Context:
    """One per process."""

    appliance: Appliance
    remembered: RememberedOverview
    live: LiveStatistics
    log: LiveLog
    newest: Remembered[tuple[TransactionView, ...]]
    scripts: RememberedCatalogue

    def overview(self) -> Overview:
        """Subnets and pools with their use, at most a moment old."""
        return self.remembered.get()

    def script(self) -> Catalogue | None:
        """What the engine's script has registered, a moment old at most; an engine that has none is not asked."""
        status = self.live.totals().status
        return self.scripts.get() if status is not None and status.get("script") else None


def install(extensions: dict[str, object], appliance: Appliance) -> None:
    """Give the application its context."""
    newest = Remembered(lambda: latest(appliance, limit=NEWEST), seconds=2.0)
    places = Places()
    extensions[_KEY] = Context(appliance, RememberedOverview(appliance), LiveStatistics(appliance, places),
                               LiveLog(appliance, places), newest,
                               RememberedCatalogue(appliance))


def context() -> Context:
    """The context of the application that answers the present request."""
    found = current_app.extensions[_KEY]
    assert isinstance(found, Context)
    return found
