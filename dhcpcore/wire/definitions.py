"""Options that the administrator defines: one mapping of the document becomes one row.

The types and their meaning are Kea's, so that definitions can be taken over: an array of a record repeats the
record's last field; ``internal`` is for formats that have code of their own, and here just octets.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from dhcpcore.errors import InvalidValue
from dhcpcore.wire.codecs.addresses import ADDRESS4, ADDRESS6, PREFIX4_SHORT, PREFIX6_SHORT, PortSet
from dhcpcore.wire.codecs.base import Codec, Counted, ListOf, Record
from dhcpcore.wire.codecs.containers import OptionalTail, SubOptions
from dhcpcore.wire.codecs.names import NAME
from dhcpcore.wire.codecs.numbers import BOOLEAN, PRESENCE, U8, U16, U32, Integer
from dhcpcore.wire.codecs.text import BINARY, OPAQUE, TEXT
from dhcpcore.wire.quoting import quoted
from dhcpcore.wire.rows import OptionRow

#: The simple types; a record is made of them.
TYPES: dict[str, Codec] = {
    "binary": BINARY,
    "boolean": BOOLEAN,
    "empty": PRESENCE,
    "fqdn": NAME,
    "int8": Integer(1, signed=True),
    "int16": Integer(2, signed=True),
    "int32": Integer(4, signed=True),
    "internal": BINARY,
    "ipv4-address": ADDRESS4,
    "ipv4-prefix": PREFIX4_SHORT,
    "ipv6-address": ADDRESS6,
    "ipv6-prefix": PREFIX6_SHORT,
    "psid": PortSet(),
    "string": TEXT,
    "uint8": U8,
    "uint16": U16,
    "uint32": U32,
}
#: A tuple counts its octets with one octet in DHCPv4 and with two in DHCPv6, as the codes of the family do.
TUPLE = "tuple"
RECORD = "record"
#: Types that reach to the end of the payload, so nothing can come after them.
_ENDLESS = frozenset({"binary", "internal", "string"})

KEYS = ("space", "code", "name", "type", "array", "fields", "encapsulates", "family", "doc")
_NEEDED = ("space", "code", "name", "type")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_OPAQUE_NAME = re.compile(r"option-[0-9]+")
#: Names that mean something else where option names stand.
_RESERVED_NAMES = frozenset({"end", "hex", "options", "text"})


def row_of(definition: Mapping[str, object], code_octets: int) -> OptionRow:
    """The row that a definition asks for; ``InvalidValue`` says what is wrong with it."""
    _check_keys(definition)
    code, name = definition["code"], definition["name"]
    highest = 254 if code_octets == 1 else 0xFFFF
    if not isinstance(code, int) or isinstance(code, bool) or not 1 <= code <= highest:
        raise InvalidValue(f"code: {quoted(code)} is not a code from 1 to {highest}")
    if (
        not isinstance(name, str)
        or not _NAME.fullmatch(name)
        or name in _RESERVED_NAMES
        or _OPAQUE_NAME.fullmatch(name)
    ):
        raise InvalidValue(
            f"name: {quoted(name)} is not a name such as x-colour: a letter, then letters, digits, - and _"
        )
    array = definition.get("array", False)
    if not isinstance(array, bool):
        raise InvalidValue(f"array: {quoted(array)} is not true or false")
    inside = definition.get("encapsulates") or None
    if inside is not None and not isinstance(inside, str):
        raise InvalidValue(f"encapsulates: {quoted(inside)} is not the name of a space")
    codec = _codec_of(definition, array, code_octets)
    if inside is not None:
        codec = _encapsulating(codec, definition, array, inside, code_octets)
    doc = definition.get("doc", "")
    if not isinstance(doc, str):
        raise InvalidValue(f"doc: {quoted(doc)} is not a string")
    return OptionRow(code, name, codec, "", doc or "Defined in this site's document.", encapsulates=inside)


def _check_keys(definition: Mapping[str, object]) -> None:
    missing = [key for key in _NEEDED if key not in definition]
    unknown = [str(key) for key in definition if key not in KEYS]
    if missing:
        raise InvalidValue(f"{', '.join(missing)} missing: a definition has {', '.join(_NEEDED)}")
    if unknown:
        raise InvalidValue(f"{', '.join(unknown)} unknown: a definition may have {', '.join(KEYS)}")


def _codec_of(definition: Mapping[str, object], array: bool, code_octets: int) -> Codec:
    kind = definition["type"]
    if kind == RECORD:
        return _record(definition.get("fields"), array, code_octets)
    if "fields" in definition:
        raise InvalidValue("fields: only the type record has fields")
    codec = _simple(kind, code_octets)
    if not array:
        return codec
    if kind in _ENDLESS or kind == "empty":
        raise InvalidValue(f"array: {kind} has no end of its own, so it cannot be repeated; tuple and fqdn can")
    return ListOf(codec)


def _simple(kind: object, code_octets: int) -> Codec:
    if kind == TUPLE:
        return Counted(OPAQUE, code_octets)
    if isinstance(kind, str) and kind in TYPES:
        return TYPES[kind]
    raise InvalidValue(f"type: {quoted(kind)} is none of {', '.join(sorted([*TYPES, TUPLE, RECORD]))}")


def _record(fields: object, array: bool, code_octets: int) -> Codec:
    if not isinstance(fields, list | tuple) or len(fields) < 2:
        raise InvalidValue("fields: a record has a list of at least two, each a type or a mapping of name and type")
    made: list[tuple[str, Codec]] = []
    for number, field in enumerate(fields, 1):
        name, kind = (field.get("name"), field.get("type")) if isinstance(field, Mapping) else (f"field{number}", field)
        if not isinstance(name, str) or not _NAME.fullmatch(name) or name in _RESERVED_NAMES:
            raise InvalidValue(f"fields: item {number}: {quoted(name)} is not a field's name")
        if name in [other for other, _codec in made]:
            raise InvalidValue(f"fields: item {number}: {name} is there twice")
        last = number == len(fields)
        if not isinstance(kind, str):
            raise InvalidValue(f"fields: item {number}: {quoted(kind)} is not a type")
        if kind in {"empty", RECORD} or (kind in _ENDLESS and (array or not last)):
            raise InvalidValue(f"fields: item {number}: {kind} cannot stand here; a string or octets only at the end")
        try:
            codec = _simple(kind, code_octets)
        except InvalidValue as error:
            raise InvalidValue(f"fields: item {number}: {error}") from None
        made.append((name, ListOf(codec) if array and last else codec))
    return Record(tuple(made))


def _encapsulating(codec: Codec, definition: Mapping[str, object], array: bool, inside: str, code_octets: int) -> Codec:
    kind = definition["type"]
    options = SubOptions(inside, code_octets)
    if kind == "empty":
        return options
    last = codec.fields[-1][1] if isinstance(codec, Record) else codec
    if array or last in {BINARY, TEXT}:
        raise InvalidValue("encapsulates: options cannot follow an array, a string or octets, which have no end")
    head = codec if isinstance(codec, Record) else Record((("value", codec),))
    return OptionalTail(head, "options", options)
