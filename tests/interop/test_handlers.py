"""Configured handlers in a real engine, met by real clients: built-in types, and the tutorial's package."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.interop.processes import wait_for
from tests.interop.realclients import Udhcpc
from tests.interop.servers import Lessor

pytestmark = pytest.mark.netns
ROOT = Path(__file__).parents[2]
OFFICE = {"prefix": "192.0.2.0/24", "name": "office", "interface": "eth0", "lifetime": "1h",
          "pools": [{"first": "192.0.2.10", "last": "192.0.2.199"}],
          "options": {"domain-name": "example.org"}}  # fmt: skip


@pytest.fixture
def packages(lab, monkeypatch):
    """The tutorial's package, installed by pip into a folder that the server's Python looks into."""
    (pip,) = (ROOT / "bootstrap").glob("pip-*.whl")
    shutil.copytree(ROOT / "docs/tutorial-handler", lab.folder / "source", ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run([sys.executable, str(pip / "pip"), "install", "--no-index", "--no-deps", "--no-build-isolation",
                    "--quiet", "--disable-pip-version-check", "--target", str(lab.folder / "packages"),
                    str(lab.folder / "source")], check=True)  # fmt: skip
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(
        filter(None, [str(lab.folder / "packages"), os.environ.get("PYTHONPATH", "")])))


def test_real_clients_meet_a_built_in_handler_and_one_of_a_package(lab, packages):
    lan = lab.link()
    client, ignored = (Udhcpc(lab, lab.host(name, lan)) for name in ("client", "ignored"))
    hw = json.loads(ignored.machine.run("ip", "-json", "link", "show", "eth0"))[0]["address"]
    server = Lessor(lab, lab.host("server", lan, "192.0.2.1/24"), f"sqlite:///{lab.folder}/lessor/lessor.db")
    server.migrate()
    server.apply([OFFICE], handlers=[
        {"type": "overwrite-option", "fields": {"options": {"dhcp4": {"domain-name": "night.example.org"}}}},
        {"type": "greeting", "fields": {"words": "Hello from {subnet}", "ignored": [hw]}},
    ])  # fmt: skip
    server.start()
    ignored.start()
    client.start()
    client.wait_bound()
    answers = [bytes.fromhex(one["answer"]) for one in json.loads(server.call("control", "transactions", "--json"))]
    granted = [one for one in answers if one and b"\x35\x01\x05" in one]
    assert granted
    assert all(b"\x0f\x11night.example.org" in one and b"\x38\x11Hello from office" in one for one in granted)
    wait_for("it is explained", lambda: "HANDLER-DROPPED" in server.call("explain", hw))
    assert "The configured handler greeting stopped it." in server.call("explain", hw)
    told = {one["name"]: one for one in json.loads(server.call("control", "handlers", "--json"))}
    assert told["overwrite-option"]["changed"] >= 2
    assert told["greeting"]["stopped"] >= 1
    server.call("handler", "disable", "greeting")
    ignored.wait_bound(30)
    assert [one["name"] for one in json.loads(server.call("control", "handlers", "--json"))] == ["overwrite-option"]
