"""Subnets, pools, shared networks, options and globals as services: roles, consent, versions, the engine told."""

import pytest

from app.services import (
    changes,
    definitions,
    global_settings,
    option_definitions,
    pools,
    revisions,
    shared_networks,
    subnets,
)
from app.services.changes import Consent
from app.services.definitions import TakesAddresses
from dhcpcore.errors import Busy, Conflict, Forbidden, InvalidDocument, InvalidValue, NotFound, Outdated
from dhcpcore.store.topology_edits import TopologyEdits
from tests.app.people import ADA, ANN, VERA, EngineThatAnswers, a_lease, appliance, store
from tests.app.site import define

LAB = {"prefix": "203.0.113.0/24", "name": "cellar", "pools": [{"first": "203.0.113.10", "last": "203.0.113.19"}]}
X = {"space": "dhcp4", "code": 224, "name": "x-colour", "type": "string"}


@pytest.fixture
def here(sqlite_database):
    define(sqlite_database)
    return appliance(sqlite_database)


def test_a_subnet_comes_changes_and_goes(here):
    view, applied = subnets.add(here, LAB, by=ADA)
    assert (view.name, view.whole(), view.version, applied.revision, applied.engine_told) == (
        "cellar", LAB, 2, 2, False)
    assert subnets.add(here, {**LAB, "lifetime": None}, by=ADA) == (view, None)
    view, applied = subnets.change(here, view.id, {"lifetime": "2h", "name": None}, by=ADA, version=2)
    assert (view.name, view.entry) == ("203.0.113.0/24", {"prefix": "203.0.113.0/24", "lifetime": "2h"})
    assert [pool.said for pool in view.pools] == ["pool 203.0.113.10 - 203.0.113.19"]
    gone, applied = subnets.remove(here, view.id, by=ADA, version=3)
    assert (gone, applied.revision) == (view, 4)
    assert [one.action for one in revisions.show(here, 4).changes] == ["removed", "removed"]
    with pytest.raises(NotFound):
        subnets.get(here, view.id)


def test_a_patch_reaches_into_what_is_nested(here):
    options = {"routers": ["192.0.2.1"], "domain-name": "example.org"}
    subnets.change(here, 1, {"options": options, "boot": {"file": "a"}}, by=ADA)
    view, _ = subnets.change(here, 1, {"options": {"domain-name": None}, "boot": {"server_name": "b"}}, by=ADA)
    assert view.entry["options"] == {"routers": ["192.0.2.1"]}
    assert view.entry["boot"] == {"server_name": "b", "file": "a"}
    view, _ = subnets.change(here, 1, {"pools": None}, by=ADA)
    assert view.pools == ()


def test_the_engine_is_told(sqlite_database):
    define(sqlite_database)
    engine = EngineThatAnswers()
    assert subnets.add(appliance(sqlite_database, engine), LAB, by=ADA)[1].engine_told
    assert engine.calls == [("reload", {})]


@pytest.mark.parametrize("who", [VERA, ANN])
def test_only_an_administrator_changes_what_is_declared(here, who):
    for tried in (lambda: subnets.add(here, LAB, by=who), lambda: subnets.replace(here, 1, LAB, by=who),
                  lambda: subnets.change(here, 1, {}, by=who), lambda: subnets.remove(here, 1, by=who),
                  lambda: pools.add(here, {"first": "192.0.2.30", "last": "192.0.2.31"}, by=who),
                  lambda: pools.change(here, 1, {}, by=who), lambda: pools.remove(here, 1, by=who),
                  lambda: shared_networks.put(here, "campus", {"subnets": ["office"]}, by=who),
                  lambda: option_definitions.add(here, X, by=who), lambda: global_settings.replace(here, {}, by=who)):
        with pytest.raises(Forbidden, match="needs the role admin"):
            tried()
    assert subnets.get(here, 1).version == 1


def test_who_loses_an_address_must_have_been_agreed_to(here):
    store(here.database, a_lease(12), a_lease(13), a_lease(18))
    with pytest.raises(TakesAddresses, match="2 clients would lose an address") as caught:
        pools.change(here, 1, {"first": "192.0.2.15"}, by=ADA)
    assert [(one.what, one.clients) for one in caught.value.losses] == [
        ("pool 192.0.2.10 - 192.0.2.19 of office", 2)]
    with pytest.raises(TakesAddresses):
        pools.change(here, 1, {"first": "192.0.2.15"}, by=ADA, consent=Consent(1))
    assert pools.get(here, 1).entry["first"] == "192.0.2.10"
    _, applied = pools.change(here, 1, {"first": "192.0.2.15"}, by=ADA, consent=Consent(2, "because"))
    assert [one.clients for one in applied.losses] == [2]
    assert revisions.show(here, applied.revision).note == "because"
    with pytest.raises(TakesAddresses):
        subnets.remove(here, 1, by=ADA)
    subnets.remove(here, 1, by=ADA, consent=Consent(None))


def test_a_pool_finds_its_subnet_by_its_first_address(here):
    pool, _ = pools.add(here, {"first": "198.51.100.9", "last": "198.51.100.20"}, by=ADA)
    assert (pool.subnet, pool.entry["first"]) == ("laboratory", "198.51.100.9")
    with pytest.raises(InvalidDocument, match="subnet: is missing"):
        pools.add(here, {"first": "203.0.113.1", "last": "203.0.113.2"}, by=ADA)
    with pytest.raises(InvalidDocument, match="first: 'x'"):
        pools.add(here, {"first": "x", "last": "203.0.113.2"}, by=ADA)
    pools.require_home(here, pool, "laboratory")
    with pytest.raises(InvalidDocument, match="is laboratory and stays so"):
        pools.require_home(here, pool, "office")


def test_of_two_who_change_one_the_second_is_told(here):
    pools.change(here, 1, {"last": "192.0.2.29"}, by=ADA, version=1)
    for late in (lambda: pools.change(here, 1, {"last": "192.0.2.39"}, by=ADA, version=1),
                 lambda: subnets.change(here, 1, {"lifetime": 60}, by=ADA, version=1),
                 lambda: pools.remove(here, 1, by=ADA, version=1)):
        with pytest.raises(Outdated):
            late()


def test_who_comes_second_with_something_else_is_let_in_after_a_moment(here, monkeypatch):
    monkeypatch.setattr(changes, "_PAUSE_S", 0.0)
    real, tried = TopologyEdits.make, []

    def slow(self, *arguments):
        tried.append(1)
        if len(tried) < 3:
            raise Busy("Another change is under way.")
        return real(self, *arguments)

    monkeypatch.setattr(TopologyEdits, "make", slow)
    assert subnets.add(here, LAB, by=ADA)[1].revision == 2
    tried[:] = [-9] * -len(tried)
    monkeypatch.setattr(TopologyEdits, "make", lambda *_: (_ for _ in ()).throw(Busy("still")))
    with pytest.raises(Busy):
        subnets.change(here, 1, {"lifetime": 60}, by=ADA)


def test_lists_are_sorted_filtered_and_paged(here):
    subnets.add(here, LAB, by=ADA)
    found = subnets.overview(here)
    assert [one.name for one in subnets.page(found, sort="-name").items] == ["office", "laboratory", "cellar"]
    first = subnets.page(found, sort="prefix", limit=2)
    assert [one.name for one in first.items] == ["office", "laboratory"]
    rest = subnets.page(found, sort="prefix", limit=2, cursor=first.next_cursor)
    assert ([one.name for one in rest.items], rest.next_cursor) == (["cellar"], None)
    assert [one.name for one in subnets.page(found, find="OFF").items] == ["office"]
    assert subnets.page(found, family=6).items == ()
    assert [one.said for one in pools.page(here, subnet="cellar").items] == ["pool 203.0.113.10 - 203.0.113.19"]
    assert pools.page(here, prefixes=True).items == ()
    for wrong in ({"sort": "colour"}, {"limit": 0}, {"limit": 1001}, {"cursor": "x"}, {"cursor": "99"}):
        with pytest.raises(InvalidValue):
            subnets.page(found, **wrong)


def test_a_shared_network_is_what_subnets_name(here):
    assert shared_networks.list_all(here) == ()
    both = {"subnets": ["office", "198.51.100.0/24"]}
    made, applied = shared_networks.put(here, "campus", both, by=ADA)
    assert (made.name, made.subnets, made.entry, len(applied.changes)) == ("campus", ("office", "laboratory"), {}, 2)
    assert shared_networks.put(here, "campus", {"subnets": [1, 2]}, by=ADA, version=made.version) == (made, None)
    renamed, _ = shared_networks.change(here, "campus", {"name": "yard"}, by=ADA, version=made.version)
    assert (renamed.name, subnets.get(here, 1).entry["shared_network"]) == ("yard", "yard")
    with pytest.raises(Outdated):
        shared_networks.put(here, "yard", {"subnets": ["office"]}, by=ADA, version=made.version)
    fewer, _ = shared_networks.put(here, "yard", {"subnets": ["office"]}, by=ADA, version=renamed.version)
    assert fewer.version != renamed.version
    shared_networks.put(here, "other", {"subnets": ["laboratory"]}, by=ADA)
    with pytest.raises(Conflict, match="is another shared network"):
        shared_networks.change(here, "yard", {"name": "other"}, by=ADA)
    with pytest.raises(InvalidDocument, match="subnets: There is no subnet attic"):
        shared_networks.put(here, "yard", {"subnets": ["attic"]}, by=ADA)
    shared_networks.remove(here, "yard", by=ADA, version=fewer.version)
    with pytest.raises(NotFound, match="There is no shared network yard"):
        shared_networks.get(here, "yard")
    assert "shared_network" not in subnets.get(here, 1).entry


def test_a_shared_network_says_what_holds_for_all_of_its_subnets(here):
    options = {"dhcp4": {"domain-name": "campus.example"}}
    made, applied = shared_networks.put(here, "campus", {"options": options, "subnets": [1]}, by=ADA)
    assert (made.entry, applied.revision) == ({"name": "campus", "options": options}, 2)
    assert definitions.export(here)[0]["shared_networks"] == [{"name": "campus", "options": options}]
    renamed, _ = shared_networks.change(here, "campus", {"name": "yard", "lifetime": "2h"}, by=ADA)
    assert (renamed.entry, renamed.subnets) == ({"name": "yard", "lifetime": "2h", "options": options}, ("office",))
    for wrong, place in (({"lifetime": "soon"}, "lifetime.default"), ({"colour": 1}, "colour"),
                         ({"name": " "}, "name"), ({"options": {"dhcp4": {"router": 1}}}, "options.dhcp4.router")):
        with pytest.raises(InvalidDocument) as caught:
            shared_networks.change(here, "yard", wrong, by=ADA)
        assert caught.value.faults[0].path == place
    option_definitions.add(here, X, by=ADA)
    shared_networks.change(here, "yard", {"options": {"dhcp4": {"x-colour": "red"}}}, by=ADA)
    with pytest.raises(Conflict, match=r"shared network yard: options\.dhcp4\.x-colour"):
        option_definitions.remove(here, option_definitions.find(here, "dhcp4", "x-colour"), by=ADA)
    shared_networks.remove(here, "yard", by=ADA)
    assert "shared_networks" not in definitions.export(here)[0]
    alone, _ = shared_networks.put(here, "alone", {}, by=ADA)
    assert (alone.entry, alone.subnets) == ({"name": "alone"}, ())


def test_options_are_defined_and_found(here):
    made, applied = option_definitions.add(here, X, by=ADA)
    assert (made.name, applied.revision) == ("dhcp4/x-colour", 2)
    assert option_definitions.add(here, X, by=ADA) == (made, None)
    changed, _ = option_definitions.replace(here, made, {**X, "code": 225}, by=ADA, version=2)
    assert option_definitions.find(here, "dhcp4", "x-colour") == changed
    option_definitions.remove(here, changed, by=ADA)
    with pytest.raises(NotFound, match="no option x-colour"):
        option_definitions.find(here, "dhcp4", "x-colour")
    with pytest.raises(NotFound, match="is built in"):
        option_definitions.find(here, "dhcp4", "routers")


def test_globals_are_read_and_changed(here):
    assert global_settings.get(here).entry == {}
    made, _ = global_settings.change(here, {"lifetime": "2h", "options": {"dhcp4": {"domain-name": "a.example"}}},
                                     by=ADA, version=0)
    made, _ = global_settings.change(here, {"lifetime": None}, by=ADA, version=made.version)
    assert made.entry == {"options": {"dhcp4": {"domain-name": "a.example"}}}
    assert global_settings.replace(here, {}, by=ADA)[0].entry == {}
    with pytest.raises(InvalidDocument):
        global_settings.replace(here, {"lifetime": "soon"}, by=ADA)


def test_assignments_are_not_for_a_subnets_entry(here):
    with pytest.raises(InvalidDocument, match="assignments are added one at a time"):
        subnets.add(here, {**LAB, "assignments": []}, by=ADA)
