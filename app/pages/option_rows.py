"""Options in a form: rows of a name from the table and a value as that option wants it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dhcpcore import interchange
from dhcpcore.errors import InvalidDocument, InvalidValue
from dhcpcore.wire.manual import kind
from dhcpcore.wire.options import OptionSpace

#: More options than this in one form are no form any longer.
ROWS_MAX = 64
#: Empty rows behind what is there.
_SPARE = 2
_TEXT_MAX = 4000
_WORDS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


@dataclass(frozen=True, slots=True)
class OptionRow:
    """One row as typed, with what the named option wants."""

    name: str
    text: str
    hint: str


@dataclass(frozen=True, slots=True)
class OptionRows:
    """The rows of a form; ``mark`` is how the names of their fields begin."""

    rows: tuple[OptionRow, ...]
    space: OptionSpace
    mark: str

    @classmethod
    def of_entry(cls, options: Mapping[str, Any], space: OptionSpace, mark: str) -> OptionRows:
        """What the document says."""
        rows = [OptionRow(name, text_of(value), hint_of(name, space)) for name, value in options.items()]
        return cls(_spared(rows), space, mark)

    @classmethod
    def of_post(cls, given: Mapping[str, str], space: OptionSpace, mark: str) -> OptionRows:
        """What a browser sent, rows without a name and a value left out."""
        rows = []
        for number in range(ROWS_MAX):
            name = given.get(f"{mark}-name-{number}", "").strip()[:80]
            text = given.get(f"{mark}-value-{number}", "").strip()[:_TEXT_MAX]
            if name or text:
                rows.append(OptionRow(name, text, hint_of(name, space)))
        return cls(_spared(rows), space, mark)

    def names(self) -> list[tuple[str, str]]:
        """Every option that can be set, with what it says."""
        return [(row.name, row.doc) for row in self.space.rows if row.settable]

    def entry(self) -> dict[str, Any]:
        """Values by name, each read as the option's type wants it; the validator says what is no option's."""
        made: dict[str, Any] = {}
        for row in self.rows:
            if row.name and row.name in made:
                raise InvalidValue(f"The option {row.name} is there twice: leave one of the two out.")
            if row.name or row.text:
                made[row.name] = value_of(row.name, row.text, self.space)
        return made

    def texts(self) -> dict[str, str]:
        """What was typed, by name."""
        return {row.name: row.text for row in self.rows if row.name}


def _spared(rows: list[OptionRow]) -> tuple[OptionRow, ...]:
    return (*rows, *[OptionRow("", "", "")] * max(0, min(_SPARE, ROWS_MAX - len(rows))))


def hint_of(name: str, space: OptionSpace) -> str:
    """What a named option wants, with an example; nothing for a name that no table has."""
    row = space.by_name.get(name)
    if row is None:
        return ""
    example = row.describe().get("example")
    return f"{kind(row.codec)}, such as {text_of(example)}" if example is not None else kind(row.codec)


def text_of(value: Any) -> str:
    """A value as somebody would type it."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and value and all(isinstance(one, str) and "," not in one for one in value):
        return ", ".join(value)
    return json.dumps(value, ensure_ascii=False)


def value_of(name: str, text: str, space: OptionSpace) -> Any:
    """What a typed text means for an option: by its type, or as the document writes it."""
    row = space.by_name.get(name)
    described: Mapping[str, Any] = row.describe() if row is not None else {"type": "string"}
    if text.startswith(("{", "[")):
        return _as_in_a_document(text)
    match described["type"]:
        case "boolean":
            return _WORDS.get(text.lower(), text)
        case "integer":
            return int(text) if text.removeprefix("-").isdecimal() and len(text) < 16 else text
        case "array" if described["items"].get("type") == "integer":
            parts = [part.strip() for part in text.split(",")]
            return [int(part) if part.isdecimal() and len(part) < 16 else part for part in parts]
        case "array":
            return [part.strip() for part in text.split(",") if part.strip()]
        case "string" | "null":
            return text
        case _:
            return _as_in_a_document(text)


def _as_in_a_document(text: str) -> Any:
    try:
        return interchange.read(text, "options")
    except InvalidDocument:
        return text  # The option's own codec says what would be right.

