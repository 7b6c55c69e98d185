"""Questions and answers between the engine's values and the pipe's.

What comes from the child is a script's word: each value is looked at before the engine sees it.
"""

from __future__ import annotations

from typing import Any

from dhcpcore.pipeline.questions import Given, Question, Said, Way, Word
from dhcpcore.script.frames import BrokenPipeProtocol
from dhcpcore.wire.v4.aligned import WORD_MAX

_LIFETIME_MAX = 0xFFFF_FFFF
_PORT_MAX = 65_535
#: Octets of one option that a script may set; more than any answer has room for.
_OPTION_MAX = 1500
_FIELDS = {"yiaddr": 4, "ciaddr": 4, "siaddr": 4, "sname": 64, "file": 128, "broadcast": 1}
_NUMBERS = {51, 58, 59}


def to_pipe(question: Question) -> list[Any]:
    """A question as the child reads it."""
    shown = question.shown
    return [
        question.number, int(question.matter), question.data.hex(), question.method, question.source.hex(),
        question.port, question.server.hex(), [_given(one) for one in question.known],
        None if shown is None else [
            shown.message_type, shown.yiaddr.hex(), shown.ciaddr.hex(), shown.siaddr.hex(), shown.sname.hex(),
            shown.file.hex(), shown.broadcast, [(code, payload.hex()) for code, payload in shown.options],
        ],
    ]  # fmt: skip


def _given(given: Given) -> list[Any]:
    return [
        given.address.hex(), given.lease_time, given.subnet, given.serial, given.hostname, given.mask.hex(),
        [(code, payload.hex()) for code, payload in given.options],
    ]  # fmt: skip


def from_pipe(answer: Any) -> tuple[Said, str | None]:
    """An answer of the child's, and what is wrong with it: then it counts as a failure of the script.

    Raises ``BrokenPipeProtocol`` where it is no answer at all.
    """
    try:
        number, word, *more = answer
        number, word = int(number), Word(word)
    except (TypeError, ValueError, OverflowError):
        raise BrokenPipeProtocol("What came through the pipe is no answer: something else wrote to it.") from None
    try:
        given = _to_given(more[0]) if more and more[0] is not None else None
        fields = {str(name): _field(name, octets) for name, octets in (more[1] if len(more) > 1 else {}).items()}
        options = {int(code): _option(int(code), octets) for code, octets in (more[2] if len(more) > 2 else {}).items()}
        way = _way(more[3]) if len(more) > 3 else None
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError) as error:
        return Said(number, Word.FAILED), str(error)
    return Said(number, word, given, fields, options, way), None


def _way(said: Any) -> Way:
    address, port, hw = bytes.fromhex(said[0]), int(said[1]), bytes.fromhex(said[2])
    source_port, word, tail = map(int, said[3:6])
    ports = 0 <= port <= _PORT_MAX and 0 <= source_port <= _PORT_MAX
    if len(address) not in {0, 4} or len(hw) not in {0, 6} or not ports:
        raise ValueError("where the answer is to leave is no address, port or hardware address")
    if not (0 <= word <= WORD_MAX and 0 <= tail <= WORD_MAX):
        raise ValueError("what the answer is to be aligned to is no number of octets")
    return Way(address, port, hw, source_port, word, tail)


def _to_given(said: Any) -> Given:
    address, lease_time, subnet, serial, hostname, mask, options = said
    octets = bytes.fromhex(address)
    if len(octets) != 4 or not any(octets):
        raise ValueError("a Definition's ip is no address of a client")
    if not 1 <= int(lease_time) <= _LIFETIME_MAX:
        raise ValueError(f"a Definition's lease_time is {lease_time}; right is 1 to {_LIFETIME_MAX} seconds")
    if not -(2**31) <= int(serial) < 2**31:
        raise ValueError(f"a Definition's serial is {serial}; right is a number of 32 bits")
    pairs = tuple((int(code), _option(int(code), payload) or b"") for code, payload in options)
    return Given(octets, int(lease_time), str(subnet)[:255], int(serial), str(hostname)[:255], _mask(mask), pairs)


def _mask(text: str) -> bytes:
    mask = bytes.fromhex(text)
    number = int.from_bytes(mask, "big")
    plen = number.bit_count()
    if mask and (len(mask) != 4 or number != (0xFFFF_FFFF << (32 - plen)) & 0xFFFF_FFFF):
        raise ValueError("a Definition's subnet_mask is no mask")
    return mask


def _field(name: Any, text: str) -> bytes:
    octets = bytes.fromhex(text)
    if len(octets) > _FIELDS[name] or (_FIELDS[name] == 4 and len(octets) != 4):
        raise ValueError(f"{name} has no room for {len(octets)} octets")
    return octets


def _option(code: int, text: str | None) -> bytes | None:
    if not 0 < code < 255:
        raise ValueError(f"{code} is no option")
    if text is None:
        return None
    octets = bytes.fromhex(text)
    if len(octets) > _OPTION_MAX or (code in _NUMBERS and len(octets) != 4):
        raise ValueError(f"option {code} cannot have {len(octets)} octets")
    return octets
