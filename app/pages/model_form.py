"""Forms made from the document's models: a field for every key, by what its JSON schema says it is.

A key that a model gets later has its field by itself.  What was typed is kept as typed; the entry that it stands for is
judged by the one validator, whose faults come back to the fields by their places.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from app.pages.option_rows import OptionRows
from dhcpcore import interchange
from dhcpcore.errors import Fault, InvalidDocument, LessorError
from dhcpcore.interchange import to_json
from dhcpcore.topology.document import ONLY_FAMILY
from dhcpcore.wire.options import OptionSpace

#: The options that each field of options may hold, by the field's name.
Spaces = Mapping[str, OptionSpace]

#: Letters of one field: a list of some thousand clients.  What is longer is refused, and never cut.
TEXT_MAX = 100_000
#: The key whose values have rows of their own.
OPTIONS = "options"
#: Where a level of both families has the options of each, and what people call them.
FAMILIES = {f"{OPTIONS}.dhcp4": "Options, DHCPv4", f"{OPTIONS}.dhcp6": "Options, DHCPv6"}
#: How the fields of an option's name and value begin, by where the options are.
_MARKS = {OPTIONS: "option", f"{OPTIONS}.dhcp4": "option4", f"{OPTIONS}.dhcp6": "option6"}
#: Where a fault is told that is at none of the fields.
WHOLE = ""
_YES_NO = {"true": "yes", "false": "no"}
#: What nearly everybody sets; the other keys are folded away until somebody wants one.
_EVERYDAY = frozenset(("prefix", "name", "interface", "relays", "shared_network", "authoritative", "first", "last",
                       "class", "delegated_length", "space", "code", "type", "array", "doc"))
_RARER = "More settings"
#: How people write what is short in a key.
_WRITTEN = {"bootp": "BOOTP", "id": "ID", "ipv6": "IPv6", "vss": "VPN (VSS)",
            "dhcp4": "DHCPv4", "dhcp6": "DHCPv6", "mac": "MAC", "doc": "Description"}


@dataclass(frozen=True, slots=True)
class Field:
    """One field; ``name`` is its place in the entry, ``kind`` how it is shown and read."""

    name: str
    label: str
    kind: str  #: text, whole, number, list, choice, yaml, or options.
    hint: str = ""
    example: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    required: bool = False
    group: str = ""


def fields_of(model: type[BaseModel], *, family: int | None = None, without: Collection[str] = ()) -> list[Field]:
    """The fields of a model, those of the other family left out; of nested ones, each key by itself."""
    return fields_of_schema(model.model_json_schema(by_alias=True), family=family, without=without)


def fields_of_schema(schema: Mapping[str, Any], *, family: int | None = None, without: Collection[str] = ()
                     ) -> list[Field]:
    """The same of a JSON schema, such as a package's handler type has."""
    known = schema.get("$defs", {})
    whole = {"properties": {}, **known.get(_target(schema), {}), **schema}
    return list(_fields(whole, known, family, frozenset(without), "", "", ()))


def _fields(schema: Mapping[str, Any], known: Mapping[str, Any], family: int | None, without: Collection[str],
            above: str, group: str, within: tuple[Any, ...]) -> Iterator[Field]:
    within = (*within, schema["properties"])
    for key, described in schema["properties"].items():
        if key in without or (family and ONLY_FAMILY.get(key, family) != family):
            continue
        described = _resolved(described, known)
        shape, inner = _shape(described, known)
        label = _label(key)
        if key == OPTIONS and (places := _places_of_options(described, inner)):
            yield from (Field(place, said, "options") for place, said in places.items())
            continue
        if inner is not None and any(inner["properties"] is one for one in within):
            shape = "yaml"  # A model that contains itself has no end of fields.
        elif inner is not None:
            yield from _fields(inner, known, family, (), f"{above}{key}.", label, within)
            continue
        example = str((described.get("examples") or _examples(described))[0])
        yield Field(f"{above}{key}", label, shape, described.get("description", "").replace("`", ""), example,
                    tuple(_choices(described)), key in schema.get("required", ()),
                    group or ("" if key in _EVERYDAY else _RARER))


def _places_of_options(described: Mapping[str, Any], inner: Mapping[str, Any] | None) -> Mapping[str, str]:
    """Where a key ``options`` holds options with values; nowhere where it is called so and is something else."""
    if inner is None:
        return {OPTIONS: "Options"} if described.get("additionalProperties") is True else {}
    held = inner["properties"]
    return FAMILIES if all(held.get(place.rpartition(".")[2], {}).get("type") == "object" for place in FAMILIES) else {}


def _target(described: Mapping[str, Any]) -> str:
    """The name of the schema that a reference leads to."""
    return str(described.get("$ref", "")).rpartition("/")[2]


def _label(key: str) -> str:
    """A key as the name of its field."""
    label = " ".join(_WRITTEN.get(word, word) for word in key.split("_"))
    return label[:1].upper() + label[1:]


def _resolved(described: Mapping[str, Any], known: Mapping[str, Any]) -> Mapping[str, Any]:
    """A key's schema; of one that leads to what is no mapping with keys, such as an enumeration, that itself."""
    target = known.get(_target(described), {})
    if target and "properties" not in target:
        return {**target, **described, "$ref": None}
    if "anyOf" in described:
        return {**described, "anyOf": [_resolved(part, known) for part in described["anyOf"]]}
    return described


def _shape(described: Mapping[str, Any], known: Mapping[str, Any]) -> tuple[str, Mapping[str, Any] | None]:
    """How a value is shown; for a mapping with keys of its own, that mapping's schema."""
    parts = [part for part in described.get("anyOf", [described]) if part.get("type") != "null"]
    for part in parts:
        if part.get("$ref"):
            return "group", known.get(_target(part), {"properties": {}})
    part = parts[0] if len(parts) == 1 else {}  # Of what may be this or that, nothing is known.
    if "enum" in part or part.get("type") == "boolean":
        return "choice", None
    match part.get("type"):
        case "array":
            return ("list" if part.get("items", {}).get("type") == "string" else "yaml"), None
        case "integer" | ["integer", "string"]:
            return "whole", None
        case "number":
            return "number", None
        case "string":
            return "text", None
        case _:
            return "yaml", None


def _examples(described: Mapping[str, Any]) -> list[Any]:
    for part in described.get("anyOf", ()):
        if part.get("examples"):
            return list(part["examples"])
        if part.get("items", {}).get("examples"):
            return list(part["items"]["examples"])
    items = described.get("items", {})
    return list(items["examples"]) if items.get("examples") else [""]


def _choices(described: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for part in described.get("anyOf", [described]):
        if part.get("type") == "boolean":
            yield from _YES_NO.items()
        for value in part.get("enum", ()):
            yield str(value), str(value)


@dataclass(frozen=True, slots=True)
class ModelForm:
    """A form as typed: texts by field, rows of options, and what is wrong by field."""

    fields: tuple[Field, ...]
    values: Mapping[str, str]
    options: Mapping[str, OptionRows]  #: By the name of their field.
    faults: Mapping[str, str]

    @classmethod
    def of_entry(cls, fields: list[Field], entry: Mapping[str, Any], spaces: Spaces) -> ModelForm:
        """What the document says, as somebody would have typed it; ``spaces`` are the options of each such field."""
        values = {field.name: _typed(field, entry) for field in fields if field.kind != "options"}
        options = {field.name: OptionRows.of_entry(_held(field, entry) or {}, spaces[field.name], _MARKS[field.name])
                   for field in fields if field.kind == "options"}
        return cls(tuple(fields), values, options, {})

    @classmethod
    def of_post(cls, fields: list[Field], given: Mapping[str, str], spaces: Spaces) -> ModelForm:
        """What a browser sent."""
        values = {field.name: given.get(field.name, "").replace("\r\n", "\n").strip() for field in fields
                  if field.kind != "options"}
        options = {field.name: OptionRows.of_post(given, spaces[field.name], _MARKS[field.name])
                   for field in fields if field.kind == "options"}
        return cls(tuple(fields), values, options, {})

    def entry(self) -> dict[str, Any]:
        """The entry in the document's words; raises ``InvalidDocument`` where a text cannot even be read."""
        made: dict[str, Any] = {}
        long = tuple(Fault(name, f"this has {len(text)} characters, of {TEXT_MAX} that a form takes: write it into the "
                           "definitions document") for name, text in self.values.items() if len(text) > TEXT_MAX)
        if long:
            raise InvalidDocument(long)
        for field in self.fields:
            text = self.values.get(field.name, "")
            value = self.options[field.name].entry() if field.kind == "options" else _read(field, text)
            if value in (None, {}, []):
                continue
            *way, last = field.name.split(".")
            holder = made
            for step in way:
                holder = holder.setdefault(step, {})
            holder[last] = value
        return made

    def groups(self) -> list[tuple[str, list[Field], bool]]:
        """What is nested: its label, its fields, and whether something of it is written or wrong."""
        labels = dict.fromkeys(field.group for field in self.fields if field.group)
        labels[_RARER] = labels.pop(_RARER, None)  # The last one.
        made = [(label, [field for field in self.fields if field.group == label]) for label in labels]
        return [(label, some, any(self.values.get(one.name) or one.name in self.faults for one in some))
                for label, some in made if some]

    def with_faults(self, error: LessorError) -> ModelForm:
        """The same form with what is wrong, each beside its field."""
        told = error.faults if isinstance(error, InvalidDocument) else (Fault(WHOLE, str(error)),)
        names = {field.name for field in self.fields}
        faults: dict[str, str] = {}
        for fault in told:
            place = fault.path.partition("[")[0]
            at = place if place.startswith("options.") or place in names else next(
                (name for name in names if name == place.partition(".")[0]), WHOLE)
            # A group is told at its first field, and what is of no field above them all.
            at = at or next((field.name for field in self.fields if field.name.startswith(f"{place}.")), WHOLE)
            said = fault.message if at else f"{fault.path}: {fault.message}".removeprefix(": ")
            if at and at == place and (number := fault.path[len(place):].strip("[]")).isdecimal():
                said = f"number {int(number) + 1}: {said}"
            faults[at] = f"{faults[at]}; {said}" if at in faults else said
        return ModelForm(self.fields, self.values, self.options, faults)

    def differences(self, other: ModelForm) -> list[tuple[str, str, str]]:
        """Label, our text and theirs, of each field that is another."""
        pairs = [(field.label if field.group in {"", _RARER} else f"{field.group}: {field.label}",
                  self.values.get(field.name, ""), other.values.get(field.name, ""))
                 for field in self.fields if field.kind != "options"]
        for place, rows in self.options.items():
            ours, theirs = rows.texts(), other.options[place].texts()
            pairs += [(f"option {name}", ours.get(name, ""), theirs.get(name, "")) for name in {**ours, **theirs}]
        return [pair for pair in pairs if pair[1] != pair[2]]


def _held(field: Field, entry: Mapping[str, Any]) -> Any:
    """What the entry has at the field's place; None for nothing."""
    value: Any = entry
    for step in field.name.split("."):
        # A lifetime may be written as one duration: that is its first key.
        if not isinstance(value, Mapping):
            return value if step == "default" else None
        value = value.get(step)
    return value


def _typed(field: Field, entry: Mapping[str, Any]) -> str:
    value = _held(field, entry)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if field.kind == "list" and isinstance(value, list) and all(map(_is_plain, value)):
        return ", ".join(value)
    return to_json(value).strip() if isinstance(value, list | dict) else str(value)


def _is_plain(value: Any) -> bool:
    """Whether it can stand in a list with commas between its parts, and be read from there as it is."""
    return isinstance(value, str) and value == value.strip() != "" and not set(value) & {",", "\n"} and value[0] != "["


def _whole(text: str) -> int | str:
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdigit() and len(digits) < 16 else text


def _read(field: Field, text: str) -> Any:
    if not text:
        return None
    match field.kind:
        case "whole":
            return _whole(text)
        case "choice" if isinstance(_whole(field.choices[0][0]), int):
            return _whole(text)
        case "number":
            try:
                return float(text)
            except ValueError:
                return text
        case "list" if text.startswith("[") and text.endswith("]"):
            return interchange.read(text, field.name)
        case "list":
            return [part.strip() for part in text.replace("\n", ",").split(",") if part.strip()]
        case "choice" if field.choices[0][0] in _YES_NO:
            return {"true": True, "false": False}.get(text, text)
        case "yaml":
            return interchange.read(text, field.name)
        case _:
            return text
