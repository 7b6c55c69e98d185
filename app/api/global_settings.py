"""``/api/v1/globals``: what holds in every subnet unless it says otherwise, the global options among it."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify
from flask_openapi import APIBlueprint, Tag

from app import auth
from app.api.bodies import MERGE_PATCH, answered, described, json_object
from app.api.changes import MaybeDone, made
from app.api.conditions import IfMatch, required, tagged
from app.api.responses import Problems
from app.context import context
from app.services import global_settings
from app.services.access import Role
from dhcpcore.topology.document import GlobalsEntry

api = APIBlueprint("global_settings", __name__, url_prefix="/api/v1", abp_tags=[Tag(
    name="globals", description="What holds in every subnet unless it says otherwise.")])

_EXAMPLE = {"lifetime": "1h", "options": {"dhcp4": {"domain-name-servers": ["192.0.2.53"]}}}


class Globals(GlobalsEntry, MaybeDone):
    """Globals in the document's words; what is not there has its default."""


_SHOWN: dict[int | str, Any] = {200: answered("Globals.", Globals)}


@api.get("/globals", responses={**_SHOWN, **Problems.of(503)}, operation_id="get_globals", summary="Get globals")
@auth.needs(Role.VIEWER)
def get_globals() -> Response:
    """What is written of them, with its version as `ETag`."""
    view = global_settings.get(context().appliance)
    return tagged(jsonify(dict(view.entry)), view.version)


@api.put("/globals", responses={**_SHOWN, **Problems.of(409, 412, 415, 428, 503)}, operation_id="replace_globals",
         summary="Replace globals", request_body=described(GlobalsEntry, _EXAMPLE))
@auth.needs(Role.ADMIN)
def replace_globals(header: IfMatch) -> Response:
    """Write them anew: what is not named has its default afterwards."""
    view = global_settings.get(context().appliance)
    version = required(header, view.version, view.entry)
    after, applied = global_settings.replace(context().appliance, json_object(), by=auth.principal(), version=version)
    return made(dict(after.entry), after.version, applied)


@api.patch("/globals", responses={**_SHOWN, **Problems.of(409, 412, 415, 428, 503)}, operation_id="change_globals",
           summary="Change globals",
           request_body=described(GlobalsEntry, {"options": {"dhcp4": {"domain-name": "example.org"}}}, MERGE_PATCH))
@auth.needs(Role.ADMIN)
def change_globals(header: IfMatch) -> Response:
    """Change what is named and keep the rest; null takes a key out (RFC 7396)."""
    view = global_settings.get(context().appliance)
    version = required(header, view.version, view.entry)
    after, applied = global_settings.change(context().appliance, json_object(MERGE_PATCH), by=auth.principal(),
                                            version=version)
    return made(dict(after.entry), after.version, applied)
