"""Assignments as a table (CSV): written out whole, and read back with every fault told by its row.

All rows of a table are added in one revision or none is: what is right alone may collide with another row.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from app.services import assignments
from app.services.access import Principal, Role
from app.services.appliance import Appliance
from app.services.assignments import IDENTIFIERS, AssignmentView, read_identifier
from dhcpcore.errors import Fault, InvalidDocument, InvalidValue
from dhcpcore.store.definitions import Definitions
from dhcpcore.topology.declared import Document
from dhcpcore.topology.everywhere import EVERYWHERE
from dhcpcore.topology.validate import validate
from dhcpcore.wire.addresses import parse_address, parse_prefix

COLUMNS = ("subnet", "address", *IDENTIFIERS, "hostname", "enabled")
ROWS_MAX = 100_000
#: What spreadsheets take for a formula; such a cell is written behind an apostrophe, which they hide.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_YES, _NO = frozenset({"", "yes", "true", "1"}), frozenset({"no", "false", "0"})
_ELEMENT = re.compile(r"(?:subnets\[(\d+)\]\.)?assignments\[(\d+)\]\.?(.*)")
#: Instead of a subnet's place: of those that are of no subnet.
_EVERYWHERE_AT = -1


@dataclass(frozen=True, slots=True)
class RowFault:
    """What is wrong in one row; rows are counted as a spreadsheet counts them, the head being 1."""

    row: int
    field: str
    message: str


@dataclass(frozen=True, slots=True)
class Checked:
    """A table that was read: its rows as entries, and what is wrong; nothing is written yet."""

    rows: tuple[tuple[int, str, dict[str, Any]], ...]
    faults: tuple[RowFault, ...]


def write(appliance: Appliance, subnet: str | None = None) -> Iterator[str]:
    """The lines of the table, head first; refused before the first of them where there is no such subnet."""
    views = assignments.list_assignments(appliance, subnet)
    return _lines(chain(list(islice(views, 1)), views))


def _lines(views: Iterable[AssignmentView]) -> Iterator[str]:
    yield ",".join(COLUMNS) + "\r\n"
    for view in views:
        named = {view.identifier: view.value, "subnet": view.subnet, "address": " ".join(view.addresses),
                 "hostname": view.hostname, "enabled": "yes" if view.enabled else "no"}
        line = io.StringIO()
        csv.writer(line).writerow([_harmless(str(named.get(column, ""))) for column in COLUMNS])
        yield line.getvalue()


def check(appliance: Appliance, text: str) -> Checked:
    """What adding the table's rows would mean, with every fault."""
    return _checked(appliance, text)[0]


def add(appliance: Appliance, text: str, *, by: Principal) -> int:
    """Add every row in one revision, which is returned; refused with all faults where one is wrong."""
    by.must_be(Role.OPERATOR)
    checked, document, revision = _checked(appliance, text)
    if checked.faults or document is None:
        raise InvalidDocument(tuple(Fault(f"row {one.row}", one.message) for one in checked.faults))
    note = f"{len(checked.rows)} assignments from a table"
    published = Definitions(appliance.database).apply(document, by.name, note, based_on=revision)
    appliance.tell_engine()
    return published


def _checked(appliance: Appliance, text: str) -> tuple[Checked, Document | None, int]:
    definitions = Definitions(appliance.database)
    revision = definitions.revision()
    raw = definitions.document(revision)
    homes = [(one["name"] if "name" in one else one["prefix"], one["prefix"]) for one in raw["subnets"]]
    rows: list[tuple[int, str, dict[str, Any]]] = []
    faults: list[RowFault] = []
    places: dict[tuple[int, int], int] = {}
    for number, cells in _rows(text):
        try:
            subnet, entry = _entry(cells)
            home = _home(homes, subnet, entry)
        except InvalidValue as error:
            faults.append(RowFault(number, "", str(error)))
            continue
        holder = raw if home == _EVERYWHERE_AT else raw["subnets"][home]
        listed = holder.setdefault("assignments", [])
        places[home, len(listed)] = number
        listed.append(entry)
        rows.append((number, EVERYWHERE if home == _EVERYWHERE_AT else homes[home][0], entry))
    try:
        document = validate(raw)
    except InvalidDocument as error:
        faults += [_row_fault(one, places) for one in error.faults]
        document = None
    return Checked(tuple(rows), tuple(sorted(faults, key=lambda one: one.row))), document, revision


def _rows(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    lines = csv.reader(io.StringIO(text), strict=True)
    try:
        head = [cell.strip().lower() for cell in next(lines, [])]
        unknown = sorted(set(head) - set(COLUMNS))
        if not head or unknown or "address" not in head:
            raise InvalidValue(f"The first row names the columns, of {', '.join(COLUMNS)}; address must be one"
                               f"{f', and {unknown[0]!r:.60} is none' if unknown else ''}.")
        if twice := next((name for name in head if head.count(name) > 1), None):
            raise InvalidValue(f"The first row names the column {twice} twice: which of them counts, nobody can tell.")
        for number, cells in enumerate(lines, 2):
            if number > ROWS_MAX + 1:
                raise InvalidValue(f"A table has at most {ROWS_MAX} rows.")
            if any(cell.strip() for cell in cells[len(head):]):
                raise InvalidValue(f"Row {number} has {len(cells)} cells, and the first row names {len(head)} columns.")
            if any(cell.strip() for cell in cells):
                yield number, dict(zip(head, map(_plain, cells), strict=False))
    except csv.Error as error:
        raise InvalidValue(f"Line {lines.line_num} is no CSV: {error}.") from None


def _entry(cells: dict[str, str]) -> tuple[str, dict[str, Any]]:
    named = [name for name in IDENTIFIERS if cells.get(name)]
    if len(named) != 1:
        raise InvalidValue(f"one of {', '.join(IDENTIFIERS)} names the client, and here are {len(named)}")
    entry: dict[str, Any] = {named[0]: read_identifier(cells[named[0]])}
    listed = cells.get("address", "").split()
    if not listed and not cells.get("subnet"):
        raise InvalidValue("the address is missing")
    if len(listed) == 1 and named[0] != "duid":
        entry["address"] = listed[0]
    elif listed:
        kept = {"addresses": [one for one in listed if "/" not in one],
                "prefixes": [one for one in listed if "/" in one]}
        entry.update({name: some for name, some in kept.items() if some})
    if cells.get("hostname"):
        entry["hostname"] = cells["hostname"]
    switch = cells.get("enabled", "").lower()
    if switch not in _YES | _NO:
        raise InvalidValue(f"enabled is {switch!r:.40}; right is yes or no")
    if switch in _NO:
        entry["enabled"] = False
    return cells.get("subnet", ""), entry


def _home(homes: list[tuple[str, str]], subnet: str, entry: dict[str, Any]) -> int:
    """The place of the row's subnet in the document: the one named, or the one whose prefix holds its address."""
    if subnet == EVERYWHERE:
        return _EVERYWHERE_AT
    if subnet:
        found = [index for index, names in enumerate(homes) if subnet in names]
        if not found:
            raise InvalidValue(f"there is no subnet {subnet!r:.80}")
        return found[0]
    first = entry.get("address") or next(iter(entry.get("addresses", ())), "")
    octets = parse_address(str(first))
    for index, (_, prefix) in enumerate(homes):
        network, length = parse_prefix(prefix)
        shift = max(len(octets) * 8 - length, 0)
        first_bits, bits = (int.from_bytes(one, "big") >> shift for one in (network, octets))
        if len(network) == len(octets) and first_bits == bits:
            return index
    raise InvalidValue(f"{first} lies in no subnet")


def _row_fault(fault: Fault, places: dict[tuple[int, int], int]) -> RowFault:
    found = _ELEMENT.match(fault.path)
    row = places.get(_place(found), 0) if found else 0
    said = _ELEMENT.sub(lambda match: _row_of(match, places), fault.message)
    return RowFault(row, found[3] if found else fault.path, said)


def _row_of(match: re.Match[str], places: dict[tuple[int, int], int]) -> str:
    row = places.get(_place(match))
    return f"row {row}" if row is not None else "an assignment that is there already"


def _place(match: re.Match[str]) -> tuple[int, int]:
    return _EVERYWHERE_AT if match[1] is None else int(match[1]), int(match[2])


def _plain(cell: str) -> str:
    cell = cell.strip()
    return cell[1:] if cell.startswith("'") and cell[1:2] in _FORMULA else cell


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
