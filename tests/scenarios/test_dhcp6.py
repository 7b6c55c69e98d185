"""DHCPv6 through the engine: who is answered, what a handler gives becomes leases, and what becomes of those."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any, ClassVar

import pytest

from dhcpcore.net import cycle
from dhcpcore.pipeline.api import (
    Assigned,
    ForOtherServerError,
    Handler,
    Held,
    IdentityAssociation,
    ReplyWithStatusError,
    StaticAssignmentHandler,
    Transaction6,
    UseMulticastError,
)
from dhcpcore.script.observed import Observer
from tests.packets6 import (
    ADVERTISE,
    CONFIRM,
    DECLINE,
    IA_NA,
    INFORMATION_REQUEST,
    REBIND,
    RELEASE,
    RENEW,
    REPLY,
    REQUEST,
    SOLICIT,
    Answer6,
    address,
    ia_na,
    ia_pd,
    ip6,
    message,
    option,
    oro,
    prefix,
    read6,
    relayed,
)
from tests.playbook6 import DUID, OFFICE, OTHER_SERVER, T0, Client6, World6, server

Make = Callable[..., World6]
A, B = Client6(1), Client6(2)
MINE, PREFIX = "2001:db8:1::10", "2001:db8:f::/56"
LEASED, RELEASED, DECLINED = 1, 2, 4
KEY_A = b"\2\0\0\0\1" + A.duid


class Gives(StaticAssignmentHandler):
    """Everybody has the same address and prefix, unless a test says otherwise."""

    had = Assigned(MINE, PREFIX)

    def get_assignment(self, bundle: Transaction6) -> Assigned:
        return self.had


class Does(Handler):
    families = frozenset((6,))

    def __init__(self, **does: Callable[[Any], object]) -> None:
        self.does = does

    def pre(self, bundle: Any) -> None:
        self.does.get("pre", id)(bundle)

    def handle(self, bundle: Any) -> None:
        self.does.get("handle", id)(bundle)

    def post(self, bundle: Any) -> None:
        self.does.get("post", id)(bundle)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Make]:
    made: list[World6] = []

    def make(*subnets: Any, **fields: Any) -> World6:
        made.append(World6(tmp_path, *subnets, **fields))
        return made[-1]

    yield make
    for one in made:
        one.close()


def giving() -> Gives:
    return Gives(3600, 7200, 1800, 3600)


@pytest.fixture
def w(world: Make) -> World6:
    """A world whose handler gives one address and one prefix."""
    return world(handlers={"gives": giving})


def some(answer: Answer6 | None) -> Answer6:
    assert answer is not None
    return answer


def raises(error: Exception) -> Callable[[Any], object]:
    def raise_it(bundle: Any) -> None:
        raise error

    return raise_it


class TestWho:
    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            (message(SOLICIT, ia_na()), "INVALID-MESSAGE"),
            (message(SOLICIT, A.id, server()), "INVALID-MESSAGE"),
            (message(REBIND, A.id, server()), "INVALID-MESSAGE"),
            (message(CONFIRM, A.id, server()), "INVALID-MESSAGE"),
            (message(REQUEST, A.id), "INVALID-MESSAGE"),
            (message(RENEW, A.id), "INVALID-MESSAGE"),
            (message(RELEASE, A.id), "INVALID-MESSAGE"),
            (message(INFORMATION_REQUEST, ia_na()), "INVALID-MESSAGE"),
            (message(INFORMATION_REQUEST, server(OTHER_SERVER)), "OTHER-SERVER"),
            (message(SOLICIT, A.id, ia_na(*[address(f"2001:db8:1::{n:x}") for n in range(1, 130)])), "INVALID-MESSAGE"),
            (message(ADVERTISE, A.id), "NOT-A-REQUEST"),
            (message(200, A.id), "NOT-A-REQUEST"),
            (message(14, A.id), "NOT-A-REQUEST"),
            (b"\1\2", "MALFORMED"),
            (relayed(b""), "MALFORMED"),
        ],
        ids=["solicit without id", "solicit names a server", "rebind does", "confirm does", "request names none",
             "renew does not", "release does not", "information-request with IA", "of another server",
             "too many addresses", "advertise", "unknown type", "leasequery", "short", "empty relay"],
    )  # fmt: skip
    def test_what_lacks_what_it_must_have_is_not_answered(self, w: World6, data: bytes, reason: str) -> None:
        assert w.send(data) is None
        assert (w.reason, w.commits) == (reason, 0)

    @pytest.mark.parametrize("kind", [SOLICIT, CONFIRM, REBIND, INFORMATION_REQUEST])
    def test_what_is_for_all_servers_is_not_heard_by_unicast(self, w: World6, kind: int) -> None:
        assert w.ask(kind, unicast=True) is None
        assert w.reason == "INVALID-MESSAGE"

    def test_it_answers_as_itself_to_where_it_came_from(self, w: World6) -> None:
        (left,) = w.batch(w.datagram(message(SOLICIT, A.id, ia_na()), source=A.address))
        assert (left.route.address, left.route.port, left.route.interface) == (A.address, 546, 2)
        assert left.route.local == ip6("fe80::5")
        answer = some(w.ask(SOLICIT, ia_na()))
        assert answer.codes[:2] == [2, 1]
        assert (answer.get(1), answer.get(2), answer.xid) == (A.duid, DUID, b"\1\2\3")

    def test_a_script_that_counts_messages_is_told_of_none(self, w: World6) -> None:
        observer = Observer(w.engine)
        w.ask(SOLICIT, ia_na())
        w.send(b"\1" * 300)
        assert observer.rows(w.now) == []

    def test_counters_tell_both_families_apart(self, w: World6) -> None:
        w.ask(SOLICIT, ia_na())
        w.ask(REQUEST, server(OTHER_SERVER))
        told = w.engine.counters.as_document()
        assert told["types"] == {"DHCPV6-SOLICIT": {"OFFER": 1}, "DHCPV6-REQUEST": {"OTHER-SERVER": 1}}


class TestWhere:
    TWO = (
        OFFICE | {"options": {"dns-servers": ["2001:db8:1::53"]}},
        {"prefix": "2001:db8:2::/64", "name": "lab", "relays": ["2001:db8:ff::2"], "interface_id": "6c616e32",
         "options": {"dns-servers": ["2001:db8:2::53"]}},
    )  # fmt: skip

    def resolver(self, w: World6, data: bytes, **how: Any) -> bytes | None:
        answer = w.send(data, port=547, **how)
        return None if answer is None else answer.get(23)

    @pytest.mark.parametrize(
        ("links", "said", "found"),
        [
            (["2001:db8:2::1"], b"", "2"), (["2001:db8:ff::2"], b"", "2"), (["::"], b"", "1"),
            (["::", "2001:db8:2::1"], b"", "2"), (["2001:db8:2::1", "2001:db8:1::1"], b"", "2"), (["::"], b"lan2", "2"),
            (["2001:db8:1::1"], b"lan2", "2"), (["2001:db8:1::1"], b"lan3", "1"),
        ],
        ids=["link", "named relay", "lightweight", "second", "closest", "interface-id", "before link", "another id"],
    )  # fmt: skip
    def test_a_relay_says_the_link(self, world: Make, links: list[str], said: bytes, found: str) -> None:
        w = world(*self.TWO)
        data = message(SOLICIT, A.id)
        for number, link in enumerate(links):
            data = relayed(data, *([option(18, said)] if said and not number else []), link=link)
        assert self.resolver(w, data) == ip6(f"2001:db8:{found}::53")

    def test_of_a_link_that_nobody_declared_there_is_no_answer(self, world: Make) -> None:
        w = world(*self.TWO)
        assert w.send(relayed(message(SOLICIT, A.id), link="2001:db8:9::1"), port=547) is None
        assert w.reason == "NO-SUBNET"
        assert w.ask(SOLICIT, interface=3) is None
        assert w.reason == "NO-SUBNET"

    def test_a_relay_gets_back_its_port_and_what_it_asks_for(self, world: Make) -> None:
        w = world(*self.TWO)
        inside = (option(18, b"a"), option(37, b"\0\0\0\x09b"), option(38, b"c"), option(43, b"\0\x26"),
                  option(135, b"\x12\x34"))  # fmt: skip
        (left,) = w.batch(w.datagram(relayed(message(SOLICIT, A.id), *inside, link="2001:db8:2::1"), port=4660))
        assert read6(left.payload).relays[0][3] == [(18, b"a"), (38, b"c"), (135, b"\x12\x34")]
        assert left.route.port == 4660


class TestOptions:
    GLOBALS: ClassVar = {"options": {"dhcp6": {"domain-search": ["example.org"], "information-refresh-time": 1800}}}
    SUBNET = OFFICE | {"options": {"dns-servers": ["2001:db8:1::53"]}, "preference": 7}

    def test_an_information_request_is_told_what_it_asks_for_and_no_lease_is_made(self, world: Make) -> None:
        w = world(self.SUBNET, globals=self.GLOBALS)
        answer = some(w.send(message(INFORMATION_REQUEST, oro(23, 32))))
        assert (answer.kind, answer.codes, w.reason) == (REPLY, [2, 23, 32], "INFORMED")
        assert (answer.get(23), w.commits) == (ip6("2001:db8:1::53"), 0)
        assert some(w.ask(INFORMATION_REQUEST, server(), oro(24))).codes == [2, 1, 24]

    def test_who_asks_for_none_gets_all_that_belong_there_and_preference_is_of_advertises(self, world: Make) -> None:
        w = world(self.SUBNET, globals=self.GLOBALS)
        answer = some(w.ask(SOLICIT))
        assert answer.codes == [2, 1, 7, 23, 24]
        assert answer.get(7) == b"\7"
        assert some(w.ask(SOLICIT, oro(99))).codes == [2, 1, 7]
        assert some(w.ask(REQUEST, server())).get(7) is None

    def test_what_is_always_sent_is_sent_unasked_and_what_never_is_not(self, world: Make) -> None:
        w = world(self.SUBNET | {"always_send": ["dns-servers"], "never_send": ["domain-search"]}, globals=self.GLOBALS)
        assert some(w.ask(SOLICIT, oro(24))).codes == [2, 1, 7, 23]

    def test_handlers_of_built_in_types_speak_dhcpv6(self, world: Make) -> None:
        rows = [
            {"type": "recursive-name-servers", "fields": {"addresses": ["2001:db8:1::53", "2001:db8::5", "192.0.2.5"]}},
            {"type": "domain-search-list", "fields": {"domains": ["example.net"]}},
            {"type": "ntp-servers", "fields": {"addresses": ["2001:db8::6", "192.0.2.6"]}},
            {"type": "set-option", "fields": {"options": {"dhcp6": {"solmax-rt": 900}}, "always_send": True}},
            {"type": "overwrite-option", "fields": {"options": {"dhcp6": {"new-tzdb-timezone": "Europe/Berlin"}}}},
            {"type": "copy-option", "fields": {"options": {"dhcp6": ["vendor-opts"]}}},
        ]
        w = world(self.SUBNET, globals=self.GLOBALS, configured=rows)
        answer = some(w.ask(SOLICIT, option(17, b"\0\0\0\x09"), oro(23, 24, 56, 42, 17)))
        assert answer.get(23) == ip6("2001:db8:1::53") + ip6("2001:db8::5")
        assert answer.get(24) == b"\7example\3org\0\7example\3net\0"
        assert answer.get(56) == b"\0\1\0\x10" + ip6("2001:db8::6")
        assert (answer.get(82), answer.get(42)) == ((900).to_bytes(4, "big"), b"Europe/Berlin")
        assert answer.get(17) == b"\0\0\0\x09"
        assert some(w.ask(SOLICIT, oro(99))).codes == [2, 1, 7, 82]

    def test_an_option_stands_only_where_it_belongs(self, world: Make) -> None:
        rows = [{"type": "set-option", "fields": {"options": {"dhcp6": {"information-refresh-time": 700}}}}]
        w = world(configured=rows)
        assert some(w.ask(SOLICIT)).get(32) is None
        assert some(w.ask(INFORMATION_REQUEST)).get(32) == (700).to_bytes(4, "big")


class TestLeases:
    def test_what_a_handler_gives_is_committed_before_the_reply_leaves(self, w: World6) -> None:
        answer = some(w.ask(REQUEST, server(), ia_na(iaid=1), ia_pd(iaid=2)))
        assert [(one.iaid, one.t1, one.t2, one.leased) for one in answer.associations] == [
            (2, 900, 1440, [(PREFIX, 1800, 3600)]), (1, 1800, 2880, [(MINE, 3600, 7200)]),
        ]  # fmt: skip
        row, held = w.row(MINE), w.row("2001:db8:f::", 56)
        assert row is not None
        assert held is not None
        assert (row.client, row.hw, row.state, row.expires, row.subnet) == (
            KEY_A, b"\1" + A.duid[4:], LEASED, T0 + 7200, w.engine.snapshot.subnets[0].subnet_id,
        )  # fmt: skip
        assert (held.client, held.kind, held.expires) == (b"\2\0\0\0\2" + A.duid, 8, T0 + 3600)
        assert w.history(MINE) == [(KEY_A, T0, None, None)]
        assert (w.reason, w.commits) == ("ACK-NEW", 1)

    @pytest.mark.parametrize("kind", [RENEW, REBIND])
    def test_it_is_extended(self, w: World6, kind: int) -> None:
        w.ask(REQUEST, server(), ia_na())
        w.pass_(1800)
        named = [server()] if kind == RENEW else []
        answer = some(w.ask(kind, *named, ia_na(address(MINE), address("2001:db8:1::66"))))
        assert answer.one.leased == [(MINE, 3600, 7200), ("2001:db8:1::66", 0, 0)]
        row = w.row(MINE)
        assert row is not None
        assert (row.expires, w.reason, len(w.history(MINE))) == (T0 + 9000, "ACK-RENEWED", 1)

    def test_a_relay_is_kept_with_the_lease(self, w: World6) -> None:
        inner = message(REQUEST, A.id, server(), ia_na())
        w.send(relayed(inner, option(18, b"p7"), link="2001:db8:1::1"), port=547)
        row = w.row(MINE)
        assert row is not None
        assert (row.relay, row.agent) == (ip6("2001:db8:1::1"), option(18, b"p7"))

    def test_released_it_is_free(self, w: World6) -> None:
        w.ask(REQUEST, server(), ia_na())
        answer = some(w.ask(RELEASE, server(), ia_na(address(MINE))))
        assert (answer.status, answer.associations, w.reason) == (0, [], "REPLY-RELEASED")
        row = w.row(MINE)
        assert row is not None
        assert row.state == RELEASED
        assert [why for *_, why in w.history(MINE)] == [1]

    def test_what_was_never_held_has_no_binding(self, world: Make) -> None:
        w = world()
        for kind in (RELEASE, DECLINE):
            answer = some(w.ask(kind, server(), ia_na(address(MINE), iaid=7)))
            assert (answer.status, answer.one.iaid, answer.one.status) == (0, 7, 3)
            assert (w.reason, w.commits) == ("STATUS-NO-BINDING", 0)

    def test_another_client_releases_nothing(self, w: World6) -> None:
        w.ask(REQUEST, server(), ia_na())
        w.ask(RELEASE, server(), ia_na(address(MINE)), who=B)
        w.ask(RELEASE, server(), ia_na(address(MINE), iaid=2))
        row = w.row(MINE)
        assert row is not None
        assert row.state == LEASED

    def test_declined_nobody_gets_it_before_its_probation_is_over(self, w: World6) -> None:
        w.ask(REQUEST, server(), ia_na())
        answer = some(w.ask(DECLINE, server(), ia_na(address(MINE))))
        assert (answer.status, w.reason) == (0, "REPLY-DECLINED")
        row = w.row(MINE)
        assert row is not None
        assert row.state == DECLINED
        for who in (A, B):
            assert some(w.ask(REQUEST, server(), ia_na(), who=who)).one.status == 2
            assert w.reason == "STATUS-TAKEN"
        w.pass_(86_401)
        assert some(w.ask(REQUEST, server(), ia_na(), who=B)).one.leased == [(MINE, 3600, 7200)]

    def test_what_another_client_has_is_not_given_a_second_time(self, w: World6) -> None:
        w.ask(REQUEST, server(), ia_na(), ia_pd())
        for kind in (SOLICIT, REQUEST):
            answer = some(w.ask(kind, *([server()] if kind == REQUEST else []), ia_na(), ia_pd(), who=B))
            assert [(one.status, one.leased) for one in answer.associations] == [(6, []), (2, [])]
            assert w.reason == "STATUS-TAKEN"
        w.pass_(7200 + 31)
        assert some(w.ask(REQUEST, server(), ia_na(), who=B)).one.leased == [(MINE, 3600, 7200)]
        assert [client for client, *_ in w.history(MINE)] == [KEY_A, b"\2\0\0\0\1" + B.duid]

    def test_two_associations_of_a_client_do_not_get_the_same(self, world: Make) -> None:
        def both(bundle: Transaction6) -> None:
            for one in bundle.get_unhandled_associations(IA_NA):
                bundle.answer(IdentityAssociation(IA_NA, one.iaid, (Held(MINE, 10, 20), Held(MINE, 10, 20))))

        w = world(handlers={"gives": lambda: Does(handle=both)})
        answer = some(w.ask(REQUEST, server(), ia_na(iaid=1), ia_na(iaid=2)))
        assert [(one.leased, one.status) for one in answer.associations] == [([(MINE, 10, 20)], None), ([], 2)]
        assert w.history(MINE) == [(KEY_A, T0, None, None)]

    def test_two_clients_of_one_batch_do_not_get_the_same(self, w: World6) -> None:
        asked = [message(REQUEST, who.id, server(), ia_na()) for who in (A, B)]
        left = w.batch(*(w.datagram(one) for one in asked))
        assert sorted(read6(one.payload).one.status or 0 for one in left) == [0, 2]
        assert w.reasons == ["ACK-NEW", "STATUS-TAKEN"]

    def test_a_second_address_in_the_first_ones_place_ends_that(self, world: Make) -> None:
        gives = giving()
        w = world(handlers={"gives": lambda: gives})
        w.ask(REQUEST, server(), ia_na())
        gives.had = Assigned("2001:db8:1::20")
        answer = some(w.ask(RENEW, server(), ia_na(address(MINE))))
        assert answer.one.leased == [("2001:db8:1::20", 3600, 7200), (MINE, 0, 0)]
        row = w.row(MINE)
        assert row is not None
        assert row.state == RELEASED
        assert [why for *_, why in w.history(MINE)] == [4]

    def test_what_nobody_gives_any_more_is_taken_back_at_its_next_renewal(self, w: World6) -> None:
        w.ask(REQUEST, server(), ia_na(), ia_pd())
        w.apply({"subnets": [OFFICE | {"authoritative": False}]})
        answer = some(w.ask(RENEW, server(), ia_na(address(MINE)), ia_pd(prefix(PREFIX))))
        assert [one.leased for one in answer.associations] == [[(MINE, 0, 0)], [(PREFIX, 0, 0)]]
        assert w.reason == "STATUS-WITHDRAWN"
        assert [why for *_, why in w.history(MINE)] == [6]
        assert some(w.ask(RENEW, server(), ia_na(address(MINE)))).one.status == 3

    def test_several_answers_give_what_is_committed_and_no_more(self, world: Make) -> None:
        def several(bundle: Transaction6) -> None:
            bundle.responses = iter([bundle.response, bundle.another()])

        w = world(OFFICE | {"rapid_commit": True, "preference": 7},
                  handlers={"gives": giving, "repeats": lambda: Does(handle=several)})  # fmt: skip
        w.batch(w.datagram(message(REQUEST, B.id, server(), ia_na())))
        left = w.batch(w.datagram(message(SOLICIT, A.id, ia_na(), ia_pd(), option(14, b""))))
        answers = [read6(one.payload) for one in left]
        assert [(one.kind, [each.leased for each in one.associations]) for one in answers] == [
            (ADVERTISE, [[(PREFIX, 1800, 3600)], []])
        ] * 2
        left = w.batch(w.datagram(message(SOLICIT, A.id, ia_pd(), option(14, b""))))
        assert [(read6(one.payload).kind, read6(one.payload).codes[0]) for one in left] == [(REPLY, 14)] * 2

    def test_another_writer_was_first(self, w: World6) -> None:
        store, once = w.store, []

        def overtake(*arguments: Any) -> Any:
            if not once:
                once.append(1)
                stolen = [change._replace(after=change.after._replace(client=b"\2\0\0\0\1" + B.duid))
                          for change in arguments[0]]  # fmt: skip
                store.commit(stolen, arguments[1])
            return store.commit(*arguments)

        w.commit = overtake  # type: ignore[method-assign]
        answer = some(w.ask(REQUEST, server(), ia_na()))
        assert (answer.one.status, w.reason) == (2, "STATUS-TAKEN")

    def test_the_sweep_closes_what_has_ended(self, w: World6) -> None:
        w.ask(REQUEST, server(), ia_na(), ia_pd())
        w.pass_(7201)
        rows, _ = w.store.sweep(None, w.now, probation_s=None)
        cycle.run(w.engine.open_sweep(rows, w.now), w.store, w.engine.snapshot, print)
        assert w.history(MINE) == [(KEY_A, T0, T0 + 7200, 2)]
        assert w.history("2001:db8:f::") == [(KEY_A, T0, T0 + 3600, 2)]

    def test_a_lease_without_end(self, world: Make) -> None:
        w = world(handlers={"gives": lambda: Gives(0xFFFFFFFF, 0xFFFFFFFF)})
        answer = some(w.ask(REQUEST, server(), ia_na()))
        assert (answer.one.t1, answer.one.t2) == (0xFFFFFFFF, 0xFFFFFFFF)
        row = w.row(MINE)
        assert row is not None
        assert row.expires == 253_402_300_799


@pytest.mark.pg
def test_the_same_on_postgresql(tmp_path: Path, pg_url: str) -> None:
    w = World6(tmp_path, url=pg_url, handlers={"gives": giving})
    try:
        w.ask(REQUEST, server(), ia_na(iaid=1), ia_pd(iaid=2))
        assert (w.reason, w.row("2001:db8:f::", 56) is not None) == ("ACK-NEW", True)
        w.pass_(1800)
        assert some(w.ask(RENEW, server(), ia_na(address(MINE)))).one.leased == [(MINE, 3600, 7200)]
        assert some(w.ask(REQUEST, server(), ia_na(), who=B)).one.status == 2
        w.ask(RELEASE, server(), ia_na(address(MINE)), ia_pd(prefix(PREFIX), iaid=2))
        assert [row.state for row in (w.row(MINE), w.row("2001:db8:f::", 56)) if row is not None] == [2, 2]
        assert w.history(MINE) == [(KEY_A, T0, T0 + 1800, 1)]
    finally:
        w.close()


class TestRefusals:
    @pytest.mark.parametrize("phase", ["pre", "handle", "post"])
    def test_a_status_is_a_bare_reply(self, world: Make, phase: str) -> None:
        error = ReplyWithStatusError(1, "not you")
        w = world(handlers={"refuses": lambda: Does(**{phase: raises(error)}), "gives": giving})
        answer = some(w.ask(SOLICIT, ia_na()))
        assert (answer.kind, answer.status, answer.codes) == (REPLY, 1, [2, 1, 13])
        assert answer.get(13) == b"\0\1not you"
        assert (w.reason, w.row(MINE)) == ("STATUS-HANDLER", None)

    def test_to_use_multicast_is_said_to_who_did_not(self, world: Make, caplog: pytest.LogCaptureFixture) -> None:
        def allow(bundle: Transaction6) -> None:
            bundle.allow_unicast = True

        sends = raises(UseMulticastError("go"))
        w = world(handlers={"sends": lambda: Does(handle=sends), "allows": lambda: Does(pre=allow)})
        answer = some(w.ask(REQUEST, server(), unicast=True))
        assert (answer.status, w.reason) == (5, "STATUS-USE-MULTICAST")
        assert w.ask(REQUEST, server()) is None
        assert w.reason == "HANDLER-DROPPED"
        assert "multicast" in caplog.text

    def test_for_another_server(self, world: Make) -> None:
        w = world(handlers={"leaves": lambda: Does(pre=raises(ForOtherServerError()))})
        assert w.ask(SOLICIT) is None
        assert w.reason == "OTHER-SERVER"

    def test_a_status_that_somebody_said_stays_before_success(self, world: Make) -> None:
        def say(bundle: Transaction6) -> None:
            assert bundle.response is not None
            bundle.response.status = (1, "no")
            bundle.response.status = (0, "yes")

        w = world(handlers={"says": lambda: Does(handle=say)})
        assert some(w.ask(RELEASE, server(), ia_na(address(MINE)))).status == 1

    def test_what_makes_no_sense_is_the_handlers_failure(self, world: Make) -> None:
        wrong = [
            lambda bundle: bundle.answer(IdentityAssociation(IA_NA, 1, (Held("2001:db8:1::1", 9, 8),))),
            lambda bundle: bundle.answer(IdentityAssociation(IA_NA, 1, (Held("192.0.2.1", 8, 9),))),
            lambda bundle: bundle.answer(IdentityAssociation(9, 1)),
            lambda bundle: bundle.answer(IdentityAssociation(IA_NA, 2)),
            lambda bundle: bundle.answer(IdentityAssociation(IA_NA, 1, (), 3, 2)),
            lambda bundle: bundle.response.set_option(32, b"abcd"),
            lambda bundle: bundle.response.set_option(2, b"abcd"),
            lambda bundle: bundle.response.set_option(65001, bytes(5000)),
        ]
        w = world(handlers={f"wrong-{n}": lambda one=one: Does(handle=one) for n, one in enumerate(wrong)})
        for number in range(len(wrong)):
            w.apply({"subnets": [OFFICE], "handlers": [{"type": f"wrong-{number}"}]})
            assert w.ask(SOLICIT, ia_na()) is None
            assert w.reason == "HANDLER-FAILED"


class TestScope:
    def test_handlers_of_dhcpv4_never_meet_it(self, world: Make) -> None:
        class Old(Handler):
            def pre(self, bundle: Any) -> None:
                raise AssertionError("met")

        w = world(handlers={"old": Old})
        assert some(w.ask(SOLICIT)).kind == ADVERTISE

    def test_isolated_ones_neither(self, world: Make) -> None:
        class Apart:
            phases = frozenset(("pre", "handle"))
            budget_s, started, failures = 0.1, 1, 0

            def begin(self, row: Any) -> Any:
                return self

            def call(self, *arguments: Any) -> None:
                raise AssertionError("met")

        w = world(apart=Apart(), handlers={"gives": giving})
        w.apply({"subnets": [OFFICE], "handlers": [{"type": "gives", "isolated": True}]})
        assert some(w.ask(SOLICIT, ia_na())).one.status == 2

    @pytest.mark.parametrize(
        ("scope", "met"),
        [({"subnet": "office"}, True), ({"subnet": "lab"}, False), ({"relay": ["2001:db8:1::/64"]}, True),
         ({"relay": ["2001:db8:2::/64"]}, False), ({"mark": ["x"]}, False)],
        ids=["subnet", "other subnet", "relay", "other relay", "mark"],
    )  # fmt: skip
    def test_a_scope_is_kept(self, world: Make, scope: dict[str, Any], met: bool) -> None:
        w = world(OFFICE, {"prefix": "2001:db8:2::/64", "name": "lab"},
                  configured=[{"type": "ignore-request", "scope": scope}])  # fmt: skip
        answer = w.send(relayed(message(SOLICIT, A.id), link="2001:db8:1::1"), port=547)
        assert (answer is None) == met

    def test_messages_are_ignored_by_type_and_limited_by_client(self, world: Make) -> None:
        ignored = {"type": "ignore-request", "fields": {"message_types": ["CONFIRM", "REBIND"]}}
        limited = {"type": "rate-limit", "fields": {"key": "client_id", "rate": 2, "per": 60}}
        w = world(configured=[ignored, limited])
        assert w.ask(REBIND, ia_na(address(MINE))) is None
        answers = [w.ask(SOLICIT, who=who) for who in (A, A, A, B)]
        assert [answer is not None for answer in answers] == [True, True, False, True]


class TestAnything:
    """Whatever comes: one reason a datagram, and a strict engine that raises nothing."""

    GOOD = (
        message(SOLICIT, A.id, ia_na(address(MINE)), ia_pd(prefix(PREFIX)), oro(23, 24), option(14, b"")),
        message(REQUEST, A.id, server(), ia_na(address(MINE)), ia_pd(prefix(PREFIX), iaid=2)),
        message(RENEW, A.id, server(), ia_na(address(MINE), address("2001:db8:9::9"))),
        message(REBIND, A.id, ia_na(address(MINE)), ia_pd(prefix(PREFIX))),
        message(CONFIRM, A.id, ia_na(address(MINE))),
        message(RELEASE, A.id, server(), ia_na(address(MINE)), ia_pd(prefix(PREFIX))),
        message(DECLINE, A.id, server(), ia_na(address(MINE)), ia_pd(prefix(PREFIX))),
        message(INFORMATION_REQUEST, oro(23)),
    )

    def test_messages_with_other_octets(self, world: Make) -> None:
        w = world(OFFICE | {"rapid_commit": True}, handlers={"gives": giving})
        dice = Random(6)
        seen = set()
        for _ in range(60):
            batch = []
            for _ in range(20):
                data = bytearray(dice.choice(self.GOOD))
                for _ in range(dice.randrange(4)):
                    data[dice.randrange(len(data))] = dice.randrange(256)
                whole = bytes(data)[: dice.choice([len(data), dice.randrange(len(data) + 1)])]
                if dice.random() < 0.3:
                    whole = relayed(whole, option(18, b"p"), link=dice.choice(["::", "2001:db8:1::1", "2001:db8:7::"]))
                batch.append(w.datagram(whole, unicast=dice.random() < 0.2))
            w.batch(*batch)
            w.pass_(dice.choice([0, 1, 100, 8000]))
            seen |= set(w.reasons)
        assert {"OFFER", "ACK-NEW", "ACK-RENEWED", "REPLY-RELEASED", "MALFORMED", "INVALID-MESSAGE"} <= seen
