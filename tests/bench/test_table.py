import dataclasses

import pytest

from bench.plan import Plan
from bench.results import Results, joined, load, plan_facts, save
from bench.table import markdown, metrics, ratios
from bench.trial import Answers, Trial
from bench.turn import Turn

HOST = {"processor": "CPU", "cores": "2", "kernel": "6", "python": "3", "date": "2026-01-01"}
PLAN = plan_facts(Plan(servers=("lessor", "kea4"), modes=("saturation",)))


def turn(server: str, repetition: int, **figures: float) -> Turn:
    return Turn(server, repetition, figures)


def run(*turns: Turn) -> Results:
    return Results(HOST, {turn.server: "1.0" for turn in turns}, PLAN, turns)


def lines(results: Results) -> list[str]:
    return markdown(results).splitlines()


def row(results: Results, title: str) -> list[str]:
    return [line for line in lines(results) if line.startswith(f"| {title} ")]


RUN = run(
    turn("lessor", 1, saturation=9_000),
    turn("kea4", 1, saturation=10_000),
    turn("lessor", 2, saturation=12_000),
    turn("kea4", 2, saturation=8_000),
    turn("lessor", 3, saturation=11_000),
)


def test_ratios_are_formed_within_a_repetition():
    assert ratios(RUN.turns, "lessor", "kea4", "saturation") == [0.9, 1.5]


def test_no_ratio_is_formed_with_nothing():
    turns = (turn("lessor", 1, saturation=9.0), turn("kea4", 1, saturation=0.0))
    assert ratios(turns, "lessor", "kea4", "saturation") == []


def test_a_cell_shows_the_median_and_the_range():
    (line,) = row(RUN, "Exchanges/s at saturation")
    assert "| **11,000** (9,000 - 12,000) | **9,000** (8,000 - 10,000) |" in line


def test_a_ratio_shows_the_median_and_each():
    (line,) = row(RUN, "÷ Kea, memfile")
    assert line == "| ÷ Kea, memfile | 1.20 (0.90, 1.50) | 1.00 (1.00, 1.00) |"


def test_a_figure_that_nobody_has_is_no_row():
    assert not row(RUN, "Renewals/s at saturation")


def test_a_figure_that_one_server_lacks_is_a_dash():
    results = run(turn("lessor", 1, at_5000_p50_ms=0.5), turn("dnsmasq", 1))
    (line,) = row(results, "Answer times at 5,000/s, OFFER + ACK medians, ms")
    assert line.endswith("| **0.50** | - |")


def test_without_kea_there_are_no_ratios():
    assert "÷" not in markdown(run(turn("lessor", 1, saturation=1.0)))


@pytest.mark.parametrize(
    ("figures", "cell"),
    [
        ({}, "100 = 100"),
        ({"rows_superseded": 3, "stored_rows": 97}, "97 = 100 - 3 superseded"),
        ({"rows_missing": 2, "stored_rows": 98}, "98 ≠ 100 (2 missing)"),
        ({"rows_unseen": 1, "stored_rows": 101}, "101 ≠ 100 (1 unseen)"),
        ({"addresses_shared": 1}, "100 ≠ 100 (1 shared)"),
    ],
)
def test_rows_and_acknowledgements_are_held_against_each_other(figures, cell):
    zero = dict.fromkeys(("rows_missing", "rows_unseen", "rows_superseded", "addresses_shared"), 0)
    results = run(turn("lessor", 1, **{"stored_rows": 100, "acked_addresses": 100, **zero, **figures}))
    assert lines(results)[-1].endswith(f"| {cell} |")


def test_a_failure_is_told_below_the_table():
    failed = dataclasses.replace(turn("lessor", 2), error="It ended with 1 at its start.")
    assert "- Lessor, SQLite, repetition 2: It ended with 1 at its start." in markdown(run(failed))


def test_figures_have_one_row_each():
    names = [metric.figure for metric in metrics((1000, 5000))]
    assert len(names) == len(set(names))


def test_a_run_is_read_as_it_was_written(tmp_path):
    answers = {"offer": Answers(1, 0.1, 0.2, 0.3)}
    trial = Trial("saturation", None, 1.0, 5, 4, 3, 1, 0, 0, 0, 2, answers, 0.5)
    whole = run(Turn("lessor", 1, {"saturation": 3.0}, [trial]))
    save(tmp_path / "run.json", whole)
    assert dataclasses.asdict(load(tmp_path / "run.json"))["turns"] == dataclasses.asdict(whole)["turns"]


@pytest.mark.parametrize("text", ["", "[]", '{"format": 0}', '{"format": 1, "host": {}}'])
def test_another_file_is_refused(tmp_path, text):
    from bench.errors import BadOutput

    (tmp_path / "x.json").write_text(text)
    with pytest.raises(BadOutput):
        load(tmp_path / "x.json")


def test_several_runs_keep_their_ratios_apart():
    one = run(turn("lessor", 1, saturation=10.0), turn("kea4", 1, saturation=10.0))
    other = run(turn("lessor", 1, saturation=20.0), turn("kea4", 1, saturation=10.0))
    assert ratios(joined((one, other)).turns, "lessor", "kea4", "saturation") == [1.0, 2.0]
