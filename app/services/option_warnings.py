"""What a DHCPv4 client will stumble over in what it is sent: right by itself, each of it, and wrong together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from app.services.option_origin import EffectiveOption
from dhcpcore.topology.snapshot import Subnet
from dhcpcore.wire.addresses import format_address, format_prefix
from dhcpcore.wire.v4.message import DEFAULT_LIMIT
from dhcpcore.wire.v4.tlv import encode_options

_MASK, _ROUTERS, _ROUTES, _ROUTES_MS = 1, 3, 121, 249
#: Header, cookie, type, server, three times and the end, beside the configured options: RFC 2131 2, RFC 2132 9.
_FIXED = 240 + 3 + 6 + 18 + 1
#: The fields file and sname without the octet that ends each: RFC 2132 9.3.
_SPARE = 127 + 63


def warnings(subnet: Subnet, options: Iterable[EffectiveOption]) -> tuple[str, ...]:
    """Sentences for people, of what is sent; nothing is said of what is worked out for each packet."""
    listed = tuple(options)
    sent = {one.code: bytes.fromhex(one.hex) for one in listed if one.sent and one.hex}
    is_masked = any(one.code == _MASK and one.sent and not one.hex for one in listed)
    masks = () if is_masked else _mask(subnet, sent)
    return (*_routers(subnet, sent), *_default_route(sent), *masks, *_size(sent))


def _routers(subnet: Subnet, sent: Mapping[int, bytes]) -> Iterator[str]:
    payload = sent.get(_ROUTERS, b"")
    for at in range(0, len(payload) - 3, 4):
        router = payload[at : at + 4]
        if not subnet.contains(router):
            yield (f"The router {format_address(router)} lies outside {format_prefix(subnet.prefix, subnet.plen)}: the "
                   "client cannot reach it.")


def _default_route(sent: Mapping[int, bytes]) -> Iterator[str]:
    """RFC 3442: who takes classless routes ignores the routers."""
    for code, name in ((_ROUTES, "classless-static-route"), (_ROUTES_MS, "classless-static-route-ms")):
        if code in sent and _ROUTERS in sent and not _has_default(sent[code]):
            yield f"{name} has no 0.0.0.0/0, and a client that takes it ignores routers: it gets no default route."


def _has_default(payload: bytes) -> bool:
    at = 0
    while at < len(payload):
        if payload[at] == 0:
            return True
        at += 1 + (payload[at] + 7) // 8 + 4
    return False


def _mask(subnet: Subnet, sent: Mapping[int, bytes]) -> Iterator[str]:
    mask = sent.get(_MASK)
    if mask is None:
        yield "No subnet mask is sent: the client guesses one by the class of its address."
    elif mask != (0xFFFF_FFFF ^ (0xFFFF_FFFF >> subnet.plen)).to_bytes(4, "big"):
        yield f"The subnet mask {format_address(mask)} is not that of {format_prefix(subnet.prefix, subnet.plen)}."


def _size(sent: Mapping[int, bytes]) -> Iterator[str]:
    octets = _FIXED + len(encode_options(sent.items()))
    if octets > DEFAULT_LIMIT + _SPARE:
        yield (f"The answer would have {octets} octets: a client that names no size (option 57) takes {DEFAULT_LIMIT}, "
               "and some of these options are left out.")
