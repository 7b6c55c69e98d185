import pytest

from app.services import neighbours, setup
from app.services.neighbours import OtherServer
from app.services.setup import FirstSubnet
from dhcpcore.control import ControlRefused
from dhcpcore.errors import Forbidden, InvalidDocument, InvalidValue, Refused
from dhcpcore.store.definitions import Definitions
from dhcpcore.topology.validate import validate
from tests.app.people import ADA, ANN, EngineThatAnswers, EngineThatIsAway, appliance
from tests.app.site import define

ETH1 = {"name": "eth1", "up": True, "addresses": ["192.0.2.2/24"], "gateway": "192.0.2.1",
        "resolvers": ["192.0.2.200", "2001:db8::53"]}
BARE = {"name": "eth0", "up": True, "addresses": [], "gateway": "", "resolvers": []}
WANTED = FirstSubnet("eth1", "office", "192.0.2.0/24", "192.0.2.1", "192.0.2.53, 198.51.100.53", "example.org",
                     "192.0.2.100", "192.0.2.199")


def faults(wanted, *, pool=True):
    with pytest.raises(InvalidDocument) as caught:
        setup.check(wanted, pool=pool)
    return {one.path for one in caught.value.faults}


def test_a_subnet_is_suggested_from_what_the_interface_has():
    # The resolver's own address is nobody's to give away; IPv6 is for IPv6's subnets.
    assert setup.suggest(ETH1) == FirstSubnet("eth1", "eth1", "192.0.2.0/24", "192.0.2.1", "192.0.2.200", "",
                                              "192.0.2.128", "192.0.2.199")


@pytest.mark.parametrize(("addresses", "pool"), [
    (["192.0.2.1/30"], ("192.0.2.2", "192.0.2.2")),
    (["192.0.2.2/30"], ("", "")),
    (["10.0.0.1/8"], ("10.128.0.0", "10.128.15.255")),
    (["192.0.2.130/25"], ("192.0.2.192", "192.0.2.254")),
])
def test_a_pool_is_the_upper_half_without_what_is_taken(addresses, pool):
    made = setup.suggest({**BARE, "addresses": addresses})
    assert (made.first, made.last) == pool


@pytest.mark.parametrize("addresses", [[], ["192.0.2.1/31"], ["192.0.2.1/32"], ["169.254.3.4/16"], ["127.0.0.1/8"]])
def test_an_interface_without_a_network_suggests_none(addresses):
    assert setup.suggest({**BARE, "addresses": addresses}) is None


def test_a_gateway_of_another_network_is_not_told_to_clients():
    assert setup.suggest({**ETH1, "gateway": "198.51.100.1"}).router == ""


def test_interfaces_with_an_address_come_first(sqlite_database):
    here = appliance(sqlite_database, EngineThatAnswers(interfaces=[BARE, ETH1]))
    assert [one.name for one in setup.candidates(here)] == ["eth1", "eth0"]


def test_a_pool_for_a_network_that_was_typed(sqlite_database):
    here = appliance(sqlite_database, EngineThatAnswers(interfaces=[ETH1]))
    typed = FirstSubnet("eth1", prefix="198.51.100.0/24", router="198.51.100.254")
    made = setup.with_pool(here, typed)
    assert (made.first, made.last) == ("198.51.100.128", "198.51.100.253")
    away = appliance(sqlite_database, EngineThatIsAway())
    assert setup.with_pool(away, typed) == made
    assert setup.with_pool(away, WANTED) == WANTED
    nonsense = FirstSubnet("eth1", prefix="nonsense")
    assert setup.with_pool(away, nonsense) == nonsense


def test_every_fault_is_told_by_its_field():
    assert faults(FirstSubnet("eth1")) == {"prefix", "first", "last"}
    assert faults(FirstSubnet("eth1"), pool=False) == {"prefix"}
    assert faults(FirstSubnet("eth1", prefix="192.0.2.0/33"), pool=False) == {"prefix"}
    assert faults(FirstSubnet("no/name", prefix="192.0.2.0/24"), pool=False) == {"interface"}
    assert "router" in faults(FirstSubnet("eth1", prefix="192.0.2.0/24", router="x"), pool=False)
    assert "resolvers" in faults(FirstSubnet("eth1", prefix="192.0.2.0/24", resolvers="192.0.2.1, y"), pool=False)
    assert faults(FirstSubnet("eth1", prefix="192.0.2.0/24", first="192.0.2.9", last="x")) == {"last"}
    assert faults(FirstSubnet("eth1", prefix="192.0.2.0/24", first="192.0.2.9", last="192.0.2.3")) == {"first"}
    assert faults(FirstSubnet("eth1", prefix="192.0.2.0/24", first="198.51.100.1", last="198.51.100.2")) <= {
        "first", "last"}
    setup.check(WANTED, pool=True)


def test_the_first_subnet_is_made_and_what_there_was_beside_stays(sqlite_database):
    own = [{"space": "dhcp4", "code": 224, "name": "x-colour", "type": "string"}]
    Definitions(sqlite_database).apply(validate({"version": 1, "option_definitions": own}), actor="test")
    engine = EngineThatAnswers()
    here = appliance(sqlite_database, engine)
    assert setup.needed(here)
    made = setup.create(here, WANTED, by=ADA)
    assert made.engine_told
    assert ("reload", {}) in engine.calls
    document = Definitions(sqlite_database).document_and_quarantined()[0]
    assert document["option_definitions"] == own
    (subnet,) = document["subnets"]
    assert (subnet["prefix"], subnet["interface"], subnet["name"]) == ("192.0.2.0/24", "eth1", "office")
    assert subnet["pools"] == [{"first": "192.0.2.100", "last": "192.0.2.199"}]
    assert subnet["options"] == {"routers": ["192.0.2.1"], "domain-name-servers": ["192.0.2.53", "198.51.100.53"],
                                 "domain-name": "example.org"}
    assert not setup.needed(here)


def test_where_there_is_a_subnet_none_is_replaced(sqlite_database):
    define(sqlite_database)
    with pytest.raises(Refused, match="There are subnets already"):
        setup.create(appliance(sqlite_database), WANTED, by=ADA)
    assert Definitions(sqlite_database).revision() == 1


def test_an_operator_may_neither_ask_nor_make(sqlite_database):
    here = appliance(sqlite_database)
    with pytest.raises(Forbidden):
        setup.create(here, WANTED, by=ANN)
    with pytest.raises(Forbidden):
        setup.ask_neighbours(here, "eth1", by=ANN)


def test_the_engine_asks_and_is_asked_again_until_it_has_listened(sqlite_database, monkeypatch):
    monkeypatch.setattr(setup, "_AGAIN_S", 0.0)
    rounds = iter([{"asking": True, "servers": []},
                   {"asking": False, "servers": [{"server": "192.0.2.1", "offered": "192.0.2.77"}]}])

    class Engine(EngineThatAnswers):
        def call(self, verb, **given):
            assert (verb, given) == ("neighbours", {"interface": "eth1"})
            return next(rounds)

    found = setup.ask_neighbours(appliance(sqlite_database, Engine()), "eth1", by=ADA)
    assert found.servers == (OtherServer("eth1", "192.0.2.1", "192.0.2.77"),)
    assert found.why_not == ""


@pytest.mark.parametrize("engine", [EngineThatIsAway(),
                                    EngineThatAnswers(neighbours=ControlRefused("refused", "It may not ask."))])
@pytest.mark.parametrize(("trouble", "word"), [
    (PermissionError("no"), "sudo lessor doctor --only servers"), (OSError(19, "No such device"), "No such device")])
def test_where_nobody_may_ask_it_is_said_why(sqlite_database, monkeypatch, engine, trouble, word):
    def refuse(*_):
        raise trouble

    monkeypatch.setattr(neighbours, "servers_on", refuse)
    found = setup.ask_neighbours(appliance(sqlite_database, engine), "eth1", by=ADA)
    assert found.servers == ()
    assert word in found.why_not


def test_where_the_engine_may_not_ask_this_process_does(sqlite_database, monkeypatch):
    heard = OtherServer("eth1", "192.0.2.1", "192.0.2.77")
    monkeypatch.setattr(neighbours, "servers_on", lambda *_: [heard])
    assert setup.ask_neighbours(appliance(sqlite_database), "eth1", by=ADA).servers == (heard,)


@pytest.mark.parametrize("name", ["", "a/b", "a b", "x" * 16, "eth\n"])
def test_what_is_no_interface_is_never_asked(sqlite_database, monkeypatch, name):
    monkeypatch.setattr(neighbours, "servers_on", lambda *_: pytest.fail("asked"))
    with pytest.raises(InvalidValue, match="is no name of an interface"):
        setup.ask_neighbours(appliance(sqlite_database), name, by=ADA)
