"""Options whose form an RFC describes: made from plain values, and taken apart.

Each constructor makes a list of octets; ``setOption`` takes one wherever it takes octets.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dhcpcore.script.compat.conversion import intToList, ipsToList, longToList, strToList
from dhcpcore.script.compat.ipv4 import IPv4


class RFC:
    """Octets of an option; equal to, and ordered among, other ones and lists.  Always true."""

    def __init__(self, octets: Iterable[int] = ()) -> None:
        self._value = list(octets)

    def getValue(self) -> list[int]:
        """The octets: the live list."""
        return self._value

    def __eq__(self, other: object) -> bool:
        return self._value == (other._value if isinstance(other, RFC) else other)

    def __lt__(self, other: Any) -> bool:
        return self._value < _octets(other)

    def __le__(self, other: Any) -> bool:
        return self._value <= _octets(other)

    def __gt__(self, other: Any) -> bool:
        return self._value > _octets(other)

    def __ge__(self, other: Any) -> bool:
        return self._value >= _octets(other)

    __hash__ = None  # type: ignore[assignment] # It is a list, and changes.

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._value})"


def _octets(value: Any) -> list[int]:
    return value.getValue() if isinstance(value, RFC) else list(value)


def _names(text: str) -> list[int]:
    """Domain names separated by commas, each as its labels with their lengths.  RFC 1035 3.1."""
    octets: list[int] = []
    for name in text.split(","):
        for label in name.strip().rstrip(".").split("."):
            said = strToList(label)
            if not 1 <= len(said) <= 63:
                raise ValueError(f"{name.strip()!r} is no domain name: a label has 1 to 63 octets.")
            octets += [len(said), *said]
        octets.append(0)
    return octets


def _is_address(text: str) -> bool:
    try:
        IPv4(text.strip())
    except ValueError:
        return False
    return True


class rfc1035_plus(RFC):
    """Domain names: text with commas between them.  RFC 1035 3.1, without compression."""

    def __init__(self, names: str) -> None:
        super().__init__(_names(names))


class rfc3397_119(rfc1035_plus):
    """Domain search list.  RFC 3397."""


class rfc4280_88(rfc1035_plus):
    """BCMCS domain list.  RFC 4280."""


class rfc5223_137(rfc1035_plus):
    """LoST server.  RFC 5223."""


class rfc2610_78(RFC):
    """Directory agents: whether they are mandatory (may be left out), and addresses.  RFC 2610 3."""

    def __init__(self, mandatory: Any, addresses: Any = None) -> None:
        if addresses is None:
            mandatory, addresses = False, mandatory
        super().__init__([int(bool(mandatory)), *ipsToList(addresses)])


class rfc2610_79(RFC):
    """Service scopes: whether they are mandatory (may be left out), and their names.  RFC 2610 4."""

    def __init__(self, mandatory: Any, scopes: str | None = None) -> None:
        if scopes is None:
            mandatory, scopes = False, mandatory
        super().__init__([int(bool(mandatory)), *strToList(scopes)])


class rfc3361_120(RFC):
    """SIP servers: addresses, or names, with commas between them.  RFC 3361 3."""

    def __init__(self, servers: str) -> None:
        parts = [part for part in servers.split(",") if part.strip()]
        addresses = [part for part in parts if _is_address(part)]
        if not parts or 0 < len(addresses) < len(parts):
            raise ValueError("SIP servers are told by their addresses or by their names, not by both nor by none.")
        super().__init__([1, *ipsToList(addresses)] if addresses else [0, *_names(",".join(parts))])


class rfc3442_121(RFC):
    """Classless routes: pairs of (address, prefix length) and router.  RFC 3442."""

    def __init__(self, routes: Iterable[tuple[tuple[Any, int], Any]]) -> None:
        octets: list[int] = []
        for (address, prefix), router in routes:
            length = int(prefix)
            if not 0 <= length <= 32:
                raise ValueError(f"A prefix length is a number from 0 to 32, not {length}.")
            octets += [length, *list(IPv4(address))[: -(-length // 8)], *IPv4(router)]
        super().__init__(octets)


class rfc3925_124(RFC):
    """Vendor classes: enterprise numbers with octets, as a mapping or in pairs.  RFC 3925 3."""

    def __init__(self, classes: Any) -> None:
        octets: list[int] = []
        for enterprise, payload in _pairs(classes):
            said = _octets(payload)
            octets += [*longToList(enterprise), _length(said), *said]
        super().__init__(octets)


class rfc3925_125(RFC):
    """Vendor options: enterprise numbers with codes and octets, as nested mappings or pairs.  RFC 3925 4."""

    def __init__(self, options: Any) -> None:
        octets: list[int] = []
        for enterprise, inner in _pairs(options):
            said: list[int] = []
            for code, payload in _pairs(inner):
                value = _octets(payload)
                said += [int(code), _length(value), *value]
            octets += [*longToList(enterprise), _length(said), *said]
        super().__init__(octets)


class rfc4174_83(RFC):
    """Internet storage names: three sets of flags, security flags, addresses.  RFC 4174 2."""

    def __init__(
        self, isns_functions: int, dd_access: int, admin_flags: int, isns_security: int, addresses: Any
    ) -> None:
        super().__init__(
            [
                *intToList(isns_functions), *intToList(dd_access), *intToList(admin_flags),
                *longToList(isns_security), *ipsToList(addresses),
            ]
        )  # fmt: skip


class rfc5678_139(RFC):
    """Mobility servers by address: pairs of sub-option code and addresses, in a list or one by one.  RFC 5678 2."""

    def __init__(self, *values: Any) -> None:
        super().__init__(_mobility(values, ipsToList))


class rfc5678_140(RFC):
    """Mobility servers by name: pairs of sub-option code and names.  RFC 5678 3."""

    def __init__(self, *values: Any) -> None:
        super().__init__(_mobility(values, _names))


def _mobility(values: tuple[Any, ...], encode: Any) -> list[int]:
    pairs = values[0] if len(values) == 1 and not isinstance(values[0][0], int) else values
    octets: list[int] = []
    for code, said in pairs:
        payload = encode(said)
        octets += [int(code), _length(payload), *payload]
    return octets


def _pairs(values: Any) -> list[tuple[Any, Any]]:
    return list(values.items()) if isinstance(values, Mapping) else [(code, payload) for code, payload in values]


def _length(octets: Sequence[int]) -> int:
    if len(octets) > 255:
        raise ValueError(f"{len(octets)} octets are more than the 255 that a length can say.")
    return len(octets)


def rfc3046_decode(octets: Sequence[int]) -> dict[int, list[int]]:
    """The sub-options of option 82.  RFC 3046 2.0."""
    found: dict[int, list[int]] = {}
    at = 0
    while at + 2 <= len(octets):
        length = octets[at + 1]
        found[octets[at]] = list(octets[at + 2 : at + 2 + length])
        at += 2 + length
    return found


def rfc3925_decode(octets: Sequence[int], identifier_size: int = 4) -> dict[int, list[int]]:
    """Octets by enterprise number.  RFC 3925 3."""
    found: dict[int, list[int]] = {}
    at = 0
    while at + identifier_size < len(octets):
        identifier = int.from_bytes(bytes(octets[at : at + identifier_size]), "big")
        at += identifier_size
        length = octets[at]
        found[identifier] = list(octets[at + 1 : at + 1 + length])
        at += 1 + length
    return found


def rfc3925_125_decode(octets: Sequence[int]) -> dict[int, dict[int, list[int]]]:
    """Octets by code, by enterprise number.  RFC 3925 4."""
    return {
        enterprise: rfc3925_decode(payload, identifier_size=1) for enterprise, payload in rfc3925_decode(octets).items()
    }


#: What is injected into a conf.py.
NAMES = (
    "rfc3046_decode", "rfc3925_decode", "rfc3925_125_decode", "rfc1035_plus", "rfc3397_119", "rfc4280_88",
    "rfc5223_137", "rfc2610_78", "rfc2610_79", "rfc3361_120", "rfc3442_121", "rfc3925_124", "rfc3925_125",
    "rfc4174_83", "rfc5678_139", "rfc5678_140",
)  # fmt: skip
