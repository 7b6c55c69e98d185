"""One change of subnets, pools, options or globals: looked at, agreed to, published as a revision, the engine told."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.services.access import Principal, Role
from app.services.appliance import Appliance
from app.services.definitions import Applied, Change, Loss, TakesAddresses
from dhcpcore.errors import Busy, Fault, InvalidDocument
from dhcpcore.interchange import to_json
from dhcpcore.store.topology_edits import TopologyEdits, Wish

#: Changes of different pieces come one after the other; who comes second waits a little and is let in.
_TRIES = 6
_PAUSE_S = 0.1


@dataclass(frozen=True, slots=True)
class Consent:
    """How many clients may lose an address that they hold; None: whoever it is.  And why it is done, for the record."""

    clients: int | None = 0
    note: str = ""


NOBODY_LOSES = Consent()


def make(appliance: Appliance, wishes: Sequence[Wish], *, by: Principal, consent: Consent, note: str,
         ) -> tuple[tuple[int | str, ...], Applied | None]:
    """Make the wishes true in one revision; gives their keys, and None for ``Applied`` where all is so already.

    Refused with ``TakesAddresses`` where more clients lose an address than was agreed to.
    """
    by.must_be(Role.ADMIN)
    if not wishes:
        return (), None
    edits = TopologyEdits(appliance.database)
    for left in reversed(range(_TRIES)):
        draft = edits.draft(wishes)
        losses = tuple(Loss(one.place, one.clients) for one in draft.effects)
        if consent.clients is not None and sum(one.clients for one in losses) > consent.clients:
            raise TakesAddresses(losses)
        if not draft.plan.size:
            return draft.keys, None
        try:
            revision = edits.make(draft, by.name, consent.note or note)
            break
        except Busy:
            if not left:
                raise
            time.sleep(_PAUSE_S)
    changes = tuple(Change(one.action, one.kind, one.name, str(one)) for one in draft.plan.changes)
    return draft.keys, Applied(revision, changes, losses, appliance.tell_engine())


@dataclass(frozen=True, slots=True)
class Difference:
    """One key of an entry that is another now: as somebody saw it, and as it is; in the document's words."""

    key: str
    seen: str
    present: str


def differences(seen: Mapping[str, Any], present: Mapping[str, Any]) -> tuple[Difference, ...]:
    """What has changed of an entry since somebody looked at it."""
    return tuple(Difference(key, _text(seen.get(key)), _text(present.get(key)))
                 for key in {**seen, **present} if seen.get(key) != present.get(key))


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else value if isinstance(value, str) else to_json(value).strip()


def merged(entry: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """An entry with what a JSON merge patch says (RFC 7396): null takes a key out."""
    made = dict(entry)
    for key, value in patch.items():
        if value is None:
            made.pop(key, None)
        elif isinstance(value, Mapping):
            held = made.get(key)
            made[key] = merged(held if isinstance(held, Mapping) else {}, value)
        else:
            made[key] = value
    return made


def refuse_keys(entry: Mapping[str, Any], elsewhere: Mapping[str, str]) -> None:
    """Refuse keys that the document has here and that are changed in another place."""
    faults = tuple(Fault(key, said) for key, said in elsewhere.items() if key in entry)
    if faults:
        raise InvalidDocument(faults)
