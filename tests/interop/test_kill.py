"""The first promise under the worst treatment: what was acknowledged on the wire is in SQL, however the engine died."""

import random
import time

import pytest

from tests.interop import database
from tests.interop.clients import Habits
from tests.interop.judges import Wire, lease_acks, missing_history, missing_leases
from tests.interop.packets import ACK, NAK, REQUEST, text
from tests.interop.processes import wait_for
from tests.interop.servers import Lessor
from tests.interop.transports import OnLink, Relayed

pytestmark = [pytest.mark.netns, pytest.mark.slow]
KILLS = 50
ACKS_BEFORE_A_KILL = 15
HABITS = Habits(starts_per_s=100, retransmit_pace=0.05, renew_after_s=(0.2, 1.2), hold_s=(0.5, 2.5),
                pause_s=(0.05, 0.3))  # fmt: skip
SUBNETS = [
    {"prefix": "10.66.0.0/16", "name": "lan", "interface": "eth0", "lifetime": "1h",
     "pools": [{"first": "10.66.1.0", "last": "10.66.60.255"}]},
    {"prefix": "10.67.0.0/16", "name": "far", "lifetime": "1h",
     "pools": [{"first": "10.67.1.0", "last": "10.67.60.255"}]},
]  # fmt: skip


@pytest.mark.timeout(300)
def test_no_acknowledged_lease_is_lost_by_fifty_kills(lab, database_url):
    dice = random.Random(66)
    lan = lab.link()
    machine = lab.host("server", lan, "10.66.0.1/16")
    machine.ip("route", "add", "10.67.0.0/16", "via", "10.66.0.2")
    server = Lessor(lab, machine, database_url)
    server.migrate()
    server.apply(SUBNETS)
    server.start()
    witness = lab.sniff(lan.switch)
    relay = lab.host("relay", lan, "10.66.0.2/16")
    relay.ip("address", "add", "10.67.0.1/16", "dev", "lo")
    on_link = lab.fleet(OnLink(lab.host("clients", lan), "eth0"), 30, HABITS, seed=1)
    relayed = lab.fleet(Relayed(relay, "10.67.0.1", "10.66.0.1"), 20, HABITS, seed=2)

    wire, read = Wire(), 0
    for number in range(KILLS):
        before = len(witness.packets(ACK))
        enough = before + ACKS_BEFORE_A_KILL
        wait_for(f"ACKs before kill {number}", lambda n=enough: len(witness.packets(ACK)) >= n, 30, server.log)
        time.sleep(dice.uniform(0, 0.1))
        server.kill()
        time.sleep(0.03)  # What had been sent has arrived.
        packets = witness.packets()
        wire.see(packets[read:])
        read = len(packets)
        missing = missing_leases(wire, database.leases(database_url, crashed=True))
        assert not missing, f"after kill {number}:\n" + dialogue(packets, missing)
        server.launch()
    bound = len(witness.packets(ACK))
    wait_for("the last start serves", lambda: len(witness.packets(ACK)) > bound, 30, server.log)
    findings = [fleet.stop() for fleet in (on_link, relayed)]
    server.kill()

    packets = witness.packets()
    wire.see(packets[read:])
    assert witness.dropped == 0
    assert not wire.overlaps
    assert not missing_leases(wire, database.leases(database_url, crashed=True))
    assert not missing_history(wire, database.history(database_url, crashed=True))
    assert len(lease_acks(packets)) >= KILLS * ACKS_BEFORE_A_KILL
    for each in findings:
        assert not each.faults
        assert each.received["ACK"] > KILLS
    assert not refused_holders(packets), "all that was granted was remembered"


def dialogue(packets, faults):
    """The last packets about the addresses that something is wrong with, for whoever has to find out."""
    addresses = {fault.split()[0] for fault in faults}
    clients = {p.message.chaddr for p in packets if text(p.message.yiaddr) in addresses}
    return "\n".join(str(p) for p in packets[-400:] if p.message.chaddr in clients)


def refused_holders(packets):
    """NAKs to clients that had a lease: one that a fresh REQUEST (with a server identifier) hears is no fault, as
    offers are held in memory and die with the engine."""
    asked = {p.message.xid: p.message for p in packets if p.message.kind == REQUEST}
    return [p for p in packets if p.message.kind == NAK and 54 not in asked[p.message.xid].options]
