"""DHCPv6 on a real wire: a package's handler gives addresses to real clients, and another one is told its options."""

import json
import os
import sqlite3
from ipaddress import IPv6Address

import pytest

from tests.interop.processes import wait_for
from tests.interop.realclients import Dhclient
from tests.interop.servers import Lessor

pytestmark = pytest.mark.netns

OFFICE6 = {"prefix": "2001:db8:1::/64", "name": "office", "interface": "eth0", "authoritative": True,
           "options": {"dns-servers": ["2001:db8:1::53"], "domain-search": ["example.org"]}}  # fmt: skip

#: A package as an installer would have left it.
STATIC = """
from dhcpcore.pipeline.api import NOTHING, Assigned, HandlerFactory, StaticAssignmentHandler
from pydantic import BaseModel


class Static(StaticAssignmentHandler):
    def __init__(self, known):
        super().__init__(300, 600, 300, 600)
        self.known = known

    def get_assignment(self, bundle):
        return Assigned(self.known[bundle.request.hw_address]) if bundle.request.hw_address in self.known else NOTHING


class Factory(HandlerFactory):
    \"\"\"Gives each hardware address its address.\"\"\"

    class Fields(BaseModel):
        known: dict[str, str]

    def create(self):
        return Static(self.fields.known)
"""


class Dhclient6(Dhclient):
    """dhclient for IPv6; ``-S`` has it ask for options alone."""

    def command(self, *more: str) -> list[str]:
        files = ["-lf", str(self.folder / "leases"), "-pf", str(self.folder / "pid"), "-cf", "/dev/null"]
        return ["dhclient", "-6", "-D", "LL", "-d", "-v", "-sf", "/bin/true", *files, *more, self.interface]

    def leases(self) -> str:
        file = self.folder / "leases"
        return file.read_text() if file.exists() else ""


@pytest.fixture
def machine(lab):
    """Makes machines with IPv6 whose addresses are usable at once."""

    def make(label, link, *addresses):
        made = lab.machine(label)
        made.write("net/ipv6/conf/all/disable_ipv6", "0")
        made.write("net/ipv6/conf/default/disable_ipv6", "0")
        made.write("net/ipv6/conf/default/accept_dad", "0")
        made.write("net/ipv6/conf/all/accept_dad", "0")
        link.plug(made, "eth0")
        for address in addresses:
            made.ip("address", "add", address, "dev", "eth0", "nodad")
        wait_for(f"{label} has a link-local address", lambda: "fe80" in made.ip("-6", "address", "show", "eth0"))
        return made

    return make


def test_real_clients_get_what_a_handler_gives_and_what_the_definitions_say(lab, machine, monkeypatch):
    if Dhclient6.missing():
        pytest.skip("isc-dhcp-client is missing")
    lan = lab.link()
    client, stateless = (Dhclient6(lab, machine(name, lan)) for name in ("client", "stateless"))
    info = lab.folder / "packages/static-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: static\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[lessor.handlers]\nstatic6 = static6:Factory\n")
    (lab.folder / "packages/static6.py").write_text(STATIC)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(
        filter(None, [str(lab.folder / "packages"), os.environ.get("PYTHONPATH", "")])))
    server = Lessor(lab, machine("server", lan, "2001:db8:1::1/64"), f"sqlite:///{lab.folder}/lessor/lessor.db")
    server.settings.write_text(server.settings.read_text().replace("enabled = false", "enabled = true"))
    server.migrate()
    server.apply([OFFICE6], handlers=[{"type": "static6", "fields": {"known": {client.hardware(): "2001:db8:1::10"}}}])
    server.start()

    client.start()
    wait_for("it has its address", lambda: "iaaddr 2001:db8:1::10" in client.leases(), 20, server.log)
    told = client.leases()
    assert "max-life 600" in told
    assert "dhcp6.name-servers 2001:db8:1::53" in told
    with sqlite3.connect(lab.folder / "lessor/lessor.db") as sql:
        (row,) = sql.execute("SELECT kind, address, client, state FROM lease").fetchall()
    duid = "00030001" + client.hardware().replace(":", "")
    assert (row[0], IPv6Address(row[1]), row[2][5:].hex(), row[3]) == (6, IPv6Address("2001:db8:1::10"), duid, 1)
    shown = json.loads(server.call("lease", "list", "--json"))
    assert "2001:db8:1::10" in json.dumps(shown)

    stateless.launch(*stateless.command("-S", "-1")).popen.wait(20)
    said = [one for one in json.loads(server.call("control", "transactions", "--json")) if one["reason"] == "INFORMED"]
    assert [one["type"] for one in said] == ["DHCPV6-INFORMATION-REQUEST"]
    assert bytes.fromhex(said[0]["answer"]).find(IPv6Address("2001:db8:1::53").packed) > 0

    client.launch(*client.command("-r")).popen.wait(15)
    wait_for("it gave its address back", lambda: "REPLY-RELEASED" in server.call("explain", client.hardware()))
    with sqlite3.connect(lab.folder / "lessor/lessor.db") as sql:
        assert sql.execute("SELECT state FROM lease").fetchall() == [(2,)]


def test_switched_off_nobody_listens_for_it(lab, machine):
    server = Lessor(lab, machine("server", lab.link(), "2001:db8:1::1/64"), f"sqlite:///{lab.folder}/lessor/lessor.db")
    server.migrate()
    server.start()
    assert not any(":0223 " in line for line in server.machine.read("udp6").splitlines())


