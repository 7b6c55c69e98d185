"""Which options an answer has, in which order, and how they fit.  RFC 2131 4.3.1, RFC 2132, RFC 3396, RFC 6842."""

from collections.abc import Callable, Iterable

import pytest

from dhcpcore.topology.snapshot import OptionLevel
from tests.packets4 import NAK, client, ip
from tests.playbook import OFFICE, Boot, World, assignment, pool, subnet

Make = Callable[..., World]
A, B = client(1), client(2)
OPTIONS = {3: ip("192.0.2.1"), 6: ip("192.0.2.53"), 15: b"example.org", 42: ip("192.0.2.123")}


def office(world: Make, options: dict[int, bytes] | None = None, **fields: object) -> World:
    given = OPTIONS if options is None else options
    return world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.109"), options=given, **fields))


def configured(order: tuple[int, ...]) -> list[int]:
    return [code for code in order if code not in {51, 52, 53, 54, 58, 59, 61, 82}]


class TestRequestList:
    def test_what_is_asked_for_comes_in_the_order_it_is_asked_for(self, world: Make) -> None:
        w = office(world)
        assert configured(w.discover(A, prl=bytes((42, 15, 6, 3, 1))).order) == [1, 42, 15, 6, 3]

    def test_what_is_not_asked_for_does_not_come(self, world: Make) -> None:
        w = office(world)
        assert configured(w.discover(A, prl=bytes((1, 6))).order) == [1, 6]

    def test_without_a_list_everything_comes(self, world: Make) -> None:
        w = office(world)
        assert set(configured(w.discover(A).order)) == {1, *OPTIONS}

    def test_an_empty_list_asks_for_nothing(self, world: Make) -> None:
        w = office(world)
        assert configured(w.discover(A, prl=b"").order) == [1]

    def test_the_mask_comes_unasked_and_before_the_routers(self, world: Make) -> None:
        """RFC 2132 3.3."""
        w = office(world)
        offer = w.discover(A, prl=bytes((3, 1)))
        assert offer.order.index(1) < offer.order.index(3)
        assert offer.address(1) == "255.255.255.0"
        assert w.discover(B, prl=bytes((3,))).address(1) == "255.255.255.0"

    def test_what_is_asked_for_twice_comes_once(self, world: Make) -> None:
        w = office(world)
        assert configured(w.discover(A, prl=bytes((6, 6, 3, 6))).order) == [1, 6, 3]

    def test_what_is_asked_for_and_not_known_is_passed_over(self, world: Make) -> None:
        w = office(world)
        assert configured(w.discover(A, prl=bytes((0, 250, 255, 6))).order) == [1, 6]

    def test_the_protocols_own_options_cannot_be_configured_over(self, world: Make) -> None:
        forged = dict.fromkeys((50, 51, 52, 53, 54, 55, 57, 58, 59, 61, 82), b"\x01\x02\x03\x04")
        w = office(world, {**OPTIONS, **forged}, lifetime=3600)
        ack = w.lease(A)
        assert (ack.number(51), ack.number(58), ack.number(59), ack.address(54)) == (3600, 1800, 3150, "192.0.2.1")
        assert {50, 52, 55, 57, 61, 82}.isdisjoint(ack.options)

    def test_two_clients_with_different_lists_do_not_share_an_answer(self, world: Make) -> None:
        w = office(world)
        assert 15 in w.discover(A, prl=bytes((15,))).options
        assert 15 not in w.discover(B, prl=bytes((6,))).options
        assert 15 in w.discover(A, prl=bytes((15,))).options


class TestLevels:
    def test_the_nearest_level_wins(self, world: Make) -> None:
        home = subnet(OFFICE, pool("192.0.2.100", "192.0.2.109", options={15: b"pool", 6: ip("192.0.2.54")}),
                      options={15: b"subnet", 42: ip("192.0.2.123")})  # fmt: skip
        w = world(home, assignments=[assignment(home, "192.0.2.105", hw=B.hw, options={15: b"mine"})])
        offer = w.discover(A)
        assert (offer.options[15], offer.address(6), offer.address(42)) == (b"pool", "192.0.2.54", "192.0.2.123")
        offer = w.discover(B)
        assert (offer.options[15], offer.address(6)) == (b"mine", "192.0.2.54")

    def test_a_pools_options_are_not_for_who_is_in_no_pool(self, world: Make) -> None:
        home = subnet(
            OFFICE, pool("192.0.2.100", "192.0.2.109", pool_id=1, options={15: b"pool"}), options={15: b"subnet"}
        )
        w = world(home, assignments=[assignment(home, "192.0.2.10", hw=B.hw)])
        assert w.discover(A).options[15] == b"pool"
        assert w.discover(B).options[15] == b"subnet"
        assert w.inform(A, "192.0.2.100").options[15] == b"subnet"

    def test_an_assignments_hostname_is_option_12_when_asked_for(self, world: Make) -> None:
        home = subnet(OFFICE)
        w = world(home, assignments=[assignment(home, "192.0.2.10", hw=A.hw, hostname="printer")])
        assert w.discover(A, prl=bytes((12,))).options[12] == b"printer"
        assert 12 not in w.discover(A, prl=bytes((1,))).options

    def test_a_new_revision_is_in_the_next_answer(self, world: Make) -> None:
        w = office(world)
        w.discover(A, prl=bytes((15,)))
        w.install(subnet(OFFICE, *w.subnets[0].pools, subnet_id=w.subnets[0].subnet_id, options={15: b"new.example"}))
        assert w.discover(A, prl=bytes((15,))).options[15] == b"new.example"

    def test_boot_fields_are_filled(self, world: Make) -> None:
        w = office(world, boot=Boot(ip("192.0.2.6"), b"boothost", b"boot/pxe.0"))
        offer = w.discover(A)
        assert (offer.siaddr, offer.sname, offer.file) == ("192.0.2.6", b"boothost", b"boot/pxe.0")

    @pytest.mark.parametrize(("plen", "mask"), [(8, "255.0.0.0"), (30, "255.255.255.252"), (32, "255.255.255.255"),
                                                (0, "0.0.0.0"), (17, "255.255.128.0")])  # fmt: skip
    def test_the_mask_is_the_prefix(self, world: Make, plen: int, mask: str) -> None:
        w = world(subnet(f"10.0.0.0/{plen}", pool("10.0.0.0", "10.0.0.0"), interface="eth0"))
        assert w.discover(A).address(1) == mask


def said(kind: str, options: dict[int, bytes] | None = None, always: Iterable[int] = (),
         never: Iterable[int] = ()) -> OptionLevel:  # fmt: skip
    return OptionLevel(kind, "", options or {}, frozenset(always), frozenset(never))


class TestAlwaysAndNever:
    def test_what_is_always_sent_comes_unasked_and_behind_what_was_asked_for(self, world: Make) -> None:
        """RFC 2132 9.8: the requested ones in the client's order."""
        w = office(world, {6: ip("192.0.2.53"), 15: b"d", 3: ip("192.0.2.1"), 42: ip("192.0.2.4")},
                   always=frozenset({3, 42}))  # fmt: skip
        assert configured(w.discover(A, prl=bytes((15, 6))).order) == [1, 15, 6, 3, 42]

    def test_it_is_not_sent_twice_nor_out_of_the_clients_order(self, world: Make) -> None:
        w = office(world, {6: ip("192.0.2.53"), 15: b"d"}, always=frozenset({6}))
        assert configured(w.discover(A, prl=bytes((15, 6, 6))).order) == [1, 15, 6]

    def test_it_is_not_sent_without_a_value(self, world: Make) -> None:
        w = office(world, {15: b"d"}, always=frozenset({42, 51}))
        assert configured(w.discover(A, prl=bytes((15,))).order) == [1, 15]

    def test_what_is_never_sent_is_not_sent_when_asked_for(self, world: Make) -> None:
        w = office(world, {6: ip("192.0.2.53"), 15: b"d"}, never=frozenset({15}))
        assert configured(w.discover(A, prl=bytes((15, 6))).order) == [1, 6]
        assert configured(w.lease(B).order) == [1, 6]

    def test_never_wins_over_always_of_every_level(self, world: Make) -> None:
        home = subnet(OFFICE, pool("192.0.2.100", "192.0.2.109", always=frozenset({15})), options={15: b"d"},
                      above=(said("globals", never=[15]),), always=frozenset({15}))  # fmt: skip
        w = world(home, assignments=[assignment(home, "192.0.2.10", hw=B.hw, always_send=frozenset({15}))])
        assert 15 not in w.discover(A, prl=bytes((15,))).options
        assert 15 not in w.discover(B, prl=bytes((15,))).options

    def test_a_level_forces_the_value_of_another_one(self, world: Make) -> None:
        above = (said("globals", {15: b"far", 42: ip("192.0.2.4")}), said("shared_network", {15: b"near"}, always=[15]))
        w = world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.109"), above=above))
        offer = w.discover(A, prl=bytes((6,)))
        assert (configured(offer.order), offer.options[15]) == ([1, 15], b"near")

    def test_the_mask_can_be_kept_back(self, world: Make) -> None:
        w = office(world, {15: b"d"}, never=frozenset({1}))
        assert configured(w.discover(A, prl=bytes((1, 15))).order) == [15]

    def test_a_pool_and_an_assignment_say_it_for_theirs_alone(self, world: Make) -> None:
        home = subnet(OFFICE, pool("192.0.2.100", "192.0.2.109", never=frozenset({15})), options={15: b"d"})
        w = world(home, assignments=[
            assignment(home, "192.0.2.10", hw=B.hw),
            assignment(home, "192.0.2.11", hw=client(3).hw, never_send=frozenset({15})),
            assignment(home, "192.0.2.12", hw=client(4).hw, always_send=frozenset({15})),
        ])  # fmt: skip
        assert 15 not in w.discover(A, prl=bytes((15,))).options
        assert 15 in w.discover(B, prl=bytes((15,))).options
        assert 15 not in w.discover(client(3), prl=bytes((15,))).options
        assert 15 in w.discover(client(4), prl=bytes((6,))).options

    def test_where_room_is_short_what_was_asked_for_last_goes_and_what_is_forced_stays(self, world: Make) -> None:
        w = office(world, LONG, always=frozenset({240, 243}))
        offer = w.discover(A, prl=bytes(range(224, 240)))
        kept = [code for code in offer.order if code >= 224]
        assert {240, 243} <= set(kept)
        assert sorted(set(kept) - {240, 243}) == list(range(224, 224 + len(kept) - 2))
        assert len(kept) < 18


class TestClientIdentifier:
    @pytest.mark.parametrize("identifier", [b"\x01\x02\0\0\0\0\1", b"\xff\0\0\0\1\0\3", b"\0", b"x" * 255])
    def test_it_is_echoed_in_every_answer(self, world: Make, identifier: bytes) -> None:
        """RFC 6842 3."""
        w = office(world)
        who = client(1, identifier)
        offer = w.discover(who, prl=bytes((1,)))
        assert offer.options[61] == identifier
        assert w.select(who, offer).options[61] == identifier
        assert w.inform(who, "192.0.2.100").options[61] == identifier
        nak = w.select(who, "192.0.2.7")
        assert (nak.kind, nak.options[61]) == (NAK, identifier)

    def test_it_is_not_made_up(self, world: Make) -> None:
        w = office(world)
        assert 61 not in w.lease(A).options

    def test_an_empty_one_is_no_identity_but_is_echoed(self, world: Make) -> None:
        w = office(world)
        ack = w.lease(client(1, b""))
        assert ack.options[61] == b""
        assert w.row(ack.yiaddr).client == A.identity

    def test_one_longer_than_an_option_is_refused_by_name(self, world: Make) -> None:
        """Joined from parts it could be kilobytes, and it is a key of the database's index."""
        w = office(world)
        assert w.discover(client(1, b"x" * 256)) is None
        assert w.reason == "MALFORMED"
        assert w.discover(client(1, b"x" * 3000)) is None


LONG = {224 + n: bytes([n]) * 100 for n in range(20)}


class TestSizes:
    def test_without_option_57_an_answer_fits_576_octets(self, world: Make) -> None:
        w = office(world, LONG)
        assert len(w.discover(A).payload) <= 548

    @pytest.mark.parametrize(("said", "limit"), [(576, 548), (1000, 972), (1500, 1472), (65_535, 1472), (100, 548)])
    def test_option_57_is_kept(self, world: Make, said: int, limit: int) -> None:
        w = office(world, LONG)
        size = len(w.discover(A, options={57: said.to_bytes(2, "big")}).payload)
        assert limit - 102 < size <= limit

    def test_an_option_57_of_the_wrong_length_says_nothing(self, world: Make) -> None:
        w = office(world, LONG)
        assert len(w.discover(A, options={57: b"\x05"}).payload) <= 548

    def test_a_short_answer_is_padded_to_300_octets(self, world: Make) -> None:
        w = office(world, {})
        assert len(w.discover(A, prl=b"").payload) == 300

    def test_what_is_asked_for_last_is_dropped_first(self, world: Make) -> None:
        w = office(world, LONG)
        offer = w.discover(A, prl=bytes(sorted(LONG, reverse=True)))
        kept = [code for code in offer.order if code >= 224]
        fit = sorted(LONG, reverse=True)[: len(kept)]
        assert sorted(kept) == sorted(fit)
        assert 0 < len(kept) < len(LONG)

    def test_what_was_dropped_is_in_the_trace(self, world: Make) -> None:
        from tests.playbook import traces

        w = office(world, {3: ip("192.0.2.1"), 119: b"s" * 600, 231: b"x"})
        w.discover(A)
        said = "No room was left in the 548 octets that the client takes for the options domain-search (119)."
        assert said in traces(w)

    def test_nothing_is_said_of_room_where_all_found_some(self, world: Make) -> None:
        from tests.playbook import traces

        w = office(world)
        w.discover(A)
        assert not any("No room" in line for line in traces(w))

    def test_the_free_fields_are_used_and_option_52_says_so(self, world: Make) -> None:
        w = office(world, {224: b"a" * 230, 225: b"b" * 100, 226: b"c" * 50})
        offer = w.discover(A)
        assert offer.options[52] == b"\x03"
        assert (offer.fields[225], offer.fields[226]) == ("file", "sname")
        assert [offer.options[code][:1] for code in (224, 225, 226)] == [b"a", b"b", b"c"]

    def test_a_field_with_a_boot_file_is_not_free(self, world: Make) -> None:
        boot = Boot(ip("192.0.2.6"), b"", b"boot/pxe.0")
        w = office(world, {224: b"a" * 230, 225: b"b" * 100, 226: b"c" * 50}, boot=boot)
        offer = w.discover(A)
        assert (offer.options[52], offer.file, offer.fields[226]) == (b"\x02", b"boot/pxe.0", "sname")
        assert 225 not in offer.options

    def test_what_fits_is_not_overloaded(self, world: Make) -> None:
        w = office(world)
        assert 52 not in w.discover(A).options

    def test_option_82_never_stands_in_an_overloaded_field(self, world: Make) -> None:
        """RFC 3046 2.2."""
        w = office(world, {224: b"a" * 110, 225: b"b" * 100, 226: b"c" * 61}, relays=["10.9.9.9"])
        offer = w.discover(A, via="10.9.9.9", agent=b"\x01\x64" + b"x" * 100)
        assert (offer.fields[82], offer.options[52]) == ("options", b"\x03")


class TestLongOptions:
    def test_a_long_option_is_split_and_joined(self, world: Make) -> None:
        """RFC 3396; the reader of the tests joins."""
        value = bytes(range(256)) * 2
        w = office(world, {119: value})
        offer = w.discover(A, options={57: (1500).to_bytes(2, "big")})
        assert offer.options[119] == value

    def test_a_long_option_that_does_not_fit_is_dropped_whole(self, world: Make) -> None:
        w = office(world, {119: b"s" * 512, 15: b"example.org"})
        offer = w.discover(A)
        assert 119 not in offer.options
        assert offer.options[15] == b"example.org"

    def test_a_split_request_list_is_joined(self, world: Make) -> None:
        w = office(world)
        offer = w.one(w.packet(1, A).edited(lambda data: data[:-1] + b"\x37\x01\x06\x37\x01\x0f\xff"))
        assert configured(offer.order) == [1, 6, 15]

    def test_an_overloaded_request_is_read_in_the_order_options_file_sname(self, world: Make) -> None:
        """RFC 3396 5: parts of one option may stand in all three."""
        w = office(world)
        offer = w.one(
            w.packet(1, A, options={52: b"\x03", 55: b"\x2a"}, file=b"\x37\x01\x06\xff", sname=b"\x37\x01\x0f\xff")
        )
        assert configured(offer.order) == [1, 42, 6, 15]

    def test_fields_that_are_not_overloaded_are_not_read(self, world: Make) -> None:
        w = office(world)
        offer = w.one(w.packet(1, A, options={55: b"\x2a"}, file=b"\x37\x01\x06\xff", sname=b"\x37\x01\x0f\xff"))
        assert configured(offer.order) == [1, 42]
