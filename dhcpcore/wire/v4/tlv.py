"""The options field of DHCPv4: codes, lengths and payloads, joined and split as RFC 3396 says.

``scan`` runs once a packet, so it is one plain loop; payloads are looked at by those who ask for them.
"""

from __future__ import annotations

from collections.abc import Iterable

from dhcpcore.errors import MalformedMessage

PAD = 0
END = 255
#: What one length octet can count; a longer payload is split, RFC 3396 7.
PART_OCTETS_MAX = 255


def scan(buffer: bytes, start: int, end: int, options: dict[int, bytes] | None = None) -> dict[int, bytes]:
    """The payloads by code in ``buffer[start:end]``, parts of one code joined in order of appearance, RFC 3396 7.

    PAD is skipped and END ends; a missing END is forgiven.  With ``options`` the parts are added to those, as the
    fields file and sname are after the options field, RFC 3396 5.
    """
    found: dict[int, bytes] = {} if options is None else options
    at = start
    while at < end:
        code = buffer[at]
        if code == 255:
            break
        if code == 0:
            at += 1
            continue
        at += 2
        if at > end:
            raise MalformedMessage(f"option {code} has no length", at - 1)
        stop = at + buffer[at - 1]
        if stop > end:
            raise MalformedMessage(f"option {code} announces {stop - at} octets, {end - at} there", at)
        if code in found:
            found[code] += buffer[at:stop]
        else:
            found[code] = buffer[at:stop]
        at = stop
    return found


def scan_suboptions(data: bytes) -> dict[int, bytes]:
    """The payloads by code inside an option such as 82, where no code is padding or an end, RFC 3046 2.0."""
    found: dict[int, bytes] = {}
    at, end = 0, len(data)
    while at < end:
        code = data[at]
        at += 2
        if at > end:
            raise MalformedMessage(f"sub-option {code} has no length", at - 1)
        stop = at + data[at - 1]
        if stop > end:
            raise MalformedMessage(f"sub-option {code} announces {stop - at} octets, {end - at} there", at)
        found[code] = found.get(code, b"") + data[at:stop]
        at = stop
    return found


def split_long(code: int, data: bytes) -> list[tuple[int, bytes]]:
    """The payload in parts that a length octet can count, in order; one part, maybe empty, for a short one."""
    if len(data) <= PART_OCTETS_MAX:
        return [(code, data)]
    return [(code, data[at : at + PART_OCTETS_MAX]) for at in range(0, len(data), PART_OCTETS_MAX)]


def encode_options(pairs: Iterable[tuple[int, bytes]]) -> bytes:
    """The options one after the other, long ones split; the END is the message's, which knows where it goes."""
    parts = []
    for code, data in pairs:
        size = len(data)
        if size <= PART_OCTETS_MAX:
            parts.append(bytes((code, size)) + data)
        else:
            parts += [bytes((code, len(part))) + part for code, part in split_long(code, data)]
    return b"".join(parts)
