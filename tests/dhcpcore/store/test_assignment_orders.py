"""Assignments in every order, on both databases: each once whatever the pages, those without a value last."""

import pytest

from dhcpcore.errors import NotFound
from dhcpcore.lease.model import State
from dhcpcore.store import assignment_orders
from dhcpcore.store.assignment_list import AssignmentFilter, AssignmentList
from dhcpcore.store.assignment_orders import ORDERS
from dhcpcore.store.definitions import Definitions
from dhcpcore.topology.validate import validate
from tests.app.people import a_lease, store

NAMES = ("Printer", "", "alpha", "ALPHA-2", "", "zulu", "beta", "Alpha-10")
DOCUMENT = {
    "version": 1,
    "assignments": [{"hw_address": "02:00:00:00:00:99", "hostname": "roaming"}],
    "subnets": [
        {"prefix": "192.0.2.0/24", "name": "office", "assignments": [
            *({"hw_address": f"02:00:00:00:00:{(n * 37) % 200:02x}", "address": f"192.0.2.{(n * 11) % 90 + 5}",
               **({"hostname": name} if name else {})} for n, name in enumerate(NAMES)),
            {"circuit_id": "eth-0-1-7", "address": "192.0.2.120"},
            {"client_id": "01:02:00:00:00:00:03", "address": "192.0.2.155", "enabled": False}]},
        {"prefix": "2001:db8:1::/64", "name": "six", "assignments": [
            {"duid": "00:03:00:01:02:00:00:00:00:01", "addresses": ["2001:db8:1::10", "2001:db8:1::12"]},
            {"duid": "00:03:00:01:02:00:00:00:00:02", "prefixes": ["2001:db8:f::/56"]}]},
    ],
}
USED = {5: 300, 16: 100, 27: 100, 38: 200}


@pytest.fixture
def listing(database):
    Definitions(database).apply(validate(DOCUMENT), "alice")
    store(database, *(a_lease(last, cltt=at) for last, at in USED.items()),
          a_lease(49, cltt=400, state=State.DECLINED), a_lease(60, cltt=500, space=7))
    return AssignmentList(database)


def pages(listing, name, limit, *, descending, wanted=None):
    after = None
    for _ in range(100):
        found, after = listing.ordered(wanted or AssignmentFilter(), ORDERS[name], after, limit, descending=descending)
        assert len(found) <= limit
        yield from found
        if after is None:
            return
    raise AssertionError("the pages never end")


def value(row, name):
    """What a person would sort by; None: it has none."""
    form = row.form
    if name == "hostname":
        return (form.get("hostname") or "").lower() or None
    if name == "hw_address":
        return form.get("hw_address")
    if not form.get("enabled", True):
        return None
    if name == "last_used_at":
        return USED.get(int(form["address"].rpartition(".")[2])) if "address" in form else None
    if "address" in form:
        return 4, tuple(map(int, form["address"].split(".")))
    if "addresses" in form:
        return 6, min(form["addresses"])
    return (8, form["prefixes"][0]) if "prefixes" in form else None


@pytest.mark.parametrize("name", ORDERS)
def test_pages_of_any_order_have_each_once(listing, name):
    everything = listing.page().rows
    for descending in (False, True):
        # Those of one value, and those without, stand in the order of their ids either way.
        with_value = sorted((one for one in everything if value(one, name) is not None),
                            key=lambda one: value(one, name), reverse=descending)
        without = [one for one in everything if value(one, name) is None]
        for limit in (1, 4, 12, 100):
            found = list(pages(listing, name, limit, descending=descending))
            assert found == with_value + without, (descending, limit)


@pytest.mark.parametrize("name", ORDERS)
def test_filters_hold_in_every_order(listing, name):
    def found(**fields):
        wanted = AssignmentFilter(**fields)
        return {row.assignment_id for row in pages(listing, name, 3, descending=True, wanted=wanted)}

    def expected(**fields):
        return {row.assignment_id for row in listing.page(AssignmentFilter(**fields)).rows}

    for fields in ({"subnet": "six"}, {"enabled": False}, {"name": "ALPHA"}, {"address": b"\xc0\0\2\x05"},
                   {"address": b"\xc0\0\2\x9b"}, {"identifiers": (b"eth-0-1-7",)}, {"name": "nobody"}):
        assert found(**fields) == expected(**fields), fields
    with pytest.raises(NotFound):
        found(subnet="nowhere")


def test_more_than_a_page_may_look_at_are_seen(listing, monkeypatch):
    monkeypatch.setattr(assignment_orders, "ROWS_MAX", 12)
    assert listing.too_many(AssignmentFilter())
    assert not listing.too_many(AssignmentFilter(subnet="office"))
    monkeypatch.setattr(assignment_orders, "ROWS_MAX", 13)
    assert not listing.too_many(AssignmentFilter())
