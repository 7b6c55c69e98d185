"""What can be done to a packet: to its options as options, and to its octets as octets."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from tests.fuzz.corpus import ADDRESSES, AGENTS, CLIENT_IDS, RELAYS, SERVERS, Options, Packet, tlv
from tests.interop.packets import MAGIC

_EDGES = (0, 1, 2, 4, 15, 16, 17, 63, 64, 127, 128, 240, 254, 255)
#: Offsets of header fields that hold an address: ciaddr, yiaddr, siaddr, giaddr.
_FIELDS = (12, 16, 20, 24)
#: Options that decide something, and payloads that are wrong for them.
_DECISIVE = (12, 50, 51, 52, 53, 54, 55, 57, 60, 61, 81, 82)
_DATAGRAM_MAX = 1472

Structural = Callable[[random.Random, list[tuple[int, bytes]], list[Packet]], None]


def mutated(dice: random.Random, packets: list[Packet], dialogues: Sequence[Packet] = ()) -> bytes:
    """One packet with a few things done to it; some of the corpus and more of the dialogues are left whole."""
    roll = dice.random()
    if dialogues and dice.random() < 0.4:
        packet = dialogues[int(dice.random() * len(dialogues))]
        if roll < 0.4:
            return packet.encoded()
    else:
        packet = packets[int(dice.random() * len(packets))]
        if roll < 0.08:
            return packet.encoded()
    header = packet.header
    options = packet.options
    if roll < 0.7:
        changed = list(options)
        for _ in range(1 + int(dice.random() * 2)):
            _STRUCTURAL[int(dice.random() * len(_STRUCTURAL))](dice, changed, packets)
        options = tuple(changed)
    data = bytearray(header + MAGIC + tlv(options) + b"\xff")
    if dice.random() < 0.3:
        _set_field(dice, data)
    if roll > 0.6:
        for _ in range(1 + int(dice.random() * 2)):
            _RAW[int(dice.random() * len(_RAW))](dice, data)
    return bytes(data[:_DATAGRAM_MAX])


# ---- Options as options. ----


def _drop(dice: random.Random, options: list[tuple[int, bytes]], packets: list[Packet]) -> None:
    if options:
        del options[int(dice.random() * len(options))]


def _double(dice: random.Random, options: list[tuple[int, bytes]], packets: list[Packet]) -> None:
    if options:
        options.insert(int(dice.random() * len(options)), options[int(dice.random() * len(options))])


def _swap(dice: random.Random, options: list[tuple[int, bytes]], packets: list[Packet]) -> None:
    if len(options) > 1:
        one, other = int(dice.random() * len(options)), int(dice.random() * len(options))
        options[one], options[other] = options[other], options[one]


def _recode(dice: random.Random, options: list[tuple[int, bytes]], packets: list[Packet]) -> None:
    """A payload under another code."""
    if options:
        at = int(dice.random() * len(options))
        options[at] = (dice.choice(_DECISIVE) if dice.random() < 0.5 else int(dice.random() * 256), options[at][1])


def _invent(dice: random.Random, options: list[tuple[int, bytes]], packets: list[Packet]) -> None:
    size = dice.choice(_EDGES) if dice.random() < 0.5 else int(dice.random() * 8)
    options.append((int(dice.random() * 256), dice.randbytes(size)))


def _resize(dice: random.Random, options: list[tuple[int, bytes]], packets: list[Packet]) -> None:
    if options:
        at = int(dice.random() * len(options))
        code, payload = options[at]
        size = dice.choice(_EDGES)
        options[at] = (code, payload[:size] if size < len(payload) else payload.ljust(size, b"\x2e"))


def _borrow(dice: random.Random, options: list[tuple[int, bytes]], packets: list[Packet]) -> None:
    """Options of another packet: the splice of two."""
    other: Options = packets[int(dice.random() * len(packets))].options
    cut = int(dice.random() * (len(other) + 1))
    options[int(dice.random() * (len(options) + 1)) :] = other[cut:]


def _decide(dice: random.Random, options: list[tuple[int, bytes]], packets: list[Packet]) -> None:
    """An option that decides something gets another value, right or nearly so."""
    code = dice.choice(_DECISIVE)
    value = {
        50: ADDRESSES, 54: SERVERS, 61: CLIENT_IDS, 82: AGENTS, 53: (b"\x01", b"\x03", b"\x04", b"\x07", b"\x08", b""),
        52: (b"\x01", b"\x02", b"\x03", b"\x04"), 57: (b"\0\0", b"\x01\0", b"\x02\x40", b"\xff\xff", b"\x05"),
    }.get(code)  # fmt: skip
    payload = dice.choice(value) if value and dice.random() < 0.7 else dice.randbytes(int(dice.random() * 9))
    for at, (present, _) in enumerate(options):
        if present == code:
            options[at] = (code, payload)
            return
    options.append((code, payload))


_STRUCTURAL: tuple[Structural, ...] = (_drop, _double, _swap, _recode, _invent, _resize, _borrow, _decide, _decide)


# ---- Octets as octets. ----


def _set_field(dice: random.Random, data: bytearray) -> None:
    at = dice.choice(_FIELDS)
    data[at : at + 4] = dice.choice(RELAYS if at == 24 else ADDRESSES)


def _flip(dice: random.Random, data: bytearray) -> None:
    for _ in range(1 + int(dice.random() * 6)):
        at = _somewhere(dice, data)
        data[at] ^= 1 << int(dice.random() * 8)


def _poke(dice: random.Random, data: bytearray) -> None:
    data[_somewhere(dice, data)] = dice.choice(_EDGES)


def _cut(dice: random.Random, data: bytearray) -> None:
    del data[_somewhere(dice, data) :]
    data += b"\0" * (not data)


def _append(dice: random.Random, data: bytearray) -> None:
    data += dice.randbytes(int(dice.random() * 64))


def _lie(dice: random.Random, data: bytearray) -> None:
    """A length octet that is not true: options after it are read out of step."""
    at = 240
    chosen = int(dice.random() * 10)
    while at + 1 < len(data) and data[at] not in (0, 255) and chosen:
        at += 2 + data[at + 1]
        chosen -= 1
    if at + 1 < len(data):
        data[at + 1] = (data[at + 1] + dice.choice((-2, -1, 1, 2, 100))) % 256


def _no_end(dice: random.Random, data: bytearray) -> None:
    if data and data[-1] == 255:
        del data[-1]


def _somewhere(dice: random.Random, data: bytearray) -> int:
    """Mostly in the options: the header's 236 octets are mostly padding."""
    if len(data) > 245 and dice.random() < 0.75:
        return 236 + int(dice.random() * (len(data) - 236))
    return int(dice.random() * len(data))


_RAW: tuple[Callable[[random.Random, bytearray], None], ...] = (
    _flip, _flip, _poke, _poke, _cut, _append, _lie, _lie, _no_end
)  # fmt: skip
