"""Answers that wait until callouts let them go."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass

from dhcpcore.errors import Refused

#: Kea's default of ``parked-packet-limit``.
PARKED_MAX = 256


@dataclass(slots=True)
class _Place:
    go_on: Callable[[], None]
    references: int = 0


class ParkingLot:
    """The packets that are parked at one hook point, by themselves, with how often each was referred to.

    The server parks a packet before it calls the callouts and, unless they leave PARK, takes it out again (``drop``).
    """

    def __init__(self) -> None:
        self._places: dict[Hashable, _Place] = {}

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, packet: Hashable) -> bool:
        return packet in self._places

    def park(self, packet: Hashable, go_on: Callable[[], None]) -> None:
        """The server's: ``go_on`` is called once, when the last reference is given back."""
        self._places[packet] = _Place(go_on)

    def go_on(self, packet: Hashable, go_on: Callable[[], None]) -> None:
        """The server's: what is called instead, where the packet still is here."""
        place = self._places.get(packet)
        if place is not None:
            place.go_on = go_on

    def references(self, packet: Hashable) -> int:
        """How many there are; none of one that is not parked."""
        place = self._places.get(packet)
        return 0 if place is None else place.references

    def reference(self, packet: Hashable) -> int:
        """One more callout wants the packet to wait; how many there are now."""
        place = self._place(packet)
        place.references += 1
        return place.references

    def dereference(self, packet: Hashable) -> int:
        """One less, without letting the packet go on."""
        place = self._place(packet)
        place.references -= 1
        return place.references

    def unpark(self, packet: Hashable, force: bool = False) -> bool:
        """One less; the last one, or ``force``, lets the packet go on.  False where it is not parked (any more)."""
        place = self._places.get(packet)
        if place is None:
            return False
        place.references -= 1
        if force or place.references <= 0:
            del self._places[packet]
            place.go_on()
        return True

    def drop(self, packet: Hashable) -> bool:
        """Forget the packet without letting it go on.  False where it is not parked."""
        return self._places.pop(packet, None) is not None

    def _place(self, packet: Hashable) -> _Place:
        place = self._places.get(packet)
        if place is None:
            raise Refused("The packet is not parked here.")
        return place
