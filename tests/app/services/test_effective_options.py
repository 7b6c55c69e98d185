import pytest

from app.services.effective_options import Origin, effective
from dhcpcore.errors import InvalidDocument, NotFound
from dhcpcore.store.definitions import Definitions
from dhcpcore.topology.validate import validate
from tests.app.people import appliance

DOCUMENT = {
    "version": 1,
    "globals": {"options": {"dhcp4": {"ntp-servers": ["192.0.2.4"], "domain-name": "everywhere.example"},
                            "dhcp6": {"dns-servers": ["2001:db8::53"]}},
                "never_send": {"dhcp4": ["log-servers"]}},
    "shared_networks": [{"name": "campus", "options": {"dhcp4": {"domain-name": "campus.example"}},
                         "always_send": {"dhcp4": ["ntp-servers"]}}],
    "subnets": [
        {"prefix": "192.0.2.0/24", "name": "office", "shared_network": "campus",
         "options": {"routers": ["192.0.2.1"], "log-servers": ["192.0.2.5"]},
         "pools": [{"first": "192.0.2.10", "last": "192.0.2.19", "class": "known"},
                   {"first": "192.0.2.20", "last": "192.0.2.29", "options": {"domain-name": "pool.example"}}],
         "assignments": [{"hw_address": "02:00:00:00:00:05", "address": "192.0.2.5", "hostname": "printer",
                          "options": {"domain-name": "mine.example"}, "never_send": ["routers"]},
                         {"client_id": "01:02:03", "address": "192.0.2.11"},
                         {"hw_address": "02:00:00:00:00:06"}]},
        {"prefix": "2001:db8:1::/64", "name": "six", "options": {"domain-search": ["six.example"]},
         "always_send": ["domain-search"]},
    ],
}


@pytest.fixture
def site(sqlite_database):
    Definitions(sqlite_database).apply(validate(DOCUMENT), actor="test")
    return appliance(sqlite_database)


def told(found):
    return {one.name: (one.sent, one.origin.level, one.why) for one in found.options}


def test_everything_and_where_it_comes_from(site):
    found = effective(site, "office")
    assert (found.subnet, found.pool, found.assignment, found.requested) == (
        "office", "192.0.2.20 - 192.0.2.29", None, None)
    everything = "the client sends no list, so it gets everything"
    assert told(found) == {
        "subnet-mask": (True, "computed", "always sent: the protocol says so"),
        "routers": (True, "subnet", everything),
        "domain-name": (True, "pool", everything),
        "ntp-servers": (True, "globals", "always sent: shared network campus says so"),
        "log-servers": (False, "subnet", "never sent: globals says so"),
    }
    name = next(one for one in found.options if one.name == "domain-name")
    assert (name.value, name.hex, name.origin) == (
        "pool.example", b"pool.example".hex(), Origin("pool", "192.0.2.20 - 192.0.2.29"))
    assert name.overrides == (Origin("shared_network", "campus"), Origin("globals", ""))


def test_what_is_requested_comes_in_that_order_and_the_rest_does_not(site):
    found = effective(site, "192.0.2.0/24", requested=["15", "3", "time-offset", "53"])
    assert [one.name for one in found.options if one.sent] == ["subnet-mask", "domain-name", "routers", "ntp-servers"]
    assert told(found)["routers"][2] == "requested"
    assert found.requested == (15, 3, 2, 53)
    assert found.unknown == ("time-offset",)
    found = effective(site, "office", requested=["routers"])
    assert told(found)["domain-name"] == (False, "pool", "not requested")


def test_an_assignment_is_the_nearest_level(site):
    found = effective(site, "office", {"hw_address": "02-00-00-00-00-05"}, requested=["host-name", "15", "routers"])
    assert (found.address, found.pool) == ("192.0.2.5", None)
    assert told(found)["domain-name"][:2] == (True, "assignment")
    assert told(found)["host-name"][:2] == (True, "assignment")
    assert told(found)["routers"] == (False, "subnet", f"never sent: assignment {found.assignment} says so")


def test_the_pool_is_that_of_the_address(site):
    assert effective(site, "office", {"client_id": "01:02:03"}).pool == "192.0.2.10 - 192.0.2.19"
    assert effective(site, "office", {"hw_address": "02:00:00:00:00:06"}).pool == "192.0.2.10 - 192.0.2.19"
    assert effective(site, "office", {"hw_address": "02:00:00:00:00:07"}).pool == "192.0.2.20 - 192.0.2.29"
    assert effective(site, "office", address="192.0.2.12").pool == "192.0.2.10 - 192.0.2.19"
    assert effective(site, "office", address="192.0.2.99").pool is None


def test_ipv6(site):
    found = effective(site, "six", requested=["23"])
    assert [(one.name, one.sent) for one in found.options] == [("dns-servers", True), ("domain-search", True)]
    found = effective(site, "six", requested=["24"])
    assert told(found)["dns-servers"] == (False, "globals", "not requested")


@pytest.mark.parametrize(("client", "more", "said"), [
    ({"hw_address": "02:00"}, {}, "hw_address: '02:00' has 2 octets"),
    ({"hw_address": "02:00:00:00:00:05", "client_id": "01:02"}, {}, "exactly one of"),
    ({}, {"address": "198.51.100.1"}, "does not lie in office"),
    ({}, {"address": "x"}, "address"),
    ({}, {"requested": ["router"]}, r"requested\[0\]: .*did you mean routers"),
])
def test_a_client_that_cannot_be_is_refused(site, client, more, said):
    with pytest.raises(InvalidDocument, match=said):
        effective(site, "office", client, **more)


def test_a_subnet_that_is_not_there(site):
    with pytest.raises(NotFound, match="There is no subnet cellar"):
        effective(site, "cellar")


def test_what_a_client_will_stumble_over_is_told(site):
    assert effective(site, "office").warnings == ()
    assert effective(site, "six").warnings == ()
    document = {"version": 1, "subnets": [{"prefix": "192.0.2.0/24", "options": {"routers": ["198.51.100.1"]}}]}
    Definitions(site.database).apply(validate(document), actor="test")
    assert "lies outside" in effective(site, "192.0.2.0/24").warnings[0]
    assert effective(site, "192.0.2.0/24", requested=["6"]).warnings == ()
