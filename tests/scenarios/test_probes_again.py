"""An address that is found in use once more, after its probation."""

from collections.abc import Callable

from tests.packets4 import client
from tests.playbook import OFFICE, World, pool, subnet

Make = Callable[..., World]
HUNDRED = "192.0.2.100"


def found_in_use(w: World, number: int) -> None:
    """A client comes, the address is probed, and somebody answers."""
    assert w.discover(client(number)) is None
    (probe,) = w.engine.take_probes()
    w.engine.probe_answered(probe.key)
    assert w.later() == []
    assert w.reason == "PROBE-ANSWERED"


def test_it_goes_on_probation_again(world: Make) -> None:
    w = world(subnet(OFFICE, pool(HUNDRED, HUNDRED), lifetime=3600), probe=True, probation_s=1000)
    found_in_use(w, 1)
    w.pass_(1001)
    found_in_use(w, 2)
    assert w.row(HUNDRED).expires == w.now + 1000
    assert w.discover(client(3)) is None
    assert w.reason == "POOL-EXHAUSTED"
    assert w.engine.take_probes() == []


def test_while_its_probation_lasts_nothing_is_written_anew(world: Make) -> None:
    w = world(subnet(OFFICE, pool(HUNDRED, HUNDRED), lifetime=3600), probe=True, probation_s=1000)
    found_in_use(w, 1)
    before = w.row(HUNDRED)
    w.pass_(500)
    assert w.discover(client(2)) is None
    assert w.row(HUNDRED) == before
