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


#: A package that sleeps, as an installer would have left it.
SLEEPER = """
import time

from dhcpcore.pipeline.api import Handler, HandlerFactory


class Sleeper(Handler):
    def analyse_post(self, bundle):
        time.sleep(10)


class Factory(HandlerFactory):
    \"\"\"Sleeps.\"\"\"

    def create(self):
        return Sleeper()
"""


#: One that ends whatever process it is in, by the client; and leaves an option where it does not.
BREAKER = """
import os

from dhcpcore.pipeline.api import Handler, HandlerFactory
from pydantic import BaseModel


class Breaker(Handler):
    def __init__(self, about):
        self.about = about

    def handle(self, bundle):
        if bundle.request.hw_address == self.about:
            os.abort()
        bundle.response.set_option(56, b"from %d" % os.getpid())


class Factory(HandlerFactory):
    class Fields(BaseModel):
        about: str

    def create(self):
        return Breaker(self.fields.about)
"""


@pytest.fixture
def packages(lab, monkeypatch):
    """The tutorial's package, installed by pip into a folder that the server's Python looks into, and one that sleeps.
    """
    (pip,) = (ROOT / "bootstrap").glob("pip-*.whl")
    shutil.copytree(ROOT / "docs/tutorial-handler", lab.folder / "source", ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run([sys.executable, str(pip / "pip"), "install", "--no-index", "--no-deps", "--no-build-isolation",
                    "--quiet", "--disable-pip-version-check", "--target", str(lab.folder / "packages"),
                    str(lab.folder / "source")], check=True)  # fmt: skip
    info = lab.folder / "packages/sleeper-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: sleeper\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[lessor.handlers]\nsleeper = sleeper:Factory\n"
                                          "breaker = breaker:Factory\n")
    (lab.folder / "packages/sleeper.py").write_text(SLEEPER)
    (lab.folder / "packages/breaker.py").write_text(BREAKER)
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
        {"type": "sleeper"},
        {"type": "greeting", "fields": {"words": "Hello from {subnet}", "ignored": [hw]}},
    ])  # fmt: skip
    server.start()

    def calls():
        return {one["name"]: one for one in json.loads(server.call("control", "handlers", "--json"))}

    ignored.start()
    client.start()
    client.wait_bound()
    answers = [bytes.fromhex(one["answer"]) for one in json.loads(server.call("control", "transactions", "--json"))]
    granted = [one for one in answers if one and b"\x35\x01\x05" in one]
    assert granted
    assert all(b"\x0f\x11night.example.org" in one and b"\x38\x11Hello from office" in one for one in granted)
    said = "The configured handler greeting stopped it."
    wait_for("it is explained", lambda: said in server.call("explain", hw))
    wait_for("it slept three times", lambda: calls()["sleeper"]["disabled"])
    told = calls()
    assert told["overwrite-option"]["changed"] >= 2
    assert told["greeting"]["stopped"] >= 1
    slept = told["sleeper"]
    assert (slept["overruns"], slept["calls"]) == (3, 3), "it is ended each time, and then not called any more"
    assert slept["slowest_us"] < 200_000, "of ten seconds"
    assert "took longer than 25 ms" in slept["disabled"]
    assert "HANDLER-DISABLED" in json.dumps(json.loads(server.call("control", "status", "--json"))["handler_events"])
    server.call("handler", "disable", "greeting")
    ignored.wait_bound(30)
    assert list(calls()) == ["overwrite-option", "sleeper"]


def test_an_isolated_handler_that_crashes_its_process_ends_one_clients_messages_alone(lab, packages):
    lan = lab.link()
    client, fatal = (Udhcpc(lab, lab.host(name, lan)) for name in ("client", "fatal"))
    hw = json.loads(fatal.machine.run("ip", "-json", "link", "show", "eth0"))[0]["address"]
    server = Lessor(lab, lab.host("server", lan, "192.0.2.1/24"), f"sqlite:///{lab.folder}/lessor/lessor.db")
    server.migrate()
    server.apply([OFFICE], handlers=[{"type": "breaker", "fields": {"about": hw}, "isolated": True}])
    server.start()

    def called():
        return json.loads(server.call("control", "handlers", "--json"))[0]

    fatal.start()
    wait_for("another process was begun", lambda: called()["restarts"])
    assert "HANDLER-PROCESS-ENDED: the process of breaker was ended" in server.log.read_text()
    wait_for("it is explained", lambda: "HANDLER-FAILED" in server.call("explain", hw))
    fatal.crash()
    client.start()
    client.wait_bound(30)
    answers = [bytes.fromhex(one["answer"]) for one in json.loads(server.call("control", "transactions", "--json"))]
    granted = [one for one in answers if one and b"\x35\x01\x05" in one]
    assert granted
    assert all(b"from " in one for one in granted)
