"""DHCPKit's acceptance examples that speak of DHCPv6's messages, by their numbers: octets in, octets out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dhcpcore.pipeline.api import (
    Assigned,
    CannotRespondError,
    Handler,
    IdentityAssociation,
    Option,
    RelayHandler,
    StaticAssignmentHandler,
    Transaction,
    Transaction6,
)
from tests.packets6 import (
    ADVERTISE,
    CONFIRM,
    IA_NA,
    IA_PD,
    REBIND,
    RENEW,
    REPLY,
    REQUEST,
    SOLICIT,
    Answer6,
    address,
    ia_na,
    ia_pd,
    ia_ta,
    ip6,
    message,
    option,
    oro,
    prefix,
    read6,
    relayed,
)
from tests.playbook6 import DUID, OFFICE, OTHER_SERVER, Client6, World6, server

Make = Callable[..., World6]
A, B = Client6(1), Client6(2)
MINE, PREFIX = "2001:db8:1::10", "2001:db8:f::/56"
RAPID = option(14, b"")


class Assigns(StaticAssignmentHandler):
    """The first client has an address and a prefix."""

    def __init__(self, had: Assigned = Assigned(MINE, PREFIX)) -> None:  # noqa: B008 - It is immutable.
        super().__init__(3600, 7200, 1800, 3600)
        self.had = had

    def get_assignment(self, bundle: Transaction6) -> Assigned:
        return self.had if bundle.request.client_id == A.duid else Assigned()


class Does(Handler):
    """Does what a test wants done, in the phase that it names."""

    families = frozenset((4, 6))

    def __init__(self, **does: Callable[[Any], object]) -> None:
        self.does = does
        self.calls: list[str] = []

    def _do(self, phase: str, bundle: Transaction) -> None:
        self.calls.append(phase)
        self.does.get(phase, lambda _: None)(bundle)

    def analyse_pre(self, bundle: Transaction) -> None:
        self._do("analyse_pre", bundle)

    def pre(self, bundle: Transaction) -> None:
        self._do("pre", bundle)

    def handle(self, bundle: Transaction) -> None:
        self._do("handle", bundle)

    def post(self, bundle: Transaction) -> None:
        self._do("post", bundle)

    def analyse_post(self, bundle: Transaction) -> None:
        self._do("analyse_post", bundle)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Make]:
    made: list[World6] = []

    def make(*subnets: Any, **fields: Any) -> World6:
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(World6(folder, *subnets, **fields))
        return made[-1]

    yield make
    for one in made:
        one.close()


def some(answer: Answer6 | None) -> Answer6:
    assert answer is not None
    return answer


def leased(answer: Answer6 | None) -> list[tuple[str, int, int]]:
    return [one for given in some(answer).associations for one in given.leased]


def request(w: World6, *options: bytes, **how: Any) -> Answer6 | None:
    return w.ask(REQUEST, server(), *options, **how)


class TestExample5:
    def test_without_a_handler_there_is_no_address_and_no_prefix(self, world: Make) -> None:
        w = world()
        answer = some(w.ask(SOLICIT, ia_na(iaid=1), ia_pd(iaid=2)))
        assert answer.kind == ADVERTISE
        assert [(one.code, one.iaid, one.status) for one in answer.associations] == [(IA_NA, 1, 2), (IA_PD, 2, 6)]
        assert (w.reason, w.commits) == ("STATUS-NOTHING", 0)

    def test_temporary_addresses_are_addresses_and_who_asks_for_none_is_told_of_none(self, world: Make) -> None:
        w = world()
        assert some(w.ask(SOLICIT, ia_ta(iaid=3))).one.status == 2
        assert some(w.ask(SOLICIT)).associations == []
        assert w.reason == "INFORMED"

    def test_who_is_given_one_is_told_of_it_alone(self, world: Make) -> None:
        w = world(handlers={"assigns": Assigns})
        answer = some(w.ask(SOLICIT, ia_na(iaid=1), ia_na(iaid=2), ia_pd(iaid=1)))
        assert [(one.code, one.iaid, one.status, one.leased) for one in answer.associations] == [
            (IA_PD, 1, None, [(PREFIX, 1800, 3600)]),
            (IA_NA, 1, None, [(MINE, 3600, 7200)]),
            (IA_NA, 2, 2, []),
        ]
        assert (w.reason, w.commits, w.row(MINE)) == ("OFFER", 0, None)


class TestExample6:
    RAPIDLY = OFFICE | {"rapid_commit": True}

    def test_who_offers_it_gets_a_reply_with_option_14_first_and_a_lease(self, world: Make) -> None:
        w = world(self.RAPIDLY, handlers={"assigns": Assigns})
        answer = some(w.ask(SOLICIT, RAPID, ia_na()))
        assert (answer.kind, answer.codes[0], answer.one.leased) == (REPLY, 14, [(MINE, 3600, 7200)])
        assert (w.reason, w.commits) == ("ACK-NEW", 1)
        assert w.row(MINE) is not None

    @pytest.mark.parametrize(
        ("subnet", "options"), [(OFFICE, (RAPID,)), (RAPIDLY, ())], ids=["not allowed", "not offered"]
    )
    def test_else_there_is_an_advertise(self, world: Make, subnet: Any, options: tuple[bytes, ...]) -> None:
        w = world(subnet, handlers={"assigns": Assigns})
        answer = some(w.ask(SOLICIT, *options, ia_na()))
        assert (answer.kind, answer.get(14), w.row(MINE)) == (ADVERTISE, None, None)

    def test_a_handler_may_take_it_away_as_late_as_in_handle(self, world: Make) -> None:
        def clear(bundle: Transaction) -> None:
            bundle.allow_rapid_commit = False

        w = world(self.RAPIDLY, handlers={"assigns": Assigns, "clears": lambda: Does(handle=clear)})
        answer = some(w.ask(SOLICIT, RAPID, ia_na()))
        assert (answer.kind, answer.one.leased, w.commits) == (ADVERTISE, [(MINE, 3600, 7200)], 0)

    @pytest.mark.parametrize("wanted", [False, True], ids=["no", "yes"])
    def test_a_refusal_is_a_reply_only_where_rejections_are_wanted(self, world: Make, wanted: bool) -> None:
        def reject(bundle: Transaction6) -> None:
            bundle.rapid_commit_rejections = wanted

        w = world(self.RAPIDLY, handlers={"assigns": Assigns, "rejects": lambda: Does(pre=reject)})
        answer = some(w.ask(SOLICIT, RAPID, ia_na(), who=B))
        assert (answer.kind, answer.one.status) == (REPLY if wanted else ADVERTISE, 2)
        answer = some(w.ask(SOLICIT, RAPID, ia_na(iaid=1), ia_na(iaid=2)))
        assert answer.kind == (REPLY if wanted else ADVERTISE)
        assert (w.row(MINE) is not None) == wanted


class TestExample7:
    def test_what_is_for_another_server_is_not_answered_and_nothing_to_wonder_about(
        self, world: Make, caplog: pytest.LogCaptureFixture
    ) -> None:
        w = world(handlers={"assigns": Assigns})
        with caplog.at_level(logging.WARNING):
            assert w.ask(REQUEST, server(OTHER_SERVER), ia_na()) is None
        assert (w.reason, caplog.messages, w.row(MINE)) == ("OTHER-SERVER", [], None)


class TestExample8:
    def allow(self, bundle: Transaction6) -> None:
        bundle.allow_unicast = True

    def test_what_a_client_sends_to_this_server_alone_is_to_use_multicast(self, world: Make) -> None:
        w = world(handlers={"assigns": Assigns})
        answer = some(request(w, ia_na(), unicast=True))
        assert (answer.kind, answer.status, answer.associations) == (REPLY, 5, [])
        assert (answer.get(1), answer.get(2)) == (A.duid, DUID)
        assert (w.reason, w.row(MINE)) == ("STATUS-USE-MULTICAST", None)

    def test_where_server_unicast_allows_it_it_is_answered_as_any(self, world: Make) -> None:
        w = world(
            configured=[{"type": "server-unicast", "fields": {"address": "2001:db8:1::1"}}],
            handlers={"assigns": Assigns},
        )
        answer = some(request(w, ia_na(), unicast=True))
        assert (answer.status, answer.one.leased, answer.get(12)) == (None, [(MINE, 3600, 7200)], ip6("2001:db8:1::1"))

    def test_what_a_relay_passes_on_is_answered_as_any(self, world: Make) -> None:
        w = world(handlers={"assigns": Assigns})
        inner = message(REQUEST, A.id, server(), ia_na())
        answer = some(w.send(relayed(inner, link="2001:db8:1::1"), unicast=True, source="2001:db8:1::9", port=547))
        assert (answer.status, answer.one.leased) == (None, [(MINE, 3600, 7200)])

    def test_and_so_is_what_came_by_multicast(self, world: Make) -> None:
        w = world(handlers={"assigns": Assigns})
        assert leased(request(w, ia_na())) == [(MINE, 3600, 7200)]


class TestExample9:
    def test_one_without_addresses_is_not_answered(self, world: Make) -> None:
        w = world(handlers={"assigns": Assigns})
        assert w.ask(CONFIRM, ia_na()) is None
        assert w.reason == "NO-CLIENT-ADDRESS"
        assert w.ask(CONFIRM) is None

    @pytest.mark.parametrize("unknown", ["2001:db8:1::99", "2001:db8:2::99"], ids=["of this link", "of another"])
    def test_one_with_an_unknown_address_is_not_on_link(self, world: Make, unknown: str) -> None:
        w = world(handlers={"assigns": Assigns})
        answer = some(w.ask(CONFIRM, ia_na(address(unknown))))
        assert (answer.kind, answer.status, w.reason) == (REPLY, 4, "STATUS-NOT-ON-LINK")

    def test_without_authority_only_an_address_of_another_link_is_wrong(self, world: Make) -> None:
        w = world(OFFICE | {"authoritative": False})
        assert w.ask(CONFIRM, ia_na(address("2001:db8:1::99"))) is None
        assert w.reason == "UNKNOWN-CLIENT"
        assert some(w.ask(CONFIRM, ia_na(address("2001:db8:2::99")))).status == 4

    def test_one_with_the_assigned_address_is_a_success(self, world: Make) -> None:
        w = world(handlers={"assigns": Assigns})
        answer = some(w.ask(CONFIRM, ia_na(address(MINE))))
        assert (answer.kind, answer.status, answer.associations) == (REPLY, 0, [])
        assert w.reason == "CONFIRMED"
        assert some(w.ask(CONFIRM, ia_na(address(MINE)), who=B)).status == 4

    def test_and_one_of_a_lease_whoever_gave_it(self, world: Make) -> None:
        w = world(handlers={"assigns": Assigns})
        request(w, ia_na())
        w.apply({"subnets": [OFFICE]})
        assert some(w.ask(CONFIRM, ia_na(address(MINE)))).status == 0
        assert some(w.ask(CONFIRM, ia_na(address(MINE), iaid=2))).status == 4


class TestExample10:
    def test_cannot_respond_in_pre_is_silence_and_analyse_post_is_called(self, world: Make) -> None:
        def stop(bundle: Transaction) -> None:
            raise CannotRespondError("no")

        one = Does(pre=stop)
        w = world(handlers={"stops": lambda: one})
        assert w.ask(SOLICIT, ia_na()) is None
        assert (w.reason, one.calls) == ("HANDLER-DROPPED", ["analyse_pre", "pre", "analyse_post"])

    def test_anything_else_in_handle_is_silence_and_counted(self, world: Make) -> None:
        w = world(handlers={"breaks": lambda: Does(handle=lambda _: 1 / 0)})
        assert w.ask(SOLICIT, ia_na()) is None
        assert w.reason == "HANDLER-FAILED"
        assert [one["errors"] for one in w.engine.instances.statistics()] == [1]


def test_example_3_each_relay_gets_its_own_interface_id(world: Make) -> None:
    w = world(handlers={"assigns": Assigns})
    data = message(SOLICIT, A.id, ia_na())
    for hops, (said, link) in enumerate([(b"port 7", "::"), (b"lan1", "2001:db8:1::1"), (b"up", "2001:db8:9::1")]):
        data = relayed(data, option(18, said), option(37, b"\0\0\0\x09x"), link=link, peer=f"fe80::{hops}", hops=hops)
    answer = some(w.send(data, source="2001:db8:9::9", unicast=True, port=547))
    assert answer.relays == [
        (2, "2001:db8:9::1", "fe80::2", [(18, b"up")]),
        (1, "2001:db8:1::1", "fe80::1", [(18, b"lan1")]),
        (0, "::", "fe80::", [(18, b"port 7")]),
    ]
    assert answer.kind == ADVERTISE


class TestExample15:
    @pytest.mark.parametrize(("said", "met"), [(1000, False), (1001, True), (None, False)], ids=["10", "10.01", "none"])
    def test_more_than_is_strict_in_hundredths_and_who_says_nothing_has_not_waited(
        self, world: Make, said: int | None, met: bool
    ) -> None:
        rows = [{"type": "ignore-request", "fields": {}, "scope": {"elapsed": {"more_than": 10}}}]
        w = world(configured=rows)
        options = [] if said is None else [option(8, said.to_bytes(2, "big"))]
        assert (w.ask(SOLICIT, *options) is None) == met


class TestExample16:
    @pytest.mark.parametrize(
        ("links", "found"),
        [(["fe80::1", "::", "2001:db8:1::1"], "2001:db8:1::1"), ([], "2001:db8:1::1"), (["::"], "2001:db8:1::1")],
        ids=["relays", "none", "a relay of this link"],
    )
    def test_the_link_is_the_first_address_of_more_than_one_link(
        self, world: Make, links: list[str], found: str
    ) -> None:
        seen: list[tuple[str, int]] = []
        one = Does(pre=lambda bundle: seen.append((bundle.link_address, len(bundle.relays))))
        w = world(handlers={"looks": lambda: one})
        data = message(SOLICIT, A.id)
        for link in links:
            data = relayed(data, link=link)
        w.send(data, port=547)
        assert seen == [(found, len(links) + 1)]


class TestExample17:
    def test_what_is_marked_handled_is_not_told_again(self, world: Make) -> None:
        left: list[list[Any]] = []

        def mark(bundle: Transaction6) -> None:
            first, *_ = bundle.get_unhandled_options((IA_NA, IA_PD))
            bundle.mark_handled(first)
            left.append(bundle.get_unhandled_options((IA_NA, IA_PD)))
            left.append(bundle.get_unhandled_associations())
            bundle.mark_handled(Option(8, b"\0\1"))
            left.append(bundle.get_unhandled_options(8))

        w = world(handlers={"marks": lambda: Does(handle=mark)})
        answer = some(w.ask(SOLICIT, ia_na(iaid=1), ia_na(iaid=2), ia_pd(iaid=1), option(8, b"\0\1")))
        codes, words, others = left
        assert [(one.code, one.payload[:4]) for one in codes] == [(IA_NA, b"\0\0\0\2"), (IA_PD, b"\0\0\0\1")]
        assert words == [IdentityAssociation(IA_NA, 2), IdentityAssociation(IA_PD, 1)]
        assert others == []
        assert [(one.code, one.iaid) for one in answer.associations] == [(IA_NA, 2), (IA_PD, 1)]


class TestExample18:
    def test_no_response_is_no_answer(self, world: Make) -> None:
        def drop(bundle: Transaction6) -> None:
            bundle.response = None

        w = world(handlers={"drops": lambda: Does(handle=drop)})
        assert w.ask(SOLICIT, ia_na()) is None
        assert w.reason == "HANDLER-DROPPED"

    def test_three_responses_are_three_messages_in_their_relays_and_differ(self, world: Make) -> None:
        def several(bundle: Transaction6) -> None:
            def more() -> Iterator[Any]:
                yield bundle.response
                for number in (1, 2):
                    another = bundle.another()
                    assert another is not None
                    another.set_option(65001, bytes((number,)))
                    yield another

            bundle.responses = more()

        w = world(handlers={"repeats": lambda: Does(handle=several)})
        data = relayed(message(SOLICIT, A.id, ia_na()), option(18, b"p"), link="2001:db8:1::1")
        left = w.batch(w.datagram(data, port=547))
        answers = [read6(one.payload) for one in left]
        assert [one.get(65001) for one in answers] == [None, b"\1", b"\2"]
        assert len({one.payload for one in left}) == 3
        assert {one.route.port for one in left} == {547}
        assert [one.relays[0][3] for one in answers] == [[(18, b"p")]] * 3


class TestExample21:
    def test_an_address_that_nobody_assigned_is_taken_back(self, world: Make) -> None:
        w = world(handlers={"assigns": Assigns})
        answer = some(w.ask(RENEW, server(), ia_na(address("2001:db8:1::77", 10, 20), iaid=9), who=B))
        assert answer.kind == REPLY
        assert (answer.one.iaid, answer.one.leased) == (9, [("2001:db8:1::77", 0, 0)])
        assert (w.reason, w.commits) == ("STATUS-NO-BINDING", 0)

    def test_without_any_handler_as_well(self, world: Make) -> None:
        w = world()
        assert leased(w.ask(RENEW, server(), ia_na(address("2001:db8:1::77")))) == [("2001:db8:1::77", 0, 0)]
        assert leased(w.ask(REBIND, ia_na(address("2001:db8:1::77")))) == [("2001:db8:1::77", 0, 0)]

    def test_without_authority_it_is_not_known_here_unless_it_is_of_another_link(self, world: Make) -> None:
        w = world(OFFICE | {"authoritative": False})
        assert some(w.ask(RENEW, server(), ia_na(address("2001:db8:1::77")))).one.status == 3
        assert leased(w.ask(RENEW, server(), ia_na(address("2001:db8:2::77")))) == [("2001:db8:2::77", 0, 0)]
        assert w.ask(REBIND, ia_na(address("2001:db8:1::77"))) is None
        assert w.reason == "UNKNOWN-CLIENT"

    def test_a_prefix_that_nobody_delegated_has_no_binding(self, world: Make) -> None:
        w = world()
        assert some(w.ask(RENEW, server(), ia_pd(prefix("2001:db8:f:100::/56")))).one.status == 3
        assert leased(w.ask(REBIND, ia_pd(prefix("2001:db8:f:100::/56")))) == [("2001:db8:f:100::/56", 0, 0)]


class TestExample24:
    def test_t1_and_t2_are_parts_of_the_shortest_preferred_lifetime_within_limits(self, world: Make) -> None:
        w = world(handlers={"assigns": Assigns})
        for fields, timers in (({}, (1800, 2880)), ({"max_t2": 1000}, (1000, 1000)), ({"min_t1": 2000}, (2000, 2880))):
            w.apply({"subnets": [OFFICE],
                     "handlers": [{"type": "assigns"}, {"type": "timing-limits", "fields": fields}]})  # fmt: skip
            answer = some(request(w, ia_na()))
            assert (answer.one.t1, answer.one.t2) == timers

    def test_without_limits_they_are_the_subnets_where_those_fit(self, world: Make) -> None:
        for lifetime, timers in (({"default": "2h", "renew": 100, "rebind": 200}, (100, 200)),
                                 ({"default": "2h", "renew": 4000, "rebind": 5000}, (1800, 2880))):  # fmt: skip
            w = world(OFFICE | {"lifetime": lifetime}, handlers={"assigns": Assigns})
            answer = some(request(w, ia_na()))
            assert (answer.one.t1, answer.one.t2) == timers


class Outward(RelayHandler):
    families = frozenset((6,))

    def handle_relay(self, bundle: Any, relay_in: Any, relay_out: Any) -> None:
        relay_out.options[37] = relay_in.options[37]


def test_a_relay_handler_meets_each_relay_and_says_what_it_gets_back(world: Make) -> None:
    w = world(handlers={"copies": Outward})
    inner = relayed(message(SOLICIT, A.id, oro(23)), option(37, b"\0\0\0\x09a"), link="2001:db8:1::1")
    answer = some(w.send(relayed(inner, option(37, b"\0\0\0\x09b"), option(18, b"x"), link="::"), port=547))
    assert [said for *_, said in answer.relays] == [[(18, b"x"), (37, b"\0\0\0\x09b")], [(37, b"\0\0\0\x09a")]]
