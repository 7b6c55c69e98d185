"""What takes a published change of handlers back: those that came go, those that went and changed are as they were."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dhcpcore.errors import InvalidDocument, Refused
from dhcpcore.store import catalogue
from dhcpcore.store import rows as stored_rows
from dhcpcore.store.columns import HANDLER
from dhcpcore.store.database import Database
from dhcpcore.store.handler_edits import Edited, checked, listed
from dhcpcore.store.plan import plan_definitions
from dhcpcore.store.staging import Stager

Forms = Mapping[str, Mapping[str, Any]]


def take_back_handlers(database: Database, revision: int, actor: str, note: str) -> Edited:
    """Make the handlers as they were before ``revision``, which changed nothing else; what came since stays.

    Refused where somebody has changed the same handlers since, or their order where ``revision`` changed that.
    """
    with database.reader() as connection:
        rows = stored_rows.load(connection, stored_rows.head(connection))
        before, after, now = (
            {one.name: one.form for one in listed(stored_rows.load(connection, number))}
            for number in (revision - 1, revision, rows.revision)
        )
        wanted = _wanted(before, after, now, revision)
        try:
            columns = checked(rows, wanted, None, catalogue.read(connection))
        except InvalidDocument as error:
            raise Refused(f"Revision {revision} cannot be taken back. {error}") from None
        plan = plan_definitions(connection, rows, HANDLER, columns)
    if not plan.size:
        return Edited(rows.revision, False, "")
    return Edited(Stager(database).run(plan, rows.revision, actor, note), True, "")


def _wanted(before: Forms, after: Forms, now: Forms, revision: int) -> list[Mapping[str, Any]]:
    changed = {name for name in {**before, **after} if before.get(name) != after.get(name)}
    for name in changed:
        if now.get(name) != after.get(name) and now.get(name) != before.get(name):
            raise Refused(
                f"Revision {revision} cannot be taken back. Handler {name!r} was changed by somebody else meanwhile: "
                "look at it and change it by itself."
            )
    moved = _order(before, after) != _order(after, before)
    if moved and _order(after, now) != _order(now, after) and _order(before, now) != _order(now, before):
        raise Refused(
            f"Revision {revision} cannot be taken back. The order of handlers was changed by somebody else meanwhile: "
            "move them by hand."
        )
    kept = [name for name in now if name not in changed or name in before]
    gone = [name for name in before if name in changed and name not in kept]
    if moved:  # Those of before stand as they stood; what came since stands before what it stands before now.
        names = [name for name in before if name in kept or name in gone]
        for name in kept:
            if name not in names:
                names.insert(_before(name, kept, names), name)
    else:
        names = kept[:]
        for name in gone:
            names.insert(_behind(name, list(before), names), name)
    return [before[name] if name in changed else now[name] for name in names]


def _order(one: Iterable[str], other: Iterable[str]) -> list[str]:
    """The names of one that the other has, too, in the order of the one."""
    known = set(other)
    return [name for name in one if name in known]


def _before(name: str, order: Sequence[str], among: Sequence[str]) -> int:
    """The place before the nearest one that follows it in an order; without one, the last place."""
    for other in order[order.index(name) + 1 :]:
        if other in among:
            return among.index(other)
    return len(among)


def _behind(name: str, order: Sequence[str], among: Sequence[str]) -> int:
    """The place behind the nearest one that it follows in an order; without one, the first place."""
    for other in reversed(order[: order.index(name)]):
        if other in among:
            return among.index(other) + 1
    return 0
