import threading

import pytest

from app.services import watching
from app.services.watching import Places, TooManyWatchers, Watched


class Numbers(Watched[int]):
    """Tells the number of its looks."""

    def __init__(self, places=None):
        super().__init__("numbers", places or Places())
        self.looks = 0

    def poll(self):
        self.looks += 1
        with self._lock:
            self._tell(self.looks)


@pytest.fixture
def by_hand(monkeypatch):
    """No thread ever runs: each look is the test's own."""
    monkeypatch.setattr(Watched, "_wake", lambda _: None)


def test_every_watcher_gets_all_there_is_and_a_slow_one_the_newest(by_hand):
    numbers = Numbers()
    with numbers.watching() as one, numbers.watching() as other:
        for _ in range(watching.BEHIND_MAX + 5):
            numbers.poll()
        assert one.get() == other.get() == 6
        assert one.qsize() == watching.BEHIND_MAX - 1
    numbers.poll()
    assert one.qsize() == watching.BEHIND_MAX - 1  # Who has left is told nothing.


def test_one_more_than_the_cap_is_refused_until_somebody_leaves(by_hand, monkeypatch):
    monkeypatch.setattr(watching, "WATCHERS_MAX", 1)
    numbers = Numbers()
    with numbers.watching(), pytest.raises(TooManyWatchers), numbers.watching():
        pass
    with numbers.watching():
        pass


def test_the_cap_is_for_all_kinds_together(by_hand, monkeypatch):
    monkeypatch.setattr(watching, "WATCHERS_MAX", 1)
    places = Places()
    with Numbers(places).watching(), pytest.raises(TooManyWatchers), Numbers(places).watching():
        pass


def test_nobody_is_asked_when_nobody_looks(monkeypatch):
    monkeypatch.setattr(watching, "PERIOD_S", 0.01)
    monkeypatch.setattr(watching, "LINGER_S", 0.02)
    numbers = Numbers()
    numbers._wake()
    thread = numbers._thread
    assert isinstance(thread, threading.Thread)
    thread.join(5)
    assert not thread.is_alive()
    seen = numbers.looks
    with numbers.watching() as mine:
        assert mine.get(timeout=5) > seen
