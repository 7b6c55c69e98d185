"""Clients that do not follow RFC 2131: they ask for what others have, decline what they never had, and talk nonsense.

Each lies in its own name only: who speaks in another's name is that other one, as far as DHCP can tell.
"""

from __future__ import annotations

from tests.interop.packets import DECLINE, DISCOVER, INFORM, NOWHERE, RELEASE, REQUEST
from tests.simulation.clients import Client, State


class Liar(Client):
    """A client that tells a lie every few seconds."""

    def lie(self) -> None:
        """One lie, and some seconds later the next."""
        world = self.world
        dice = world.dice
        if self.state != State.OFF:
            address = self._somebodys()
            if address is not None:
                dice.choice((self._claim, self._claim, self._claim_renewal, self._send_nonsense))(address)
        world.later(dice.uniform(2, 15), self.lie)

    def _somebodys(self) -> bytes | None:
        """An address that somebody has, or might have."""
        dice = self.world.dice
        others = [client.lease.key[2] for client in self.network.clients if client.lease is not None]
        if others and dice.random() < 0.8:
            return dice.choice(others)
        return bytes((10, self.link.number, 0, dice.randrange(256)))

    def _claim(self, address: bytes) -> None:
        """INIT-REBOOT for an address that it never had."""
        if self.lease is None:
            self._reboot(address)

    def _claim_renewal(self, address: bytes) -> None:
        """RENEWING an address that it never had."""
        if self.lease is None:
            self._enter(State.RENEWING)
            self._xid += 1
            self._asked = address
            self._asked_at = self.world.now
            self.network.broadcast(self, self._message(REQUEST, {}, ciaddr=address))
            self.world.later(5.0, self._if(self._turn, self._discover))

    def _send_nonsense(self, address: bytes) -> None:
        """Messages that must change nothing: for an address that is not its own, or to no server."""
        if self.lease is not None and self.lease.key[2] == address:
            return
        dice = self.world.dice
        server = dice.choice([server.address for server in self.network.servers] + [b"\x0a\x00\x00\xfe", b"\x01"])
        kind = dice.choice((RELEASE, DECLINE, INFORM, DISCOVER))
        options = {50: address, 54: server} if kind != DISCOVER else {50: address, 51: b"\x00\x00\x00\x01"}
        self._xid += 1
        ciaddr = address if dice.random() < 0.5 else NOWHERE
        self.network.broadcast(self, self._message(kind, options, ciaddr=ciaddr))
