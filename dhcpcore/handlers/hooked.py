"""The hook points before the commit: the message, its subnet, the lease found for it, and what it gives back."""

from __future__ import annotations

import logging
from typing import ClassVar

from dhcpcore.hooks.handle import Status
from dhcpcore.lease.model import INFINITE_LIFETIME_S, Identifier
from dhcpcore.pipeline.bundle import TransactionBundle
from dhcpcore.pipeline.callouts import Callouts
from dhcpcore.pipeline.handler import Handler
from dhcpcore.pipeline.identifiers import IDENTIFIER_OCTETS_MAX
from dhcpcore.pipeline.signals import CannotRespond, Refuse
from dhcpcore.pipeline.trace import Step
from dhcpcore.pipeline.views import Lease4, lease4
from dhcpcore.stats.reasons import Reason
from dhcpcore.topology.snapshot import Snapshot
from dhcpcore.wire.addresses import format_address
from dhcpcore.wire.v4.message import MessageType, Opt

_log = logging.getLogger(__name__)

_RECEIVED = "received"
#: Kea's names of what an assignment knows its client by, and one that Kea has not.
_IDENTIFIERS = {
    "flex-id": Identifier.FLEX, "hw-address": Identifier.HW_ADDRESS, "client-id": Identifier.CLIENT_ID,
    "duid": Identifier.DUID, "circuit-id": Identifier.CIRCUIT_ID, "remote-id": Identifier.REMOTE_ID,
}  # fmt: skip


class _Hooked(Handler):
    """Only where a library has a callout at one of ``hooks``."""

    hooks: tuple[str, ...] = ()

    def __init__(self, callouts: Callouts | None) -> None:
        self._callouts = callouts

    def wanted(self, snapshot: Snapshot) -> bool:
        """Where anybody is there to be called."""
        return self._callouts is not None and self._callouts.has(*self.hooks)

    @property
    def callouts(self) -> Callouts:
        """There are some: else it is not in the plan."""
        assert self._callouts is not None
        return self._callouts

    def drop(self, bundle: TransactionBundle, hook: str) -> CannotRespond:
        """The message goes no further."""
        bundle.trace.append((Step.STOPPED_BY_HOOK, hook))
        return CannotRespond(Reason.HOOK_DROPPED)


class Receive(_Hooked):
    """The message, before anything is made of it; buffer4_receive has seen it before it was read."""

    hooks = ("pkt4_receive",)

    def pre(self, bundle: TransactionBundle) -> None:
        """First of all handlers; once a packet, also where it is suspended and comes again."""
        data = bundle.handler_data
        if data is not None and _RECEIVED in data:
            return
        status, _ = self.callouts.meet(bundle, "pkt4_receive", dict)
        if status in (Status.SKIP, Status.DROP):
            raise self.drop(bundle, "pkt4_receive")
        if bundle.handler_data is None:  # Whoever was to be called is not called any more.
            bundle.handler_data = {}
        bundle.handler_data[_RECEIVED] = True


class ChooseSubnet(_Hooked):
    """Another subnet of the link than the one that the message points at."""

    hooks = ("subnet4_select",)

    def pre(self, bundle: TransactionBundle) -> None:
        """After the link was found."""
        here = bundle.link.subnets
        asked = {"subnet4": bundle.subnet, "subnet4collection": here}
        status, _ = self.callouts.meet(bundle, "subnet4_select", lambda: asked, (bundle.subnet.subnet_id, here))
        if status is Status.DROP:
            raise self.drop(bundle, "subnet4_select")
        if status is Status.SKIP:
            bundle.trace.append((Step.STOPPED_BY_HOOK, "subnet4_select"))
            raise CannotRespond(Reason.NO_SUBNET)
        chosen = self.callouts.read_back(bundle, "subnet4")
        if chosen is not bundle.subnet and chosen in here:
            bundle.home = bundle.subnet = chosen
            bundle.trace.append((Step.SUBNET_BY_HOOK, chosen.subnet_id))


class NameClient(_Hooked):
    """What an assignment knows the client by, in the words of the site."""

    hooks = ("host4_identifier",)
    message_types: ClassVar[frozenset[int] | None] = frozenset(
        (MessageType.DISCOVER, MessageType.REQUEST, MessageType.INFORM, MessageType.BOOTP,
         MessageType.PXE_DISCOVER, MessageType.PXE_REQUEST)
    )  # fmt: skip

    def wanted(self, snapshot: Snapshot) -> bool:
        """Where there is an assignment to be found, too."""
        return bool(snapshot.identifier_kinds) and super().wanted(snapshot)

    def pre(self, bundle: TransactionBundle) -> None:
        """After the server has collected the client's own identifiers."""
        status, _ = self.callouts.meet(bundle, "host4_identifier", lambda: {"id_type": "flex-id", "id_value": b""})
        value = self.callouts.read_back(bundle, "id_value")
        if status is not Status.CONTINUE or value == b"":
            return
        kind = _IDENTIFIERS.get(self.callouts.read_back(bundle, "id_type"))
        if kind is None or not isinstance(value, bytes) or len(value) > IDENTIFIER_OCTETS_MAX:
            _log.error("HOOK-FAILED: host4_identifier: right are %s, and an id_value of at most %d bytes.",
                       ", ".join(_IDENTIFIERS), IDENTIFIER_OCTETS_MAX)  # fmt: skip
            return
        identifier = (int(kind), value)
        bundle.identifiers = [identifier, *bundle.identifiers]
        bundle.wants.identifiers.add(identifier)
        bundle.trace.append((Step.IDENTIFIER_BY_HOOK, value.hex(":")))


class ChooseLease(_Hooked):
    """The address that was found, and for how long."""

    hooks = ("lease4_select", "lease4_renew")
    message_types: ClassVar[frozenset[int] | None] = frozenset((MessageType.DISCOVER, MessageType.REQUEST))

    def handle(self, bundle: TransactionBundle) -> None:
        """After address and times were decided; again where they had to be decided again."""
        key, before = bundle.key, bundle.before
        if key is None or not bundle.responses:
            return
        response = bundle.responses[0]
        client_id = bundle.request.options.get(Opt.CLIENT_ID)
        #: What a callout was asked about stands, as long as it is still this.
        about = (key, response.lifetime_s, bundle.subnet.subnet_id, bundle.reason)

        def lease_of() -> Lease4:
            hostname = before.hostname if before is not None else ""
            return Lease4(format_address(key[2]), bundle.request.hw[1:].hex(":"), client_id, bundle.subnet.subnet_id,
                          int(bundle.now), response.lifetime_s, hostname)  # fmt: skip

        if bundle.reason is Reason.ACK_RENEWED:
            if not self.callouts.meets(bundle, "lease4_renew"):
                return
            status, made = self.callouts.meet(bundle, "lease4_renew", lambda: {
                "subnet4": bundle.subnet, "clientid": client_id, "hwaddr": bundle.request.hw, "lease4": lease_of(),
            }, about)  # fmt: skip
            lease: Lease4 = made["lease4"]
            if status is Status.SKIP and before is not None:
                lease.valid_lft = min(response.lifetime_s, before.expires - int(bundle.now))
                bundle.trace.append((Step.STOPPED_BY_HOOK, "lease4_renew"))
        elif self.callouts.meets(bundle, "lease4_select"):
            offering = bundle.request.message_type == MessageType.DISCOVER
            status, made = self.callouts.meet(bundle, "lease4_select", lambda: {
                "subnet4": bundle.subnet, "fake_allocation": offering, "lease4": lease_of(),
            }, about)  # fmt: skip
            lease = made["lease4"]
            if status is Status.SKIP:
                bundle.trace.append((Step.STOPPED_BY_HOOK, "lease4_select"))
                raise CannotRespond(Reason.HOOK_DROPPED) if offering else Refuse(Reason.NAK_HOOK)
        else:
            return
        if lease.valid_lft != response.lifetime_s and _is_lifetime(lease.valid_lft):
            response.lifetime_s = lease.valid_lft
            response.renew_s, response.rebind_s = response.lifetime_s // 2, response.lifetime_s * 7 // 8  # 2131 4.4.5.


class KeepLease(_Hooked):
    """What a RELEASE or DECLINE would end."""

    hooks = ("lease4_release", "lease4_decline")
    message_types: ClassVar[frozenset[int] | None] = frozenset((MessageType.RELEASE, MessageType.DECLINE))

    def handle(self, bundle: TransactionBundle) -> None:
        """After the lease was found to be the client's."""
        hook = "lease4_release" if bundle.request.message_type == MessageType.RELEASE else "lease4_decline"
        before = bundle.before
        if before is None or not self.callouts.meets(bundle, hook):
            return
        status, _ = self.callouts.meet(bundle, hook, lambda: {"lease4": lease4(before)}, (before.key, before.version))
        if status in (Status.SKIP, Status.DROP):
            bundle.trace.append((Step.STOPPED_BY_HOOK, hook))
            raise CannotRespond(Reason.HOOK_KEPT)


def _is_lifetime(said: object) -> bool:
    if isinstance(said, int) and 1 <= said <= INFINITE_LIFETIME_S:
        return True
    _log.error("HOOK-FAILED: valid_lft %r is no number of seconds from 1 to %d.", said, INFINITE_LIFETIME_S)
    return False
