import dataclasses
import logging

import pytest

from app.services import engine_log
from app.services.engine_log import LiveLog
from app.services.watching import Places, Watched
from dhcpcore.control import VERBS, EngineAway
from dhcpcore.errors import Forbidden, InvalidValue
from dhcpcore.logs import Ring
from tests.app.people import ANN, VERA


class EngineWithALog:
    """A control channel on a real ring; ``here`` False: it is away."""

    def __init__(self, first=100, size=1000):
        self.ring, self.here, self.calls = Ring(first, size), True, []

    def write(self, *texts, level=logging.INFO):
        for text in texts:
            self.ring.keep(logging.LogRecord("dhcpcore.net", level, "x.py", 1, text, (), None))

    def call(self, verb, **given):
        if not self.here:
            raise EngineAway("No engine answers.")
        self.calls.append(given)
        return dataclasses.asdict(self.ring.tail(**VERBS["log"].parse(given)))


class Here:
    def __init__(self, engine):
        self.engine = engine


@pytest.fixture
def engine():
    made = EngineWithALog()
    made.write("one", "two")
    return made


@pytest.fixture
def live(engine, monkeypatch):
    monkeypatch.setattr(Watched, "_wake", lambda _: None)
    return LiveLog(Here(engine), Places())


def texts(told):
    return [line.text for line in told.lines]


def test_the_newest_lines_by_level_and_text(engine):
    engine.write("bad", level=logging.ERROR)
    found = engine_log.tail(engine, by=ANN, limit=2)
    assert (texts(found), found.last, found.lost) == (["two", "bad"], 102, 0)
    assert texts(engine_log.tail(engine, by=ANN, level="error")) == ["bad"]
    assert texts(engine_log.tail(engine, by=ANN, find="on")) == ["one"]


def test_a_viewer_may_not_and_nonsense_is_told_before_the_engine_is_asked(engine):
    with pytest.raises(Forbidden, match="needs the role operator"):
        engine_log.tail(engine, by=VERA)
    with pytest.raises(InvalidValue, match="log: limit is 5000; right is a whole number from 1 to 300"):
        engine_log.tail(engine, by=ANN, limit=5000)
    assert engine.calls == []


def test_each_line_is_told_once_and_silence_is_no_news(engine, live):
    with live.watching() as mine:
        live.poll()
        live.poll()
        engine.write("three")
        live.poll()
        assert [texts(mine.get_nowait()) for _ in range(mine.qsize())] == [["one", "two"], ["three"]]
    assert texts(live.recent()) == ["one", "two", "three"]
    assert texts(live.recent(101)) == ["three"]


def test_two_that_ask_at_once_tell_each_line_once(engine, live):
    class Twice(EngineWithALog):
        """Another has asked and told while this one waited for its answer."""

        def call(self, verb, **given):
            told = engine.call(verb, **given)
            live._engine = engine
            live.poll()
            return told

    live._engine = Twice()
    live.poll()
    assert texts(live.recent()) == ["one", "two"]


def test_an_engine_that_goes_and_comes_is_news_once(engine, live):
    with live.watching() as mine:
        live.poll()
        engine.here = False
        live.poll()
        live.poll()
        engine.here = True
        live.poll()
        assert [mine.get_nowait().engine for _ in range(mine.qsize())] == ["here", "away", "here"]


def test_an_engine_that_was_never_here_is_away(engine, live):
    engine.here = False
    assert (live.recent().engine, live.recent().lines) == ("away", ())


def test_a_restarted_engine_goes_on_and_one_whose_clock_was_set_back_begins_anew(engine, live):
    live.poll()
    engine.ring = Ring(first=200)
    engine.write("restarted")
    with live.watching() as mine:
        live.poll()
        assert (texts(told := mine.get_nowait()), told.anew) == (["restarted"], False)
        engine.ring = Ring(first=50)
        engine.write("set back")
        live.poll()
        assert (texts(told := mine.get_nowait()), told.anew) == (["set back"], True)
    assert (texts(told := live.recent(200)), told.anew) == (["set back"], True)


def test_lines_that_came_too_fast_are_counted(monkeypatch):
    monkeypatch.setattr(Watched, "_wake", lambda _: None)
    engine = EngineWithALog(size=3)
    engine.write("one")
    live = LiveLog(Here(engine), Places())
    live.poll()
    engine.write(*"abcdefgh")
    with live.watching() as mine:
        live.poll()
        assert mine.get_nowait().lost == 5
