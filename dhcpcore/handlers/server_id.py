"""Whom the client speaks to: us, or another server that it chose."""

from __future__ import annotations

from typing import ClassVar

from dhcpcore.lease.allocation import Allocator
from dhcpcore.pipeline.bundle import TransactionBundle
from dhcpcore.pipeline.bundle6 import CLIENTS6, TransactionBundle6, six
from dhcpcore.pipeline.handler import Handler
from dhcpcore.pipeline.identifiers import SubOption, sub_options
from dhcpcore.pipeline.signals import CannotRespond
from dhcpcore.pipeline.trace import Step
from dhcpcore.stats.reasons import Reason
from dhcpcore.wire.v4.message import NOWHERE, MessageType, Opt
from dhcpcore.wire.v6.message import ASSOCIATIONS, MessageType6, Opt6


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


class ServerIdentity6(Handler):
    """The same for DHCPv6, where that is a DUID; and what a message must and must not have.  RFC 8415 16."""

    message_types: ClassVar[frozenset[int] | None] = CLIENTS6

    def __init__(self, duid: bytes) -> None:
        self._duid = duid

    def pre(self, bundle: TransactionBundle) -> None:
        """Sets ``server_id``."""
        mine = six(bundle)
        bundle.server_id = self._duid
        named = mine.message.get(Opt6.SERVER_ID)
        if _is_invalid(mine, named):
            raise CannotRespond(Reason.INVALID_MESSAGE)
        if named is not None and named != self._duid:
            raise CannotRespond(Reason.OTHER_SERVER)


def _is_invalid(bundle: TransactionBundle6, named: bytes | None) -> bool:
    kind = bundle.message.kind
    if not bundle.duid and kind != MessageType6.INFORMATION_REQUEST:
        return True
    if (named is None and kind in _MUST_NAME_SERVER6) or (named is not None and kind in _MUST_NOT_NAME_SERVER6):
        return True
    if kind == MessageType6.INFORMATION_REQUEST and any(code in ASSOCIATIONS for code, _ in bundle.message.options):
        return True
    by_unicast = not (bundle.relays or bundle.by_multicast or bundle.tcp)
    return by_unicast and kind in _BY_MULTICAST


_MUST_NAME_SERVER6 = frozenset(
    (MessageType6.REQUEST, MessageType6.RENEW, MessageType6.RELEASE, MessageType6.DECLINE)
)  # fmt: skip
_MUST_NOT_NAME_SERVER6 = frozenset((MessageType6.SOLICIT, MessageType6.CONFIRM, MessageType6.REBIND))
#: For all servers; what a relay forwards, it may send to one alone.
_BY_MULTICAST = frozenset((*_MUST_NOT_NAME_SERVER6, MessageType6.INFORMATION_REQUEST))
