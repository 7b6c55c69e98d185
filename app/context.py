"""What a request works on: the installation of this process, and what is remembered between requests."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app

from app.services.appliance import Appliance
from app.services.subnets import Overview, RememberedOverview

_KEY = "lessor"


@dataclass(frozen=True, slots=True)
class Context:
    """One per process."""

    appliance: Appliance
    remembered: RememberedOverview

    def overview(self) -> Overview:
        """Subnets and pools with their use, at most a moment old."""
        return self.remembered.get()


def install(extensions: dict[str, object], appliance: Appliance) -> None:
    """Give the application its context."""
    extensions[_KEY] = Context(appliance, RememberedOverview(appliance))


def context() -> Context:
    """The context of the application that answers the present request."""
    found = current_app.extensions[_KEY]
    assert isinstance(found, Context)
    return found
