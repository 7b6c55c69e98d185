"""Messages on the pipe between engine and script host: a length and a JSON object, with a limit.

Octets travel as hexadecimal text.  Whatever else comes through the pipe, since a script can write to any descriptor, is
``BrokenPipeProtocol``: nothing of it is believed.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from typing import Any

from dhcpcore.errors import LessorError

_LENGTH = struct.Struct("!I")
#: A page that a script made for a browser stays below this; and what is longer is no message of ours.
FRAME_MAX = 4 * 1024 * 1024


class BrokenPipeProtocol(LessorError):
    """What came through the pipe is no message."""


def encode(message: dict[str, Any]) -> bytes:
    """One message as it goes over the pipe; ``BrokenPipeProtocol`` where it is too long or nothing that JSON has."""
    try:
        body = json.dumps(message, separators=(",", ":")).encode()
    except (TypeError, ValueError) as error:
        raise BrokenPipeProtocol(f"The message is nothing that JSON can carry: {error}.") from None
    if len(body) > FRAME_MAX:
        raise BrokenPipeProtocol(f"The message has {len(body)} octets, of {FRAME_MAX} that it may have.")
    return _LENGTH.pack(len(body)) + body


class Decoder:
    """Puts messages together from what comes in, in whatever pieces."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[dict[str, Any]]:
        """The messages that are whole now."""
        self._buffer += data
        while len(self._buffer) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._buffer)
            if length > FRAME_MAX:
                raise BrokenPipeProtocol("What came through the pipe is no message: something else wrote to it.")
            end = _LENGTH.size + length
            if len(self._buffer) < end:
                return
            body = bytes(self._buffer[_LENGTH.size : end])
            del self._buffer[:end]
            try:
                message = json.loads(body)
            except (ValueError, RecursionError):
                message = None
            if not isinstance(message, dict):
                raise BrokenPipeProtocol("What came through the pipe is no message: something else wrote to it.")
            yield message
