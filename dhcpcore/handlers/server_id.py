"""Whom the client speaks to: us, or another server that it chose."""

from __future__ import annotations

from dhcpcore.lease.allocation import Allocator
from dhcpcore.pipeline.bundle import TransactionBundle
from dhcpcore.pipeline.handler import Handler
from dhcpcore.pipeline.identifiers import SubOption, sub_options
from dhcpcore.pipeline.signals import CannotRespond
from dhcpcore.pipeline.trace import Step
from dhcpcore.stats.reasons import Reason
from dhcpcore.wire.v4.message import NOWHERE, MessageType, Opt


class ServerIdentity(Handler):
    """Sets ``server_id``, the address that the client shall know us by, and leaves alone what names another server.

    That is one of ours, or the one that a relay overrides it with (RFC 5107).  RFC 2131 4.3.2 (REQUEST in SELECTING
    state), 4.4.1 table 5 (DECLINE, RELEASE).
    """

    def __init__(self, allocator: Allocator) -> None:
        self._allocator = allocator

    def pre(self, bundle: TransactionBundle) -> None:
        """A server identifier is ours when it is an address of any of our interfaces."""
        request = bundle.request
        datagram = bundle.datagram
        named = request.options.get(Opt.SERVER_ID)
        agent = request.options.get(Opt.AGENT_OPTIONS)
        if agent and _OVERRIDE in agent and request.giaddr != NOWHERE and _overridden(bundle, agent, named):
            return
        if named is not None:
            if len(named) != _OCTETS or named == NOWHERE or (named != datagram.local and named not in bundle.links.own):
                if bundle.snapshot.compatibility.ignore_server_identifier and datagram.local not in _NO_ADDRESS:
                    bundle.server_id = datagram.local
                    return
                if request.message_type == MessageType.REQUEST:
                    # The client took another server's offer: ours is free for others at once.  RFC 2131 4.3.2.
                    client_id = request.options.get(Opt.CLIENT_ID)
                    matched = client_id and bundle.subnet.match_client_id
                    self._allocator.drop(b"\x01" + client_id if client_id and matched else b"\x00" + request.hw)
                raise CannotRespond(Reason.OTHER_SERVER)
            bundle.server_id = named
            return
        if request.message_type in _MUST_NAME_SERVER:
            raise CannotRespond(Reason.NO_SERVER_ID)
        if datagram.local in _NO_ADDRESS:
            raise CannotRespond(Reason.NO_SERVER_ADDRESS)
        bundle.server_id = datagram.local


def _overridden(bundle: TransactionBundle, agent: bytes, named: bytes | None) -> bool:
    """Whether the relay stands for us under an address of its own, by which the client knows us.  RFC 5107 4."""
    said = sub_options(agent)
    override = said.get(SubOption.SERVER_OVERRIDE, b"")
    if len(override) != 4 or override == NOWHERE or (named is not None and named != override):
        return False
    if named is None and bundle.request.message_type in _MUST_NAME_SERVER:
        return False
    bundle.server_id = override
    bundle.trace.append((Step.SERVER_OVERRIDE, override))
    if said.get(SubOption.RELAY_FLAGS, b"\0")[:1] >= _UNICAST:
        bundle.trace.append((Step.RELAYED_UNICAST,))
    return True


#: Code and length of the sub-option: option 82 is taken to pieces only where they are somewhere in it.
_OVERRIDE = bytes((SubOption.SERVER_OVERRIDE, 4))
#: The first bit of the relay's flags: the client had sent it by unicast.  RFC 5010 3.
_UNICAST = b"\x80"
_NO_ADDRESS = (NOWHERE, b"")
#: Of an address here; this host's IPv6 addresses are no server identifiers.
_OCTETS = 4
_MUST_NAME_SERVER = frozenset((MessageType.RELEASE, MessageType.DECLINE))
