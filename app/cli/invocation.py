"""What the global flags said, and what a verb makes of it: settings, and the installation they name."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from app.services.appliance import Appliance
    from dhcpcore.settings import Loaded


@dataclass(frozen=True, slots=True)
class Invocation:
    """What the global flags said; a verb gets it by `@click.pass_obj`."""

    config: Path | None

    def load(self, **flags: Any) -> "Loaded":
        """The settings; what was ignored in them is said on standard error."""
        from dhcpcore.settings import load

        loaded = load(self.config, flags={name.replace("__", "."): value for name, value in flags.items()})
        for warning in loaded.warnings:
            click.echo(f"warning: {warning}", err=True)
        return loaded

    @contextmanager
    def appliance(self, *, make: bool = False) -> "Iterator[Appliance]":
        """The installation that the settings name, with its database at this program's version.

        ``make``: a database that does not exist yet is made; one of another version is refused all the same.
        """
        from app.services import schema
        from app.services.appliance import Appliance

        settings = self.load().settings
        if make and schema.is_missing(settings):
            schema.upgrade(settings)
        opened = Appliance.open(settings)
        try:
            yield opened
        finally:
            opened.close()
