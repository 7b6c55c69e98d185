"""``/api/v1/shared-networks``: which subnets share one wire, and what holds for all of them."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify
from flask_openapi import APIBlueprint, Tag
from pydantic import BaseModel, Field

from app import auth
from app.api.bodies import MERGE_PATCH, answered, described, json_object
from app.api.changes import ChangeAsked, Done, MaybeDone, done, made
from app.api.conditions import IfMatch, required, tagged
from app.api.responses import Problems
from app.context import context
from app.services import shared_networks
from app.services.access import Role
from app.services.shared_networks import SharedNetwork
from dhcpcore.topology.document import SharedNetworkEntry

api = APIBlueprint("shared_networks", __name__, url_prefix="/api/v1", abp_tags=[Tag(
    name="shared-networks", description="Subnets that share one wire: they name the same shared network.")])

_EXAMPLE = {"subnets": ["office", "laboratory"], "lifetime": "2h"}


class NetworkName(BaseModel):
    """One shared network."""

    name: str = Field(min_length=1, max_length=64, description="Its name.")


class NetworkBody(SharedNetworkEntry):
    """A shared network as in the definitions document, with its subnets."""

    name: str | None = Field(None, description="Another name that it is called from now on.")  # type: ignore[assignment]
    subnets: list[str | int] | None = Field(None, description="All of its subnets, by name, prefix or number; they "
                                            "stay where the key is missing.")


class Network(SharedNetworkEntry, MaybeDone):
    """A shared network in the document's words, with its subnets."""

    subnets: list[str] = Field(description="Names of its subnets.")


class Networks(BaseModel):
    """Every shared network."""

    items: list[Network]


_SHOWN: dict[int | str, Any] = {200: answered("The shared network.", Network)}


@api.get("/shared-networks", responses={200: answered("All of them.", Networks), **Problems.of(503)},
         operation_id="list_shared_networks", summary="List shared networks")
@auth.needs(Role.VIEWER)
def list_shared_networks() -> Response:
    """Every shared network by name; there are no more than subnets."""
    return jsonify(items=[shown(one) for one in shared_networks.list_all(context().appliance)])


@api.get("/shared-networks/<path:name>", responses={**_SHOWN, **Problems.of(404, 503)},
         operation_id="get_shared_network", summary="One shared network")
@auth.needs(Role.VIEWER)
def get_shared_network(path: NetworkName) -> Response:
    """One shared network, with its version as `ETag`."""
    view = shared_networks.get(context().appliance, path.name)
    return tagged(jsonify(shown(view)), view.version)


@api.put("/shared-networks/<path:name>", responses={**_SHOWN, **Problems.of(404, 409, 412, 415, 428, 503)},
         operation_id="put_shared_network", summary="Say who shares a wire",
         request_body=described(NetworkBody, _EXAMPLE))
@auth.needs(Role.ADMIN)
def put_shared_network(path: NetworkName, query: ChangeAsked, header: IfMatch) -> Response:
    """Say what holds for all of its subnets, whole, and which they are; a new one needs `If-Match: *`."""
    view = shared_networks.find(context().appliance, path.name)
    version = required(header, view.version, shown(view))
    after, applied = shared_networks.put(context().appliance, path.name, json_object(), by=auth.principal(),
                                         version=version, consent=query.consent())
    return made(shown(after), after.version, applied)


@api.patch("/shared-networks/<path:name>", responses={**_SHOWN, **Problems.of(404, 409, 412, 415, 428, 503)},
           operation_id="change_shared_network", summary="Rename a shared network",
           request_body=described(NetworkBody, {"name": "yard"}, MERGE_PATCH))
@auth.needs(Role.ADMIN)
def change_shared_network(path: NetworkName, query: ChangeAsked, header: IfMatch) -> Response:
    """Change what is named and keep the rest; with another name, it has that in all its subnets at once."""
    view = shared_networks.get(context().appliance, path.name)
    version = required(header, view.version, shown(view))
    after, applied = shared_networks.change(context().appliance, path.name, json_object(MERGE_PATCH),
                                            by=auth.principal(), version=version, consent=query.consent())
    return made(shown(after), after.version, applied)


@api.delete("/shared-networks/<path:name>", responses={200: Done, **Problems.of(404, 409, 412, 428, 503)},
            operation_id="remove_shared_network", summary="Remove a shared network")
@auth.needs(Role.ADMIN)
def remove_shared_network(path: NetworkName, header: IfMatch) -> Response:
    """Have each of its subnets be alone on its wire; the subnets stay."""
    view = shared_networks.get(context().appliance, path.name)
    version = required(header, view.version, shown(view))
    applied = shared_networks.remove(context().appliance, path.name, by=auth.principal(), version=version)
    return jsonify(done(applied))


def shown(view: SharedNetwork) -> dict[str, Any]:
    """A shared network as its schema says."""
    return {"name": view.name, "subnets": list(view.subnets), **view.entry}
