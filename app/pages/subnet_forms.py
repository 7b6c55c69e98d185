"""Subnets and pools added, edited, removed and brought back in forms that know their types."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response as Answer

from app.auth import needs, principal
from app.context import context
from app.pages import form_answers, option_rows
from app.pages.model_form import OPTIONS, Field, ModelForm, Spaces, fields_of
from app.services import declared, option_definitions, pools, subnets
from app.services.access import Role
from app.services.changes import Consent, Difference
from app.services.declared import DeclaredPool, DeclaredSubnet
from app.services.definitions import Applied
from dhcpcore.store.picture import PREFIX_POOLS
from dhcpcore.topology.document import PoolEntry, PrefixPoolEntry, SubnetSettings

blueprint = Blueprint("page_subnets_forms", __name__)

#: The field of an option's name, of whichever rows.
_OF_A_NAME = re.compile(r"option[46]?-name-[0-9]+")


@blueprint.get("/subnets/new")
@needs(Role.ADMIN)
def new() -> str:
    """An empty form for a subnet, with its first pool."""
    return _subnet_page(ModelForm.of_entry(_subnet_fields(None), {}, _spaces(4)), None)


@blueprint.post("/subnets/new")
@needs(Role.ADMIN)
def add() -> tuple[str, int] | Answer:
    """Add one, with a pool where its ends are given."""
    family = _family(request.form.get("prefix", ""))
    form = ModelForm.of_post(_subnet_fields(None), request.form, _spaces(family))
    ends = {key: request.form.get(f"pool-{key}", "").strip() for key in ("first", "last")}

    def do(consent: Consent) -> Applied | None:
        entry = form.entry() | ({"pools": [ends]} if any(ends.values()) else {})
        return subnets.add(context().appliance, entry, by=principal(), consent=consent)[1]

    return _done(do, form, lambda form, **more: _subnet_page(form, None, ends=ends, **more), "subnet-added")


@blueprint.get("/subnets/<int:number>/edit")
@needs(Role.ADMIN)
def edit(number: int) -> str:
    """The form of a subnet."""
    view = subnets.get(context().appliance, number)
    return _subnet_page(_of_subnet(view), view)


@blueprint.post("/subnets/<int:number>/edit")
@needs(Role.ADMIN)
def save(number: int) -> tuple[str, int] | Answer:
    """Change one; refused, with both forms shown, where somebody else has changed it meanwhile."""
    here = context().appliance
    view = subnets.get(here, number)
    form = ModelForm.of_post(_subnet_fields(view.family), request.form, _spaces(view.family))

    def do(consent: Consent) -> Applied | None:
        return subnets.replace(here, number, form.entry(), by=principal(), version=form_answers.version(),
                               consent=consent)[1]

    return _done(do, form, lambda form, **more: _subnet_page(form, view, theirs=_of_subnet(view), **more),
                 "subnet-changed", number)


@blueprint.post("/subnets/<int:number>/remove")
@needs(Role.ADMIN)
def remove(number: int) -> tuple[str, int] | Answer:
    """Remove a subnet, after what that takes was shown and confirmed; the page that follows brings it back."""
    here = context().appliance
    view = subnets.get(here, number)

    def do(consent: Consent) -> Applied | None:
        return subnets.remove(here, number, by=principal(), version=form_answers.version(), consent=consent)[1]

    return _done(do, _of_subnet(view), lambda form, **more: _subnet_page(
        form, view, action=request.path, is_removal=True, changed=_changed(subnets.changed_since, view), **more),
        "subnet-removed")


@blueprint.get("/subnets/<int:number>/pools/new")
@needs(Role.ADMIN)
def new_pool(number: int) -> str:
    """An empty form for a pool, or with ``kind=prefix`` for a prefix pool."""
    view = subnets.get(context().appliance, number)
    fields = _pool_fields(_wants_prefixes(), view.family)
    return _pool_page(ModelForm.of_entry(fields, {}, _spaces(view.family)), view, None)


@blueprint.post("/subnets/<int:number>/pools/new")
@needs(Role.ADMIN)
def add_pool(number: int) -> tuple[str, int] | Answer:
    """Add one."""
    here = context().appliance
    view = subnets.get(here, number)
    form = ModelForm.of_post(_pool_fields(_wants_prefixes(), view.family), request.form, _spaces(view.family))

    def do(consent: Consent) -> Applied | None:
        return pools.add(here, form.entry(), by=principal(), subnet=str(number), consent=consent)[1]

    return _done(do, form, lambda form, **more: _pool_page(form, view, None, **more), "pool-added", number)


@blueprint.get("/pools/<int:number>")
@needs(Role.ADMIN)
def edit_pool(number: int) -> str:
    """The form of a pool."""
    pool = pools.get(context().appliance, number)
    view = subnets.get(context().appliance, pool.subnet_id)
    return _pool_page(_of_pool(pool, view.family), view, pool)


@blueprint.post("/pools/<int:number>")
@needs(Role.ADMIN)
def save_pool(number: int) -> tuple[str, int] | Answer:
    """Change one; refused, with both forms shown, where somebody else has changed it meanwhile."""
    here = context().appliance
    pool = pools.get(here, number)
    view = subnets.get(here, pool.subnet_id)
    form = ModelForm.of_post(_pool_fields(pool.list == PREFIX_POOLS, view.family), request.form, _spaces(view.family))

    def do(consent: Consent) -> Applied | None:
        return pools.replace(here, number, form.entry(), by=principal(), version=form_answers.version(),
                             consent=consent)[1]

    return _done(do, form, lambda form, **more: _pool_page(form, view, pool, theirs=_of_pool(pool, view.family),
                                                           **more), "pool-changed", pool.subnet_id)


@blueprint.post("/pools/<int:number>/remove")
@needs(Role.ADMIN)
def remove_pool(number: int) -> tuple[str, int] | Answer:
    """Remove a pool, after what that takes was shown and confirmed."""
    here = context().appliance
    pool = pools.get(here, number)
    view = subnets.get(here, pool.subnet_id)

    def do(consent: Consent) -> Applied | None:
        return pools.remove(here, number, by=principal(), version=form_answers.version(), consent=consent)[1]

    return _done(do, _of_pool(pool, view.family),
                 lambda form, **more: _pool_page(form, view, pool, action=request.path, is_removal=True,
                                                 changed=_changed(pools.changed_since, pool), **more), "pool-removed",
                 pool.subnet_id)


@blueprint.get("/fragments/option-hint")
@needs(Role.VIEWER)
def hint() -> str:
    """What an option's value wants, while somebody chooses its name."""
    family = 6 if request.args.get("family") == "6" else 4
    named = next((text for name, text in request.args.items() if _OF_A_NAME.fullmatch(name)), "")
    space = option_definitions.space_of(context().appliance, family)
    return render_template("subnets/hint.html", hint=option_rows.hint_of(named[:80], space))


def _done(do: Callable[[Consent], Applied | None], form: ModelForm, page: Callable[..., str], said: str,
          number: int | None = None) -> tuple[str, int] | Answer:
    if number is None:
        return form_answers.answered(do, form, page, said, endpoint="page_subnets.page")
    return form_answers.answered(do, form, page, said, endpoint="page_subnets.one", number=number)


def _changed(since: Callable[..., tuple[Difference, ...]], view: DeclaredSubnet | DeclaredPool,
             ) -> tuple[Difference, ...]:
    """What somebody else has changed since the page was shown."""
    version = form_answers.version()
    return () if version is None else since(context().appliance, view, version)


def _subnet_page(form: ModelForm, view: DeclaredSubnet | None, *, ends: dict[str, str] | None = None,
                 theirs: ModelForm | None = None, **more: Any) -> str:
    family = view.family if view is not None else form.options[OPTIONS].space.family
    return _page(form, theirs, view=view, pool=None, ends=ends or {}, family=family,
                 version=view.version if view is not None else None,
                 networks=[one.entry["shared_network"] for one in declared.subnets(context().appliance)
                           if "shared_network" in one.entry], **more)


def _pool_page(form: ModelForm, view: DeclaredSubnet, pool: DeclaredPool | None, *, theirs: ModelForm | None = None,
               **more: Any) -> str:
    return _page(form, theirs, view=view, pool=pool, is_pool=True, prefixes=_wants_prefixes(), family=view.family,
                 version=pool.version if pool is not None else None, **more)


def _page(form: ModelForm, theirs: ModelForm | None, **more: Any) -> str:
    return form_answers.shown("subnets/form.html", form, theirs, **({"is_pool": False} | more))


def _subnet_fields(family: int | None) -> list[Field]:
    return fields_of(SubnetSettings, family=family)


def _pool_fields(prefixes: bool, family: int) -> list[Field]:
    return fields_of(PrefixPoolEntry if prefixes else PoolEntry, family=None if prefixes else family)


def _of_subnet(view: DeclaredSubnet) -> ModelForm:
    return ModelForm.of_entry(_subnet_fields(view.family), view.entry, _spaces(view.family))


def _of_pool(pool: DeclaredPool, family: int) -> ModelForm:
    return ModelForm.of_entry(_pool_fields(pool.list == PREFIX_POOLS, family), pool.entry, _spaces(family))


def _wants_prefixes() -> bool:
    return request.args.get("kind") == "prefix"


def _family(prefix: str) -> int:
    return 6 if ":" in prefix else 4


def _spaces(family: int) -> Spaces:
    return form_answers.spaces_of(context().appliance, family)
