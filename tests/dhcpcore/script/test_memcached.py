"""The cache at a memcached server, which answers here from memory on loopback."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from dhcpcore.script import memcached
from dhcpcore.script.compat.caching import Remembered
from dhcpcore.script.compat.definition import Definition
from dhcpcore.script.memcached import Memcached
from tests.memcache import MemcacheServer

MAC = "02:00:00:00:00:01"
KNOWN = Remembered(7.0, Definition("192.0.2.1", 600, "net", 0, gateways="192.0.2.2"))


@pytest.fixture
def server() -> Iterator[MemcacheServer]:
    made = MemcacheServer()
    yield made
    made.close()


Make = Callable[..., Memcached]


@pytest.fixture
def one(server: MemcacheServer) -> Iterator[Make]:
    made: list[Memcached] = []

    def make(site: str = "site", clock: Callable[[], float] = time.monotonic) -> Memcached:
        made.append(Memcached("127.0.0.1", server.port, 300, site, clock))
        return made[-1]

    yield make
    for client in made:
        client.close()


def test_what_one_server_of_the_site_found_the_other_knows(server: MemcacheServer, one: Make) -> None:
    first, second = one(), one()
    assert first.get(MAC) is None
    first.put(MAC, KNOWN)
    found = second.get(MAC)
    assert found is not None
    assert (found.at, vars(found.found)) == (KNOWN.at, vars(KNOWN.found))
    assert server.ages == {f"lessor:site:{MAC}": 300}
    assert one("other").get(MAC) is None
    second.forget(MAC)
    assert first.get(MAC) is None


def test_to_forget_all_is_for_every_server_and_empties_nobody_elses(server: MemcacheServer, one: Make) -> None:
    first, second = one(), one()
    server.values["theirs"] = b"1"
    first.put(MAC, KNOWN)
    second.clear()
    assert first.get(MAC) is None
    first.put(MAC, KNOWN)
    assert second.get(MAC) is not None
    assert server.values["theirs"] == b"1"


def test_a_connection_that_was_closed_meanwhile_is_opened_again(
    server: MemcacheServer, one: Make, caplog: pytest.LogCaptureFixture
) -> None:
    made = one()
    made.put(MAC, KNOWN)
    server.hang_up()
    assert made.get(MAC) is not None
    assert not caplog.text


@pytest.mark.parametrize(
    "answer", [b"ERROR\r\n", b"VALUE x 0 99999999\r\n", b"VALUE x 0 -5\r\n", b"VALUE\r\n", b"x" * 600],
    ids=["error", "huge", "negative", "short", "endless"],
)  # fmt: skip
def test_what_is_no_answer_is_said_once_and_the_server_left_alone_for_a_while(
    server: MemcacheServer, one: Make, caplog: pytest.LogCaptureFixture, answer: bytes
) -> None:
    caplog.set_level("INFO")
    now = [0.0]
    made = one(clock=lambda: now[0])
    made.put(MAC, KNOWN)
    server.answer = answer
    assert made.get(MAC) is None
    server.answer = b""
    assert made.get(MAC) is None  # It is not asked.
    assert caplog.text.count("cannot be used") == 1
    now[0] = memcached._AWAY_S
    assert made.get(MAC) is not None
    assert "is used again" in caplog.text


def test_one_that_does_not_answer_is_not_waited_for(
    server: MemcacheServer, one: Make, caplog: pytest.LogCaptureFixture
) -> None:
    made = one()
    server.answer = b"VALUE "  # And no end of the line.
    begun = time.monotonic()
    assert made.get(MAC) is None
    assert time.monotonic() - begun < 2
    assert "timed out" in caplog.text


def test_one_that_is_not_there_is_said_and_a_reinitialisation_that_did_not_reach_it(
    server: MemcacheServer, one: Make, caplog: pytest.LogCaptureFixture
) -> None:
    made = one()
    server.close()
    assert made.get(MAC) is None
    made.put(MAC, KNOWN)
    made.clear()
    assert "Connection refused" in caplog.text
    assert "it is believed for up to 300 s" in caplog.text


def test_what_stands_there_and_is_none_of_ours_is_no_answer(server: MemcacheServer, one: Make) -> None:
    made = one()
    for value in (b"", b"[]", b'["", "[1]"]', b'["", 7]', b"\xff"):
        server.values[f"lessor:site:{MAC}"] = value
        assert made.get(MAC) is None


def test_what_is_too_large_for_it_or_nothing_for_text_is_not_sent(
    server: MemcacheServer, one: Make, caplog: pytest.LogCaptureFixture
) -> None:
    made = one()
    made.put("a", Remembered(0, Definition("192.0.2.1", 600, "net", 0, extra="x" * (1 << 20))))
    made.put("b", Remembered(0, Definition("192.0.2.1", 600, "net", 0, extra=object())))
    assert server.values == {}
    assert "of b is not remembered by memcached" in caplog.text
