"""A revision taken back: everything that it changed of subnets, pools, options and globals is as it was before."""

from __future__ import annotations

from app.services.access import Principal, Role
from app.services.appliance import Appliance
from app.services.changes import NOBODY_LOSES, Consent, make
from app.services.definitions import Applied
from dhcpcore.errors import Outdated, Refused
from dhcpcore.store.topology_undo import undo_of


def undo(appliance: Appliance, revision: int, *, by: Principal, consent: Consent = NOBODY_LOSES) -> Applied:
    """Take it back, as a revision of its own; refused where somebody has changed the same things since."""
    by.must_be(Role.ADMIN)
    wishes = undo_of(appliance.database, revision)
    try:
        _, applied = make(appliance, wishes, by=by, consent=consent, note=f"revision {revision} taken back")
    except Outdated as error:
        raise Refused(f"Revision {revision} cannot be taken back. {error}") from None
    if applied is None:
        raise Refused(f"Revision {revision} is taken back already: all is as it was before it.")
    return applied
