"""A message whose options break off, read as far as it goes: for clients that the strict reading would turn away.

Only where the administrator says so (`compatibility.lenient_options`); what is read is no less true than elsewhere, but
an option may be missing that the client meant to send.
"""

from __future__ import annotations

from dhcpcore.wire.v4.message import COOKIE, MessageType, Opt, Request4

_COOKIE, _OPTIONS = 236, 240
_HARDWARE_MAX = 16


def decode_leniently(data: bytes) -> Request4 | None:
    """The request, or None where not even the header is one."""
    if len(data) < _OPTIONS or data[0] != 1 or data[2] > _HARDWARE_MAX or data[_COOKIE:_OPTIONS] != COOKIE:
        return None
    options = _as_far_as_it_goes(data)
    options.pop(Opt.OVERLOAD, None)  # Strictly read it had a meaning; what it announces is part of what is broken.
    kind = options.get(Opt.MESSAGE_TYPE)
    if kind is None:
        return Request4(data, options, MessageType.BOOTP)
    return Request4(data, options, kind[0]) if kind and kind[0] else None


def _as_far_as_it_goes(data: bytes) -> dict[int, bytes]:
    """The options up to the first that announces more octets than there are."""
    found: dict[int, bytes] = {}
    at = _OPTIONS
    while at + 1 < len(data) and data[at] != 255:
        if data[at] == 0:
            at += 1
            continue
        stop = at + 2 + data[at + 1]
        if stop > len(data):
            break
        found[data[at]] = found.get(data[at], b"") + data[at + 2 : stop]
        at = stop
    return found
