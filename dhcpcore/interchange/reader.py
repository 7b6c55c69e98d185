"""Text to plain values, for YAML and JSON alike, with limits and with the line of what cannot be read.

The scalars are those of YAML 1.2's core schema: only ``true`` and ``false`` are booleans, only decimal (or ``0x``,
``0o``) digits are numbers.  So ``no`` is a string, and so is ``12:34:56:01:02:03``, which YAML 1.1 takes for a number.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from dhcpcore.errors import Fault, InvalidDocument

#: libyaml's parser where PyYAML was built with it, several times as quick; else the one in Python.
_Parser = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

#: A hundred thousand assignments are about 10 MB; a million fit.
OCTETS_MAX = 256 * 1024 * 1024
#: The format itself is eight levels deep; options may add a few.
DEPTH_MAX = 32

#: Longer runs of digits are no number of ours.
_DIGITS_MAX = 20
_TOO_DEEP = f"is nested more than {DEPTH_MAX} levels deep: no definition is"

# Plain scalars of the core schema, YAML 1.2.2 10.3.2; infinities and NaN are no values of ours and stay strings.
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("null", "Null", "NULL", "~", ""), None),
}
_NUMBERS_BEGIN = frozenset("-+.0123456789")
_WHOLE = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_REAL = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
#: How JSON writes what no text of ours may hold, or half of a pair that it may; and that itself.
_MAYBE_UNFIT = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
_UNFIT = re.compile("[\0\ud800-\udfff]")
_ZERO = "has a zero character (NUL), which no database keeps in a text: take it out"
_HALF = "has half a character (a lone surrogate such as \\ud800): write whole ones"


def is_plain_string(text: str) -> bool:
    """Whether ``read`` takes the unquoted text for a string."""
    return text not in _WORDS and not _WHOLE.fullmatch(text) and not _REAL.fullmatch(text)


def read(text: str | bytes, name: str = "document") -> Any:
    """The value of a document: JSON where it begins like it, else YAML.

    Raises ``InvalidDocument`` with the line and column of what cannot be read; ``name`` is what its faults are told at.
    """
    if len(text) > OCTETS_MAX:
        raise _fault(name, f"is larger than {OCTETS_MAX // 1024 // 1024} MB: cut it into several")
    if isinstance(text, bytes):
        text = _decoded(text, name)
    value = _json(text, name) if text.lstrip("\ufeff \t\r\n")[:1] in {"{", "["} else _yaml(text, name)
    _check_depth(value, name)
    return value


def read_json(text: str | bytes, name: str = "document") -> Any:
    """As ``read``, for what says of itself that it is JSON: YAML is not taken instead."""
    if isinstance(text, bytes):
        text = _decoded(text, name)
    value = _json(text, name, or_yaml=False)
    _check_depth(value, name)
    return value


def _decoded(octets: bytes, name: str) -> str:
    try:
        return octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = octets[: error.start].count(b"\n") + 1
        wrong = f"octet {error.start} ({octets[error.start]:#04x}) cannot be read"
        raise _fault(name, f"is not UTF-8: {wrong}", line) from None


def read_file(path: Path) -> Any:
    """The value of a file; see ``read``."""
    try:
        with path.open("rb") as file:
            octets = file.read(OCTETS_MAX + 1)
    except OSError as error:
        raise _fault(str(path), f"cannot be read: {error.strerror}") from None
    return read(octets, str(path))


def _fault(name: str, message: str, line: int | None = None, column: int | None = None) -> InvalidDocument:
    place = name + (f", line {line}" if line else "") + (f", column {column}" if column else "")
    return InvalidDocument((Fault(place, message),))


def _json(text: str, name: str, *, or_yaml: bool = True) -> Any:
    try:
        value = json.loads(text.lstrip("\ufeff"), object_pairs_hook=_unique, parse_constant=_no_constant)
        if _MAYBE_UNFIT.search(text) and (unfit := tuple(_unfit(value, ""))):
            raise InvalidDocument(tuple(Fault(place or name, said) for place, said in unfit))
    except json.JSONDecodeError as error:
        # What begins like JSON may still be YAML in its flow style: then YAML's word counts.
        if or_yaml:
            with suppress(InvalidDocument):
                return _yaml(text, name)
        raise _fault(name, f"is no JSON: {error.msg}", error.lineno, error.colno) from None
    except _KeyTwiceError as error:
        raise _fault(name, str(error)) from None
    except RecursionError:
        raise _fault(name, _TOO_DEEP) from None
    except ValueError as error:
        raise _fault(name, f"is no JSON that can be read: {error}") from None
    return value


def _unfit(value: Any, place: str) -> Iterator[tuple[str, str]]:
    """Where a value has a text that cannot be kept, and why."""
    match value:
        case str() if found := _UNFIT.search(value):
            yield place, _ZERO if found[0] == "\0" else _HALF
        case list():
            for number, inner in enumerate(value):
                yield from _unfit(inner, f"{place}[{number}]")
        case dict():
            for key, inner in value.items():
                yield from ((place, f"a key {said}") for _place, said in _unfit(key, ""))
                if not _UNFIT.search(key):
                    yield from _unfit(inner, f"{place}.{key}" if place else key)


class _KeyTwiceError(Exception):
    """An object has a key twice: one of the two would be lost in silence."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        twice = Counter(key for key, _value in pairs).most_common(1)[0][0]
        raise _KeyTwiceError(f"has the key {twice!r} twice in one mapping: write it once")
    return made


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is not a number of JSON")


def _yaml(text: str, name: str) -> Any:
    """One YAML document, from the parser's events: without recursion, which deep nesting could end the process by."""
    if text and text.isspace():
        return None
    try:
        return _built(yaml.parse(text, Loader=_Parser))
    except UnicodeEncodeError:
        raise _fault(name, "has half a character (a lone surrogate): write whole ones") from None
    except _UnfitError as error:
        raise _fault(name, str(error), *error.at) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = " ".join(part for part in (error.context, error.problem) if part)
        at = (mark.line + 1, mark.column + 1) if mark else (None, None)
        raise _fault(name, f"is no YAML: {said}", *at) from None
    except yaml.reader.ReaderError as error:
        before = text.encode()[: error.position].decode(errors="ignore")
        at = (before.count("\n") + 1, len(before) - before.rfind("\n"))
        raise _fault(name, f"has a character that YAML forbids: {error.reason}", *at) from None


class _UnfitError(Exception):
    """YAML that is right and not for us; ``at`` is its line and column."""

    def __init__(self, message: str, event: Any) -> None:
        super().__init__(message)
        self.at = (event.start_mark.line + 1, event.start_mark.column + 1)


_NO_KEY = object()


@dataclass(slots=True)
class _Open:
    """A collection that is being read; of a mapping, also the key whose value comes next."""

    value: list[Any] | dict[str, Any]
    key: Any = _NO_KEY


def _built(events: Iterable[Any]) -> Any:
    whole: list[Any] = []
    stack: list[_Open] = [_Open(whole)]
    for event in events:
        match event:
            case yaml.ScalarEvent():
                _put(stack[-1], _scalar(event), event)
            case yaml.SequenceStartEvent() | yaml.MappingStartEvent():
                if len(stack) > DEPTH_MAX:
                    raise _UnfitError(_TOO_DEEP, event)
                if event.tag is not None:
                    raise _UnfitError(f"has the tag {event.tag}, which is not read here: take it out", event)
                value: list[Any] | dict[str, Any] = [] if isinstance(event, yaml.SequenceStartEvent) else {}
                _put(stack[-1], value, event)
                stack.append(_Open(value))
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                stack.pop()
            case yaml.AliasEvent():
                # A few lines of aliases can stand for gigabytes, and definitions need none.
                raise _UnfitError("has an alias (*name), which is not read here: write it out", event)
            case yaml.DocumentStartEvent() if whole:
                raise _UnfitError("has a second document behind ---: put each into a file of its own", event)
    return whole[0] if whole else None


def _put(holder: _Open, value: Any, event: Any) -> None:
    if isinstance(holder.value, list):
        holder.value.append(value)
    elif holder.key is not _NO_KEY:
        holder.value[holder.key] = value
        holder.key = _NO_KEY
    elif not isinstance(value, str):
        raise _UnfitError(f"has the key {value!r}, which is not a string: write it in quotes", event)
    elif value in holder.value:
        raise _UnfitError(f"has the key {value!r} twice in one mapping: write it once", event)
    else:
        holder.key = value


def _scalar(event: Any) -> Any:
    text: str = event.value
    if event.tag is not None:
        raise _UnfitError(f"has the tag {event.tag}, which is not read here: take it out", event)
    if "\0" in text:
        raise _UnfitError(_ZERO, event)
    if not event.implicit[0]:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMBERS_BEGIN:
        return text
    if _WHOLE.fullmatch(text):
        if len(text) > _DIGITS_MAX:
            raise _UnfitError("has a number of too many digits: write it in quotes, if it is none", event)
        return int(text, 0) if text[:2] in {"0x", "0o"} else int(text)
    if _REAL.fullmatch(text):
        number = float(text)
        if not math.isfinite(number):
            raise _UnfitError(f"has the number {text}, which is too large: write it in quotes, if it is none", event)
        return number
    return text


def _check_depth(value: Any, name: str) -> None:
    level = [value]
    for _depth in range(DEPTH_MAX):
        level = [
            inner
            for one in level
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return
    raise _fault(name, _TOO_DEEP)
