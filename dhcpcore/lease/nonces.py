"""FORCERENEW and the nonce that authenticates it.  RFC 3203, RFC 6704.

A client's nonce is computed, not stored: from a key of the installation, the address and the client.  So it is the same
after a restart and for every engine of the database, and granting a lease writes nothing more.
"""

from __future__ import annotations

import hmac

from dhcpcore.lease.model import Lease, LeaseKey
from dhcpcore.wire.v4.leasequery import answer
from dhcpcore.wire.v4.message import MessageType, Opt

#: Option 145: the one algorithm that RFC 6704 3.1.1 has.
HMAC_MD5 = 1
#: Option 90: protocol, algorithm and replay detection of RFC 6704 3.1.2.
_HEADER = bytes((3, HMAC_MD5, 0))
_NONCE_VALUE, _DIGEST = b"\x01", b"\x02"
_OCTETS = 16


class Nonces:
    """The nonces of one installation."""

    def __init__(self, key: bytes = b"") -> None:
        self.key = key

    def of(self, key: LeaseKey, client: bytes) -> bytes:
        """The nonce of a client for its address."""
        space, kind, address, plen = key
        text = b"%d %d %d %s %s" % (space, kind, plen, address.hex().encode(), client.hex().encode())
        return hmac.digest(self.key, text, "sha256")[:_OCTETS]


def given(nonce: bytes, now: float) -> bytes:
    """Option 90 of the ACK that tells the client its nonce."""
    return _HEADER + _replay(now) + _NONCE_VALUE + nonce


def forcerenew(row: Lease, server_id: bytes, now: float, nonce: bytes | None) -> bytes:
    """A FORCERENEW for the client that holds ``row``; without a nonce it is not authenticated.  RFC 3203 3.

    The digest is that of the whole message, in which its own place is zero, as hops and giaddr are.  RFC 3118 5.2.
    """
    pairs = [(int(Opt.SERVER_ID), server_id)]
    if row.client[:1] == b"\x01":
        pairs.append((Opt.CLIENT_ID, row.client[1:]))
    xid = hmac.digest(nonce or b"", _replay(now), "sha256")[:4]
    blank = (int(Opt.AUTHENTICATION), _HEADER + _replay(now) + _DIGEST + bytes(_OCTETS))

    def message(*more: tuple[int, bytes]) -> bytes:
        return answer(MessageType.FORCERENEW, xid=xid, giaddr=bytes(4), hw=row.hw, pairs=(*pairs, *more))

    if nonce is None:
        return message()
    digest = hmac.digest(nonce, message(blank), "md5")
    return message((blank[0], blank[1][:-_OCTETS] + digest))


def _replay(now: float) -> bytes:
    """Rises with each message of the server; its clocks agree to well under a lease.  RFC 3118 2."""
    return int(now * 1_000_000).to_bytes(8, "big")
