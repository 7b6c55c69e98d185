"""The answer's bytes, and where it goes.  RFC 2131 4.1, RFC 3046 2.2, RFC 6842, RFC 8357; RFC 8415 18.3.10, 19.3."""

from __future__ import annotations

from dhcpcore.lease.model import make
from dhcpcore.pipeline.bundle import Outgoing, Response4, Route, TransactionBundle
from dhcpcore.pipeline.bundle6 import TransactionBundle6, returned, six
from dhcpcore.pipeline.handler import Handler
from dhcpcore.pipeline.identifiers import sub_options
from dhcpcore.pipeline.trace import Step
from dhcpcore.wire.v4.bootp import encode_bootp
from dhcpcore.wire.v4.message import BROADCAST, NOWHERE, MessageType, Opt, Request4, encode, encode_tight
from dhcpcore.wire.v4.tlv import encode_options
from dhcpcore.wire.v6.message import Opt6, wrap
from dhcpcore.wire.v6.message import encode as encode6

SERVER_PORT, CLIENT_PORT = 67, 68
SERVER_PORT6, CLIENT_PORT6 = 547, 546
#: Relay agent sub-option by which a relay asks to be answered at the port it sent from.  RFC 8357 5.
_RELAY_SOURCE_PORT = 19
_ETHERNET = 1
_NAK = int(MessageType.NAK)
#: Combinations of type, server and times that are kept encoded.
_HEADS_MAX = 4096


class Reply(Handler):
    """Turns responses into datagrams."""

    def __init__(self) -> None:
        self._heads: dict[tuple[int, bytes, int, int, int], bytes] = {}

    def post(self, bundle: TransactionBundle) -> None:
        """One datagram a response; a query's answer, which is none of these, is there already."""
        if bundle.responses:
            bundle.outgoing = [
                make(Outgoing, (self._encode(bundle, response), route(bundle, response)))
                for response in bundle.responses
            ]

    def _encode(self, bundle: TransactionBundle, response: Response4) -> bytes:
        request = bundle.request
        key = (response.message_type, bundle.server_id, response.lifetime_s, response.renew_s, response.rebind_s)
        head = self._heads.get(key)
        if head is None:
            if len(self._heads) >= _HEADS_MAX:
                self._heads.clear()
            head = self._heads[key] = encode_options(_head(*key))
        options = request.options
        # Clients of before RFC 6842 drop an answer that has it: RFC 2131 4.3.1 forbade it.
        client_id = options.get(Opt.CLIENT_ID) if bundle.subnet.echo_client_id else None
        if client_id is not None:
            head += encode_options(((Opt.CLIENT_ID, client_id),))  # RFC 6842 3.
        agent = options.get(Opt.AGENT_OPTIONS)
        tail = b""
        if agent is not None and request.giaddr != NOWHERE:
            tail = encode_options(((Opt.AGENT_OPTIONS, agent),))  # Verbatim and last.  RFC 3046 2.2.
        broadcast = request.broadcast or response.broadcast
        if response.message_type == _NAK:
            broadcast = broadcast or request.giaddr != NOWHERE  # RFC 2131 4.3.2.
        payload = None
        if response.overrides is None:
            payload = encode(
                request,
                yiaddr=response.yiaddr,
                ciaddr=response.ciaddr,
                siaddr=response.siaddr,
                sname=response.sname,
                file=response.file,
                broadcast=broadcast,
                options=head + response.body,
                tail=tail,
            )
        if payload is None and response.message_type == MessageType.BOOTP:
            payload, dropped = encode_bootp(
                request,
                yiaddr=response.yiaddr,
                ciaddr=response.ciaddr,
                siaddr=response.siaddr,
                sname=response.sname,
                file=response.file,
                broadcast=broadcast,
                pairs=response.pairs,
                tail=tail,
            )
            if dropped:
                bundle.trace.append((Step.OPTIONS_DROPPED, bytes(dropped)))
        if payload is None:
            pairs = dict(_head(*key))
            if client_id is not None:
                pairs[Opt.CLIENT_ID] = client_id
            pairs.update(response.pairs)
            for code, value in (response.overrides or {}).items():
                pairs.pop(code, None)
                if code == Opt.AGENT_OPTIONS:  # A handler has changed what the relay gets back.
                    tail = encode_options(((code, value),)) if value and tail else b""
                elif value is not None:
                    pairs[code] = value
            payload, dropped = encode_tight(
                request,
                yiaddr=response.yiaddr,
                ciaddr=response.ciaddr,
                siaddr=response.siaddr,
                sname=response.sname,
                file=response.file,
                broadcast=broadcast,
                pairs=pairs.items(),
                essential=len(head),
                tail=tail,
            )
            if dropped:
                bundle.trace.append((Step.OPTIONS_DROPPED, bytes(dropped), request.limit))
        return payload


def _head(message_type: int, server_id: bytes, lifetime_s: int, renew_s: int, rebind_s: int) -> list[tuple[int, bytes]]:
    """Options that the protocol itself sets, in the order clients like to read them."""
    pairs = [(int(Opt.MESSAGE_TYPE), bytes((message_type,))), (int(Opt.SERVER_ID), server_id)]
    if lifetime_s >= 0:
        pairs.append((Opt.LEASE_TIME, lifetime_s.to_bytes(4, "big")))
        pairs.append((Opt.RENEWAL_TIME, renew_s.to_bytes(4, "big")))
        pairs.append((Opt.REBINDING_TIME, rebind_s.to_bytes(4, "big")))
    return pairs


def route(bundle: TransactionBundle, response: Response4) -> Route:
    """Where the answer goes.  RFC 2131 4.1."""
    request: Request4 = bundle.request
    datagram = bundle.datagram
    interface, local = datagram.interface, datagram.local
    giaddr = request.giaddr
    if giaddr != NOWHERE:
        port = SERVER_PORT
        agent = request.options.get(Opt.AGENT_OPTIONS)
        if agent is not None and _RELAY_SOURCE_PORT in sub_options(agent):
            port = datagram.port
        return make(Route, (giaddr, port, 0, local, b"", 0))
    if response.message_type == _NAK:
        return make(Route, (BROADCAST, CLIENT_PORT, interface, local, b"", 0))
    if response.ciaddr != NOWHERE:
        return Route(response.ciaddr, CLIENT_PORT, interface if datagram.destination == BROADCAST else 0, local)
    hw = request.hw
    if request.broadcast or response.broadcast or hw[0] != _ETHERNET or len(hw) != 7:
        return make(Route, (BROADCAST, CLIENT_PORT, interface, local, b"", 0))
    return make(Route, (response.yiaddr, CLIENT_PORT, interface, local, hw[1:], 0))


class Reply6(Handler):
    """The same for DHCPv6: one datagram a response, each inside the relays that the message came through."""

    def post(self, bundle: TransactionBundle) -> None:
        """Nothing where there is no response."""
        mine = six(bundle)
        if not bundle.responses:
            return
        back = mine.relay_options or [returned(relay) for relay in mine.relays]
        relays = [relay._replace(options=tuple(said)) for relay, said in zip(mine.relays, back, strict=True)]
        to = route6(mine)
        bundle.outgoing = []
        first = mine.answers[0]
        for one in mine.answers:  # What was committed is what the first one gives: none says anything else of it.
            octets = encode6(first.kind, mine.message.xid, one.options, first.associations)
            bundle.outgoing.append(Outgoing(wrap(octets, relays), to))


def route6(bundle: TransactionBundle6) -> Route:
    """To where it came from: to a relay's port for servers (or its own, RFC 8357 5), or to a client's."""
    datagram = bundle.datagram
    port = CLIENT_PORT6
    if bundle.relays:
        port = datagram.port if bundle.relays[-1].get(Opt6.RELAY_PORT) is not None else SERVER_PORT6
    return Route(datagram.source, port, datagram.interface, datagram.local)
