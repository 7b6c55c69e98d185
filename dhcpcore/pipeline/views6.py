"""DHCPv6's message, answer and identity associations as handlers of packages see them: addresses as text."""

from __future__ import annotations

from typing import NamedTuple

from dhcpcore.errors import InvalidValue
from dhcpcore.pipeline.bundle6 import Response6, TransactionBundle6
from dhcpcore.wire.addresses import format_address, format_prefix, parse_ipv6, parse_prefix
from dhcpcore.wire.v6.message import (
    ASSOCIATIONS,
    INFINITY,
    Association,
    Leased,
    Opt6,
    check_place,
    status,
    type_name6,
)
from dhcpcore.wire.v6.options import DHCP6_OPTIONS

#: Octets of an option, far below what a datagram carries.
_OPTION_OCTETS_MAX = 4096
_OWN = frozenset((Opt6.CLIENT_ID, Opt6.SERVER_ID, Opt6.RAPID_COMMIT, Opt6.STATUS_CODE, *ASSOCIATIONS))


def code_of6(option: int | str) -> int:
    """An option's number; names are those of the option table."""
    return DHCP6_OPTIONS.find(option).code


class Held(NamedTuple):
    """An address, or a prefix such as ``2001:db8::/56``, of an identity association; times in seconds."""

    address: str
    preferred: int = 0
    valid: int = 0


class IdentityAssociation(NamedTuple):
    """One of the client's: ``code`` is 3 (addresses), 4 (temporary ones) or 25 (prefixes).

    ``status``: code and text; None says nothing of it.  T1 and T2 of 0: the server works them out.
    """

    code: int
    iaid: int
    held: tuple[Held, ...] = ()
    t1: int = 0
    t2: int = 0
    status: tuple[int, str] | None = None

    def has(self, address: str) -> bool:
        """Whether it speaks of this address or prefix."""
        return any(one.address == address for one in self.held)


def shown(one: Association) -> IdentityAssociation:
    """An identity association in words."""
    held = tuple(Held(_text(one.code, leased), leased.preferred, leased.valid) for leased in one.leased)
    return IdentityAssociation(one.code, int.from_bytes(one.iaid, "big"), held, one.t1, one.t2, one.status)


def _text(code: int, leased: Leased) -> str:
    return format_prefix(leased.address, leased.plen) if code == Opt6.IA_PD else format_address(leased.address)


def meant(one: IdentityAssociation) -> Association:
    """The other way round; ``InvalidValue`` where it could not be sent."""
    if one.code not in ASSOCIATIONS:
        raise InvalidValue(f"option {one.code} is no identity association: 3, 4 and 25 are")
    if not 0 <= one.t1 <= one.t2 <= INFINITY:
        raise InvalidValue(f"T1 {one.t1} s, T2 {one.t2} s: they come in this order")
    leased = []
    for held in one.held:
        if not 0 <= held.preferred <= held.valid <= INFINITY:
            raise InvalidValue(f"{held.address}: preferred for {held.preferred} s, valid for {held.valid} s")
        address, plen = parse_prefix(held.address) if one.code == Opt6.IA_PD else (parse_ipv6(held.address), 128)
        if len(address) != 16:
            raise InvalidValue(f"{held.address} is no IPv6 prefix")
        leased.append(Leased(address, plen, held.preferred, held.valid))
    return Association(one.code, one.iaid.to_bytes(4, "big"), one.t1, one.t2, tuple(leased), one.status)


def _octets(value: object) -> bytes:
    if not isinstance(value, bytes) or len(value) > _OPTION_OCTETS_MAX:
        raise InvalidValue(f"{value!r:.60}: right is bytes, at most {_OPTION_OCTETS_MAX} of them")
    return value


class Query6:
    """The client's message, without its relays; read it only."""

    __slots__ = ("_bundle",)

    def __init__(self, bundle: TransactionBundle6) -> None:
        self._bundle = bundle

    @property
    def data(self) -> bytes:
        """The octets of the datagram, relays included."""
        return self._bundle.datagram.data

    @property
    def type(self) -> str:
        """``SOLICIT``, ``REQUEST`` and so on."""
        return type_name6(self._bundle.message.kind)

    @property
    def xid(self) -> int:
        """The transaction's number."""
        return int.from_bytes(self._bundle.message.xid, "big")

    @property
    def client_id(self) -> bytes | None:
        """The DUID."""
        return self._bundle.duid or None

    @property
    def hw_address(self) -> str:
        """As its relay saw it, or as its DUID was made of it; empty where neither says."""
        return self._bundle.request.hw[1:].hex(":")

    @property
    def remote(self) -> str:
        """Where the datagram was sent from."""
        return format_address(self._bundle.datagram.source)

    @property
    def interface(self) -> int:
        """Index of the interface that it came in on."""
        return self._bundle.datagram.interface

    @property
    def options(self) -> tuple[tuple[int, bytes], ...]:
        """All of them, in the client's order."""
        return self._bundle.message.options

    @property
    def associations(self) -> tuple[IdentityAssociation, ...]:
        """What it wants addresses and prefixes for."""
        return tuple(shown(one) for one in self._bundle.message.associations)

    def get_option(self, option: int | str) -> bytes | None:
        """The first one, by number or name."""
        return self._bundle.message.get(code_of6(option))

    def get_options(self, option: int | str) -> list[bytes]:
        """All of a number or name."""
        code = code_of6(option)
        return [payload for found, payload in self._bundle.message.options if found == code]


class Answer6:
    """The answer.  What is changed before it is packed is packed."""

    __slots__ = ("changed", "response")

    def __init__(self, response: Response6) -> None:
        self.response = response
        self.changed = False

    @property
    def type(self) -> str:
        """``ADVERTISE`` or ``REPLY``."""
        return type_name6(self.response.kind)

    @property
    def associations(self) -> tuple[IdentityAssociation, ...]:
        """What the client gets, or is refused, by now."""
        return tuple(shown(one) for one in self.response.associations)

    def may_contain(self, option: int | str) -> bool:
        """Whether the option belongs into a message of its type."""
        try:
            check_place(code_of6(option), self.response.kind)
        except InvalidValue:
            return False
        return True

    def get_option(self, option: int | str) -> bytes | None:
        """By number or name."""
        return self.response.get(code_of6(option))

    def set_option(self, option: int | str, payload: bytes) -> None:
        """Whether or not the client asked for it; in place of what is there."""
        code = self._free(option)
        check_place(code, self.response.kind)
        self.response.put(code, _octets(payload))
        self.changed = True

    def delete_option(self, option: int | str) -> None:
        """Not sent."""
        self.response.drop(self._free(option))
        self.changed = True

    @property
    def status(self) -> tuple[int, str] | None:
        """Code and text of what is said of the whole message."""
        payload = self.response.get(Opt6.STATUS_CODE)
        return None if payload is None else (int.from_bytes(payload[:2], "big"), payload[2:].decode())

    @status.setter
    def status(self, said: tuple[int, str]) -> None:
        """What somebody has refused before stays refused."""
        if self.status is None or not self.status[0]:
            self.response.put(Opt6.STATUS_CODE, status(*said))
            self.changed = True

    def _free(self, option: int | str) -> int:
        code = code_of6(option)
        if code in _OWN:
            raise InvalidValue(f"option {code} is the protocol's own: it says who speaks, and what was committed")
        return code
