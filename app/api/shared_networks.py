"""``/api/v1/shared-networks``: which subnets share one wire."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify
from flask_openapi import APIBlueprint, Tag
from pydantic import BaseModel, ConfigDict, Field

from app import auth
from app.api.bodies import MERGE_PATCH, described, json_object
from app.api.changes import Done, MaybeDone, done, made
from app.api.conditions import IfMatch, required, tagged
from app.api.responses import Problems
from app.context import context
from app.services import shared_networks
from app.services.access import Role
from app.services.plain import plain
from app.services.shared_networks import SharedNetwork
from dhcpcore.errors import Fault, InvalidDocument, NotFound

api = APIBlueprint("shared_networks", __name__, url_prefix="/api/v1", abp_tags=[Tag(
    name="shared-networks", description="Subnets that share one wire: they name the same shared network.")])

_EXAMPLE = {"subnets": ["office", "laboratory"]}


class NetworkName(BaseModel):
    """One shared network."""

    name: str = Field(min_length=1, max_length=64, description="Its name.")


class NetworkBody(BaseModel):
    """Who shares the wire."""

    model_config = ConfigDict(extra="forbid")

    subnets: list[str | int] = Field(description="All of its subnets, by name, prefix or number.")


class NetworkPatch(BaseModel):
    """What changes of a shared network."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(None, description="What it is called from now on.")
    subnets: list[str | int] | None = Field(None, description="All of its subnets from now on.")


class Network(BaseModel):
    """A shared network."""

    name: str
    subnets: list[str] = Field(description="Names of its subnets.")


class Networks(BaseModel):
    """Every shared network."""

    items: list[Network]


class ChangedNetwork(Network, MaybeDone):
    """A shared network as it is now, and what the change did."""


@api.get("/shared-networks", responses={200: Networks, **Problems.of(503)}, operation_id="list_shared_networks",
         summary="List shared networks")
@auth.needs(Role.VIEWER)
def list_shared_networks() -> Response:
    """Every shared network by name; there are no more than subnets."""
    return jsonify(items=[shown(one) for one in shared_networks.list_all(context().appliance)])


@api.get("/shared-networks/<name>", responses={200: Network, **Problems.of(404, 503)},
         operation_id="get_shared_network", summary="One shared network")
@auth.needs(Role.VIEWER)
def get_shared_network(path: NetworkName) -> Response:
    """One shared network, with its version as `ETag`."""
    view = shared_networks.get(context().appliance, path.name)
    return tagged(jsonify(shown(view)), view.version)


@api.put("/shared-networks/<name>", responses={200: ChangedNetwork, **Problems.of(404, 409, 412, 415, 428, 503)},
         operation_id="put_shared_network", summary="Say who shares a wire",
         request_body=described(NetworkBody, _EXAMPLE))
@auth.needs(Role.ADMIN)
def put_shared_network(path: NetworkName, header: IfMatch) -> Response:
    """Have exactly these subnets share the wire; a name that no subnet has yet is new, and needs `If-Match: *`."""
    try:
        view = shared_networks.get(context().appliance, path.name)
    except NotFound:
        view = SharedNetwork(path.name, (), "0")
    version = required(header, view.version, shown(view))
    body = json_object()
    _known(body, {"subnets"})
    return _put(path.name, _members(body.get("subnets")), version if view.subnets else None, None)


@api.patch("/shared-networks/<name>", responses={200: ChangedNetwork, **Problems.of(404, 409, 412, 415, 428, 503)},
           operation_id="change_shared_network", summary="Rename a shared network",
           request_body=described(NetworkPatch, {"name": "yard"}, MERGE_PATCH))
@auth.needs(Role.ADMIN)
def change_shared_network(path: NetworkName, header: IfMatch) -> Response:
    """Give it another name in all its subnets at once, or other subnets."""
    view = shared_networks.get(context().appliance, path.name)
    version = required(header, view.version, shown(view))
    body = json_object(MERGE_PATCH)
    _known(body, {"name", "subnets"})
    name = body.get("name")
    if name is not None and not isinstance(name, str):
        raise InvalidDocument((Fault("name", "is not a name such as campus"),))
    members = list(view.subnets) if body.get("subnets") is None else _members(body["subnets"])
    return _put(path.name, members, version, name)


@api.delete("/shared-networks/<name>", responses={200: Done, **Problems.of(404, 409, 412, 428, 503)},
            operation_id="remove_shared_network", summary="Remove a shared network")
@auth.needs(Role.ADMIN)
def remove_shared_network(path: NetworkName, header: IfMatch) -> Response:
    """Have each of its subnets be alone on its wire; the subnets stay."""
    view = shared_networks.get(context().appliance, path.name)
    version = required(header, view.version, shown(view))
    _, applied = shared_networks.put(context().appliance, path.name, [], by=auth.principal(), version=version)
    return jsonify(done(applied))


def shown(view: SharedNetwork) -> dict[str, Any]:
    """A shared network as its schema says."""
    return {key: value for key, value in plain(view).items() if key != "version"}


def _put(name: str, members: list[str], version: str | None, new_name: str | None) -> Response:
    view, applied = shared_networks.put(context().appliance, name, members, by=auth.principal(), version=version,
                                        new_name=new_name)
    view = view or SharedNetwork(new_name or name, (), "0")
    return made(shown(view), view.version, applied)


def _known(body: dict[str, Any], keys: set[str]) -> None:
    wrong = sorted(body.keys() - keys)
    if wrong:
        raise InvalidDocument(tuple(Fault(key, f"is no key here; known here: {', '.join(sorted(keys))}")
                                    for key in wrong))


def _members(value: Any) -> list[str]:
    if not isinstance(value, list) or any(isinstance(one, bool) or not isinstance(one, str | int) for one in value):
        raise InvalidDocument((Fault("subnets", "is not a list of subnets by name, prefix or number"),))
    return [str(one) for one in value]
