"""Where transactions meet the hooks: one handle a packet, the arguments of each point, and what a status does.

The points before the commit are met by the handlers of ``handlers.hooked``; those after it here, between the batch's
commit and the answer's leaving.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dhcpcore.errors import MalformedMessage, Refused
from dhcpcore.hooks.awaited import Waits
from dhcpcore.hooks.handle import CalloutHandle, Status, Told
from dhcpcore.hooks.parking import PARKED_MAX, ParkingLot
from dhcpcore.hooks.registry import Registry
from dhcpcore.lease.facts import Outcome
from dhcpcore.lease.model import Change, Lease, LeaseKey, State
from dhcpcore.lease.transitions import recover, remain_declined
from dhcpcore.pipeline.bundle import Outgoing, TransactionBundle
from dhcpcore.pipeline.signals import Ask, CannotRespond
from dhcpcore.pipeline.trace import Step
from dhcpcore.pipeline.views import Answer4, Lease4, Query4, assignment_view, lease4
from dhcpcore.stats.reasons import Reason
from dhcpcore.topology.classes import offer_hold_of
from dhcpcore.topology.snapshot import Snapshot
from dhcpcore.wire.addresses import format_address
from dhcpcore.wire.v4.message import MessageType, Request4, repack

#: Seconds that an answer may be parked: the client has asked again by then.
PARKED_S = 8.0
#: Seconds that the end of a probation may wait until the callouts at lease4_recover have been asked: a round of the
#: sweep takes minutes at most.  Should nobody ever ask, because the library was taken away, the address is free then.
RECOVERY_S = 3600

_KEY = "hooks"
_CREATE = "context_create"
#: In a bundle's ``handler_data``: it may leave, after it was parked.
_FREE = "free to leave"
#: Invocations for one message, those among them about what turned out to be another answer.
_TOLD_MAX = 16
_CHANGING = frozenset((MessageType.REQUEST, MessageType.RELEASE, MessageType.DECLINE))
#: They may have come to another port, to which their answer is bound: they are not put aside.
_OF_ANOTHER_PORT = frozenset((MessageType.PXE_DISCOVER, MessageType.PXE_REQUEST))
_NO_CHANGES: Mapping[LeaseKey, Change] = {}


class Callouts:
    """The hooks of one engine.  ``pack`` makes an answer's octets anew after a callout has changed it."""

    def __init__(self, registry: Registry, pack: Callable[[TransactionBundle], None]) -> None:
        self.registry = registry
        self._pack = pack
        self._parked: dict[Query4, tuple[TransactionBundle, ParkingLot, float]] = {}
        self._let_go: list[TransactionBundle] = []
        self._in_use: list[tuple[TransactionBundle, LeaseKey]] = []
        self._conflicts: dict[LeaseKey, TransactionBundle] = {}

    def has(self, *hooks: str) -> bool:
        """Whether anybody is there to be called."""
        return self.registry.has(*hooks)

    @property
    def waits(self) -> bool:
        """Whether messages wait for a callout in a process of its own."""
        return self.registry.waits

    def meets(self, bundle: TransactionBundle, hook: str) -> bool:
        """Whether anybody is there to be called, or was, and has been waited for."""
        data = bundle.handler_data
        return self.registry.has(hook) or (data is not None and _KEY in data and hook in data[_KEY][0].told)

    def meet(
        self, bundle: TransactionBundle, hook: str, make: Callable[[], dict[str, Any]], about: object = None, *,
        of_message: bool = True,
    ) -> tuple[Status, dict[str, Any]]:  # fmt: skip
        """Call a hook about a packet with what ``make`` makes, and ``query4``; the status, and that.

        ``Ask`` where a callout has a process of its own.  When the packet comes by again, nobody is called twice, as
        long as it is ``about`` the same.
        """
        handle, query = self._of(bundle)
        told = handle.told.get(hook)
        if told is None and (not self.registry.waits or bundle.request.message_type in _OF_ANOTHER_PORT):
            made = make()
            return self._call(handle, hook, {"query4": query, **made} if of_message else made), made
        if told is None or told.about != about:
            if len(handle.told) >= _TOLD_MAX:
                raise CannotRespond(Reason.LOST_RACE)
            if told is not None:
                handle.told[f"{hook} {len(handle.told)}"] = told
            made = make()
            told = handle.told[hook] = Told(about, made, {"query4": query, **made} if of_message else dict(made))
        met = hook
        try:
            if self.has(_CREATE):
                met = _CREATE
                self.registry.meet(handle, met, handle.told.setdefault(met, Told(None, {}, {})))
                met = hook
            return self.registry.meet(handle, met, told), told.made
        except Waits as waits:
            bundle.trace.append((Step.HOOK_ASKED, met))
            raise Ask(waits.call) from None

    def _call(self, handle: CalloutHandle, hook: str, arguments: dict[str, Any]) -> Status:
        """Everybody waits for it."""
        if self.registry.waits and _CREATE not in handle.told:
            handle.told[_CREATE] = Told(None, {}, {})
            self.registry.call(handle, _CREATE, {})
        return self.registry.call(handle, hook, arguments)

    def read_back(self, bundle: TransactionBundle, name: str) -> Any:
        """What the callouts left of an argument."""
        return self._of(bundle)[0].arguments.get(name)

    def done(self, bundle: TransactionBundle) -> None:
        """The transaction has ended."""
        data = bundle.handler_data
        if data is not None and _KEY in data:
            handle, _ = data.pop(_KEY)
            self.registry.close(handle)

    def receive(
        self, bundle: TransactionBundle, reader: Callable[[bytes], Request4], fault: MalformedMessage | None, *,
        may_wait: bool,
    ) -> MalformedMessage | None:  # fmt: skip
        """Call buffer4_receive about octets that may not be a message; what keeps them from being one now."""
        handle, query = self._of(bundle)
        if "buffer4_receive" not in handle.told:
            query.begin_reading(reader, fault)
        if may_wait:
            status, _ = self.meet(bundle, "buffer4_receive", dict)
        else:
            status = self._call(handle, "buffer4_receive", {"query4": query})
        fault = query.end_reading()
        if status is Status.DROP:
            bundle.trace.append((Step.STOPPED_BY_HOOK, "buffer4_receive"))
            raise CannotRespond(Reason.HOOK_DROPPED)
        if status is Status.SKIP:
            try:
                bundle.request, fault = reader(repack(bundle.request)), None
            except MalformedMessage as still:
                fault = still
        return fault

    def found_in_use(self, bundle: TransactionBundle, key: LeaseKey) -> None:
        """The bundle's batch puts an address on probation: who is at lease4_server_decline hears of it thereafter."""
        if self.has("lease4_server_decline"):
            self._conflicts[key] = bundle

    def settled(self, changes: Mapping[LeaseKey, Change], outcome: Outcome) -> None:
        """These changes of a batch were committed, as far as the outcome says so."""
        if not self._conflicts:
            return
        conflicts, self._conflicts = self._conflicts, {}
        failed = outcome.lost | outcome.over | {change.after.key for change, _ in outcome.refused}
        for key, bundle in conflicts.items():
            change = None if key in failed else changes.get(key)
            if change is not None and change.after.state == State.DECLINED:
                handle, query = self._of(bundle)
                arguments = {"query4": query, "lease4": lease4(change.after)}
                self.registry.tell(handle, "lease4_server_decline", arguments)
                if bundle.reason is Reason.TOO_MANY_SUSPENDED:  # It ended while its batch was under way.
                    self.done(bundle)

    def may_leave(self, bundle: TransactionBundle, changes: Mapping[LeaseKey, Change] = _NO_CHANGES) -> bool:
        """What it changed is committed: ask who may hold or stop the answer.  False: it waits, or is decided anew.

        Where it is stopped, nothing is left to be sent and the reason says so.
        """
        kind, data = bundle.request.message_type, bundle.handler_data
        if data is not None and _FREE in data:
            pass
        elif kind in _CHANGING and self.meets(bundle, "leases4_committed"):
            if not self._pass(bundle, "leases4_committed", lambda: _committed(bundle, changes)):
                return False
        elif bundle.reason is Reason.OFFER and self.meets(bundle, "lease4_offer"):
            if not self._pass(bundle, "lease4_offer", lambda: _offered(bundle)):
                return False
            if self.read_back(bundle, "offer_address_in_use"):
                assert bundle.key is not None
                self._in_use.append((bundle, bundle.key))
                return False
        self._send(bundle)
        return True

    def _pass(self, bundle: TransactionBundle, hook: str, make: Callable[[], dict[str, Any]]) -> bool:
        """Call a hook at which packets can be parked; whether the packet goes on now."""
        handle, query = self._of(bundle)
        lot = self.registry.lot(hook)
        here = True

        def go_on() -> None:
            self._parked.pop(query, None)
            if not here:
                self._free(bundle)

        told = handle.told.get(hook)
        if told is None or told.about != bundle.key:
            lot.park(query, go_on)
        else:
            lot.go_on(query, go_on)  # What callouts have counted so far stands.

        def arguments() -> dict[str, Any]:
            return {"response4": Answer4(bundle.responses[0], _data(bundle)) if bundle.responses else None, **make()}

        status, _ = self.meet(bundle, hook, arguments, bundle.key)
        if status is Status.PARK:
            if query not in lot:
                return True  # Let go before it was parked.
            if len(self._parked) >= PARKED_MAX:
                lot.drop(query)
                _stop(bundle, Reason.HOOK_PARKED)
                return True
            here = False
            self._parked[query] = (bundle, lot, bundle.now + PARKED_S)
            return False
        lot.drop(query)
        if status is Status.DROP:
            _stop(bundle, Reason.HOOK_DROPPED)
        return True

    def _free(self, bundle: TransactionBundle) -> None:
        """It leaves with the next batch."""
        assert bundle.handler_data is not None
        bundle.handler_data[_FREE] = True
        self._let_go.append(bundle)

    def configure(self, snapshot: Snapshot) -> None:
        """A revision is about to be in force; ``Refused`` where a callout does not want it."""
        if self.has("dhcp4_srv_configured"):
            handle = self.registry.open()
            try:
                status = self.registry.call(handle, "dhcp4_srv_configured", {"server_config": snapshot, "error": ""})
                if status is Status.DROP:
                    why = handle.arguments.get("error") or "it gives no reason"
                    raise Refused(f"A callout refuses revision {snapshot.revision}: {why}.")
            finally:
                self.registry.close(handle)

    def updated(self, entries: Sequence[Mapping[str, Any]]) -> None:
        """These changes of the definitions are in force."""
        handle = self.registry.open()
        try:
            self.registry.tell(handle, "cb4_updated", {"audit_entries": list(entries)})
        finally:
            self.registry.close(handle)

    def processed(self, name: str, arguments: Mapping[str, Any], response: Any) -> Any:
        """A command was carried out; the answer as the callouts leave it."""
        if not self.has("command_processed"):
            return response
        handle = self.registry.open()
        try:
            done = {"name": name, "arguments": arguments, "response": response}
            self.registry.call(handle, "command_processed", done)
            return handle.arguments.get("response")
        finally:
            self.registry.close(handle)

    def may_expire(self, row: Lease) -> bool:
        """Whether a lease whose end has passed is closed now."""
        if not self.has("lease4_expire"):
            return True
        handle = self.registry.open()
        try:
            arguments = {"lease4": lease4(row), "remove_lease": False}
            return self.registry.call(handle, "lease4_expire", arguments) is not Status.SKIP
        finally:
            self.registry.close(handle)

    def recovered(self, row: Lease, snapshot: Snapshot, now: float) -> Change:
        """What becomes of an address whose probation is over."""
        handle = self.registry.open()
        try:
            status = self.registry.call(handle, "lease4_recover", {"lease4": lease4(row)})
        finally:
            self.registry.close(handle)
        if status is Status.SKIP:
            return remain_declined(row, int(now), probation_s(snapshot, self))
        return recover(row, int(now))

    def take_let_go(self) -> list[TransactionBundle]:
        """Transactions that were let go, and those that waited too long: they end with this batch."""
        taken, self._let_go = self._let_go, []
        return taken

    def take_in_use(self) -> list[tuple[TransactionBundle, LeaseKey]]:
        """Offers whose address a callout says is in use: they are decided again."""
        taken, self._in_use = self._in_use, []
        return taken

    @property
    def due(self) -> bool:
        """Whether the next batch has something to do here."""
        return bool(self._let_go or self._in_use)

    def expire(self, now: float) -> None:
        """Give up what has been parked for too long."""
        for query, (bundle, lot, until) in tuple(self._parked.items()):
            if until <= now:
                del self._parked[query]
                lot.drop(query)
                _stop(bundle, Reason.HOOK_PARKED)
                self._free(bundle)

    def timer(self) -> float | None:
        """When the first of the parked ones is given up."""
        return min((until for _, _, until in self._parked.values()), default=None)

    @property
    def waiting(self) -> list[TransactionBundle]:
        """Transactions that have not ended: parked, or on their way into the next batch."""
        parked = [bundle for bundle, _, _ in self._parked.values()]
        return [*parked, *self._let_go, *(bundle for bundle, _ in self._in_use)]

    def _send(self, bundle: TransactionBundle) -> None:
        if not bundle.outgoing:
            return
        if bundle.responses and self.meets(bundle, "pkt4_send"):
            packed = _data(bundle)
            status, made = self.meet(bundle, "pkt4_send", lambda: {
                "response4": Answer4(bundle.responses[0], packed), "subnet4": getattr(bundle, "subnet", None),
            })  # fmt: skip
            answer: Answer4 = made["response4"]
            if status is Status.DROP:
                _stop(bundle, Reason.HOOK_DROPPED)
                return
            if status is Status.SKIP:
                _replace(bundle, answer, packed)
            elif answer.changed:
                self._pack(bundle)
        if self.meets(bundle, "buffer4_send"):
            before = _data(bundle)
            status, made = self.meet(bundle, "buffer4_send", lambda: {
                "response4": Answer4(bundle.responses[0], before) if bundle.responses else None,
            }, of_message=False)  # fmt: skip
            buffer: Answer4 | None = made["response4"]
            if status in (Status.SKIP, Status.DROP):
                _stop(bundle, Reason.HOOK_DROPPED)
            elif buffer is not None:
                _replace(bundle, buffer, before)

    def _of(self, bundle: TransactionBundle) -> tuple[CalloutHandle, Query4]:
        data = bundle.handler_data
        if data is None:
            data = bundle.handler_data = {}
        found: tuple[CalloutHandle, Query4] | None = data.get(_KEY)
        if found is None:
            found = data[_KEY] = (self.registry.open(creates=not self.registry.waits), Query4(bundle))
        return found


def probation_s(snapshot: Snapshot, callouts: Callouts | None) -> int:
    """How long an address is on probation: where somebody is asked at its end, until that was done."""
    asked = callouts is not None and callouts.has("lease4_recover")
    return snapshot.probation_s + (RECOVERY_S if asked else 0)


def _replace(bundle: TransactionBundle, answer: Answer4, before: bytes) -> None:
    if answer.data != before:
        bundle.outgoing[0] = Outgoing(answer.data, bundle.outgoing[0].route)


def _stop(bundle: TransactionBundle, reason: Reason) -> None:
    bundle.outgoing = []
    bundle.reason = reason


def _data(bundle: TransactionBundle) -> bytes:
    return bundle.outgoing[0].payload if bundle.outgoing else b""


def _committed(bundle: TransactionBundle, changes: Mapping[LeaseKey, Change]) -> dict[str, Any]:
    """The leases that the transaction granted or extended, and those that it ended."""
    granted: list[Lease4] = []
    ended: list[Lease4] = []
    for key in bundle.depends:
        change = changes.get(key)
        if change is not None:
            row: Lease = change.after
            (granted if row.state == State.LEASED else ended).append(lease4(row))
    return {"leases4": granted, "deleted_leases4": ended}


def _offered(bundle: TransactionBundle) -> dict[str, Any]:
    response, key, before = bundle.responses[0], bundle.key, bundle.before
    assert key is not None
    client_id = bundle.client[1:] if bundle.client[:1] == b"\x01" else None
    hold_s = offer_hold_of(bundle.client_classes)
    lease = Lease4(format_address(key[2]), bundle.request.hw[1:].hex(":"), client_id, bundle.subnet.subnet_id,
                   int(bundle.now), response.lifetime_s, "")  # fmt: skip
    return {
        "leases4": [lease], "offer_lifetime": bundle.snapshot.offer_hold_s if hold_s is None else hold_s,
        "old_lease": lease4(before) if before is not None else None,
        "host": assignment_view(bundle), "offer_address_in_use": False,
    }  # fmt: skip
