"""VPNs with the same addresses: a relay, or a client that is believed, says which one it means.  RFC 6607."""

from __future__ import annotations

from typing import ClassVar

from dhcpcore.pipeline.bundle import AS_IT_CAME, TransactionBundle
from dhcpcore.pipeline.handler import Handler
from dhcpcore.pipeline.identifiers import SubOption, sub_options, without
from dhcpcore.pipeline.signals import CannotRespond
from dhcpcore.pipeline.trace import Step
from dhcpcore.stats.reasons import Reason
from dhcpcore.topology.snapshot import Snapshot
from dhcpcore.wire.v4.message import NOWHERE, MessageType, Opt, Request4

#: The global, default VPN: where subnets without `vss` are.  RFC 6607 3.5.
_GLOBAL = b"\xff"


class SelectVpn(Handler):
    """Narrows the links down to those of the VPN, before one is chosen.  One that no subnet names is NO-SUBNET."""

    def wanted(self, snapshot: Snapshot) -> bool:
        """Off unless a subnet names its VPN."""
        return any(subnet.vss for subnet in snapshot.subnets)

    def pre(self, bundle: TransactionBundle) -> None:
        """The relay's word counts before the client's.  RFC 6607 7.3."""
        request = bundle.request
        vss = None
        option = int(Opt.AGENT_OPTIONS)
        if request.giaddr != NOWHERE and (agent := request.options.get(Opt.AGENT_OPTIONS)):
            said = sub_options(agent)
            vss = said.get(SubOption.VSS)
            if vss is not None and SubOption.VSS_CONTROL in said:
                # Should it be suspended, it begins anew as it came: the VPN may be no more by then.
                bundle.handler_data = {**(bundle.handler_data or {}), AS_IT_CAME: request}
                bundle.request = _heeded(request, agent)
        if vss is None and bundle.snapshot.subnet_selection:
            vss = request.options.get(Opt.VSS)
            option = int(Opt.VSS)
        if vss is None or vss == _GLOBAL:
            return
        links = bundle.links.vpn(vss)
        if links is None:
            raise CannotRespond(Reason.NO_SUBNET)
        bundle.links = links
        bundle.trace.append((Step.VPN, vss, option))


class EchoVpn(Handler):
    """Tells the client which VPN its address is of, by its own option 221.  RFC 6607 7.1."""

    message_types: ClassVar[frozenset[int] | None] = frozenset(
        (MessageType.DISCOVER, MessageType.REQUEST, MessageType.INFORM)
    )

    def wanted(self, snapshot: Snapshot) -> bool:
        """Off unless a subnet names its VPN and clients are believed."""
        return snapshot.subnet_selection and any(subnet.vss for subnet in snapshot.subnets)

    def answered(self, bundle: TransactionBundle) -> None:
        """Where a relay said another one, that one was heeded, and is told.  RFC 6607 7.3."""
        if Opt.VSS in bundle.request.options:
            bundle.responses[0].lead(Opt.VSS, bundle.subnet.vss or _GLOBAL)


def _heeded(request: Request4, agent: bytes) -> Request4:
    """The request with an option 82 that says, once returned, that the VPN was heeded: VSS-Control is taken out."""
    options = {**request.options, Opt.AGENT_OPTIONS: without(agent, SubOption.VSS_CONTROL)}
    return Request4(request.data, options, request.message_type)
