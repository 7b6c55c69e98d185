"""A time of day in a zone, over midnight, on some days, and when summer time begins."""

from datetime import UTC, datetime

import pytest

from dhcpcore.topology.handler_entry import TimeEntry
from dhcpcore.topology.handler_rows import Scope, window_of
from dhcpcore.wire.addresses import parse_address


def holds(at, **entry):
    window = window_of(TimeEntry.model_validate(entry))
    return window.holds(datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(("at", "expected"), [
    ("2024-01-01T07:59:59", False), ("2024-01-01T08:00:00", True), ("2024-01-01T16:59:59", True),
    ("2024-01-01T17:00:00", False),
])  # fmt: skip
def test_from_and_to(at, expected):
    assert holds(at, **{"from": "08:00", "to": "17:00"}) is expected


@pytest.mark.parametrize(("at", "expected"), [
    ("2024-01-01T23:00:00", True),  # A Monday.
    ("2024-01-02T05:59:00", True),
    ("2024-01-02T06:00:00", False),
    ("2024-01-02T23:00:00", False),
    ("2024-01-01T05:00:00", False),
])
def test_over_midnight_the_day_on_which_it_begins_counts(at, expected):
    assert holds(at, **{"from": "22:00", "to": "06:00", "days": ["mon"]}) is expected


def test_a_zone_has_its_summer_time():
    entry = {"from": "08:00", "to": "09:00", "zone": "Europe/Berlin"}
    assert holds("2024-01-15T07:30:00", **entry)
    assert holds("2024-07-15T06:30:00", **entry)
    assert not holds("2024-07-15T07:30:00", **entry)


def test_24_00_is_the_end_of_the_day():
    assert holds("2024-01-01T23:59:59", **{"from": "12:00"})
    assert holds("2024-01-01T00:00:00", to="12:00")


def test_a_relay_is_of_a_prefix_of_its_family():
    scope = Scope(relays=((parse_address("192.0.2.0"), 24), (parse_address("2001:db8::1"), 128)))
    assert scope.has_relay(parse_address("192.0.2.255"))
    assert not scope.has_relay(parse_address("192.0.3.0"))
    assert scope.has_relay(parse_address("2001:db8::1"))
    assert not Scope().has_relay(parse_address("192.0.2.1"))
