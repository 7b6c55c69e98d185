"""What a callout is given and leaves, as data: for one that runs in a process of its own.

Plain values stay what they are; octets, mappings and the objects of the hooks are marked by a letter.  The child makes
of them objects of the same classes, and what it changed there is done once more to the server's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from dhcpcore.errors import InvalidValue, MalformedMessage
from dhcpcore.pipeline.bundle import Response4
from dhcpcore.pipeline.views import Answer4, Lease4, Query4
from dhcpcore.topology.snapshot import Snapshot, Subnet
from dhcpcore.wire.addresses import format_address, parse_address
from dhcpcore.wire.v4.message import Request4, decode, unread

#: Subnets of a ``server_config`` that are told: more would take longer than a callout may.
SUBNETS_MAX = 1000
_FIELDS = ("message_type", "yiaddr", "siaddr", "sname", "file", "lifetime_s", "renew_s", "rebind_s")
_PLAIN = (str, int, float, bool, type(None))


class NotData(InvalidValue):
    """A value that cannot go from one process to another."""


class Subnet4(NamedTuple):
    """A subnet as an isolated library sees it."""

    subnet_id: int
    name: str
    prefix: str
    space: int
    shared_network: str | None
    interface: str | None


class ServerConfig(NamedTuple):
    """A snapshot as an isolated library sees it: of its subnets the first ``SUBNETS_MAX``."""

    revision: int
    subnets: tuple[Subnet4, ...]


class _Sender(NamedTuple):
    source: bytes
    interface: int


class _Message:
    """As much of a transaction as ``Query4`` looks at."""

    def __init__(self, request: Request4, datagram: _Sender) -> None:
        self.request = request
        self.datagram = datagram


def pack(value: Any) -> Any:
    """A value as JSON has it; ``NotData`` where it is none."""
    if isinstance(value, bool | float | str | None) or type(value) is int:
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, bytes):
        return {"b": value.hex()}
    if isinstance(value, Subnet | Subnet4):
        return {"s": _subnet(value)}
    if isinstance(value, Snapshot | ServerConfig):
        return {"c": [value.revision, [_subnet(one) for one in value.subnets[:SUBNETS_MAX]]]}
    if isinstance(value, list | tuple):
        return [pack(one) for one in value]
    if isinstance(value, Mapping):
        return {"d": [[pack(key), pack(one)] for key, one in value.items()]}
    if isinstance(value, Query4):
        return {"q": _query(value)}
    if isinstance(value, Answer4):
        return {"a": _answer(value)}
    if isinstance(value, Lease4):
        return {"e": [pack(getattr(value, name)) for name in Lease4.__slots__]}
    raise NotData(f"{value!r:.80} is no data: an isolated library is given, and leaves, text, numbers, octets, lists "
                  "and dictionaries of them")  # fmt: skip


def unpack(value: Any) -> Any:
    """The value again; in the place of the server's objects others of the same class, or of the same fields."""
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, list):
        return [unpack(one) for one in value]
    ((letter, body),) = value.items()
    match letter:
        case "b":
            return bytes.fromhex(body)
        case "d":
            return {unpack(key): unpack(one) for key, one in body}
        case "s":
            return Subnet4(*body)
        case "c":
            return ServerConfig(body[0], tuple(Subnet4(*one) for one in body[1]))
        case "e":
            return Lease4(*(unpack(one) for one in body))
        case "q":
            return _query_again(body)
        case "a":
            return _answer_again(body)
    raise NotData(f"{letter!r:.20} marks no value")


def apply(arguments: dict[str, Any], name: str, value: Any) -> None:
    """Do to an argument of the server's what the child did to its own; raises what a callout here would have met."""
    now = arguments.get(name)
    letter = next(iter(value), "") if isinstance(value, dict) else ""
    if isinstance(now, Query4) and letter == "q":
        _edit_query(now, value["q"])
    elif isinstance(now, Answer4) and letter == "a":
        _edit_answer(now, value["a"])
    elif isinstance(now, Lease4) and letter == "e":
        now.valid_lft = unpack(value["e"])[Lease4.__slots__.index("valid_lft")]
    elif letter == "s":
        subnets = [one for one in arguments.get("subnet4collection", ()) if one.subnet_id == value["s"][0]]
        arguments[name] = subnets[0] if subnets else None
    else:
        arguments[name] = unpack(value)


def _subnet(value: Subnet | Subnet4) -> list[Any]:
    if isinstance(value, Subnet4):
        return list(value)
    prefix = f"{format_address(value.prefix)}/{value.plen}"
    return [value.subnet_id, value.name, prefix, value.space, value.shared_network, value.interface]


def _pairs(options: Mapping[int, bytes | None]) -> list[list[Any]]:
    return [[int(code), None if payload is None else payload.hex()] for code, payload in options.items()]


def _query(query: Query4) -> list[Any]:
    request = query.request
    fault = None if query.fault is None else [query.fault.reason, query.fault.offset]
    return [request.data.hex(), _pairs(request.options), int(request.message_type), query.remote, query.interface,
            fault, query.reading]  # fmt: skip


def _query_again(body: list[Any]) -> Query4:
    data, options, kind, remote, interface, fault, reading = body
    request = unread(bytes.fromhex(data))
    request.options = {code: bytes.fromhex(payload) for code, payload in options}
    request.message_type = kind
    query = Query4(_Message(request, _Sender(parse_address(remote), interface)))  # type: ignore[arg-type]
    if reading:
        query.begin_reading(decode, None if fault is None else MalformedMessage(*fault))
    return query


def _edit_query(query: Query4, body: list[Any]) -> None:
    data = bytes.fromhex(body[0])
    if data != query.data:
        query.data = data
    options = {int(code): bytes.fromhex(payload) for code, payload in body[1]}
    if options != query.options:
        query.options.clear()
        query.options.update(options)


def _answer(answer: Answer4) -> list[Any]:
    response = answer.response
    return [[pack(getattr(response, name)) for name in _FIELDS], _pairs(dict(response.pairs)),
            _pairs(response.overrides or {}), answer.data.hex()]  # fmt: skip


def _answer_again(body: list[Any]) -> Answer4:
    fields, pairs, overrides, data = body
    values = dict(zip(_FIELDS, map(unpack, fields), strict=True))
    response = Response4(values["message_type"])
    for name, value in values.items():
        setattr(response, name, value)
    response.pairs = tuple((code, bytes.fromhex(payload)) for code, payload in pairs)
    response.overrides = _again(overrides) or None
    return Answer4(response, bytes.fromhex(data))


def _again(pairs: list[Any]) -> dict[int, bytes | None]:
    return {int(code): None if payload is None else bytes.fromhex(payload) for code, payload in pairs}


def _edit_answer(answer: Answer4, body: list[Any]) -> None:
    """By the setters that a callout in this process uses: what those refuse is refused."""
    response = answer.response
    said = dict(zip(_FIELDS, map(unpack, body[0]), strict=True))
    if said["siaddr"] != response.siaddr:
        answer.siaddr = format_address(said["siaddr"])
    if said["sname"] != response.sname:
        answer.sname = said["sname"]
    if said["file"] != response.file:
        answer.file = said["file"]
    if (said["renew_s"], said["rebind_s"]) != (response.renew_s, response.rebind_s):
        answer.set_timers(said["renew_s"], said["rebind_s"])
    before = response.overrides or {}
    for code, payload in _again(body[2]).items():
        if code not in before or before[code] != payload:
            answer.delete_option(code) if payload is None else answer.set_option(code, payload)
    data = bytes.fromhex(body[3])
    if data != answer.data:
        answer.data = data
