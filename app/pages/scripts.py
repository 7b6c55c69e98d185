"""``/scripts``: what the site's script has registered, where it answers, and how its process does."""

from __future__ import annotations

import contextlib
from http import HTTPStatus
from urllib.parse import quote

from flask import Blueprint, Flask, Response, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.auth import needs, principal
from app.context import context
from app.pages import script_methods
from app.services import scripts
from app.services.access import Role
from app.services.scripts import Catalogue, Method
from dhcpcore.control import EngineAway

blueprint = Blueprint("page_scripts", __name__)


def install(app: Flask) -> None:
    """Give templates what the side bar shows of the script."""
    app.jinja_env.filters["quoted"] = quote
    app.context_processor(lambda: {"script_menu": _menu, "has_script": _has_script})


@blueprint.get("/scripts")
@needs(Role.VIEWER)
def page() -> str:
    """Methods, elements and the process."""
    here, found, state = context(), None, None
    with contextlib.suppress(EngineAway):  # Every page says so at its top.
        state = scripts.state(here.appliance)
        found = scripts.catalogue(here.appliance)
    return render_template("scripts/page.html", found=found, state=state, is_open=_is_open,
                           done=request.args.get("said") == "reinitialised")  # fmt: skip


@blueprint.post("/scripts/reinitialise")
@needs(Role.OPERATOR)
def reinitialise() -> AnyResponse | Response:
    """Have the script's reinitialisation handlers run."""
    scripts.reinitialise(context().appliance, by=principal())
    return redirect(url_for("page_scripts.page", said="reinitialised"), HTTPStatus.SEE_OTHER)


def _is_open(found: Catalogue, method: Method) -> bool:
    return script_methods.is_open(context().appliance.settings, found, method)


def _has_script() -> bool:
    """Whether the side bar leads to the page: the engine has a script, or should have."""
    appliance = context().appliance
    status = context().live.totals().status
    return appliance.settings.script is not None or bool(status is not None and status.get("script"))


def _menu() -> tuple[tuple[str, tuple[Method, ...]], ...]:
    """Methods that are not hidden and that the reader may call, by their modules."""
    caller, found = g.get("lessor_caller"), context().script()
    if caller is None or found is None:
        return ()
    groups: dict[str, list[Method]] = {}
    for one in found.methods:
        if not one.hidden and not one.fault and caller.principal.role >= one.role:
            groups.setdefault(one.module, []).append(one)
    return tuple((module, tuple(methods)) for module, methods in groups.items())
