"""The engine as its systemd unit starts it: no root, two ambient capabilities, and a socket to report to."""

import contextlib
import shutil
import signal
import socket
import subprocess
import sysconfig
from pathlib import Path

import pytest

from tests.interop.processes import wait_for
from tests.interop.realclients import Udhcpc
from tests.interop.servers import ROOT, Lessor, port_is_open

pytestmark = pytest.mark.netns
NOBODY = 65534
CAPABILITIES = "+net_bind_service,+net_raw"
AS_UNIT = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--no-new-privs",
           f"--inh-caps={CAPABILITIES}", f"--ambient-caps={CAPABILITIES}")  # fmt: skip


class Systemd:
    """The other end of NOTIFY_SOCKET."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.socket.setblocking(False)
        path.chmod(0o777)
        self.heard: list[str] = []

    def said(self, word: str) -> bool:
        with contextlib.suppress(BlockingIOError):
            while True:
                self.heard += self.socket.recv(4096).decode().split("\n")
        return word in self.heard


def test_an_engine_without_root_tells_systemd_when_it_serves_and_that_it_lives(lab):
    if any(subprocess.run([*AS_UNIT[:4], "test", "-r", path], check=False).returncode
           for path in (sysconfig.get_path("stdlib") + "/os.py", str(ROOT / "dhcpcore/main.py"))):
        pytest.skip("nobody cannot read Lessor or its Python here")
    lan = lab.link()
    machine = lab.host("server", lan, "192.0.2.1/24")
    server = Lessor(lab, machine, f"sqlite:///{lab.folder}/lessor/lessor.db")
    systemd = Systemd(lab.folder / "notify")
    lab.on_close(systemd.socket.close)
    told = ("env", f"NOTIFY_SOCKET={lab.folder}/notify", "WATCHDOG_USEC=3000000", *AS_UNIT)
    shutil.chown(server.settings, NOBODY, NOBODY)
    shutil.chown(server.state_dir, NOBODY, NOBODY)

    subprocess.run([*AS_UNIT[:4], *server.command("migrate")], check=True, capture_output=True)
    server.launch(*told)
    wait_for("it serves", lambda: systemd.said("READY=1"), 20, server.log)
    assert port_is_open(machine)
    subprocess.run([*AS_UNIT[:4], *server.command("apply", "--yes", str(server.document([{
        "prefix": "192.0.2.0/24", "interface": "eth0", "pools": [{"first": "192.0.2.100", "last": "192.0.2.199"}],
    }])))], check=True, capture_output=True)

    # It has given up what it needed to open the sockets, and still answers a client that has no address.
    held = [line.split(":")[1] for line in Path(f"/proc/{server.process.pid}/status").read_text().splitlines()
            if line.startswith(("CapPrm", "CapEff", "CapInh", "CapAmb"))]
    assert {int(mask, 16) for mask in held} == {0}
    client = Udhcpc(lab, lab.host("client", lan))
    client.start()
    assert client.wait_bound().startswith("192.0.2.")

    # It goes on to say that it lives, hangs in silence, and says that it stops.
    systemd.heard.clear()
    wait_for("it lives", lambda: systemd.said("WATCHDOG=1"), 5, server.log)
    server.process.signal(signal.SIGSTOP)
    systemd.said("")
    systemd.heard.clear()
    with pytest.raises(AssertionError):
        wait_for("a beat", lambda: systemd.said("WATCHDOG=1"), 3, server.log)
    server.process.signal(signal.SIGCONT)
    wait_for("it lives again", lambda: systemd.said("WATCHDOG=1"), 5, server.log)
    assert server.stop() == 0
    assert systemd.said("STOPPING=1")
