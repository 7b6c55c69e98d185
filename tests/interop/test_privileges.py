"""The engine opens its sockets as root and then serves, and goes on serving, as somebody who may do nothing else."""

import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

from tests.interop import database
from tests.interop.processes import wait_for
from tests.interop.realclients import Udhcpc
from tests.interop.servers import ROOT, Lessor

pytestmark = pytest.mark.netns
NOBODY = 65534


def subnet(net, interface):
    return {"prefix": f"{net}.0/24", "name": interface, "interface": interface,
            "pools": [{"first": f"{net}.100", "last": f"{net}.199"}]}  # fmt: skip


def nobody_can_read(path):
    as_nobody = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "test", "-r", str(path)]
    return subprocess.run(as_nobody, check=False).returncode == 0


def test_the_engine_serves_as_the_owner_of_its_state_folder(lab):
    lan, late = lab.link(), lab.link("late")
    machine = lab.host("server", lan, "192.0.2.1/24")
    server = Lessor(lab, machine, f"sqlite:///{lab.folder}/lessor/lessor.db", interfaces=("eth0", "eth1"))
    shutil.chown(server.state_dir, NOBODY, NOBODY)
    server.migrate()
    server.apply([subnet("192.0.2", "eth0"), subnet("198.51.100", "eth1")])
    python = Path(sysconfig.get_path("stdlib"), "os.py")
    if not (nobody_can_read(python) and nobody_can_read(ROOT / "dhcpcore/main.py")):
        # Lessor or its Python lies in root's home: that is told, in words, and nothing is served half-way.
        server.launch()
        assert server.process.popen.wait(20) == 1
        assert "nobody cannot read" in server.process.output()
        return
    server.start()
    wait_for("it is nobody", lambda: uids(server) == {str(NOBODY)})
    assert capabilities(server) == {"CapPrm": 0, "CapEff": 0, "CapInh": 0, "CapAmb": 0}

    # A first lease goes by a raw frame, to a client that does not ask for broadcasts; a renewal by UDP.
    first = Udhcpc(lab, lab.host("first", lan))
    first.start()
    assert first.wait_bound().startswith("192.0.2.")
    # An interface that comes when all privileges are gone.
    late.plug(machine, "eth1")
    machine.ip("address", "add", "198.51.100.1/24", "dev", "eth1")
    second = Udhcpc(lab, lab.host("second", late))
    second.start()
    assert second.wait_bound().startswith("198.51.100.")

    # Root changes the definitions, and the engine is started again: the files are still its own to write.
    server.apply([subnet("192.0.2", "eth0")])
    server.kill()
    server.start()
    third = Udhcpc(lab, lab.host("third", lan))
    third.start()
    assert third.wait_bound().startswith("192.0.2.")
    assert len(database.leases(server.database_url)) == 3
    assert {path.stat().st_uid for path in server.state_dir.iterdir()} == {NOBODY}


def status(server):
    lines = Path(f"/proc/{server.process.pid}/status").read_text().splitlines()
    return dict(line.split(":", 1) for line in lines if ":" in line)


def uids(server):
    return set(status(server)["Uid"].split())


def capabilities(server):
    return {name: int(status(server)[name], 16) for name in ("CapPrm", "CapEff", "CapInh", "CapAmb")}
