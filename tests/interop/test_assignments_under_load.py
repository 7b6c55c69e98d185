"""A hundred thousand assignments are applied while clients come and renew: none of them waits for a second."""

import time

import pytest

from tests.interop import database
from tests.interop.clients import Habits
from tests.interop.judges import Wire, missing_leases
from tests.interop.servers import Lessor
from tests.interop.transports import OnLink

pytestmark = [pytest.mark.netns, pytest.mark.slow]
ASSIGNMENTS = 100_000
LONGEST_WAIT_S = 1.0
SUBNET = {"prefix": "10.64.0.0/12", "name": "lan", "interface": "eth0", "lifetime": "1h",
          "pools": [{"first": "10.64.1.0", "last": "10.64.60.255"}]}  # fmt: skip
# About fifty exchanges a second, half of them by clients that come anew.
HABITS = Habits(starts_per_s=50, renew_after_s=(1, 3), hold_s=(2, 8), pause_s=(0.2, 1))


def assignments():
    for number in range(ASSIGNMENTS):
        high, low = divmod(number, 250)
        yield {
            "hw_address": (0x0A0000000000 + number).to_bytes(6, "big").hex(":"),
            "address": f"10.{66 + high // 250}.{high % 250}.{low + 1}",
            "hostname": f"host-{number}",
        }


@pytest.mark.timeout(240)
def test_nobody_waits_while_a_hundred_thousand_assignments_are_applied(lab, sqlite_url):
    lan = lab.link()
    server = Lessor(lab, lab.host("server", lan, "10.64.0.1/12"), sqlite_url)
    server.migrate()
    server.apply([SUBNET])
    server.start()
    witness = lab.sniff(lan.switch)
    fleet = lab.fleet(OnLink(lab.host("clients", lan), "eth0"), 100, HABITS)
    time.sleep(4)
    document = server.document([{**SUBNET, "assignments": list(assignments())}])
    began = time.time()
    applying = server.start_call("apply", "--yes", str(document))
    assert applying.popen.wait(200) == 0, applying.output()
    ended = time.time()
    time.sleep(3)  # The engine takes up the new revision.
    chosen = fleet_of_one(lab, lan, server)
    findings = fleet.stop()

    during = [wait for wait in findings.waits_s if began <= wait[0] <= ended + 3]
    print(f"applied in {ended - began:.1f} s; {len(during)} exchanges; slowest {findings.slowest_s(began):.3f} s")
    assert len(during) > 25 * (ended - began)
    assert max(waited for _, waited, _ in during) < LONGEST_WAIT_S
    assert not findings.faults
    assert not missing_leases(Wire().see(witness.packets()), database.leases(sqlite_url))
    assert witness.dropped == 0
    visible = "SELECT count(*) FROM assignment WHERE to_revision IS NULL"
    assert database.query(sqlite_url, visible) == [(ASSIGNMENTS,)]
    assert chosen.endswith("/12")


def fleet_of_one(lab, lan, server):
    """A client with one of the new assignments gets its address."""
    from tests.interop.realclients import Udhcpc

    host = lab.machine("chosen")
    lan.plug(host, "eth0", "0a:00:00:01:86:9f")  # Number 99,999.
    client = Udhcpc(lab, host)
    client.start()
    address = client.wait_bound()
    assert address == "10.67.149.250/12"
    return address
