"""What an expression can read of a packet: paths such as ``option[60].hex``, each made into a closure.

RFC 3925 lets options 124 and 125 hold the data of several enterprises; a number finds its own, ``*`` the first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, NamedTuple, NoReturn

from dhcpcore.errors import InvalidValue, MalformedMessage
from dhcpcore.topology.expressions.subject import Subject
from dhcpcore.wire.codecs.text import Text
from dhcpcore.wire.options import OptionSpace
from dhcpcore.wire.rows import OptionRow
from dhcpcore.wire.v4.message import Opt

_ENCAPSULATED_VENDOR = 43
_VENDOR_CLASS, _VENDOR_OPTIONS = 124, 125
#: Names that one message lists.
_LISTED_MAX = 12

Payload = Callable[[Subject], bytes | None]


class Part(NamedTuple):
    """One part of a path: its name, what stands in brackets (None: nothing), and where both begin."""

    name: str
    inside: str | None
    at: int
    inside_at: int


class Reading(NamedTuple):
    """A closure, and whether it gives true or false rather than a string."""

    truth: bool
    evaluate: Callable[[Subject], Any]
    code: int = 0  #: The option that it is read from; 0: it is read from none.


class UnknownReading(InvalidValue):
    """The path means nothing here; ``at`` is the place in the text."""

    def __init__(self, said: str, at: int) -> None:
        super().__init__(said)
        self.at = at


def reading(path: Sequence[Part], space: OptionSpace) -> Reading:
    """What a path reads, of DHCPv4 packets."""
    root = path[0]
    if root.name in _ONLY_DHCP6:
        raise UnknownReading(f"{root.name} is of DHCPv6 packets: here it is {_ONLY_DHCP6[root.name]}", root.at)
    made = _ROOTS.get(root.name)
    if made is None:
        _unknown(root.name, root.at, [*_ROOTS, "known", "unknown"], "can be read")
    return made(path, space)


def _unknown(name: str, at: int, known: Sequence[str], what: str) -> NoReturn:
    near = get_close_matches(name, known, n=1)
    few = ", ".join(known) if 0 < len(known) <= _LISTED_MAX else "those of the manual" if known else "only numbers"
    hint = f"did you mean {near[0]}?" if near else f"{few} {what}"
    raise UnknownReading(f"{name!r} is not known here: {hint}", at)


def _ended(path: Sequence[Part], count: int) -> None:
    """A path goes no further than ``count`` parts, and its last one has nothing in brackets."""
    if len(path) > count:
        raise UnknownReading(f"nothing is read behind {path[count - 1].name}: the path ends there", path[count].at)
    if path[-1].inside is not None:
        raise UnknownReading(f"{path[-1].name} takes nothing in brackets", path[-1].inside_at)


def _next(path: Sequence[Part], count: int, known: Sequence[str]) -> Part:
    """The part of that number, which must be there."""
    if len(path) <= count:
        part = path[count - 1]
        forms = ", ".join(f".{name}" for name in known)
        raise UnknownReading(f"{part.name} of what? Write one of {forms} behind it", part.at)
    part = path[count]
    if part.name not in known:
        _unknown(part.name, part.at, known, "are right here")
    return part


def _bare(part: Part) -> None:
    if part.inside is not None:
        raise UnknownReading(f"{part.name} takes nothing in brackets here", part.inside_at)


def _code(part: Part, rows: Mapping[str, OptionRow], least: int, most: int) -> OptionRow | int:
    """The option that brackets name: a row where one is known, else the code."""
    if part.inside is None:
        raise UnknownReading(f"which {part.name}? Write its code or name in brackets: {part.name}[60]", part.at)
    if part.inside in rows:
        return rows[part.inside]
    if not part.inside.lstrip("-").isdecimal():
        _unknown(part.inside, part.inside_at, list(rows), "are right here")
    code = int(part.inside[:10])
    if not least <= code <= most:
        raise UnknownReading(f"{part.inside} is no code of an option: they go from {least} to {most}", part.inside_at)
    return next((row for row in rows.values() if row.code == code), code)


_FORMS = ("hex", "text", "exists", "option")


def _option(path: Sequence[Part], space: OptionSpace) -> Reading:
    """``option[N]``, and what is inside it."""
    row = _code(path[0], space.by_name, 1, 254)
    code = row.code if isinstance(row, OptionRow) else row
    return _of_payload(_payload_of(code), row, path, 1, space)._replace(code=code)


def _relay4(path: Sequence[Part], space: OptionSpace) -> Reading:
    """``relay4[N]``: a sub-option of option 82."""
    code = Opt.AGENT_OPTIONS
    return _inside(_payload_of(code), space.row(code), path, 0, space)._replace(code=code)


def _payload_of(code: int) -> Payload:
    return lambda subject: subject.options.get(code)


def _inside(outer: Payload, row: OptionRow | int, path: Sequence[Part], count: int, space: OptionSpace) -> Reading:
    """The sub-option that part ``count`` names of an option's payload."""
    known = space.inner(row.encapsulates) if isinstance(row, OptionRow) and row.encapsulates else ()
    inner = _code(path[count], {one.name: one for one in known}, 0, 255)
    code = inner.code if isinstance(inner, OptionRow) else inner
    padded = isinstance(row, OptionRow) and row.code == _ENCAPSULATED_VENDOR

    def payload(subject: Subject) -> bytes | None:
        data = outer(subject)
        return None if data is None else sub_option(data, code, padded=padded)

    return _of_payload(payload, inner, path, count + 1, space)


def _of_payload(
    payload: Payload, row: OptionRow | int, path: Sequence[Part], count: int, space: OptionSpace
) -> Reading:
    form = _next(path, count, _FORMS)
    if form.name == "option":
        return _inside(payload, row, path, count, space)
    _ended(path, count + 1)
    if form.name == "exists":
        return Reading(True, lambda subject: payload(subject) is not None)
    if form.name == "hex":
        return Reading(False, lambda subject: payload(subject) or b"")
    codec = row if isinstance(row, OptionRow) else None
    return Reading(False, lambda subject: text_of(payload(subject), codec))


def sub_option(data: bytes, code: int, *, padded: bool = False) -> bytes | None:
    """The first sub-option of that code; what is cut off at the end is passed over.  RFC 3046 2.0, RFC 2132 8.4."""
    at, end = 0, len(data)
    while at + 2 <= end:
        if padded and data[at] == 0:
            at += 1
            continue
        if padded and data[at] == 255:
            return None
        stop = at + 2 + data[at + 1]
        if data[at] == code:
            return data[at + 2 : stop] if stop <= end else None
        at = stop
    return None


def text_of(data: bytes | None, row: OptionRow | None) -> bytes:
    """A payload as text: of options that are text the text itself, of others what the manual writes for them."""
    if not data:
        return b""
    if row is not None and not isinstance(row.codec, Text):
        try:
            plain = _plain(row.decode(data))
        except (MalformedMessage, InvalidValue):
            plain = None
        if plain is not None:
            return plain.encode(errors="surrogateescape")
    return data.rstrip(b"\0")  # RFC 2132 2: text may end with NULs, which are not of it.


def _plain(value: object) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float)):
        return str(value)
    if isinstance(value, list) and all(isinstance(item, (str, int, float)) for item in value):
        return ", ".join(str(item) for item in value)
    return None


def blocks(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Enterprise numbers and their data in options 124 and 125.  RFC 3925 3, 4."""
    at = 0
    while at + 5 <= len(data):
        stop = at + 5 + data[at + 4]
        if stop > len(data):
            return
        yield int.from_bytes(data[at : at + 4], "big"), data[at + 5 : stop]
        at = stop


def block(data: bytes | None, enterprise: int) -> bytes | None:
    """The data of an enterprise, of the first one for 0."""
    return next((inner for number, inner in blocks(data or b"") if enterprise in {0, number}), None)


def items(data: bytes) -> Iterator[bytes]:
    """The items of a vendor class, each behind its length.  RFC 3925 3."""
    at = 0
    while at < len(data):
        stop = at + 1 + data[at]
        if stop > len(data):
            return
        yield data[at + 1 : stop]
        at = stop


def _enterprise(part: Part) -> int:
    index = part.inside
    if index == "*":
        return 0
    if index is None or not index.isdecimal() or int(index) > 0xFFFF_FFFF:
        said = f"{part.name} takes an enterprise number or * in brackets, such as {part.name}[4491]"
        raise UnknownReading(said, part.at if index is None else part.inside_at)
    return int(index)


def _of_enterprise(
    path: Sequence[Part], code: int, inner: str, inside: Callable[[Part, int], Reading]
) -> Reading:
    """``.enterprise`` and ``[E].exists`` of option 124 or 125; what its ``inner`` part reads is told by ``inside``."""
    if len(path) > 1 and path[1].name == "enterprise":
        _bare(path[0])
        _ended(path, 2)

        def number(subject: Subject) -> bytes:
            data = subject.options.get(code, b"")
            return data[:4] if next(blocks(data), None) is not None else b""

        return Reading(False, number, code)
    enterprise = _enterprise(path[0])
    form = _next(path, 1, ("exists", inner))
    if form.name == "exists":
        _ended(path, 2)
        return Reading(True, lambda subject: block(subject.options.get(code), enterprise) is not None, code)
    return inside(form, enterprise)._replace(code=code)


def _vendor(path: Sequence[Part], space: OptionSpace) -> Reading:
    """``vendor.enterprise``, ``vendor[E].exists`` and ``vendor[E].option[N]``: option 125."""

    def inside(form: Part, enterprise: int) -> Reading:
        known = {row.name: row for row in space.inner(f"vendor-{enterprise}")}
        inner = _code(form, known, 0, 255)
        code = inner.code if isinstance(inner, OptionRow) else inner

        def option(subject: Subject) -> bytes | None:
            data = block(subject.options.get(_VENDOR_OPTIONS), enterprise)
            return None if data is None else sub_option(data, code)

        return _of_payload(option, inner, path, 2, space)

    return _of_enterprise(path, _VENDOR_OPTIONS, "option", inside)


def _vendor_class(path: Sequence[Part], _space: OptionSpace) -> Reading:
    """``vendor-class.enterprise``, ``vendor-class[E].exists`` and ``vendor-class[E].data[N]``: option 124."""

    def inside(form: Part, enterprise: int) -> Reading:
        index = form.inside if form.inside is not None else "0"
        if not index.isdecimal() or int(index) > 255:
            raise UnknownReading("data takes the number of an item, from 0: data[0] is the first", form.inside_at)
        if len(path) > 2:
            raise UnknownReading("nothing is read behind data: the path ends there", path[2].at)
        number = int(index)

        def data(subject: Subject) -> bytes:
            found = block(subject.options.get(_VENDOR_CLASS), enterprise) or b""
            return next((item for place, item in enumerate(items(found)) if place == number), b"")

        return Reading(False, data)

    return _of_enterprise(path, _VENDOR_CLASS, "data", inside)


def _fields(table: Mapping[str, Callable[[Subject], bytes]]) -> Callable[[Sequence[Part], OptionSpace], Reading]:
    """Paths of two parts, the second one of a table's."""

    def made(path: Sequence[Part], _space: OptionSpace) -> Reading:
        _bare(path[0])
        field = _next(path, 1, list(table))
        _ended(path, 2)
        return Reading(False, table[field.name])

    return made


def _number(value: int) -> bytes:
    """Every number is one of 32 bits, whatever the field's size."""
    return value.to_bytes(4, "big")


_PKT: Mapping[str, Callable[[Subject], bytes]] = {
    "iface": lambda subject: subject.interface.encode(),
    "src": lambda subject: subject.source,
    "dst": lambda subject: subject.destination,
    "len": lambda subject: _number(len(subject.request.data)),
}
#: Offsets of the header.  RFC 2131 2.
_PKT4: Mapping[str, Callable[[Subject], bytes]] = {
    "mac": lambda subject: subject.request.hw[1:],
    "hlen": lambda subject: _number(subject.request.data[2]),
    "htype": lambda subject: _number(subject.request.data[1]),
    "ciaddr": lambda subject: subject.request.ciaddr,
    "giaddr": lambda subject: subject.request.giaddr,
    "yiaddr": lambda subject: subject.request.data[16:20],
    "siaddr": lambda subject: subject.request.data[20:24],
    "msgtype": lambda subject: _number(subject.message_type),
    "transid": lambda subject: subject.request.xid,
}
_ROOTS: Mapping[str, Callable[[Sequence[Part], OptionSpace], Reading]] = {
    "option": _option,
    "relay4": _relay4,
    "pkt": _fields(_PKT),
    "pkt4": _fields(_PKT4),
    "vendor": _vendor,
    "vendor-class": _vendor_class,
}
#: What Kea has for DHCPv6 alone, with what is there for DHCPv4.
_ONLY_DHCP6 = {"pkt6": "pkt4", "relay6": "relay4[N] for the sub-options of option 82, and pkt4.giaddr"}
