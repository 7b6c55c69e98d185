"""Option 82 of packets that no relay sees: what it said when the lease was granted is kept with the lease.

A renewal is unicast (RFC 2131 4.4.5) and no relay sees it; whoever asks which port the client is on asks here.
"""

from __future__ import annotations

from dhcpcore.lease.transitions import is_active
from dhcpcore.pipeline.bundle import TransactionBundle
from dhcpcore.wire.v4.message import NOWHERE, Opt


def agent_options(bundle: TransactionBundle) -> bytes:
    """What the relay says of the client's port: in this packet, or of the lease that the client speaks of.

    Only a relay's word counts: option 82 of a packet that came through none could name any port.  RFC 3046 2.1.
    """
    request = bundle.request
    if request.giaddr != NOWHERE:
        return request.options.get(Opt.AGENT_OPTIONS, b"")
    return stashed(bundle)


def stashed(bundle: TransactionBundle) -> bytes:
    """What the relay said when the client got the address that it now speaks from; empty where it holds none."""
    address = bundle.request.ciaddr
    if address != NOWHERE:
        for row in bundle.facts.by_client.get(bundle.client, ()):
            if row.address == address and is_active(row, bundle.now):
                return row.agent
    return b""
