"""What every page of a generated form does: do what was asked and go on, or show the form again with what is wrong.

Beside each field what is wrong with it; before a change that takes addresses, from how many clients; where somebody
else has changed the same thing meanwhile, both.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Answer

from app.pages.model_form import FAMILIES, OPTIONS, ModelForm, Spaces
from app.services import option_definitions
from app.services.appliance import Appliance
from app.services.changes import Consent
from app.services.definitions import Applied, TakesAddresses
from dhcpcore.errors import InvalidDocument, InvalidValue, Outdated, Refused

_REVISION_DIGITS = 18


def answered(do: Callable[[Consent], Applied | None], form: ModelForm, page: Callable[..., str], said: str, *,
             endpoint: str, **values: Any) -> tuple[str, int] | Answer:
    """Do it and go on to ``endpoint``; or ``page``, which shows the form."""
    losses = request.form.get("losses", "")
    if request.form.get("more"):
        return page(form), 200
    try:
        applied = do(Consent(int(losses) if losses.isdecimal() and len(losses) < 16 else 0))
    except TakesAddresses as error:
        return page(form, losses=error.losses), 200
    except Outdated as error:
        return page(form.with_faults(error), is_outdated=True), 409
    except (InvalidDocument, InvalidValue) as error:
        return page(form.with_faults(error)), 422
    except Refused as error:
        return page(form.with_faults(error)), 409
    # A change that changes nothing has no revision, and nothing to undo.
    revision = None if applied is None else applied.revision
    return redirect(url_for(endpoint, said=said, revision=revision, **values), 303)


def shown(template: str, form: ModelForm, theirs: ModelForm | None, *, version: int | str | None,
          is_outdated: bool = False, **more: Any) -> str:
    """The page of a form; ``theirs`` is what is there now, ``version`` its version."""
    differences = form.differences(theirs) if theirs is not None and is_outdated else []
    # Who saves again after both were shown has seen theirs; before that, the form keeps what it was made from.
    given = request.form.get("version", "")
    if not is_outdated and given and len(given) < 64:
        version = given
    return render_template(template, form=form, is_outdated=is_outdated, differences=differences, version=version,
                           **({"losses": (), "action": None} | more))


def version() -> int | None:
    """The version that the form was made from."""
    text = request.form.get("version", "")
    return int(text) if text.isdecimal() and len(text) < _REVISION_DIGITS else None


def done(sentences: dict[str, str]) -> dict[str, Any] | None:
    """What was just done, for its sentence and its undo."""
    said, revision = request.args.get("said", ""), request.args.get("revision", "")
    if said not in sentences:
        return None
    number = int(revision) if revision.isdecimal() and len(revision) < _REVISION_DIGITS else None
    return {"sentence": sentences[said], "revision": number}


def spaces_of(appliance: Appliance, family: int) -> Spaces:
    """The options of a form of one family."""
    return {OPTIONS: option_definitions.space_of(appliance, family)}


def spaces_of_both(appliance: Appliance) -> Spaces:
    """The options of a form of both families."""
    return {place: option_definitions.space_of(appliance, family)
            for place, family in zip(FAMILIES, (4, 6), strict=True)}
