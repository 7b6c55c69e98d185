"""BOOTP clients: RFC 951, RFC 1497, RFC 1534, RFC 1542.  Off unless `bootp` says otherwise."""

from collections.abc import Callable

import pytest

from dhcpcore.topology.snapshot import Compatibility
from tests.packets4 import ACK, COOKIE, DISCOVER, OFFER, Client, client, ip
from tests.playbook import FOREVER, OFFICE, T0, Boot, World, assignment, pool, subnet

Make = Callable[..., World]
A, B, C = client(1), client(2), client(3)
RELAY = "198.51.100.1"


def office(world: Make, bootp: str = "free", *, assigned: dict[str, object] | None = None, **fields: object) -> World:
    home = subnet(OFFICE, pool("192.0.2.100", "192.0.2.101"), bootp=bootp, **fields)
    return world(home, assignments=[assignment(home, "192.0.2.10", **assigned)] if assigned else [])


def without_cookie(data: bytes) -> bytes:
    """As a client of before RFC 1048 sends it."""
    return data[:236] + bytes(64)


class TestWho:
    def test_free_gives_an_address_of_a_pool(self, world: Make) -> None:
        w = office(world)
        reply = w.bootp(A)
        assert (reply.kind, reply.yiaddr, w.reason) == (0, "192.0.2.100", "BOOTP-REPLY")

    @pytest.mark.parametrize("lenient", [False, True])
    def test_a_type_of_message_that_is_0_makes_no_bootp_client(self, world: Make, lenient: bool) -> None:
        """It would get an address for ever.  RFC 2132 9.6: the types begin with 1."""
        w = office(world)
        w.install(compatibility=Compatibility(lenient_options=lenient))
        assert w.one(w.packet(0, A)) is None
        assert w.reason == "MALFORMED"

    def test_reserved_gives_the_assigned_one_only(self, world: Make) -> None:
        w = office(world, "reserved", assigned={"hw": A.hw})
        assert w.bootp(A).yiaddr == "192.0.2.10"
        assert w.bootp(B) is None
        assert w.reason == "NO-POOL"

    def test_never_is_silence_though_an_address_is_assigned(self, world: Make) -> None:
        w = office(world, "never", assigned={"hw": A.hw})
        assert w.bootp(A) is None
        assert w.reason == "BOOTP"

    def test_a_subnet_that_says_never_stays_so_beside_one_that_does_not(self, world: Make) -> None:
        far = subnet("198.51.100.0/24", pool("198.51.100.10", "198.51.100.19"), bootp="free")
        w = world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.101")), far)
        assert w.bootp(A) is None
        assert w.reason == "BOOTP"
        assert w.bootp(A, via=RELAY).yiaddr == "198.51.100.10"

    def test_a_pool_may_keep_them_out(self, world: Make) -> None:
        closed, open_ = pool("192.0.2.100", "192.0.2.109", bootp=False), pool("192.0.2.150", "192.0.2.150")
        w = world(subnet(OFFICE, closed, open_, bootp="free"))
        assert w.bootp(A).yiaddr == "192.0.2.150"
        assert w.bootp(B) is None
        assert w.reason == "POOL-EXHAUSTED"
        assert w.lease(B).yiaddr == "192.0.2.100"

    def test_members_of_a_shared_network_that_say_never_are_not_used(self, world: Make) -> None:
        one = subnet(OFFICE, pool("192.0.2.100", "192.0.2.109"), shared_network="s")
        two = subnet("203.0.113.0/24", pool("203.0.113.10", "203.0.113.19"), shared_network="s", bootp="free")
        w = world(one, two)
        assert w.bootp(A).yiaddr == "203.0.113.10"
        assert w.lease(B).yiaddr == "192.0.2.100"

    def test_a_dhcp_client_beside_it_is_served_as_ever(self, world: Make) -> None:
        """RFC 1534 3: side by side."""
        w = office(world)
        w.bootp(A)
        ack = w.lease(B)
        assert (ack.kind, ack.yiaddr) == (ACK, "192.0.2.101")
        assert w.bootp(C) is None
        assert w.reason == "POOL-EXHAUSTED"

    def test_what_names_another_server_is_not_for_us(self, world: Make) -> None:
        """RFC 951 7.3."""
        w = office(world, boot=Boot(server_name=b"boothost"))
        assert w.bootp(A, sname=b"otherhost") is None
        assert w.reason == "OTHER-SERVER"
        assert w.bootp(A, sname=b"BootHost").yiaddr == "192.0.2.100"

    def test_a_name_is_not_compared_where_we_have_none(self, world: Make) -> None:
        assert office(world).bootp(A, sname=b"otherhost").kind == 0

    def test_nobody_is_not_served(self, world: Make) -> None:
        w = office(world)
        assert w.bootp(Client(b"")) is None
        assert w.reason == "NO-IDENTITY"


class TestLease:
    def test_it_is_committed_and_lasts_for_ever(self, world: Make) -> None:
        w = office(world)
        reply = w.bootp(A)
        row = w.row(reply.yiaddr)
        assert (row.client, row.state, row.expires, row.hw) == (A.identity, 1, FOREVER, b"\x01" + A.hw)
        assert w.history(reply.yiaddr) == [(A.identity, T0, None, None)]

    def test_or_as_long_as_is_said(self, world: Make) -> None:
        w = office(world, bootp_lifetime_s=3600)
        address = w.bootp(A).yiaddr
        w.pass_(3600 + 30)
        w.lease(B)
        assert w.lease(C).yiaddr == address

    def test_not_before(self, world: Make) -> None:
        w = office(world, bootp_lifetime_s=3600)
        w.bootp(A)
        w.lease(B)
        w.pass_(3599)
        assert w.discover(C) is None

    def test_a_pools_lifetime_is_that_of_dhcp_clients(self, world: Make) -> None:
        home = subnet(OFFICE, pool("192.0.2.100", "192.0.2.109"), bootp="free", lifetime=600)
        w = world(home)
        assert w.row(w.bootp(A).yiaddr).expires == FOREVER

    def test_asking_again_gives_the_same_address_and_one_row(self, world: Make) -> None:
        w = office(world)
        first = w.bootp(A)
        w.pass_(100_000)
        assert w.bootp(A).yiaddr == first.yiaddr
        assert len(w.history(first.yiaddr)) == 1

    def test_twice_in_one_batch_gives_the_same_address_and_two_answers(self, world: Make) -> None:
        w = office(world)
        answers = w.send(w.packet(None, A), w.packet(None, A))
        assert [answer.yiaddr for answer in answers] == ["192.0.2.100"] * 2
        assert len(w.history("192.0.2.100")) == 1

    def test_two_clients_of_one_batch_get_two_addresses(self, world: Make) -> None:
        w = office(world)
        answers = w.send(w.packet(None, A), w.packet(None, B))
        assert {answer.yiaddr for answer in answers} == {"192.0.2.100", "192.0.2.101"}

    def test_the_operating_system_that_follows_with_dhcp_has_the_same_address(self, world: Make) -> None:
        w = office(world)
        reply = w.bootp(A)
        assert w.lease(A).yiaddr == reply.yiaddr

    def test_an_address_on_offer_to_another_is_not_taken(self, world: Make) -> None:
        w = office(world)
        offer = w.discover(A)
        assert w.bootp(B).yiaddr != offer.yiaddr
        assert w.select(A, offer).kind == ACK

    def test_an_assignment_moves_it_at_its_next_contact(self, world: Make) -> None:
        w = office(world)
        w.bootp(A)
        w.install(assignments=[assignment(w.subnets[0], "192.0.2.10", hw=A.hw)])
        w.pass_(60)
        assert w.bootp(A).yiaddr == "192.0.2.10"
        assert w.row("192.0.2.100").state == 2

    def test_when_the_commit_is_lost_nothing_is_promised_and_the_next_address_found(self, world: Make) -> None:
        w = office(world)
        w.store.before_commit.append(lambda: w.fill("192.0.2.100", 1, w.subnets[0]))
        w.faulty = True
        assert w.bootp(A).yiaddr == "192.0.2.101"

    def test_its_relay_is_in_the_row(self, world: Make) -> None:
        far = subnet("198.51.100.0/24", pool("198.51.100.10", "198.51.100.19"), bootp="free")
        w = world(far)
        reply = w.bootp(A, via=RELAY, agent=b"\x01\x01a")
        row = w.row(reply.yiaddr)
        assert (row.relay, row.agent) == (ip(RELAY), b"\x01\x01a")


class TestAnswer:
    def test_it_says_nothing_of_dhcp(self, world: Make) -> None:
        """RFC 1534 2; the world checks it of every answer."""
        w = office(world, options={3: ip("192.0.2.1"), 15: b"example.org"})
        reply = w.bootp(client(1, b"\x01x"))
        assert set(reply.options) == {1, 3, 15}

    def test_it_has_300_octets_and_no_more_than_the_request(self, world: Make) -> None:
        """RFC 1497: a vendor area of 64 octets, cookie and end included."""
        w = office(world, options={3: ip("192.0.2.1"), 15: b"d" * 60})
        reply = w.bootp(A)
        assert len(reply.payload) == 300
        assert set(reply.options) == {1, 3}, "what finds no room is left out"
        assert not set(reply.fields.values()) - {"options"}, "no option 52"

    def test_a_longer_request_has_a_longer_answer(self, world: Make) -> None:
        """RFC 1542 2.1: who sends more can take more."""
        w = office(world, options={3: ip("192.0.2.1"), 15: b"d" * 60})
        reply = w.one(w.packet(None, A).edited(lambda data: data.ljust(548, b"\0")))
        assert reply.options[15] == b"d" * 60

    def test_who_sends_no_options_gets_none(self, world: Make) -> None:
        """RFC 951 3: an area without the cookie means something else."""
        w = office(world, options={3: ip("192.0.2.1")})
        reply = w.one(w.packet(None, A).edited(without_cookie))
        assert (reply.yiaddr, reply.options) == ("192.0.2.100", {})
        assert reply.payload[236:240] == bytes(4)

    def test_unless_it_is_to_get_them_all_the_same(self, world: Make) -> None:
        home = subnet(OFFICE, pool("192.0.2.100", "192.0.2.101"), bootp="free", options={3: ip("192.0.2.1")})
        w = world(home, compatibility=Compatibility(bootp_always_options=True))
        reply = w.one(w.packet(None, A).edited(without_cookie))
        assert reply.options[3] == ip("192.0.2.1")
        assert reply.payload[236:240] == COOKIE

    def test_what_to_boot(self, world: Make) -> None:
        w = office(world, boot=Boot(ip("192.0.2.6"), b"boothost", b"boot/pxe.0"))
        reply = w.bootp(A)
        assert (reply.siaddr, reply.sname, reply.file) == ("192.0.2.6", b"boothost", b"boot/pxe.0")

    def test_without_configuration_it_boots_from_us_what_it_asked_for(self, world: Make) -> None:
        """RFC 951 7.3: siaddr is the server's own address."""
        reply = office(world).bootp(A, file=b"unix")
        assert (reply.siaddr, reply.file) == ("192.0.2.1", b"unix")

    def test_it_goes_into_a_frame_to_its_hardware(self, world: Make) -> None:
        reply = office(world).bootp(A)
        assert (reply.to, reply.port, reply.frame) == ("192.0.2.100", 68, A.hw)

    def test_or_by_broadcast_where_it_says_so(self, world: Make) -> None:
        """RFC 1542 3.1.1."""
        reply = office(world).bootp(A, broadcast=True)
        assert (reply.to, reply.frame, reply.flags) == ("255.255.255.255", b"", 0x8000)

    def test_or_to_its_relay_with_option_82(self, world: Make) -> None:
        far = subnet("198.51.100.0/24", pool("198.51.100.10", "198.51.100.19"), bootp="free")
        reply = world(far).bootp(A, via=RELAY, agent=b"\x01\x01a")
        assert (reply.to, reply.port, reply.options[82]) == (RELAY, 67, b"\x01\x01a")

    def test_an_option_82_without_room_is_left_out(self, world: Make) -> None:
        far = subnet("198.51.100.0/24", pool("198.51.100.10", "198.51.100.19"), bootp="free")
        w = world(far)
        reply = w.one(w.packet(None, A, via=RELAY, agent=b"\x01\x50" + b"c" * 80).edited(lambda d: d[:60] + d[60:]))
        assert reply.kind == 0
        short = w.packet(None, B, via=RELAY, agent=b"\x01\xf0" + b"c" * 240, options={12: b"h" * 80})
        assert 82 in w.one(short).options, "the request was as long"

    def test_hops_secs_and_reserved_flags_mean_nothing(self, world: Make) -> None:
        w = office(world)
        odd = w.packet(None, A, hops=16, secs=65535).edited(lambda data: data[:10] + b"\x7f\xff" + data[12:])
        assert w.one(odd).flags == 0


class TestKnown:
    """RFC 951 7.3: who says its address in ciaddr wants no other."""

    def test_it_hears_what_to_boot_and_gets_no_lease(self, world: Make) -> None:
        w = office(world, options={3: ip("192.0.2.1")}, boot=Boot(ip("192.0.2.6"), b"", b"boot/pxe.0"))
        reply = w.bootp(A, ciaddr="192.0.2.77")
        assert (reply.yiaddr, reply.ciaddr, reply.to, w.reason) == (
            "0.0.0.0", "192.0.2.77", "192.0.2.77", "BOOTP-KNOWN"
        )  # fmt: skip
        assert (reply.siaddr, reply.file, reply.address(3)) == ("192.0.2.6", b"boot/pxe.0", "192.0.2.1")
        assert w.store.commits == []

    def test_not_where_they_are_not_served(self, world: Make) -> None:
        w = office(world, "never")
        assert w.bootp(A, ciaddr="192.0.2.77") is None


def test_a_probe_that_is_answered_gives_another_address(world: Make) -> None:
    w = world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.101"), bootp="free"), probe=True)
    assert w.bootp(A) is None
    (probe,) = w.engine.take_probes()
    w.engine.probe_answered(probe.key)
    assert w.later() == []
    w.engine.take_probes()
    w.pass_(1)
    (reply,) = w.later()
    assert reply.yiaddr == "192.0.2.101"


@pytest.mark.parametrize("kind", [DISCOVER])
def test_a_dhcp_message_is_none_of_bootp(world: Make, kind: int) -> None:
    w = office(world)
    assert w.discover(A).kind == OFFER
    assert w.store.commits == []
