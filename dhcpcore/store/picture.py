"""The definitions without assignments as a document whose pieces can be exchanged, for the one validator to look at.

The pieces that a change touches stand last: of two that collide the validator blames the later one, and what is blamed
shall be what somebody has just written.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from dhcpcore.store.columns import (
    CLASS,
    GLOBALS,
    HANDLER,
    OPTION_DEFINITION,
    SECTIONS,
    SHARED_NETWORK,
    AssignmentColumns,
    DefinitionColumns,
    PoolColumns,
    SubnetColumns,
    assignment_form,
    pool_form,
    subnet_form,
)
from dhcpcore.store.met_assignments import called
from dhcpcore.store.rows import Rows, Stored
from dhcpcore.topology.document import VERSION
from dhcpcore.topology.everywhere import EVERYWHERE, told

POOLS = "pools"
PREFIX_POOLS = "prefix_pools"
#: Keys that only a prefix pool has.
_OF_PREFIX_POOLS = frozenset({"prefix", "delegated_length"})

#: Kinds of rows that are lists of the document, with their key there and what people call one.
NAMED: Mapping[str, tuple[str, str]] = {
    OPTION_DEFINITION: ("option_definitions", "option definition"),
    SHARED_NETWORK: ("shared_networks", "shared network"),
    CLASS: ("classes", "class"),
    HANDLER: ("handlers", "handler"),
}
#: What decides whether anything is right anywhere: which options there are, and which classes.
_NEEDED = frozenset({OPTION_DEFINITION, CLASS})

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class Piece(Generic[T]):
    """A part of the document with the row that holds it; None for one that is new."""

    stored: Stored[T] | None
    form: Any


@dataclass(slots=True, eq=False)
class PoolPiece(Piece[PoolColumns]):
    """A pool; ``key`` is the list that it stands in."""

    key: str = POOLS


@dataclass(slots=True, eq=False)
class SubnetPiece(Piece[SubnetColumns]):
    """A subnet: ``form`` is what it says of itself, and ``given`` are the lists that a change replaces.

    ``number`` is that of a subnet which was there before and comes back, with its ``assignments``; of others those are
    here that a change meets.
    """

    pools: list[PoolPiece] = field(default_factory=list)
    given: frozenset[str] = frozenset()
    assignments: list[tuple[int, AssignmentColumns]] = field(default_factory=list)
    number: int | None = None

    @property
    def name(self) -> str:
        """What people call it."""
        if self.stored is not None and self.stored.columns is not None:
            return self.stored.columns.name
        return str(self.form.get("name") or self.form.get("prefix"))

    def replace(self, form: Mapping[str, Any]) -> None:
        """Another form; lists of pools that it has replace what is there, the others stay."""
        self.form = dict(form)
        for key in (POOLS, PREFIX_POOLS):
            if isinstance(form.get(key), list):
                self.pools = [pool for pool in self.pools if pool.key != key]
                self.pools += [PoolPiece(None, item, key) for item in self.form.pop(key)]
                self.given |= {key}


@dataclass(slots=True)
class Picture:
    """All pieces."""

    sections: dict[str, Piece[DefinitionColumns]]  #: Parts that are there once, by their key.
    named: dict[str, list[Piece[DefinitionColumns]]] = field(default_factory=dict)  #: By the row's kind.
    subnets: list[SubnetPiece] = field(default_factory=list)
    #: Those of no subnet that a change meets.
    assignments: list[tuple[int, AssignmentColumns]] = field(default_factory=list)

    @classmethod
    def of(cls, rows: Rows) -> Picture:
        """The pieces of a revision; what cannot be read is an empty one."""
        made = cls({kind: _piece(rows.definitions.get((kind, "")), None) for kind in (GLOBALS, *SECTIONS)})
        for wanted in NAMED:
            made.named[wanted] = [
                _piece(stored, {}) for (kind, _name), stored in rows.definitions.items() if kind == wanted
            ]
        for stored in rows.subnets:
            pools = [pool_piece(pool) for pool in rows.pools.get(stored.row_id, ()) if pool.columns is not None]
            form = subnet_form(stored.columns) if stored.columns is not None else {}
            made.subnets.append(SubnetPiece(stored, form, pools))
        return made

    def raw(self, only: Collection[Piece[Any]] | None = None) -> dict[str, Any]:
        """The document; with ``only``, that of these pieces, and of all else what they cannot do without."""
        made: dict[str, Any] = {"version": VERSION}
        for kind, (key, _said) in NAMED.items():
            is_needed = only is None or kind in _NEEDED
            made[key] = [piece.form for piece in self.named[kind] if is_needed or piece in (only or ())]
        made["subnets"] = [_subnet(piece, pools) for piece, pools in self._shown(only)]
        if self.assignments:
            made["assignments"] = [assignment_form(columns) for _row_id, columns in self.assignments]
        for kind, piece in self.sections.items():
            if piece.form is not None and (only is None or piece in only):
                made[kind] = piece.form
        return made

    def places(self, only: Collection[Piece[Any]] | None = None) -> Iterator[tuple[str, Piece[Any] | None, str]]:
        """Path in ``raw``, piece and what people call it, the innermost first; assignments are no pieces."""
        shown = list(self._shown(only))
        for number, (row_id, columns) in enumerate(self.assignments):
            yield f"assignments[{number}]", None, called(row_id, columns, told(EVERYWHERE))
        for index, (subnet, pools) in enumerate(shown):
            for number, (row_id, columns) in enumerate(subnet.assignments):
                yield f"subnets[{index}].assignments[{number}]", None, called(row_id, columns, subnet.name)
            for key in (POOLS, PREFIX_POOLS):
                for number, pool in enumerate(pool for pool in pools if pool.key == key):
                    yield f"subnets[{index}].{key}[{number}]", pool, f"{pool_name(pool.form)} of {subnet.name}"
        for index, (subnet, _pools) in enumerate(shown):
            yield f"subnets[{index}]", subnet, f"subnet {subnet.name}"
        for kind, (key, said) in NAMED.items():
            listed = [one for one in self.named[kind] if only is None or kind in _NEEDED or one in only]
            for index, one in enumerate(listed):
                yield f"{key}[{index}]", one, f"{said} {one.form.get('name')}"
        for kind, one in self.sections.items():
            yield kind, one, kind

    def home(self, pool: Piece[Any]) -> SubnetPiece | None:
        """The subnet that a pool is of."""
        return next((subnet for subnet in self.subnets if pool in subnet.pools), None)

    def _shown(self, only: Collection[Piece[Any]] | None) -> Iterator[tuple[SubnetPiece, list[PoolPiece]]]:
        for subnet in self.subnets:
            pools = [pool for pool in subnet.pools if only is None or pool in only]
            if only is None or pools or subnet in only:
                yield subnet, pools


def _piece(stored: Stored[DefinitionColumns] | None, empty: Any) -> Piece[DefinitionColumns]:
    readable = stored is not None and stored.columns is not None
    return Piece(stored, dict(stored.columns.body) if readable else empty)  # type: ignore[union-attr]


def _subnet(piece: SubnetPiece, pools: Iterable[PoolPiece]) -> dict[str, Any]:
    form = dict(piece.form)
    for pool in pools:
        form.setdefault(pool.key, []).append(pool.form)
    if piece.assignments:
        form["assignments"] = [assignment_form(columns) for _row_id, columns in piece.assignments]
    return form


def mention(path: str) -> re.Pattern[str]:
    """A path where it stands in a sentence, and not as the end of a longer one."""
    return re.compile(rf"(?<![\w.\]]){re.escape(path)}")


def renamed(message: str, path: str, name: str) -> str:
    """A sentence with what people call it instead of a path."""
    return mention(path).sub(name.replace("\\", r"\\"), message)


def pool_piece(stored: Stored[PoolColumns]) -> PoolPiece:
    """A stored pool in the list that it belongs to."""
    assert stored.columns is not None
    form = pool_form(stored.columns)
    return PoolPiece(stored, form, list_of(form))


def list_of(form: Mapping[str, Any]) -> str:
    """The list of a subnet that a pool stands in, by its keys."""
    return PREFIX_POOLS if _OF_PREFIX_POOLS & form.keys() else POOLS


def pool_name(form: Any) -> str:
    """A pool in a sentence."""
    if not isinstance(form, Mapping):
        return "pool"
    prefix = form.get("prefix")
    return f"prefix pool {prefix}" if prefix else f"pool {form.get('first', '?')} - {form.get('last', '?')}"
