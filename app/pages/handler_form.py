"""The form of a handler: its type's fields, drawn from their JSON schema, and what every handler has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from app.pages.model_form import WHOLE, Field, ModelForm, Spaces, fields_of, fields_of_schema
from app.services.handlers import BUILT_IN_SOURCE, HandlerType
from dhcpcore.errors import Fault, InvalidDocument, LessorError
from dhcpcore.topology.handler_entry import HandlerEntry

#: How the names of the fields begin that every handler has; those of a type have names of their own.
_OWN = "handler."
#: Names that the form has for itself: a type's field that is called so has them behind ``fields.``.
_TAKEN = frozenset(("before", "csrf_token", "fields", "handler", "more", "version"))
_THEIRS = "fields."
_TOP = frozenset((f"{_OWN}name", f"{_OWN}isolated", f"{_OWN}enabled", f"{_OWN}description"))


@dataclass(frozen=True, slots=True)
class HandlerForm:
    """One form, as typed, of a handler of this type."""

    type: HandlerType
    form: ModelForm

    @classmethod
    def of_entry(cls, type_: HandlerType, entry: Mapping[str, Any], spaces: Spaces) -> HandlerForm:
        """A handler as the document has it."""
        own = {key: value for key, value in entry.items() if key not in {"type", "fields"}}
        given = entry.get("fields", {})
        held = {**{key: value for key, value in given.items() if key not in _TAKEN}, "handler": own,
                "fields": {key: value for key, value in given.items() if key in _TAKEN}}
        return cls(type_, ModelForm.of_entry(fields(type_), held, spaces))

    @classmethod
    def of_post(cls, type_: HandlerType, given: Mapping[str, str], spaces: Spaces) -> HandlerForm:
        """What a browser sent."""
        return cls(type_, ModelForm.of_post(fields(type_), given, spaces))

    def entry(self) -> dict[str, Any]:
        """The handler in the document's words."""
        made = self.form.entry()
        own = made.pop("handler", {})
        made |= made.pop("fields", {})
        return {"type": self.type.name, **own, **({"fields": made} if made else {})}

    def with_faults(self, error: LessorError) -> HandlerForm:
        """The same form with what is wrong, each beside its field."""
        if not isinstance(error, InvalidDocument):
            return replace(self, form=self.form.with_faults(error))
        told = tuple(Fault(_place(fault.path), fault.message) for fault in error.faults)
        return replace(self, form=self.form.with_faults(InvalidDocument(told)))


def fields(type_: HandlerType) -> list[Field]:
    """The fields: of the type first, then those that every handler has."""
    mine = [replace(one, name=_called(one.name), group="" if "." not in one.name else one.group)
            for one in fields_of_schema(type_.schema)]
    without = ("type", "fields", *(("isolated",) if type_.source == BUILT_IN_SOURCE else ()))
    others = [replace(one, name=f"{_OWN}{one.name}") for one in fields_of(HandlerEntry, without=without)]
    return [*mine, *(replace(one, group="") if one.name in _TOP else one for one in others)]


def _called(path: str) -> str:
    """The form's name for a type's field at this place of its fields."""
    return f"{_THEIRS}{path}" if path.partition(".")[0].partition("[")[0] in _TAKEN else path


def _place(path: str) -> str:
    """The form's field for a path inside a handler."""
    if path in {"fields", "handler"}:
        return WHOLE
    if path.startswith(("fields.", "fields[")):
        return _called(path.removeprefix("fields").lstrip("."))
    return f"{_OWN}{path}" if path != "type" else WHOLE
