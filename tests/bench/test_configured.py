"""The definitions of a large site: right for the validator, and what the figures say that they are."""

import json
import shutil

import pytest

from bench import configured
from bench.__main__ import DEFAULTS, main
from bench.network import POOL_FIRST, POOL_LAST, PREFIX
from bench.results import load
from bench.servers.table import SERVERS
from dhcpcore.topology.build import from_document
from dhcpcore.topology.validate import validate

MEASURED = {"prefix": PREFIX, "name": "bench", "pools": [{"first": POOL_FIRST, "last": POOL_LAST}]}


def test_they_are_right_and_as_many_as_is_said(monkeypatch):
    document = configured.definitions(MEASURED)
    listed = [len(subnet["assignments"]) for subnet in document["subnets"]]
    assert (len(listed), len(document["classes"]), sum(listed)) == (200, 50, 100_000)
    assert set(listed) == {500}
    monkeypatch.setattr(configured, "A_SUBNET", 3)  # All of them take the validator some seconds.
    snapshot = from_document(validate(configured.definitions(MEASURED)))
    assert (len(snapshot.subnets), len(snapshot.quarantined)) == (200, 0)


def test_what_is_beside_another_is_measured_only_when_it_is_named():
    beside = {name for name, server in SERVERS.items() if server.beside}
    assert beside == {
        "lessor-compiled", "lessor-compiled@pgsql", "lessor-hooked", "lessor-configured", "lessor-configured@pgsql",
    }  # fmt: skip
    assert not beside & set(DEFAULTS.servers)
    assert all(SERVERS[name].beside in DEFAULTS.servers for name in beside)


@pytest.mark.netns
@pytest.mark.skipif(any(not shutil.which(name) for name in ("cc", "taskset")), reason="needs cc and taskset")
def test_it_is_measured_beside_the_empty_one(short_folder, capsys, monkeypatch):
    monkeypatch.setattr(configured, "A_SUBNET", 3)
    words = ["--servers", "lessor,lessor-configured", "--modes", "saturation,rows", "--reps", "1"]
    words += ["--seconds", "0.5", "--window", "4", "--clients", "9000"]
    place = ["--server-cpus", "0", "--client-cpus", "0", "--folder", str(short_folder)]
    assert main([*words, *place, "--json", str(short_folder / "run.json")]) == 0
    empty, full = load(short_folder / "run.json").turns
    assert (empty.error, full.error) == (None, None)
    assert 0 < full.figures["start_s"] < 60
    assert full.figures["rows_missing"] == full.figures["rows_unseen"] == 0
    shown = capsys.readouterr().out
    ratio = full.figures["saturation"] / empty.figures["saturation"]
    assert f"| ÷ Lessor, SQLite | - | {ratio:.2f} |" in shown
    assert "| From its start to its first answer, s |" in shown
    assert json.loads((short_folder / "run.json").read_text())["turns"][1]["server"] == "lessor-configured"
