"""The hook library that is measured: each callout is called once a message that it is about, no more and no less."""

from pathlib import Path

from dhcpcore.hooks.libraries import load
from dhcpcore.hooks.registry import Registry
from tests.packets4 import DISCOVER, client
from tests.playbook import OFFICE, World, pool, subnet

LIBRARY = Path(__file__).parents[2] / "bench" / "hooked.py"


def test_calls_are_messages(tmp_path):
    world = World(tmp_path, subnet(OFFICE, pool("192.0.2.10", "192.0.2.99"), lifetime=3600))
    registry = Registry()
    load(registry, [str(LIBRARY)])
    world.engine.hook(registry)
    world.install()
    world.lease(client(1))
    world.pass_(1800)
    world.renew(client(1), "192.0.2.10")
    world.send(*(world.packet(DISCOVER, client(n)) for n in range(2, 7)))
    world.release(client(1), "192.0.2.10")
    assert registry.command("calls-get", {}) == {
        "pkt4_receive": 9, "subnet4_select": 9, "leases4_committed": 3, "pkt4_send": 8}
    world.close()
