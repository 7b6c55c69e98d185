"""Handlers of packages in the way of real dialogues: DHCPKit's phases, exceptions, relays and bundle, over DHCPv4."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from dhcpcore.builtin import FACTORIES
from dhcpcore.errors import Refused
from dhcpcore.hooks.registry import FAILURES_MAX, OVERRUNS_MAX, Overrun, Registry
from dhcpcore.pipeline.api import (
    CannotRespondError,
    CopyRelayOptionHandler,
    ForOtherServerError,
    Handler,
    HandlerFactory,
    MessagesList,
    Option,
    Relay,
    RelayAnswer,
    RelayHandler,
    ReplyWithStatusError,
    SimpleOptionHandler,
    Transaction,
    UseMulticastError,
)
from dhcpcore.pipeline.instances import Instances
from tests.packets4 import ACK, DISCOVER, NAK, OFFER, client
from tests.playbook import World, traces
from tests.scenarios.served import apply, served
from tests.scenarios.test_handlers import answered, document, handler

Make = Callable[..., World]
A, B = client(1), client(2)
PHASES = ("analyse_pre", "pre", "handle", "post", "analyse_post")


class Noted(Handler):
    """Notes every call, and does there what a test wants done."""

    def __init__(self, calls: list[str], **does: Callable[[Transaction], object]) -> None:
        self.calls = calls
        self.does = does

    def worker_init(self) -> None:
        self.calls.append("worker_init")

    def _note(self, phase: str, bundle: Transaction) -> None:
        self.calls.append(phase)
        if phase in self.does:
            self.does[phase](bundle)

    def analyse_pre(self, bundle: Transaction) -> None:
        self._note("analyse_pre", bundle)

    def pre(self, bundle: Transaction) -> None:
        self._note("pre", bundle)

    def handle(self, bundle: Transaction) -> None:
        self._note("handle", bundle)

    def post(self, bundle: Transaction) -> None:
        self._note("post", bundle)

    def analyse_post(self, bundle: Transaction) -> None:
        self._note("analyse_post", bundle)


def of(made: Handler | Callable[[], Handler], fields: type[BaseModel] | None = None) -> type[HandlerFactory]:
    """A type that makes this handler."""

    class Type(HandlerFactory):
        def create(self) -> Handler:
            return made if isinstance(made, Handler) else made()

    if fields is not None:
        Type.Fields = fields
    return Type


def site(make: Make, types: dict[str, type[HandlerFactory]], *rows: dict[str, Any], **more: Any) -> World:
    """A world whose engine has these types beside the built-in ones, and a row of each."""
    w = make()
    listed = rows or tuple({"type": name} for name in types)
    for node in w.nodes:
        node.engine.instances = Instances({**FACTORIES, **types}, **more)
    return served(lambda: w, document(*listed))


def raising(error: BaseException) -> Callable[[Transaction], object]:
    def do(bundle: Transaction) -> None:
        raise error

    return do


def noted(make: Make, **does: Callable[[Transaction], object]) -> tuple[World, list[str]]:
    calls: list[str] = []
    return site(make, {"noted": of(Noted(calls, **does))}), calls


def test_phases_come_once_in_their_order(world: Make) -> None:
    w, calls = noted(world)
    w.discover(A)
    assert calls == ["worker_init", *PHASES]
    w.lease(A)
    assert calls == ["worker_init", *PHASES * 3]


def test_post_comes_after_the_commit_and_before_the_answer(world: Make) -> None:
    rows: list[Any] = []
    w, _ = noted(world, post=lambda bundle: rows.append(bundle.address and w.row(bundle.address)))
    offer = w.discover(A)
    assert rows == [None], "an OFFER promises nothing"
    w.select(A, offer)
    assert rows[1].state == 1


def test_one_that_only_looks_afterwards_sees_what_another_left_unanswered(world: Make) -> None:
    class Looks(Handler):
        def analyse_post(self, bundle: Transaction) -> None:
            seen.append(bundle.response)

    seen: list[Any] = []
    w = site(world, {"looks": of(Looks)}, {"type": "ignore-request"}, {"type": "looks"},
             {"type": "looks", "name": "elsewhere", "scope": {"mark": "never"}})
    assert w.discover(A) is None
    assert seen == [None]


def test_it_is_called_once_for_a_packet_that_waits_and_comes_again(world: Make) -> None:
    w, calls = noted(world)
    apply(w, document({"type": "noted"}, globals={"probe": True}))
    assert w.discover(A) is None
    w.pass_(0.5)
    assert len(w.later()) == 1
    assert calls == ["worker_init", *PHASES]


def test_a_handler_made_with_a_connection_has_it_from_worker_init_once_in_a_process(world: Make) -> None:
    made: list[str] = []

    class Connected(Handler):
        def worker_init(self) -> None:
            made.append("connection")

        def handle(self, bundle: Transaction) -> None:
            assert made == ["connection"]

    w = site(world, {"connected": of(Connected)})
    w.lease(A)
    apply(w, document({"type": "connected"}, globals={"offer_hold": 20}))
    assert w.lease(A)
    assert made == ["connection"]


class TestExceptions:
    def test_cannot_respond_in_pre_is_silence_handle_is_not_called_and_analyse_post_is(
        self, world: Make, caplog: pytest.LogCaptureFixture
    ) -> None:
        w, calls = noted(world, pre=raising(CannotRespondError("not this one")))
        assert w.discover(A) is None
        assert w.reason == "HANDLER-DROPPED"
        assert calls == ["worker_init", "analyse_pre", "pre", "analyse_post"]
        assert "not this one" in caplog.text
        assert "The configured handler noted stopped it." in traces(w)

    def test_any_other_exception_is_silence_with_a_traceback_and_counted(
        self, world: Make, caplog: pytest.LogCaptureFixture
    ) -> None:
        w, _ = noted(world, handle=raising(RuntimeError("broken")))
        assert w.discover(A) is None
        assert w.reason == "HANDLER-FAILED"
        assert "RuntimeError: broken" in caplog.text
        (told,) = w.engine.instances.statistics()
        assert (told["errors"], told["stopped"]) == (1, 1)

    @pytest.mark.parametrize("phase", ["analyse_pre", "analyse_post"])
    @pytest.mark.parametrize("error", [RuntimeError("broken"), CannotRespondError()], ids=["any", "cannot respond"])
    def test_what_an_analysis_raises_changes_nothing(
        self, world: Make, phase: str, error: Exception, caplog: pytest.LogCaptureFixture
    ) -> None:
        w, _ = noted(world, **{phase: raising(error)})
        assert w.lease(A)
        assert "HANDLER-FAILED" in caplog.text

    @pytest.mark.parametrize("phase", ["pre", "handle", "post"])
    def test_what_is_for_another_server_is_silence_without_a_warning(
        self, world: Make, phase: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        w, _ = noted(world, **{phase: raising(ForOtherServerError())})
        assert w.discover(A) is None
        assert w.reason == "OTHER-SERVER"
        assert not [one for one in caplog.records if one.levelno > logging.INFO]

    @pytest.mark.parametrize("phase", ["pre", "handle"])
    def test_a_status_refuses_a_request_and_is_silence_to_others(self, world: Make, phase: str) -> None:
        w, _ = noted(world, **{phase: raising(ReplyWithStatusError(10, "no"))})
        assert w.discover(A) is None
        assert w.reason == "HANDLER-DROPPED"
        assert w.select(A, "192.0.2.100").kind == NAK
        assert w.reason == "NAK-HANDLER"
        assert w.row("192.0.2.100") is None

    def test_in_post_it_only_stops_the_answer_what_was_committed_stays(self, world: Make) -> None:
        w, _ = noted(world, post=lambda bundle: bundle.request.type == "REQUEST" and raising(CannotRespondError())(
            bundle))  # fmt: skip
        offer = w.discover(A)
        assert answered(w, w.packet(3, A, requested=offer.yiaddr, server="192.0.2.1")) == []
        assert w.engine.traces[-1].reason.code == "HANDLER-DROPPED"
        row = w.sql.execute("SELECT state FROM lease").fetchall()
        assert row == [(1,)]

    def test_use_multicast_has_no_answer_in_dhcpv4(self, world: Make) -> None:
        w, _ = noted(world, handle=raising(UseMulticastError()))
        assert w.discover(A) is None
        assert w.reason == "HANDLER-DROPPED"

    @pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, GeneratorExit, BaseException])
    def test_who_calls_exit_or_interrupts_ends_the_call_and_not_the_server(
        self, world: Make, error: type[BaseException]
    ) -> None:
        w, _ = noted(world, handle=raising(error()))
        assert w.discover(A) is None
        assert w.reason == "HANDLER-FAILED"


class TestSafety:
    def test_one_that_goes_on_failing_is_switched_off_with_an_event_and_clients_are_served_again(
        self, world: Make
    ) -> None:
        w, _ = noted(world, handle=raising(RuntimeError("broken")))
        for _ in range(FAILURES_MAX):
            assert w.discover(A) is None
        (before,) = w.engine.instances.statistics()
        assert w.lease(A)
        (told,) = w.engine.instances.statistics()
        assert (told["calls"], told["errors"]) == (before["calls"], FAILURES_MAX)
        assert told["disabled"] == "it raised in handle, 10 times in a row"
        assert len(w.engine.instances.events) == 1
        assert "HANDLER-DISABLED: noted" in w.engine.instances.events[0]

    def test_one_that_recovers_is_not(self, world: Make) -> None:
        fails = iter([True] * 9 + [False] + [True] * 9 + [False] * 9)
        w, _ = noted(world, handle=lambda bundle: raising(RuntimeError())(bundle) if next(fails) else None)
        for _ in range(20):
            w.discover(A)
        assert w.engine.instances.events == []
        assert w.discover(A)

    def test_one_that_takes_too_long_is_ended_and_then_not_called_any_more(self, world: Make) -> None:
        @contextmanager
        def at_once(seconds: float) -> Iterator[None]:
            yield
            if seconds < 1:
                raise Overrun("it took too long")

        w = site(world, {"slow": of(Noted([]))}, limit=at_once)
        reasons = []
        for _ in range(OVERRUNS_MAX + 1):
            w.discover(A)
            reasons.append(w.reason)
        assert "HANDLER-FAILED" in reasons
        assert reasons[-1] == "OFFER"
        assert "took longer" in w.engine.instances.statistics()[0]["disabled"]

    def test_one_that_excepts_every_exception_is_ended_all_the_same(self, world: Make) -> None:
        def stubborn(bundle: Transaction) -> None:
            with suppress(Exception):
                raise Overrun("it took too long")  # As the timer has it raised wherever the handler is.

        w, _ = noted(world, handle=stubborn)
        assert w.discover(A) is None
        assert w.reason == "HANDLER-FAILED"

    @pytest.mark.parametrize(("seconds", "ends"), [(0.024, "OFFER"), (0.026, "HANDLER-FAILED")])
    def test_one_that_keeps_its_end_to_itself_has_overrun(self, world: Make, seconds: float, ends: str) -> None:
        times = [0.0]

        def slow(bundle: Transaction) -> None:
            times[0] += seconds

        w = site(world, {"noted": of(Noted([], handle=slow))}, clock=lambda: times[0])
        w.discover(A)
        assert w.reason == ends

    @pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
    def test_one_that_interrupts_when_it_is_made_is_set_aside(self, world: Make, error: type[BaseException]) -> None:
        def make() -> Handler:
            raise error

        w = site(world, {"bad": of(make)})
        assert w.discover(A)
        assert error.__name__ in w.engine.instances.quarantined[0].fault

    def test_a_factory_that_makes_no_handler_is_told_so(self, world: Make) -> None:
        w = site(world, {"bad": of(lambda: 5)})  # type: ignore[arg-type, return-value]
        assert w.discover(A)
        assert w.engine.instances.quarantined[0].fault == "TypeError: create() made 5 (int), which is no Handler"

    def test_one_whose_making_takes_too_long_keeps_clients_waiting_once(self, world: Make) -> None:
        made: list[int] = []

        def make() -> Handler:
            made.append(1)
            raise Overrun("it took too long")

        w = site(world, {"slow": of(make), "noted": of(Noted([]))})
        (one,) = w.engine.instances.quarantined
        assert one.fault == (
            "making it took longer than 2 s, in which nobody was answered; it is tried again when the handler is "
            "changed or enabled anew"
        )
        apply(w, document({"type": "slow"}, {"type": "noted", "name": "other"}))
        assert made == [1]
        assert w.engine.instances.quarantined == (one,)
        apply(w, document({"type": "slow", "enabled": False}))
        apply(w, document({"type": "slow"}))
        assert made == [1, 1]

    def test_one_that_could_not_be_made_is_tried_again_with_each_change(self, world: Make) -> None:
        fails = iter([True, False])

        def make() -> Handler:
            if next(fails):
                raise OSError("no such server")
            return Noted([])

        w = site(world, {"bad": of(make)})
        assert w.engine.instances.quarantined
        apply(w, document({"type": "bad"}, {"type": "mark", "fields": {"marks": ["a"]}}))
        assert not w.engine.instances.quarantined

    @pytest.mark.parametrize("broken", ["create", "worker_init", "fields"])
    def test_one_that_cannot_be_made_is_set_aside_and_everybody_served(self, world: Make, broken: str) -> None:
        class Fields(BaseModel):
            model_config = ConfigDict(extra="forbid")
            size: int = 1

        def make() -> Handler:
            if broken == "create":
                raise OSError("no such server")
            made = Noted([])
            if broken == "worker_init":
                made.worker_init = raising(Refused("not today"))  # type: ignore[method-assign, assignment]
            return made

        fields = {"size": "x"} if broken == "fields" else {}
        w = site(world, {"bad": of(make, Fields)}, {"type": "bad", "fields": fields})
        assert w.lease(A)
        (one,) = w.engine.instances.quarantined
        assert one.place == "handler bad"
        assert w.engine.gate is None

    def test_another_one_in_its_row_begins_anew(self, world: Make) -> None:
        w, _ = noted(world, handle=raising(RuntimeError("broken")))
        for _ in range(FAILURES_MAX):
            w.discover(A)
        apply(w, document({"type": "noted", "name": "again"}))
        assert w.discover(A) is None


@pytest.mark.parametrize("simulated", [False, True])
def test_handlers_and_their_factories_are_told_of_a_simulation(world: Make, simulated: bool) -> None:
    told: list[bool] = []

    class Told(Handler):
        def worker_init(self) -> None:
            told.append(self.simulated)

        def handle(self, bundle: Transaction) -> None:
            told.append(self.simulated)

    class Type(HandlerFactory):
        def create(self) -> Handler:
            told.append(self.simulated)
            return Told()

    w = site(world, {"told": Type}, simulated=simulated)
    w.discover(A)
    assert told == [simulated] * 3


class TestBundle:
    def test_what_it_tells(self, world: Make) -> None:
        told: list[Any] = []

        def look(bundle: Transaction) -> None:
            told.append((bundle.request.type, bundle.response and bundle.response.type, bundle.address,
                         bundle.subnet.name, bundle.link_address, bundle.received_over_multicast,
                         bundle.received_over_tcp, str(bundle)))  # fmt: skip

        w, _ = noted(world, pre=look, handle=look)
        w.discover(A)
        hw = A.hw.hex(":")
        assert told == [
            ("DISCOVER", None, None, "office", "192.0.2.1", True, False, f"DISCOVER from {hw} at 0.0.0.0 -> no answer"),
            ("DISCOVER", "OFFER", "192.0.2.100", "office", "192.0.2.1", True, False,
             f"DISCOVER from {hw} at 0.0.0.0 -> OFFER")]  # fmt: skip

    def test_relays_from_the_client_outwards_the_servers_own_layer_last(self, world: Make) -> None:
        told: list[Any] = []
        w, _ = noted(world, pre=lambda bundle: told.append((bundle.relays, bundle.link_address)))
        w.discover(A, via="192.0.2.2", agent=b"\1\3abc")
        w.discover(B)
        (first, own), link = told[0]
        assert first == Relay("192.0.2.2", A.hw.hex(":"), {1: b"abc"})
        assert own.is_own
        assert link == "192.0.2.2"
        assert told[1][0] == (Relay("192.0.2.1", B.hw.hex(":"), {}, is_own=True),)

    def test_a_relay_handler_pairs_what_came_with_what_goes_back(self, world: Make) -> None:
        class Swap(RelayHandler):
            def handle_relay(self, bundle: Transaction, relay_in: Relay, relay_out: RelayAnswer) -> None:
                relay_out.options[1] = relay_in.options[1][::-1]

        w = site(world, {"swap": of(Swap), "copy": of(lambda: CopyRelayOptionHandler(2))})
        (answer,) = answered(w, w.packet(DISCOVER, A, via="192.0.2.2", agent=b"\1\3abc\2\1x"))
        assert answer.options[82] == b"\1\3cba\2\1x"
        assert answered(w, w.packet(DISCOVER, B))[0].kind == OFFER

    def test_marks_are_stripped_and_seen_by_those_after_it(self, world: Make) -> None:
        seen: list[set[str]] = []
        w = site(world, {"one": of(Noted([], pre=lambda bundle: bundle.add_mark(" late "))),
                         "two": of(Noted([], handle=lambda bundle: seen.append(set(bundle.marks))))})
        w.discover(A)
        assert seen == [{"late"}]

    def test_marks_of_the_servers_own_are_nobodys(self, world: Make) -> None:
        seen: list[frozenset[str]] = []
        w, _ = noted(world, handle=lambda bundle: seen.append(bundle.marks))
        apply(w, document({"type": "mark", "fields": {"marks": ["counted"]}}, {"type": "noted"},
                          globals={"flood": {"client_rate": 1, "burst": 1}}))
        assert w.discover(A)
        assert seen == [frozenset({"counted"})]
        assert w.discover(A) is None
        assert w.reason == "RATE-LIMITED"

    def test_options_that_somebody_has_handled_are_not_told_again(self, world: Make) -> None:
        told: list[Any] = []

        def first(bundle: Transaction) -> None:
            told.append(bundle.get_unhandled_options((60, 77)))
            bundle.mark_handled(Option(60, b"phone"))

        w = site(world, {"one": of(Noted([], handle=first)), "two": of(
            Noted([], handle=lambda bundle: told.append(bundle.get_unhandled_options((60, 77)))))})
        w.discover(A, options={60: b"phone", 77: b"x"})
        assert told == [[Option(60, b"phone"), Option(77, b"x")], [Option(77, b"x")]]

    def test_what_a_handler_keeps_it_finds_in_its_later_phases(self, world: Make) -> None:
        found: list[Any] = []
        w, _ = noted(world, pre=lambda bundle: bundle.handler_data.update(mine=1),
                     analyse_post=lambda bundle: found.append(bundle.handler_data["mine"]))
        w.discover(A)
        assert found == [1]

    def test_no_response_is_no_answer(self, world: Make) -> None:
        w, _ = noted(world, handle=lambda bundle: setattr(bundle, "response", None))
        assert w.discover(A) is None
        assert w.reason == "HANDLER-DROPPED"

    def test_answers_after_the_first_are_made_when_they_are_sent(self, world: Make) -> None:
        made: list[int] = []

        def more(bundle: Transaction) -> Iterator[Any]:
            for number in range(2):
                made.append(number)
                another = bundle.another()
                another.set_option("domain-name", b"%d" % number)
                yield another

        w, _ = noted(world, handle=lambda bundle: setattr(
            bundle, "responses", MessagesList(bundle.response, more(bundle))))
        answers = answered(w, w.packet(DISCOVER, A))
        assert [one.options[15] for one in answers] == [b"example.org", b"0", b"1"]
        assert made == [0, 1]

    def test_combine_gets_what_is_there_and_none_leaves_it(self, world: Make) -> None:
        class Upper(SimpleOptionHandler):
            def combine(self, existing_options: list[Option]) -> Option | None:
                (one,) = existing_options
                return None if one.payload == b"EXAMPLE.ORG" else Option(15, one.payload.upper())

        w = site(world, {"one": of(lambda: Upper(Option(15, b"x"))), "two": of(lambda: Upper(Option(15, b"x")))})
        assert w.discover(A).options[15] == b"EXAMPLE.ORG"

    def test_what_post_changes_is_on_the_wire(self, world: Make) -> None:
        w, _ = noted(world, post=lambda bundle: bundle.response.set_option(
            "domain-name", bundle.response.type.encode()))  # fmt: skip
        assert w.lease(A).options[15] == b"ACK"

    def test_rapid_commit_may_be_taken_away_before_the_answer_and_not_given(self, world: Make) -> None:
        told: list[bool] = []

        def take(bundle: Transaction) -> None:
            told.append(bundle.allow_rapid_commit)
            bundle.allow_rapid_commit = bundle.request.hw_address == B.hw.hex(":")

        w, _ = noted(world, pre=take)
        apply(w, document({"type": "noted"}, globals={"rapid_commit": True}))
        assert w.discover(A, options={80: b""}).kind == OFFER
        assert w.discover(B, options={80: b""}).kind == ACK
        apply(w, document({"type": "noted"}))
        assert w.discover(B, options={80: b""}).kind == OFFER
        assert told == [True, True, False]

    def test_another_answer_set_in_post_is_on_the_wire(self, world: Make) -> None:
        def exchange(bundle: Transaction) -> None:
            other = bundle.another()
            other.response.file = b"other"
            bundle.response = other

        w, _ = noted(world, post=exchange)
        assert w.discover(A).payload[108:113] == b"other"

    def test_a_release_has_no_answer_and_may_be_stopped(self, world: Make) -> None:
        told: list[Any] = []
        w, _ = noted(world, handle=lambda bundle: told.append(bundle.response))
        ack = w.lease(A)
        w.release(A, ack.yiaddr)
        assert told[-1] is None
        assert w.reason == "RELEASED"

    def test_the_lease_is_the_servers_affair(self, world: Make) -> None:
        w, _ = noted(world, handle=lambda bundle: bundle.response.set_option(51, b"\0\0\0\1"))
        assert w.discover(A) is None
        assert w.reason == "HANDLER-FAILED"


def test_hooks_see_what_handlers_have_made_of_the_answer(world: Make) -> None:
    seen: list[Any] = []
    w, _ = noted(world, post=lambda bundle: bundle.response.set_option("domain-name", b"post"))
    registry = Registry()
    registry.register(1, "site", "pkt4_send",
                      lambda handle: seen.append(handle.getArgument("response4").get_option(15)))
    w.engine.hook(registry)
    apply(w, document(handler("overwrite-option", options={"dhcp4": {"domain-name": "over"}}), {"type": "noted"}))
    assert w.discover(A).options[15] == b"post"
    assert seen == [b"post"]


def test_only_a_race_calls_handle_again_and_post_once(world: Make) -> None:
    w, calls = noted(world)
    offer = w.discover(A)
    calls.clear()
    w.nodes[0].store.before_commit.append(lambda: w.engine.allocator.drop(b"nobody"))
    assert w.select(A, offer).kind == ACK
    assert calls.count("post") == 1
