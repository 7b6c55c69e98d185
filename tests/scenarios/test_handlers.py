"""Configured handlers in the way of real dialogues: what they change on the wire, whom they concern, what they may not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.packets4 import client
from tests.playbook import World, traces
from tests.scenarios.served import apply, served

Make = Callable[..., World]
A, B = client(1), client(2)


def document(*handlers: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "subnets": [{"prefix": "192.0.2.0/24", "name": "office", "lifetime": "1h",
                     "pools": [{"first": "192.0.2.100", "last": "192.0.2.109"}],
                     "options": {"domain-name": "example.org", "domain-name-servers": ["192.0.2.53"]}}],
        "handlers": list(handlers), **more,
    }  # fmt: skip


def handler(type_: str, *, scope: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    return {"type": type_, "fields": fields, **({"scope": scope} if scope else {})}


def test_without_configured_handlers_no_packet_meets_one(world: Make) -> None:
    w = served(world, document())
    assert w.lease(A).yiaddr == "192.0.2.100"
    assert not any(type(one).__module__.endswith("configured") for one in w.engine.plan.handlers)
    assert w.engine.gate is None


def test_an_option_is_set_where_it_is_not_there_yet(world: Make) -> None:
    w = served(world, document(handler("set-option", options={"dhcp4": {"time-offset": 60, "domain-name": "other"}})))
    offer = w.discover(A)
    assert offer.options[2] == (60).to_bytes(4, "big")
    assert offer.options[15] == b"example.org"
    assert "Configured handlers were asked: set-option." in traces(w)
