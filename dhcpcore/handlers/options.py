"""The configured options and boot fields of an answer, encoded once for each combination and kept."""

from __future__ import annotations

from dhcpcore.pipeline.bundle import TransactionBundle
from dhcpcore.pipeline.handler import Handler
from dhcpcore.topology.snapshot import Pool, Subnet
from dhcpcore.wire.v4.message import MessageType, Opt
from dhcpcore.wire.v4.tlv import encode_options

#: Combinations of subnet, pool and requested options that are kept encoded; clients send a few dozen different lists.
_CACHE_MAX = 8192

#: Options that the protocol sets; configured ones of these codes would contradict it.
_PROTOCOL = frozenset(
    (Opt.REQUESTED_ADDRESS, Opt.LEASE_TIME, Opt.OVERLOAD, Opt.MESSAGE_TYPE, Opt.SERVER_ID, Opt.PARAMETER_REQUEST_LIST,
     Opt.MAX_MESSAGE_SIZE, Opt.RENEWAL_TIME, Opt.REBINDING_TIME, Opt.CLIENT_ID, Opt.AGENT_OPTIONS)
)  # fmt: skip

Pairs = tuple[tuple[int, bytes], ...]


class Options(Handler):
    """What the client asked for in option 55, in its order; all that is configured where it sent none.

    The subnet mask is always sent, and before the routers.  RFC 2131 4.3.1, RFC 2132 3.3 and 9.8.
    """

    message_types = frozenset((MessageType.DISCOVER, MessageType.REQUEST, MessageType.INFORM))

    def __init__(self) -> None:
        self._cache: dict[tuple[int, int, bytes | None], tuple[bytes, Pairs]] = {}

    def handle(self, bundle: TransactionBundle) -> None:
        """Sets the response's options and its siaddr, sname and file."""
        response = bundle.responses[0]
        requested = bundle.request.options.get(Opt.PARAMETER_REQUEST_LIST)
        subnet = bundle.subnet
        pool = bundle.pool
        assignment = bundle.assignment
        if assignment is not None and (assignment.options or assignment.hostname):
            extra = dict(assignment.options)
            if assignment.hostname:
                extra.setdefault(Opt.HOST_NAME, assignment.hostname.encode())
            response.pairs = chosen(subnet, pool, requested, extra)
            response.body = encode_options(response.pairs)
        else:
            key = (subnet.subnet_id, pool.pool_id if pool is not None else 0, requested)
            cached = self._cache.get(key)
            if cached is None:
                pairs = chosen(subnet, pool, requested, {})
                if len(self._cache) >= _CACHE_MAX:
                    self._cache.clear()
                cached = self._cache[key] = (encode_options(pairs), pairs)
            response.body, response.pairs = cached
        boot = subnet.boot
        response.siaddr, response.sname, response.file = boot.next_server, boot.server_name, boot.file
        if assignment is not None and assignment.boot is not None:
            next_server, server_name, file = assignment.boot
            response.siaddr = next_server or response.siaddr
            response.sname = server_name or response.sname
            response.file = file or response.file


def chosen(subnet: Subnet, pool: Pool | None, requested: bytes | None, extra: dict[int, bytes]) -> Pairs:
    """Codes and payloads to send, in order of importance: the nearest level wins (assignment, pool, subnet)."""
    available: dict[int, bytes] = {Opt.SUBNET_MASK: mask(subnet.plen), **subnet.options}
    if pool is not None:
        available.update(pool.options)
    available.update(extra)
    order = [Opt.SUBNET_MASK, *(requested if requested is not None else sorted(available))]
    wanted = dict.fromkeys(int(code) for code in order if code in available and code not in _PROTOCOL)
    return tuple((code, available[code]) for code in wanted)


def mask(plen: int) -> bytes:
    """The netmask of a prefix length."""
    return (0xFFFF_FFFF ^ (0xFFFF_FFFF >> plen)).to_bytes(4, "big")
