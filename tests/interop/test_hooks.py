"""A hook library of the site in a real engine: real clients meet it, and one that sleeps keeps nobody waiting."""

import json

import pytest

from tests.interop.clients import Habits
from tests.interop.processes import wait_for
from tests.interop.realclients import Udhcpc
from tests.interop.servers import Lessor
from tests.interop.transports import OnLink

pytestmark = pytest.mark.netns
OFFICE = {"prefix": "192.0.2.0/24", "name": "office", "interface": "eth0", "lifetime": "1h",
          "pools": [{"first": "192.0.2.10", "last": "192.0.2.199"}]}  # fmt: skip
#: The manual's example, and a callout that sleeps.
LIBRARY = """
BLOCKED = set()
SEEN = {}

def load(handle):
    BLOCKED.update(handle.getParameter("blocked"))
    handle.registerCommandCallout("seen-get", seen_get)

def pkt4_receive(handle):
    query = handle.getArgument("query4")
    SEEN[query.hw_address] = SEEN.get(query.hw_address, 0) + 1
    if query.hw_address in BLOCKED:
        handle.setStatus(handle.DROP)

def lease4_select(handle):
    handle.getArgument("lease4").valid_lft = 1234

def seen_get(handle):
    handle.setArgument("response", {"result": 0, "arguments": SEEN})
"""
SLEEPER = """
import time

def pkt4_send(handle):
    time.sleep(10)
"""
#: It ends its process at the first message that it is ever told of.
EXITS = """
import os, pathlib

ONCE = pathlib.Path(__file__).with_suffix(".once")

def pkt4_receive(handle):
    if not ONCE.exists():
        ONCE.touch()
        os._exit(1)
"""


@pytest.fixture
def lan(lab):
    return lab.link()


def serve(lab, lan, *hooks):
    server = Lessor(
        lab, lab.host("server", lan, "192.0.2.1/24"), f"sqlite:///{lab.folder}/lessor/lessor.db", hooks=hooks
    )
    server.migrate()
    server.apply([OFFICE])
    server.start()
    return server


def test_a_blocked_client_gets_nothing_another_what_the_library_says_and_its_command_answers(lab, lan):
    client, blocked = (Udhcpc(lab, lab.host(name, lan)) for name in ("client", "blocked"))
    hw = json.loads(blocked.machine.run("ip", "-json", "link", "show", "eth0"))[0]["address"]
    parameters = lab.file("site.toml", f"blocked = [{json.dumps(hw)}]\n")
    server = serve(lab, lan, f"{lab.file('site.py', LIBRARY)}={parameters}")
    blocked.start()
    client.start()
    client.wait_bound()
    assert "lease time 1234" in client.output()
    seen = json.loads(server.call("control", "command", "seen-get", "--json"))
    assert seen["result"] == 0
    assert hw in seen["arguments"]
    wait_for("it is explained", lambda: "HOOK-DROPPED" in server.call("explain", hw))
    hooks = {row["hook"]: row for row in json.loads(server.call("control", "hooks", "--json"))}
    assert hooks["lease4_select"]["calls"] >= 2
    assert hooks["pkt4_receive"]["stopped"] >= 1
    assert hooks["pkt4_receive"]["disabled"] == ""


def test_an_isolated_one_that_exits_is_started_again_and_everybody_gets_an_address(lab, lan):
    server = serve(lab, lan, f"isolated:{lab.file('exits.py', EXITS)}")
    fleet = lab.fleet(OnLink(lab.host("clients", lan), "eth0"), 10, Habits(starts_per_s=50))
    wait_for("everybody has an address", lambda: len(fleet.bound()) == 10, 30, server.log)
    assert "HOOK-PROCESS-ENDED" in server.log.read_text()
    (row,) = json.loads(server.call("control", "hooks", "--json"))
    assert (row["function"], row["disabled"]) == ("pkt4_receive", "")


def test_one_that_sleeps_is_ended_each_time_and_then_not_called_any_more(lab, lan):
    server = serve(lab, lan, str(lab.file("sleeper.py", SLEEPER)))
    fleet = lab.fleet(OnLink(lab.host("clients", lan), "eth0"), 10, Habits(starts_per_s=50))
    wait_for("everybody has an address", lambda: len(fleet.bound()) == 10, 30, server.log)
    (row,) = json.loads(server.call("control", "hooks", "--json"))
    assert (row["overruns"], row["calls"]) == (3, 3)
    assert row["slowest_us"] < 200_000, "of ten seconds"
    assert "took longer than 25 ms" in row["disabled"]
    assert "HOOK-DISABLED" in json.dumps(json.loads(server.call("control", "status", "--json"))["hook_events"])
