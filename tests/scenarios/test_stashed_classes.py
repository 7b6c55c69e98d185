"""Classes by option 82, of messages that pass by the relay."""

from collections.abc import Callable

from tests.packets4 import ACK, NAK, client
from tests.playbook import World, traces
from tests.scenarios.served import apply, served

Make = Callable[..., World]
A = client(1)
RELAY, PORT, OTHER = "192.0.2.2", b"\x01\x04eth1", b"\x01\x04eth2"


def document(*, test: str = "relay4[1].hex == 'eth1'", drop: str = "") -> str:
    dropped = f'{{name: DROP, test: "{drop}"}}, ' if drop else ""
    return f"""
classes: [{dropped}{{name: port, test: "{test}", options: {{dhcp4: {{domain-name: port.example}}}}}}]
subnets:
  - prefix: 192.0.2.0/24
    pools: [{{first: 192.0.2.100, last: 192.0.2.109, class: port}}, {{first: 192.0.2.200, last: 192.0.2.209}}]
"""


def test_a_renewal_stays_in_the_pool_of_its_port(world: Make) -> None:
    w = served(world, document())
    assert w.lease(A, via=RELAY, agent=PORT).yiaddr == "192.0.2.100"
    w.pass_(60)
    renewed = w.renew(A, "192.0.2.100")
    assert (renewed.kind, renewed.options[15]) == (ACK, b"port.example")
    assert "Its classes by what its relay said when the lease was granted: port." in list(traces(w))
    assert w.inform(A, "192.0.2.100").options[15] == b"port.example"


def test_a_client_of_another_port_is_not_of_it(world: Make) -> None:
    w = served(world, document())
    assert w.lease(A, via=RELAY, agent=OTHER).yiaddr == "192.0.2.200"
    w.pass_(60)
    assert 15 not in w.renew(A, "192.0.2.200").options
    assert w.renew(A, "192.0.2.100").kind == NAK


def test_what_came_through_a_relay_is_of_its_own_port(world: Make) -> None:
    w = served(world, document())
    w.lease(A, via=RELAY, agent=PORT)
    w.pass_(60)
    assert w.rebind(A, "192.0.2.100", via=RELAY, agent=OTHER).kind == NAK


def test_who_is_dropped_by_its_port_stays_so_and_who_is_dropped_without_one_does_not(world: Make) -> None:
    w = served(world, document())
    w.lease(A, via=RELAY, agent=PORT)
    w.pass_(60)
    apply(w, document(drop="relay4[1].hex == 'eth1'"))
    assert w.renew(A, "192.0.2.100") is None
    assert w.reason == "CLASS-DROP"
    apply(w, document(drop="not relay4[1].exists"))
    assert w.renew(A, "192.0.2.100").kind == ACK
    assert w.discover(client(2)) is None
    assert w.reason == "CLASS-DROP"
    assert w.renew(client(3), "192.0.2.101") is None
    assert w.reason == "CLASS-DROP"


def test_where_no_class_looks_at_a_relay_nothing_is_looked_up(world: Make) -> None:
    handlers = [type(one).__name__ for one in served(world, document(test="option[60].exists")).engine.plan.handlers]
    assert "MatchPort" not in handlers
    handlers = [type(one).__name__ for one in served(world, document()).engine.plan.handlers]
    assert "MatchPort" in handlers


def test_what_a_client_says_in_the_relays_place_makes_it_of_no_class(world: Make) -> None:
    """Only who sets giaddr is a relay; a client on the server's own link could name any port.  RFC 3046 2.1."""
    w = served(world, document())
    offer = w.discover(A, agent=PORT)
    assert (offer.yiaddr, 15 in offer.options) == ("192.0.2.200", False)
    assert w.lease(A, agent=PORT).yiaddr == "192.0.2.200"
    assert 15 not in w.renew(A, "192.0.2.200", agent=PORT).options
    assert w.reboot(A, "192.0.2.100", agent=PORT).kind == NAK
    w = served(world, document(test="option[82].exists"))
    assert 15 not in w.discover(A, agent=PORT).options
    assert w.discover(A, via=RELAY, agent=PORT).options[15] == b"port.example"
