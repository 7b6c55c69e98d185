"""How clients behave: packets a second, DECLINEs, and who is not answered for a time because of them.

Counted in memory by hardware address, in buckets that fill up again with time; bounded, the longest silent first out.
A client can make up hardware addresses without end: what it then meets is the limit of its subnet.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import NamedTuple

from dhcpcore.stats.reasons import Reason
from dhcpcore.topology.policy import Flood

#: Clients that are counted at once: some 10 MB.
CLIENTS_MAX = 65_536
#: Clients that are suspended at once; beyond it the one whose time ends first is let go.
SUSPENDED_MAX = 4096
#: Classes that are counted at once: a template may make very many.
CLASSES_MAX = 16_384


class Suspension(NamedTuple):
    """A client that is not answered until ``until``, and why."""

    hw: bytes
    why: str  #: rate | declines | script
    since: float
    until: float
    subnet: int


@dataclass(slots=True)
class _Bucket:
    """Packets that may still come at once, as of ``at``; and what was counted against the client since ``since``."""

    room: float
    at: float
    dropped: int = 0
    declined: int = 0
    since: float = 0.0


class Manners:
    """The behaviour of all clients of an engine."""

    def __init__(self) -> None:
        self._clients: OrderedDict[bytes, _Bucket] = OrderedDict()
        self._subnets: dict[int, _Bucket] = {}
        self._classes: OrderedDict[str, _Bucket] = OrderedDict()
        self._suspended: dict[bytes, Suspension] = {}

    def judge(self, flood: Flood, hw: bytes, subnet: int, now: float) -> Reason | None:
        """Why a packet is dropped; None where it is not.  Packets of suspended clients count against nobody."""
        held = self._suspended.get(hw)
        if held is not None:
            if held.since <= now < held.until:
                return Reason.SUSPENDED
            del self._suspended[hw]
        if flood.client_rate and not self._admitted(flood, hw, subnet, now):
            return Reason.RATE_LIMITED
        if flood.subnet_rate:
            bucket = self._subnets.setdefault(subnet, _Bucket(flood.subnet_rate, now))
            if not _took(bucket, flood.subnet_rate, flood.subnet_rate, now):
                return Reason.RATE_LIMITED
        return None

    def class_admits(self, name: str, rate: int, now: float) -> bool:
        """Whether the clients of a class have sent no more than they may; the packet counts."""
        bucket = self._classes.get(name)
        if bucket is None:
            bucket = self._classes[name] = _Bucket(rate, now)
            if len(self._classes) > CLASSES_MAX:
                self._classes.popitem(last=False)
        else:
            self._classes.move_to_end(name)
        return _took(bucket, rate, rate, now)

    def _admitted(self, flood: Flood, hw: bytes, subnet: int, now: float) -> bool:
        bucket = self._bucket(flood, hw, now)
        if _took(bucket, flood.client_rate, flood.burst, now):
            if bucket.room >= flood.burst - 1:
                bucket.dropped = 0  # It has been quiet for so long that it may begin anew.
            return True
        bucket.dropped += 1
        if flood.suspend_after and bucket.dropped >= flood.suspend_after:
            self._suspend(flood, hw, "rate", subnet, now)
        return False

    def declined(self, flood: Flood, hw: bytes, subnet: int, now: float) -> None:
        """The client declined an address."""
        if not flood.declines:
            return
        bucket = self._bucket(flood, hw, now)
        if not 0 <= now - bucket.since < flood.suspend_for_s:
            bucket.since, bucket.declined = now, 0
        bucket.declined += 1
        if bucket.declined >= flood.declines:
            self._suspend(flood, hw, "declines", subnet, now)

    def _bucket(self, flood: Flood, hw: bytes, now: float) -> _Bucket:
        bucket = self._clients.get(hw)
        if bucket is None:
            bucket = self._clients[hw] = _Bucket(flood.burst, now)
            if len(self._clients) > CLIENTS_MAX:
                self._clients.popitem(last=False)
        else:
            self._clients.move_to_end(hw)
        return bucket

    def _suspend(self, flood: Flood, hw: bytes, why: str, subnet: int, now: float) -> None:
        self._hold(Suspension(hw, why, now, now + flood.suspend_for_s, subnet))

    def _hold(self, suspension: Suspension) -> None:
        if len(self._suspended) >= SUSPENDED_MAX:
            first = min(self._suspended.values(), key=lambda one: one.until)
            del self._suspended[first.hw]
        self._suspended[suspension.hw] = suspension
        self._clients.pop(suspension.hw, None)

    def suspend(self, hw: bytes, why: str, subnet: int, now: float, seconds: float) -> None:
        """Do not answer the client for so long, for a reason of somebody else's."""
        self._hold(Suspension(hw, why, now, now + seconds, subnet))

    def is_suspended(self, hw: bytes, now: float) -> bool:
        """Whether the client is not answered now."""
        held = self._suspended.get(hw)
        return held is not None and held.since <= now < held.until

    def suspended(self, now: float) -> list[Suspension]:
        """Who is suspended, the one whose time ends last first."""
        self._suspended = {hw: one for hw, one in self._suspended.items() if one.since <= now < one.until}
        return sorted(self._suspended.values(), key=lambda one: one.until, reverse=True)

    def lift(self, hw: bytes) -> bool:
        """Answer the client again; whether it was suspended."""
        self._clients.pop(hw, None)
        return self._suspended.pop(hw, None) is not None


def _took(bucket: _Bucket, rate: int, burst: int, now: float) -> bool:
    """Take a packet's room out of the bucket, where there is some.  A clock that was set back gives none."""
    bucket.room = min(burst, bucket.room + max(0.0, now - bucket.at) * rate)
    bucket.at = now
    if bucket.room < 1:
        return False
    bucket.room -= 1
    return True
