import pytest

from app.services.live import LiveStatistics
from app.services.watching import Places
from tests.app.people import EngineThatAnswers, EngineThatIsAway


class Here:
    def __init__(self, engine):
        self.engine = engine


def counted(offers, silent=0, started_at=1.0):
    return {"started_at": started_at, "received": offers + silent,
            "types": {"DISCOVER": {"OFFER": offers, "NO-POOL": silent}},
            "reasons": {"OFFER": offers, "NO-POOL": silent}}


@pytest.fixture
def told(monkeypatch):
    """Statistics whose thread never runs: each poll is the test's own."""
    monkeypatch.setattr(LiveStatistics, "_wake", lambda _: None)
    now = [100.0]
    engine = EngineThatAnswers(status={"ready": True}, statistics=counted(10))
    return LiveStatistics(Here(engine), Places(), clock=lambda: now[0]), engine, now


def test_rates_are_what_was_counted_between_two_looks(told):
    statistics, engine, now = told
    statistics.poll()
    now[0] += 2.0
    engine.answers["statistics"] = counted(30, 10)
    statistics.poll()
    first, second = statistics.recent()
    assert first.received == 0
    assert (second.received, second.types, second.verdicts) == (
        15.0, {"DISCOVER": 15.0}, {"answered": 10.0, "silent": 5.0})


def test_a_restarted_engine_makes_no_negative_rate(told):
    statistics, engine, now = told
    statistics.poll()
    now[0] += 1.0
    engine.answers["statistics"] = counted(2, started_at=99.0)
    statistics.poll()
    assert statistics.recent()[-1].received == 0


def test_an_engine_that_is_away_is_a_sample_too(monkeypatch):
    monkeypatch.setattr(LiveStatistics, "_wake", lambda _: None)
    statistics = LiveStatistics(Here(EngineThatIsAway()), Places())
    assert statistics.totals().status is None
    assert statistics.recent()[-1].engine == "away"


def test_totals_are_sorted_by_verdict_and_number(told):
    statistics, engine, _ = told
    engine.answers["statistics"] = {**counted(1), "reasons": {"NO-POOL": 9, "ACK-NEW": 2, "OFFER": 5, "NAK-TAKEN": 1}}
    totals = statistics.totals()
    assert [one.code for one in totals.reasons] == ["OFFER", "ACK-NEW", "NAK-TAKEN", "NO-POOL"]
    assert totals.by_verdict() == {"answered": 7, "refused": 1, "taken": 0, "silent": 9}
