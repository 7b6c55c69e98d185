"""The next packet of a client that was answered: what keeps the fuzz deep in the code, where leases are."""

from __future__ import annotations

import random
from collections import deque

from dhcpcore.engine import Outgoing
from tests.fuzz.corpus import PARAMETER_LISTS, Packet, header
from tests.interop.packets import ACK, DECLINE, DISCOVER, INFORM, MAGIC, NOWHERE, OFFER, RELEASE, REQUEST, decode

_REMEMBERED = 2000


class Dialogues:
    """Packets that continue what was answered lately."""

    def __init__(self, dice: random.Random) -> None:
        self.packets: deque[Packet] = deque(maxlen=_REMEMBERED)
        self._dice = dice

    def heard(self, answer: Outgoing) -> None:
        """An answer; the packet that its client might send next."""
        if answer.payload[236:240] != MAGIC:
            return  # To a BOOTP client, which has nothing more to ask.
        message = decode(answer.payload)
        dice = self._dice
        address, server = message.yiaddr, message.options.get(54, b"")
        if message.kind == OFFER:
            kind, ciaddr, said = REQUEST, NOWHERE, ((50, address), (54, server))
        elif message.kind == ACK and address != NOWHERE:
            kind, ciaddr, said = dice.choice(
                (
                    (REQUEST, address, ()),
                    (REQUEST, NOWHERE, ((50, address),)),
                    (RELEASE, address, ((54, server),)),
                    (DECLINE, NOWHERE, ((50, address), (54, server))),
                    (INFORM, address, ()),
                    (DISCOVER, NOWHERE, ((50, address),)),
                )
            )
        else:
            kind, ciaddr, said = DISCOVER, NOWHERE, ()
        options = [(53, bytes((kind,))), *said, (55, dice.choice(PARAMETER_LISTS))]
        options += [(code, message.options[code]) for code in (61, 82) if code in message.options]
        head = header(
            dice.randrange(65536), ciaddr=ciaddr, giaddr=message.giaddr, hw=message.chaddr, htype=message.htype,
            flags=message.flags,
        )  # fmt: skip
        self.packets.append(Packet(head, tuple(options)))
