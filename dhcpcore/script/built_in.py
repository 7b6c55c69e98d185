"""What a script's web surface has of the server's own: the log on the dashboard, and the method that reinitialises."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dhcpcore.errors import Refused
from dhcpcore.script.compat.callbacks import WEB_METHOD_DASHBOARD, Callbacks, Method
from dhcpcore.script.progress import Doing

#: Where scripts and bookmarks know it.
REINITIALISE_PATH = "/ca/uguu/puukusoft/staticDHCPd/reinitialise"
LOG, REINITIALISE = "log", "reinitialise"


class Unusable(Refused):
    """What failed leaves a script in a state that nobody knows: another host begins."""


def doing(name: str, arguments: Mapping[str, Any]) -> Doing:
    """What a call is, for the time that it may take."""
    reinitialises = name == "reinitialise" or (name == "method" and arguments.get("path") == REINITIALISE_PATH)
    return Doing.REINITIALISING if reinitialises else Doing.WEB


def register(callbacks: Callbacks, parameters: Mapping[str, Any], reinitialise: Callable[[], object]) -> None:
    """Before ``init``, as the parameters say; a script may remove both."""
    if not parameters["WEB_ENABLED"]:
        return
    if parameters["WEB_LOG_HISTORY"]:
        callbacks.put_built_in(LOG, "core", "events", int(parameters["WEB_DASHBOARD_ORDER_LOG"]))
    if parameters["WEB_REINITIALISE_ENABLED"]:
        callbacks.put_method(Method(
            REINITIALISE_PATH, _said(reinitialise), cacheable=False,
            hidden=bool(parameters["WEB_REINITIALISE_HIDDEN"]), secure=bool(parameters["WEB_REINITIALISE_SECURE"]),
            module="core", name="reinitialise", confirm=bool(parameters["WEB_REINITIALISE_CONFIRM"]),
            display_mode=WEB_METHOD_DASHBOARD, built_in=REINITIALISE,
        ))  # fmt: skip


def _said(reinitialise: Callable[[], object]) -> Callable[..., str]:
    def callback(**_: Any) -> str:
        reinitialise()
        return "<p>The script has reinitialised.</p>"

    return callback
