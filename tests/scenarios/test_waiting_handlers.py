"""A transaction waits for an isolated handler, and nobody else does; each call is made once.  Real processes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dhcpcore.pipeline import suspended
from tests.apart import ANSWER_S, Begin, Site, install, isolated, sites
from tests.packets4 import ACK, DISCOVER, INFORM, NAK, OFFER, client
from tests.playbook import traces
from tests.scenarios.served import apply
from tests.scenarios.test_handlers import document

A, B, C = client(1), client(2), client(3)
HUNDRED, NEXT = "192.0.2.100", "192.0.2.101"
PHONE = {60: b"phone"}
#: Whom a handler with this scope has to do with, and whom not.
PHONES: dict[str, Any] = {"scope": {"class": "phone"}}
CLASSES: dict[str, Any] = {"classes": [{"name": "phone", "test": "option[60].text == 'phone'"}]}

#: ``noting`` writes each call down, leaves its letter in the answer, and does what its fields say about a client.
PACKAGE = """
import os, time

from dhcpcore.pipeline.api import CannotRespondError, Handler, HandlerFactory, ReplyWithStatusError
from pydantic import BaseModel


class Fields(BaseModel):
    notes: str
    letter: str
    phases: list[str] = ["handle"]
    deeds: dict[str, str] = {}


def calling(phase, fields):
    def called(self, bundle):
        who = bundle.request.hw_address[-2:]
        with open(fields.notes, "a") as notes:
            notes.write(f"{fields.letter} {phase} {who}\\n")
        match fields.deeds.get(f"{phase} {who}"):
            case "wait":
                while not os.path.exists(fields.notes + ".go"):
                    time.sleep(0.005)
            case "once":
                if not os.path.exists(fields.notes + ".go"):
                    open(fields.notes + ".go", "w").close()
                    os._exit(3)
            case "exit": os._exit(3)
            case "loop":
                while True: pass
            case "drop": raise CannotRespondError("not this one")
            case "refuse": raise ReplyWithStatusError(1, "no")
        if phase == "pre":
            bundle.add_mark(fields.letter)
        if phase in ("handle", "post") and bundle.response is not None:
            said = bundle.response.get_option(224) or b""
            bundle.response.set_option(224, said + fields.letter.encode())
    return called


class OfNoting(HandlerFactory):
    Fields = Fields

    def create(self):
        return type("Noting", (Handler,), {one: calling(one, self.fields) for one in self.fields.phases})()
"""
ALL = ("analyse_pre", "pre", "handle", "post", "analyse_post")


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install(tmp_path_factory.mktemp("packages"), PACKAGE, "noting")


@pytest.fixture
def begin(tmp_path: Path, installation: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Begin]:
    yield from sites(tmp_path, installation, monkeypatch)


class Notes:
    """What handlers have written down, and the word that lets those go on that wait."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "notes"

    def row(self, letter: str, *, apart: bool = True, phases: tuple[str, ...] = ("handle",),
            deeds: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:  # fmt: skip
        fields = {"notes": str(self.path), "letter": letter, "phases": list(phases), "deeds": deeds or {}}
        return {**(isolated("noting") if apart else {"type": "noting"}), "name": letter, "fields": fields, **more}

    def go(self) -> None:
        self.path.with_name("notes.go").touch()

    @property
    def calls(self) -> list[str]:
        return self.path.read_text().splitlines() if self.path.exists() else []


@pytest.fixture
def notes(tmp_path: Path) -> Notes:
    return Notes(tmp_path)


def ready(site: Site) -> Site:
    """All processes have begun: what is asked now is not asked about their beginning."""
    site.until(lambda: all(one.ready for one in site.apart._all))
    return site


def served(site: Site) -> list[Any]:
    """What the loop does when an answer has come: whatever is answered then."""
    w = site.world
    answers: list[Any] = []
    while w.engine.waiting.asks:
        site.apart.after(w.now)
        site.until(lambda: w.engine.due)
        answers += w.later()
    return answers


def test_who_is_not_concerned_is_answered_in_the_same_batch_and_who_waits_thereafter(
    begin: Begin, notes: Notes
) -> None:
    site = ready(begin(notes.row("a", deeds={"handle 01": "wait"}, **PHONES), waits=False, **CLASSES))
    w = site.world
    answers = w.send(w.packet(DISCOVER, A, options=PHONE), w.packet(DISCOVER, B))
    assert [(one.hw, one.kind, 224 in one.options) for one in answers] == [(B.hw, OFFER, False)]
    assert w.engine.suspended == 1
    site.apart.after(w.now)
    site.until(lambda: notes.calls)
    ack = w.select(B, answers[0])
    assert (ack.kind, w.reason) == (ACK, "ACK-NEW"), "while the other one's handler is at it"
    assert not w.engine.due
    notes.go()
    (offer,) = served(site)
    assert (offer.hw, offer.kind, offer.options[224]) == (A.hw, OFFER, b"a")
    assert notes.calls == ["a handle 01"]


def test_each_phase_is_called_once_in_its_order_and_the_trace_says_who_was_waited_for(
    begin: Begin, notes: Notes
) -> None:
    site = begin(notes.row("a", phases=ALL))
    w = site.world
    offer = w.discover(A)
    assert offer.options[224] == b"aa"
    told = list(traces(w))
    assert [one for one in told if "in its own process" in one] == [
        f"The configured handler a was asked in its own process ({phase})." for phase in ("pre", "handle", "post")]
    assert w.select(A, offer).options[224] == b"aa"
    w.pass_(1800)
    assert w.renew(A, HUNDRED).options[224] == b"aa"
    w.release(A, HUNDRED)
    assert w.reasons == ["RELEASED"]
    assert notes.calls == [f"a {phase} 01" for phase in ALL] * 4
    (one,) = site.instances.statistics()
    assert (one["calls"], one["errors"], one["changed"]) == (20, 0, 6)


def test_handlers_around_it_are_called_once_and_in_their_order(begin: Begin, notes: Notes) -> None:
    phases = ("pre", "handle", "post")
    site = ready(begin(*(notes.row(letter, apart=letter in "bd", phases=phases) for letter in "abcde")))
    w = site.world
    offer = w.discover(A)
    assert offer.options[224] == b"abcdeabcde"
    assert notes.calls == [f"{letter} {phase} 01" for phase in phases for letter in "abcde"]
    assert {one["calls"] for one in site.instances.statistics()} == {3}
    assert w.select(A, offer).options[224] == b"abcdeabcde"
    assert len(notes.calls) == 30
    bundle_trace = list(traces(w))
    assert "Configured handlers were asked: a, b, c, d, e." in bundle_trace


def test_what_a_batch_has_for_a_process_goes_there_as_one_message(
    begin: Begin, notes: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = ready(begin(notes.row("a"), notes.row("b"), waits=False))
    w = site.world
    sent: list[tuple[str, int]] = []
    for one in site.apart._all:
        send = one._send
        monkeypatch.setattr(one, "_send", lambda message, one=one, send=send: (
            sent.append((one.name, len(message["calls"]))), send(message)))
    w.send(*(w.packet(DISCOVER, client(number)) for number in range(1, 9)))
    assert sent == []
    site.apart.after(w.now)
    assert sent == [("a", 8)]
    assert sorted(one.hw for one in served(site)) == [client(number).hw for number in range(1, 9)]
    assert len(notes.calls) == 16


def test_its_message_waits_while_its_process_begins_and_nobody_else_does(begin: Begin, notes: Notes) -> None:
    site = begin(notes.row("a", **PHONES), waits=False, **CLASSES)
    w = site.world
    assert not site.alone.ready, "nobody has waited for it"
    answers = w.send(w.packet(DISCOVER, A, options=PHONE), w.packet(DISCOVER, B))
    assert [one.hw for one in answers] == [B.hw]
    (offer,) = served(site)
    assert (offer.hw, offer.options[224]) == (A.hw, b"a")


def test_what_comes_while_a_process_is_begun_anew_waits_and_is_answered(begin: Begin, notes: Notes) -> None:
    site = ready(begin(notes.row("a", deeds={"handle 01": "once"}), waits=False))
    w = site.world
    w.discover(A)
    site.apart.after(w.now)
    site.until(lambda: not site.alone.ready)
    w.discover(B)
    assert (w.reasons, w.engine.suspended) == (["HANDLER-FAILED"], 1), "of the first one; this one waits"
    answers = served(site)
    assert [one.hw for one in answers] == [B.hw]
    assert w.log == ["HANDLER-FAILED", "OFFER"]
    assert w.discover(A) is None
    assert [one.hw for one in served(site)] == [A.hw]


def test_whose_call_it_dies_of_is_not_answered_and_the_others_of_the_message_are(begin: Begin, notes: Notes) -> None:
    site = ready(begin(notes.row("a", deeds={"handle 02": "exit"}), waits=False))
    w = site.world
    w.send(*(w.packet(DISCOVER, one) for one in (A, B, C)))
    assert sorted(one.hw for one in served(site)) == [A.hw, C.hw]
    assert sorted(w.log) == ["HANDLER-FAILED", "OFFER", "OFFER"]
    assert notes.calls == ["a handle 01", "a handle 02", "a handle 03"]
    assert site.alone.started == 2


@pytest.mark.parametrize("phase", ["pre", "handle", "post"])
def test_one_that_loops_ends_its_own_message_and_after_three_times_is_switched_off(
    begin: Begin, notes: Notes, phase: str
) -> None:
    site = ready(begin(notes.row("a", phases=(phase,), deeds={f"{phase} 01": "loop"}), waits=False))
    w = site.world
    for number in range(3):
        site.alone.answer_s = 0.2
        w.send(w.packet(DISCOVER, A), w.packet(DISCOVER, B))
        site.apart.after(w.now)
        site.until(lambda: w.engine.due)
        at_once = w.later()
        assert "HANDLER-FAILED" in w.reasons
        if number == 2:
            assert [one.hw for one in at_once] == [B.hw], "the other one is served without it"
            break
        assert at_once == [], "the other one waits for the next process"
        site.alone.answer_s, site.alone._again_at, site.alone.failures = ANSWER_S, 0.0, 0
        assert [one.hw for one in served(site)] == [B.hw]
    assert "HANDLER-DISABLED: a is not called any more: it took longer than" in site.instances.events[0]
    assert 1 <= notes.calls.count(f"a {phase} 01") <= 3, "a loaded machine may not let it come so far as to note it"
    assert w.discover(A).kind == OFFER
    assert site.apart._all == []


def test_a_slow_one_is_not_asked_any_more_while_it_is_behind(
    begin: Begin, notes: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dhcpcore.script.pending.BEHIND_S", 0.0)
    site = ready(begin(notes.row("a", deeds={"handle 01": "wait"}), waits=False))
    w = site.world
    w.discover(A)
    assert w.discover(B) is None
    assert w.reason == "HANDLER-FAILED"
    notes.go()
    assert [one.hw for one in served(site)] == [A.hw]
    (told,) = site.instances.statistics()
    assert (told["errors"], told["disabled"]) == (1, ""), "which is no failure of its own"


def test_a_process_that_does_not_begin_lets_nobody_wait_for_ever(
    begin: Begin, notes: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dhcpcore.script.pending.AGE_S_MAX", 0.0)
    site = begin(notes.row("a"), waits=False)
    w = site.world
    w.discover(A)
    assert served(site) == []
    assert w.log == ["HANDLER-FAILED"]


def test_rows_that_are_needed_after_it_has_answered_are_read_and_nothing_is_called_again(
    begin: Begin, notes: Notes
) -> None:
    site = begin(notes.row("a", apart=False), notes.row("b"))
    w = site.world
    offer = w.discover(A, requested="192.0.2.105")
    assert (offer.yiaddr, offer.options[224]) == ("192.0.2.105", b"ab")
    told = list(traces(w))
    asked = told.index("The configured handler b was asked in its own process (handle).")
    assert any("more rows were read" in one for one in told[asked:])
    assert notes.calls == ["a handle 01", "b handle 01"]


def test_an_answer_that_is_another_one_meanwhile_is_shown_to_the_handlers_anew(begin: Begin, notes: Notes) -> None:
    rows = (notes.row("a", apart=False, **PHONES), notes.row("b", deeds={"handle 01": "wait"}, **PHONES))
    site = ready(begin(*rows, waits=False, **CLASSES))
    w = site.world
    assert w.discover(A, options=PHONE) is None
    site.apart.after(w.now)
    assert w.select(B, HUNDRED).kind == ACK, "nobody keeps what is not offered yet"
    notes.go()
    (offer,) = served(site)
    assert (offer.yiaddr, offer.options[224]) == (NEXT, b"ab")
    assert notes.calls == ["a handle 01", "b handle 01"] * 2


def test_one_that_is_another_one_each_time_ends_by_name(
    begin: Begin, notes: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dhcpcore.pipeline.standing._ANEW_MAX", 0)
    site = ready(begin(notes.row("b", deeds={"handle 01": "wait"}, **PHONES), waits=False, **CLASSES))
    w = site.world
    w.discover(A, options=PHONE)
    w.select(B, HUNDRED)
    notes.go()
    assert served(site) == []
    assert w.log[-1] == "LOST-RACE"


def test_where_another_writer_was_first_it_is_not_called_again(begin: Begin, notes: Notes) -> None:
    site = begin(notes.row("a", apart=False), notes.row("b"))
    w = site.world
    w.lease(A)
    w.pass_(1800)
    w.faulty = True  # Somebody else has written the row meanwhile.
    w.store.before_commit.append(lambda: w.sql.execute("UPDATE lease SET version = version + 1"))
    before = len(notes.calls)
    assert w.renew(A, HUNDRED).options[224] == b"ab"
    assert any("Another writer was first" in one for one in traces(w))
    assert notes.calls[before:] == ["a handle 01", "b handle 01"]


def test_an_answer_waits_after_its_commit_and_is_not_committed_twice(begin: Begin, notes: Notes) -> None:
    site = ready(begin(notes.row("a", phases=("post",), deeds={"post 01": "wait"}), waits=False))
    w = site.world
    notes.go()
    w.discover(A)
    (offer,) = served(site)
    notes.path.with_name("notes.go").unlink()
    w.faulty = True  # What is committed is not acknowledged yet.
    assert w.select(A, offer) is None
    assert w.row(HUNDRED).state == 1
    assert (w.reasons, w.engine.suspended) == ([], 1)
    commits = len(w.store.commits)
    notes.go()
    (ack,) = served(site)
    assert (ack.kind, ack.yiaddr, ack.options[224]) == (ACK, HUNDRED, b"a")
    assert len(w.store.commits) == commits
    assert notes.calls == ["a post 01"] * 2


def test_one_that_stops_it_after_the_commit_lets_nothing_leave(begin: Begin, notes: Notes) -> None:
    site = begin(notes.row("a", phases=("post", "analyse_post"), deeds={"post 01": "drop"}))
    w = site.world
    assert w.discover(A) is None
    assert w.reason == "HANDLER-DROPPED"
    assert w.discover(B).kind == OFFER
    site.until(lambda: len(notes.calls) == 4)


def test_a_refusal_is_a_refusal_after_a_wait(begin: Begin, notes: Notes) -> None:
    deeds = {"pre 01": "refuse", "handle 02": "refuse"}
    w = begin(notes.row("a", phases=("pre", "handle"), deeds=deeds)).world
    assert w.discover(A) is None
    assert w.reason == "HANDLER-DROPPED"
    assert w.select(A, "192.0.2.105").kind == NAK
    assert w.select(B, "192.0.2.106").kind == NAK
    assert w.select(C, "192.0.2.107").kind == ACK


@pytest.mark.parametrize("message", ["inform", "nothing"])
def test_an_answer_that_grants_nothing_waits_too(begin: Begin, notes: Notes, message: str) -> None:
    site = ready(begin(notes.row("a", phases=("pre", "handle", "post")), waits=False, globals={"ipv6_only": "1h"}))
    w = site.world
    if message == "inform":
        packet = w.packet(INFORM, A, ciaddr="192.0.2.55")
    else:
        packet = w.packet(DISCOVER, A, prl=bytes((108,)))
    assert w.one(packet) is None
    (answer,) = served(site)
    assert (answer.yiaddr, answer.options[224]) == ("0.0.0.0", b"aa")
    assert notes.calls == ["a pre 01", "a handle 01", "a post 01"]


def test_other_definitions_come_while_it_waits(begin: Begin, notes: Notes) -> None:
    row = notes.row("a", phases=("pre", "handle"), deeds={"handle 01": "wait"})
    site = ready(begin(row, waits=False))
    w = site.world
    w.discover(A)
    site.apart.after(w.now)
    site.until(lambda: "a pre 01" in notes.calls)
    site.until(lambda: w.engine.due)
    assert w.later() == []
    site.apart.after(w.now)
    apply(w, document(row, globals={"options": {"dhcp4": {"domain-name": "new.example"}}}))
    notes.go()
    (offer,) = served(site)
    assert (offer.kind, offer.options[224]) == (OFFER, b"a")
    assert notes.calls.count("a pre 01") == 1
    apply(w, document())
    assert site.apart._all == []


def test_who_waits_for_one_that_is_taken_away_is_served_without_it(begin: Begin, notes: Notes) -> None:
    site = ready(begin(notes.row("a", deeds={"handle 01": "wait"}), waits=False))
    w = site.world
    w.send(w.packet(DISCOVER, A), w.packet(DISCOVER, B))
    site.apart.after(w.now)
    apply(w, document())
    assert w.engine.due
    assert [224 in one.options for one in w.later()] == [False, False]


def test_those_before_one_that_is_taken_away_are_not_called_again(begin: Begin, notes: Notes) -> None:
    before = notes.row("a", apart=False)
    site = ready(begin(before, notes.row("b", deeds={"handle 01": "wait"}), waits=False))
    w = site.world
    w.discover(A)
    site.apart.after(w.now)
    apply(w, document(before))
    (offer,) = w.later()
    assert offer.options[224] == b"a"
    assert notes.calls.count("a handle 01") == 1


def test_who_waits_for_too_many_others_is_dropped_by_name(
    begin: Begin, notes: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suspended, "SUSPENDED_MAX", 1)
    site = ready(begin(notes.row("a"), waits=False))
    w = site.world
    w.send(w.packet(DISCOVER, A), w.packet(DISCOVER, B))
    assert w.reasons == ["TOO-MANY-SUSPENDED"]
    assert [one.hw for one in served(site)] == [B.hw]


def test_only_what_one_has_to_do_with_waits_where_several_have_processes(begin: Begin, notes: Notes) -> None:
    rows = (notes.row("a", deeds={"handle 01": "wait"}, **PHONES), notes.row("b"))
    site = ready(begin(*rows, waits=False, **CLASSES))
    w = site.world
    w.send(w.packet(DISCOVER, A, options=PHONE), w.packet(DISCOVER, B))
    site.apart.after(w.now)
    site.until(lambda: w.engine.due)
    (offer,) = w.later()
    assert (offer.hw, offer.options[224]) == (B.hw, b"b"), "two processes, and the one waits for nobody at the other"
    notes.go()
    (offer,) = served(site)
    assert (offer.hw, offer.options[224]) == (A.hw, b"ab")
