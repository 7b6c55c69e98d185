"""Encrypted DNS resolvers (RFC 9463) and their service parameters (RFC 9460)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from dhcpcore.errors import InvalidValue, MalformedMessage
from dhcpcore.wire.codecs.addresses import ADDRESS4, ADDRESS6
from dhcpcore.wire.codecs.base import Codec, Counted, Description, ListOf, Value, cut_off, wrong
from dhcpcore.wire.codecs.names import NAME
from dhcpcore.wire.codecs.numbers import PRESENCE, U16
from dhcpcore.wire.codecs.text import Binary, Text

#: RFC 9460 14.3.2 and RFC 9461 5: the parameters whose values have a form of their own.
_PARAMETERS: tuple[tuple[int, str, Codec], ...] = (
    (1, "alpn", ListOf(Counted(Text(opaque=True, example="h2")))),
    (2, "no-default-alpn", PRESENCE),
    (3, "port", U16),
    (4, "ipv4hint", ListOf(ADDRESS4)),
    (5, "ech", Binary()),
    (6, "ipv6hint", ListOf(ADDRESS6)),
    (7, "dohpath", Text(opaque=True, example="/dns-query{?dns}")),
)
_KEYS_BY_NAME = {name: (key, codec) for key, name, codec in _PARAMETERS}
_NAMES_BY_KEY = {key: (name, codec) for key, name, codec in _PARAMETERS}
_NUMBERED_KEY = re.compile(r"key([0-9]{1,5})")
_OTHER = Binary(octets_min=0)


@dataclass(frozen=True, slots=True)
class ServiceParameters(Codec):
    """A mapping such as ``{alpn: [dot], port: 853}``; keys without a name are ``keyNNN`` with hex."""

    def encode(self, value: object) -> bytes:
        if not isinstance(value, Mapping):
            raise wrong(value, "a mapping such as {alpn: [dot], port: 853}")
        found = {}
        for name, part in value.items():
            key, codec = self._key(name)
            try:
                body = codec.encode(part)
            except InvalidValue as error:
                raise InvalidValue(f"{name}: {error}") from None
            if key in found:
                raise InvalidValue(f"{name}: the key {key} is there twice")
            if len(body) > 0xFFFF:
                raise InvalidValue(f"{name}: the value has {len(body)} octets, at most 65535 can be counted here")
            found[key] = body
        # Keys are in increasing order, RFC 9460 2.2.
        return b"".join(
            key.to_bytes(2, "big") + len(body).to_bytes(2, "big") + body for key, body in sorted(found.items())
        )

    @staticmethod
    def _key(name: object) -> tuple[int, Codec]:
        if isinstance(name, str):
            if name in _KEYS_BY_NAME:
                return _KEYS_BY_NAME[name]
            match = _NUMBERED_KEY.fullmatch(name)
            if match and int(match[1]) <= 0xFFFF:
                return int(match[1]), _OTHER
        raise wrong(name, f"a service parameter: {', '.join(_KEYS_BY_NAME)} or key followed by its number")

    def take(self, data: bytes, at: int, end: int) -> tuple[Value, int]:
        value: dict[str, Value] = {}
        last = -1
        while at < end:
            head = cut_off(data, at, 4, end)
            key, size = int.from_bytes(head[:2], "big"), int.from_bytes(head[2:], "big")
            if key <= last:
                raise MalformedMessage("service parameters out of order", at)
            last = key
            at += 4
            if at + size > end:
                raise MalformedMessage(f"{size} octets announced, {end - at} there", at)
            name, codec = _NAMES_BY_KEY.get(key, (f"key{key}", _OTHER))
            value[name] = codec.whole(data, at, at + size)
            at += size
        return value, at

    def describe(self) -> Description:
        return {
            "type": "object",
            "properties": {name: codec.describe() for _key, name, codec in _PARAMETERS},
            "example": {"alpn": ["dot"], "port": 853},
        }


@dataclass(frozen=True, slots=True)
class EncryptedResolver(Codec):
    """One resolver: priority, the name to authenticate, and unless it is left to DNS, addresses and parameters.

    DHCPv4 counts with one octet and puts several in one option, each with its length; DHCPv6 counts with two and has
    an option for each, RFC 9463 4 and 5.
    """

    address: Codec
    length_octets: int

    def encode(self, value: object) -> bytes:
        names = ("priority", "name", "addresses", "parameters")
        if not isinstance(value, Mapping) or any(key not in names for key in value) or "name" not in value:
            raise wrong(value, f"a mapping of {', '.join(names)}, of which name is needed")
        body = self._part("priority", U16, value.get("priority", 1))
        body += self._part("name", Counted(NAME, self.length_octets), value["name"])
        if "addresses" not in value and "parameters" not in value:
            return body  # ADN-only mode, RFC 9463 3.1.6.
        body += self._part("addresses", self._addresses(), value.get("addresses", []))
        return body + self._part("parameters", ServiceParameters(), value.get("parameters", {}))

    def _addresses(self) -> Codec:
        return Counted(ListOf(self.address), self.length_octets)

    @staticmethod
    def _part(name: str, codec: Codec, value: object) -> bytes:
        try:
            return codec.encode(value)
        except InvalidValue as error:
            raise InvalidValue(f"{name}: {error}") from None

    def take(self, data: bytes, at: int, end: int) -> tuple[Value, int]:
        value: dict[str, Value] = {}
        value["priority"], at = U16.take(data, at, end)
        value["name"], at = Counted(NAME, self.length_octets).take(data, at, end)
        if at < end:
            value["addresses"], at = self._addresses().take(data, at, end)
            value["parameters"], at = ServiceParameters().take(data, at, end)
        return value, at

    def describe(self) -> Description:
        addresses = self._addresses().describe()
        return {
            "type": "object",
            "properties": {
                "priority": U16.describe(),
                "name": NAME.describe(),
                "addresses": addresses,
                "parameters": ServiceParameters().describe(),
            },
            "required": ["name"],
            "additionalProperties": False,
            "example": {
                "priority": 1,
                "name": "dot.example.org",
                "addresses": addresses["example"],
                "parameters": {"alpn": ["dot"], "port": 853},
            },
        }


ENCRYPTED_RESOLVERS4 = ListOf(Counted(EncryptedResolver(ADDRESS4, 1), 2))
ENCRYPTED_RESOLVER6 = EncryptedResolver(ADDRESS6, 2)
