r"""DNS names in wire form (RFC 1035 3.1) and, where an option allows it, compressed (RFC 1035 4.1.4).

The text form has no dot at its end, the root is ``.``; a dot, a backslash or an octet that is not a printable ASCII
letter is escaped as in RFC 1035 5.1 (``\.``, ``\032``), so that any name survives the way to text and back.
"""

from __future__ import annotations

import re

from dhcpcore.errors import InvalidValue, MalformedMessage
from dhcpcore.wire.quoting import quoted

#: RFC 1035 2.3.4.
LABEL_OCTETS_MAX = 63
NAME_OCTETS_MAX = 255

_POINTER_MAX = 0x3FFF
_PLAIN_LABEL = re.compile(rb"[A-Za-z0-9_\-/*]+")
_TOKEN = re.compile(r"\\(\d{3})|\\(.)|(\.)|([^\\.]+)", re.DOTALL)

Labels = tuple[bytes, ...]


def parse_labels(text: str) -> tuple[Labels, bool]:
    """The labels of a name and whether the text ended in a dot (an absolute name)."""
    if text in {".", ""}:
        return (), text == "."
    labels: list[bytes] = []
    label = bytearray()
    at = 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            raise InvalidValue(f"the name {quoted(text)} ends in a backslash")
        number, escaped, dot, plain = token.groups()
        if dot:
            labels.append(_checked(bytes(label), text))
            label.clear()
        elif number:
            if int(number) > 255:
                raise InvalidValue(f"the name {quoted(text)} has the escape \\{number}, which is more than \\255")
            label.append(int(number))
        else:
            label += _ascii(escaped or plain, text)
        at = token.end()
    if label:
        labels.append(_checked(bytes(label), text))
        absolute = False
    else:
        absolute = True
    if sum(len(part) + 1 for part in labels) + 1 > NAME_OCTETS_MAX:
        raise InvalidValue(f"the name {quoted(text)} is longer than {NAME_OCTETS_MAX} octets")
    return tuple(labels), absolute


def _ascii(part: str, text: str) -> bytes:
    if not part.isascii() or not part.isprintable() or " " in part:
        raise InvalidValue(f"the name {quoted(text)} has letters that DNS does not carry: write the xn-- form or \\DDD")
    return part.encode("ascii")


def _checked(label: bytes, text: str) -> bytes:
    if not label:
        raise InvalidValue(f"the name {quoted(text)} has an empty label: write it such as host.example.org")
    if len(label) > LABEL_OCTETS_MAX:
        raise InvalidValue(f"the name {quoted(text)} has a label of more than {LABEL_OCTETS_MAX} octets")
    return label


def format_labels(labels: Labels) -> str:
    """The text of a name, without a dot at its end; the root is ``.``."""
    return ".".join([_label_text(label) for label in labels]) if labels else "."


def _label_text(label: bytes) -> str:
    if _PLAIN_LABEL.fullmatch(label):
        return label.decode("ascii")
    return "".join(
        f"\\{chr(octet)}" if octet in b".\\" else chr(octet) if 0x20 < octet < 0x7F else f"\\{octet:03d}"
        for octet in label
    )


def encode_labels(labels: Labels, *, terminated: bool = True) -> bytes:
    """The labels with their lengths; not ``terminated``: a partial name, RFC 4702 3.1."""
    body = b"".join([bytes((len(label),)) + label for label in labels])
    return body + b"\0" if terminated else body


def read_labels(data: bytes, at: int, end: int) -> tuple[Labels, int]:
    """One uncompressed, terminated name from ``data[at:end]``; a compression pointer is malformed here."""
    labels, at, terminated = read_partial_labels(data, at, end)
    if not terminated:
        raise MalformedMessage("a name is cut off", at)
    return labels, at


def read_partial_labels(data: bytes, at: int, end: int) -> tuple[Labels, int, bool]:
    """As ``read_labels``, but the name may end with the data; the third value says whether the root was there."""
    labels: list[bytes] = []
    start = at
    while at < end:
        size = data[at]
        if size == 0:
            return tuple(labels), at + 1, True
        if size > LABEL_OCTETS_MAX:
            raise MalformedMessage("a label's length is above 63", at)
        body = at + 1
        at = body + size
        if at > end:
            raise MalformedMessage("a label is cut off", body)
        if at - start >= NAME_OCTETS_MAX:
            raise MalformedMessage("a name is longer than 255 octets", start)
        labels.append(data[body:at])
    return tuple(labels), at, False


def encode_compressed(names: list[Labels]) -> bytes:
    """Names one after the other, each ending in a pointer where an earlier one had the same ending, RFC 3397 2."""
    seen: dict[Labels, int] = {}
    out = bytearray()
    for labels in names:
        for index, label in enumerate(labels):
            rest = labels[index:]
            if rest in seen:
                out += (0xC000 | seen[rest]).to_bytes(2, "big")
                break
            if len(out) <= _POINTER_MAX:
                seen[rest] = len(out)
            out.append(len(label))
            out += label
        else:
            out.append(0)
    return bytes(out)


def read_compressed(data: bytes, start: int, at: int, end: int) -> tuple[Labels, int]:
    """One name from ``data[at:end]`` whose pointers count from ``start``.

    A pointer must lead before the place where the reading last jumped to, so every name ends, RFC 1035 4.1.4 ("a prior
    occurrence").
    """
    labels: list[bytes] = []
    octets = 1
    floor = at
    after: int | None = None
    while True:
        if at >= end:
            raise MalformedMessage("a name is cut off", at)
        size = data[at]
        if size >= 0xC0:
            if at + 2 > end:
                raise MalformedMessage("a compression pointer is cut off", at)
            target = start + ((size & 0x3F) << 8 | data[at + 1])
            if target >= floor:
                raise MalformedMessage("a compression pointer does not lead back", at)
            if after is None:
                after = at + 2
            floor = at = target
            continue
        if size > LABEL_OCTETS_MAX:
            raise MalformedMessage("a label's length is above 63", at)
        body = at + 1
        at = body + size
        if size == 0:
            return tuple(labels), at if after is None else after
        if at > end:
            raise MalformedMessage("a label is cut off", body)
        octets += size + 1
        if octets > NAME_OCTETS_MAX:
            raise MalformedMessage("a name is longer than 255 octets", floor)
        labels.append(data[body:at])
