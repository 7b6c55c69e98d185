"""VPNs with the same addresses, named by relay or client: RFC 6607.  The address of one is never the other's."""

from collections.abc import Callable

import pytest

from dhcpcore.topology.snapshot import Leasequery
from tests.packets4 import (
    ACK,
    LEASEACTIVE,
    LEASEQUERY,
    LEASEUNASSIGNED,
    LEASEUNKNOWN,
    OFFER,
    Answer,
    Client,
    client,
    ip,
    read,
)
from tests.playbook import OFFICE, World, pool, subnet, traces

Make = Callable[..., World]
A, B = client(1), client(2)
RELAY = "10.0.0.1"
ONE, TWO = b"\x00customer-a", b"\x01\x00\x00\x0c\x00\x00\x01\x02"
CONTROL = b"\x98\x00"


def vss(name: bytes, *, control: bool = True) -> bytes:
    return b"\x01\x01a" + b"\x97" + bytes((len(name),)) + name + (CONTROL if control else b"") + b"\x02\x01b"


def twins(world: Make, **snapshot: object) -> World:
    """The default space, and two customers, with the same addresses."""
    fields = [("own", 0, b""), ("one", 1, ONE), ("two", 2, TWO)]
    return world(
        *(subnet("10.0.0.0/24", pool("10.0.0.10", "10.0.0.11"), name=name, space=space, vss=said)
          for name, space, said in fields),
        subnet(OFFICE, pool("192.0.2.100", "192.0.2.109")),
        **snapshot,
    )  # fmt: skip


def test_the_same_address_in_two_vpns_is_two_leases(world: Make) -> None:
    w = twins(world)
    assert w.lease(A, via=RELAY, agent=vss(ONE)).yiaddr == "10.0.0.10"
    assert w.lease(B, via=RELAY, agent=vss(TWO)).yiaddr == "10.0.0.10"
    assert (w.row("10.0.0.10", 1).client, w.row("10.0.0.10", 2).client) == (A.identity, B.identity)
    assert w.row("10.0.0.10", 0) is None
    assert "Option 82 says VPN 'customer-a'." not in list(traces(w))


def test_the_same_client_may_be_in_both(world: Make) -> None:
    w = twins(world)
    w.lease(A, via=RELAY, agent=vss(ONE))
    w.lease(A, via=RELAY, agent=vss(TWO))
    assert (w.row("10.0.0.10", 1).state, w.row("10.0.0.10", 2).state) == (1, 1)


def test_who_names_none_is_in_the_default_space(world: Make) -> None:
    """Never in a customer's."""
    w = twins(world)
    w.lease(A, via=RELAY, agent=b"\x01\x01a")
    assert (w.row("10.0.0.10", 0).client, w.row("10.0.0.10", 1)) == (A.identity, None)


def test_the_global_vpn_is_the_default_space(world: Make) -> None:
    """RFC 6607 3.5: type 255."""
    w = twins(world)
    w.lease(A, via=RELAY, agent=vss(b"\xff"))
    assert w.row("10.0.0.10", 0).client == A.identity


def test_an_unknown_vpn_is_silence_and_no_other_is_used(world: Make) -> None:
    w = twins(world)
    assert w.discover(A, via=RELAY, agent=vss(b"\x00customer-b")) is None
    assert w.reason == "NO-SUBNET"


def test_a_vpn_without_that_link_is_silence(world: Make) -> None:
    w = twins(world)
    assert w.discover(A, via="192.0.2.9", agent=vss(ONE)) is None
    assert w.reason == "NO-SUBNET"


def test_what_was_heeded_is_returned_without_vss_control(world: Make) -> None:
    """RFC 6607 7: so the relay knows; every other octet is as it came."""
    w = twins(world)
    offer = w.discover(A, via=RELAY, agent=vss(ONE))
    assert offer.options[82] == vss(ONE, control=False)
    assert w.select(A, offer, via=RELAY, agent=vss(ONE)).options[82] == vss(ONE, control=False)
    assert w.select(A, "10.0.0.99", via=RELAY, agent=vss(ONE)).options[82] == vss(ONE, control=False)


def test_where_no_vpn_is_declared_it_is_returned_whole(world: Make) -> None:
    """RFC 6607 7.2: VSS-Control that comes back says that the server did not heed it."""
    w = world(subnet("10.0.0.0/24", pool("10.0.0.10", "10.0.0.11")))
    offer = w.discover(A, via=RELAY, agent=vss(ONE))
    assert (offer.kind, offer.options[82]) == (OFFER, vss(ONE))


def test_a_lease_of_one_is_not_renewed_in_the_other(world: Make) -> None:
    w = twins(world)
    w.lease(A, via=RELAY, agent=vss(ONE))
    assert w.rebind(A, "10.0.0.10", via=RELAY, agent=vss(ONE)).kind == ACK
    assert w.rebind(A, "10.0.0.10", via=RELAY, agent=vss(TWO)) is None
    assert w.reason == "UNKNOWN-CLIENT"


def test_the_circuit_in_the_row_is_the_relays(world: Make) -> None:
    w = twins(world)
    w.lease(A, via=RELAY, agent=vss(ONE))
    assert w.row("10.0.0.10", 1).agent == vss(ONE, control=False)


def test_a_clients_own_option_82_names_none(world: Make) -> None:
    w = twins(world)
    assert w.discover(A, agent=vss(ONE)).yiaddr == "192.0.2.100"


class TestByClient:
    """Option 221: of proxies, where clients are believed."""

    def test_it_names_the_vpn_and_is_returned(self, world: Make) -> None:
        w = twins(world, subnet_selection=True)
        ack = w.lease(A, via=RELAY, options={221: ONE})
        assert ack.options[221] == ONE
        assert w.row("10.0.0.10", 1).client == A.identity

    def test_it_does_not_where_clients_are_not_believed(self, world: Make) -> None:
        w = twins(world)
        offer = w.discover(A, via=RELAY, options={221: ONE})
        assert 221 not in offer.options
        assert "VPN" not in "".join(traces(w))

    def test_the_relays_word_goes_before_it(self, world: Make) -> None:
        w = twins(world, subnet_selection=True)
        offer = w.discover(A, via=RELAY, agent=vss(TWO), options={221: ONE})
        assert (offer.options[221], offer.options[82]) == (TWO, vss(TWO, control=False)), "RFC 6607 7.3: what was used"
        assert "Option 82 says VPN" in "".join(traces(w))

    def test_who_sends_none_is_told_none(self, world: Make) -> None:
        w = twins(world, subnet_selection=True)
        assert 221 not in w.discover(A, via=RELAY, prl=bytes((1, 221))).options


NOBODY = Client(b"", htype=0)
REMOTE = b"\x02\x01b"


class TestLeasequery:
    """RFC 6607 4.1, 6 and 7: who asks is as a client, names the VPN by option 221, and hears which one was heeded."""

    def asked(self, world: Make) -> World:
        w = twins(world, leasequery=Leasequery(True, ((ip(RELAY), 32), (ip("203.0.113.1"), 32))))
        for who, name in ((A, ONE), (B, TWO)):
            w.lease(who, via=RELAY, agent=vss(name))
        return w

    def ask(self, w: World, who: Client = NOBODY, address: str = "0.0.0.0", via: str = RELAY, **fields) -> Answer:
        return w.one(w.packet(LEASEQUERY, who, ciaddr=address, via=via, **fields))

    @pytest.mark.parametrize("via", [RELAY, "203.0.113.1"])
    @pytest.mark.parametrize(("name", "who"), [(ONE, A), (TWO, B)])
    def test_an_address_is_that_of_the_vpn_and_the_answer_names_it(
        self, world: Make, name: bytes, who: Client, via: str
    ) -> None:
        """Wherever the requestor is; whether or not option 55 lists 221 (7.1)."""
        w = self.asked(world)
        for prl in (None, b"\x33"):
            answer = self.ask(w, address="10.0.0.10", via=via, options={221: name}, prl=prl)
            assert (answer.kind, answer.hw, answer.options[221]) == (LEASEACTIVE, who.hw, name)
        assert f"Option 221 says VPN {name[1:].decode('ascii', 'replace')!r}." in list(traces(w))

    def test_one_of_nobody_is_unassigned_there_and_one_of_no_subnet_unknown(self, world: Make) -> None:
        w = self.asked(world)
        answer = self.ask(w, address="10.0.0.11", options={221: ONE})
        assert (answer.kind, answer.options[221]) == (LEASEUNASSIGNED, ONE)
        answer = self.ask(w, address="192.0.2.100", options={221: ONE})
        assert (answer.kind, answer.options[221]) == (LEASEUNKNOWN, ONE), "that is of the default VPN"

    def test_who_names_none_or_the_global_one_hears_of_neither(self, world: Make) -> None:
        w = self.asked(world)
        for options, said in (({}, None), ({221: b"\xff"}, b"\xff")):
            answer = self.ask(w, address="10.0.0.10", options=options)
            assert (answer.kind, answer.options.get(221)) == (LEASEUNASSIGNED, said)
            assert self.ask(w, A, options=options).kind == LEASEUNKNOWN

    def test_a_client_is_looked_for_there(self, world: Make) -> None:
        w = self.asked(world)
        answer = self.ask(w, A, options={221: ONE})
        assert (answer.kind, answer.ciaddr, answer.options[221]) == (LEASEACTIVE, "10.0.0.10", ONE)
        assert self.ask(w, A, options={221: TWO}).kind == LEASEUNKNOWN

    @pytest.mark.parametrize(("name", "found"), [(ONE, A), (TWO, B), (None, None)])
    def test_a_remote_id_is_looked_for_there(self, world: Make, name: bytes | None, found: Client | None) -> None:
        w = self.asked(world)
        assert self.ask(w, agent=REMOTE, options={} if name is None else {221: name}) is None
        assert w.engine.searches.begin()
        assert w.engine.searches.look(*w.store.rows(None))
        (answer,) = (read(payload) for payload, _ in w.engine.searches.answers(w.now, w.engine.snapshot))
        assert (answer.kind, answer.hw) == ((LEASEUNKNOWN, b"") if found is None else (LEASEACTIVE, found.hw))
        assert answer.options.get(221) == name

    def test_option_82_goes_before_221(self, world: Make) -> None:
        """7.3; though a requestor should not send it (6)."""
        w = self.asked(world)
        agent = b"\x97" + bytes((len(TWO),)) + TWO
        answer = self.ask(w, address="10.0.0.10", agent=agent, options={221: ONE})
        assert (answer.hw, answer.options[221]) == (B.hw, TWO)
        assert "Option 82 says VPN" in "".join(traces(w))

    @pytest.mark.parametrize("name", [b"\x00customer-b", b"\xfe", b"\x02x"])
    @pytest.mark.parametrize("by", [{"address": "10.0.0.10"}, {"who": A}, {"agent": REMOTE}])
    def test_of_a_vpn_that_is_none_nothing_is_known_and_it_is_not_returned(
        self, world: Make, name: bytes, by: dict[str, object]
    ) -> None:
        """7.1: it must not come back, so the requestor can tell.  All VPNs (254) are for bulk queries."""
        w = self.asked(world)
        answer = self.ask(w, options={221: name}, **by)
        assert (answer.kind, answer.hw if "who" not in by else b"", 221 in answer.options) == (LEASEUNKNOWN, b"", False)

    @pytest.mark.parametrize("name", [b"", b"\xffx", b"\xfex"])
    def test_one_that_cannot_be_is_no_query(self, world: Make, name: bytes) -> None:
        w = self.asked(world)
        assert self.ask(w, address="10.0.0.10", options={221: name}) is None
        assert w.reason == "LEASEQUERY-INVALID"


@pytest.mark.parametrize("agent", [b"\x97", b"\x97\x05ab", b"\x98\x00\x97\x05ab"])
def test_a_broken_one_is_none(world: Make, agent: bytes) -> None:
    w = twins(world)
    offer = w.discover(A, via=RELAY, agent=agent)
    assert (offer.kind, offer.options[82]) == (OFFER, agent)


def test_what_waited_while_the_last_vpn_went_is_not_answered_as_if_it_were_heeded(world: Make) -> None:
    """RFC 6607 7.2: VSS-Control comes back where the VPN was not used for the answer."""
    w = twins(world, probe=True)
    agent = vss(ONE)
    assert w.discover(A, via=RELAY, agent=agent) is None
    w.install(*(subnet("10.0.0.0/24", pool("10.0.0.10", "10.0.0.11"), name="own"),))
    w.pass_(1)
    waiting = w.later() or (w.pass_(1), w.later())[1]
    assert [offer.options[82] for offer in waiting] == [agent]


def test_what_waited_while_its_vpn_stayed_is_heeded(world: Make) -> None:
    w = twins(world, probe=True)
    assert w.discover(A, via=RELAY, agent=vss(ONE)) is None
    w.pass_(1)
    assert [offer.options[82] for offer in w.later()] == [vss(ONE, control=False)]
