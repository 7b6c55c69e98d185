"""How a configured handler is made of its row: by its type's factory, and with ``worker_init`` done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

from dhcpcore.errors import LessorError
from dhcpcore.hooks.registry import Overrun
from dhcpcore.pipeline.api import Handler, HandlerFactory
from dhcpcore.pipeline.transaction import Transaction
from dhcpcore.topology.faults import place_of
from dhcpcore.topology.handler_rows import HandlerRow

#: Seconds that the making of one handler may take: meanwhile nobody is answered, unless it has a process of its own.
MAKING_S = 2.0
#: What is said of one with a process of its own for which that was too short.
TOO_SLOW_APART = (f"making it took longer than {MAKING_S:.0f} s, for which its messages waited; it is tried again when "
                  "the handler is changed or enabled anew")  # fmt: skip
#: In the order in which they are called.
PHASES = ("analyse_pre", "pre", "handle", "post", "analyse_post")


def made_built_in(factory: type[HandlerFactory], row: HandlerRow) -> Handler:
    """The handler of a type whose fields the row has as its own model."""
    handler = factory(row.name, row)()
    handler.worker_init()
    return handler


def made_of(factory: type[HandlerFactory], name: str, fields: Mapping[str, Any], *, simulated: bool) -> Handler:
    """The handler of a package's type; whatever that raises comes through."""
    maker = factory(name, factory.Fields.model_validate(dict(fields)))
    maker.simulated = simulated
    handler = maker()
    if not isinstance(handler, Handler):
        raise TypeError(f"create() made {handler!r:.60} ({type(handler).__name__}), which is no Handler")
    handler.simulated = simulated
    handler.worker_init()
    return handler


def phases_of(handler: Handler) -> dict[str, Callable[[Transaction], None]]:
    """What it has in each phase; a phase that its class does not have is not called."""
    return {
        phase: getattr(handler, phase)
        for phase in PHASES
        if getattr(type(handler), phase, None) is not getattr(Handler, phase)
    }


def is_same(row: HandlerRow, other: HandlerRow) -> bool:
    """Whether both make the same handler, whomever it concerns."""
    return (row.type, row.fields, row.payloads, row.isolated) == (
        other.type, other.fields, other.payloads, other.isolated)  # fmt: skip


def said_of(error: BaseException) -> str:
    """What a package's factory says, in one sentence."""
    if isinstance(error, Overrun):
        return (f"making it took longer than {MAKING_S:.0f} s, in which nobody was answered; it is tried again when "
                "the handler is changed or enabled anew")
    if isinstance(error, ValidationError):
        return "; ".join(f"fields.{place_of(one['loc'])}: {one['msg']}" for one in error.errors(include_url=False))
    return str(error) if isinstance(error, LookupError | LessorError) else f"{type(error).__name__}: {error}"
