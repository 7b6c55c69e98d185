"""A long option over options field, file and sname, in both directions.  RFC 3396 5, 7."""

from typing import Any

import pytest

from dhcpcore.wire.v4.message import NOWHERE, Opt, Request4, decode, encode_tight
from tests.packets4 import DISCOVER, client, read, request

LONG = bytes(range(256)) + bytes(range(64))
CLOSING = 4


def answer(pairs: list[tuple[int, bytes]], **fields: Any) -> tuple[bytes, tuple[int, ...]]:
    asked = decode(request(DISCOVER, client(1), 7))
    given: dict[str, Any] = {"sname": b"", "file": b"", **fields}
    return encode_tight(asked, yiaddr=NOWHERE, ciaddr=NOWHERE, siaddr=NOWHERE, broadcast=False, tail=b"",
                        pairs=pairs, essential=3, **given)  # fmt: skip


def read_back(reply: bytes) -> Request4:
    """The reply as a request, to be read by our own decoder."""
    return decode(b"\x01" + reply[1:])


@pytest.mark.parametrize("octets", [256, 270, 300, 320])
def test_a_long_option_is_spread_over_the_fields_and_read_back_whole(octets: int) -> None:
    filler = (Opt.VENDOR_OPTIONS if hasattr(Opt, "VENDOR_OPTIONS") else 43, bytes(100))
    reply, dropped = answer([(53, b"\x02"), filler, (224, LONG[:octets])])
    assert dropped == ()
    assert read_back(reply).options[224] == LONG[:octets]
    assert read(reply).options[224] == LONG[:octets]


def test_what_no_room_is_left_for_even_so_is_left_out_and_named() -> None:
    for fields in ({"file": b"boot"}, {"sname": b"boot"}, {}):
        reply, dropped = answer([(53, b"\x02"), (43, bytes(200)), (224, LONG + LONG)], **fields)
        assert dropped == (224,)
        assert 224 not in read(reply).options


def test_a_short_one_is_not() -> None:
    """Whoever does not join parts can read every option of 255 octets and fewer."""
    reply, dropped = answer([(53, b"\x02"), (43, bytes(180)), (60, bytes(100)), (224, bytes(150))])
    assert dropped == (224,)
    assert read(reply).options[60] == bytes(100)
