"""Identity associations of DHCPv6: what becomes of those that handlers answer, and of those that nobody does.

What a handler gives is checked against the lease rows before it is promised; the rest is answered with the statuses of
RFC 8415 18.3.  Leases of before count: a handler need not remember whom it gave what.
"""

from __future__ import annotations

from typing import ClassVar

from dhcpcore.lease.model import INFINITE_LIFETIME_S, Lease, LeaseKey, State
from dhcpcore.lease.transitions import is_active, is_free_for_others
from dhcpcore.pipeline.bundle import TransactionBundle
from dhcpcore.pipeline.bundle6 import (
    CLIENTS6,
    Response6,
    TransactionBundle6,
    begin_answer,
    mark_handled,
    six,
    unhandled,
)
from dhcpcore.pipeline.handler import Handler
from dhcpcore.pipeline.signals import CannotRespond
from dhcpcore.pipeline.trace import Step
from dhcpcore.stats.reasons import Reason
from dhcpcore.wire.kinds import KIND6
from dhcpcore.wire.v6.message import Association, Leased, MessageType6, Opt6, Status, status

_GIVING = frozenset((MessageType6.SOLICIT, MessageType6.REQUEST, MessageType6.RENEW, MessageType6.REBIND))
_EXTENDING = (MessageType6.RENEW, MessageType6.REBIND)


class BeginAnswer(Handler):
    """Makes the answer: an Advertise to a Solicit, to all else a Reply.  RFC 8415 18.3."""

    message_types: ClassVar[frozenset[int] | None] = CLIENTS6

    def handle(self, bundle: TransactionBundle) -> None:
        """A Confirm that speaks of nothing is not answered.  RFC 8415 18.3.3."""
        mine = six(bundle)
        if mine.kind == MessageType6.CONFIRM and not any(one.leased for one in mine.message.associations):
            raise CannotRespond(Reason.NO_CLIENT_ADDRESS)
        solicited = mine.kind == MessageType6.SOLICIT
        mine.respond(begin_answer(mine, MessageType6.ADVERTISE if solicited else MessageType6.REPLY))


class ConfirmLeases(Handler):
    """A Confirm of what the client has by its leases is right."""

    message_types: ClassVar[frozenset[int] | None] = frozenset((KIND6 + MessageType6.CONFIRM,))

    def handle(self, bundle: TransactionBundle) -> None:
        """Of each identity association all that it names."""
        mine = six(bundle)
        for one in mine.message.associations:
            held = {(row.address, row.plen) for row in mine.rows_of(one) if is_active(row, bundle.now)}
            if {leased.key for leased in one.leased} <= held:
                mark_handled(mine, one)


class CheckGiven(Handler):
    """What handlers give must be free for the client: no address is promised that another one has."""

    message_types: ClassVar[frozenset[int] | None] = frozenset(KIND6 + kind for kind in _GIVING)

    def answered(self, bundle: TransactionBundle) -> None:
        """What is not free is taken out of the answer."""
        mine = six(bundle)
        if not bundle.responses:
            return
        response = mine.answers[0]
        wanted = [(one, leased) for one in response.associations for leased in one.leased if leased.valid]
        bundle.wants.leases.update(
            key for one, leased in wanted if (key := mine.lease_key(one, leased)) not in bundle.facts.by_key
        )
        given: set[LeaseKey] = set()  # By what comes first: two associations of a client do not have the same, either.
        for one in list(response.associations):
            kept = [leased for leased in one.leased if not leased.valid or self._is_free(mine, one, leased, given)]
            if len(kept) == len(one.leased):
                continue
            refusal = one.status if any(leased.valid for leased in kept) else nothing_for(one.code)
            response.answer(one._replace(leased=tuple(kept), status=refusal))

    def _is_free(
        self, bundle: TransactionBundle6, one: Association, leased: Leased, given: set[LeaseKey]
    ) -> bool:
        key = bundle.lease_key(one, leased)
        bundle.wait_turn(leased.address)
        row = bundle.row(key)
        if key not in given and (row is None or _is_free(row, bundle.key_of(one), bundle)):
            given.add(key)
            bundle.trace.append((Step.GIVEN, leased.address, leased.plen, leased.valid))
            return True
        bundle.taken.append(key)
        bundle.trace.append((Step.HELD_BY_OTHER, leased.address, leased.plen))
        return False


def _is_free(row: Lease, client: bytes, bundle: TransactionBundle6) -> bool:
    if row.state == State.DECLINED:
        return row.expires <= bundle.now
    return row.client == client or is_free_for_others(row, bundle.now, bundle.snapshot.reclaim_grace_s)


class AnswerRest(Handler):
    """Identity associations that nobody has answered.  RFC 8415 18.3.2 to 18.3.8."""

    message_types: ClassVar[frozenset[int] | None] = CLIENTS6

    def answered(self, bundle: TransactionBundle) -> None:
        """Each by its message."""
        mine = six(bundle)
        if not bundle.responses:
            return
        response = mine.answers[0]
        left = unhandled(mine)
        for one in left:
            bundle.trace.append((Step.UNANSWERED, int.from_bytes(one.iaid, "big")))
        if mine.kind == MessageType6.CONFIRM:
            _confirm(mine, response, left)
            return
        for one in left:
            if mine.kind in (MessageType6.SOLICIT, MessageType6.REQUEST):
                response.answer(Association(one.code, one.iaid, status=nothing_for(one.code)))
            elif mine.kind in _EXTENDING:
                extended = _extended(mine, one)
                if extended is not None:
                    response.answer(extended)
            else:
                response.answer(Association(one.code, one.iaid, status=_NO_BINDING))
        if mine.kind == MessageType6.REBIND and mine.message.associations and not response.associations:
            raise CannotRespond(Reason.UNKNOWN_CLIENT)


_NO_BINDING = (int(Status.NO_BINDING), "no lease of this client is known here")


def nothing_for(code: int) -> tuple[int, str]:
    """The status of an identity association for which there is nothing."""
    if code == Opt6.IA_PD:
        return int(Status.NO_PREFIX_AVAIL), "no prefix for this client"
    return int(Status.NO_ADDRS_AVAIL), "no address for this client"


def _confirm(bundle: TransactionBundle6, response: Response6, left: list[Association]) -> None:
    """An address of another link is wrong; one of this link that nobody knows is, where the subnet is the authority."""
    spoken = [leased for one in left if one.code != Opt6.IA_PD for leased in one.leased]
    if any(bundle.link.subnet_of(leased.address) is None for leased in spoken) or (
        left and bundle.subnet.authoritative
    ):
        response.put(Opt6.STATUS_CODE, status(Status.NOT_ON_LINK, "some of the addresses are not of this link"))
    elif left:
        raise CannotRespond(Reason.UNKNOWN_CLIENT)


def _extended(bundle: TransactionBundle6, one: Association) -> Association | None:
    """What the client has and nobody gives it any more is taken back; what is unknown, as the subnet's word counts."""
    had = [row for row in bundle.rows_of(one) if is_active(row, bundle.now)]
    foreign = one.code != Opt6.IA_PD and any(
        bundle.link.subnet_of(leased.address) is None for leased in one.leased
    )
    named = {leased.key: None for leased in one.leased}
    if had:
        named |= {(row.address, row.plen): None for row in had}
    elif not named or (not foreign and not bundle.subnet.authoritative) or (
        one.code == Opt6.IA_PD and bundle.kind == MessageType6.RENEW
    ):
        if bundle.kind == MessageType6.REBIND:
            return None
        return Association(one.code, one.iaid, status=_NO_BINDING)
    return Association(one.code, one.iaid, leased=tuple(Leased(address, plen, 0, 0) for address, plen in named))


class Timers(Handler):
    """T1 and T2 where no handler has set them: as the subnet says, else 0.5 and 0.8.  RFC 8415 21.4, 14.2."""

    message_types: ClassVar[frozenset[int] | None] = frozenset(KIND6 + kind for kind in _GIVING)

    def answered(self, bundle: TransactionBundle) -> None:
        """Of the shortest preferred lifetime; without end where that has none."""
        mine = six(bundle)
        lifetimes = bundle.subnet.lifetimes
        for response in mine.answers[:1]:
            for one in list(response.associations):
                times = [leased.preferred for leased in one.leased if leased.valid]
                if not times or one.t1 or one.t2 or one.code == Opt6.IA_TA:
                    continue
                t1, t2 = t1_t2(min(times), lifetimes.renew_s, lifetimes.rebind_s)
                response.answer(one._replace(t1=t1, t2=t2))


def t1_t2(preferred_s: int, t1: int | None, t2: int | None) -> tuple[int, int]:
    """Both for a preferred lifetime: those that are said, where they fit, else its half and four fifths."""
    if preferred_s == INFINITE_LIFETIME_S:
        return INFINITE_LIFETIME_S, INFINITE_LIFETIME_S
    half, most = preferred_s // 2, preferred_s * 4 // 5
    t1, t2 = half if t1 is None else t1, most if t2 is None else t2
    return (t1, t2) if t1 <= t2 <= preferred_s else (half, most)


class Conclude(Handler):
    """Says Success where nothing else was said, and why it ended so."""

    message_types: ClassVar[frozenset[int] | None] = CLIENTS6

    def answered(self, bundle: TransactionBundle) -> None:
        """The reason goes by what the answer says."""
        mine = six(bundle)
        if not bundle.responses:
            return
        response = mine.answers[0]
        if mine.kind in _STATUS and response.get(Opt6.STATUS_CODE) is None:
            response.put(Opt6.STATUS_CODE, status(Status.SUCCESS))
        said = response.get(Opt6.STATUS_CODE)
        code = 0 if said is None else int.from_bytes(said[:2], "big")
        bundle.reason = _refused(mine, response, code) or _answered(mine, response)


_STATUS = frozenset((MessageType6.CONFIRM, MessageType6.RELEASE, MessageType6.DECLINE))
_REASONS = {int(Status.NOT_ON_LINK): Reason.STATUS_NOT_ON_LINK, int(Status.NO_BINDING): Reason.STATUS_NO_BINDING}
_TAKEN = {MessageType6.RELEASE: Reason.REPLY_RELEASED, MessageType6.DECLINE: Reason.REPLY_DECLINED,
          MessageType6.CONFIRM: Reason.CONFIRMED, MessageType6.INFORMATION_REQUEST: Reason.INFORMED}  # fmt: skip


def _refused(bundle: TransactionBundle6, response: Response6, code: int) -> Reason | None:
    """The reason of an answer that gives nothing; None where it does, or nothing was asked for."""
    if code:
        return _REASONS.get(code, Reason.STATUS_HANDLER)
    if any(leased.valid for one in response.associations for leased in one.leased):
        return None
    if bundle.taken:
        return Reason.STATUS_TAKEN
    if any(one.leased for one in response.associations):
        known = any(bundle.rows_of(one) for one in bundle.message.associations)
        return Reason.STATUS_WITHDRAWN if known else Reason.STATUS_NO_BINDING
    codes = [one.status[0] for one in response.associations if one.status is not None]
    if not codes or (bundle.kind in _STATUS and len(codes) < len(bundle.message.associations)):
        return None
    return _REASONS.get(codes[0], Reason.STATUS_NOTHING)


def _answered(bundle: TransactionBundle6, response: Response6) -> Reason:
    if bundle.kind in _TAKEN:
        return _TAKEN[MessageType6(bundle.kind)]
    if not response.associations:
        return Reason.INFORMED
    if response.kind == MessageType6.ADVERTISE:
        return Reason.OFFER
    had = any(is_active(row, bundle.now) for one in bundle.message.associations for row in bundle.rows_of(one))
    return Reason.ACK_RENEWED if had else Reason.ACK_NEW
