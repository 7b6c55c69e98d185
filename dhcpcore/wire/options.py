"""A space of options: rows by code and by name, and the spaces that its options encapsulate.

The two tables (``v4.options``, ``v6.options``) are such spaces; the administrator's definitions make larger ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import partial
from types import MappingProxyType

from dhcpcore.errors import InvalidValue
from dhcpcore.wire.codecs.base import Value
from dhcpcore.wire.definitions import row_of
from dhcpcore.wire.quoting import quoted
from dhcpcore.wire.rows import OptionRow, opaque_row

#: A bulk leasequery's answer has four: client data, identity association, address, status, RFC 5460.
ENCAPSULATION_LEVELS_MAX = 5

_OPAQUE_NAME = re.compile(r"option-([0-9]{1,5})")
_VENDOR_SPACE = re.compile(r"vendor-[0-9]{1,10}")
_TOP_SPACES = frozenset({"dhcp4", "dhcp6"})

Tables = Mapping[str, tuple[OptionRow, ...]]


class OptionSpace:
    """Options by code and by name; immutable."""

    __slots__ = ("_tables", "by_code", "by_name", "code_octets", "name", "rows")

    def __init__(
        self, name: str, rows: Iterable[OptionRow], *, code_octets: int = 1, tables: Tables | None = None
    ) -> None:
        self.name = name
        self.rows = tuple(rows)
        self.code_octets = code_octets
        self.by_code: Mapping[int, OptionRow] = MappingProxyType({row.code: row for row in self.rows})
        self.by_name: Mapping[str, OptionRow] = MappingProxyType({row.name: row for row in self.rows})
        self._tables: Tables = {name: self.rows} if tables is None else tables

    def row(self, code: int) -> OptionRow:
        """The row of a code; an opaque one for a code that the table does not have."""
        row = self.by_code.get(code)
        return opaque_row(code) if row is None else row

    def find(self, key: str | int) -> OptionRow:
        """The row of a name, a code, or ``option-NNN``, which means octets whatever the table says of the code."""
        if isinstance(key, str):
            row = self.by_name.get(key)
            if row is not None:
                return row
            match = _OPAQUE_NAME.fullmatch(key)
            if match:
                return opaque_row(self._checked(int(match[1])))
            if not (key.isascii() and key.isdecimal() and len(key) <= 5):
                raise InvalidValue(self._unknown(key))
        return self.row(self._checked(int(key)))

    def _checked(self, code: int) -> int:
        highest = 0xFF if self.code_octets == 1 else 0xFFFF
        # PAD and END have no value in the options field; inside an option their codes are like any other.
        if not 0 <= code <= highest or (self.name == "dhcp4" and code in {0, 255}):
            raise InvalidValue(f"{code} is not the code of an option: they go from 1 to {highest - (highest == 0xFF)}")
        return code

    def _unknown(self, name: str) -> str:
        near = get_close_matches(name, self.by_name, n=3, cutoff=0.6)
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        return f"{quoted(name)} is not an option of {self.name}: {hint}option-NNN with hex sends any code"

    def encode(self, name: str | int, value: object) -> tuple[int, bytes]:
        """Code and payload of a named option; every one takes its plain value or ``{hex: …}``."""
        row = self.find(name)
        return row.code, row.encode(value)

    def encode_each(self, name: str | int, value: object) -> list[tuple[int, bytes]]:
        """As ``encode``; for a DHCPv6 option that may stand several times a list gives one option an item."""
        row = self.find(name)
        if not row.repeats or not isinstance(value, list | tuple):
            return [(row.code, row.encode(value))]
        pairs = []
        for number, item in enumerate(value, 1):
            try:
                pairs.append((row.code, row.encode(item)))
            except InvalidValue as error:
                raise InvalidValue(f"item {number}: {error}") from None
        return pairs

    def decode(self, code: int, data: bytes) -> tuple[str, Value]:
        """Name and plain value of an option."""
        row = self.row(code)
        return row.name, row.codec.decode(data)

    def inner(self, name: str) -> tuple[OptionRow, ...]:
        """The rows of a space that an option here encapsulates, none for a space without definitions."""
        return self._tables.get(name, ())

    def inner_names(self) -> tuple[str, ...]:
        """The names of the spaces that options here encapsulate, other than this one."""
        return tuple([name for name in self._tables if name != self.name])

    def with_definitions(self, definitions: Iterable[Mapping[str, object]]) -> OptionSpace:
        """This space with the administrator's options; those of another family's spaces are passed over."""
        space, faults = self.extended(definitions)
        for index, message in faults:
            raise InvalidValue(f"option_definitions[{index}]: {message}")
        return space

    def extended(self, definitions: Iterable[Mapping[str, object]]) -> tuple[OptionSpace, list[tuple[int, str]]]:
        """As ``with_definitions``, but the wrong ones are left out and told by their place in the list."""
        listed = list(definitions)
        mine = self.spaces_of(listed)
        tables = {name: list(rows) for name, rows in self._tables.items()}
        faults = []
        added = False
        for index, definition in enumerate(listed):
            space = space_of(definition)
            if space not in mine or definition.get("family", self.family) != self.family:
                continue
            rows = tables.setdefault(space, [])
            try:
                row = row_of(definition, self.code_octets)
                _check_new(row, rows, space)
                self._check_filled(row.encapsulates, listed)
            except InvalidValue as error:
                faults.append((index, str(error)))
            else:
                rows.append(row)
                added = True
        if not added:
            return self, faults
        return family_of(self.name, self.code_octets, {name: tuple(rows) for name, rows in tables.items()}), faults

    @property
    def family(self) -> int:
        """4 or 6."""
        return 4 if self.code_octets == 1 else 6

    def spaces_of(self, definitions: Iterable[Mapping[str, object]]) -> frozenset[str]:
        """The names of the spaces that belong to this family, by these definitions' ``encapsulates`` too."""
        listed = [one for one in definitions if one.get("family", self.family) == self.family]
        names = set(self._tables)
        names |= {space_of(one) for one in listed if _VENDOR_SPACE.fullmatch(space_of(one))}
        while True:
            reached = {
                str(one["encapsulates"])
                for one in listed
                if space_of(one) in names and isinstance(one.get("encapsulates"), str) and one["encapsulates"]
            }
            if reached - _TOP_SPACES <= names:
                return frozenset(names)
            names |= reached - _TOP_SPACES

    def _check_filled(self, name: str | None, definitions: list[Mapping[str, object]]) -> None:
        if name is None or name in self._tables or any(space_of(one) == name for one in definitions):
            return
        raise InvalidValue(f"encapsulates: no option is defined in the space {quoted(name)}")


def space_of(definition: Mapping[str, object]) -> str:
    """The space that a definition names; empty where it names none."""
    space = definition.get("space")
    return space if isinstance(space, str) else ""


def _check_new(row: OptionRow, rows: list[OptionRow], space: str) -> None:
    for other in rows:
        if other.code == row.code:
            raise InvalidValue(
                f"code: {row.code} is {other.name} in {space} already; option-{row.code} with hex sends any octets"
            )
        if other.name == row.name:
            raise InvalidValue(f"name: {row.name} is code {other.code} in {space} already")


def family_of(top: str, code_octets: int, tables: Tables) -> OptionSpace:
    """The space ``top`` of a family whose tables are given, with what it encapsulates bound level by level."""
    spaces: dict[str, OptionSpace] = {}
    for _level in range(ENCAPSULATION_LEVELS_MAX):
        lookup = partial(_space_in, spaces, code_octets)
        spaces = {
            name: OptionSpace(name, [row.bound(lookup) for row in rows], code_octets=code_octets, tables=tables)
            for name, rows in tables.items()
        }
    return spaces[top]


def _space_in(spaces: Mapping[str, OptionSpace], code_octets: int, name: str) -> OptionSpace:
    space = spaces.get(name)
    return OptionSpace(name, (), code_octets=code_octets) if space is None else space
