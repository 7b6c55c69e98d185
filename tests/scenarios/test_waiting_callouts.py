"""A message waits for an isolated callout, and nobody else does; each is called once.  Real processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dhcpcore.topology.policy import Flood
from tests.dhcpcore.script.test_isolated import ANSWER_S, Site
from tests.packets4 import ACK, DISCOVER, OFFER, REQUEST, client
from tests.playbook import OFFICE, World, assignment, pool, subnet, traces

A, B, C = client(1), client(2), client(3)
HUNDRED, NEXT = "192.0.2.100", "192.0.2.101"
#: Notes each call, and does what ``DEEDS`` says of the hook and the client.
LIBRARY = """
import os, threading, time

NOTES, DEEDS = {notes!r}, {deeds!r}


def load(handle):
    for hook in {hooks!r}:
        handle.registerCallout(hook, callout)


def callout(handle):
    hook = handle.getHookName()
    known = "query4" in handle.getArgumentNames()
    who = handle.getArgument("query4").hw_address[-2:] if known else ""
    with open(NOTES, "a") as notes:
        notes.write(f"{{hook}} {{who}}".strip() + "\\n")
    match DEEDS.get(f"{{hook}} {{who}}".strip()):
        case "wait":
            while not os.path.exists(NOTES + ".go"):
                time.sleep(0.005)
        case "loop":
            while True: pass
        case "exit": os._exit(3)
        case "drop": handle.setStatus(handle.DROP)
        case "in use":
            address = handle.getArgument("leases4")[0].address
            handle.setArgument("offer_address_in_use", address.endswith("0"))
        case "park":
            lot, query = handle.getParkingLotHandlePtr(), handle.getArgument("query4")
            lot.reference(query)
            handle.setStatus(handle.PARK)
            threading.Thread(target=lambda: lot.unpark(query), daemon=True).start()
        case "double": handle.getArgument("lease4").valid_lft *= 2
        case "mark": handle.getArgument("response4").set_option(224, b"isolated")
"""
#: Where a message waits, in the order in which they are met by a DISCOVER, a REQUEST, a renewal and a RELEASE.
HOOKS = ("context_create", "buffer4_receive", "pkt4_receive", "subnet4_select", "host4_identifier", "lease4_select",
         "lease4_renew", "lease4_release",
         "lease4_offer", "leases4_committed", "pkt4_send", "buffer4_send")  # fmt: skip


class Apart:
    """A library with a process of its own between two that have none, in a world."""

    def __init__(
        self, folder: Path, hooks: tuple[str, ...], deeds: dict[str, str], around: bool, **fields: Any
    ) -> None:
        self.notes = folder / "notes"
        folder.joinpath("site").mkdir()
        text = LIBRARY.format(notes=str(self.notes), deeds=deeds, hooks=list(hooks))
        self.site = Site(folder / "site", text)
        self.around: list[str] = []
        if around:
            for hook in hooks:
                for library in (0, 2):
                    self.site.registry.register(library, "inside", hook, lambda handle, library=library: (
                        self.around.append(f"{library} {handle.getHookName()}"), None)[1])  # fmt: skip
        folder.joinpath("world").mkdir()
        homes = fields.pop("homes", (subnet(OFFICE, pool(HUNDRED, "192.0.2.109"), lifetime=3600),))
        self.world = World(folder / "world", *homes, **fields)
        self.site.join(self.world, waits=False)

    @property
    def calls(self) -> list[str]:
        return self.notes.read_text().splitlines() if self.notes.exists() else []

    def go(self) -> None:
        self.notes.with_name("notes.go").touch()

    def after(self) -> None:
        self.site.alone.after(self.world.now)

    def served(self) -> list[Any]:
        """What the loop does when an answer has come: whatever is answered then."""
        w = self.world
        answers: list[Any] = []
        while w.engine.waiting.asks or w.engine.due:
            self.after()
            self.site.until(lambda: w.engine.due)
            answers += w.later()
        return answers

    def alone(self) -> None:
        """From here on a test is not about who waits."""
        self.world.site = self.site


Begin = Callable[..., Apart]


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    made: list[Apart] = []

    def make(*hooks: str, around: bool = False, deeds: dict[str, str] | None = None, **fields: Any) -> Apart:
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(Apart(folder, hooks, deeds or {}, around, **fields))
        return made[-1]

    yield make
    for one in made:
        one.world.close()
        one.site.close()


def test_a_grant_waits_after_its_commit_and_whom_that_does_not_concern_is_answered_in_the_same_batch(
    begin: Begin,
) -> None:
    apart = begin("leases4_committed", deeds={"leases4_committed 01": "wait"})
    w = apart.world
    offer = w.discover(A)
    w.faulty = True  # What is committed is not acknowledged yet.
    request = w.packet(REQUEST, A, requested=offer.yiaddr, server=offer.address(54))
    answers = w.send(request, w.packet(DISCOVER, B))
    assert [(one.hw, one.kind) for one in answers] == [(B.hw, OFFER)]
    assert w.row(HUNDRED).state == 1
    apart.after()
    apart.site.until(lambda: apart.calls)
    assert w.discover(C).kind == OFFER, "while the other one's callout is at it"
    commits = len(w.store.commits)
    apart.go()
    (ack,) = apart.served()
    assert (ack.hw, ack.kind, len(w.store.commits)) == (A.hw, ACK, commits)
    assert apart.calls == ["leases4_committed 01"]


@pytest.mark.parametrize("hook", HOOKS)
def test_at_each_hook_it_and_those_around_it_are_called_once(begin: Begin, hook: str) -> None:
    home = subnet(OFFICE, pool(HUNDRED, "192.0.2.109"), lifetime=3600)
    more = ("subnet4_select",) if hook == "context_create" else ()  # A context is there for who uses it.
    apart = begin(hook, *more, around=True, homes=(home,), assignments=[assignment(home, "192.0.2.7", hw=bytes(6))])
    apart.alone()
    w = apart.world
    w.lease(A)
    w.pass_(1800)
    w.renew(A, HUNDRED)
    w.release(A, HUNDRED)
    counts = {
        "context_create": 4, "buffer4_receive": 4,
        "subnet4_select": 4, "pkt4_receive": 4, "host4_identifier": 3, "lease4_select": 2, "lease4_renew": 1,
        "lease4_release": 1, "lease4_offer": 1, "leases4_committed": 3, "pkt4_send": 3, "buffer4_send": 3,
    }  # fmt: skip
    assert len([one for one in apart.calls if one.startswith(hook)]) == counts[hook]
    assert [one for one in apart.around if one.endswith(hook)] == [f"0 {hook}", f"2 {hook}"] * counts[hook]
    assert not any(row["errors"] for row in apart.site.registry.statistics())


def test_all_of_them_in_one_message_are_called_once_and_the_trace_says_so(begin: Begin) -> None:
    apart = begin(*HOOKS, around=True, deeds={"lease4_select 01": "double", "pkt4_send 01": "mark"})
    apart.alone()
    w = apart.world
    offer = w.discover(A)
    assert (offer.number(51), offer.options[224]) == (7200, b"isolated")
    hooks = ["context_create", "buffer4_receive", "pkt4_receive", "subnet4_select", "lease4_select", "lease4_offer",
             "pkt4_send", "buffer4_send"]
    assert [one.split()[0] for one in apart.calls] == hooks
    assert apart.around == [f"{library} {hook}" for hook in hooks for library in (0, 2)]
    asked = [one for one in traces(w) if "in its own process" in one]
    assert asked == [f"A callout at {hook} was asked in its own process." for hook in hooks]
    ack = w.select(A, offer)
    assert (ack.number(51), ack.options[224]) == (7200, b"isolated")


def test_what_comes_before_is_not_done_again(begin: Begin) -> None:
    apart = begin("pkt4_receive", "lease4_select", flood=Flood(client_rate=1, burst=2))
    apart.alone()
    w = apart.world
    assert w.discover(A) is not None
    assert w.discover(A) is not None, "each message counts once, however often it waited"
    assert w.discover(A) is None
    assert w.reason == "RATE-LIMITED"


@pytest.mark.parametrize("hook", ["pkt4_receive", "lease4_offer", "pkt4_send", "buffer4_send"])
def test_one_that_loops_ends_its_own_message_and_after_three_times_is_switched_off(begin: Begin, hook: str) -> None:
    about = hook if hook == "buffer4_send" else f"{hook} 01"
    apart = begin(hook, deeds={about: "loop"})
    w, alone = apart.world, apart.site.alone
    for _ in range(3):
        alone.answer_s = 0.2
        assert w.discover(A) is None
        apart.after()
        apart.site.until(lambda: w.engine.due)
        assert w.later() == []
        assert w.reason == "HOOK-DROPPED"
        alone.answer_s, alone._again_at, alone.failures = ANSWER_S, 0.0, 0
        apart.site.until(lambda: alone.ready)
    assert "took longer" in apart.site.registry.events[0]
    assert w.discover(A).kind == OFFER
    assert 1 <= len(apart.calls) <= 3, "a loaded machine may not let it come so far as to note it"


def test_whose_call_it_dies_of_is_dropped_and_the_others_of_the_message_are_answered(begin: Begin) -> None:
    apart = begin("pkt4_receive", deeds={"pkt4_receive 02": "exit"})
    w = apart.world
    w.send(*(w.packet(DISCOVER, one) for one in (A, B, C)))
    assert sorted(one.hw for one in apart.served()) == [A.hw, C.hw]
    assert sorted(w.log) == ["HOOK-DROPPED", "OFFER", "OFFER"]
    assert apart.calls == ["pkt4_receive 01", "pkt4_receive 02", "pkt4_receive 03"]


def test_octets_that_make_no_message_wait_too_and_end_by_their_own_name(begin: Begin) -> None:
    apart = begin("buffer4_receive", deeds={"buffer4_receive 02": "drop"})
    apart.alone()
    w = apart.world
    for octets, reason in ((b"\x01", "MALFORMED"), (b"\x02" + bytes(299), "MALFORMED")):
        assert w.one(w.packet(DISCOVER, A).edited(lambda data, octets=octets: octets)) is None
        assert w.reason == reason
    assert w.discover(B) is None
    assert w.reason == "HOOK-DROPPED"
    assert w.discover(A).kind == OFFER


def test_what_one_drops_after_a_wait_is_dropped(begin: Begin) -> None:
    apart = begin("pkt4_receive", "pkt4_send", deeds={"pkt4_receive 01": "drop", "pkt4_send 02": "drop"})
    apart.alone()
    for who in (A, B):
        assert apart.world.discover(who) is None
        assert apart.world.reason == "HOOK-DROPPED"
    assert apart.world.discover(C).kind == OFFER


@pytest.mark.parametrize("first", ["buffer4_receive", "pkt4_receive", "lease4_select"])
def test_other_definitions_come_while_it_waits_and_it_is_not_called_again(begin: Begin, first: str) -> None:
    apart = begin(first, "subnet4_select", deeds={f"{first} 01": "wait"})
    w = apart.world
    w.discover(A)
    apart.after()
    w.install()
    apart.go()
    (offer,) = apart.served()
    assert (offer.kind, sorted(apart.calls)) == (OFFER, sorted([f"{first} 01", "subnet4_select 01"]))


def test_what_is_let_go_at_once_by_a_thread_of_the_library_leaves(begin: Begin) -> None:
    apart = begin("leases4_committed", "pkt4_send", deeds={"leases4_committed 01": "park", "pkt4_send 01": "mark"})
    apart.alone()
    w = apart.world
    offer = w.discover(A)
    w.faulty = True
    answers = w.send(w.packet(REQUEST, A, requested=offer.yiaddr, server=offer.address(54)))
    if not answers:  # Its thread has not come to it yet.
        apart.site.until(lambda: w.engine.due)
        answers = w.later()
    assert [(one.kind, one.options[224]) for one in answers] == [(ACK, b"isolated")]
    assert [one.split()[0] for one in apart.calls] == ["pkt4_send", "leases4_committed", "pkt4_send"]


def test_an_address_that_one_finds_in_use_is_not_offered(begin: Begin) -> None:
    apart = begin("lease4_offer", "pkt4_receive", deeds={"lease4_offer 01": "in use"})
    w = apart.world
    assert w.discover(A) is None
    w.faulty = True  # The witness heard of no probe.
    (offer,) = apart.served()
    assert offer.yiaddr == NEXT
    assert apart.calls == ["pkt4_receive 01", "lease4_offer 01", "lease4_offer 01"]


def test_what_changes_nothing_is_told_and_nobody_waits(begin: Begin) -> None:
    apart = begin("context_destroy", deeds={"context_destroy": "wait"})
    w = apart.world
    apart.site.registry.register(0, "inside", "pkt4_receive", lambda handle: None)
    w.install()
    assert w.discover(A).kind == OFFER
    assert w.discover(B).kind == OFFER
    apart.after()
    apart.site.until(lambda: apart.calls)
    assert w.discover(C).kind == OFFER
    apart.go()
    apart.after()
    apart.site.until(lambda: len(apart.calls) == 3)
