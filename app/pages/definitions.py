"""``/definitions``: the whole document seen, loaded, edited, compared with what is there, and applied."""

from __future__ import annotations

from typing import Any

import yaml
from flask import Blueprint, Response, render_template, request

from app import auth
from app.context import context
from app.services import definitions, simulation
from app.services.access import Role
from dhcpcore import interchange
from dhcpcore.errors import InvalidDocument, InvalidValue, LessorError, Refused

blueprint = Blueprint("page_definitions", __name__)

#: A document of 100,000 assignments has about so much.
BODY_BYTES_MAX = 32 * 1024 * 1024
#: What a browser's text field takes without pain; a longer document is loaded from a file.
SHOWN_MAX = 400_000


@blueprint.get("/definitions")
@auth.needs(Role.VIEWER)
def page() -> str:
    """The document as it is."""
    text, quarantined = _written()
    return render_template("definitions/page.html", text=text if len(text) <= SHOWN_MAX else None, size=len(text),
                           quarantined=quarantined, faults=(), planned=None)


@blueprint.get("/definitions.yaml")
@auth.needs(Role.VIEWER)
def download() -> Response:
    """The document as a file."""
    answer = Response(_written()[0], mimetype="application/yaml")
    answer.headers["Content-Disposition"] = 'attachment; filename="lessor.yaml"'
    return answer


@blueprint.post("/definitions")
@auth.needs(Role.ADMIN)
def change() -> tuple[str, int]:
    """What a document would change, and whom it takes an address from; with ``confirmed``, the change itself.

    With ``try``, what would have become of the latest messages under it, beside what becomes of them now.
    """
    request.max_content_length = request.max_form_memory_size = BODY_BYTES_MAX
    by, appliance = auth.principal(), context().appliance
    text = _given()
    revision = definitions.revision(appliance)
    shown: dict[str, Any] = {"revision": revision, "text": text, "size": len(text), "quarantined": (), "faults": (),
                             "planned": None}
    try:
        document = definitions.read_text(text, "the document")
        if request.form.get("confirmed") != "yes" or request.form.get("try") == "yes":
            shown["planned"] = definitions.plan(appliance, document)
            if request.form.get("try") == "yes":
                shown["trial"] = simulation.run(appliance, by=by, document=interchange.read(text, "the document"))
            return render_template("definitions/page.html", **shown), 200
        agreed = request.form.get("losses", "")
        done = definitions.apply(appliance, document, by=by, note=request.form.get("note", "")[:200],
                                 based_on=_seen(),
                                 agreed=lambda plan: agreed == str(sum(one.clients for one in plan.losses)))
    except InvalidDocument as error:
        shown["faults"] = tuple((fault.path, fault.message) for fault in error.faults)
        return render_template("definitions/page.html", **shown), 422
    except InvalidValue as error:
        shown["faults"] = (("document", str(error)),)
        return render_template("definitions/page.html", **shown), 422
    except Refused as error:
        what_now = "" if request.form.get("try") == "yes" else " Look at what it would change once more."
        shown["faults"] = (("document", f"{error}{what_now}"),)
        return render_template("definitions/page.html", **shown), 409
    fresh, quarantined = _written()
    shown |= {"text": fresh if len(fresh) <= SHOWN_MAX else None, "size": len(fresh), "quarantined": quarantined,
              "applied": done}
    return render_template("definitions/page.html", **shown), 200


def _seen() -> int:
    """The revision that the plan which is confirmed was made from: nobody's change since then is taken back unseen."""
    typed = request.form.get("revision", "")
    if not (typed.isascii() and typed.isdigit() and len(typed) < 18):
        raise Refused("Nobody has seen yet what this document would change.")
    return int(typed)


def _given() -> str:
    file = request.files.get("file")
    if file is not None and file.filename:
        try:
            return str(file.read(), "utf-8")
        except UnicodeDecodeError:
            raise InvalidValue("The file is no UTF-8 text; a definitions document is YAML or JSON.") from None
    return request.form.get("text", "").replace("\r\n", "\n")


def _written() -> tuple[str, tuple[str, ...]]:
    try:
        document, quarantined = definitions.export(context().appliance)
    except LessorError as error:
        return "", (str(error),)
    return str(yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=110)), quarantined
