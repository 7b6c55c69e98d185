"""An answer that somebody else has to be asked for: its peer waits, and nobody else does."""

from __future__ import annotations

import json
import selectors
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dhcpcore.control import ControlServer, Dispatch, Role
from dhcpcore.control.later import Later
from tests.dhcpcore.control.engines import FakeEngine


class Asks(FakeEngine):
    """An engine whose script is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, dict[str, Any], Later]] = []

    def script_call(self, name: str, arguments: Any) -> Later:
        later = Later()
        self.asked.append((name, dict(arguments), later))
        return later


@pytest.fixture
def engine() -> Asks:
    return Asks()


@pytest.fixture
def turn(engine: Asks, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], None]]:
    folder = tmp_path_factory.mktemp("c")
    server = ControlServer(folder / "c.sock", Dispatch(engine))
    selector = selectors.DefaultSelector()
    server.register(selector)

    def once() -> None:
        for key, mask in selector.select(0.2):
            server.handle(key, mask)

    once.path = folder / "c.sock"  # type: ignore[attr-defined]
    yield once
    server.close()
    selector.close()


def connect(path: Path, **request: Any) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(5)
    sock.connect(str(path))
    sock.sendall(json.dumps(request).encode() + b"\n")
    return sock


def test_an_answer_that_comes_later_reaches_its_peer(engine: Asks, turn: Any) -> None:
    with connect(turn.path, id=7, verb="script-call", arguments={"path": "/x", "request": {"data": "YQ=="}}) as slow:
        while not engine.asked:
            turn()
        with connect(turn.path, id=8, verb="status") as quick:
            for _ in range(4):
                turn()
            assert json.loads(quick.recv(65536))["id"] == 8
        ((name, arguments, later),) = engine.asked
        assert (name, arguments) == ("method", {"data": "YQ==", "path": "/x"})
        later.tell({"html": "x"}, None)
        assert json.loads(slow.recv(65536)) == {"id": 7, "ok": True, "result": {"html": "x"}}


def test_why_there_is_none_reaches_it_too(engine: Asks, turn: Any) -> None:
    with connect(turn.path, id=7, verb="script-reinitialise") as slow:
        while not engine.asked:
            turn()
        engine.asked[0][2].tell(None, "It died.")
        assert json.loads(slow.recv(65536))["error"] == {"code": "refused", "message": "It died."}


def test_who_has_left_does_not_get_it(engine: Asks, turn: Any) -> None:
    connect(turn.path, id=7, verb="script-dashboard").close()
    for _ in range(3):
        turn()
    for _, _, later in engine.asked:
        later.tell({}, None)


def test_what_cannot_wait_is_told_so(engine: Asks) -> None:
    answer = json.loads(Dispatch(engine).answer(b'{"id": 1, "verb": "script-dashboard"}', Role.ADMIN))
    assert answer["error"]["code"] == "refused"


@pytest.mark.parametrize("wrong", ['"nothing"', '{"data": 7}', '{"other": "x"}', '"{"', "[1]"])
def test_a_request_that_is_none_is_refused(engine: Asks, wrong: str) -> None:
    line = b'{"id": 1, "verb": "script-call", "arguments": {"path": "/x", "request": %s}}' % wrong.encode()
    assert json.loads(Dispatch(engine).answer(line, Role.ADMIN, lambda _: None))["error"]["code"] == "invalid"
    assert engine.asked == []
