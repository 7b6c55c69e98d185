"""The table of built-in handlers, in the order of the pipeline; and that of the types that are configured as rows."""

from __future__ import annotations

from dhcpcore.handlers import message_types, option_types
from dhcpcore.handlers.admission import AdmitClient
from dhcpcore.handlers.assignment import FindAssignment, MakeKey
from dhcpcore.handlers.auto_configure import AutoConfigure
from dhcpcore.handlers.bootp import BootpClient, BootpKnown, BootpReply
from dhcpcore.handlers.class_limits import CountClasses, LimitClasses, LimitClassRate
from dhcpcore.handlers.classes import MatchAdditional, MatchClasses, MatchKnown, MatchPort, RejectClients
from dhcpcore.handlers.configured import MeetAnswer, MeetMessage
from dhcpcore.handlers.flood import CountDeclines, LimitRate
from dhcpcore.handlers.giveback import Decline, Release
from dhcpcore.handlers.grant import Grant
from dhcpcore.handlers.hooked import ChooseLease, ChooseSubnet, KeepLease, NameClient, Receive
from dhcpcore.handlers.identity import Identify
from dhcpcore.handlers.inform import Inform
from dhcpcore.handlers.ipv6_only import OfferNoAddress, SayIpv6Only
from dhcpcore.handlers.leasequery import LeaseQuery
from dhcpcore.handlers.lifetimes import AdaptTimes, LeaseTimes, RunOut
from dhcpcore.handlers.limits import CheckLimit, LimitLeases
from dhcpcore.handlers.nonce import GiveNonce
from dhcpcore.handlers.offer import Offer
from dhcpcore.handlers.options import Options
from dhcpcore.handlers.patience import DelayOffer, MinSecs
from dhcpcore.handlers.probe import ProbeAddress
from dhcpcore.handlers.proxy import BootAnswer, BootQuestion, ProxyOnly
from dhcpcore.handlers.rapid_commit import RapidCommit
from dhcpcore.handlers.record import RecordAtOnce, RecordConflict, RecordLease
from dhcpcore.handlers.scripted import ScriptAdmits, ScriptAsks, ScriptEdits, ScriptRules
from dhcpcore.handlers.server_id import ServerIdentity
from dhcpcore.handlers.subnet import EchoSelection, SelectSubnet
from dhcpcore.handlers.vpn import EchoVpn, SelectVpn
from dhcpcore.lease.allocation import Allocator
from dhcpcore.lease.nonces import Nonces
from dhcpcore.lease.offered import Offered
from dhcpcore.pipeline.api import Factories
from dhcpcore.pipeline.callouts import Callouts
from dhcpcore.pipeline.handler import Handler
from dhcpcore.pipeline.instances import Instances
from dhcpcore.pipeline.scripted import Script
from dhcpcore.pipeline.searches import Searches
from dhcpcore.stats.manners import Manners

#: What makes the handlers of the built-in types; their fields are in ``topology.handler_types``.
FACTORIES: Factories = {**option_types.FACTORIES, **message_types.FACTORIES}


def builtin(
    allocator: Allocator,
    offered: Offered,
    searches: Searches,
    nonces: Nonces,
    manners: Manners,
    callouts: Callouts | None = None,
    script: Script | None = None,
    instances: Instances | None = None,
) -> tuple[Handler, ...]:
    """The built-in handlers, in order: what records changes comes before what has other effects."""
    scripted = script is not None
    options = Options()
    additional = MatchAdditional()
    return (
        Receive(callouts),
        SelectVpn(),
        SelectSubnet(anywhere=script is not None and script.rules.admits),
        ChooseSubnet(callouts),
        ScriptRules(script, manners),
        LimitRate(manners),
        ProxyOnly(),
        BootpClient(),
        ServerIdentity(allocator),
        MinSecs(),
        AdmitClient(),
        MatchClasses(),
        MeetMessage(instances),
        ScriptAsks(script, manners),
        Identify(offered),
        MakeKey(),
        NameClient(callouts),
        DelayOffer(),
        MatchPort(),
        FindAssignment(),
        ScriptAdmits(script, manners),
        MatchKnown(),
        RejectClients(),
        BootpKnown(additional, options),
        LimitClassRate(manners),
        LimitLeases(),
        LimitClasses(),
        RecordConflict(callouts),
        RecordAtOnce(scripted=scripted),
        RecordLease(),
        CountClasses(),
        OfferNoAddress(),
        Offer(allocator, offered),
        Grant(allocator),
        Release(),
        Decline(callouts),
        KeepLease(callouts),
        CountDeclines(manners),
        CheckLimit(),
        Inform(),
        ProbeAddress(),
        additional,
        LeaseTimes(),
        AdaptTimes(allocator),
        RunOut(),
        ChooseLease(callouts),
        BootQuestion(),
        options,
        BootAnswer(),
        LeaseQuery(searches),
        RapidCommit(scripted=scripted),
        GiveNonce(nonces),
        BootpReply(),
        SayIpv6Only(),
        EchoSelection(),
        EchoVpn(),
        AutoConfigure(),
        MeetAnswer(instances),
        ScriptEdits(script, manners),
    )
