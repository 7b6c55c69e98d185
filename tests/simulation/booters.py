"""Clients that speak BOOTP and nothing else: they ask at boot, use what they hear until they are switched off."""

from __future__ import annotations

from tests.interop.packets import NOWHERE, Message
from tests.simulation.clients import Client, Held, State

_BOOTP = 0
_FOR_EVER = float("inf")


class Booter(Client):
    """RFC 951.  It remembers nothing, so it uses no address before it was told one again."""

    @property
    def identity(self) -> bytes:
        """Its hardware: it has no other name."""
        return b"\x00\x01" + self.hw

    def begin(self) -> None:
        self._forget()
        self._discover()

    def give_back(self) -> None:
        """There is no message for it."""
        self.switch_off(30.0)

    def inform(self) -> None:
        """Nor for this."""

    def hear(self, message: Message) -> None:
        if message.xid == self._xid and self.state == State.SELECTING and message.kind == _BOOTP:
            if message.yiaddr == NOWHERE:
                return
            self.world.note(f"{self.name} boots with {message.yiaddr.hex('.')}")
            key = (self.link.space, 4, message.yiaddr, 32)
            self._hold(Held(key, self.link, _FOR_EVER, _FOR_EVER, _FOR_EVER, NOWHERE))
            self._enter(State.BOUND)

    def _discover(self) -> None:
        self._enter(State.SELECTING)
        self._xid += 1
        self._tries = 0
        self._say(_BOOTP, {})

    def _message(self, kind: int, options: dict[int, bytes], ciaddr: bytes = NOWHERE) -> Message:
        said = super()._message(kind, options, ciaddr)
        for code in (53, 61):
            said.options.pop(code, None)  # type: ignore[attr-defined]
        return said
