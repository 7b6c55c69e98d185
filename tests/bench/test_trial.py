import pytest

from bench.errors import BadOutput
from bench.trial import Trial, trial_from


def report(**changes):
    answers = {
        "offer": {"count": 990, "p50_ms": 0.5, "p99_ms": 4.0, "max_ms": 9.0},
        "ack": {"count": 990, "p50_ms": 0.75, "p99_ms": 3.0, "max_ms": 5.0},
        "exchange": {"count": 990, "p50_ms": 1.4, "p99_ms": 6.0, "max_ms": 12.0},
    }
    plain = {"seconds": 2.0, "sent": 1000, "finished": 990, "in_time": 980, "lost": 10, "refused": 0, "late": 0}
    return {**plain, "mismatched": 0, "new_clients": 5, "answers": answers, **changes}


def trial(offered_per_s: float | None = 500, **changes) -> Trial:
    return trial_from("test", offered_per_s, report(**changes))


def test_figures_are_derived_from_the_counts():
    seen = trial(cpu_s=0.099)
    assert seen.rate_per_s == 490
    assert seen.loss_share == pytest.approx(0.01)
    assert seen.cpu_us == pytest.approx(100)


def test_answer_times_are_those_of_the_answers_and_not_of_the_whole_exchange():
    assert trial().p50_sum_ms == pytest.approx(1.25)
    assert trial().p99_ms == pytest.approx(4.0)


def test_a_renewal_has_one_answer():
    nothing = {"count": 0, "p50_ms": None, "p99_ms": None, "max_ms": None}
    answers = {**report()["answers"], "offer": nothing}
    assert trial(answers=answers).p50_sum_ms == pytest.approx(0.75)


def test_nothing_answered_has_no_figures():
    nothing = {"count": 0, "p50_ms": None, "p99_ms": None, "max_ms": None}
    seen = trial(finished=0, in_time=0, answers=dict.fromkeys(("offer", "ack", "exchange"), nothing))
    assert (seen.p50_sum_ms, seen.p99_ms, seen.cpu_us, seen.loss_share) == (None, None, None, 1.0)


def test_a_rate_is_carried_with_few_losses():
    assert trial().carried


@pytest.mark.parametrize(
    "why",
    [
        {"finished": 989, "in_time": 980},  # more than one in a hundred lost
        {"in_time": 949},  # a queue: finished, but after the load
        {"sent": 949, "finished": 949, "in_time": 949},  # the generator did not offer it
        {"sent": 0, "finished": 0, "in_time": 0},
    ],
)
def test_a_rate_is_not_carried(why):
    assert not trial(**why).carried


def test_a_closed_loop_carries_no_rate():
    assert not trial(offered_per_s=None).carried


@pytest.mark.parametrize("broken", [{"sent": None}, {"answers": 7}, {"answers": {"offer": {}}}, {"seconds": "x"}])
def test_a_broken_report_is_refused(broken):
    with pytest.raises(BadOutput):
        trial(**broken)


def test_a_report_with_a_field_missing_is_refused():
    short = report()
    del short["lost"]
    with pytest.raises(BadOutput, match="lost"):
        trial_from("test", None, short)
