"""A revision taken back: what it changed of subnets, pools, options, globals or handlers is as it was before."""

from __future__ import annotations

from app.services.access import Principal, Role
from app.services.appliance import Appliance
from app.services.changes import NOBODY_LOSES, Consent, make
from app.services.definitions import Applied
from dhcpcore.errors import Outdated, Refused
from dhcpcore.store.handler_undo import take_back_handlers
from dhcpcore.store.topology_undo import changed_handlers_alone, undo_of


def undo(appliance: Appliance, revision: int, *, by: Principal, consent: Consent = NOBODY_LOSES) -> Applied:
    """Take it back, as a revision of its own; refused where somebody has changed the same things since."""
    by.must_be(Role.ADMIN)
    note = f"revision {revision} taken back"
    applied: Applied | None
    if changed_handlers_alone(appliance.database, revision):
        edited = take_back_handlers(appliance.database, revision, by.name, note)
        applied = Applied(edited.revision, (), (), appliance.tell_engine()) if edited.changed else None
    else:
        wishes = undo_of(appliance.database, revision)
        try:
            _, applied = make(appliance, wishes, by=by, consent=consent, note=note)
        except Outdated as error:
            raise Refused(f"Revision {revision} cannot be taken back. {error}") from None
    if applied is None:
        raise Refused(f"Revision {revision} is taken back already: all is as it was before it.")
    return applied
