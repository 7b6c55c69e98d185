import pytest

from app.services import assignment_cursors
from app.services.cursors import packed
from dhcpcore.errors import InvalidValue
from dhcpcore.store.assignment_orders import ORDERS, Behind


@pytest.mark.parametrize(("name", "place"), [
    ("address", Behind(4, b"\xc0\0\2\1", 7)), ("hostname", Behind(0, "a.b.example.org", 1)),
    ("last_used_at", Behind(0, 1_700_000_000, 2)), ("hw_address", Behind(0, None, 3))])
def test_a_cursor_leads_back(name, place):
    assert assignment_cursors.behind(assignment_cursors.of_behind(place, name), name, ORDERS[name]) == place


@pytest.mark.parametrize("cursor", [
    "7", "%", "", packed("hostname", "v", "0", "1", "x"), packed("address", "v", "4", "1", "zz"),
    packed("address", "v", "4", "x", "00"), packed("address", "v", "-1", "1", "00"),
    packed("address", "w", "4", "1", ""), packed("address", "v", "4")])
def test_a_strange_cursor_is_refused(cursor):
    with pytest.raises(InvalidValue, match="cursor is not one"):
        assignment_cursors.behind(cursor, "address", ORDERS["address"])
