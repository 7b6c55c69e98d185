"""One tiny run from the command line to the table, against dnsmasq."""

import os
import shutil
import subprocess

import pytest

from bench.__main__ import main
from bench.results import load

NEEDED = ("dnsmasq", "cc", "taskset", "strace")


@pytest.mark.netns
@pytest.mark.skipif(any(not shutil.which(name) for name in NEEDED), reason=f"needs {', '.join(NEEDED)}")
def test_a_run_measures_saves_shows_and_leaves_nothing_behind(tmp_path, capsys):
    words = ["--servers", "dnsmasq", "--modes", "saturation,latency,renew,syncs,rows", "--reps", "1"]
    words += ["--seconds", "0.5", "--rates", "20", "--window", "4", "--clients", "9000"]
    place = ["--server-cpus", "0", "--client-cpus", "0"]

    assert main([*words, *place, "--folder", str(tmp_path), "--json", str(tmp_path / "run.json")]) == 0

    (turn,) = load(tmp_path / "run.json").turns
    assert turn.error is None
    assert {"saturation", "cpu_us", "rss_mib", "half_p50_ms", "at_20_p99_ms", "renewals"} <= set(turn.figures)
    assert turn.figures["rows_missing"] == turn.figures["rows_unseen"] == turn.figures["addresses_shared"] == 0
    assert turn.figures["stored_rows"] > 0
    # dnsmasq syncs its lease file before it answers, but for a client that comes twice within one second.
    assert turn.figures["syncs_single"] > 0.8
    assert turn.figures["synced_share"] > 0.8
    assert "| Exchanges/s at saturation |" in capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]
    namespaces = subprocess.run(["ip", "netns"], capture_output=True, text=True, check=True).stdout
    assert f"lsb{os.getpid()}" not in namespaces
