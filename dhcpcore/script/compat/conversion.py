"""Lists of octets to values and back, by the names that scripts call them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from dhcpcore.script.compat.ipv4 import IPv4


def listToIP(octets: Sequence[int]) -> IPv4:
    """The address of four octets."""
    return IPv4(octets)


def listToIPs(octets: Sequence[int]) -> list[IPv4]:
    """The addresses of a flat list; an incomplete one at the end is left out."""
    return [IPv4(octets[at : at + 4]) for at in range(0, len(octets) - 3, 4)]


def ipToList(address: Any) -> list[int]:
    """The octets of an address in any form."""
    return list(IPv4(address))


def ipsToList(addresses: Any) -> list[int]:
    """The octets of several addresses: text with commas, or a sequence of addresses in any form."""
    if isinstance(addresses, str):
        addresses = [part for part in addresses.split(",") if part.strip()]
    return [octet for address in addresses for octet in IPv4(address)]


def listToInt(octets: Sequence[int]) -> int:
    """The number of two octets."""
    return listToNumber(octets[:2])


def listToInts(octets: Sequence[int]) -> list[int]:
    """The numbers of a flat list, two octets each; an incomplete one at the end is left out."""
    return [listToNumber(octets[at : at + 2]) for at in range(0, len(octets) - 1, 2)]


def listToLong(octets: Sequence[int]) -> int:
    """The number of four octets."""
    return listToNumber(octets[:4])


def listToLongs(octets: Sequence[int]) -> list[int]:
    """The numbers of a flat list, four octets each; an incomplete one at the end is left out."""
    return [listToNumber(octets[at : at + 4]) for at in range(0, len(octets) - 3, 4)]


def listToNumber(octets: Sequence[int]) -> int:
    """The number of any number of octets, the most significant first."""
    return int.from_bytes(bytes(octets), "big")


def intToList(number: int) -> list[int]:
    """Two octets, of the low 16 bits."""
    return list((int(number) & 0xFFFF).to_bytes(2, "big"))


def intsToList(numbers: Iterable[int]) -> list[int]:
    """Two octets for each number."""
    return [octet for number in numbers for octet in intToList(number)]


def longToList(number: int) -> list[int]:
    """Four octets, of the low 32 bits."""
    return list((int(number) & 0xFFFF_FFFF).to_bytes(4, "big"))


def longsToList(numbers: Iterable[int]) -> list[int]:
    """Four octets for each number."""
    return [octet for number in numbers for octet in longToList(number)]


def strToList(text: str | bytes) -> list[int]:
    """The octets of a text in UTF-8."""
    return list(text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text)


def strToPaddedList(text: str | bytes, length: int) -> list[int]:
    """The same, cut or filled with zeros to ``length`` octets."""
    octets = strToList(text)[:length]
    return octets + [0] * (length - len(octets))


def listToStr(octets: Sequence[int]) -> str:
    """The text of octets in UTF-8; what is none is kept by surrogates, and comes back with ``strToList``."""
    return bytes(octets).decode("utf-8", "surrogateescape")


#: What is injected into a conf.py.
NAMES = (
    "listToIP", "listToIPs", "ipToList", "ipsToList", "listToInt", "listToInts", "listToLong", "listToLongs",
    "listToNumber", "intToList", "intsToList", "longToList", "longsToList", "strToList", "strToPaddedList",
    "listToStr",
)  # fmt: skip
