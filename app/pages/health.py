"""Whether this process lives, and whether it can work: for load balancers, containers and units.  No log-in."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from app.auth import open_to_all
from app.context import context
from dhcpcore.errors import LessorError
from dhcpcore.store import schema_version
from dhcpcore.version import __version__

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@open_to_all
def healthz() -> Response:
    """The process answers."""
    return jsonify(status="ok", version=__version__)


@blueprint.get("/readyz")
@open_to_all
def readyz() -> tuple[Response, int]:
    """The database answers and has the right tables.  The engine's state is told, and does not count."""
    appliance = context().appliance
    try:
        schema_version.require_current(appliance.settings.database_url)
    except LessorError as error:
        return jsonify(status="not ready", reason=str(error)), 503
    status = appliance.engine_status()
    engine = "away" if status is None else "ready" if status.get("ready") else "not ready"
    return jsonify(status="ready", engine=engine), 200
