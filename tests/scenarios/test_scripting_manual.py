"""The examples of docs/scripting.md, as they stand there."""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from dhcpcore.net.scripts import Scripts
from dhcpcore.script.parameters import HOOKS, TOLD
from tests.packets4 import OFFER, client
from tests.playbook import OFFICE, World, pool, subnet
from tests.sites import Site

MANUAL = (Path(__file__).parents[2] / "docs" / "scripting.md").read_text()
EXAMPLES = re.findall(r"```python\n(.*?)```", MANUAL, re.DOTALL)
A, B = client(1), client(2)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[..., World]]:
    made: list[World | Site] = []

    def make(word: str, theirs: str = "", ours: str = "") -> World:
        (text,) = [example for example in EXAMPLES if word in example]
        text = text.replace(theirs, ours) if theirs else text
        site = Site(tmp_path / "site", text)
        made.append(site)
        home = subnet(OFFICE, pool("192.0.2.98", "192.0.2.109"), lifetime=3600)
        made.append(World(tmp_path, home, script=site))
        return made[-1]

    yield make
    for one in reversed(made):
        one.close()


def test_a_block_list(run: Callable[[str], World]) -> None:
    world = run("BLOCKED")
    assert world.discover(A) is None
    assert world.reason == "SCRIPT-BLOCKED"
    assert world.discover(B).kind == OFFER


def test_a_dictionary(run: Callable[[str], World]) -> None:
    world = run("in GUESTS:")
    ack = world.lease(B, prl=bytes((3, 6, 12)))
    assert (ack.yiaddr, ack.number(51), ack.address(3), ack.address(6), ack.options[12]) == (
        "192.0.2.77", 600, "192.0.2.1", "192.0.2.53", b"guest",
    )  # fmt: skip
    assert world.lease(A).yiaddr == "192.0.2.98"


def test_every_third(run: Callable[[str], World]) -> None:
    world = run("% 3")
    assert [world.lease(client(number)).number(58) for number in (1, 2)] == [1800, 60]


def test_a_counter(run: Callable[[str], World]) -> None:
    world = run("COUNTED")
    site = world.site
    assert isinstance(site, Site)
    scripts = Scripts(world.engine, site.host)
    world.lease(A)
    scripts.after(world.now)
    assert base64.b64decode(site.call("method", path="/site/packets.csv")[0]["data"]) == b"packets,answered\n2,2\n"
    (element,) = site.call("dashboard", path="/")[0]["elements"]
    assert element["html"] == "<p>2 of 2 packets were answered.</p>"


def test_ready_scripts(run: Callable[[str], World]) -> None:
    world = run("feed.register")
    site = world.site
    assert isinstance(site, Site)
    scripts = Scripts(world.engine, site.host)
    world.lease(A)
    scripts.after(world.now)
    counted = base64.b64decode(site.call("method", path="/extension/statistics.json")[0]["data"])
    assert json.loads(counted)["spans"][-1]["packets"] == 2
    elements = {one["module"]: one["html"] for one in site.call("dashboard", path="/")[0]["elements"]}
    assert "<svg" in elements["statistics"]
    assert "02:00:00:00:00:01" in elements["activity"]
    atom = site.call("method", path="/extension/feed/atom")[0]
    assert atom["mimetype"] == "application/atom+xml"
    assert "Errors of our DHCP" in base64.b64decode(atom["data"]).decode()
    registered = {one["path"]: one["secure"] for one in site.host.registry["methods"]}
    assert registered["/extension/feed/record"]
    for path in re.findall(r"`(/extension/[a-z/.]+)`", MANUAL):
        assert path in registered


def test_a_pool_of_the_scripts_own(run: Callable[[str], World]) -> None:
    world = run("DynamicPool")
    site = world.site
    assert isinstance(site, Site)
    ack = world.lease(A)
    assert (ack.yiaddr, ack.number(51), ack.number(58)) == ("192.0.2.100", 600, 585)
    assert world.lease(B).yiaddr == "192.0.2.101"
    assert world.renew(A, "192.0.2.100").yiaddr == "192.0.2.100"
    assert b"192.0.2.101" in base64.b64decode(site.call("method", path="/guests.csv")[0]["data"])


def test_a_look_up(run: Callable[..., World]) -> None:
    told = {"ip": "192.0.2.105", "lease_time": 700, "subnet": "office", "serial": 0, "hostname": "known"}
    asked: list[dict[str, str]] = []

    class Inventory(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            known = asked[-1]["mac"].endswith("01")
            self.send_response(200 if known else 404)
            self.end_headers()
            self.wfile.write(json.dumps(told).encode() if known else b"")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Inventory) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.05,))
        serving.start()
        world = run("HTTPCachingDatabase", "http://inventory.example.org", f"http://127.0.0.1:{server.server_port}")
        ack = world.lease(A)
        assert (ack.yiaddr, ack.number(51)) == ("192.0.2.105", 700)
        assert world.lease(B).yiaddr == "192.0.2.98", "whom it does not know gets an address of the pool"
        server.shutdown()
        serving.join()
    assert asked == [{"site": "north", "mac": f"02:00:00:00:00:0{n}"} for n in (1, 2)], "each once: it is remembered"


def test_every_example_is_tried_here() -> None:
    assert len(EXAMPLES) == 7


def test_every_hook_and_parameter_stand_in_the_manual() -> None:
    assert [hook for hook in HOOKS if f"`{hook}(" not in MANUAL] == []
    families = re.findall(r"`([A-Z_]+_)…`", MANUAL)
    assert [name for name in sorted(TOLD) if f"`{name}" not in MANUAL and not name.startswith(tuple(families))] == []
