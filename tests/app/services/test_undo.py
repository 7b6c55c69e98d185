"""Revisions taken back: what they changed is as it was, and what was changed since stays."""

import pytest

from app.services import (
    definitions,
    global_settings,
    handlers,
    option_definitions,
    pools,
    shared_networks,
    subnets,
    undo,
)
from app.services.changes import Consent
from app.services.definitions import TakesAddresses
from dhcpcore.errors import Conflict, Forbidden, NotFound, Refused
from tests.app.people import ADA, ANN, a_lease, appliance, store
from tests.app.site import define

DOCUMENT = {"version": 1, "subnets": [
    {"prefix": "192.0.2.0/24", "name": "office", "pools": [{"first": "192.0.2.10", "last": "192.0.2.19"}],
     "assignments": [{"hw_address": "02:00:00:00:00:05", "address": "192.0.2.5", "hostname": "printer"},
                     {"hw_address": "02:00:00:00:00:06", "address": "192.0.2.6", "enabled": False}]},
    {"prefix": "2001:db8:1::/64", "name": "six", "prefix_pools": [{"prefix": "2001:db8:80::/44",
                                                                  "delegated_length": 56}],
     "assignments": [{"duid": "00:03:00:01:02:00:00:00:00:01", "prefixes": ["2001:db8:f::/56"]}]}]}
X = {"space": "dhcp4", "code": 224, "name": "x-colour", "type": "string"}


@pytest.fixture
def here(database):
    define(database, DOCUMENT)
    return appliance(database)


CHANGES = {
    "a subnet is added": lambda here: subnets.add(here, {"prefix": "203.0.113.0/24", "pools": [
        {"first": "203.0.113.1", "last": "203.0.113.9"}]}, by=ADA),
    "a subnet is changed": lambda here: subnets.change(here, 1, {"name": "bureau", "lifetime": 60}, by=ADA),
    "a subnet is changed with its pools": lambda here: subnets.change(
        here, 1, {"lifetime": 60, "pools": [{"first": "192.0.2.30", "last": "192.0.2.39"}]}, by=ADA),
    "a subnet goes": lambda here: subnets.remove(here, 1, by=ADA),
    "a subnet of DHCPv6 goes": lambda here: subnets.remove(here, 2, by=ADA),
    "a pool is added": lambda here: pools.add(here, {"first": "192.0.2.30", "last": "192.0.2.39"}, by=ADA),
    "a pool is moved": lambda here: pools.change(here, 1, {"first": "192.0.2.15", "last": "192.0.2.99"}, by=ADA),
    "a pool goes": lambda here: pools.remove(here, 1, by=ADA),
    "an option is defined": lambda here: option_definitions.add(here, X, by=ADA),
    "globals change": lambda here: global_settings.replace(here, {"probe": True}, by=ADA),
    "a handler is added": lambda here: handlers.add(here, {"type": "ignore-request"}, by=ADA),
    "a shared network comes": lambda here: shared_networks.put(here, "c", {"subnets": [1], "lifetime": 60}, by=ADA),
}


@pytest.mark.parametrize("change", CHANGES)
def test_all_is_as_it_was(here, change):
    before = definitions.export(here)[0]
    CHANGES[change](here)
    after = definitions.export(here)[0]
    assert after != before
    assert undo.undo(here, 2, by=ADA).revision == 3
    found = definitions.export(here)[0]
    found["subnets"].sort(key=lambda one: one["prefix"])
    assert found == before
    if "goes" in change and "subnet" in change:
        with pytest.raises(Refused, match="changed assignments as well"):
            undo.undo(here, 3, by=ADA)
        return
    # And back again.
    undo.undo(here, 3, by=ADA)
    found = definitions.export(here)[0]
    found["subnets"].sort(key=lambda one: one["prefix"])
    assert found == after


def test_a_subnet_comes_back_under_its_number(here):
    store(here.database, a_lease(5))
    subnets.remove(here, 1, by=ADA, consent=Consent(None))
    undo.undo(here, 2, by=ADA)
    assert subnets.get(here, 1).name == "office"
    assert [one.held for one in subnets.overview(here).subnets if one.id == 1] == [1]


def test_what_was_changed_since_stays(here):
    pools.change(here, 1, {"last": "192.0.2.29"}, by=ADA)
    pools.change(here, 1, {"last": "192.0.2.39"}, by=ADA)
    with pytest.raises(Refused, match=r"Revision 2 cannot be taken back\. Pool 1 was changed by somebody else"):
        undo.undo(here, 2, by=ADA)
    assert pools.get(here, 1).entry["last"] == "192.0.2.39"


def test_something_else_that_was_changed_since_is_no_hindrance(here):
    pools.remove(here, 1, by=ADA)
    subnets.change(here, 2, {"lifetime": 60}, by=ADA)
    undo.undo(here, 2, by=ADA)
    assert [one.said for one in subnets.get(here, 1).pools] == ["pool 192.0.2.10 - 192.0.2.19"]
    assert subnets.get(here, 2).entry["lifetime"] == "1m"


def test_what_collides_now_does_not_come_back(here):
    subnets.remove(here, 1, by=ADA)
    subnets.add(here, {"prefix": "192.0.2.0/25"}, by=ADA)
    with pytest.raises(Conflict, match=r"overlaps 192\.0\.2\.0/25"):
        undo.undo(here, 2, by=ADA)
    subnets.remove(here, 2, by=ADA)
    subnets.add(here, {"prefix": "2001:db8:9::/64", "prefix_pools": [
        {"prefix": "2001:db8:f::/48", "delegated_length": 60}]}, by=ADA)
    with pytest.raises(Conflict, match="overlaps prefix pool"):
        undo.undo(here, 4, by=ADA)


def test_who_loses_an_address_by_it_must_have_been_agreed_to(here):
    pools.change(here, 1, {"last": "192.0.2.29"}, by=ADA)
    store(here.database, a_lease(25))
    with pytest.raises(TakesAddresses):
        undo.undo(here, 2, by=ADA)
    undo.undo(here, 2, by=ADA, consent=Consent(1))


def test_what_is_no_revision_of_these_is_refused(here):
    with pytest.raises(NotFound, match="no revision 9"):
        undo.undo(here, 9, by=ADA)
    with pytest.raises(Refused, match="changed assignments as well"):
        undo.undo(here, 1, by=ADA)
    with pytest.raises(Forbidden):
        undo.undo(here, 1, by=ANN)


def test_what_else_a_revision_changed_is_not_left_behind_in_silence(here):
    define(here.database, {**DOCUMENT, "globals": {"probe": True}, "handlers": [{"type": "ignore-request"}]})
    with pytest.raises(Refused, match=r"Revision 2 changed handler as well: .* apply the document of revision 1"):
        undo.undo(here, 2, by=ADA)
    define(here.database, {**DOCUMENT, "globals": {"probe": False}, "handlers": [{"type": "ignore-request"}]})
    undo.undo(here, 3, by=ADA)
    assert definitions.export(here)[0]["globals"] == {"probe": True}
