"""`lessor simulate`: the latest messages under other definitions and other scripts, and nothing is stored."""

import json
import time

import pytest

from dhcpcore.pipeline.bundle import Datagram
from dhcpcore.pipeline.finished import Traced
from dhcpcore.stats.reasons import Reason
from dhcpcore.store.database import Database
from tests.packets4 import Client, request
from tests.stored import store_traces

RELAY = b"\xc0\0\2\1"


@pytest.fixture
def served(lessor, document, url):
    """A site with one subnet, and a DISCOVER of each of two clients that came in over its relay."""
    lessor.ok("migrate")
    lessor.ok("apply", "--yes", str(document))
    heard(url, 1, 2)
    return lessor


def heard(url, *numbers):
    database, now = Database(url), time.time()
    entries = []
    for number in numbers:
        data = request(1, Client(bytes((2, 0, 0, 0, 0, number))), number, giaddr=RELAY)
        came = Datagram(data, RELAY, 67, 1, RELAY, RELAY, now - 10 + number)
        entries.append(Traced(came, Reason.OFFER, 1, [], b"\0\1\2\0\0\0\0" + bytes((number,)), b""))
    store_traces(database, entries)
    database.dispose()


def told(lessor, *words):
    return json.loads(lessor.ok("simulate", "--json", *words))


def rows(url):
    database = Database(url)
    with database.reader() as connection:
        found = [connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one()
                 for table in ("lease", "history", "revision", "trace", "audit")]
    database.dispose()
    return found


def test_the_same_definitions_change_nothing(served):
    trial = told(served)
    assert [one["message"] for one in trial["transactions"]] == ["DISCOVER", "DISCOVER"]
    assert {one["before"]["reason"] for one in trial["transactions"]} == {"OFFER"}
    assert not any(one["changed"] for one in trial["transactions"])
    assert "0 of 2 messages would end otherwise." in served.ok("simulate")


def test_other_definitions_are_shown_beside_those_in_force_and_nothing_is_stored(served, url, tmp_path):
    other = tmp_path / "other.yaml"
    other.write_text("""
version: 1
subnets:
  - prefix: 192.0.2.0/24
    name: office
    options: {routers: [192.0.2.254]}
    pools: [{first: 192.0.2.10, last: 192.0.2.19}]
    assignments: [{hw_address: "02:00:00:00:00:02", address: 192.0.2.77}]
""")
    before = rows(url)
    first, second = told(served, "--definitions", str(other))["transactions"]
    assert first["changed"]
    assert 'routers: ["192.0.2.254"]' in first["after"]["says"]
    assert not any(line.startswith("routers") for line in first["before"]["says"])
    assert "address: 192.0.2.77" in second["after"]["says"]
    assert "address: 192.0.2.77" not in second["before"]["says"]
    text = served.ok("simulate", "--definitions", str(other))
    assert "+ address: 192.0.2.77" in text
    assert "2 of 2 messages would end otherwise." in text
    assert rows(url) == before


def test_a_subnet_that_is_gone_is_a_reason_and_one_client_can_be_asked_for(served, tmp_path):
    other = tmp_path / "other.yaml"
    other.write_text("version: 1\nsubnets: [{prefix: 198.51.100.0/24}]\n")
    (one,) = told(served, "--definitions", str(other), "--client", "02:00:00:00:00:01")["transactions"]
    assert (one["before"]["reason"], one["after"]["reason"], one["changed"]) == ("OFFER", "NO-SUBNET", True)
    assert one["after"]["answer"] == ""


def test_a_wrong_document_is_refused_by_its_faults(served, tmp_path):
    other = tmp_path / "other.yaml"
    other.write_text("version: 1\nsubnets: [{prefix: 198.51.100.0/33}]\n")
    failed = served.refused("simulate", "--definitions", str(other))
    assert "subnets[0].prefix" in failed


def test_a_script_is_tried_and_knows_that_it_is_a_simulation(served, tmp_path):
    script = tmp_path / "conf.py"
    script.write_text("""
def filterPacket(packet, method, mac, client_ip, relay_ip, port):
    return not (simulated and mac[5] == 1)
""")
    first, second = told(served, "--script", str(script))["transactions"]
    assert (first["before"]["reason"], first["after"]["answer"], first["changed"]) == ("OFFER", "", True)
    assert (second["before"]["reason"], second["after"]["reason"]) == ("OFFER", "OFFER")


def test_nothing_on_record_is_told(lessor, document):
    lessor.ok("migrate")
    lessor.ok("apply", "--yes", str(document))
    assert "nothing to try it on" in lessor.ok("simulate")


PACKAGE = """
import pathlib
from dhcpcore.pipeline.api import Handler, HandlerFactory

print("printed at import")

class Told(Handler):
    def handle(self, bundle):
        print("printed in handle")
        bundle.response.set_option("domain-name", f"simulated-{self.simulated}".encode())

class Breaks(Handler):
    def handle(self, bundle):
        raise RuntimeError("<b>mended</b> before use")

class Broken(HandlerFactory):
    "Raises."
    def create(self):
        return Breaks()

class Factory(HandlerFactory):
    "Says whether it is simulated."
    def create(self):
        return Told()
"""


def test_a_package_is_told_of_the_simulation_and_what_it_prints_is_not_in_the_answer(served, tmp_path, monkeypatch):
    place = tmp_path / "packages"
    (place / "told-1.dist-info").mkdir(parents=True)
    (place / "told_handler.py").write_text(PACKAGE)
    (place / "told-1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: told\nVersion: 1\n")
    (place / "told-1.dist-info" / "entry_points.txt").write_text(
        "[lessor.handlers]\ntold = told_handler:Factory\nbroken = told_handler:Broken\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(place))
    other = tmp_path / "other.yaml"
    other.write_text(served.ok("export") + "handlers: [{type: told}, {type: told, name: apart, isolated: true}]\n")
    trial = told(served, "--definitions", str(other))
    assert trial["quarantined"] == []
    (one, _) = trial["transactions"]
    assert "domain-name: simulated-True" in one["after"]["says"], trial["log"]
    assert one["after"]["reason"] == "OFFER"
    assert trial["log"] == []
    other.write_text(served.ok("export") + "handlers: [{type: broken}]\n")
    trial = told(served, "--definitions", str(other))
    assert "RuntimeError: <b>mended</b> before use" in trial["log"][0]
    assert "before use" in served.ok("simulate", "--definitions", str(other))


ODD = {"nothing": b"", "noise": bytes(range(256)) * 4, "cut": b"\1\1\6\0" + bytes(100), "huge": b"\1" * 65000,
       "no options": b"\1\1\6\0" + bytes(232), "no cookie": b"\1\1\6\0" + bytes(232) + b"\xff" * 64,
       "a server's": b"\2\1\6\0" + bytes(232) + b"\x63\x82\x53\x63\x35\1\2\xff"}


def test_odd_messages_on_record_end_no_simulation(served, url):
    database, now = Database(url), time.time()
    store_traces(database, [
        Traced(Datagram(data, RELAY, 67, 1, RELAY, RELAY, now), Reason.MALFORMED, 1, [], b"", b"")
        for data in ODD.values()])
    database.dispose()
    trial = told(served)
    assert len(trial["transactions"]) == 2 + len(ODD)
    assert not any(one["changed"] for one in trial["transactions"])
    assert "0 of 9 messages" in served.ok("simulate", "--all")
