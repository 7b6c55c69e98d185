"""Counting instructions: the feeder speaks DHCP with the real engine, and what is counted is per exchange."""

import json
import shutil

import pytest

from bench import feeding, instructions


@pytest.fixture
def folder(tmp_path):
    instructions.prepare(tmp_path, feeding.DEFINITIONS)
    return tmp_path


@pytest.mark.parametrize(("load", "exchanges"), [("dora", 12), ("renew", 12)])
def test_every_round_is_a_batch_of_exchanges(folder, capsys, load, exchanges):
    assert feeding.main([str(folder), "--load", load, "--rounds", "3", "--batch", "4", "--clients", "8"]) == 0
    assert json.loads(capsys.readouterr().out) == {"exchanges": exchanges}


def test_who_renews_keeps_its_address(folder):
    feeder = feeding.Feeder(folder, 4, 8)
    for _ in range(4):
        feeder.dora()
    before = dict(feeder.held)
    for _ in range(3):
        feeder.renew()
    assert feeder.held == before
    assert len(set(before.values())) == len(before) == 8
    feeder.close()


def counting(monkeypatch, *runs):
    taken = iter(runs)
    monkeypatch.setattr(instructions, "counted", lambda *_: next(taken))


def test_what_both_runs_hold_is_not_counted(tmp_path, monkeypatch):
    counting(monkeypatch, (5_000, 10), (9_000, 30))
    assert instructions.per_exchange(tmp_path, "dora") == 200


def test_runs_that_hold_the_same_are_refused(tmp_path, monkeypatch):
    counting(monkeypatch, (5_000, 10), (9_000, 10))
    with pytest.raises(instructions.BadOutput, match="no more exchanges"):
        instructions.per_exchange(tmp_path, "dora")


def test_without_valgrind_it_says_so(monkeypatch, capsys):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert instructions.main([]) == 2
    assert "valgrind is missing. Debian: apt-get install valgrind." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"), [(["--loads", "dora,speed"], "Unknown load speed"), (["--rounds", "3"], "two whole numbers")]
)
def test_what_is_not_known_is_refused_by_name(capsys, words, said):
    assert instructions.main(words) == 2
    assert said in capsys.readouterr().err


#: Runs the program that it is given, and tells a count as valgrind does: a thousand and ten for each round.
COUNTS = """#!/bin/sh
rounds=$(echo "$*" | sed 's/.*--rounds \\([0-9]*\\).*/\\1/')
shift 2
"$@" || exit
echo "==1== Collected : $((1000 + 10 * rounds))" >&2
"""


def test_a_renewal_is_counted(tmp_path, monkeypatch, capsys):
    valgrind = tmp_path / "bin" / "valgrind"
    valgrind.parent.mkdir()
    valgrind.write_text(COUNTS)
    valgrind.chmod(0o755)
    monkeypatch.setenv("PATH", str(valgrind.parent), prepend=":")
    folder = tmp_path / "folder"
    folder.mkdir()
    words = ["--loads", "renew", "--rounds", "1,3", "--batch", "2", "--clients", "4", "--folder", str(folder)]
    assert instructions.main(words) == 0
    assert capsys.readouterr().out.split() == ["renew", "5", "instructions", "an", "exchange"]
    assert not list(folder.iterdir())
