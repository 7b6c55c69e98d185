"""``/api/v1/setup``: what the interfaces suggest for the first subnet, who else serves a link, and the subnet made."""

from __future__ import annotations

from flask import Response, jsonify
from flask_openapi import APIBlueprint, Tag
from pydantic import BaseModel, ConfigDict, Field

from app import auth
from app.api.responses import Problems
from app.context import context
from app.services import setup
from app.services.access import Role
from app.services.plain import plain

api = APIBlueprint("setup", __name__, url_prefix="/api/v1", abp_tags=[Tag(
    name="setup", description="The first subnet.")])


class FirstSubnet(BaseModel):
    """The first subnet."""

    model_config = ConfigDict(extra="forbid")

    interface: str = Field("", max_length=255, description="Where the clients are.")
    name: str = Field("", max_length=255)
    prefix: str = Field(max_length=255, description="Such as 192.0.2.0/24.")
    router: str = Field("", max_length=255, description="The way out that clients are told.")
    resolvers: str = Field("", max_length=255, description="Name servers, with commas between.")
    domain: str = Field("", max_length=255)
    first: str = Field(max_length=255, description="The pool's first address.")
    last: str = Field(max_length=255, description="The pool's last address.")


class Candidate(BaseModel):
    """An interface with a subnet that would fit."""

    name: str
    up: bool
    addresses: list[str]
    suggestion: FirstSubnet | None


class Setup(BaseModel):
    """Whether there is no subnet yet, and what would fit."""

    needed: bool
    interfaces: list[Candidate]


class ProbeAsked(BaseModel):
    """Which link."""

    model_config = ConfigDict(extra="forbid")

    interface: str = Field(min_length=1, max_length=255)


class OtherServer(BaseModel):
    """A DHCP server that answered."""

    interface: str
    server: str
    offered: str


class Neighbourhood(BaseModel):
    """Who answered."""

    interface: str
    servers: list[OtherServer]
    why_not: str = Field(description="Why nobody could be asked; empty where somebody was.")


class Made(BaseModel):
    """What was made."""

    revision: int
    engine_told: bool = Field(description="False: no engine runs, and the next one that starts reads it.")


@api.get("/setup", responses={200: Setup, **Problems.of(503)}, operation_id="get_setup",
         summary="What would fit as the first subnet")
@auth.needs(Role.ADMIN)
def get_setup() -> Response:
    """The engine's interfaces, each with a suggestion; 503 where no engine runs that could be asked."""
    here = context().appliance
    return jsonify(needed=setup.needed(here), interfaces=plain(setup.candidates(here)))


@api.post("/setup", responses={200: Made, **Problems.of(409, 503)}, operation_id="create_first_subnet",
          summary="Make the first subnet")
@auth.needs(Role.ADMIN)
def create_first_subnet(body: FirstSubnet) -> Response:
    """Make it; 409 where there is a subnet already."""
    made = setup.create(context().appliance, setup.FirstSubnet(**body.model_dump()), by=auth.principal())
    return jsonify(revision=made.revision, engine_told=made.engine_told)


@api.post("/setup/probe", responses={200: Neighbourhood, **Problems.of(503)}, operation_id="probe_link",
          summary="Ask a link for other DHCP servers")
@auth.needs(Role.ADMIN)
def probe_link(body: ProbeAsked) -> Response:
    """Who answers a DISCOVER there; takes some seconds."""
    return jsonify(plain(setup.ask_neighbours(context().appliance, body.interface, by=auth.principal())))
