import base64

import pytest

from app.services import lease_cursors
from dhcpcore.errors import InvalidValue
from dhcpcore.store.lease_orders import ORDERS, Behind
from dhcpcore.store.queries import Found

KEY = (0, 4, bytes([192, 0, 2, 1]), 32)


@pytest.mark.parametrize("place", [Found(None, by_client=False), Found(KEY, by_client=True)])
def test_a_place_among_addresses_comes_back(place):
    assert lease_cursors.found(lease_cursors.of_found(place)) == place


@pytest.mark.parametrize(("sort", "value"), [
    ("expires_at", 253_402_300_799), ("last_seen_at", 0), ("hw_address", b"\1\2\0\0\0\0\7"), ("hw_address", b""),
    ("hostname", "printer.example.org"), ("hostname", ""), ("hostname", "\u0434\u043e\u043c\ufffd" * 60)])
def test_a_place_in_another_order_comes_back(sort, value):
    place = Behind(value, KEY)
    cursor = lease_cursors.of_behind(place, sort)
    assert len(cursor) <= 1200
    assert lease_cursors.behind(cursor, sort, ORDERS[sort]) == place


def packed(text):
    return base64.urlsafe_b64encode(text if isinstance(text, bytes) else text.encode()).decode().rstrip("=")


@pytest.mark.parametrize("cursor", [
    "", "x", "\xe9", "!" * 5000, packed(b"\xff\xfe"), packed("expires_at"), packed("hw_address.0.4.c0000201.32.00"),
    packed("expires_at.0.4.c0000201.32.x"), packed("expires_at.0.4.c0000201.32.-1"),
    packed(f"expires_at.0.4.c0000201.32.{1 << 63}"), packed("expires_at.0.4.c000.32.1"),
    packed("expires_at.0.99.c0000201.32.1"), packed("expires_at.0.4.c0000201.32.1\0"),
    lease_cursors.of_found(Found(KEY, by_client=False))])
def test_a_strange_cursor_is_refused(cursor):
    with pytest.raises(InvalidValue, match="cursor is not one"):
        lease_cursors.behind(cursor, "expires_at", ORDERS["expires_at"])


def test_a_cursor_of_another_order_is_refused():
    with pytest.raises(InvalidValue, match="in this order"):
        lease_cursors.found(lease_cursors.of_behind(Behind(5, KEY), "expires_at"))
