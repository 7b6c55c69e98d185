"""Subnets, pools, shared networks, globals and option definitions from the command line."""

import pytest

from dhcpcore.store.database import Database
from tests.app.people import a_lease, store


@pytest.fixture
def lessor(on_sqlite, document):
    on_sqlite.ok("apply", document)
    return on_sqlite


def test_a_subnet_comes_changes_and_goes(lessor):
    made = lessor.json("subnet", "add", "203.0.113.0/24", "name=cellar", "lifetime=2h", "options.routers=[203.0.113.1]",
                       "pools=[{first: 203.0.113.10, last: 203.0.113.19}]")
    assert (made["name"], made["options"], made["revision"], made["losses"]) == (
        "cellar", {"routers": ["203.0.113.1"]}, 2, [])
    assert made["pools"][0]["first"] == "203.0.113.10"
    assert "nothing was changed" in lessor.ok("subnet", "set", "cellar", "lifetime=120m")
    said = lessor.ok("subnet", "set", "cellar", "lifetime=", "options.domain-name=a.example")
    assert "is changed (revision 3)" in said
    shown = lessor.json("subnet", "show", "203.0.113.0/24")
    assert (shown["options"], "lifetime" in shown) == ({"routers": ["203.0.113.1"], "domain-name": "a.example"}, False)
    text = lessor.ok("subnet", "show", "cellar")
    assert "options.domain-name=a.example" in text
    assert "203.0.113.10 - 203.0.113.19" in text
    assert "The subnet cellar is removed" in lessor.ok("subnet", "remove", "cellar")
    assert "There is no subnet cellar" in lessor.refused("subnet", "remove", "cellar")


def test_the_first_subnet_makes_the_database(on_sqlite):
    assert "is added (revision 1)" in on_sqlite.ok("subnet", "add", "192.0.2.0/24")


def test_a_pool_comes_changes_and_goes(lessor):
    made = lessor.json("pool", "add", "office", "first=192.0.2.100", "last=192.0.2.109", "class=known")
    assert (made["subnet"], made["class"], made["revision"]) == ("office", "known", 2)
    assert "192.0.2.100 - 192.0.2.109" in lessor.ok("pool", "list", "--subnet", "office")
    assert lessor.json("pool", "list", "--sort", "-first", "--limit", "1")["next_cursor"]
    assert "It is the pool 192.0.2.100 - 192.0.2.119 now" in lessor.ok("pool", "set", "192.0.2.100", "last=192.0.2.119")
    assert lessor.json("pool", "show", str(made["id"]))["last"] == "192.0.2.119"
    assert "is removed from office" in lessor.ok("pool", "remove", "192.0.2.100-192.0.2.119")
    assert "There is no pool 192.0.2.100" in lessor.refused("pool", "show", "192.0.2.100")


def test_what_takes_addresses_is_refused_where_nobody_is_there_to_ask(lessor, sqlite_url):
    database = Database(sqlite_url)
    store(database, a_lease(10), a_lease(11))
    database.dispose()
    first = lessor.json("pool", "list")["items"][0]
    said = lessor.refused("pool", "remove", str(first["id"]))
    assert "would lose an address held now" in said
    assert "Say --yes" in said
    assert lessor.json("pool", "remove", str(first["id"]), "--yes")["losses"][0]["clients"] == 2


def test_what_is_wrong_is_told_by_field(lessor):
    assert "lifetim: is no key here; did you mean lifetime" in lessor.refused("subnet", "set", "office", "lifetim=5")
    assert "overlaps 192.0.2.0/24 of subnet office" in lessor.refused("subnet", "add", "192.0.2.0/25")
    for usage in (("subnet", "set", "office", "lifetime"), ("subnet", "set", "office", "a=1", "a=2"),
                  ("subnet", "set", "office", "a=1", "a.b=2")):
        assert lessor(*usage).exit_code == 2


def test_shared_networks(lessor):
    assert lessor.ok("shared-network", "list") == "No subnet names a shared network.\n"
    assert "campus has the subnets office" in lessor.ok("shared-network", "set", "campus", "office")
    assert lessor.json("shared-network", "rename", "campus", "yard")["name"] == "yard"
    assert lessor.json("shared-network", "set", "yard", "lifetime=2h")["subnets"] == ["office"]
    assert lessor.json("shared-network", "list") == {"items": [{"name": "yard", "subnets": ["office"],
                                                                "lifetime": "2h"}]}
    assert "There is no shared network yard any longer" in lessor.ok("shared-network", "remove", "yard")
    assert "There is no shared network yard" in lessor.refused("shared-network", "rename", "yard", "campus")
    assert lessor("shared-network", "set", "yard").exit_code == 2


def test_globals(lessor):
    assert lessor.json("globals", "set", "probe=true", "options.dhcp4.domain-name=a.example")["probe"] is True
    assert "options.dhcp4.domain-name=a.example" in lessor.ok("globals", "show")
    lessor.ok("globals", "set", "probe=", "options=")
    assert lessor.ok("globals", "show") == "All are the defaults.\n"
    assert "offer_hold: 0 s: 1 second to 1 hour are right" in lessor.refused("globals", "set", "offer_hold=0")


def test_option_definitions(lessor):
    made = lessor.json("option-definition", "add", "dhcp4", "224", "x-colour", "string")
    assert (made["code"], made["revision"]) == (224, 2)
    assert "x-colour" in lessor.ok("option-definition", "list", "--find", "x-col", "--space", "dhcp4")
    assert lessor.json("option-definition", "set", "dhcp4", "x-colour", "code=225")["code"] == 225
    lessor.ok("subnet", "set", "office", "options.x-colour=red")
    assert "subnet office: options.x-colour" in lessor.refused("option-definition", "remove", "dhcp4", "x-colour")
    lessor.ok("subnet", "set", "office", "options.x-colour=")
    assert "is removed" in lessor.ok("option-definition", "remove", "dhcp4", "x-colour")
    assert "is built in" in lessor.refused("option-definition", "remove", "dhcp4", "routers")


def test_a_revision_is_taken_back(lessor):
    lessor.ok("pool", "set", "1", "last=192.0.2.99")
    assert "Revision 2 is taken back (revision 3)" in lessor.ok("revision", "undo", "2")
    assert lessor.json("pool", "show", "1")["last"] == "192.0.2.19"
    assert "cannot be taken back" in lessor.refused("revision", "undo", "2")
