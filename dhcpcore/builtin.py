"""The table of built-in handlers, in the order of the pipeline."""

from __future__ import annotations

from dhcpcore.handlers.assignment import FindAssignment
from dhcpcore.handlers.flood import CountDeclines, LimitRate
from dhcpcore.handlers.giveback import Decline, Release
from dhcpcore.handlers.grant import Grant
from dhcpcore.handlers.identity import Identify
from dhcpcore.handlers.inform import Inform
from dhcpcore.handlers.leasequery import LeaseQuery
from dhcpcore.handlers.lifetimes import AdaptTimes, LeaseTimes, RunOut
from dhcpcore.handlers.limits import CheckLimit, LimitLeases
from dhcpcore.handlers.offer import Offer
from dhcpcore.handlers.options import Options
from dhcpcore.handlers.patience import DelayOffer, MinSecs
from dhcpcore.handlers.probe import ProbeAddress
from dhcpcore.handlers.record import RecordConflict, RecordLease
from dhcpcore.handlers.server_id import ServerIdentity
from dhcpcore.handlers.subnet import SelectSubnet
from dhcpcore.lease.allocation import Allocator
from dhcpcore.lease.offered import Offered
from dhcpcore.pipeline.handler import Handler
from dhcpcore.pipeline.searches import Searches
from dhcpcore.stats.manners import Manners


def builtin(
    allocator: Allocator, offered: Offered, searches: Searches, manners: Manners
) -> tuple[Handler, ...]:
    """The built-in handlers, in order: what records changes comes before what has other effects."""
    return (
        SelectSubnet(),
        LimitRate(manners),
        ServerIdentity(allocator),
        MinSecs(),
        Identify(offered),
        DelayOffer(),
        FindAssignment(),
        LimitLeases(),
        RecordConflict(),
        RecordLease(),
        Offer(allocator, offered),
        Grant(allocator),
        Release(),
        Decline(),
        CountDeclines(manners),
        CheckLimit(),
        Inform(),
        ProbeAddress(),
        LeaseTimes(),
        AdaptTimes(allocator),
        RunOut(),
        Options(),
        LeaseQuery(searches),
    )
