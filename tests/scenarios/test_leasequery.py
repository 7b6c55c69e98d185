"""LEASEQUERY: who has an address, and which addresses a client has.  RFC 4388 and RFC 6148, paragraph by paragraph."""

from collections.abc import Callable
from typing import Any

import pytest

from dhcpcore.pipeline.searches import WAITING_MAX
from dhcpcore.store.leases import SWEEP_ROWS
from dhcpcore.topology.snapshot import Leasequery
from tests.packets4 import (
    LEASEACTIVE,
    LEASEQUERY,
    LEASEUNASSIGNED,
    LEASEUNKNOWN,
    Answer,
    Client,
    client,
    dotted,
    ip,
    read,
)
from tests.playbook import OFFICE, SERVER, World, pool, subnet

Make = Callable[..., World]
A, B = client(1), client(2, b"\x01\x02\x00\x00\x00\x00\x02")
C = client(3, b"\xff\x00\x00\x00\x01\x00\x03\x00\x01abcdef")
NOBODY = Client(b"", htype=0)
RELAY, ASKER = "192.0.2.2", "192.0.2.2"
AGENT = b"\x01\x04port\x02\x04home"


def office(world: Make, **fields: Any) -> World:
    fields.setdefault("leasequery", Leasequery(True, ((ip("192.0.2.2"), 32), (ip("203.0.113.0"), 24))))
    return world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.199"), lifetime=3600), **fields)


def ask(w: World, who: Client = NOBODY, address: str = "0.0.0.0", via: str = ASKER, **fields: Any) -> Answer | None:
    return w.one(w.packet(LEASEQUERY, who, ciaddr=address, via=via, **fields))


class TestByAddress:
    """RFC 4388 6.2, 6.4.1 and 6.4.2."""

    def test_an_address_that_is_held_comes_with_its_client_and_what_is_left_of_its_lease(self, world: Make) -> None:
        w = office(world)
        w.lease(A, via=RELAY, agent=AGENT)
        w.pass_(600)
        answer = ask(w, address="192.0.2.100")
        assert (answer.kind, answer.ciaddr, answer.hw, w.reason) == (LEASEACTIVE, "192.0.2.100", A.hw, "LEASE-ACTIVE")
        assert (answer.yiaddr, answer.siaddr) == ("0.0.0.0", "0.0.0.0")
        assert (answer.number(51), answer.number(58), answer.number(59)) == (3000, 1200, 2550)
        assert answer.number(91) == 600, "seconds since the client was heard"
        assert answer.options[82] == AGENT, "what the relay said then"
        assert answer.address(92) == "192.0.2.100"
        assert answer.address(54) == SERVER

    def test_t1_and_t2_that_have_passed_are_not_told(self, world: Make) -> None:
        w = office(world)
        w.lease(A)
        w.pass_(1800)
        assert 58 not in ask(w, address="192.0.2.100").options
        w.pass_(1700)
        answer = ask(w, address="192.0.2.100")
        assert {58, 59}.isdisjoint(answer.options)
        assert answer.number(51) == 100

    def test_a_lease_without_end_has_no_times_but_infinity(self, world: Make) -> None:
        w = world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.199"), lifetime=0xFFFF_FFFF),
                  leasequery=Leasequery(True, ((ip(ASKER), 32),)))  # fmt: skip
        w.lease(A)
        answer = ask(w, address="192.0.2.100")
        assert answer.number(51) == 0xFFFF_FFFF
        assert {58, 59}.isdisjoint(answer.options)

    def test_who_was_not_relayed_has_no_option_82(self, world: Make) -> None:
        w = office(world)
        w.lease(A)
        assert 82 not in ask(w, address="192.0.2.100").options

    def test_a_client_identifier_is_told_and_a_hardware_address_is_none(self, world: Make) -> None:
        w = office(world)
        w.lease(A)
        w.lease(B)
        assert 61 not in ask(w, address="192.0.2.100").options
        assert ask(w, address="192.0.2.101").options[61] == B.client_id

    def test_an_address_of_ours_that_nobody_has_is_unassigned(self, world: Make) -> None:
        w = office(world)
        w.lease(A)
        answer = ask(w, address="192.0.2.150")
        assert (answer.kind, answer.ciaddr, answer.hw, w.reason) == (
            LEASEUNASSIGNED, "192.0.2.150", b"", "LEASE-UNASSIGNED",
        )  # fmt: skip
        assert set(answer.options) == {53, 54}

    @pytest.mark.parametrize("ended", ["released", "expired", "declined"])
    def test_an_address_whose_lease_is_over_is_unassigned(self, world: Make, ended: str) -> None:
        w = office(world)
        w.lease(A)
        if ended == "expired":
            w.pass_(3600)
        else:
            getattr(w, ended[:-1])(A, "192.0.2.100")
        assert ask(w, address="192.0.2.100").kind == LEASEUNASSIGNED

    def test_an_address_that_is_none_of_ours_is_unknown(self, world: Make) -> None:
        w = office(world)
        assert ask(w, address="198.51.100.7").kind == LEASEUNKNOWN
        assert w.reason == "LEASE-UNKNOWN"

    def test_a_lease_of_a_subnet_that_was_deleted_is_still_somebodys(self, world: Make) -> None:
        w = office(world)
        w.lease(A)
        w.install(subnet("198.51.100.0/24"))
        assert ask(w, address="192.0.2.100").kind == LEASEACTIVE

    def test_all_addresses_of_the_client_are_listed(self, world: Make) -> None:
        near = subnet(OFFICE, pool("192.0.2.100", "192.0.2.109"))
        far = subnet("198.51.100.0/24", pool("198.51.100.10", "198.51.100.19"))
        w = world(near, far, leasequery=Leasequery(True, ((ip(ASKER), 32),)))
        w.lease(A)
        w.pass_(5)
        w.lease(A, via="198.51.100.1")
        w.lease(B)
        answer = ask(w, address="192.0.2.100")
        assert answer.ciaddr == "192.0.2.100", "the address that was asked for, though another was heard of later"
        assert answer.options[92] == ip("192.0.2.100") + ip("198.51.100.10")


class TestByClient:
    """By hardware address and by client identifier.  RFC 4388 6.4.1: of several addresses the one heard of last."""

    @pytest.mark.parametrize("who", [A, B])
    def test_by_hardware_address_whom_it_names(self, world: Make, who: Client) -> None:
        """B has a client identifier that is made of its hardware address.  RFC 2132 9.14."""
        w = office(world)
        ack = w.lease(who)
        answer = ask(w, Client(who.hw))
        assert (answer.kind, answer.ciaddr, answer.hw) == (LEASEACTIVE, ack.yiaddr, who.hw)

    def test_by_hardware_address_not_whom_it_does_not_name(self, world: Make) -> None:
        """C is known by a DUID: nothing but all the rows would tell its hardware address."""
        w = office(world)
        w.lease(C)
        assert ask(w, Client(C.hw)).kind == LEASEUNKNOWN
        assert ask(w, Client(B.hw)).kind == LEASEUNKNOWN

    def test_a_hardware_address_of_another_type_is_another(self, world: Make) -> None:
        w = office(world)
        w.lease(A)
        assert ask(w, Client(A.hw, htype=6)).kind == LEASEUNKNOWN

    def test_an_identifier_that_looks_like_anothers_hardware_address_is_not_its(self, world: Make) -> None:
        w = office(world)
        w.lease(Client(A.hw, b"\x01" + B.hw))
        assert ask(w, Client(B.hw)).kind == LEASEUNKNOWN

    def test_by_client_identifier(self, world: Make) -> None:
        w = office(world)
        ack = w.lease(C)
        answer = ask(w, Client(b"", C.client_id, 0))
        assert (answer.kind, answer.ciaddr, answer.hw) == (LEASEACTIVE, ack.yiaddr, C.hw)
        assert ask(w, Client(b"", b"\x01nobody", 0)).kind == LEASEUNKNOWN

    def test_the_one_that_was_heard_of_last_and_all_by_number(self, world: Make) -> None:
        near = subnet(OFFICE, pool("192.0.2.100", "192.0.2.109"))
        far = subnet("198.51.100.0/24", pool("198.51.100.10", "198.51.100.19"))
        w = world(near, far, leasequery=Leasequery(True, ((ip(ASKER), 32),)))
        w.lease(A)
        w.pass_(5)
        w.lease(A, via="198.51.100.1")
        assert ask(w, A).ciaddr == "198.51.100.10"
        w.pass_(5)
        w.renew(A, "192.0.2.100")
        answer = ask(w, A)
        assert answer.ciaddr == "192.0.2.100"
        assert answer.options[92] == ip("192.0.2.100") + ip("198.51.100.10")
        assert ask(w, A, prl=bytes((51,))).options[92] == answer.options[92], "RFC 4388 6.4.2: asked for or not"

    def test_an_ended_lease_is_not_listed(self, world: Make) -> None:
        w = office(world)
        w.lease(A)
        w.release(A, "192.0.2.100")
        answer = ask(w, A)
        assert (answer.kind, answer.hw) == (LEASEUNKNOWN, A.hw)
        assert 92 not in answer.options


class TestAskedFor:
    def test_only_what_option_55_lists_is_told(self, world: Make) -> None:
        """RFC 4388 6.2, 6.4.2."""
        w = office(world)
        w.lease(A, via=RELAY, agent=AGENT)
        assert set(ask(w, A, prl=bytes((51, 82))).options) == {51, 53, 54, 82}
        assert set(ask(w, A, prl=bytes((1, 3, 6))).options) == {53, 54}

    def test_without_it_all_that_is_known(self, world: Make) -> None:
        w = office(world)
        w.lease(B, via=RELAY, agent=AGENT)
        assert set(ask(w, Client(B.hw)).options) == {51, 53, 54, 58, 59, 61, 82, 91, 92}

    def test_the_name_that_the_lease_has(self, world: Make) -> None:
        """Of the other options of its client none is kept, so none is made up of what the definitions say today."""
        w = office(world)
        w.lease(A, options={12: b"printer", 60: b"vendor"})
        found = ask(w, A, prl=bytes((1, 3, 12, 60))).options
        assert (set(found), found[12]) == ({12, 53, 54}, b"printer")
        assert 12 not in ask(w, A, prl=bytes((51,))).options
        w.lease(B)
        assert 12 not in ask(w, Client(B.hw), prl=bytes((12, 51))).options


class TestWhoMayAsk:
    def test_the_answer_goes_to_giaddr(self, world: Make) -> None:
        """Whoever sent the datagram: a forged source learns nothing.  RFC 4388 6.4."""
        w = office(world)
        w.lease(A)
        answer = ask(w, A, source="203.0.113.99", port=50_000)
        assert (answer.to, answer.port, answer.giaddr) == (ASKER, 67, ASKER)

    def test_a_prefix_admits_its_hosts_and_no_other(self, world: Make) -> None:
        w = office(world)
        assert ask(w, A, via="203.0.113.7").kind == LEASEUNKNOWN
        assert ask(w, A, via="203.0.112.255") is None
        assert w.reason == "LEASEQUERY-REFUSED"

    def test_no_giaddr_no_answer(self, world: Make) -> None:
        w = office(world)
        assert ask(w, A, via=None, source=ASKER) is None
        assert w.reason == "LEASEQUERY-REFUSED"

    @pytest.mark.parametrize("said", [Leasequery(), Leasequery(False, ((ip(ASKER), 32),)), Leasequery(True, ())])
    def test_where_it_is_not_enabled_nobody_is_answered(self, world: Make, said: Leasequery) -> None:
        w = office(world, leasequery=said)
        assert ask(w, A) is None
        assert w.reason == "LEASEQUERY-REFUSED"


class TestWhatIsNoQuery:
    @pytest.mark.parametrize(
        "fields",
        [
            {},
            {"who": A, "address": "192.0.2.100"},
            {"who": B},
            {"address": "192.0.2.100", "agent": b"\x02\x04home"},
            {"agent": b"\x02\x04home\x0c\x04edge"},
            {"agent": b"\x0c\x04edge"},
            {"agent": b"\x02\x09home"},
            {"agent": b"\x01\x04port"},
            {"who": A, "options": {154: b"\0\0\1"}},
        ],
    )
    def test_nothing_two_things_or_what_only_tcp_answers(self, world: Make, fields: dict[str, Any]) -> None:
        w = office(world)
        assert ask(w, **fields) is None
        assert w.reason == "LEASEQUERY-INVALID"

    def test_a_servers_answer_is_none(self, world: Make) -> None:
        w = office(world)
        assert w.one(w.packet(LEASEACTIVE, A, via=ASKER)) is None
        assert w.reason == "NOT-A-REQUEST"


class TestInTheBatch:
    def test_what_is_not_committed_yet_is_not_told(self, world: Make) -> None:
        w = office(world)
        offer = w.discover(A)
        chosen = w.packet(3, A, requested=offer.yiaddr, server=SERVER)
        by_address = w.packet(LEASEQUERY, NOBODY, ciaddr=offer.yiaddr, via=ASKER)
        kinds = {answer.xid: answer.kind for answer in w.send(chosen, by_address, w.packet(LEASEQUERY, A, via=ASKER))}
        assert kinds[by_address.xid] == LEASEUNASSIGNED
        assert sorted(kinds.values()) == [5, LEASEUNASSIGNED, LEASEUNKNOWN]
        assert ask(w, A).kind == LEASEACTIVE

    def test_a_query_is_a_look_up_or_two_and_no_commit(self, world: Make) -> None:
        w = office(world)
        w.lease(A)
        fetches, commits = w.store.fetches, len(w.store.commits)
        ask(w, A)
        assert w.store.fetches - fetches == 1
        ask(w, address="192.0.2.100")
        assert w.store.fetches - fetches == 3
        assert len(w.store.commits) == commits


class TestByRemoteId:
    """RFC 6148: the rows are gone through between batches, once for all who wait."""

    def found(self, w: World, most: int = 1_000) -> list[Answer]:
        searches = w.engine.searches
        if not searches.begin():
            return []
        for _ in range(most):
            if searches.look(*w.store.rows(searches.after)):
                break
        return [read(payload) for payload, _ in searches.answers(w.now, w.engine.snapshot)]

    def asked(self, w: World, remote: bytes = b"home", **fields: Any) -> int:
        packet = w.packet(LEASEQUERY, NOBODY, via=ASKER, agent=b"\x02" + bytes((len(remote),)) + remote, **fields)
        assert w.one(packet) is None
        assert w.reason == "LEASEQUERY-SEARCH"
        return packet.xid

    def test_the_answer_follows_with_all_addresses_behind_it(self, world: Make) -> None:
        w = office(world)
        w.lease(A, via=RELAY, agent=AGENT)
        w.pass_(5)
        w.lease(B, via=RELAY, agent=b"\x02\x04home")
        w.lease(C, via=RELAY, agent=b"\x02\x05other")
        xid = self.asked(w)
        (answer,) = self.found(w)
        assert (answer.xid, answer.kind, answer.giaddr) == (xid, LEASEACTIVE, ASKER)
        assert (answer.ciaddr, answer.hw, answer.options[82]) == ("192.0.2.101", B.hw, b"\x02\x04home")
        assert answer.options[92] == ip("192.0.2.101") + ip("192.0.2.100")
        assert self.found(w) == [], "and only once"

    def test_nobody_behind_it_is_unknown(self, world: Make) -> None:
        w = office(world)
        w.lease(A, via=RELAY, agent=b"\x01\x04home")
        w.lease(B, agent=AGENT)
        w.lease(C, via=RELAY, agent=b"\x02\x05home2")
        self.asked(w)
        assert [answer.kind for answer in self.found(w)] == [LEASEUNKNOWN]

    def test_an_ended_lease_is_behind_nothing(self, world: Make) -> None:
        w = office(world)
        w.lease(A, via=RELAY, agent=AGENT)
        w.release(A, "192.0.2.100")
        self.asked(w)
        assert [answer.kind for answer in self.found(w)] == [LEASEUNKNOWN]

    def test_the_same_query_again_is_answered_once_and_the_last_one(self, world: Make) -> None:
        w = office(world)
        w.lease(A, via=RELAY, agent=AGENT)
        self.asked(w)
        xid = self.asked(w)
        other = self.asked(w, b"else")
        assert sorted(answer.xid for answer in self.found(w)) == sorted((xid, other))

    def test_who_asks_during_a_pass_is_answered_by_the_next(self, world: Make) -> None:
        w = office(world)
        w.fill("192.0.2.110", 60, w.subnets[0])
        w.lease(A, via=RELAY, agent=AGENT)
        first = self.asked(w)
        assert w.engine.searches.begin()
        second = self.asked(w)
        assert [answer.xid for answer in self.found(w)] == [first]
        assert [answer.xid for answer in self.found(w)] == [second]

    def test_many_rows_are_read_in_slices(self, world: Make) -> None:
        asker = Leasequery(True, ((ip(ASKER), 32),))
        w = world(subnet("10.0.0.0/16", pool("10.0.0.10", "10.0.200.0")), leasequery=asker)
        w.fill("10.0.0.10", 2 * SWEEP_ROWS, w.subnets[0])
        w.sql.execute("UPDATE lease SET agent = ? WHERE address = ?", (AGENT, ip("10.0.3.200")))
        self.asked(w)
        assert self.found(w, 1) != [], "what was found so far, were it cut here"
        self.asked(w)
        (answer,) = self.found(w)
        assert dotted(answer.options[92]) == "10.0.3.200"

    def test_only_so_many_wait(self, world: Make) -> None:
        w = office(world)
        for number in range(WAITING_MAX):
            self.asked(w, b"home%d" % number)
        assert ask(w, agent=b"\x02\x04more") is None
        assert w.reason == "LEASEQUERY-BUSY"

    def test_who_is_no_longer_admitted_is_not_answered(self, world: Make) -> None:
        w = office(world)
        self.asked(w)
        w.install(leasequery=Leasequery())
        assert self.found(w) == []

    def test_another_lease_space_is_another_network(self, world: Make) -> None:
        """The same address, twice: each requestor is told of the one in its own."""
        blue = subnet(OFFICE, pool("192.0.2.100", "192.0.2.109"), relays=("198.51.100.1",), space=1)
        w = world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.109")), blue,
                  leasequery=Leasequery(True, ((ip(ASKER), 32), (ip("198.51.100.1"), 32))))  # fmt: skip
        w.lease(A, via="192.0.2.2", agent=AGENT)
        w.lease(B, via="198.51.100.1", agent=AGENT)
        assert ask(w, address="192.0.2.100").hw == A.hw
        assert ask(w, address="192.0.2.100", via="198.51.100.1").hw == B.hw
        assert ask(w, A, via="198.51.100.1").kind == LEASEUNKNOWN
        self.asked(w)
        assert [answer.hw for answer in self.found(w)] == [A.hw]
