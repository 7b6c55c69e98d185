"""Links: shared networks, several pools, several subnets and addresses on one interface, interfaces that come."""

from collections.abc import Callable

from dhcpcore.topology.links import Interface
from tests.packets4 import ACK, OFFER, client, ip
from tests.playbook import OFFICE, World, pool, subnet

Make = Callable[..., World]
A, B, C = client(1), client(2), client(3)


def test_the_pools_of_a_subnet_are_used_in_order(world: Make) -> None:
    w = world(subnet(OFFICE, pool("192.0.2.150", "192.0.2.150"), pool("192.0.2.100", "192.0.2.101")))
    assert [w.lease(client(n)).yiaddr[-3:] for n in (1, 2, 3)] == ["150", "100", "101"]
    assert w.discover(client(4)) is None


class TestSharedNetwork:
    def campus(self, world: Make) -> World:
        near = subnet(OFFICE, pool("192.0.2.100", "192.0.2.100"), shared_network="campus", options={3: ip("192.0.2.1")})
        also = subnet("203.0.113.0/24", pool("203.0.113.10", "203.0.113.11"), shared_network="campus",
                      options={3: ip("203.0.113.1")}, lifetime=600)  # fmt: skip
        apart = subnet("198.51.100.0/24", pool("198.51.100.10", "198.51.100.19"))
        return world(near, also, apart)

    def test_the_member_that_the_packet_points_at_is_used_first(self, world: Make) -> None:
        w = self.campus(world)
        assert w.discover(A).yiaddr == "192.0.2.100"
        assert w.discover(B, via="203.0.113.1").yiaddr == "203.0.113.10"

    def test_when_it_is_full_the_others_are_used_with_their_own_mask_options_and_times(self, world: Make) -> None:
        w = self.campus(world)
        w.lease(A)
        ack = w.lease(B)
        assert (ack.yiaddr, ack.address(3), ack.number(51)) == ("203.0.113.10", "203.0.113.1", 600)

    def test_what_is_no_member_is_not_used(self, world: Make) -> None:
        w = self.campus(world)
        assert {w.lease(client(n)).yiaddr for n in range(3)} == {"192.0.2.100", "203.0.113.10", "203.0.113.11"}
        assert w.discover(client(9)) is None
        assert w.reason == "POOL-EXHAUSTED"

    def test_a_member_of_the_link_is_not_the_wrong_network(self, world: Make) -> None:
        w = self.campus(world)
        w.lease(A, via="203.0.113.1")
        assert w.reboot(A, "203.0.113.10").kind == ACK
        assert w.rebind(A, "203.0.113.10").kind == ACK

    def test_a_present_lease_of_another_member_is_kept(self, world: Make) -> None:
        w = self.campus(world)
        w.lease(A, via="203.0.113.1")
        assert w.discover(A).yiaddr == "203.0.113.10"

    def test_moving_within_the_link_ends_the_first_lease(self, world: Make) -> None:
        w = self.campus(world)
        w.lease(A)
        assert w.select(A, "203.0.113.10").kind == ACK
        assert w.row("192.0.2.100").state == 2

    def test_moving_out_of_the_link_does_not(self, world: Make) -> None:
        w = self.campus(world)
        w.lease(A)
        w.lease(A, via="198.51.100.1")
        assert w.row("192.0.2.100").state == 1

    def test_a_shared_network_of_another_name_is_another_link(self, world: Make) -> None:
        w = world(
            subnet(OFFICE, pool("192.0.2.100", "192.0.2.100"), shared_network="one"),
            subnet("203.0.113.0/24", pool("203.0.113.10", "203.0.113.10"), shared_network="two"),
        )
        w.lease(A)
        assert w.discover(B) is None


class TestOneInterface:
    def test_an_undeclared_subnet_is_found_by_the_interfaces_address(self, world: Make) -> None:
        w = world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.109")))
        assert w.discover(A).yiaddr == "192.0.2.100"

    def test_a_subnet_may_name_the_interface_without_an_address_of_its_own_there(self, world: Make) -> None:
        w = world(subnet("203.0.113.0/24", pool("203.0.113.10", "203.0.113.19"), interface="eth0"))
        assert w.discover(A).yiaddr == "203.0.113.10"

    def test_a_subnet_of_another_interface_is_not_served_here(self, world: Make) -> None:
        w = world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.109"), interface="eth1"))
        assert w.discover(A) is None
        assert w.reason == "NO-SUBNET"

    def test_several_subnets_are_used_in_the_order_of_its_addresses(self, world: Make) -> None:
        one = subnet(OFFICE, pool("192.0.2.100", "192.0.2.100"))
        two = subnet("203.0.113.0/24", pool("203.0.113.10", "203.0.113.10"))
        addresses = (ip("203.0.113.1"), ip("192.0.2.1"))
        w = world(one, two, interfaces={2: Interface(2, "eth0", addresses)})
        assert [w.lease(client(n)).yiaddr for n in (1, 2)] == ["203.0.113.10", "192.0.2.100"]

    def test_each_of_them_keeps_its_leases(self, world: Make) -> None:
        one = subnet(OFFICE, pool("192.0.2.100", "192.0.2.100"), interface="eth0")
        two = subnet("203.0.113.0/24", pool("203.0.113.10", "203.0.113.10"), interface="eth0")
        w = world(one, two)
        w.lease(A)
        w.lease(B)
        assert w.reboot(B, "203.0.113.10").kind == ACK
        assert w.renew(A, "192.0.2.100").kind == ACK

    def test_vlans_and_bridges_are_interfaces_like_any_other(self, world: Make) -> None:
        vlan = subnet(OFFICE, pool("192.0.2.100", "192.0.2.109"), interface="eth0.40")
        bridge = subnet("203.0.113.0/24", pool("203.0.113.10", "203.0.113.19"), interface="br0")
        w = world(
            vlan, bridge, interfaces={
                7: Interface(7, "eth0.40", (ip("192.0.2.1"),)), 8: Interface(8, "br0", (ip("203.0.113.1"),))
            },
        )  # fmt: skip
        offer = w.discover(A, interface=8)
        assert (offer.yiaddr, offer.interface, offer.local) == ("203.0.113.10", 8, "203.0.113.1")
        assert w.discover(A, interface=7).yiaddr == "192.0.2.100"

    def test_the_same_hardware_on_two_links_has_a_lease_on_each(self, world: Make) -> None:
        """Routers and hypervisors use one hardware address on every VLAN."""
        near = subnet(OFFICE, pool("192.0.2.100", "192.0.2.109"), interface="eth0.40")
        other = subnet("203.0.113.0/24", pool("203.0.113.10", "203.0.113.19"), interface="eth0.41")
        w = world(
            near, other, interfaces={
                7: Interface(7, "eth0.40", (ip("192.0.2.1"),)), 8: Interface(8, "eth0.41", (ip("203.0.113.1"),))
            },
        )  # fmt: skip
        one = w.discover(A, interface=7)
        two = w.discover(A, interface=8)
        assert w.select(A, one, interface=7).kind == ACK
        assert w.select(A, two, interface=8).kind == ACK
        assert (w.row("192.0.2.100").state, w.row("203.0.113.10").state) == (1, 1)


class TestComingAndGoing:
    def test_an_interface_that_comes_later_is_served(self, world: Make) -> None:
        w = world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.109"), interface="eth1"))
        assert w.discover(A, interface=3, local="192.0.2.1") is None
        w.attach({**w.interfaces, 3: Interface(3, "eth1", (ip("192.0.2.1"),))})
        assert w.discover(A, interface=3).kind == OFFER

    def test_an_interface_that_went_is_not(self, world: Make) -> None:
        w = world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.109"), interface="eth0"))
        w.lease(A)
        w.attach({})
        assert w.discover(A, local="192.0.2.1") is None
        assert w.reason == "NO-SUBNET"

    def test_an_interface_that_comes_back_under_another_number_is_the_same_link(self, world: Make) -> None:
        w = world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.109"), interface="eth0"))
        w.lease(A)
        w.attach({9: Interface(9, "eth0", (ip("192.0.2.1"),))})
        assert w.reboot(A, "192.0.2.100", interface=9).kind == ACK

    def test_a_number_given_to_another_interface_is_another_link(self, world: Make) -> None:
        w = world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.109"), interface="eth0"))
        w.lease(A)
        w.attach({2: Interface(2, "wlan0", (ip("203.0.113.1"),))})
        assert w.discover(A) is None
        assert w.reason == "NO-SUBNET"

    def test_an_address_that_changed_is_the_new_server_identifier_and_the_old_is_no_more(self, world: Make) -> None:
        w = world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.109"), interface="eth0"))
        offer = w.discover(A)
        w.attach({2: Interface(2, "eth0", (ip("192.0.2.2"),))})
        assert w.select(A, offer) is None
        assert w.reason == "OTHER-SERVER"
        assert w.lease(A).address(54) == "192.0.2.2"


class TestSpaces:
    """Two customers with the same addresses: nothing of one is ever taken for the other's."""

    def twins(self, world: Make) -> World:
        one = subnet("10.0.0.0/24", pool("10.0.0.10", "10.0.0.19"), space=1, relays=["192.0.2.11"], name="one")
        two = subnet("10.0.0.0/24", pool("10.0.0.10", "10.0.0.19"), space=2, relays=["192.0.2.12"], name="two")
        return world(one, two)

    def test_each_has_its_own_rows(self, world: Make) -> None:
        w = self.twins(world)
        assert w.lease(A, via="192.0.2.11").yiaddr == w.lease(B, via="192.0.2.12").yiaddr == "10.0.0.10"
        assert w.row("10.0.0.10", 1).client == A.identity
        assert w.row("10.0.0.10", 2).client == B.identity

    def test_the_same_client_may_be_in_both_and_moves_out_of_neither(self, world: Make) -> None:
        w = self.twins(world)
        w.lease(A, via="192.0.2.11")
        w.lease(B, via="192.0.2.12")
        assert w.lease(A, via="192.0.2.12").yiaddr == "10.0.0.11"
        assert w.row("10.0.0.10", 1).state == 1, "the lease in the other space is not of this link"

    def test_its_lease_in_the_other_space_is_not_offered_here(self, world: Make) -> None:
        w = self.twins(world)
        w.select(A, "10.0.0.15", via="192.0.2.11")
        assert w.discover(A, via="192.0.2.12").yiaddr == "10.0.0.10"

    def test_its_lease_in_the_other_space_is_not_renewed_here(self, world: Make) -> None:
        w = self.twins(world)
        w.lease(A, via="192.0.2.11")
        assert w.rebind(A, "10.0.0.10", via="192.0.2.12") is None
        assert w.reason == "UNKNOWN-CLIENT"
        assert w.row("10.0.0.10", 2) is None

    def test_nor_released_nor_declined(self, world: Make) -> None:
        w = self.twins(world)
        w.lease(A, via="192.0.2.11")
        w.release(A, "10.0.0.10", via="192.0.2.12")
        assert (w.reason, w.row("10.0.0.10", 1).state) == ("NO-BINDING", 1)
        w.decline(A, "10.0.0.10", via="192.0.2.12")
        assert (w.reason, w.row("10.0.0.10", 1).state) == ("NO-BINDING", 1)
