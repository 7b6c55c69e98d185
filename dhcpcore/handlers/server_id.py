"""Whom the client speaks to: us, or another server that it chose."""

from __future__ import annotations

from dhcpcore.lease.allocation import Allocator
from dhcpcore.pipeline.bundle import TransactionBundle
from dhcpcore.pipeline.handler import Handler
from dhcpcore.pipeline.signals import CannotRespond
from dhcpcore.stats.reasons import Reason
from dhcpcore.wire.v4.message import NOWHERE, MessageType, Opt


class ServerIdentity(Handler):
    """Sets ``server_id``, the address that the client shall know us by, and leaves alone what names another server.

    RFC 2131 4.3.2 (REQUEST in SELECTING state), 4.4.1 table 5 (DECLINE, RELEASE).
    """

    def __init__(self, allocator: Allocator) -> None:
        self._allocator = allocator

    def pre(self, bundle: TransactionBundle) -> None:
        """A server identifier is ours when it is an address of any of our interfaces."""
        request = bundle.request
        datagram = bundle.datagram
        named = request.options.get(Opt.SERVER_ID)
        if named is not None:
            if named in _NO_ADDRESS or (named != datagram.local and named not in bundle.links.own):
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


_NO_ADDRESS = (NOWHERE, b"")
_MUST_NAME_SERVER = frozenset((MessageType.RELEASE, MessageType.DECLINE))
