"""Answers to BOOTP clients, which know nothing of DHCP: fields, and the vendor area of RFC 1497.  RFC 951, RFC 1542."""

from __future__ import annotations

from collections.abc import Iterable

from dhcpcore.wire.v4.message import COOKIE, DEFAULT_LIMIT, Opt, Request4, header
from dhcpcore.wire.v4.tlv import encode_options

_COOKIE, _OPTIONS = 236, 240
#: The header and a vendor area of 64 octets: what every BOOTP client accepts, and the least it may be sent.  RFC 951 3.
_SIZE = 300


def speaks_options(request: Request4) -> bool:
    """Whether the client's own vendor area is one of options: it has the cookie.  RFC 1497."""
    return request.data[_COOKIE:_OPTIONS] == COOKIE


def encode_bootp(
    request: Request4,
    *,
    yiaddr: bytes,
    ciaddr: bytes,
    siaddr: bytes,
    sname: bytes,
    file: bytes,
    broadcast: bool,
    pairs: Iterable[tuple[int, bytes]],
    tail: bytes,
) -> tuple[bytes, tuple[int, ...]]:
    """The BOOTREPLY, and the codes that found no room: it is as long as the request, 300 octets at least.

    ``pairs`` come in order of importance.  A client of before RFC 1497 is given none of them, and an area of zeros.
    """
    room = max(_SIZE, min(len(request.data), DEFAULT_LIMIT)) - _OPTIONS - 1  # The end option.
    dropped: list[int] = []
    parts: list[bytes] = []
    if len(tail) > room:
        tail = b""
        dropped.append(Opt.AGENT_OPTIONS)  # RFC 3046 2.2.
    room -= len(tail)
    for code, payload in pairs:
        encoded = encode_options(((code, payload),))
        if len(encoded) <= room:
            parts.append(encoded)
            room -= len(encoded)
        else:
            dropped.append(code)
    area = b"".join((COOKIE, *parts, tail, b"\xff")) if parts or tail else b""
    head = header(
        request, yiaddr=yiaddr, ciaddr=ciaddr, siaddr=siaddr, sname=sname, file=file, broadcast=broadcast
    )  # fmt: skip
    return (head + area).ljust(_SIZE, b"\0"), tuple(dropped)
