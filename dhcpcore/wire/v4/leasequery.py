"""Leasequery's messages: answers of the server's own making, and how they stand in a TCP stream.

RFC 4388 6 has the fields, RFC 6926 6.1 the framing: two octets that count the message which follows.
"""

from __future__ import annotations

from collections.abc import Iterable

from dhcpcore.wire.v4.message import COOKIE, NOWHERE, Opt
from dhcpcore.wire.v4.tlv import encode_options

#: A BOOTP message has at least 300 octets.  RFC 1542 2.1.
_MINIMUM = 300
_HEADER = 240


def answer(
    kind: int,
    *,
    xid: bytes,
    giaddr: bytes,
    ciaddr: bytes = NOWHERE,
    hw: bytes = b"",
    pairs: Iterable[tuple[int, bytes]] = (),
    limit: int = 0xFFFF,
) -> bytes:
    """A message of this type: ``ciaddr`` is the address told of, ``hw`` (type first) who has it.  RFC 4388 6.4.2.

    ``pairs`` come in order of importance; those that do not fit within ``limit`` octets are left out.
    """
    room = limit - _HEADER - 4
    options = [bytes((Opt.MESSAGE_TYPE, 1, kind))]
    for code, payload in pairs:
        encoded = encode_options(((code, payload),))
        if len(encoded) <= room:
            options.append(encoded)
            room -= len(encoded)
    htype, address = (hw[:1], hw[1:17]) if hw else (b"\0", b"")
    message = b"".join(
        (
            b"\x02",
            htype,
            bytes((len(address), 0)),
            xid,
            bytes(4),
            ciaddr,
            bytes(8),
            giaddr,
            address.ljust(16, b"\0"),
            bytes(192),
            COOKIE,
            *options,
            b"\xff",
        )
    )
    return message.ljust(_MINIMUM, b"\0")


def framed(message: bytes) -> bytes:
    """The message as it stands in the stream."""
    return len(message).to_bytes(2, "big") + message


def unframed(stream: bytearray) -> bytes | None:
    """The next whole message, taken off the stream; None where it is not all there yet."""
    if len(stream) < 2:
        return None
    end = 2 + int.from_bytes(stream[:2], "big")
    if len(stream) < end:
        return None
    message = bytes(stream[2:end])
    del stream[:end]
    return message
