"""When a client renews and rebinds.  RFC 2131 4.4.5."""

from __future__ import annotations

from dhcpcore.lease.model import INFINITE_LIFETIME_S
from dhcpcore.topology.snapshot import Lifetimes


def timers(lifetimes: Lifetimes, granted_s: int) -> tuple[int, int]:
    """T1 and T2, always T1 < T2 < lease time: configured ones that do not fit a short lease are replaced."""
    if granted_s == INFINITE_LIFETIME_S:
        return INFINITE_LIFETIME_S, INFINITE_LIFETIME_S
    renew = lifetimes.renew_s if lifetimes.renew_s is not None else granted_s // 2
    rebind = lifetimes.rebind_s if lifetimes.rebind_s is not None else granted_s * 7 // 8
    if not renew < rebind < granted_s:
        return granted_s // 2, granted_s * 7 // 8
    return renew, rebind
