"""What every page's frame needs to know: which pages there are, what the reader may, whether the engine answers."""

from __future__ import annotations

from typing import Any

from flask import Flask, g, request

from app.context import context
from app.services.access import Role


def install(app: Flask) -> None:
    """Give templates ``endpoints``, ``may(role)`` and ``engine_is_away()``."""

    def known() -> dict[str, Any]:
        return {"endpoints": app.view_functions, "engine_is_away": _engine_is_away, "may": _may}

    app.context_processor(known)


def _engine_is_away() -> bool:
    return bool(request.endpoint) and context().live.totals().status is None


def _may(role: str) -> bool:
    """Whether the reader has the role; without a log-in nobody has any."""
    caller = g.get("lessor_caller")
    return caller is not None and caller.principal.role >= Role[role.upper()]
