"""Built-in types of configured handlers that have to do with messages: mark, ignore, limit their rate, and times."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import cast

from dhcpcore.pipeline.api import CannotRespondError, Handler, HandlerFactory
from dhcpcore.pipeline.identifiers import SubOption
from dhcpcore.pipeline.transaction import Transaction
from dhcpcore.topology.filters import ClientList
from dhcpcore.topology.handler_types import IgnoreRequestFields, MarkFields, RateLimitFields, TimingLimitsFields
from dhcpcore.topology.kinds import INFINITE_LIFETIME_S

#: Clients whose rate is remembered; whoever was not heard for longest is forgotten first.
_CLIENTS_MAX = 65_536
_GIVE_BACK = ("RELEASE", "DECLINE")


class MarkHandler(Handler):
    """Marks every message that it meets."""

    def __init__(self, fields: MarkFields) -> None:
        self._marks = fields.marks

    def pre(self, bundle: Transaction) -> None:
        """For those after it."""
        for mark in self._marks:
            bundle.add_mark(mark)


class IgnoreRequestHandler(Handler):
    """Leaves messages of some types, of some clients, unanswered."""

    def __init__(self, fields: IgnoreRequestFields) -> None:
        self._types = frozenset(fields.message_types)
        self._clients = ClientList(fields.clients) if fields.clients else None

    def pre(self, bundle: Transaction) -> None:
        """Before anything is looked up for them."""
        request = bundle.request
        if self._types and request.type not in self._types:
            return
        if self._clients is None or self._clients.has(request.request.hw[1:], request.client_id):
            raise CannotRespondError("it is to be ignored")


class RateLimitHandler(Handler):
    """A bucket of tokens a client: each message takes one, and they come back at the rate."""

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
            code = SubOption.CIRCUIT_ID if self._key == "circuit_id" else SubOption.REMOTE_ID
            said = bundle.relays[0].options.get(code)
        return b"\0" + request.request.hw if said is None else b"\1" + said


class TimingLimitsHandler(Handler):
    """T1 and T2 from the lease time: T1 before T2, and both before its end.  RFC 2131 4.4.5."""

    def __init__(self, fields: TimingLimitsFields) -> None:
        self._fields = fields

    def handle(self, bundle: Transaction) -> None:
        """Where a lease is granted or offered that ends."""
        response, fields = bundle.response, self._fields
        if response is None or response.valid_lft <= 0 or response.valid_lft == INFINITE_LIFETIME_S:
            return
        lease_s = response.valid_lft
        t1 = response.t1 if fields.factor_t1 is None else int(lease_s * fields.factor_t1)
        t2 = response.t2 if fields.factor_t2 is None else int(lease_s * fields.factor_t2)
        t2 = min(max(t2, fields.min_t2), fields.max_t2, lease_s)
        t1 = min(max(t1, fields.min_t1), fields.max_t1, t2)
        response.set_timers(t1, t2)


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


FACTORIES: Mapping[str, type[HandlerFactory]] = {
    "mark": _Mark, "ignore-request": _Ignore, "rate-limit": _Rate, "timing-limits": _Timing,
}  # fmt: skip
