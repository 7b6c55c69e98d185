"""Reservations that take effect now: who is in the way, until when, and how it shall end."""

import pytest

from app.services import assignments, takeover
from dhcpcore.control import ControlRefused
from dhcpcore.errors import Forbidden, InvalidValue
from dhcpcore.lease.model import State
from tests.app.people import ANN, VERA, EngineThatAnswers, a_lease, appliance, store
from tests.app.site import define

LATER = 4_000_000_000


@pytest.fixture
def here(database):
    define(database)
    return appliance(database)


def add(here, last, mac, **more):
    entry = {"address": f"192.0.2.{last}", "hw_address": f"02:00:00:00:00:{mac:02x}", **more}
    return assignments.create(here, entry, by=ANN)[0].id


def usage(here, number):
    return assignments.get(here, number).usage


def test_lists_say_what_becomes_of_each(here, database):
    numbers = {name: add(here, last, mac) for name, last, mac in (
        ("used", 12, 12), ("foreign", 13, 99), ("conflict", 14, 14), ("unused", 60, 60), ("ended", 15, 15))}
    numbers["off"] = add(here, 16, 98, enabled=False)
    store(database, a_lease(12), a_lease(13), a_lease(14, state=State.DECLINED), a_lease(15, expires=5), a_lease(16))
    states = {name: usage(here, number).state for name, number in numbers.items()}
    assert states == {"used": "in-use", "foreign": "held-by-another", "conflict": "conflict", "unused": "unused",
                      "ended": "unused", "off": "disabled"}
    assert usage(here, numbers["foreign"]).words == "held by another client: 02:00:00:00:00:0d"
    assert assignments.get(here, numbers["conflict"]).conflicts == ("192.0.2.14",)
    listed = {one.id: one.usage.state for one in assignments.list_assignments(here)}
    assert {name: listed[number] for name, number in numbers.items()} == states


def test_by_whatever_it_is_known_the_client_is_known_as_its_own(here, database):
    store(database, a_lease(12, client=b"\x01\x01x"), a_lease(13, agent=b"\x01\x03p-7"),
          a_lease(14, client=b"\x01\xff\0\0\0\1\0\3\0\1\2\0\0\0\0\1"))
    for name, value, last in (("client_id", "01:78", 12), ("circuit_id", "p-7", 13),
                              ("duid", "00:03:00:01:02:00:00:00:00:01", 14)):
        view, _ = assignments.create(here, {name: value, "address": f"192.0.2.{last}"}, by=ANN)
        assert view.usage.state == "in-use", name
    other, _ = assignments.create(here, {"client_id": "01:79", "address": "192.0.2.13"} | {"address": "192.0.2.15"},
                                  by=ANN)
    assert other.usage.state == "unused"


def test_nothing_in_the_way_is_settled(here):
    found = takeover.outlook(here, add(here, 60, 60))
    assert found.is_settled
    assert (found.moves_at, found.takeover) == (None, "nak")


def test_who_holds_it_and_when_that_ends_by_the_choice(here, database):
    number = add(here, 12, 99)
    store(database, a_lease(12, cltt=1000, expires=LATER))
    found = takeover.outlook(here, number)
    (one,) = found.others
    assert (one.address, one.client, one.ends_at) == ("192.0.2.12", "02:00:00:00:00:0c", LATER)
    assert found.moves_at == one.renews_at == 1000 + (LATER - 1000) // 2
    waiting, applied = takeover.choose(here, number, "wait", by=ANN)
    assert (waiting.moves_at, waiting.takeover) == (LATER, "wait")
    assert applied is not None
    assert assignments.get(here, number).entry["takeover"] == "wait"


def test_what_its_client_holds_instead(here, database):
    number = add(here, 60, 12)
    store(database, a_lease(12), a_lease(13))
    (one,) = takeover.outlook(here, number).elsewhere
    assert (one.address, one.is_own) == ("192.0.2.12", True)


def test_the_same_choice_again_changes_nothing(here):
    number = add(here, 60, 60)
    assert takeover.choose(here, number, "nak", by=ANN)[1] is None
    assert takeover.choose(here, number, "wait", by=ANN)[1] is not None
    assert takeover.choose(here, number, "wait", by=ANN)[1] is None
    takeover.choose(here, number, "nak", by=ANN)
    assert "takeover" not in assignments.get(here, number).entry


def test_an_endless_lease_has_no_time(here, database):
    number = add(here, 12, 99, takeover="wait")
    store(database, a_lease(12, expires=253_402_300_799))
    found = takeover.outlook(here, number)
    assert (found.moves_at, found.others[0].ends_at, found.is_settled) == (None, None, False)


def test_holders_are_asked_to_renew_and_who_cannot_be_is_told(database):
    define(database)
    engine = EngineThatAnswers(lease_renew={"address": "192.0.2.12", "client": "x", "sent": "authenticated"})
    here = appliance(database, engine)
    number = add(here, 12, 99)
    store(database, a_lease(12))
    found, _ = takeover.choose(here, number, "renew", by=ANN)
    assert (found.asked, found.refused) == (("192.0.2.12",), ())
    assert ("lease-renew", {"address": "192.0.2.12", "space": 0}) in engine.calls
    engine.answers["lease_renew"] = ControlRefused("refused", "globals.forcerenew is never.")
    found, _ = takeover.choose(here, number, "renew", by=ANN)
    assert (found.asked, found.refused) == ((), ("globals.forcerenew is never.",))


def test_a_viewer_sees_and_chooses_nothing_and_no_other_word_is_one(here):
    number = add(here, 60, 60)
    with pytest.raises(Forbidden):
        takeover.choose(here, number, "wait", by=VERA)
    with pytest.raises(InvalidValue, match="nak, wait, renew"):
        takeover.choose(here, number, "now", by=ANN)
