"""Client identifiers left aside, and one lease for a client wherever it goes."""

from collections.abc import Callable
from dataclasses import dataclass

from dhcpcore.topology.policy import Policy
from tests.packets4 import ACK, Client, client
from tests.playbook import OFFICE, World, assignment, pool, subnet

Make = Callable[..., World]
FIRST, LAST = "192.0.2.100", "192.0.2.109"
ANNEX = "198.51.100.0/24"


@dataclass(frozen=True)
class ByHardware(Client):
    """A client that the server shall know by its hardware address, whatever it says."""

    @property
    def identity(self) -> bytes:
        return b"\x00" + bytes((self.htype,)) + self.hw


ROM, INSTALLER, SYSTEM = (ByHardware(b"\x02\0\0\0\0\x09", said) for said in (None, b"\x01installer", b"\xff1234duid"))


def test_without_client_ids_one_machine_keeps_its_address_under_all_its_names(world: Make) -> None:
    w = world(subnet(OFFICE, pool(FIRST, LAST), match_client_id=False))
    for who in (ROM, INSTALLER, SYSTEM):
        assert w.lease(who).yiaddr == FIRST
        w.pass_(60)
    assert w.renew(ROM, FIRST).kind == ACK
    assert w.row(FIRST).client == ROM.identity
    assert len(w.history(FIRST)) == 1


def test_with_them_it_has_one_for_each(world: Make) -> None:
    w = world(subnet(OFFICE, pool(FIRST, LAST)))
    given = {w.lease(Client(ROM.hw, who.client_id)).yiaddr for who in (ROM, INSTALLER, SYSTEM)}
    assert len(given) == 3


def test_it_is_the_subnets_own_word(world: Make) -> None:
    here = subnet(OFFICE, pool(FIRST, LAST), match_client_id=False)
    w = world(here, subnet(ANNEX, pool("198.51.100.10", "198.51.100.19")))
    w.lease(INSTALLER)
    there = Client(ROM.hw, INSTALLER.client_id)
    assert w.lease(there, via="198.51.100.1").yiaddr == "198.51.100.10"
    assert w.row("198.51.100.10").client == there.identity


def test_an_assignment_by_client_id_still_counts(world: Make) -> None:
    house = subnet(OFFICE, pool(FIRST, LAST), match_client_id=False)
    w = world(house, assignments=[assignment(house, "192.0.2.10", client_id=b"\x01installer")])
    assert w.lease(INSTALLER).yiaddr == "192.0.2.10"


def test_who_takes_another_servers_offer_frees_ours(world: Make) -> None:
    w = world(subnet(OFFICE, pool(FIRST, FIRST), match_client_id=False))
    w.discover(INSTALLER)
    w.select(INSTALLER, "192.0.2.200", server="192.0.2.77")
    assert w.reason == "OTHER-SERVER"
    assert w.discover(client(5)) is not None


def two(world: Make, *, one: bool) -> World:
    policy = Policy(one_lease_per_client=one)
    annex = subnet(ANNEX, pool("198.51.100.10", "198.51.100.19"))
    return world(subnet(OFFICE, pool(FIRST, LAST), policy=policy), annex)


def test_the_lease_of_another_link_goes_on(world: Make) -> None:
    w = two(world, one=False)
    w.lease(client(1), via="198.51.100.1")
    w.pass_(60)
    w.lease(client(1))
    assert w.row("198.51.100.10").state == 1


def test_where_a_client_has_but_one_it_ends(world: Make) -> None:
    w = two(world, one=True)
    w.lease(client(1), via="198.51.100.1")
    w.pass_(60)
    w.lease(client(1))
    assert w.row("198.51.100.10").state == 2
    assert w.history("198.51.100.10")[0][3] == 4


def test_but_not_that_of_another_client_or_in_another_space(world: Make) -> None:
    here = subnet(OFFICE, pool(FIRST, LAST), policy=Policy(one_lease_per_client=True))
    vrf = subnet(ANNEX, pool("198.51.100.10", "198.51.100.19"), space=7, relays=("198.51.100.1",))
    w = world(here, vrf)
    w.lease(client(1), via="198.51.100.1")
    w.lease(client(2))
    w.pass_(60)
    w.lease(client(1))
    assert w.row("198.51.100.10", 7).state == 1
    assert w.row(FIRST).state == 1
