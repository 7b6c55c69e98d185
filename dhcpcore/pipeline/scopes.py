"""Whether a message is one that a configured handler has to do with."""

from __future__ import annotations

from dhcpcore.pipeline.binding import is_of
from dhcpcore.pipeline.bundle import TransactionBundle
from dhcpcore.topology.handler_rows import Scope


def selects(scope: Scope, bundle: TransactionBundle) -> bool:
    """All that the scope says holds, as far as it is known by now."""
    request = bundle.request
    if scope.subnets is not None and bundle.subnet.subnet_id not in scope.subnets:
        return False
    if scope.relays is not None and not scope.has_relay(request.giaddr):
        return False
    if scope.marks is not None and (bundle.marks is None or scope.marks.isdisjoint(bundle.marks)):
        return False
    if scope.more_than_s is not None and request.secs <= scope.more_than_s:
        return False
    if scope.less_than_s is not None and request.secs >= scope.less_than_s:
        return False
    if scope.window is not None and not scope.window.holds(bundle.now):
        return False
    return scope.classes is None or is_of(bundle, tuple(scope.classes))
