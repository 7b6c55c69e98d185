"""Client keys of DHCPv6: a DUID and the IAID of one of its identity associations, as lease rows keep them.

The DUID comes first, behind its length: all rows of one DUID are a range of the index on clients.
"""

from __future__ import annotations

from typing import Final, NamedTuple

#: First octet of the key: an identity association of addresses or prefixes, and one of temporary addresses, which
#: have numbers of their own.
LASTING: Final = b"\x02"
TEMPORARY: Final = b"\x03"
_IAID = 4


class Owner(NamedTuple):
    """What a key says; ``iaid`` has four octets."""

    duid: bytes
    iaid: bytes
    temporary: bool = False


def key_of(tag: bytes, duid: bytes, iaid: bytes) -> bytes:
    """The key of an identity association; a DUID has 130 octets at most (RFC 8415 11.1)."""
    return tag + bytes((len(duid),)) + duid + iaid


def owner_of(client: bytes) -> Owner | None:
    """Who the key is of; None where it is none of DHCPv6."""
    tag, end = client[:1], 2 + (client[1] if len(client) > 1 else 0)
    if tag not in (LASTING, TEMPORARY) or len(client) != end + _IAID:
        return None
    return Owner(client[2:end], client[end:], tag == TEMPORARY)


def stem_of(duid: bytes) -> bytes:
    """What the keys of a DUID's lasting identity associations have in common; it is no key itself."""
    return key_of(LASTING, duid, b"")


def ranges_of(duid: bytes) -> tuple[tuple[bytes, bytes], ...]:
    """The first and the last key that a DUID can have, of both kinds of identity association."""
    return tuple((key_of(tag, duid, bytes(_IAID)), key_of(tag, duid, b"\xff" * _IAID)) for tag in (LASTING, TEMPORARY))
