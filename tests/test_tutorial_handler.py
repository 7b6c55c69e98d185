"""The tutorial's package, really installed by pip with no network, found by its entry point, and seen on the wire."""

import importlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dhcpcore.builtin import FACTORIES
from dhcpcore.pipeline.instances import Instances
from dhcpcore.topology.installed_types import installed
from tests.app.cli.command_line import CommandLine
from tests.packets4 import client
from tests.playbook import World
from tests.scenarios.served import served

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "docs/tutorial-handler"
A, B = client(1), client(2)
ROW = {"type": "greeting", "fields": {"words": "Hello from {subnet}", "ignored": [B.hw.hex(":")]}}
OFFICE = {"prefix": "192.0.2.0/24", "name": "office", "pools": [{"first": "192.0.2.100", "last": "192.0.2.109"}]}


@pytest.fixture(scope="module")
def target(tmp_path_factory):
    """A folder with the package in it, as pip makes it; nothing is written beside the source."""
    folder = tmp_path_factory.mktemp("installed")
    source = folder / "source"
    shutil.copytree(PACKAGE, source, ignore=shutil.ignore_patterns("__pycache__"))
    (pip,) = (ROOT / "bootstrap").glob("pip-*.whl")
    command = [sys.executable, str(pip / "pip"), "install", "--no-index", "--no-deps", "--no-build-isolation",
               "--quiet", "--disable-pip-version-check", "--target", str(folder / "target"), str(source)]
    subprocess.run(command, check=True)
    return folder / "target"


@pytest.fixture
def package(target, monkeypatch):
    monkeypatch.syspath_prepend(str(target))
    importlib.invalidate_caches()
    yield target
    sys.modules.pop("lessor_greeting", None)


def test_it_is_not_there_before_it_is_installed():
    assert [one.type.name for one in installed()] == []


def test_its_entry_point_tells_type_fields_and_source(package):
    (one,) = installed()
    assert (one.type.name, one.type.source) == ("greeting", "lessor-greeting 1.0")
    assert one.type.doc == "Greets clients in option 56, by the name of their subnet."
    assert set(one.type.schema["properties"]) == {"words", "ignored"}


def test_its_handler_changes_what_a_client_gets(package, tmp_path):
    w = World(tmp_path)
    (one,) = installed()
    w.engine.instances = Instances({**FACTORIES, one.type.name: one.factory})
    served(lambda: w, {"subnets": [OFFICE], "handlers": [ROW]})
    assert w.lease(A).options[56] == b"Hello from office"
    assert w.discover(B) is None
    assert w.reason == "HANDLER-DROPPED"
    w.close()


def test_migrate_lists_it_and_the_command_line_checks_its_fields_with_no_engine(package, tmp_path):
    lessor = CommandLine(tmp_path, f"sqlite:///{tmp_path}/lessor.db")
    lessor.ok("migrate")
    assert "lessor-greeting 1.0" in lessor.ok("handler", "types")
    lessor.ok("apply", "-", stdin=json.dumps({"version": 1, "subnets": [OFFICE]}))
    assert "fields.words: 5 is not a string" in lessor.refused("handler", "add", "greeting", "--field", "words=5")
    assert "fields.word: is no key here; did you mean words?" in lessor.refused(
        "handler", "add", "greeting", "--field", "word=x")
    lessor.ok("handler", "add", "greeting", "--field", "words=Hello", "--isolated")
    assert "greeting (isolated)" in lessor.ok("handler", "list")
    lessor.ok("handler", "set", "greeting", "--field", "words=Hello")
    assert lessor.json("handler", "show", "greeting")["entry"]["isolated"] is True
    lessor.ok("handler", "set", "greeting", "--in-engine")
    assert "isolated" not in lessor.ok("handler", "show", "greeting")
    assert "leave isolated out" in lessor.refused("handler", "add", "mark", "--field", "marks=[a]", "--isolated")
    document = {"version": 1, "subnets": [OFFICE], "handlers": [{**ROW, "fields": {"ignored": "x"}}]}
    assert "handlers[0].fields.ignored: 'x' is not a list" in lessor.refused(
        "apply", "-", stdin=json.dumps(document))


def test_where_it_was_taken_away_its_rows_are_kept(package, tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path}/lessor.db"
    lessor = CommandLine(tmp_path, url)
    lessor.ok("migrate")
    lessor.ok("apply", "-", stdin=json.dumps({"version": 1, "subnets": [OFFICE], "handlers": [ROW]}))
    monkeypatch.setattr(sys, "path", [one for one in sys.path if one != str(package)])
    lessor.ok("migrate")
    assert "greeting" not in lessor.ok("handler", "types")
    exported = lessor.ok("export")
    assert "Hello from {subnet}" in exported
    lessor.ok("apply", "-", stdin=exported)
    assert lessor.ok("export") == exported
