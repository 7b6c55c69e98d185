"""The table of built-in handlers of DHCPv6, in the order of the pipeline."""

from __future__ import annotations

from dhcpcore.handlers.associations import AnswerRest, BeginAnswer, CheckGiven, Conclude, ConfirmLeases, Timers
from dhcpcore.handlers.configured import MeetAnswer6, MeetMessage6
from dhcpcore.handlers.giveback import GiveBack6
from dhcpcore.handlers.identity import Identify6
from dhcpcore.handlers.options import Options6
from dhcpcore.handlers.preference import Preference
from dhcpcore.handlers.rapid_commit import RapidCommit6
from dhcpcore.handlers.record import RecordAssociations
from dhcpcore.handlers.server_id import ServerIdentity6
from dhcpcore.handlers.subnet import SelectSubnet6
from dhcpcore.handlers.unicast import RejectUnicast
from dhcpcore.pipeline.handler import Handler
from dhcpcore.pipeline.instances import Instances


def builtin6(duid: bytes, instances: Instances | None = None) -> tuple[Handler, ...]:
    """The built-in handlers, in order; ``duid`` is this server's."""
    return (
        ServerIdentity6(duid),
        SelectSubnet6(),
        MeetMessage6(instances),
        RejectUnicast(),
        Identify6(),
        BeginAnswer(),
        Preference(),
        Options6(),
        ConfirmLeases(),
        GiveBack6(),
        MeetAnswer6(instances),
        CheckGiven(),
        AnswerRest(),
        Timers(),
        RapidCommit6(),
        Conclude(),
        RecordAssociations(),
    )
