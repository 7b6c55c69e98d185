"""The types of the document's values: what is written, what it becomes, and its one canonical spelling.

A type is an ``Annotated`` of the internal form (``bytes`` for addresses, seconds for durations) with the function that
reads the written form, the one that writes it back, and its JSON schema for forms and the API.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypeAlias

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from dhcpcore.errors import InvalidValue
from dhcpcore.topology.filters import format_pattern, parse_pattern
from dhcpcore.topology.kinds import INFINITE_LIFETIME_S
from dhcpcore.wire.addresses import (
    format_address,
    format_duid,
    format_hardware,
    format_prefix,
    network_of,
    parse_address,
    parse_duid,
    parse_hardware,
    parse_hex,
    parse_prefix,
)
from dhcpcore.wire.architectures import format_architecture, parse_architecture
from dhcpcore.wire.quoting import quoted

#: Hardware type of Ethernet, RFC 1700 (IANA "ARP hardware types"): the one that a bare hardware address means.
ETHERNET = b"\x01"
ETHERNET_OCTETS = 6
#: One DHCPv4 option or one sub-option of option 82 counts its octets with one octet.
IDENTIFIER_OCTETS_MAX = 255
#: An OUI of three octets and an index of four.  RFC 2685 4.
VPN_ID_OCTETS = 7

#: No host's: the group bit (IEEE 802 8.2), or no address at all.
_NOBODY = ("a group, not of one interface", "nobody")
#: RFC 6890 and RFC 4291: what no host can have; with what it is for.
_RESERVED = tuple(
    (block, *parse_prefix(block), use)
    for block, use in (
        ("0.0.0.0/8", "which means this network"),
        ("127.0.0.0/8", "which every machine keeps to itself"),
        ("224.0.0.0/3", "which is for multicast and experiments"),
        ("::/128", "which means no address"),
        ("::1/128", "which every machine keeps to itself"),
        ("fe80::/10", "which every link has of its own"),
        ("ff00::/8", "which is for multicast"),
    )
)

_DURATION = re.compile(r"([0-9]{1,10})([smhdw]?)")
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_HOSTNAME = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
                       r"(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*")  # fmt: skip
_INTERFACE = re.compile(r"[^\s/]{1,15}")

Prefix: TypeAlias = tuple[bytes, int]


def _read(parse: Callable[[str], Any], right: str) -> PlainValidator:
    """A validator of text: what is no string is refused with ``right``, an example of a right one."""

    def read(value: object) -> Any:
        if not isinstance(value, str):
            hint = " (in quotes)" if isinstance(value, int | float) else ""
            raise wrong(f"{quoted(value)} is not right here: write {right}{hint}")
        try:
            return parse(value)
        except InvalidValue as error:
            raise wrong(str(error)) from None

    return PlainValidator(read)


def wrong(message: str) -> PydanticCustomError:
    """The error of a value, with the sentence that the user shall see."""
    # Braces would be taken for a template's.
    return PydanticCustomError("lessor", "{said}", {"said": message})


def parse_duration(value: object) -> int:
    """Seconds of ``90``, ``90s``, ``15m``, ``1h``, ``7d``, ``2w`` or ``infinite``."""
    if isinstance(value, int) and not isinstance(value, bool):
        seconds = value
    elif value == "infinite":
        seconds = INFINITE_LIFETIME_S
    elif isinstance(value, str) and (match := _DURATION.fullmatch(value)):
        seconds = int(match[1]) * _UNITS[match[2]]
    else:
        raise wrong(f"{quoted(value)} is not a duration: write seconds, or 90s, 15m, 1h, 7d, infinite")
    if not 0 <= seconds <= INFINITE_LIFETIME_S:
        raise wrong(f"{quoted(value)} is out of range: a duration is 0 to {INFINITE_LIFETIME_S} seconds")
    return seconds


def format_duration(seconds: int) -> int | str:
    """The canonical spelling: whole days, hours or minutes with their unit, else seconds."""
    if seconds == INFINITE_LIFETIME_S:
        return "infinite"
    for unit, size in (("d", 86_400), ("h", 3600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return seconds


def parse_span(text: str) -> tuple[bytes, bytes]:
    """First and last of an address, or of ``first-last``."""
    first, dash, last = text.partition("-")
    span = parse_address(first.strip()), parse_address(last.strip() if dash else first.strip())
    if len(span[0]) != len(span[1]):
        raise InvalidValue(f"{quoted(text)} goes from one family to the other")
    if span[0] > span[1]:
        raise InvalidValue(f"{quoted(text)} ends before it begins: exchange the two")
    return span


def format_span(span: tuple[bytes, bytes]) -> str:
    """The canonical spelling: one address, or ``first-last``."""
    first, last = map(format_address, span)
    return first if first == last else f"{first}-{last}"


def _hardware(text: str) -> bytes:
    address = parse_hardware(text)
    if len(address) != ETHERNET_OCTETS:
        raise InvalidValue(
            f"{quoted(text)} has {len(address)} octets, an Ethernet address such as 02:00:00:00:00:01 has six"
        )
    if address[0] & 1 or not any(address):
        raise InvalidValue(f"{quoted(text)} is the address of {_NOBODY[not any(address)]}: no client has it")
    return ETHERNET + address


def _network(text: str) -> tuple[bytes, int]:
    """A prefix that clients can have addresses of."""
    address, plen = parse_prefix(text)
    for block, reserved, bits, use in _RESERVED:
        shorter = min(bits, plen)  # Of two prefixes that touch, one holds the other.
        if len(reserved) == len(address) and network_of(reserved, shorter) == network_of(address, shorter):
            raise InvalidValue(f"{quoted(text)} touches {block}, {use}: no client can have an address of it")
    return address, plen


def _relay(text: str) -> bytes:
    address = parse_address(text)
    if not any(address) or address[0] >= (224 if len(address) == 4 else 255):
        raise InvalidValue(f"{quoted(text)} is no host's address: write that of the relay on the clients' link")
    return address


def _requestor(text: str) -> Prefix:
    if "/" in text:
        return parse_prefix(text)
    address = _relay(text)
    return address, len(address) * 8


def format_requestor(prefix: Prefix) -> str:
    """One host without its length, as it is best written."""
    address, plen = prefix
    return format_address(address) if plen == len(address) * 8 else format_prefix(address, plen)


def _octets(value: object, *, bare: Callable[[str], bytes], right: str) -> bytes:
    """Octets written bare (hex or text, as the key has it), or as ``{hex: …}`` or ``{text: …}``."""
    try:
        octets = bare(value) if isinstance(value, str) else _tagged(value, right)
    except InvalidValue as error:
        raise wrong(str(error)) from None
    except UnicodeEncodeError:
        raise wrong(f"{quoted(value)} holds half a character: write the octets as {{hex: …}}") from None
    if not 1 <= len(octets) <= IDENTIFIER_OCTETS_MAX:
        raise wrong(f"{quoted(value)} has {len(octets)} octets, 1 to {IDENTIFIER_OCTETS_MAX} are right")
    return octets


def _tagged(value: object, right: str) -> bytes:
    """The octets of ``{hex: …}`` or ``{text: …}``."""
    if isinstance(value, Mapping) and len(value) == 1:
        form, inner = next(iter(value.items()))
        if form in {"hex", "text"} and not isinstance(inner, str):
            raise InvalidValue(f"{form}: {quoted(inner)} is not a string: write it in quotes")
        if form in {"hex", "text"}:
            return parse_hex(inner) if form == "hex" else str.encode(inner)
    hint = " (in quotes)" if isinstance(value, int | float) else ""
    raise InvalidValue(f"{quoted(value)} is not right here: write {right}{hint}")


def _client_id(value: object) -> bytes:
    octets = _octets(value, bare=parse_hex, right="hex such as '01:02:00:00:00:00:02', or {text: …}")
    if len(octets) < 2:
        # RFC 2132 9.14.
        raise wrong(f"{quoted(value)} is too short: a client identifier has a type octet and at least one more")
    return octets


def _agent_id(value: object) -> bytes:
    return _octets(value, bare=str.encode, right="text such as 'eth-0-1-7', or {hex: …}")


def format_agent_id(octets: bytes) -> str | dict[str, str]:
    """As text where that is what it looks like, else as ``{hex: …}``."""
    try:
        text = octets.decode()
    except UnicodeDecodeError:
        text = ""
    return text if text and text.isprintable() else {"hex": octets.hex(":")}


def _interface_id(text: str) -> bytes:
    octets = parse_hex(text)
    if not 1 <= len(octets) <= IDENTIFIER_OCTETS_MAX:
        raise InvalidValue(f"{quoted(text)} has {len(octets)} octets, 1 to {IDENTIFIER_OCTETS_MAX} are right")
    return octets


def _hostname(text: str) -> str:
    if not _HOSTNAME.fullmatch(text):
        raise InvalidValue(f"{quoted(text)} is not a host name: letters, digits, - and _, at most 63 between dots")
    return text


def _interface(text: str) -> str:
    if not _INTERFACE.fullmatch(text):
        raise InvalidValue(
            f"{quoted(text)} is not the name of an interface such as eth0: 1 to 15 characters, no space or /"
        )
    return text


def _name(text: str) -> str:
    if not (1 <= len(text) <= 64 and text.isprintable() and text == text.strip()):
        raise InvalidValue(f"{quoted(text)} is not a name: 1 to 64 printable characters, no space at either end")
    return _with_address(text)


def _with_address(name: str) -> str:
    """The name, if a browser can be led to what is called so: it goes from a/../b to b."""
    if name.startswith("/") or {".", ".."} & set(name.split("/")):
        raise InvalidValue(
            f"{quoted(name)} cannot stand in the address of a page: leave out a slash in front, and . and .. between "
            "slashes"
        )
    return name


def _field(octets_max: int) -> Callable[[str], bytes]:
    def parse(text: str) -> bytes:
        octets = text.encode(errors="replace")
        if len(octets) > octets_max or "\0" in text:
            raise InvalidValue(f"{quoted(text)} does not fit: at most {octets_max} octets and no NUL")
        return octets

    return parse


def _text_schema(example: str, **more: Any) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "examples": [example], **more})


_HEX_OR_TEXT: list[dict[str, Any]] = [
    {"type": "string"},
    {"type": "object", "properties": {"hex": {"type": "string"}}, "required": ["hex"], "additionalProperties": False},
    {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"], "additionalProperties": False},
]

Duration = Annotated[
    int,
    PlainValidator(parse_duration),
    PlainSerializer(format_duration),
    WithJsonSchema({"type": ["integer", "string"], "examples": ["1h", 3600]}),
]
Address = Annotated[
    bytes,
    _read(parse_address, "an address such as 192.0.2.1 or 2001:db8::1"),
    PlainSerializer(format_address),
    _text_schema("192.0.2.1"),
]
AddressRange = Annotated[
    tuple[bytes, bytes],
    _read(parse_span, "an address such as 192.0.2.1, or a range such as 192.0.2.1-192.0.2.9"),
    PlainSerializer(format_span),
    _text_schema("192.0.2.110-192.0.2.119"),
]
RelayAddress = Annotated[
    bytes,
    _read(_relay, "an address such as 192.0.2.1 or 2001:db8::1"),
    PlainSerializer(format_address),
    _text_schema("192.0.2.1"),
]
Network = Annotated[
    tuple[bytes, int],
    _read(_network, "a prefix such as 192.0.2.0/24 or 2001:db8:1::/64"),
    PlainSerializer(lambda prefix: format_prefix(*prefix)),
    _text_schema("192.0.2.0/24"),
]
Requestor = Annotated[
    tuple[bytes, int],
    _read(_requestor, "an address such as 192.0.2.2, or a prefix such as 192.0.2.0/24"),
    PlainSerializer(format_requestor),
    _text_schema("192.0.2.2"),
]
HwAddress = Annotated[
    bytes,
    _read(_hardware, "a hardware address such as '02:00:00:00:00:01'"),
    PlainSerializer(lambda octets: format_hardware(octets[1:])),
    _text_schema("02:00:00:00:00:01"),
]
ClientId = Annotated[
    bytes,
    PlainValidator(_client_id),
    PlainSerializer(format_hardware),
    WithJsonSchema({"anyOf": _HEX_OR_TEXT, "examples": ["01:02:00:00:00:00:02"]}),
]
AgentId = Annotated[
    bytes,
    PlainValidator(_agent_id),
    PlainSerializer(format_agent_id),
    WithJsonSchema({"anyOf": _HEX_OR_TEXT, "examples": ["eth-0-1-7"]}),
]
Duid = Annotated[
    bytes,
    _read(parse_duid, "a DUID such as '00:03:00:01:02:00:00:00:00:01'"),
    PlainSerializer(format_duid),
    _text_schema("00:03:00:01:02:00:00:00:00:01"),
]
InterfaceId = Annotated[
    bytes, _read(_interface_id, "hex such as '6c616e31'"), PlainSerializer(bytes.hex), _text_schema("6c616e31")
]
Hostname = Annotated[str, _read(_hostname, "a host name such as printer"), _text_schema("printer")]
InterfaceName = Annotated[str, _read(_interface, "an interface's name such as eth0"), _text_schema("eth0")]
Name = Annotated[str, _read(_name, "a name such as office"), _text_schema("office")]
#: RFC 2131 2: sname has 64 octets and file 128, each with a NUL at its end.
ServerName = Annotated[bytes, _read(_field(63), "a host name"), PlainSerializer(bytes.decode), _text_schema("boothost")]
BootFile = Annotated[
    bytes, _read(_field(127), "a file name"), PlainSerializer(bytes.decode), _text_schema("boot/pxe.0")
]


def _vss(value: object) -> bytes:
    """The VPN as option 82.151 says it: type 0 and a name, or type 1 and seven octets.  RFC 6607 3.5, RFC 2685 4."""
    octets = _octets(value, bare=str.encode, right="a VPN's name such as 'customer-a', or {hex: …} with its VPN-ID")
    if isinstance(value, Mapping) and "hex" in value:
        if len(octets) != VPN_ID_OCTETS:
            raise wrong(f"{quoted(value)} has {len(octets)} octets: a VPN-ID has {VPN_ID_OCTETS} (RFC 2685)")
        return b"\x01" + octets
    if not (octets.isascii() and octets.decode().isprintable()) or len(octets) == IDENTIFIER_OCTETS_MAX:
        raise wrong(f"{quoted(value)} is no VPN's name: 1 to {IDENTIFIER_OCTETS_MAX - 1} printable ASCII characters")
    return b"\x00" + octets


def _format_vss(octets: bytes) -> str | dict[str, str]:
    return octets[1:].decode() if octets[0] == 0 else {"hex": octets[1:].hex(":")}


Vss = Annotated[
    bytes,
    PlainValidator(_vss),
    PlainSerializer(_format_vss),
    WithJsonSchema({"anyOf": _HEX_OR_TEXT, "examples": ["customer-a"]}),
]


def _said(parse: Callable[[object], Any]) -> PlainValidator:
    """A validator of values that may be more than text."""

    def read(value: object) -> Any:
        try:
            return parse(value)
        except InvalidValue as error:
            raise wrong(str(error)) from None

    return PlainValidator(read)


def _class_name(text: str) -> str:
    if not re.fullmatch(r"[ -&(-~]{1,128}", text) or text != text.strip():
        raise InvalidValue(
            f"{quoted(text)} is not a class's name: up to 128 characters of ASCII, no space at either end, "
            "no single quote"
        )
    return _with_address(text)


ClassName = Annotated[str, _read(_class_name, "a class's name such as voip"), _text_schema("voip")]
ClientPattern = Annotated[
    Any,
    _said(parse_pattern),
    PlainSerializer(format_pattern),
    WithJsonSchema({
        "anyOf": [
            {"type": "string"},
            {
                "type": "object",
                "properties": {"client_id": {"type": "string"}},
                "required": ["client_id"],
                "additionalProperties": False,
            },
        ],
        "examples": ["02:00:5e:*"],
    }),
]
Architecture = Annotated[
    int, _said(parse_architecture), PlainSerializer(format_architecture, return_type=str), _text_schema("x64-uefi")
]
