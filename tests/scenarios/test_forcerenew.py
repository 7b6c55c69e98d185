"""FORCERENEW and its nonce: RFC 3203 and RFC 6704, from the client's DISCOVER to the message that it believes."""

import hashlib
import hmac
from collections.abc import Callable
from typing import Any

import pytest

from dhcpcore.engine import Outgoing
from dhcpcore.errors import Refused
from dhcpcore.logs import Ring
from dhcpcore.net.clock import Clock
from dhcpcore.net.face import Face
from dhcpcore.topology.links import Interface
from tests.packets4 import ACK, FORCERENEW, NAK, OFFER, Answer, client, dotted, ip, read
from tests.playbook import OFFICE, SERVER, T0, World, assignment, pool, subnet

Make = Callable[..., World]
A, B = client(1), client(2, b"\x01\x02\x00\x00\x00\x00\x02")
CAPABLE = {145: b"\x01"}
ADDRESS = "192.0.2.100"


def office(world: Make, how: str = "authenticated", **fields: Any) -> World:
    return world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.199"), lifetime=3600), forcerenew=how, **fields)


def nonce_in(answer: Answer) -> bytes:
    """The nonce of an ACK, as the client takes it.  RFC 6704 3.1.2: protocol 3, algorithm 1, RDM 0, type 1."""
    said = answer.options[90]
    assert (said[:3], said[11], len(said)) == (b"\x03\x01\x00", 1, 28)
    return said[12:]


def verified(message: bytes, nonce: bytes) -> bool:
    """As a client does it: of the message in which the digest, hops and giaddr are zero.  RFC 3118 5.2."""
    digest = read(message).options[90][12:]
    assert message.count(digest) == 1
    blank = message.replace(digest, bytes(16))
    assert (blank[3], blank[24:28]) == (0, bytes(4))
    return hmac.compare_digest(hmac.new(nonce, blank, hashlib.md5).digest(), digest)


def sent(w: World, address: str = ADDRESS, space: int = 0) -> list[Outgoing]:
    clock = Clock(lambda: w.now, lambda: w.now, lambda: w.now)
    clock.measure()
    out: list[Outgoing] = []
    face = Face(w.engine, w.store, clock, b"duid", out.extend, lambda: None, "sqlite", float(T0), Ring())
    face.renew(ip(address), space)
    return out


class TestNonce:
    def test_who_is_capable_is_told_so_and_then_given_a_nonce(self, world: Make) -> None:
        w = office(world)
        offer = w.discover(A, options=CAPABLE)
        assert (offer.kind, offer.options[145]) == (OFFER, b"\x01")
        assert 90 not in offer.options
        ack = w.select(A, offer, options=CAPABLE)
        assert (ack.kind, len(nonce_in(ack))) == (ACK, 16)

    @pytest.mark.parametrize("said", [{}, {145: b""}, {145: b"\x02\x03"}])
    def test_who_is_not_is_told_nothing(self, world: Make, said: dict[int, bytes]) -> None:
        w = office(world)
        offer = w.discover(A, options=said)
        ack = w.select(A, offer, options=said)
        assert {90, 145}.isdisjoint({*offer.options, *ack.options})

    def test_where_it_is_off_nobody_is_told_anything_and_no_packet_meets_it(self, world: Make) -> None:
        w = office(world, "never")
        offer = w.discover(A, options=CAPABLE)
        ack = w.select(A, offer, options=CAPABLE)
        assert {90, 145}.isdisjoint({*offer.options, *ack.options})
        assert "GiveNonce" not in {type(handler).__name__ for handler in w.engine.plan.handlers}

    def test_neither_a_nak_nor_an_inform_has_one(self, world: Make) -> None:
        w = office(world)
        assert set(w.select(A, "203.0.113.9", options=CAPABLE).options) <= {53, 54, 56}
        assert w.log[-1].startswith("NAK")
        assert 90 not in w.inform(A, "192.0.2.7", options=CAPABLE).options

    def test_it_stays_the_same_over_renewals_restarts_and_engines(self, world: Make) -> None:
        w = office(world, engines=2)
        first = nonce_in(w.lease(A, options=CAPABLE))
        w.pass_(1800)
        assert nonce_in(w.renew(A, ADDRESS, options=CAPABLE)) == first
        w.restart()
        assert nonce_in(w.renew(A, ADDRESS, options=CAPABLE)) == first
        assert nonce_in(w.renew(A, ADDRESS, by=1, options=CAPABLE)) == first

    def test_it_is_another_for_every_client_address_and_installation(self, world: Make) -> None:
        w = office(world)
        first = nonce_in(w.lease(A, options=CAPABLE))
        assert nonce_in(w.lease(B, options=CAPABLE)) != first
        w.release(A, ADDRESS)
        w.pass_(60)
        assert nonce_in(w.select(B, ADDRESS, options=CAPABLE)) != first, "whoever has the address next"
        w.engine.nonces.key = b"another"
        assert nonce_in(w.renew(B, ADDRESS, options=CAPABLE)) != first


class TestMessage:
    def test_it_goes_to_the_address_and_its_client_believes_it(self, world: Make) -> None:
        w = office(world)
        ack = w.lease(B, options=CAPABLE)
        w.pass_(60)
        ((payload, route),) = sent(w)
        message = read(payload)
        assert (message.kind, message.hw, message.options[61]) == (FORCERENEW, B.hw, B.client_id)
        assert (message.yiaddr, message.ciaddr, message.giaddr) == ("0.0.0.0",) * 3
        assert (dotted(route.address), route.port, dotted(route.local), route.hw) == (ADDRESS, 68, SERVER, b"")
        assert message.address(54) == SERVER
        assert verified(payload, nonce_in(ack))
        assert not verified(payload, bytes(16))
        assert message.options[90][:3] == b"\x03\x01\x00"
        assert message.options[90][11] == 2

    def test_whoever_changes_it_is_not_believed(self, world: Make) -> None:
        w = office(world)
        nonce = nonce_in(w.lease(A, options=CAPABLE))
        ((payload, _),) = sent(w)
        for at in (0, 20, 28, 245):
            changed = bytearray(payload)
            changed[at] ^= 1
            digest = payload[payload.index(b"\x5a\x1c") + 14 :][:16]
            blank = bytes(changed).replace(digest, bytes(16))
            assert hmac.new(nonce, blank, hashlib.md5).digest() != digest

    def test_its_replay_detection_rises_from_the_ack_on(self, world: Make) -> None:
        """RFC 3118 2: a client takes no message that is not later than the one before."""
        w = office(world)
        said = [w.lease(A, options=CAPABLE).options[90]]
        for _ in range(3):
            w.pass_(0.001)
            said.append(read(sent(w)[0].payload).options[90])
        values = [octets[3:11] for octets in said]
        assert values == sorted(set(values))

    def test_plain_is_sent_only_where_a_setting_says_so_and_after_the_other(self, world: Make) -> None:
        w = office(world, "plain")
        w.lease(A)
        first, second = (read(payload) for payload, _ in sent(w))
        assert 90 in first.options
        assert (second.kind, set(second.options), second.hw) == (FORCERENEW, {53, 54}, A.hw)

    def test_the_client_renews_and_hears_of_its_assignment(self, world: Make) -> None:
        """What it is for: a reservation that takes effect now."""
        w = office(world)
        w.lease(A, options=CAPABLE)
        w.install(assignments=[assignment(w.subnets[0], "192.0.2.10", hw=A.hw)])
        sent(w)
        assert w.renew(A, ADDRESS).kind == NAK
        assert w.lease(A).yiaddr == "192.0.2.10"

    def test_it_comes_from_the_servers_address_on_the_clients_link(self, world: Make) -> None:
        other, lan = Interface(3, "eth1", (ip("198.51.100.1"),)), Interface(2, "eth0", (ip("127.0.0.1"), ip(SERVER)))
        w = office(world, interfaces={3: other, 2: lan})
        w.lease(A)
        assert dotted(sent(w)[0].route.local) == SERVER
        w.attach({3: other})
        assert dotted(sent(w)[0].route.local) == "198.51.100.1", "a client behind a relay: any that it can reach"

    def test_it_stands_among_the_clients_transactions(self, world: Make) -> None:
        w = office(world)
        w.lease(A)
        before = len(w.engine.traces)
        sent(w)
        (told,) = list(w.engine.traces)[before:]
        assert (told.client, told.reason.code) == (A.identity, "FORCERENEW")
        assert w.engine.counters.events["forcerenew"] == 1


class TestRefused:
    @pytest.mark.parametrize(
        ("how", "address", "says"),
        [
            ("never", ADDRESS, "globals.forcerenew is never: set it to authenticated"),
            ("authenticated", "192.0.2.101", "192.0.2.101 is not held by anybody"),
            ("plain", "2001:db8::1", "2001:db8::1 is no IPv4 address"),
        ],
    )
    def test_in_words_and_nothing_is_sent(self, world: Make, how: str, address: str, says: str) -> None:
        w = office(world, how)
        w.lease(A)
        with pytest.raises(Refused, match=says):
            sent(w, address)
        assert w.engine.counters.events["forcerenew"] == 0

    @pytest.mark.parametrize("ended", ["released", "expired", "declined"])
    def test_whose_lease_is_over(self, world: Make, ended: str) -> None:
        w = office(world)
        w.lease(A)
        if ended == "expired":
            w.pass_(3600)
        else:
            getattr(w, ended[:-1])(A, ADDRESS)
        with pytest.raises(Refused, match="is not held by anybody"):
            sent(w)

    def test_where_no_address_of_ours_is_known(self, world: Make) -> None:
        w = office(world)
        w.lease(A)
        w.attach({2: Interface(2, "eth0", (ip("127.0.0.1"), bytes(16)))})
        with pytest.raises(Refused, match="No interface has an IPv4 address"):
            sent(w)
