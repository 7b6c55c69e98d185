"""The base of handlers that know which address and prefix each client of DHCPv6 has: DHCPKit's static assignment."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from dhcpcore.errors import InvalidValue
from dhcpcore.pipeline.transaction import Transaction
from dhcpcore.pipeline.transaction6 import Transaction6
from dhcpcore.pipeline.views6 import Held, IdentityAssociation
from dhcpcore.wire.addresses import format_address, format_prefix, parse_ipv6, parse_prefix
from dhcpcore.wire.v6.message import Opt6

_DAY = 86_400


class Assigned(NamedTuple):
    """What a client has: an address, a prefix such as ``2001:db8:f::/56``, both, or nothing."""

    address: str | None = None
    prefix: str | None = None


NOTHING = Assigned()


class StaticAssignment:
    """``get_assignment`` says what a client has; all messages of its are answered by that.

    Mixed into a handler: ``handle`` is its only phase.  Times are seconds.
    """

    families: ClassVar[frozenset[int]] = frozenset((6,))

    def __init__(
        self, address_preferred: int = 7 * _DAY, address_valid: int = 30 * _DAY,
        prefix_preferred: int = 7 * _DAY, prefix_valid: int = 30 * _DAY,
    ) -> None:  # fmt: skip
        for preferred, valid in ((address_preferred, address_valid), (prefix_preferred, prefix_valid)):
            if not 0 < preferred <= valid:
                raise InvalidValue(f"preferred for {preferred} s and valid for {valid} s: the second is the longer")
        self.address_preferred, self.address_valid = address_preferred, address_valid
        self.prefix_preferred, self.prefix_valid = prefix_preferred, prefix_valid

    def get_assignment(self, bundle: Transaction6) -> Assigned:
        """What the client of the message has, wherever it may be."""
        raise NotImplementedError

    def handle(self, bundle: Transaction) -> None:
        """By the message's type."""
        assert isinstance(bundle, Transaction6)
        kind = bundle.request.type
        if kind == "INFORMATION-REQUEST" or bundle.response is None:
            return
        had = _canonical(self.get_assignment(bundle))
        if kind in {"SOLICIT", "REQUEST"}:
            self._give(bundle, Opt6.IA_PD, had.prefix)
            self._give(bundle, Opt6.IA_NA, had.address)
        elif kind in {"RENEW", "REBIND"}:
            self._extend(bundle, had)
        else:
            for code, mine in ((Opt6.IA_NA, had.address), (Opt6.IA_PD, had.prefix)):
                if kind == "CONFIRM" and code == Opt6.IA_PD:
                    continue
                for one in bundle.get_unhandled_associations(code):
                    if mine is not None and one.has(mine):
                        bundle.mark_handled(one)

    def _give(self, bundle: Transaction6, code: int, mine: str | None) -> None:
        """The identity association that has it already, else the first."""
        asked = bundle.get_unhandled_associations(code)
        if mine is None or not asked:
            return
        chosen = next((one for one in asked if one.has(mine)), asked[0])
        bundle.answer(IdentityAssociation(code, chosen.iaid, (self._held(code, mine),)))

    def _extend(self, bundle: Transaction6, had: Assigned) -> None:
        """A prefix where the client speaks of it; of addresses all, and what is not the client's is taken back."""
        for one in bundle.get_unhandled_associations(Opt6.IA_PD):
            if had.prefix is not None and any(_overlap(held.address, had.prefix) for held in one.held):
                self._put(bundle, one, had.prefix)
        left = had.address
        asked = bundle.get_unhandled_associations(Opt6.IA_NA)
        chosen = next((one for one in asked if left is not None and one.has(left)), asked[0] if asked else None)
        for one in asked:
            self._put(bundle, one, left if one is chosen else None)

    def _put(self, bundle: Transaction6, one: IdentityAssociation, mine: str | None) -> None:
        held = tuple(Held(other.address) for other in one.held if other.address != mine)
        if mine is not None:
            held = (self._held(one.code, mine), *held)
        if held:
            bundle.answer(IdentityAssociation(one.code, one.iaid, held))

    def _held(self, code: int, mine: str) -> Held:
        if code == Opt6.IA_PD:
            return Held(mine, self.prefix_preferred, self.prefix_valid)
        return Held(mine, self.address_preferred, self.address_valid)


def _canonical(had: Assigned) -> Assigned:
    """In the spelling that messages are shown in, whatever the handler's is."""
    return Assigned(
        None if had.address is None else format_address(parse_ipv6(had.address)),
        None if had.prefix is None else format_prefix(*parse_prefix(had.prefix)),
    )


def _overlap(prefix: str, other: str) -> bool:
    (first, plen), (second, other_plen) = parse_prefix(prefix), parse_prefix(other)
    shift = 128 - min(plen, other_plen)
    return int.from_bytes(first, "big") >> shift == int.from_bytes(second, "big") >> shift
