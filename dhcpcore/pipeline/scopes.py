"""Whether a message is one that a configured handler has to do with."""

from __future__ import annotations

from dhcpcore.pipeline.binding import is_of
from dhcpcore.pipeline.bundle import TransactionBundle
from dhcpcore.pipeline.bundle6 import TransactionBundle6
from dhcpcore.topology.handler_rows import Scope
from dhcpcore.wire.v6.message import Opt6


def selects(scope: Scope, bundle: TransactionBundle) -> bool:
    """All that the scope says holds, as far as it is known by now."""
    if scope.subnets is not None and bundle.subnet.subnet_id not in scope.subnets:
        return False
    if scope.relays is not None and not any(scope.has_relay(relay) for relay in _relays(bundle)):
        return False
    if scope.marks is not None and (bundle.marks is None or scope.marks.isdisjoint(bundle.marks)):
        return False
    if (scope.more_than_s is not None or scope.less_than_s is not None) and not _waits(scope, bundle):
        return False
    if scope.window is not None and not scope.window.holds(bundle.now):
        return False
    return scope.classes is None or is_of(bundle, tuple(scope.classes))


def _relays(bundle: TransactionBundle) -> list[bytes]:
    """The addresses that relays call their links by."""
    if isinstance(bundle, TransactionBundle6):
        return [relay.link for relay in bundle.relays]
    return [bundle.request.giaddr]


def _waits(scope: Scope, bundle: TransactionBundle) -> bool:
    """Whether the client says that it has waited for so long; who says nothing does not, in DHCPv6.  RFC 8415 21.9."""
    waited: float = 0
    if isinstance(bundle, TransactionBundle6):
        said = bundle.message.get(Opt6.ELAPSED_TIME)
        if said is None:
            return False
        waited = int.from_bytes(said, "big") / 100
    else:
        waited = bundle.request.secs
    return (scope.more_than_s is None or waited > scope.more_than_s) and (
        scope.less_than_s is None or waited < scope.less_than_s
    )
