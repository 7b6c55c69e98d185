"""The hooks of one site on one question: what they are called with, in which order, and what their answers mean."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from dhcpcore.errors import MalformedMessage
from dhcpcore.pipeline.questions import Matter, Word
from dhcpcore.script.compat.definition import Definition
from dhcpcore.script.compat.generic import Database
from dhcpcore.script.compat.ipv4 import IPv4
from dhcpcore.script.compat.mac import MAC
from dhcpcore.script.compat.packet import DHCPPacket
from dhcpcore.script.loader import Site
from dhcpcore.wire.v4.aligned import WORD_MAX
from dhcpcore.wire.v4.lenient import decode_leniently
from dhcpcore.wire.v4.message import Request4, decode

_log = logging.getLogger("conf")

#: Transactions whose packet is kept between their two questions.
_KEPT_MAX = 2048
#: Methods whose address stands in option 50; the other ones' is ciaddr, and DISCOVER has none.
_BY_OPTION = frozenset(("DECLINE", "REQUEST:SELECTING", "REQUEST:INIT-REBOOT", "REQUEST:RENEW", "REQUEST:REBIND"))
_BY_FIELD = frozenset(("INFORM", "RELEASE"))
_REQUESTED_ADDRESS = 50
_PORT_MAX = 65_535
_NOWHERE = bytes(4)


@dataclass(slots=True)
class Exchange:
    """One transaction: its packet, as hooks have it, and the definition that one of them gave."""

    request: Request4
    packet: DHCPPacket
    definition: Definition | None = None
    answered: bool = False


class Hooks:
    """Answers the engine's questions."""

    def __init__(self, site: Site, database: Database) -> None:
        self._filter = site.hooks["filterPacket"]
        self._unknown = site.hooks["handleUnknownMAC"]
        self._choose = site.hooks["filterRetrievedDefinitions"]
        self._load = site.hooks["loadDHCPPacket"]
        self._database = database
        self._kept: OrderedDict[int, Exchange] = OrderedDict()

    def answer(self, question: list[Any]) -> list[Any]:
        """One question as it came over the pipe, and its answer; a hook that fails is logged here."""
        number, matter, data, method, _source, port, _server, known, shown = question
        try:
            if matter == Matter.ADMIT:
                return self._admit(number, bytes.fromhex(data), method, port, known)
            return self._edit(number, bytes.fromhex(data), method, port, known, shown)
        except MemoryError:
            raise  # What it holds it would hold for ever: the host ends, and another one begins.
        except (Exception, SystemExit):
            _log.critical("A hook failed on %s of %s; it is not answered.", method, _sender(data), exc_info=True)
            return [number, Word.FAILED]

    def _admit(self, number: int, data: bytes, method: str, port: int, known: list[Any]) -> list[Any]:
        exchange = self._begin(number, data)
        request, packet = exchange.request, exchange.packet
        asked = (packet, method, mac_of(request), client_address(request, method), relay_of(request), port)
        if self._filter is not None:
            verdict = self._filter(*asked)
            if verdict is None:
                return [number, Word.BLOCK]
            if not verdict:
                return [number, Word.DROP]
        if known:
            exchange.definition = Told(known[0])
            return [number, Word.GO]
        found = self._database.lookupMAC(asked[2])
        if not isinstance(found, Definition) and not found and self._unknown is not None:
            found = self._unknown(*asked)
        if found and not isinstance(found, Definition):
            found = self._chosen(found, asked)
        if not found:
            return [number, Word.GO]
        exchange.definition = found
        return [number, Word.GO, given_of(found)]

    def _chosen(self, found: Collection[Any], asked: tuple[Any, ...]) -> Any:
        if self._choose is None:
            raise ValueError(f"The look-up found {len(found)} definitions, and there is no filterRetrievedDefinitions.")
        return self._choose(found, *asked)

    def _edit(
        self, number: int, data: bytes, method: str, port: int, known: list[Any], shown: list[Any]
    ) -> list[Any]:
        exchange = self._kept.pop(number, None) or self._begin(number, data)
        self._kept[number] = exchange
        if exchange.answered:  # Shown again: the first answer could not be given.
            meta = exchange.packet.meta
            exchange.packet = _packet(exchange.request)
            exchange.packet.meta.update(meta)
        exchange.answered = True
        request, packet = exchange.request, exchange.packet
        kind, fields, options = shown_of(shown, request)
        packet.becomeAnswer(kind, fields, options)
        definition = exchange.definition or Told(known[0])
        assert self._load is not None
        if not self._load(
            packet, method, mac_of(request), definition, relay_of(request), port, _packet(request)
        ):  # fmt: skip
            _log.info("loadDHCPPacket said no to %s of %s.", method, mac_of(request))
            return [number, Word.DROP]
        changed, said = packet.changesTo(fields, options)
        if "flags" in changed:
            changed["broadcast"] = bytes((changed.pop("flags")[0] >> 7,))
        return [
            number, Word.GO, None, {name: octets.hex() for name, octets in changed.items()},
            {code: None if octets is None else octets.hex() for code, octets in said.items()}, *_way(packet),
        ]  # fmt: skip

    def _begin(self, number: int, data: bytes) -> Exchange:
        request = _decoded(data)
        exchange = self._kept[number] = Exchange(request, _packet(request))
        if len(self._kept) > _KEPT_MAX:
            self._kept.popitem(last=False)
        return exchange


def _way(packet: DHCPPacket) -> list[Any]:
    """Where and how the hook has the answer leave, if it says so; ``ValueError`` where that makes no sense."""
    address, mac = packet.response_ip, packet.response_mac
    port, source_port = _port("response_port", packet), _port("response_source_port", packet)
    word, tail = _word(packet) if packet.word_align else 0, _word(packet) if packet.terminal_pad else 0
    if address is None and mac is None and not (port or source_port or word or tail):
        return []
    where = b"" if address is None else bytes(IPv4(address))
    if where == _NOWHERE:
        raise ValueError("packet.response_ip is 0.0.0.0, which is nobody's address.")
    return [[where.hex(), port, "" if mac is None else bytes(MAC(mac)).hex(), source_port, word, tail]]


def _port(name: str, packet: DHCPPacket) -> int:
    said: Any = getattr(packet, name)  # A script's word.
    if said is None:
        return 0
    if isinstance(said, bool) or not isinstance(said, int) or not 1 <= said <= _PORT_MAX:
        raise ValueError(f"packet.{name} is {said!r}; right is a whole number from 1 to {_PORT_MAX}.")
    return said


def _word(packet: DHCPPacket) -> int:
    said: Any = packet.word_size
    if isinstance(said, bool) or not isinstance(said, int) or not 1 <= said <= WORD_MAX:
        raise ValueError(f"packet.word_size is {said!r}; right is a number of octets from 1 to {WORD_MAX}.")
    return said


def _decoded(data: bytes) -> Request4:
    try:
        return decode(data)
    except MalformedMessage:
        found = decode_leniently(data)
        if found is None:
            raise
        return found


def _packet(request: Request4) -> DHCPPacket:
    return DHCPPacket(request.data, request.options)


def _sender(data: str) -> str:
    return bytes.fromhex(data[56:68]).hex(":")


def mac_of(request: Request4) -> MAC:
    """The hardware address, as six octets."""
    return MAC(request.data[28:34])


def relay_of(request: Request4) -> IPv4 | None:
    """giaddr, where there is one."""
    return IPv4(request.giaddr) if any(request.giaddr) else None


def client_address(request: Request4, method: str) -> IPv4 | None:
    """The address that the client speaks of; None for DISCOVER, and where it stands elsewhere for RENEW and REBIND."""
    if method in _BY_OPTION:
        octets = request.options.get(_REQUESTED_ADDRESS, b"")
    elif method in _BY_FIELD:
        octets = request.ciaddr
    else:
        return None
    return IPv4(octets) if len(octets) == 4 and any(octets) else None


#: A Definition's fields that are options, with how they are told.
_OPTIONS = {3: "gateways", 1: "subnet_mask", 28: "broadcast_address", 12: "hostname", 15: "domain_name",
            6: "domain_name_servers", 42: "ntp_servers"}  # fmt: skip


def given_of(definition: Definition) -> list[Any]:
    """A Definition as it goes over the pipe."""
    if not isinstance(definition, Definition):
        raise TypeError(f"{definition!r} is no Definition.")
    options = []
    for code, name in _OPTIONS.items():
        value = getattr(definition, name)
        if value:
            options.append([code, _octets(value).hex()])
    mask = definition.subnet_mask
    return [
        bytes(IPv4(definition.ip)).hex(), int(definition.lease_time), str(definition.subnet), int(definition.serial),
        definition.hostname or "", "" if mask is None else bytes(mask).hex(), options,
    ]  # fmt: skip


def _octets(value: Any) -> bytes:
    if isinstance(value, str):
        return value.encode()
    return bytes(value) if isinstance(value, IPv4) else b"".join(bytes(one) for one in value)


class Told(Definition):
    """A Definition as it came over the pipe, which is read when somebody looks."""

    def __init__(self, given: list[Any]) -> None:
        self._given = given

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        address, lease_time, subnet, serial, hostname, _mask, pairs = self._given
        said = {code: bytes.fromhex(octets) for code, octets in pairs}
        fields: dict[str, Any] = {}
        for code, known in _OPTIONS.items():
            if code in said:
                fields[known] = said[code].decode("utf-8", "surrogateescape") if code in {12, 15} else said[code]
        if hostname:
            fields["hostname"] = hostname
        super().__init__(bytes.fromhex(address), lease_time, subnet, serial, **fields)
        return object.__getattribute__(self, name)


def shown_of(shown: list[Any], request: Request4) -> tuple[int, Mapping[str, bytes], Mapping[int, bytes]]:
    """The answer: its type, its fields, its options."""
    kind, yiaddr, ciaddr, siaddr, sname, file, broadcast, pairs = shown
    fields = {
        "yiaddr": bytes.fromhex(yiaddr),
        "ciaddr": bytes.fromhex(ciaddr),
        "siaddr": bytes.fromhex(siaddr),
        "sname": bytes.fromhex(sname),
        "file": bytes.fromhex(file),
        "flags": b"\x80\0" if broadcast or request.broadcast else b"\0\0",
    }
    options = {53: bytes((kind,)), **{code: bytes.fromhex(octets) for code, octets in pairs}}
    return kind, fields, options


