"""Gives a client that can use it the nonce by which it will know a FORCERENEW of ours.  RFC 6704 3.1."""

from __future__ import annotations

from typing import ClassVar

from dhcpcore.lease.nonces import HMAC_MD5, Nonces, given
from dhcpcore.pipeline.bundle import TransactionBundle
from dhcpcore.pipeline.handler import Handler
from dhcpcore.topology.snapshot import Snapshot
from dhcpcore.wire.v4.message import MessageType, Opt
from dhcpcore.wire.v4.tlv import encode_options


class GiveNonce(Handler):
    """Only clients that list the algorithm in option 145 are told anything."""

    message_types: ClassVar[frozenset[int] | None] = frozenset((MessageType.DISCOVER, MessageType.REQUEST))

    def __init__(self, nonces: Nonces) -> None:
        self._nonces = nonces

    def wanted(self, snapshot: Snapshot) -> bool:
        """Off where nobody is ever to be asked to renew."""
        return snapshot.forcerenew != "never"

    def handle(self, bundle: TransactionBundle) -> None:
        """Option 145 in the OFFER says that we do it, option 90 in the ACK has the nonce.

        A renewal's, too: who was told is recorded nowhere, and who never was must be (RFC 6704 3.1.3).
        """
        if HMAC_MD5 not in bundle.request.options.get(Opt.FORCERENEW_NONCE_CAPABLE, b"") or bundle.key is None:
            return
        response = bundle.responses[0]
        pair = (int(Opt.FORCERENEW_NONCE_CAPABLE), bytes((HMAC_MD5,)))
        if response.message_type == MessageType.ACK:
            pair = (Opt.AUTHENTICATION, given(self._nonces.of(bundle.key, bundle.client), bundle.now))
        response.pairs = (*response.pairs, pair)
        response.body += encode_options((pair,))
