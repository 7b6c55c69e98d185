"""Texts and numbers of addresses and forms: what no database keeps is refused before anybody looks at it.

Bodies of JSON and YAML are looked at where they are read, see ``interchange``.  Half characters cannot come this way:
what is no UTF-8 is replaced when it is decoded.
"""

from __future__ import annotations

from collections.abc import Iterable

from flask import Flask, request
from werkzeug.routing import IntegerConverter

from dhcpcore.errors import Fault, InvalidDocument

_ZERO = "has a zero character (NUL): take it out"


class RowNumber(IntegerConverter):
    """A number in an address; of more digits than a row's number has there is no page."""

    regex = r"\d{1,18}"


def install(app: Flask) -> None:
    """Look at every address.  Before the routes are there, which take their numbers so."""
    app.url_map.converters["int"] = RowNumber
    app.before_request(_look)


def refuse_unfit(named: Iterable[tuple[str, str]]) -> None:
    """Refuse texts, each with the name of its field, that hold a zero character."""
    unfit = {name.replace("\0", "") for name, text in named if "\0" in name or "\0" in text}
    if unfit:
        raise InvalidDocument(tuple(Fault(name or "a field without a name", _ZERO) for name in sorted(unfit)))


def _look() -> None:
    given = [(name, text) for name, text in (request.view_args or {}).items() if isinstance(text, str)]
    refuse_unfit([*given, *request.args.items(multi=True)])
