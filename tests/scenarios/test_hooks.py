"""Callouts in the way of real dialogues: what they see, what they change, and that the promises hold all the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dhcpcore.errors import Refused, StoreError
from dhcpcore.hooks.handle import CalloutHandle
from dhcpcore.hooks.registry import Overrun, Registry
from dhcpcore.lease.model import Identifier
from dhcpcore.pipeline.trace import describe
from dhcpcore.topology.snapshot import Compatibility
from tests.packets4 import ACK, DISCOVER, INFORM, NAK, OFFER, client
from tests.playbook import OFFICE, World, assignment, pool, subnet

Make = Callable[..., World]
Callout = Callable[[CalloutHandle], int | None]
A, B = client(1), client(2)
HUNDRED, NEXT = "192.0.2.100", "192.0.2.101"


def hooked(world: Make, *more: Any, lifetime: int = 3600, **callouts: Callout) -> World:
    w = world(subnet(OFFICE, pool(HUNDRED, "192.0.2.109"), lifetime=lifetime), *more)
    hook(w, **callouts)
    return w


def hook(w: World, **callouts: Callout) -> Registry:
    registry = Registry()
    for name, function in callouts.items():
        registry.register(1, "site", name, function)
    w.engine.hook(registry)
    w.install()
    return registry


def drop(handle: CalloutHandle) -> None:
    handle.setStatus(handle.DROP)


def skip(handle: CalloutHandle) -> None:
    handle.setStatus(handle.SKIP)


def test_without_callouts_no_packet_meets_a_hook(world: Make) -> None:
    w = hooked(world)
    assert w.lease(A).yiaddr == HUNDRED
    assert not any(type(one).__module__.endswith("hooked") for one in w.engine.plan.handlers)


def test_every_point_of_a_dialogue_is_called_once_in_its_order_with_its_arguments(world: Make) -> None:
    calls: list[tuple[str, tuple[str, ...]]] = []

    def note(handle: CalloutHandle) -> None:
        calls.append((handle.getHookName(), tuple(handle.getArgumentNames())))

    w = hooked(world, **dict.fromkeys(
        ("context_create", "context_destroy", "buffer4_receive", "pkt4_receive", "subnet4_select", "lease4_select",
         "lease4_renew", "lease4_offer", "leases4_committed", "pkt4_send", "buffer4_send", "lease4_release"), note,
    ))  # fmt: skip
    offer = w.discover(A)
    received = [("context_create", ()), ("buffer4_receive", ("query4",)), ("pkt4_receive", ("query4",)),
                ("subnet4_select", ("query4", "subnet4", "subnet4collection"))]  # fmt: skip
    sent = [("pkt4_send", ("query4", "response4", "subnet4")), ("buffer4_send", ("response4",)),
            ("context_destroy", ())]  # fmt: skip
    select = ("lease4_select", ("query4", "subnet4", "fake_allocation", "lease4"))
    offered = ("lease4_offer", ("query4", "response4", "leases4", "offer_lifetime", "old_lease", "host",
                                "offer_address_in_use"))  # fmt: skip
    committed = ("leases4_committed", ("query4", "response4", "leases4", "deleted_leases4"))
    assert calls == [*received, select, offered, *sent]
    calls.clear()
    w.select(A, offer)
    assert calls == [*received, select, committed, *sent]
    calls.clear()
    w.pass_(1800)
    w.renew(A, HUNDRED)
    renew = ("lease4_renew", ("query4", "subnet4", "clientid", "hwaddr", "lease4"))
    assert calls == [*received, renew, committed, *sent]
    calls.clear()
    w.release(A, HUNDRED)
    assert calls == [*received, ("lease4_release", ("query4", "lease4")), committed, ("context_destroy", ())]


@pytest.mark.parametrize("name", [
    "context_create", "context_destroy", "buffer4_receive", "pkt4_receive", "subnet4_select", "lease4_select",
    "lease4_renew", "lease4_offer", "leases4_committed", "pkt4_send", "buffer4_send", "lease4_release",
])  # fmt: skip
def test_one_that_is_switched_off_is_in_nobodys_way(world: Make, name: str) -> None:
    def late(_: CalloutHandle) -> None:
        raise Overrun

    w = world(subnet(OFFICE, pool(HUNDRED, "192.0.2.109"), lifetime=3600))
    registry = hook(w, **{name: late})
    handle = registry.open()
    while registry.has(name):
        registry.call(handle, name, {})
    assert w.lease(A).yiaddr == HUNDRED
    w.pass_(1800)
    assert w.renew(A, HUNDRED).number(51) == 3600
    w.release(A, HUNDRED)
    assert w.reasons == ["RELEASED"]


class TestReceive:
    @pytest.mark.parametrize(("name", "callout"), [
        ("buffer4_receive", drop), ("pkt4_receive", drop), ("pkt4_receive", skip), ("subnet4_select", drop),
    ])  # fmt: skip
    def test_a_message_is_stopped(self, world: Make, name: str, callout: Callout) -> None:
        w = hooked(world, **{name: callout})
        assert w.discover(A) is None
        assert w.reason == "HOOK-DROPPED"

    def test_only_the_one_that_is_meant(self, world: Make) -> None:
        def block(handle: CalloutHandle) -> None:
            if handle.getArgument("query4").hw_address == A.hw.hex(":"):
                handle.setStatus(handle.DROP)

        w = hooked(world, pkt4_receive=block)
        answers = w.send(w.packet(DISCOVER, A), w.packet(DISCOVER, B))
        assert [answer.hw for answer in answers] == [B.hw]
        assert w.reasons == ["HOOK-DROPPED", "OFFER"]

    def test_skip_at_buffer4_receive_stops_nothing(self, world: Make) -> None:
        assert hooked(world, buffer4_receive=skip).lease(A)

    def test_octets_that_make_no_message_are_shown_and_end_by_their_own_name(self, world: Make) -> None:
        seen: list[tuple[bytes, str]] = []
        calls: list[str] = []

        def look(handle: CalloutHandle) -> None:
            query = handle.getArgument("query4")
            seen.append((query.data, str(query.fault)))
            assert (query.options, query.client_id) == ({}, None)

        def count(handle: CalloutHandle) -> None:
            calls.append(handle.getHookName())

        w = hooked(world, buffer4_receive=look, context_create=count, context_destroy=count, pkt4_receive=count)
        for cut in (b"", b"\x01", b"x" * 235, b"\x02" + bytes(299)):
            assert w.one(w.packet(DISCOVER, A).edited(lambda data, cut=cut: cut)) is None
            assert w.reason == "MALFORMED"
        broken = w.packet(DISCOVER, A).edited(lambda data: data[:-1] + b"\x0c\x40short")
        assert w.one(broken) is None
        assert w.reason == "MALFORMED"
        assert [octets for octets, _ in seen][:2] == [b"", b"\x01"]
        assert all(fault != "None" for _, fault in seen)
        assert calls == ["context_create", "context_destroy"] * 5
        assert w.engine.traces[-1].datagram.data == broken.data

    def test_a_message_that_can_be_read_has_no_fault_there(self, world: Make) -> None:
        seen: list[Any] = []
        w = hooked(world, buffer4_receive=lambda handle: seen.append(handle.getArgument("query4").fault))
        w.lease(A)
        assert seen == [None, None]

    def test_octets_that_make_no_message_are_stopped(self, world: Make) -> None:
        w = hooked(world, buffer4_receive=drop)
        assert w.one(w.packet(DISCOVER, A).edited(lambda data: data[:100])) is None
        assert w.reason == "HOOK-DROPPED"

    def test_octets_are_repaired(self, world: Make) -> None:
        def repair(handle: CalloutHandle) -> None:
            query = handle.getArgument("query4")
            if query.fault is not None:
                query.data = query.data[:-7] + b"\xff"
                assert query.fault is None

        w = hooked(world, buffer4_receive=repair)
        offer = w.one(w.packet(DISCOVER, A).edited(lambda data: data[:-1] + b"\x0c\x40short"))
        assert (offer.kind, offer.yiaddr) == (OFFER, HUNDRED)

    def test_a_callout_reads_what_the_server_cannot_and_skips_its_reading(self, world: Make) -> None:
        def unpack(handle: CalloutHandle) -> None:
            query = handle.getArgument("query4")
            assert query.data.endswith(b"\x0c\x40short")
            query.set_option("dhcp-message-type", bytes((DISCOVER,)))
            query.set_option("dhcp-requested-address", bytes([192, 0, 2, 105]))
            handle.setStatus(handle.SKIP)

        w = hooked(world, buffer4_receive=unpack)
        offer = w.one(w.packet(DISCOVER, A).edited(lambda data: data[:-1] + b"\x0c\x40short"))
        assert (offer.kind, offer.yiaddr) == (OFFER, "192.0.2.105")

    def test_what_has_no_header_is_no_message_whatever_a_callout_says(self, world: Make) -> None:
        def unpack(handle: CalloutHandle) -> None:
            handle.getArgument("query4").set_option(53, bytes((DISCOVER,)))
            handle.setStatus(handle.SKIP)

        w = hooked(world, buffer4_receive=unpack)
        for octets in (b"\x01\x01\x06", b"\x02" + bytes(300), b"\x01\x01\x40" + bytes(300)):
            assert w.one(w.packet(DISCOVER, A).edited(lambda data, octets=octets: octets)) is None
            assert w.reason == "MALFORMED"

    def test_a_message_of_another_type_is_made_where_it_is_read_and_not_later(
        self, world: Make, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A BOOTP client becomes one of DHCP: what Kea's own library does."""

        def make(handle: CalloutHandle) -> None:
            query = handle.getArgument("query4")
            query.data = w.packet(DISCOVER, A, xid=query.xid).data

        w = world(subnet(OFFICE, pool(HUNDRED, "192.0.2.109"), lifetime=3600))
        assert w.bootp(A) is None
        assert w.reason == "BOOTP"
        hook(w, buffer4_receive=make)
        w.faulty = True
        packet = w.packet(None, A)
        w._check_answer = lambda sent, answer: None  # type: ignore[method-assign]  # It is none to a BOOTP client.
        offer = w.one(packet)
        assert (offer.kind, offer.yiaddr) == (OFFER, HUNDRED)
        hook(w, pkt4_receive=make)
        assert w.one(w.packet(INFORM, A, ciaddr=HUNDRED)) is None
        assert "not changed after buffer4_receive" in caplog.text

    @pytest.mark.parametrize(("kind", "reason"), [(None, "BOOTP"), (OFFER, "NOT-A-REQUEST"), (99, "NOT-A-REQUEST")])
    def test_messages_that_are_not_answered_are_shown_too(self, world: Make, kind: int | None, reason: str) -> None:
        seen: list[str] = []
        w = hooked(world, buffer4_receive=lambda handle: seen.append(handle.getArgument("query4").type))
        assert w.one(w.packet(kind, A)) is None
        assert (w.reason, len(seen)) == (reason, 1)

    def test_what_is_read_leniently_is_read_so_after_the_callout(self, world: Make) -> None:
        seen: list[bool] = []
        w = hooked(world, buffer4_receive=lambda handle: seen.append(handle.getArgument("query4").fault is not None),
                   pkt4_receive=lambda handle: seen.append(53 in handle.getArgument("query4").options))  # fmt: skip
        w.install(compatibility=Compatibility(lenient_options=True))
        assert w.one(w.packet(DISCOVER, A).edited(lambda data: data[:-1] + b"\x0c\x40short")).kind == OFFER
        assert seen == [True, True]

    def test_options_of_the_message_are_changed(self, world: Make) -> None:
        def ask(handle: CalloutHandle) -> None:
            query = handle.getArgument("query4")
            query.set_option("dhcp-requested-address", bytes([192, 0, 2, 105]))
            assert query.delete_option(60)
            assert query.get_option(60) is None

        w = hooked(world, pkt4_receive=ask)
        assert w.discover(A, options={60: b"x"}).yiaddr == "192.0.2.105"

    def test_octets_of_the_message_are_replaced(self, world: Make) -> None:
        def replace(handle: CalloutHandle) -> None:
            query = handle.getArgument("query4")
            query.data = query.data.replace(b"\x32\x04\xc0\x00\x02\x65", b"\x32\x04\xc0\x00\x02\x66")

        w = hooked(world, buffer4_receive=replace)
        assert w.discover(A, requested=NEXT).yiaddr == "192.0.2.102"

    @pytest.mark.parametrize("octets", [b"short", b"\x02" + bytes(300)])
    def test_octets_that_are_no_message_are_the_callouts_failure(
        self, world: Make, octets: bytes, caplog: pytest.LogCaptureFixture
    ) -> None:
        def replace(handle: CalloutHandle) -> None:
            handle.getArgument("query4").data = octets

        w = hooked(world, buffer4_receive=replace)
        assert w.discover(A) is None
        assert w.reason == "HOOK-DROPPED"
        assert "HOOK-FAILED" in caplog.text

    def test_it_is_called_once_for_a_packet_that_waits_for_its_probe(self, world: Make) -> None:
        calls: list[int] = []
        w = world(subnet(OFFICE, pool(HUNDRED, "192.0.2.109")), probe=True)
        hook(w, pkt4_receive=lambda handle: calls.append(1))
        assert w.discover(A) is None
        w.pass_(0.5)
        assert len(w.later()) == 1
        assert calls == [1]


class TestSubnet:
    def test_another_subnet_of_the_link_is_chosen(self, world: Make) -> None:
        def choose(handle: CalloutHandle) -> None:
            handle.setArgument("subnet4", handle.getArgument("subnet4collection")[1])

        first = subnet("192.0.2.0/25", pool("192.0.2.10", "192.0.2.20"), shared_network="campus")
        second = subnet("198.51.100.0/24", pool("198.51.100.10", "198.51.100.20"), shared_network="campus")
        w = world(first, second)
        assert w.discover(A).yiaddr == "192.0.2.10"
        hook(w, subnet4_select=choose)
        assert w.discover(B).yiaddr == "198.51.100.10"

    def test_skip_leaves_it_without(self, world: Make) -> None:
        w = hooked(world, subnet4_select=skip)
        assert w.discover(A) is None
        assert w.reason == "NO-SUBNET"

    def test_one_that_is_not_of_the_link_is_not_taken(self, world: Make) -> None:
        far = subnet("203.0.113.0/24", pool("203.0.113.1", "203.0.113.9"))
        w = hooked(world, far, subnet4_select=lambda handle: handle.setArgument("subnet4", far))
        assert w.discover(A).yiaddr == HUNDRED


class TestIdentifier:
    @staticmethod
    def known(world: Make, assigned: Any, **callouts: Callout) -> World:
        home = subnet(OFFICE, pool(HUNDRED, "192.0.2.109"), lifetime=3600)
        w = world(home, assignments=[assigned(home)])
        hook(w, **callouts)
        return w

    @staticmethod
    def printer(home: Any) -> Any:
        return assignment(home, "192.0.2.7", circuit=b"printer")._replace(identifier_kind=Identifier.FLEX)

    def test_a_callout_names_the_client_and_it_gets_what_is_assigned_to_that(self, world: Make) -> None:
        seen: list[tuple[str, bytes]] = []

        def name(handle: CalloutHandle) -> None:
            seen.append((handle.getArgument("id_type"), handle.getArgument("id_value")))
            if handle.getArgument("query4").hw_address == A.hw.hex(":"):
                handle.setArgument("id_value", b"printer")

        w = self.known(world, self.printer, host4_identifier=name)
        assert w.lease(A).yiaddr == "192.0.2.7"
        assert w.discover(B).yiaddr == HUNDRED
        assert seen == [("flex-id", b"")] * 3
        assert "named the client 70:72:69:6e:74:65:72" in " ".join(
            describe(step) for trace in w.engine.traces for step in trace.steps)  # fmt: skip

    def test_it_names_it_by_an_identifier_of_another_kind(self, world: Make) -> None:
        def name(handle: CalloutHandle) -> None:
            handle.setArgument("id_type", "circuit-id")
            handle.setArgument("id_value", b"port 7")

        w = self.known(
            world, lambda home: assignment(home, "192.0.2.7", circuit=b"port 7"), host4_identifier=name
        )
        assert w.discover(A).yiaddr == "192.0.2.7"

    def test_it_comes_before_the_clients_own(self, world: Make) -> None:
        home = subnet(OFFICE, pool(HUNDRED, "192.0.2.109"), lifetime=3600)
        w = world(home, assignments=[assignment(home, "192.0.2.8", client_id=b"\0a"), self.printer(home)])
        named = client(1, b"\0a")
        assert w.discover(named).yiaddr == "192.0.2.8"
        hook(w, host4_identifier=lambda handle: handle.setArgument("id_value", b"printer"))
        assert w.discover(named).yiaddr == "192.0.2.7"

    @pytest.mark.parametrize("callout", [skip, drop])
    def test_with_another_status_than_continue_it_is_not_used(self, world: Make, callout: Callout) -> None:
        def name(handle: CalloutHandle) -> None:
            handle.setArgument("id_value", b"printer")
            callout(handle)

        assert self.known(world, self.printer, host4_identifier=name).discover(A).yiaddr == HUNDRED

    @pytest.mark.parametrize(("kind", "value"), [
        ("flex-id", "text"), ("flex-id", bytes(256)), ("mac", b"printer"), (None, b"printer"), ("flex-id", None),
    ])  # fmt: skip
    def test_one_that_makes_no_sense_is_told_and_not_used(
        self, world: Make, kind: object, value: object, caplog: pytest.LogCaptureFixture
    ) -> None:
        def name(handle: CalloutHandle) -> None:
            handle.setArgument("id_type", kind)
            handle.setArgument("id_value", value)

        assert self.known(world, self.printer, host4_identifier=name).discover(A).yiaddr == HUNDRED
        assert "HOOK-FAILED: host4_identifier" in caplog.text

    def test_where_nothing_is_assigned_it_is_not_called(self, world: Make) -> None:
        calls: list[int] = []
        assert hooked(world, host4_identifier=lambda handle: calls.append(1)).lease(A)
        assert calls == []


class TestProbation:
    def test_an_address_that_a_probe_found_in_use_is_told_once_it_is_committed(self, world: Make) -> None:
        seen: list[Any] = []

        def declined(handle: CalloutHandle) -> None:
            lease, row = handle.getArgument("lease4"), w.row(HUNDRED)
            seen.append((lease.address, lease.valid_lft, handle.getArgument("query4").hw_address, row and row.state))

        w = world(subnet(OFFICE, pool(HUNDRED, "192.0.2.109"), lifetime=3600), probe=True)
        hook(w, lease4_server_decline=declined)
        assert w.discover(A) is None
        w.faulty = True  # The witness heard of no probe.
        w.engine.probe_answered(w.engine.take_probes()[0].key)
        assert w.later() == []
        assert seen == [(HUNDRED, 86_400, A.hw.hex(":"), 4)]
        w.pass_(0.5)
        (offer,) = w.later()
        assert offer.yiaddr == NEXT
        assert len(seen) == 1

    def test_one_that_a_callout_knew_to_be_in_use_is_told_too(self, world: Make) -> None:
        seen: list[str] = []

        def in_use(handle: CalloutHandle) -> None:
            handle.setArgument("offer_address_in_use", handle.getArgument("leases4")[0].address == HUNDRED)

        def declined(handle: CalloutHandle) -> None:
            assert handle.getArgumentNames() == ["query4", "lease4"]
            seen.append(handle.getArgument("lease4").address)

        w = hooked(world, lease4_offer=in_use, lease4_server_decline=declined)
        w.discover(A)
        w.faulty = True
        assert w.later()[0].yiaddr == NEXT
        assert seen == [HUNDRED]

    def test_a_decline_of_the_clients_own_or_a_commit_that_failed_is_none_of_the_servers(self, world: Make) -> None:
        seen: list[str] = []
        w = world(subnet(OFFICE, pool(HUNDRED, "192.0.2.109"), lifetime=3600), probe=False)
        hook(w, lease4_server_decline=lambda handle: seen.append(handle.getArgument("lease4").address))
        w.lease(A)
        w.decline(A, HUNDRED)
        assert w.row(HUNDRED).state == 4
        w.install(probe=True)
        w.discover(B)
        w.faulty = True
        w.engine.probe_answered(w.engine.take_probes()[0].key)
        w.store.commit_faults.append(StoreError("no"))
        w.later()
        assert seen == []

    def test_where_another_writer_was_first_it_was_not_declined(self, world: Make) -> None:
        seen: list[str] = []
        home = subnet(OFFICE, pool(HUNDRED, "192.0.2.109"), lifetime=3600)
        w = world(home, probe=True)
        hook(w, lease4_server_decline=lambda handle: seen.append(handle.getArgument("lease4").address))
        w.discover(A)
        w.faulty = True
        w.engine.probe_answered(w.engine.take_probes()[0].key)
        w.store.before_commit.append(lambda: w.fill(HUNDRED, 1, home))
        w.later()
        assert (w.row(HUNDRED).state, seen) == (1, [])

    def test_nobody_is_given_an_address_at_the_end_of_its_probation_before_the_callout_was_asked(
        self, world: Make
    ) -> None:
        seen: list[tuple[str, str]] = []

        def recover(handle: CalloutHandle) -> None:
            seen.append((handle.getArgument("lease4").address, ",".join(handle.getArgumentNames())))
            if len(seen) == 1:
                handle.setStatus(handle.SKIP)

        w = world(subnet(OFFICE, pool(HUNDRED, HUNDRED), lifetime=3600), probation_s=600)
        hook(w, lease4_recover=recover)
        w.lease(A)
        w.decline(A, HUNDRED)
        w.pass_(599)
        w.sweep()
        assert seen == []
        w.pass_(1)
        assert w.discover(B) is None
        assert w.reason == "POOL-EXHAUSTED"
        w.sweep()  # SKIP: another term.
        w.sweep()
        assert seen == [(HUNDRED, "lease4")]
        w.pass_(599)
        w.sweep()
        assert w.discover(B) is None
        w.pass_(1)
        w.sweep()
        assert len(seen) == 2
        assert w.lease(B).yiaddr == HUNDRED
        w.sweep()
        assert len(seen) == 2

    def test_where_nobody_asks_any_more_it_is_free_an_hour_later(self, world: Make) -> None:
        w = world(subnet(OFFICE, pool(HUNDRED, HUNDRED), lifetime=3600), probation_s=600)
        hook(w, lease4_recover=skip)
        w.lease(A)
        w.decline(A, HUNDRED)
        hook(w)
        w.pass_(4199)
        w.sweep()
        assert w.discover(B) is None
        w.pass_(1)
        assert w.lease(B).yiaddr == HUNDRED

    def test_without_a_callout_a_probation_ends_by_itself(self, world: Make) -> None:
        w = hooked(world, lease4_expire=skip)
        w.lease(A)
        w.decline(A, HUNDRED)
        assert w.row(HUNDRED).expires == w.now + 86_400


class TestLease:
    def test_skip_at_an_offer_is_silence_and_at_a_grant_a_refusal(self, world: Make) -> None:
        seen: list[bool] = []

        def refuse(handle: CalloutHandle) -> None:
            seen.append(handle.getArgument("fake_allocation"))
            if not seen[-1]:
                handle.setStatus(handle.SKIP)

        w = hooked(world, lease4_select=refuse)
        offer = w.discover(A)
        nak = w.select(A, offer)
        assert (nak.kind, w.reason, seen) == (NAK, "NAK-HOOK", [True, False])
        assert w.row(HUNDRED) is None
        hook(w, lease4_select=skip)
        assert w.discover(B) is None
        assert w.reason == "HOOK-DROPPED"

    def test_a_callout_chooses_how_long(self, world: Make) -> None:
        def shorten(handle: CalloutHandle) -> None:
            handle.getArgument("lease4").valid_lft = 600

        w = hooked(world, lease4_select=shorten, lease4_renew=shorten)
        ack = w.lease(A)
        assert (ack.number(51), ack.number(58), ack.number(59)) == (600, 300, 525)
        w.pass_(300)
        assert w.renew(A, HUNDRED).number(51) == 600

    @pytest.mark.parametrize("value", [0, -1, "600", None, 2**32])
    def test_one_that_makes_no_sense_is_told_and_not_taken(
        self, world: Make, value: object, caplog: pytest.LogCaptureFixture
    ) -> None:
        def spoil(handle: CalloutHandle) -> None:
            handle.getArgument("lease4").valid_lft = value

        w = hooked(world, lease4_select=spoil)
        assert w.lease(A).number(51) == 3600
        assert "HOOK-FAILED: valid_lft" in caplog.text

    def test_a_lease_that_is_not_extended_keeps_its_end_and_the_client_hears_it(self, world: Make) -> None:
        w = hooked(world, lease4_renew=skip)
        until = w.lease(A).number(51) + w.now
        w.pass_(1000)
        ack = w.renew(A, HUNDRED)
        assert (ack.kind, ack.number(51)) == (ACK, 2600)
        assert w.row(HUNDRED).expires == until

    @pytest.mark.parametrize("callout", [skip, drop])
    def test_what_would_be_given_back_is_kept(self, world: Make, callout: Callout) -> None:
        w = hooked(world, lease4_release=callout, lease4_decline=callout)
        w.lease(A)
        w.faulty = True  # The witness thinks that it was given back.
        w.release(A, HUNDRED)
        assert w.reason == "HOOK-KEPT"
        w.decline(A, HUNDRED)
        assert w.reason == "HOOK-KEPT"
        assert w.row(HUNDRED).state == 1

    def test_a_stranger_s_release_does_not_reach_the_hook(self, world: Make) -> None:
        calls: list[int] = []
        w = hooked(world, lease4_release=lambda handle: calls.append(1))
        w.lease(A)
        w.release(B, HUNDRED)
        assert (w.reason, calls) == ("NO-BINDING", [])


class TestOffer:
    def test_no_offer(self, world: Make) -> None:
        w = hooked(world, lease4_offer=drop)
        assert w.discover(A) is None
        assert w.reason == "HOOK-DROPPED"

    def test_an_address_that_a_callout_knows_to_be_in_use_goes_on_probation_and_another_is_offered(
        self, world: Make
    ) -> None:
        def in_use(handle: CalloutHandle) -> None:
            if handle.getArgument("leases4")[0].address == HUNDRED:
                handle.setArgument("offer_address_in_use", True)

        w = hooked(world, lease4_offer=in_use)
        assert w.discover(A) is None
        assert w.engine.due
        w.faulty = True  # The witness heard of no probe.
        (offer,) = w.later()
        assert (offer.kind, offer.yiaddr) == (OFFER, NEXT)
        assert w.row(HUNDRED).state == 4

    def test_it_is_told_how_long_the_address_is_kept(self, world: Make) -> None:
        seen: list[int] = []
        w = hooked(world, lease4_offer=lambda handle: seen.append(handle.getArgument("offer_lifetime")))
        w.discover(A)
        w.install(offer_hold_s=7)
        w.discover(B)
        assert seen == [60, 7]

    def test_the_assignment_is_told(self, world: Make) -> None:
        seen: list[Any] = []
        home = subnet(OFFICE, pool(HUNDRED, "192.0.2.109"))
        w = world(home, assignments=[assignment(home, "192.0.2.7", hw=A.hw, hostname="printer")])
        hook(w, lease4_offer=lambda handle: seen.append(handle.getArgument("host")))
        w.discover(A)
        w.discover(B)
        assert [one and one["hostname"] for one in seen] == ["printer", None]


class TestCommitted:
    def test_the_leases_are_in_sql_when_it_is_called(self, world: Make) -> None:
        seen: list[Any] = []
        w = world(subnet(OFFICE, pool(HUNDRED, "192.0.2.109"), lifetime=3600))

        def look(handle: CalloutHandle) -> None:
            leases, ended = handle.getArgument("leases4"), handle.getArgument("deleted_leases4")
            seen.append(([one.address for one in leases], [one.address for one in ended], w.row(HUNDRED)))

        hook(w, leases4_committed=look)
        w.lease(A)
        assert (seen[0][:2], seen[0][2].state) == (([HUNDRED], []), 1)
        w.release(A, HUNDRED)
        assert (seen[1][:2], seen[1][2].state) == (([], [HUNDRED]), 2)

    def test_drop_sends_nothing_and_the_lease_stays(self, world: Make) -> None:
        w = hooked(world, leases4_committed=drop)
        offer = w.discover(A)
        w.faulty = True
        assert w.select(A, offer) is None
        assert w.reason == "HOOK-DROPPED"
        assert w.row(HUNDRED).state == 1

    def test_two_that_park_let_it_go_at_the_second_unpark_once(self, world: Make) -> None:
        """Kea example 14."""
        parked: list[Any] = []

        def park(handle: CalloutHandle) -> None:
            lot = handle.getParkingLotHandlePtr()
            query = handle.getArgument("query4")
            lot.reference(query)
            parked.append((lot, query))
            handle.setStatus(handle.PARK)

        w = world(subnet(OFFICE, pool(HUNDRED, "192.0.2.109"), lifetime=3600))
        registry = hook(w, leases4_committed=park)
        registry.register(2, "other", "leases4_committed", park)
        offer = w.discover(A)
        w.faulty = True
        assert w.select(A, offer) is None
        assert w.reasons == []
        (lot, query), _ = parked
        assert lot.unpark(query)
        assert not w.engine.due
        assert lot.unpark(query)
        assert w.engine.due
        (ack,) = w.later()
        assert (ack.kind, ack.yiaddr, w.reason) == (ACK, HUNDRED, "ACK-NEW")
        assert not lot.unpark(query)
        assert w.later() == []

    def test_what_nobody_lets_go_is_given_up_with_its_reason(self, world: Make) -> None:
        def park(handle: CalloutHandle) -> None:
            handle.getParkingLotHandlePtr().reference(handle.getArgument("query4"))
            handle.setStatus(handle.PARK)

        w = hooked(world, leases4_committed=park)
        offer = w.discover(A)
        w.faulty = True
        w.select(A, offer)
        assert w.engine.timer() == w.now + 8
        w.pass_(8)
        assert w.later() == []
        assert w.reason == "HOOK-PARKED"
        assert w.engine.timer() is None

    def test_no_more_than_256_are_parked(self, world: Make) -> None:
        def park(handle: CalloutHandle) -> None:
            handle.getParkingLotHandlePtr().reference(handle.getArgument("query4"))
            handle.setStatus(handle.PARK)

        w = world(subnet("192.0.0.0/16", pool("192.0.2.1", "192.0.9.1"), lifetime=3600) )
        hook(w, lease4_offer=park)
        assert w.send(*(w.packet(DISCOVER, client(n)) for n in range(257))) == []
        assert w.reason == "HOOK-PARKED"

    def test_a_callout_that_raises_sends_nothing(self, world: Make, caplog: pytest.LogCaptureFixture) -> None:
        def bad(handle: CalloutHandle) -> None:
            raise RuntimeError("a mistake")

        w = hooked(world, leases4_committed=bad)
        offer = w.discover(A)
        w.faulty = True
        assert w.select(A, offer) is None
        assert w.reason == "HOOK-DROPPED"
        assert "a mistake" in caplog.text

    def test_a_renewal_in_the_same_second_changes_nothing_and_is_told_with_nothing(self, world: Make) -> None:
        seen: list[Any] = []
        w = hooked(world, leases4_committed=lambda handle: seen.append(handle.getArgument("leases4")))
        w.lease(A)
        w.renew(A, HUNDRED)
        assert len(seen) == 2


class TestSend:
    def test_options_and_fields_of_the_answer_are_changed(self, world: Make) -> None:
        def change(handle: CalloutHandle) -> None:
            answer = handle.getArgument("response4")
            answer.set_option("domain-name", b"example.net")
            answer.set_option(224, b"x")
            answer.siaddr = "192.0.2.66"
            answer.file = b"boot"

        w = hooked(world, pkt4_send=change)
        ack = w.lease(A, prl=b"\x01\x03")
        assert (ack.options[15], ack.options[224], ack.siaddr) == (b"example.net", b"x", "192.0.2.66")
        assert (ack.number(51), ack.yiaddr) == (3600, HUNDRED)

    def test_an_option_is_left_out(self, world: Make) -> None:
        def change(handle: CalloutHandle) -> None:
            answer = handle.getArgument("response4")
            assert answer.get_option("routers") == bytes([192, 0, 2, 1])
            answer.delete_option("routers")

        home = subnet(OFFICE, pool(HUNDRED, "192.0.2.109"), options={3: bytes([192, 0, 2, 1])})
        w = world(home)
        assert 3 in w.discover(A, prl=b"\x03").options
        hook(w, pkt4_send=change)
        assert 3 not in w.discover(B, prl=b"\x03").options

    @pytest.mark.parametrize("option", [51, 53, 54, 82])
    def test_what_says_what_was_committed_cannot_be_changed(
        self, world: Make, option: int, caplog: pytest.LogCaptureFixture
    ) -> None:
        w = hooked(world, pkt4_send=lambda handle: handle.getArgument("response4").set_option(option, bytes(4)))
        assert w.discover(A) is None
        assert w.reason == "HOOK-DROPPED"
        assert "the protocol's own" in caplog.text

    def test_the_octets_are_replaced(self, world: Make) -> None:
        def sign(handle: CalloutHandle) -> None:
            answer = handle.getArgument("response4")
            answer.data = answer.data.replace(b"\x0cguest.xample", b"\x0cguest.sample")

        w = hooked(world, buffer4_send=sign)
        assert w.discover(A).kind == OFFER

    @pytest.mark.parametrize(("name", "callout"), [
        ("pkt4_send", drop), ("buffer4_send", drop), ("buffer4_send", skip),
    ])  # fmt: skip
    def test_it_is_not_sent(self, world: Make, name: str, callout: Callout) -> None:
        w = hooked(world, **{name: callout})
        assert w.discover(A) is None
        assert w.reason == "HOOK-DROPPED"

    def test_a_callout_packs_the_answer_itself_and_skips_the_servers_packing(self, world: Make) -> None:
        def pack(handle: CalloutHandle) -> None:
            answer = handle.getArgument("response4")
            answer.siaddr = "192.0.2.77"
            answer.data = answer.data[:20] + bytes([192, 0, 2, 66]) + answer.data[24:]
            handle.setStatus(handle.SKIP)

        assert hooked(world, pkt4_send=pack).lease(A).siaddr == "192.0.2.66"

    @pytest.mark.parametrize("name", ["pkt4_send", "buffer4_send"])
    @pytest.mark.parametrize("octets", [None, "text", 5])
    def test_octets_that_are_none_are_the_callouts_failure(self, world: Make, name: str, octets: object) -> None:
        def spoil(handle: CalloutHandle) -> None:
            handle.getArgument("response4").data = octets

        w = hooked(world, **{name: spoil})
        assert w.discover(A) is None
        assert w.reason == "HOOK-DROPPED"

    def test_refusals_pass_it_too(self, world: Make) -> None:
        seen: list[str] = []
        w = hooked(world, pkt4_send=lambda handle: seen.append(handle.getArgument("response4").type))
        w.reboot(A, "203.0.113.9")
        w.select(A, "203.0.113.9")
        assert seen[-1] == "NAK"


class TestRest:
    def test_a_lease_whose_end_a_callout_keeps_from_being_swept_is_asked_again(self, world: Make) -> None:
        keep = True

        def expire(handle: CalloutHandle) -> None:
            assert handle.getArgument("remove_lease") is False
            if keep:
                handle.setStatus(handle.SKIP)

        w = hooked(world, lease4_expire=expire)
        w.lease(A)
        w.pass_(4000)
        w.sweep()
        assert w.row(HUNDRED).state == 1
        keep = False
        w.sweep()
        assert w.row(HUNDRED).state == 3

    def test_it_is_asked_at_the_start_and_of_every_later_revision(self, world: Make) -> None:
        """Kea example 1, by DHCPv4's hook."""
        asked = []

        def seen(handle: CalloutHandle) -> None:
            asked.append((handle.getArgumentNames(), len(handle.getArgument("server_config").subnets)))

        w = hooked(world, dhcp4_srv_configured=seen)
        w.install(*w.subnets, subnet("203.0.113.0/24"))
        w.lease(A)
        assert asked == [(["server_config", "error"], 1), (["server_config", "error"], 2)]

    def test_a_revision_is_refused_and_the_former_one_stays(self, world: Make) -> None:
        def judge(handle: CalloutHandle) -> None:
            if len(handle.getArgument("server_config").subnets) > 1:
                handle.setArgument("error", "one subnet is enough")
                handle.setStatus(handle.DROP)

        w = hooked(world, dhcp4_srv_configured=judge)
        before = w.engine.snapshot
        with pytest.raises(Refused, match="refuses revision 3: one subnet is enough"):
            w.install(*w.subnets, subnet("203.0.113.0/24"))
        assert w.engine.snapshot is before
        w.install(w.subnets[0])
        assert w.lease(A)

    def test_skip_there_is_no_refusal(self, world: Make) -> None:
        assert hooked(world, dhcp4_srv_configured=skip).lease(A)
