"""What the manual says of each fault (docs/faults.md): the tests here assert these words, and not their own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

TABLE = Path(__file__).parent.parent.parent / "docs/faults.md"
_CODE = re.compile(r"`([A-Z][A-Z0-9-]+)`")


class Row(NamedTuple):
    """One fault: the reasons that the datagrams of the batch are counted under, and those of the next packets."""

    fault: str
    reasons: list[str]
    after: list[str]


def rows() -> dict[str, Row]:
    """Every row of every table of the page, by its first cell."""
    found: dict[str, Row] = {}
    for line in TABLE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.startswith("|") or len(cells) != 4 or set(cells[0]) <= set("- ") or cells[0] == "fault":
            continue
        assert cells[0] not in found, f"{cells[0]} stands twice"
        found[cells[0]] = Row(cells[0], _CODE.findall(cells[2]), _CODE.findall(cells[3]))
    return found


def told(fault: str) -> Row:
    """The row of that fault."""
    return rows()[fault]
