"""The running engine, asked over its control channel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dhcpcore.control import VERBS, ControlClient
from dhcpcore.settings import Settings


def ask_engine(settings: Settings, verb: str, arguments: Mapping[str, Any]) -> Any:
    """The engine's answer to one verb; the arguments are checked here first, so that a mistake needs no engine."""
    VERBS[verb].parse(arguments)
    return ControlClient(settings.control_socket).call(verb, **arguments)
