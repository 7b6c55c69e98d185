"""Lists of assignments, on both databases: pages by id, and a search that reads a bounded number of rows."""

import pytest

from dhcpcore.errors import NotFound
from dhcpcore.store import assignment_list
from dhcpcore.store.assignment_list import AssignmentFilter, AssignmentList
from dhcpcore.store.definitions import Definitions
from dhcpcore.store.edits import AssignmentEdits
from dhcpcore.topology.validate import validate

DOCUMENT = {
    "version": 1,
    "subnets": [
        {"prefix": "192.0.2.0/24", "name": "office", "assignments": [
            *({"hw_address": f"02:00:00:00:00:{n:02x}", "address": f"192.0.2.{n}", "hostname": f"host-{n}"}
              for n in range(1, 8)),
            {"circuit_id": "eth-0-1-7", "address": "192.0.2.20"},
            {"client_id": "01:02:00:00:00:00:03", "address": "192.0.2.55", "enabled": False},
            {"client_id": "01:02:00:00:00:00:04", "address": "192.0.2.5", "enabled": False, "hostname": "Quite_Sure"}]},
        {"prefix": "192.0.2.0/24", "name": "elsewhere", "space": 7, "assignments": [
            {"hw_address": "02:00:00:00:00:01", "address": "192.0.2.1"}]},
        {"prefix": "2001:db8:1::/64", "assignments": [
            {"duid": "00:03:00:01:02:00:00:00:00:01", "addresses": ["2001:db8:1::10"], "prefixes": ["2001:db8:f::/56"]},
            {"duid": "00:03:00:01:02:00:00:00:00:02", "prefixes": ["2001:db8:e::/56"], "enabled": False}]},
    ],
}


@pytest.fixture
def listing(database):
    Definitions(database).apply(validate(DOCUMENT), "alice")
    return AssignmentList(database)


def ids(page):
    return [row.assignment_id for row in page.rows]


def whole(listing, limit=100, **wanted):
    after, found = None, []
    for _ in range(100):
        page = listing.page(AssignmentFilter(**wanted), after, limit)
        found += page.rows
        if page.following is None:
            return found
        after = page.following
    raise AssertionError("the pages never end")


def test_pages_go_on_where_the_last_ended_in_both_directions(listing):
    everything = ids(listing.page())
    assert len(everything) == 13
    first = listing.page(limit=5)
    second = listing.page(after=first.following, limit=5)
    third = listing.page(after=second.following, limit=5)
    assert ids(first) + ids(second) + ids(third) == everything
    assert third.following is None
    newest = listing.page(limit=7, descending=True)
    older = listing.page(after=newest.following, limit=7, descending=True)
    assert ids(newest) + ids(older) == everything[::-1]


@pytest.mark.parametrize(("wanted", "count"), [
    ({"subnet": "office"}, 10), ({"subnet": "2001:db8:1::/64"}, 2), ({"enabled": False}, 3),
    ({"subnet": "office", "enabled": True}, 8),
    ({"address": bytes([192, 0, 2, 1])}, 2), ({"address": bytes([192, 0, 2, 1]), "subnet": "office"}, 1),
    ({"address": bytes([192, 0, 2, 55])}, 1), ({"address": bytes([192, 0, 2, 99])}, 0),
    ({"address": bytes.fromhex("20010db8000f") + bytes(10)}, 1),
    ({"address": bytes.fromhex("20010db8000e") + bytes(10)}, 1),
    ({"identifiers": (bytes.fromhex("01020000000003"),)}, 2), ({"identifiers": (b"nobody",)}, 0),
    ({"name": "host-"}, 7), ({"name": "HOST-3"}, 1), ({"name": "eth-0-1-7"}, 1),
    ({"name": "E_s"}, 1), ({"name": "%"}, 0), ({"name": "_"}, 1),
    ({"name": "nobody"}, 0),
], ids=str)
def test_what_is_found(listing, wanted, count):
    assert len(whole(listing, **wanted)) == count
    assert len(whole(listing, limit=1, **wanted)) == count


def test_a_search_that_no_index_helps_looks_at_so_many_rows_and_says_where_to_go_on(listing, monkeypatch):
    monkeypatch.setattr(assignment_list, "SCAN_MAX", 4)
    page = listing.page(AssignmentFilter(name="host-7"))
    assert (page.rows, page.following is None) == ([], False)
    assert [row.form["hostname"] for row in whole(listing, name="host-7")] == ["host-7"]
    assert len(whole(listing, subnet="2001:db8:1::/64")) == 2
    backwards = listing.page(AssignmentFilter(name="host-1"), descending=True)
    assert backwards.rows == []
    # An index finds it at once, wherever it is.
    assert len(listing.page(AssignmentFilter(identifiers=(bytes.fromhex("00030001020000000001"),))).rows) == 1


def test_what_is_removed_or_changed_is_listed_as_it_is_now(listing, database):
    edits = AssignmentEdits(database)
    first, second, *_others = listing.page().rows
    edits.make(edits.remove(first.assignment_id), "alice")
    edits.make(edits.replace(second.assignment_id, {**second.form, "hostname": "new"}), "alice")
    rows = listing.page().rows
    assert len(rows) == 12
    assert (rows[0].form["hostname"], rows[0].since) == ("new", 3)


def test_an_unknown_subnet_is_refused(listing):
    with pytest.raises(NotFound, match="no subnet 'attic'"):
        listing.page(AssignmentFilter(subnet="attic"))


def test_no_assignment_at_all(database):
    assert AssignmentList(database).page() == ([], None)
    assert AssignmentList(database).page(AssignmentFilter(name="x"), descending=True) == ([], None)


def test_the_keepers_of_addresses_are_found_in_their_space(listing):
    office, elsewhere = bytes([192, 0, 2, 1]), bytes([192, 0, 2, 2])
    found = listing.keepers({(0, office), (7, office), (7, elsewhere), (0, bytes([192, 0, 2, 99]))})
    by_id = {row.assignment_id: row for row in listing.page().rows}
    assert {place: by_id[number].subnet for place, number in found.items()} == {
        (0, office): "office", (7, office): "elsewhere"}


def test_a_disabled_assignment_and_a_prefix_keep_no_address(listing):
    prefix = bytes.fromhex("20010db8000f") + bytes(10)
    assert listing.keepers({(0, bytes([192, 0, 2, 55])), (0, prefix)}) == {}
    assert listing.keepers(set()) == {}
