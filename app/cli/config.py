"""`lessor config`: the settings as this process sees them."""

from typing import Any

import click

from app.cli.invocation import Invocation
from app.cli.output import emit, json_option, table


@click.group(name="config")
def command() -> None:
    """Show the process settings."""


@command.command(name="show")
@click.option("--origin", is_flag=True, help="Tell where each value came from.")
@json_option
@click.pass_obj
def show(invocation: Invocation, origin: bool, as_json: bool) -> None:
    """Show every setting; passwords in the database's address are hidden."""
    from dhcpcore.settings import described

    loaded = invocation.load()
    rows: list[dict[str, Any]] = []
    for row in described():
        value: Any = loaded.settings
        for part in row.name.split("."):
            value = getattr(value, part)
        if row.name == "database_url":
            value = _without_password(value)
        rows.append({"name": row.name, "value": value, "origin": loaded.origins.get(row.name, "default")})
    if as_json:
        emit([{key: one[key] for key in one if origin or key != "origin"} for one in rows])
        return
    columns = ("SETTING", "VALUE", "FROM") if origin else ("SETTING", "VALUE")
    table(columns, [(one["name"], _text(one["value"]), *((one["origin"],) if origin else ())) for one in rows], "")


def _without_password(url: str) -> str:
    from urllib.parse import urlsplit

    password = urlsplit(url).password
    return url.replace(f":{password}@", ":***@", 1) if password else url


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ", ".join(value)
    return "" if value is None else str(value)
