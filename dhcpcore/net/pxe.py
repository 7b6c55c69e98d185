"""Port 4011, where booting machines ask a ProxyDHCP server for their boot file.  PXE 2.1, 2.2.4.

A socket of its own, as the answer must come from the port that was asked; its packets go through the same engine.
"""

from __future__ import annotations

import logging
import selectors
from collections.abc import Sequence

from dhcpcore.engine import Engine
from dhcpcore.errors import SettingsError
from dhcpcore.net import cycle
from dhcpcore.net.clock import Clock
from dhcpcore.net.udp4 import Udp4
from dhcpcore.net.vlan_tags import Tag
from dhcpcore.stats.reasons import Reason
from dhcpcore.wire.v4.message import decode_pxe

log = logging.getLogger(__name__)

PORT = 4011
#: Machines boot one after the other; what is more waits in the socket.
_BATCH_MAX = 64


def open_port(port: int = PORT, tags: Sequence[Tag] = ()) -> Udp4 | None:
    """The socket, with privilege; None where another program has the port, which is said and harms nobody else."""
    try:
        return Udp4(port, tags=tags)
    except SettingsError as error:
        log.warning("NO-PXE-PORT: UDP port %d cannot be had, so that no boot server answers there: %s.", port, error)
        return None


class PxeServer:
    """Answers what comes in at the port."""

    def __init__(self, udp: Udp4, engine: Engine, store: cycle.Store, clock: Clock) -> None:
        self._udp = udp
        self._engine = engine
        self._store = store
        self._clock = clock

    def register(self, selector: selectors.BaseSelector) -> None:
        """The loop's selector; ``key.data`` is this server."""
        selector.register(self._udp, selectors.EVENT_READ, self)

    def handle(self, key: selectors.SelectorKey, mask: int) -> None:
        """One batch of whatever is waiting."""
        engine, now = self._engine, self._clock.now()
        heard = self._udp.drain(_BATCH_MAX, now)
        datagrams = [datagram for datagram in heard if datagram.interface in engine.interfaces]
        engine.counters.datagrams[0, Reason.OTHER_INTERFACE, 0] += len(heard) - len(datagrams)
        batch = engine.open(datagrams, now, decode_pxe)
        if not (self._clock.ready and engine.defined):
            batch.abandon(Reason.NOT_READY)
            return
        try:
            cycle.run(batch, self._store, engine.snapshot, self._udp.send)
        except Exception:
            if engine.strict:
                raise
            log.exception("INTERNAL-ERROR: a batch of port %d failed; it is not answered.", self._udp.port)
            batch.abandon(Reason.INTERNAL_ERROR)

    def close(self) -> None:
        """Close the socket."""
        self._udp.close()
