"""Isolated handlers of packages: they do in a process of their own what they do in the engine, and harm nobody."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from dhcpcore.builtin import FACTORIES
from dhcpcore.pipeline.instances import Instances
from dhcpcore.topology.installed_types import installed
from tests.apart import ANSWER_S, Begin, install, isolated, sites
from tests.packets4 import DISCOVER, NAK, OFFER, client
from tests.scenarios.served import apply
from tests.scenarios.test_handlers import answered, document

A, B = client(1), client(2)

#: Installed as pip would leave it.  ``thorough`` does everything that a handler can, ``harm`` what the client's number
#: says, ``made`` what its fields say while it is made.
PACKAGE = """
import logging, os, signal, sys, time

from dhcpcore.pipeline.api import (
    CannotRespondError, ForOtherServerError, Handler, HandlerFactory, MessagesList, Option, ReplyWithStatusError,
    UseMulticastError,
)
from pydantic import BaseModel


class Thorough(Handler):
    def analyse_pre(self, bundle):
        assert bundle.response is None and bundle.address is None
        bundle.handler_data[self] = [bundle.request.type]

    def pre(self, bundle):
        assert "before" in bundle.marks and not self.simulated
        bundle.handler_data[self].append(bundle.subnet.name)
        bundle.add_mark("seen")
        bundle.request.set_option("host-name", b"renamed")
        bundle.allow_rapid_commit = False

    def handle(self, bundle):
        answer = bundle.response
        if answer is None:
            return
        told = [bundle.subnet.prefix, bundle.subnet.plen, bundle.link_address, bundle.received_over_multicast,
                sorted(bundle.classes),
                bundle.client[-2:], bundle.address, int(bundle.now) > 0, bundle.get_unhandled_options((60,)),
                bundle.wants(15), answer.get_option(15)]
        assert told == [bytes((192, 0, 2, 0)), 24, "192.0.2.2", False, ["ALL", "phones"], "01", answer.yiaddr, True,
                        [Option(60, b"phone")], True, b"over"], told
        bundle.mark_handled(Option(60, b"phone"))
        answer.set_option(224, repr(bundle.handler_data[self]).encode())
        answer.delete_option("domain-name-servers")
        answer.siaddr, answer.file, answer.sname = "192.0.2.66", b"boot", b"host"
        answer.set_timers(100, 200)
        bundle.outgoing_relay_messages[0].options[1] = bundle.relays[0].options[1][::-1]
        bundle.responses = MessagesList(answer, self.more(bundle))

    def more(self, bundle):
        other = bundle.another()
        other.set_option(15, b"second")
        yield other

    def post(self, bundle):
        bundle.response.set_option(225, bundle.response.type.encode())

    def analyse_post(self, bundle):
        logging.getLogger("mine").warning("seen %s in %d", bundle, os.getpid())


class Raises(Handler):
    def handle(self, bundle):
        match bundle.request.hw_address[-2:]:
            case "01": raise CannotRespondError("not this one")
            case "02": raise ForOtherServerError
            case "03": raise UseMulticastError
            case "04": raise ReplyWithStatusError(10, "no")
            case "05": raise ValueError("a mistake")
            case "06": sys.exit("no")
            case "07": bundle.response.set_option(51, b"0000")
            case "08": bytearray(3 << 30)
            case "09": bundle.response = None
            case "0a": bundle.request.options["x"] = 5
            case "0b": raise Mine("of its own kind")

    def analyse_pre(self, bundle):
        if bundle.request.hw_address[-2:] == "0c":
            raise ValueError("while it looks")


class Mine(CannotRespondError):
    pass


class Harm(Handler):
    def handle(self, bundle):
        match bundle.request.hw_address[-2:]:
            case "01": time.sleep(60)
            case "02": os._exit(3)
            case "03": os.kill(os.getpid(), signal.SIGSEGV)
            case "04": os.closerange(3, 60)
            case "05":
                for number in range(3, 60):
                    try: os.write(number, b"nonsense" * 100_000)
                    except OSError: pass


class OfThorough(HandlerFactory):
    def create(self):
        return Thorough()


class OfRaises(HandlerFactory):
    def create(self):
        return Raises()


class OfHarm(HandlerFactory):
    def create(self):
        return Harm()


class OfMade(HandlerFactory):
    class Fields(BaseModel):
        does: str = ""

    def create(self):
        match self.fields.does:
            case "raise": raise OSError("no such server")
            case "exit": os._exit(1)
            case "five": return 5
            case "sleep": time.sleep(60)
        return Handler()
"""


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install(tmp_path_factory.mktemp("packages"), PACKAGE, "thorough", "raises", "harm", "made")


@pytest.fixture
def begin(tmp_path: Path, installation: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Begin]:
    yield from sites(tmp_path, installation, monkeypatch)


@pytest.mark.parametrize("apart", [True, False])
def test_a_handler_does_in_a_process_of_its_own_what_it_does_in_the_engine(
    begin: Begin, apart: bool, caplog: pytest.LogCaptureFixture
) -> None:
    site = begin(
        {"type": "mark", "fields": {"marks": ["before"]}},
        {"type": "overwrite-option", "fields": {"options": {"dhcp4": {"domain-name": "over"}}}},
        {"type": "thorough", "isolated": apart},
        {"type": "set-option", "fields": {"options": {"dhcp4": {"option-226": {"hex": "01"}}}, "always_send": True},
         "scope": {"mark": "seen"}},
        globals={"rapid_commit": True},
        classes=[{"name": "phones", "test": "option[60].text == 'phone'"}],
    )  # fmt: skip
    w = site.world
    sent = {"via": "192.0.2.2", "agent": b"\1\3abc", "options": {60: b"phone", 80: b""}}
    first, second = answered(w, w.packet(DISCOVER, A, **sent))
    assert (first.kind, first.yiaddr, first.siaddr, first.number(58), first.number(59)) == (
        OFFER, "192.0.2.100", "192.0.2.66", 100, 200)  # fmt: skip
    assert first.options[224] == b"['DISCOVER', 'office']"
    assert (first.options[225], first.options[226], first.options[15]) == (b"OFFER", b"\1", b"over")
    assert 6 not in first.options
    assert first.options[82] == b"\1\3cba"
    assert (first.payload[44:49], first.payload[108:113]) == (b"host\0", b"boot\0")
    assert second.options[15] == b"second"
    (told,) = (one for one in site.instances.statistics() if one["type"] == "thorough")
    assert (told["calls"], told["changed"], told["errors"], told["isolated"], told["restarts"]) == (5, 2, 0, apart, 0)
    site.until(lambda: "seen DISCOVER" in caplog.text)
    assert "OFFER with marks 'before', 'seen' in" in caplog.text
    assert (f"in {os.getpid()}\n" in caplog.text) is not apart


def test_what_it_raises_is_what_the_model_says_and_the_process_lives(
    begin: Begin, caplog: pytest.LogCaptureFixture
) -> None:
    site = begin(isolated("raises"))
    w = site.world
    for number, reason, words in (
        (1, "HANDLER-DROPPED", "not this one"), (2, "OTHER-SERVER", ""), (3, "HANDLER-DROPPED", ""),
        (4, "HANDLER-DROPPED", ""), (5, "HANDLER-FAILED", "ValueError: a mistake"),
        (6, "HANDLER-FAILED", "SystemExit: no"), (7, "HANDLER-FAILED", "the protocol's own"),
        (8, "HANDLER-FAILED", "MemoryError"), (9, "HANDLER-DROPPED", ""), (10, "HANDLER-FAILED", "in its process"),
        (11, "HANDLER-DROPPED", "of its own kind"),
    ):  # fmt: skip
        caplog.clear()
        assert w.discover(client(number)) is None
        assert w.reason == reason, number
        assert words.lower() in caplog.text.lower()
        assert w.discover(client(20)).kind == OFFER
    assert w.discover(client(12)).kind == OFFER, "what is raised while it looks changes nothing"
    assert w.select(client(4), "192.0.2.105").kind == NAK
    assert w.reason == "NAK-HANDLER"
    assert site.alone.started == 1
    (told,) = site.instances.statistics()
    assert (told["errors"], told["disabled"]) == (6, "")


def test_what_ends_the_process_ends_one_transaction_and_another_process_serves_the_next(
    begin: Begin, caplog: pytest.LogCaptureFixture
) -> None:
    site = begin(isolated("harm", scope={"subnet": "office"}))
    w = site.world
    soon: list[int] = []
    for number in (2, 3, 4, 5):
        caplog.clear()
        site.alone.soon = lambda number=number: soon.append(number)  # type: ignore[misc]
        assert w.discover(client(number)) is None
        assert w.reason == "HANDLER-FAILED"
        assert "HANDLER-PROCESS-ENDED: the process of harm was ended" in caplog.text
        assert not site.alone.ready
        assert set(soon) == {number}, "the loop is to begin the next one at once"
        if site.alone.failures == 1:
            assert w.discover(client(30)).kind == OFFER, "it has waited for the next process"
        for away in range(30, 42) if site.alone.failures > 1 else ():  # No failure of the handler's.
            assert w.discover(client(away)) is None
            assert w.reason == "HANDLER-FAILED"
        site.alone.soon = lambda: None
        site.alone._again_at = site.alone.failures = 0
        site.until(lambda: site.alone.ready)
        assert w.discover(client(30)).kind == OFFER
        soon.clear()
        site.alone.failures = 3  # The next pause is longer than is waited for.
    (told,) = site.instances.statistics()
    assert (told["errors"], told["overruns"], told["restarts"], told["disabled"]) == (4 + 3 * 12, 0, 4, "")


def test_one_that_hangs_is_ended_and_after_three_times_switched_off_with_an_event(begin: Begin) -> None:
    site = begin(isolated("harm"))
    w, alone = site.world, site.alone
    for _ in range(3):
        alone.answer_s = 0.05
        assert w.discover(A) is None
        assert w.reason == "HANDLER-FAILED"
        alone._again_at, alone.answer_s = 0.0, ANSWER_S
        if site.apart._all:
            site.until(lambda: alone.ready)
    assert w.discover(A).kind == OFFER
    assert "HANDLER-DISABLED: harm is not called any more: it took longer" in site.instances.events[0]
    assert alone._process is None, "what is not called does not run"


def test_one_whose_processes_end_again_and_again_is_switched_off(begin: Begin) -> None:
    site = begin(isolated("harm"))
    w = site.world
    site.alone.failures = 3
    assert w.discover(client(2)) is None
    assert w.discover(client(30)) is None
    assert site.instances.events == []
    site.alone.failures = 5
    assert w.discover(client(30)) is None
    assert w.discover(client(30)).kind == OFFER
    assert "its process ended soon after its beginning, 5 times in a row" in site.instances.events[0]


def test_one_that_cannot_be_made_is_set_aside_and_everybody_served(
    begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dhcpcore.script.isolated_handler.MAKING_S", 0.3)
    does = ("raise", "exit", "five", "sleep")
    site = begin(*(isolated("made", name=one, fields={"does": one}) for one in does))
    assert site.world.discover(A).kind == OFFER
    told = {one.place: one.fault for one in site.instances.quarantined}
    assert told.pop("handler sleep").startswith("making it took longer than 2 s, for which its messages waited")
    assert told == {
        "handler raise": "OSError: no such server", "handler exit": "its process ended while it was made",
        "handler five": "TypeError: create() made 5 (int), which is no Handler",
    }  # fmt: skip
    assert site.apart._all == []
    assert [one["disabled"] != "" for one in site.instances.statistics()] == [True] * 4


def test_a_process_goes_with_its_row_and_stays_while_that_is_the_same(begin: Begin) -> None:
    site = begin(isolated("made"))
    w, first = site.world, site.alone
    process = first._process
    assert process is not None
    apply(w, document(isolated("made"), globals={"offer_hold": 20}))
    assert site.alone is first
    apply(w, document({"type": "made"}))
    assert site.apart._all == []
    site.until(lambda: process.poll() is not None)
    site.instances.install([])
    apart = Instances({**FACTORIES, **{one.type.name: one.factory for one in installed()}})
    apart.install(w.snapshot.handlers[:0])
    w.engine.instances = apart
    apply(w, document(isolated("made", name="again")))
    assert apart.quarantined[0].fault == "isolated: nothing here starts processes"
