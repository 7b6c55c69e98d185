"""Built-in types of configured handlers that have to do with messages: mark, ignore, limit their rate, and times."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import cast

from dhcpcore.pipeline.api import CannotRespondError, Handler, HandlerFactory, Transaction6
from dhcpcore.pipeline.identifiers import SubOption
from dhcpcore.pipeline.transaction import Transaction
from dhcpcore.topology.filters import ClientList
from dhcpcore.topology.handler_types import (
    IgnoreRequestFields,
    MarkFields,
    RapidCommitFields,
    RateLimitFields,
    ServerUnicastFields,
    TimingLimitsFields,
)
from dhcpcore.topology.kinds import INFINITE_LIFETIME_S

#: Clients whose rate is remembered; whoever was not heard for longest is forgotten first.
_CLIENTS_MAX = 65_536
_GIVE_BACK = ("RELEASE", "DECLINE")
_BOTH = frozenset((4, 6))
_INTERFACE_ID, _REMOTE_ID6 = 18, 37
_SERVER_UNICAST = 12


class MarkHandler(Handler):
    """Marks every message that it meets."""

    families = _BOTH

    def __init__(self, fields: MarkFields) -> None:
        self._marks = fields.marks

    def pre(self, bundle: Transaction) -> None:
        """For those after it."""
        for mark in self._marks:
            bundle.add_mark(mark)


class IgnoreRequestHandler(Handler):
    """Leaves messages of some types, of some clients, unanswered."""

    families = _BOTH

    def __init__(self, fields: IgnoreRequestFields) -> None:
        self._types = frozenset(fields.message_types)
        self._clients = ClientList(fields.clients) if fields.clients else None

    def pre(self, bundle: Transaction) -> None:
        """Before anything is looked up for them."""
        request = bundle.request
        if self._types and request.type not in self._types:
            return
        hw = bytes.fromhex(request.hw_address.replace(":", ""))
        if self._clients is None or self._clients.has(hw, request.client_id):
            raise CannotRespondError("it is to be ignored")


class RateLimitHandler(Handler):
    """A bucket of tokens a client: each message takes one, and they come back at the rate."""

    families = _BOTH

    def __init__(self, fields: RateLimitFields) -> None:
        self._key = fields.key
        self._most = float(fields.burst or fields.rate)
        self._per_s = fields.rate / fields.per
        self._buckets: OrderedDict[bytes, tuple[float, float]] = OrderedDict()

    def pre(self, bundle: Transaction) -> None:
        """What gives an address back is for the good of others: it is not counted."""
        if bundle.request.type in _GIVE_BACK:
            return
        key, now = self._of(bundle), bundle.now
        tokens, at = self._buckets.pop(key, (self._most, now))
        tokens = min(self._most, tokens + max(0.0, now - at) * self._per_s)
        is_over = tokens < 1.0
        self._buckets[key] = (tokens if is_over else tokens - 1.0, now)
        if len(self._buckets) > _CLIENTS_MAX:
            self._buckets.popitem(last=False)
        if is_over:
            raise CannotRespondError("it sends more than its rate")

    def _of(self, bundle: Transaction) -> bytes:
        request = bundle.request
        said: bytes | None = None
        if self._key == "client_id":
            said = request.client_id
        elif self._key != "hw_address":
            said = bundle.relays[0].options.get(_PORTS[self._key, bundle.family])
        if said is not None:
            return b"\1" + said
        hw = bytes.fromhex(request.hw_address.replace(":", ""))
        return b"\0" + hw if hw or bundle.family == 4 else b"\2" + (request.client_id or b"")


#: Sub-option of option 82, or option of DHCPv6's relay, that names a port.
_PORTS = {
    ("circuit_id", 4): int(SubOption.CIRCUIT_ID), ("remote_id", 4): int(SubOption.REMOTE_ID),
    ("circuit_id", 6): _INTERFACE_ID, ("remote_id", 6): _REMOTE_ID6,
}  # fmt: skip


class TimingLimitsHandler(Handler):
    """T1 and T2 from the lease time: T1 before T2, and both before its end.  RFC 2131 4.4.5, RFC 8415 14.2."""

    families = _BOTH

    def __init__(self, fields: TimingLimitsFields) -> None:
        self._fields = fields

    def handle(self, bundle: Transaction) -> None:
        """Where a lease is granted or offered that ends."""
        if isinstance(bundle, Transaction6):
            self._limit(bundle)
            return
        response = bundle.response
        if response is None or response.valid_lft <= 0 or response.valid_lft == INFINITE_LIFETIME_S:
            return
        response.set_timers(*self._within(response.valid_lft, response.t1, response.t2))

    def _limit(self, bundle: Transaction6) -> None:
        """Of each identity association, by the shortest preferred lifetime; without end they are so, too."""
        for one in () if bundle.response is None else bundle.response.associations:
            times = [held.preferred for held in one.held if held.valid]
            if times:
                shortest = min(times)
                t1, t2 = shortest, shortest
                if shortest != INFINITE_LIFETIME_S:
                    t1, t2 = self._within(shortest, one.t1, one.t2)
                bundle.answer(one._replace(t1=t1, t2=t2))

    def _within(self, lease_s: int, t1: int, t2: int) -> tuple[int, int]:
        fields = self._fields
        t1 = t1 if fields.factor_t1 is None else int(lease_s * fields.factor_t1)
        t2 = t2 if fields.factor_t2 is None else int(lease_s * fields.factor_t2)
        t2 = min(max(t2, fields.min_t2), fields.max_t2, lease_s)
        return min(max(t1, fields.min_t1), fields.max_t1, t2), t2


class ServerUnicastHandler(Handler):
    """Allows it, and says where.  RFC 8415 21.12."""

    families = frozenset((6,))

    def __init__(self, fields: ServerUnicastFields) -> None:
        self._address = fields.address

    def pre(self, bundle: Transaction) -> None:
        """Before it would be refused."""
        if isinstance(bundle, Transaction6):
            bundle.allow_unicast = True

    def handle(self, bundle: Transaction) -> None:
        """Whether or not the client asks for it."""
        if bundle.response is not None:
            bundle.response.set_option(_SERVER_UNICAST, self._address)


class RapidCommitHandler(Handler):
    """Takes it away, or has it said of refusals, too."""

    families = _BOTH

    def __init__(self, fields: RapidCommitFields) -> None:
        self._fields = fields

    def pre(self, bundle: Transaction) -> None:
        """Before the answer is made."""
        if not self._fields.allow:
            bundle.allow_rapid_commit = False
        if isinstance(bundle, Transaction6):
            bundle.rapid_commit_rejections = self._fields.rejections


class _Mark(HandlerFactory):
    def create(self) -> Handler:
        return MarkHandler(cast("MarkFields", self.fields.model))


class _Ignore(HandlerFactory):
    def create(self) -> Handler:
        return IgnoreRequestHandler(cast("IgnoreRequestFields", self.fields.model))


class _Rate(HandlerFactory):
    def create(self) -> Handler:
        return RateLimitHandler(cast("RateLimitFields", self.fields.model))


class _Timing(HandlerFactory):
    def create(self) -> Handler:
        return TimingLimitsHandler(cast("TimingLimitsFields", self.fields.model))


class _ServerUnicast(HandlerFactory):
    def create(self) -> Handler:
        return ServerUnicastHandler(cast("ServerUnicastFields", self.fields.model))


class _RapidCommit(HandlerFactory):
    def create(self) -> Handler:
        return RapidCommitHandler(cast("RapidCommitFields", self.fields.model))


FACTORIES: Mapping[str, type[HandlerFactory]] = {
    "mark": _Mark, "ignore-request": _Ignore, "rate-limit": _Rate, "timing-limits": _Timing,
    "server-unicast": _ServerUnicast, "rapid-commit": _RapidCommit,
}  # fmt: skip
