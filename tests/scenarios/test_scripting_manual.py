"""The examples of docs/scripting.md, as they stand there."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dhcpcore.net.scripts import Scripts
from dhcpcore.script.parameters import HOOKS, NOT_DONE
from tests.packets4 import OFFER, client
from tests.playbook import OFFICE, World, pool, subnet
from tests.sites import Site

MANUAL = (Path(__file__).parents[2] / "docs" / "scripting.md").read_text()
EXAMPLES = re.findall(r"```python\n(.*?)```", MANUAL, re.DOTALL)
A, B = client(1), client(2)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[[str], World]]:
    made: list[World | Site] = []

    def make(word: str) -> World:
        (text,) = [example for example in EXAMPLES if word in example]
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
    world = run("GUESTS")
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


def test_every_example_is_tried_here() -> None:
    assert len(EXAMPLES) == 4


def test_every_hook_and_what_is_not_done_stand_in_the_manual() -> None:
    assert [hook for hook in HOOKS if f"`{hook}(" not in MANUAL] == []
    assert [name for name in NOT_DONE if name.partition("_")[0] not in MANUAL] == []
