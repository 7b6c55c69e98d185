"""Faults while they are collected: where, what, and how it is put right; pydantic's errors in our words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from dhcpcore.errors import Fault
from dhcpcore.topology.entries import Entry

#: A document with more faults than this has one cause; the rest is counted.
FAULTS_MAX = 1000
#: A wrong value is shown, but not a page of it.
_SHOWN_MAX = 80

E = TypeVar("E", bound=Entry)


class Faults:
    """The faults of one document, in the order found, and the elements that they make unusable.

    An element is what can be left out by itself: a subnet, a pool, an assignment; named by its path.
    """

    def __init__(self) -> None:
        self._kept: list[Fault] = []
        self._more = 0
        self.elements: dict[str, str] = {}

    def add(self, element: str, place: str, message: str) -> None:
        """A fault at ``place`` inside ``element`` (an empty place: the element itself)."""
        path = _joined(element, place)
        self.elements.setdefault(element, f"{path}: {message}")
        if self.full:
            self._more += 1
        else:
            self._kept.append(Fault(path or "document", message))

    @property
    def full(self) -> bool:
        """Whether further faults are only counted."""
        return len(self._kept) >= FAULTS_MAX

    def __bool__(self) -> bool:
        return bool(self._kept)

    def all(self) -> tuple[Fault, ...]:
        """The faults; the last one says how many were left out."""
        if not self._more:
            return tuple(self._kept)
        return (*self._kept, Fault("document", f"and {self._more} faults more: put right the first ones and try again"))

    def model(self, element: str, model: type[E], value: object) -> E | None:
        """The value as a model; None, with its faults noted, where it is none."""
        try:
            return model.model_validate(value)
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                self.add(element, place_of(detail["loc"]), _message(detail, model))
        return None


def _joined(element: str, place: str) -> str:
    return f"{element}.{place}" if element and place and not place.startswith("[") else element + place


def place_of(steps: Iterable[int | str]) -> str:
    """``("pools", 0, "first")`` as ``pools[0].first``."""
    path = ""
    for step in steps:
        if step == "[key]":
            continue  # pydantic's word for a key of a mapping: the path names it already.
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else str(step)
    return path


def shown(value: object) -> str:
    """A value in a message, shortened."""
    text = repr(value)
    return text if len(text) <= _SHOWN_MAX else text[: _SHOWN_MAX - 3] + "..."


def unknown_key(key: str, known: Iterable[str]) -> str:
    """The message for a key that nobody knows."""
    names = list(known)
    near = get_close_matches(key, names, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known here: {', '.join(names)}"
    return f"is no key here; {hint}"


def _keys_at(model: type[Entry], steps: tuple[int | str, ...]) -> list[str]:
    """The keys of the model that an error's place leads to."""
    for step in steps[:-1]:
        field = next((f for name, f in model.model_fields.items() if step in {name, f.alias}), None)
        inner = _entry_in(field.annotation) if field is not None else None
        if inner is None:
            break
        model = inner
    return [field.alias or name for name, field in model.model_fields.items()]


def _entry_in(annotation: Any) -> type[Entry] | None:
    if isinstance(annotation, type) and issubclass(annotation, Entry):
        return annotation
    for part in getattr(annotation, "__args__", ()):
        found = _entry_in(part)
        if found is not None:
            return found
    return None


def _limits(detail: ErrorDetails) -> str:
    context = detail.get("ctx", {})
    low, high = context.get("ge"), context.get("le")
    return f"{shown(detail['input'])} is out of range: " + (f"at least {low}" if low is not None else f"at most {high}")


#: pydantic's kinds of error, and what we say; what is not here is said in pydantic's words.
_SAID: Mapping[str, Callable[[ErrorDetails], str]] = {
    "lessor": lambda detail: detail["msg"],
    "missing": lambda _detail: "is missing: this key is needed",
    "bool_type": lambda detail: f"{shown(detail['input'])} is neither true nor false",
    "float_type": lambda detail: f"{shown(detail['input'])} is not a number",
    "int_type": lambda detail: f"{shown(detail['input'])} is not a whole number",
    "string_type": lambda detail: f"{shown(detail['input'])} is not a string: write it in quotes",
    "list_type": lambda detail: f"{shown(detail['input'])} is not a list: write it such as [a, b]",
    "dict_type": lambda detail: f"{shown(detail['input'])} is not a mapping such as {{key: value}}",
    "model_type": lambda detail: f"{shown(detail['input'])} is not a mapping such as {{key: value}}",
    "literal_error": lambda detail: f"{shown(detail['input'])} is not right: write {detail['ctx']['expected']}",
    "greater_than_equal": _limits,
    "less_than_equal": _limits,
}


def _message(detail: ErrorDetails, model: type[Entry]) -> str:
    kind = detail["type"]
    if kind == "extra_forbidden":
        return unknown_key(str(detail["loc"][-1]), _keys_at(model, detail["loc"]))
    say = _SAID.get(kind)
    return say(detail) if say else detail["msg"]
