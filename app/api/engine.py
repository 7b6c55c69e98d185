"""``/api/v1/engine``, its log, and ``/api/v1/statistics``: the running engine, in its own words; read-only."""

from __future__ import annotations

from typing import Any, Literal

from flask import Response, jsonify
from flask_openapi import APIBlueprint, Tag
from pydantic import BaseModel, ConfigDict, Field

from app import auth
from app.api.responses import Problems
from app.context import context
from app.services import engine_log
from app.services.access import Role
from app.services.plain import plain

api = APIBlueprint("engine", __name__, url_prefix="/api/v1", abp_tags=[Tag(
    name="engine", description="What the engine is doing.")])


class Engine(BaseModel):
    """The engine's state."""

    version: str
    ready: bool
    why_not_ready: list[str]
    started_at: str
    compiled: int = Field(0, description="How many of its modules run compiled; 0: all are run as they are written.")
    host: str
    server_duid: str
    revision: int = Field(description="Of the definitions that it serves.")
    subnets: int
    quarantined: list[dict[str, str]] = Field(description="Definitions that it could not use, and why.")
    offers_under_way: int
    suspended: int = Field(description="Transactions that wait for the answer to a probe.")
    share: dict[str, int] = Field(description="Which share of the pools it serves first, of how many.")
    interfaces: list[dict[str, Any]]
    database: str
    clock: dict[str, Any]


class Statistics(BaseModel):
    """Counters since the engine started."""

    started_at: str
    received: int
    reasons: dict[str, int] = Field(description="Messages by what became of them; see the manual's page on reasons.")
    types: dict[str, dict[str, int]] = Field(description="By message type and reason.")
    subnets: dict[str, dict[str, int]] = Field(description="By number of the subnet and reason; 0: none was found.")
    batches: int
    rows_committed: int
    events: dict[str, int] = Field(description="What is no message: sweeps, errors of sending.")


class LogAsked(BaseModel):
    """Which lines."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(100, ge=1, le=engine_log.LINES_MAX, description="At most so many.")
    after: int | None = Field(None, ge=0, lt=2**53, description="The `last` of the answer before.")
    level: Literal["debug", "info", "warning", "error"] = Field("debug", description="The least severe lines.")
    find: str | None = Field(None, min_length=1, max_length=255, description="A part of the line or of its logger's "
                                                                             "name.")


class LogLine(BaseModel):
    """One line of the engine's log."""

    id: int = Field(description="It only goes up, over a restart of the engine as well.")
    logged_at: str
    level: Literal["debug", "info", "warning", "error"]
    logger: str = Field(description="The part of the program that wrote it.")
    text: str = Field(description="What it says; with a traceback, several rows.")


class Log(BaseModel):
    """Lines, the oldest first."""

    lines: list[LogLine]
    last: int = Field(description="To go on, ask for what comes `after` it.")
    lost: int = Field(description="Lines that followed `after` and that the engine no longer has.")


@api.get("/engine", responses={200: Engine, **Problems.of(503)}, operation_id="get_engine",
         summary="The engine's state")
@auth.needs(Role.VIEWER)
def get_engine() -> Response:
    """What the engine says of itself; 503 where none runs."""
    return jsonify(plain(context().appliance.engine.call("status")))


@api.get("/engine/log", responses={200: Log, **Problems.of(503)}, operation_id="get_engine_log",
         summary="The engine's log")
@auth.needs(Role.OPERATOR)
def get_engine_log(query: LogAsked) -> Response:
    """The newest lines that the engine keeps, or those after one; 503 where none runs.  Asking again follows it."""
    return jsonify(plain(engine_log.tail(context().appliance.engine, by=auth.principal(), **query.model_dump())))


@api.get("/statistics", responses={200: Statistics, **Problems.of(503)}, operation_id="get_statistics",
         summary="Counters")
@auth.needs(Role.VIEWER)
def get_statistics() -> Response:
    """Messages by type and reason since the engine started; 503 where none runs."""
    return jsonify(plain(context().appliance.engine.call("statistics")))
