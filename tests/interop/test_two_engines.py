"""Two engines share one PostgreSQL and one pool; both hear every broadcast, and one of them dies half-way."""

import time
from collections import Counter

import pytest

from tests.interop import database
from tests.interop.clients import Habits
from tests.interop.judges import Wire, lease_acks, missing_history, missing_leases, naks_in_a_row
from tests.interop.packets import ACK
from tests.interop.processes import wait_for
from tests.interop.servers import Lessor
from tests.interop.transports import OnLink

pytestmark = [pytest.mark.netns, pytest.mark.pg, pytest.mark.slow]
POOL, CLIENTS = 300, 500
SUBNET = {"prefix": "10.66.0.0/16", "name": "lan", "interface": "eth0", "lifetime": {"default": 40, "renew": 15},
          "pools": [{"first": "10.66.1.0", "last": "10.66.2.43"}]}  # fmt: skip
HABITS = Habits(starts_per_s=60, retransmit_pace=0.25, renew_after_s=(1, 3), hold_s=(4, 12), release_share=0.95,
                return_share=0.7)  # fmt: skip
LARGEST_NAK_COUNT = 2
GRACE_S = 2  # Short, so that the pool's addresses go from hand to hand within the test.


def granted(witness):
    return {packet.message.yiaddr for packet in lease_acks(witness.packets(ACK))}


@pytest.mark.timeout(180)
def test_no_address_has_two_clients_when_two_engines_share_a_pool(lab, pg_url):
    lan = lab.link()
    engines = [
        Lessor(lab, lab.host(label, lan, f"10.66.0.{number}/16"), pg_url, label=label)
        for number, label in enumerate(("left", "right"), start=1)
    ]
    engines[0].migrate()
    engines[0].apply([SUBNET], globals={"reclaim_grace": GRACE_S})
    for engine in engines:
        engine.start()
    witness = lab.sniff(lan.switch)
    fleet = lab.fleet(OnLink(lab.host("clients", lan), "eth0"), CLIENTS, HABITS, seed=3)
    wait_for("nearly the whole pool was granted", lambda: len(granted(witness)) > POOL * 0.97, 30, engines[0].log)
    time.sleep(5)
    killed_at = time.time()
    engines[0].kill()
    time.sleep(15)
    findings = fleet.stop()
    engines[1].stop()

    packets = witness.packets()
    wire = Wire().see(packets)
    assert witness.dropped == 0
    assert not wire.overlaps
    assert max(naks_in_a_row(packets).values(), default=0) <= LARGEST_NAK_COUNT
    assert not missing_leases(wire, database.leases(pg_url))
    assert not missing_history(wire, database.history(pg_url))
    assert not findings.faults

    by_server = Counter((p.source, p.seen_at > killed_at + 0.1) for p in lease_acks(packets))
    left, right = bytes([10, 66, 0, 1]), bytes([10, 66, 0, 2])
    assert by_server[left, False] > 100, "both engines have served"
    assert by_server[right, False] > 100
    assert by_server[left, True] == 0
    assert by_server[right, True] > 100, "the other one carries on"
    before = {p.message.yiaddr for p in lease_acks(packets) if p.source == left}
    after = {p.message.yiaddr for p in lease_acks(packets) if p.source == right and p.seen_at > killed_at + 0.1}
    assert before & after, "the leases of the dead engine are renewed by the living one"
