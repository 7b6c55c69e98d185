"""Configured handlers in the way of real dialogues: what they change, whom they concern, what not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dhcpcore.batch import Batch
from dhcpcore.net import cycle
from dhcpcore.store.definitions import Definitions
from tests.packets4 import DISCOVER, client, read
from tests.playbook import World, traces
from tests.scenarios.served import apply, served

Make = Callable[..., World]
A, B = client(1), client(2)


def document(*handlers: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "subnets": [{"prefix": "192.0.2.0/24", "name": "office", "lifetime": "1h",
                     "pools": [{"first": "192.0.2.100", "last": "192.0.2.109"}],
                     "options": {"domain-name": "example.org", "domain-name-servers": ["192.0.2.53"]}}],
        "handlers": list(handlers), **more,
    }  # fmt: skip


def handler(type_: str, *, scope: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    return {"type": type_, "fields": fields, **({"scope": scope} if scope else {})}


def test_without_configured_handlers_no_packet_meets_one(world: Make) -> None:
    w = served(world, document())
    assert w.lease(A).yiaddr == "192.0.2.100"
    assert not any(type(one).__module__.endswith("configured") for one in w.engine.plan.handlers)
    assert w.engine.gate is None


def test_an_option_is_set_where_it_is_not_there_yet(world: Make) -> None:
    w = served(world, document(handler("set-option", options={"dhcp4": {"time-offset": 60, "domain-name": "other"}})))
    offer = w.discover(A)
    assert offer.options[2] == (60).to_bytes(4, "big")
    assert offer.options[15] == b"example.org"
    assert "Configured handlers were asked: set-option." in traces(w)


class TestOptions:
    def test_one_that_was_not_asked_for_is_sent_only_where_it_always_is(self, world: Make) -> None:
        w = served(world, document(handler("set-option", options={"dhcp4": {"time-offset": 60}})))
        assert 2 not in w.discover(A, prl=bytes((1, 3))).options
        assert 2 in w.discover(A, prl=bytes((1, 2))).options
        apply(w, document(handler("set-option", options={"dhcp4": {"time-offset": 60}}, always_send=True)))
        assert 2 in w.discover(A, prl=bytes((1, 3))).options

    def test_it_is_put_behind_what_is_there(self, world: Make) -> None:
        w = served(world, document(handler("set-option", append=True,
                                           options={"dhcp4": {"domain-name-servers": ["192.0.2.54"]}})))
        assert w.lease(A).options[6] == bytes((192, 0, 2, 53, 192, 0, 2, 54))

    def test_it_is_overwritten(self, world: Make) -> None:
        w = served(world, document(handler("overwrite-option", options={"dhcp4": {"domain-name": "other"}})))
        assert w.discover(A).options[15] == b"other"
        assert w.lease(A).options[15] == b"other"
        assert 15 not in w.discover(B, prl=b"\1").options

    def test_it_is_copied_from_the_message(self, world: Make) -> None:
        w = served(world, document(handler("copy-option", options={"dhcp4": ["domain-name"]})))
        assert w.discover(A, options={15: b"mine"}).options[15] == b"mine"
        assert w.discover(B).options[15] == b"example.org"

    def test_two_lists_of_resolvers_become_one_without_doubles_in_their_order(self, world: Make) -> None:
        w = served(world, document(
            handler("recursive-name-servers", addresses=["192.0.2.54", "2001:db8::53"]),
            handler("recursive-name-servers", addresses=["192.0.2.54", "192.0.2.53", "192.0.2.55"])))
        assert w.discover(A).options[6] == bytes((192, 0, 2, 53, 192, 0, 2, 54, 192, 0, 2, 55))
        assert 6 not in w.discover(A, prl=b"\1").options

    def test_time_servers_and_search_lists(self, world: Make) -> None:
        w = served(world, document(
            handler("ntp-servers", addresses=["192.0.2.4"]), handler("domain-search-list", domains=["a.example"]),
            handler("domain-search-list", domains=["b.example", "a.example"])))
        options = w.discover(A).options
        assert options[42] == bytes((192, 0, 2, 4))
        assert options[119] == b"\1a\7example\0\1b\xc0\2"

    def test_boot_fields(self, world: Make) -> None:
        w = served(world, document(handler("boot", next_server="192.0.2.6", server_name="boothost", file="pxe.0")))
        offer = w.discover(A)
        assert offer.siaddr == "192.0.2.6"
        assert offer.payload[44:52] == b"boothost"
        assert offer.payload[108:113] == b"pxe.0"

    def test_t1_and_t2_are_parts_of_the_lease_time_within_their_limits(self, world: Make) -> None:
        w = served(world, document(handler("timing-limits")))
        ack = w.lease(A)
        assert (ack.number(51), ack.number(58), ack.number(59)) == (3600, 1800, 2880)
        apply(w, document(handler("timing-limits", max_t2=1000)))
        ack = w.renew(A, ack.yiaddr)
        assert (ack.number(51), ack.number(58), ack.number(59)) == (3600, 1000, 1000)

    def test_the_relay_gets_back_what_is_set_for_it_and_all_else_as_it_came(self, world: Make) -> None:
        w = served(world, document(handler("relay-option", sub_option=9, value={"hex": "0102"})))
        answers = answered(w, w.packet(DISCOVER, A, via="192.0.2.2", agent=b"\1\3abc"))
        assert answers[0].options[82] == b"\1\3abc\x09\2\1\2"
        assert 82 not in answered(w, w.packet(DISCOVER, B, via="192.0.2.2"))[0].options


def answered(w: World, packet: Any) -> list[Any]:
    """One packet, past the witness: it wants option 82 as it came."""
    sent: list[Any] = []

    def run(batch: Batch) -> None:
        cycle.run(batch, w.nodes[0].store, w.engine.snapshot, sent.extend, lambda: w.now)

    run(w.engine.open([packet.datagram], w.now))
    if w.site is not None:
        w.site.answer(w.engine, w.now, run)
    return [read(one.payload) for one in sent]


class TestMessages:
    def test_messages_of_a_type_are_not_answered(self, world: Make) -> None:
        w = served(world, document(handler("ignore-request", message_types=["DISCOVER"])))
        assert w.discover(A) is None
        assert w.reason == "HANDLER-DROPPED"
        assert w.select(A, "192.0.2.100") is not None

    def test_clients_on_a_list_are_not_answered(self, world: Make) -> None:
        w = served(world, document(handler("ignore-request", clients=[A.hw.hex(":")])))
        assert w.discover(A) is None
        assert w.discover(B) is not None

    def test_beyond_its_rate_a_client_is_not_answered_and_another_is(self, world: Make) -> None:
        w = served(world, document(handler("rate-limit", rate=2, per=60)))
        assert w.discover(A)
        assert w.discover(A)
        assert w.discover(A) is None
        assert w.reason == "HANDLER-DROPPED"
        assert w.discover(B)
        w.pass_(30)
        assert w.discover(A)

    def test_a_rate_is_remembered_when_other_definitions_change(self, world: Make) -> None:
        w = served(world, document(handler("rate-limit", rate=1, per=60)))
        assert w.discover(A)
        apply(w, document(handler("rate-limit", rate=1, per=60), globals={"offer_hold": 20}))
        assert w.discover(A) is None

    @pytest.mark.parametrize(("key", "agent"), [("circuit_id", b"\1\3abc"), ("remote_id", b"\2\3abc")])
    def test_whom_a_rate_is_of(self, world: Make, key: str, agent: bytes) -> None:
        w = served(world, document(handler("rate-limit", key=key, rate=1, per=60)))
        assert w.discover(A, via="192.0.2.2", agent=agent)
        assert w.discover(B, via="192.0.2.2", agent=agent) is None
        assert w.discover(B, via="192.0.2.2")


class TestScope:
    """A handler that overwrites the domain name, where it is to."""

    def names(self, make: Make, scope: dict[str, Any], *before: dict[str, Any], **more: Any) -> World:
        return served(make, document(*before, handler("overwrite-option", scope=scope,
                                                      options={"dhcp4": {"domain-name": "scope"}}), **more))

    def test_subnet(self, world: Make) -> None:
        other = {"prefix": "198.51.100.0/24", "name": "lab", "relays": ["198.51.100.1"],
                 "pools": [{"first": "198.51.100.10", "last": "198.51.100.19"}]}  # fmt: skip
        raw = document(handler("overwrite-option", scope={"subnet": "lab"}, options={"dhcp4": {"domain-name": "lab"}}))
        w = served(world, {**raw, "subnets": [*raw["subnets"], other]})
        assert w.discover(A).options[15] == b"example.org"
        assert w.discover(B, via="198.51.100.1").options[15] == b"lab"

    def test_shared_network(self, world: Make) -> None:
        raw = document(handler("overwrite-option", scope={"shared_network": "campus"},
                               options={"dhcp4": {"domain-name": "campus"}}))  # fmt: skip
        other = {"prefix": "198.51.100.0/24", "shared_network": "campus",
                 "pools": [{"first": "198.51.100.10", "last": "198.51.100.19"}]}  # fmt: skip
        w = served(world, {**raw, "subnets": [*raw["subnets"], other]})
        assert w.discover(A).options[15] == b"example.org"
        assert w.discover(B, via="198.51.100.1").options[15] == b"campus"

    @pytest.mark.parametrize(("relay", "meant"), [("192.0.2.2", True), ("192.0.2.0/30", True), ("192.0.2.3", False)])
    def test_relay(self, world: Make, relay: str, meant: bool) -> None:
        w = self.names(world, {"relay": relay})
        assert (w.discover(A, via="192.0.2.2").options[15] == b"scope") is meant
        assert w.discover(B).options[15] == b"example.org"

    def test_class(self, world: Make) -> None:
        w = self.names(world, {"class": "phone"}, classes=[{"name": "phone", "test": "option[60].text == 'phone'"}])
        assert w.discover(A, options={60: b"phone"}).options[15] == b"scope"
        assert w.discover(B, options={60: b"other"}).options[15] == b"example.org"

    def test_class_of_known_clients(self, world: Make) -> None:
        raw = document(handler("overwrite-option", scope={"class": "known"},
                               options={"dhcp4": {"domain-name": "known"}}))  # fmt: skip
        raw["subnets"][0]["assignments"] = [{"hw_address": A.hw.hex(":"), "address": "192.0.2.10"}]
        w = served(world, raw)
        assert w.lease(A).options[15] == b"known"
        assert w.lease(B).options[15] == b"example.org"

    def test_mark_of_a_handler_before_it(self, world: Make) -> None:
        late = handler("mark", scope={"elapsed": {"more_than": 10}}, marks=["late"])
        w = self.names(world, {"mark": ["late", "other"]}, late)
        assert w.discover(A, secs=11).options[15] == b"scope"
        assert w.discover(B, secs=10).options[15] == b"example.org"

    def test_elapsed_less_than(self, world: Make) -> None:
        w = self.names(world, {"elapsed": {"more_than": 1, "less_than": 10}})
        told = [w.discover(client(n), secs=n).options[15] == b"scope" for n in (1, 2, 9, 10)]
        assert told == [False, True, True, False]

    def test_time_of_day(self, world: Make) -> None:
        w = self.names(world, {"time": {"from": "22:00", "to": "06:00", "days": ["tue"], "zone": "Europe/Berlin"}})
        # 2023-11-14, a Tuesday, is at 22:13:20 UTC when the world begins: 23:13 in Berlin.
        assert w.discover(A).options[15] == b"scope"
        w.pass_(7 * 3600 - 14 * 60)
        assert w.discover(B).options[15] == b"scope"
        w.pass_(60)
        assert w.discover(client(3)).options[15] == b"example.org"
        w.pass_(17 * 3600)
        assert w.discover(client(4)).options[15] == b"example.org", "it is Wednesday"

    def test_all_that_is_said_must_hold(self, world: Make) -> None:
        w = self.names(world, {"subnet": "office", "mark": "late"})
        assert w.discover(A).options[15] == b"example.org"

    def test_one_that_is_disabled_meets_nobody(self, world: Make) -> None:
        off = {**handler("ignore-request"), "enabled": False}
        w = served(world, document(off))
        assert w.discover(A)
        assert w.engine.gate is None


def test_the_first_that_sets_wins_and_the_last_that_overwrites(world: Make) -> None:
    some = {name: {"options": {"dhcp4": {"tftp-server-name": name}}} for name in ("one", "two")}
    w = served(world, document(*(handler("set-option", **fields) for fields in some.values())))
    assert w.discover(A).options[66] == b"one"
    apply(w, document(*(handler("overwrite-option", **fields) for fields in some.values())))
    assert w.discover(A).options[66] == b"two"


def test_several_instances_of_a_type_count_by_themselves(world: Make) -> None:
    w = served(world, document(handler("rate-limit", rate=2, per=60), handler("rate-limit", rate=1, per=60)))
    assert w.discover(A)
    assert w.discover(A) is None
    assert [(one["name"], one["calls"], one["stopped"]) for one in w.engine.instances.statistics()] == [
        ("rate-limit", 2, 0), ("rate-limit-2", 2, 1)]


def test_a_type_that_no_package_here_has_is_set_aside_and_everybody_served(
    world: Make, caplog: pytest.LogCaptureFixture
) -> None:
    w = served(world, document(handler("of-no-package", anything=1), handler("mark", marks=["a"])))
    assert w.lease(A)
    assert [(one.place, "install its package" in one.fault) for one in w.engine.instances.quarantined] == [
        ("handler of-no-package", True)]
    assert "QUARANTINED: handler of-no-package" in caplog.text
    assert Definitions(w.database).document()["handlers"][0]["fields"] == {"anything": 1}
