import pytest

from dhcpcore.errors import Refused
from dhcpcore.store import requests

BODY = {"address": "192.0.2.10", "space": 0}


def ask(database, body=BODY, now=100.5):
    with database.writer() as connection:
        return requests.ask(connection, verb="lease-release", body=body, actor="ann", now=now)


def test_a_request_waits_until_one_engine_has_done_it(database):
    asked = ask(database)
    with database.reader() as connection:
        (row,) = requests.waiting(connection)
    assert row == (asked, 100, "ann", "lease-release", BODY)
    with database.writer() as connection:
        assert requests.finish(connection, asked, {"released": True}, 101)
    with database.writer() as connection:
        assert not requests.finish(connection, asked, {"released": False}, 102), "another engine was first"
    with database.reader() as connection:
        assert requests.waiting(connection) == []


def test_the_same_request_is_not_doubled_while_it_waits(database):
    first = ask(database)
    assert ask(database, now=200) == first
    assert ask(database, {"address": "192.0.2.11", "space": 0}) != first
    with database.writer() as connection:
        requests.finish(connection, first, {}, 300)
    assert ask(database) != first


def test_the_oldest_is_first_and_a_round_is_bounded(database):
    asked = [ask(database, {"address": f"192.0.2.{n}"}) for n in range(5)]
    with database.reader() as connection:
        assert [row.id for row in requests.waiting(connection, 3)] == asked[:3]


def test_requests_do_not_pile_up_without_end(database, monkeypatch):
    monkeypatch.setattr(requests, "WAITING_MAX", 2)
    ask(database, {"address": "192.0.2.1"})
    ask(database, {"address": "192.0.2.2"})
    with pytest.raises(Refused, match="start one: lessor engine"):
        ask(database, {"address": "192.0.2.3"})
