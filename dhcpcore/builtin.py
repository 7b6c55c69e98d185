"""The table of built-in handlers, in the order of the pipeline."""

from __future__ import annotations

from dhcpcore.handlers.admission import AdmitClient
from dhcpcore.handlers.assignment import FindAssignment
from dhcpcore.handlers.auto_configure import AutoConfigure
from dhcpcore.handlers.bootp import BootpClient, BootpKnown, BootpReply
from dhcpcore.handlers.classes import MatchAdditional, MatchClasses, MatchKnown
from dhcpcore.handlers.giveback import Decline, Release
from dhcpcore.handlers.grant import Grant
from dhcpcore.handlers.identity import Identify
from dhcpcore.handlers.inform import Inform
from dhcpcore.handlers.ipv6_only import OfferNoAddress, SayIpv6Only
from dhcpcore.handlers.leasequery import LeaseQuery
from dhcpcore.handlers.lifetimes import LeaseTimes
from dhcpcore.handlers.nonce import GiveNonce
from dhcpcore.handlers.offer import Offer
from dhcpcore.handlers.options import Options
from dhcpcore.handlers.probe import ProbeAddress
from dhcpcore.handlers.proxy import BootAnswer, BootQuestion, ProxyOnly
from dhcpcore.handlers.rapid_commit import RapidCommit
from dhcpcore.handlers.record import RecordAtOnce, RecordConflict, RecordLease
from dhcpcore.handlers.server_id import ServerIdentity
from dhcpcore.handlers.subnet import EchoSelection, SelectSubnet
from dhcpcore.handlers.vpn import EchoVpn, SelectVpn
from dhcpcore.lease.allocation import Allocator
from dhcpcore.lease.nonces import Nonces
from dhcpcore.lease.offered import Offered
from dhcpcore.pipeline.handler import Handler
from dhcpcore.pipeline.searches import Searches


def builtin(allocator: Allocator, offered: Offered, searches: Searches, nonces: Nonces) -> tuple[Handler, ...]:
    """The built-in handlers, in order: what records changes comes before what has other effects."""
    options = Options()
    additional = MatchAdditional()
    return (
        SelectVpn(),
        SelectSubnet(),
        ProxyOnly(),
        BootpClient(),
        ServerIdentity(allocator),
        AdmitClient(),
        MatchClasses(),
        Identify(offered),
        FindAssignment(),
        MatchKnown(),
        BootpKnown(additional, options),
        RecordConflict(),
        RecordAtOnce(),
        RecordLease(),
        OfferNoAddress(),
        Offer(allocator, offered),
        Grant(allocator),
        Release(),
        Decline(),
        Inform(),
        ProbeAddress(),
        additional,
        LeaseTimes(),
        BootQuestion(),
        options,
        BootAnswer(),
        LeaseQuery(searches),
        RapidCommit(),
        GiveNonce(nonces),
        BootpReply(),
        SayIpv6Only(),
        EchoSelection(),
        EchoVpn(),
        AutoConfigure(),
    )
