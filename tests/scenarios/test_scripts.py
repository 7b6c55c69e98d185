"""A site's script decides: its hooks in a real script host, on the wire."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.packets4 import ACK, OFFER, client
from tests.playbook import OFFICE, World, pool, subnet
from tests.sites import Site

A, B = client(1), client(2)
Begin = Callable[..., World]


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    """A world whose engine has this script; with an office of a pool, unless other subnets are named."""
    made: list[Any] = []

    def make(text: str, *subnets: Any, **fields: Any) -> World:
        site = Site(tmp_path / "site", text)
        made.append(site)
        world = World(tmp_path, *(subnets or (subnet(OFFICE, pool("192.0.2.100", "192.0.2.109"), lifetime=3600),)),
                      script=site, **fields)
        made.append(world)
        return world

    yield make
    for one in reversed(made):
        one.close()


def test_a_hook_changes_an_answer(begin: Begin) -> None:
    world = begin("""
        def loadDHCPPacket(packet, method, mac, definition, relay_ip, port, source_packet):
            packet.setOption('renewal_time_value', 60)
            return True
    """)
    offer = world.discover(A)
    assert (offer.kind, offer.yiaddr, offer.number(58)) == (OFFER, "192.0.2.100", 60)
    ack = world.select(A, offer)
    assert (ack.kind, ack.number(58), ack.number(51)) == (ACK, 60, 3600)
