"""Reservations that take effect now: who is in an assignment's way, when that will end, and how it shall.

``nak``: the holder is refused when it is next heard of.  ``wait``: its lease runs out and is not extended.  ``renew``:
it is asked to renew at once (FORCERENEW), and refused then; that wants a running engine, and clients that take it.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.services import assignments, leases
from app.services.access import Principal, Role
from app.services.appliance import Appliance
from app.services.definitions import Applied
from app.services.usage import Holder, holder, identifier_of
from dhcpcore.errors import InvalidValue, LessorError
from dhcpcore.lease.model import Identifier
from dhcpcore.store import queries
from dhcpcore.store.queries import LeaseFilter
from dhcpcore.wire.addresses import parse_address

NAK, WAIT, RENEW = "nak", "wait", "renew"
CHOICES = (NAK, WAIT, RENEW)
#: Leases of one client that are told of; nobody has more of them for long.
_ELSEWHERE_MAX = 10


@dataclass(frozen=True, slots=True)
class Outlook:
    """``others`` hold the assigned addresses, ``elsewhere`` is what the assigned client holds instead.

    ``moves_at`` is when the last of those in the way will be gone, at the earliest; None: nobody is, or one never ends.
    """

    takeover: str
    others: tuple[Holder, ...]
    elsewhere: tuple[Holder, ...]
    moves_at: int | None
    asked: tuple[str, ...] = ()  #: Addresses whose holders were asked to renew just now.
    refused: tuple[str, ...] = ()  #: Why others could not be asked.

    @property
    def is_settled(self) -> bool:
        """Whether nothing is in the way."""
        return not self.others and not self.elsewhere


def outlook(appliance: Appliance, assignment_id: int) -> Outlook:
    """How things stand for an assignment."""
    view = assignments.get(appliance, assignment_id)
    takeover = str(view.entry.get("takeover", NAK))
    others = tuple(one for one in view.usage.holders if not one.is_own)
    elsewhere = _elsewhere(appliance, view) if view.enabled and view.addresses else ()
    ends = [one.ends_at if takeover == WAIT else one.renews_at for one in (*others, *elsewhere)]
    known = [at for at in ends if at is not None]
    moves_at = max(known) if known and len(known) == len(ends) else None
    return Outlook(takeover, others, elsewhere, moves_at)


def choose(appliance: Appliance, assignment_id: int, how: str, *, by: Principal) -> tuple[Outlook, Applied | None]:
    """Say how what is in the way shall end; the outlook afterwards, and what was changed, if anything was."""
    by.must_be(Role.OPERATOR)
    if how not in CHOICES:
        raise InvalidValue(f"how is {how!r:.80}; right is one of {', '.join(CHOICES)}.")
    view = assignments.get(appliance, assignment_id)
    wanted, applied = (WAIT if how == WAIT else NAK), None
    if str(view.entry.get("takeover", NAK)) != wanted:
        entry = assignments.merged(view, {"takeover": WAIT if wanted == WAIT else None})
        _, applied = assignments.replace(appliance, assignment_id, entry, by=by, version=view.version)
    found = outlook(appliance, assignment_id)
    if how != RENEW:
        return found, applied
    asked, refused = [], []
    for one in (*found.others, *found.elsewhere):
        try:
            leases.renew(appliance, one.address, by=by)
        except LessorError as error:
            refused.append(str(error))
        else:
            asked.append(one.address)
    return Outlook(found.takeover, found.others, found.elsewhere, found.moves_at, tuple(asked), tuple(refused)), applied


def _elsewhere(appliance: Appliance, view: assignments.AssignmentView) -> tuple[Holder, ...]:
    """What the assigned client holds besides, as far as an index or its subnet's rows tell."""
    kind, octets = identifier_of(view.entry)
    now = appliance.database.now()
    own = {parse_address(text) for text in view.addresses if "/" not in text}
    if kind == Identifier.HW_ADDRESS:
        wanted = LeaseFilter(identities=(b"\x00" + octets, octets), active_at=now)
    elif kind == Identifier.CLIENT_ID:
        wanted = LeaseFilter(identities=(b"\x01" + octets,), active_at=now)
    else:
        return ()
    with appliance.database.reader() as connection:
        rows, _ = queries.search(connection, wanted, None, _ELSEWHERE_MAX)
    return tuple(holder(row, is_own=True) for row in rows if row.address not in own)
