"""An answer's bytes: heads are kept encoded, and bounded; what handlers add or leave out is obeyed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dhcpcore.handlers import reply as module
from dhcpcore.pipeline.bundle import TransactionBundle
from dhcpcore.pipeline.handler import Handler, Plan
from tests.packets4 import client
from tests.playbook import OFFICE, Lifetimes, World, pool, subnet


class Edit(Handler):
    """What a scripter's handler does to a response."""

    def __init__(self, edit: Callable[[TransactionBundle], None]) -> None:
        self._edit = edit

    def handle(self, bundle: TransactionBundle) -> None:
        self._edit(bundle)


@pytest.fixture
def office(tmp_path: Path):
    limits = Lifetimes(default_s=3600, min_s=60, max_s=86_400)
    made = World(tmp_path, subnet(OFFICE, pool("192.0.2.100", "192.0.2.199"), options={15: b"d"}, lifetimes=limits))
    yield made
    made.close()


def edited(world: World, edit: Callable[[TransactionBundle], None]) -> None:
    engine = world.engine
    engine.plan = Plan((*engine.plan.handlers, Edit(edit)), tuple(engine.plan.pre))


def test_an_option_that_a_handler_adds_is_sent(office: World) -> None:
    edited(office, lambda bundle: setattr(bundle.responses[0], "overrides", {224: b"added"}))
    assert office.discover(client(1)).options[224] == b"added"


def test_an_option_that_a_handler_replaces_is_sent_once_as_it_says(office: World) -> None:
    edited(office, lambda bundle: setattr(bundle.responses[0], "overrides", {15: b"other"}))
    offer = office.discover(client(1))
    assert (offer.options[15], offer.order.count(15)) == (b"other", 1)


def test_an_option_that_a_handler_takes_away_is_not_sent(office: World) -> None:
    edited(office, lambda bundle: setattr(bundle.responses[0], "overrides", {15: None, 99: None}))
    assert 15 not in office.discover(client(1)).options


def test_made_up_lease_times_do_not_fill_the_memory(office: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_HEADS_MAX", 10)
    for n in range(30):
        assert office.discover(client(1), lease_time=600 + n).number(51) == 600 + n
    assert len(office.engine.reply._heads) <= 10


def test_a_fault_of_a_handler_is_one_silence_and_an_answer_for_the_others(office: World) -> None:
    def fail(bundle: TransactionBundle) -> None:
        if bundle.client == client(1).identity:
            raise ZeroDivisionError

    edited(office, fail)
    office.engine.strict = False
    (offer,) = office.send(office.packet(1, client(1)), office.packet(1, client(2)))
    assert offer.hw == client(2).hw
    assert office.reasons == ["INTERNAL-ERROR", "OFFER"]


def test_in_tests_a_fault_is_not_survived(office: World) -> None:
    edited(office, lambda bundle: 1 // 0)  # type: ignore[arg-type, return-value]
    with pytest.raises(ZeroDivisionError):
        office.discover(client(1))
