"""Subnets, pools, option definitions and globals changed one at a time: the same validator, the same revisions.

Only the rows that change are written.  Assignments are read where the change meets them (a prefix that would leave
some outside, a pool over an assigned prefix, an option that some are told, a subnet that goes), and no others.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection

from dhcpcore.errors import Conflict, Fault, InvalidDocument, NotFound, Outdated, Refused
from dhcpcore.lease.model import KIND_ADDRESS4, KIND_ADDRESS6
from dhcpcore.store import columns as made
from dhcpcore.store import met_assignments as met
from dhcpcore.store import rows as stored_rows
from dhcpcore.store.columns import GLOBALS, OPTION_DEFINITION, SHARED_NETWORK
from dhcpcore.store.database import Database
from dhcpcore.store.effects import Effect
from dhcpcore.store.picture import Picture, Piece, PoolPiece, SubnetPiece, list_of, renamed
from dhcpcore.store.plan import Plan
from dhcpcore.store.rewrite import Rewrite
from dhcpcore.store.rows import Rows
from dhcpcore.store.staging import Stager
from dhcpcore.store.versions import Versions
from dhcpcore.topology.declared import Document
from dhcpcore.topology.everywhere import EVERYWHERE_ID
from dhcpcore.topology.spans import last_of
from dhcpcore.topology.validate import inspect

Kind = Literal["subnet", "pool", "option definition", "shared network", "globals"]
#: Wishes for what has a row of a kind and a name.
_NAMED: Mapping[str, str] = {"option definition": OPTION_DEFINITION, "shared network": SHARED_NETWORK}


class Wish(NamedTuple):
    """What one piece shall be: ``form`` None takes it away, and without ``key`` it is new.

    ``key`` is the number of a subnet or pool, or the name of an option definition's or a shared network's row;
    ``home`` the number of a new pool's subnet.  With ``since``, the revision of what was looked at, it is refused
    where the piece changed meanwhile.  ``revive`` is the number that a subnet had, which it gets back, and the revision
    whose assignments come back with it.
    """

    kind: Kind
    form: Mapping[str, Any] | None
    key: int | str | None = None
    home: int | None = None
    since: int | None = None
    revive: tuple[int, int] | None = None


class TopologyDraft(NamedTuple):
    """A change that was found right and is not made yet, and whom it would take an address from.

    ``keys`` are those of the wishes' pieces; an empty plan: all of it is there already.
    """

    head: int
    plan: Plan
    effects: tuple[Effect, ...]
    keys: tuple[int | str, ...]


class _Told(NamedTuple):
    """A fault, and whether it is inside of what was wished."""

    fault: Fault
    inside: bool


class TopologyEdits:
    """Edits of one database's definitions.  A draft is looked at first, then made with ``make``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def draft(self, wishes: Sequence[Wish], now: float | None = None) -> TopologyDraft:
        """What the wishes come to, all in one revision; ``InvalidDocument`` with the places inside what is wished."""
        at = self._database.now() if now is None else now
        with self._database.reader() as connection:
            rows = stored_rows.load(connection, stored_rows.head(connection))
            return _Drafting(connection, rows, wishes).run(at)

    def make(self, draft: TopologyDraft, actor: str, note: str = "") -> int:
        """Publish a draft and give the revision; refused where the definitions changed since it was made."""
        if not draft.plan.size:
            return draft.head
        return Stager(self._database).run(draft.plan, draft.head, actor, note)


class _Drafting:
    def __init__(self, connection: Connection, rows: Rows, wishes: Sequence[Wish]) -> None:
        self._connection = connection
        self._rows = rows
        self._wishes = wishes
        self._picture = Picture.of(rows)
        self._pieces: list[Piece[Any]] = []

    def run(self, now: float) -> TopologyDraft:
        versions = Versions(self._connection, self._rows)
        present = [self._present(wish, versions) for wish in self._wishes]
        for wish, piece in zip(self._wishes, present, strict=True):
            self._move_last(wish, piece)
        # Faults that were there before stop nobody.
        known = {(fault.path, fault.message) for fault in inspect(self._picture.raw()).faults.all()}
        self._pieces = [self._exchanged(wish, piece) for wish, piece in zip(self._wishes, present, strict=True)]
        self._judge_alone()
        rewrite = Rewrite(self._connection, self._rows)
        same = self._there_already(rewrite)
        if same is not None:
            return TopologyDraft(self._rows.revision, rewrite.plan, (), (same,))
        document, faults = inspect(self._picture.raw())
        self._judge(faults.all(), known)
        known |= {(fault.path, fault.message) for fault in faults.all()}
        if self._meet(document):
            self._judge(inspect(self._picture.raw()).faults.all(), known)
        keys = [
            rewrite.piece(before, None if wish.form is None else piece, self._picture, document)
            for wish, before, piece in zip(self._wishes, present, self._pieces, strict=True)
        ]
        return TopologyDraft(self._rows.revision, rewrite.plan, rewrite.effects(now), tuple(keys))

    def _present(self, wish: Wish, versions: Versions) -> Piece[Any] | None:
        """The piece that a wish is about, in the version that was looked at; None for a new one."""
        if wish.key is None and wish.kind != "globals":
            return None
        piece, version = self._found(wish, versions)
        if wish.since is not None and wish.since != version:
            raise Outdated(
                f"{_said(wish)} was changed by somebody else meanwhile (in revision {version}): "
                "look at it and try again."
            )
        return piece

    def _found(self, wish: Wish, versions: Versions) -> tuple[Piece[Any], int]:
        match wish.kind:
            case "globals":
                return self._picture.sections[GLOBALS], versions.globals
            case "option definition" | "shared network":
                for one in self._picture.named[_NAMED[wish.kind]]:
                    columns = one.stored.columns if one.stored is not None else None
                    if columns is not None and columns.name == wish.key:
                        return one, versions.definition(_NAMED[wish.kind], columns.name)
            case "subnet":
                for subnet in self._picture.subnets:
                    if subnet.stored is not None and subnet.stored.row_id == wish.key:
                        return subnet, versions.subnet(subnet.stored.row_id)
            case "pool":
                for subnet in self._picture.subnets:
                    for pool in subnet.pools:
                        if pool.stored is not None and pool.stored.row_id == wish.key:
                            return pool, pool.stored.from_revision
        raise NotFound(f"There is no {_said(wish)[0].lower()}{_said(wish)[1:]}.")

    def _home(self, wish: Wish, piece: Piece[Any] | None) -> SubnetPiece:
        for subnet in self._picture.subnets:
            if piece in subnet.pools or (
                piece is None and subnet.stored is not None and subnet.stored.row_id == wish.home
            ):
                return subnet
        raise NotFound(f"There is no subnet with the number {wish.home}.")

    def _move_last(self, wish: Wish, piece: Piece[Any] | None) -> None:
        if wish.kind in _NAMED:
            _last(self._picture.named[_NAMED[wish.kind]], piece)
        elif wish.kind == "subnet":
            _last(self._picture.subnets, piece)
        elif wish.kind == "pool":
            home = self._home(wish, piece)
            _last(home.pools, piece)
            _last(self._picture.subnets, home)

    def _exchanged(self, wish: Wish, piece: Piece[Any] | None) -> Piece[Any]:
        """The picture as the wish wants it, and the piece in it; of one that is taken away, what it was."""
        form = None if wish.form is None else dict(wish.form)
        match wish.kind:
            case "globals":
                self._picture.sections[GLOBALS].form = form
                return self._picture.sections[GLOBALS]
            case "option definition" | "shared network":
                listed = self._picture.named[_NAMED[wish.kind]]
                return _put(listed, piece, Piece(piece.stored if piece else None, form), form)
            case "subnet":
                new = SubnetPiece(piece.stored if piece else None, {}, piece.pools[:] if piece else [])  # type: ignore[attr-defined]
                new.replace(form or {})
                if wish.revive is not None:
                    new.number, revision = wish.revive
                    held = stored_rows.assignments(self._connection, revision, new.number)[0]
                    new.assignments = [(one.row_id, one.columns) for one in held if one.columns is not None]
                return _put(self._picture.subnets, piece, new, form)
            case "pool":
                key = list_of(form) if form is not None else ""
                home = self._home(wish, piece)
                return _put(home.pools, piece, PoolPiece(piece.stored if piece else None, form, key), form)

    def _judge_alone(self) -> None:
        """What is wrong with a subnet, a pool or globals by itself is no collision with others."""
        alone: list[Piece[Any]] = [
            piece
            for wish, piece in zip(self._wishes, self._pieces, strict=True)
            if wish.form is not None and wish.kind != "option definition"
        ]
        if alone:
            alone += [pool for piece in alone if isinstance(piece, SubnetPiece)
                      for pool in piece.pools if pool.key in piece.given]  # fmt: skip
            self._raise(self._told(inspect(self._picture.raw(alone)).faults.all(), (), alone), InvalidDocument)

    def _there_already(self, rewrite: Rewrite) -> int | str | None:
        """The key of what says the same as the one new piece: so a request can be sent again."""
        wish = self._wishes[0]
        if len(self._wishes) != 1 or wish.key is not None or wish.kind == "globals" or wish.revive is not None:
            return None
        piece = self._pieces[0]
        alone = [piece, *(piece.pools if isinstance(piece, SubnetPiece) else ())]
        return rewrite.there_already(self._picture, piece, inspect(self._picture.raw(alone)).document)

    def _judge(self, faults: Iterable[Fault], known: set[tuple[str, str]]) -> None:
        told = self._told(faults, known)
        # A definition is seen only among the others; what is at one of its own keys is wrong with itself.
        itself = all(wish.kind == "option definition" for wish in self._wishes) and any(one.inside for one in told)
        self._raise(told, InvalidDocument if itself else Conflict)

    @staticmethod
    def _raise(told: Sequence[_Told], kind: type[InvalidDocument]) -> None:
        if told:
            raise kind(tuple(one.fault for one in told))

    def _told(
        self, faults: Iterable[Fault], known: Container[tuple[str, str]], only: Sequence[Piece[Any]] | None = None
    ) -> list[_Told]:
        """New faults: those of what is wished by their places in it, those elsewhere by what they are of."""
        places = list(self._picture.places(only))
        names = {path: _THIS[type(piece)] if piece in self._pieces else name for path, piece, name in places}
        whole = _WHOLE[self._wishes[0].kind]
        told = []
        for fault in faults:
            path, piece = next(((path, piece) for path, piece, _ in places if _is_in(path, fault.path)), ("", None))
            owner = self._owner(piece)
            is_kept = owner is None or (piece is not owner and not _is_given(owner, piece))
            if is_kept and (fault.path, fault.message) in known:
                continue
            message = _renamed(fault.message, names)
            if owner is None:
                place = fault.path.removeprefix(path).lstrip(".")
                said = ": ".join(filter(None, (names.get(path), place, message)))
                told.append(_Told(Fault(whole, said), inside=False))
            else:
                root = next(path for path, one, _name in places if one is owner)
                told.append(_Told(Fault(fault.path.removeprefix(root).lstrip(".") or whole, message), inside=True))
        return told

    def _owner(self, piece: Piece[Any] | None) -> Piece[Any] | None:
        """The wished piece that this one is, or is part of."""
        for wish, own in zip(self._wishes, self._pieces, strict=True):
            if wish.form is not None and (piece is own or (isinstance(own, SubnetPiece) and piece in own.pools)):
                return own
        return None

    def _meet(self, document: Document) -> bool:
        """Put assignments that the change may collide with into the picture; False where there are none."""
        found: dict[int, met.Met] = {}
        places = {id(piece): path for path, piece, _name in self._picture.places()}
        declared = {subnet.path: subnet for subnet in document.subnets}
        for wish, piece in zip(self._wishes, self._pieces, strict=True):
            if wish.kind == "option definition":
                found |= self._by_id(met.saying(self._connection, self._rows.revision, self._option_names(wish, piece)))
            home = piece if isinstance(piece, SubnetPiece) else self._picture.home(piece)
            if home is None or wish.form is None or id(home) not in places:
                continue
            subnet = declared.get(places[id(home)])
            if subnet is None:
                raise Refused(f"{home.name} makes no sense as it is stored: apply a document that puts it right first.")
            if home is piece:
                found |= self._by_id(self._over_revived(home))
                found |= self._by_id(self._left_outside(home, subnet.entry.space, subnet.entry.prefix))
            stored = {pool.columns[:4] for pool in self._rows.pools.get(home.stored.row_id if home.stored else 0, ())
                      if pool.columns is not None}  # fmt: skip
            for pool in subnet.pools:
                columns = made.of_pool(pool)
                if columns[:4] not in stored or home.stored is None:
                    last = last_of(columns.last, columns.plen)
                    found |= self._by_id(met.of_range(
                        self._connection, self._rows.revision, subnet.entry.space, columns.kind, columns.first, last))
        homes = {piece.stored.row_id: piece for piece in self._picture.subnets if piece.stored is not None}
        for one in found.values():
            if one.subnet_id == EVERYWHERE_ID:
                self._picture.assignments.append((one.assignment_id, one.columns))
            if one.subnet_id in homes:
                homes[one.subnet_id].assignments.append((one.assignment_id, one.columns))
        return bool(found)

    def _over_revived(self, piece: SubnetPiece) -> Iterator[met.Met]:
        """Assignments elsewhere that have taken a prefix, or one over an address, of those that come back."""
        for _row_id, columns in piece.assignments if piece.number is not None else ():
            for space, kind, first, plen in columns.addresses:
                last = last_of(first, plen)
                yield from met.of_range(self._connection, self._rows.revision, space, kind, first, last)

    def _left_outside(self, piece: SubnetPiece, space: int, prefix: tuple[bytes, int]) -> Iterator[met.Met]:
        before = piece.stored.columns if piece.stored is not None else None
        if before is None or piece.stored is None:
            return
        number = piece.stored.row_id
        if before.space != space and met.has_any(self._connection, self._rows.revision, number):
            raise Conflict((Fault("space", f"cannot change while {before.name} has assignments, whose addresses are of "
                                  f"space {before.space}: remove them first, or apply a document"),))  # fmt: skip
        if (before.prefix, before.plen) != prefix:
            kind = KIND_ADDRESS4 if before.family == 4 else KIND_ADDRESS6
            yield from met.outside(self._connection, self._rows.revision, number, space, kind,
                                   (before.prefix, before.plen), prefix)  # fmt: skip

    @staticmethod
    def _option_names(wish: Wish, piece: Piece[Any]) -> set[str]:
        forms = [wish.form, piece.stored.columns.body if piece.stored is not None and piece.stored.columns else None]
        return {str(form["name"]) for form in forms if form is not None and form.get("name")}

    @staticmethod
    def _by_id(found: Iterable[met.Met]) -> dict[int, met.Met]:
        return {one.assignment_id: one for one in found}


#: Where a fault is told that is at none of a piece's own fields.
_WHOLE: Mapping[str, str] = {
    "subnet": "subnet", "pool": "pool", "option definition": "option_definition",
    "shared network": "shared_network", "globals": "globals",
}  # fmt: skip
_THIS = {SubnetPiece: "this subnet", PoolPiece: "this pool", Piece: "this one"}


def _said(wish: Wish) -> str:
    if wish.kind == "globals":
        return "Globals"
    return f"{wish.kind.capitalize()} {wish.key}"


def _last(listed: list[Any], piece: Piece[Any] | None) -> None:
    if piece is not None:
        listed.remove(piece)
        listed.append(piece)


def _put(listed: list[Any], old: Piece[Any] | None, new: Piece[Any], form: object) -> Piece[Any]:
    """The new piece in the old one's place, or the old one taken out."""
    if old is None:
        listed.append(new)
        return new
    if form is None:
        listed.remove(old)
        return old
    listed[listed.index(old)] = new
    return new


def _is_in(path: str, place: str) -> bool:
    return place == path or place.startswith((f"{path}.", f"{path}["))


def _is_given(owner: Piece[Any], piece: Piece[Any] | None) -> bool:
    return isinstance(owner, SubnetPiece) and isinstance(piece, PoolPiece) and piece.key in owner.given


def _renamed(message: str, names: Mapping[str, str]) -> str:
    """The message with pieces by what they are called, for their places are nobody's document."""
    for path, name in names.items():
        message = renamed(message, path, name)
    return message
