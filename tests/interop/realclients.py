"""Other people's DHCP clients, each on a machine of its own, with their own scripts applying what they were given.

``ip netns exec`` gives each process an own view of the mounts and /etc/resolv.conf; host names and state folders are
kept apart here, so that a client believes itself at home and the machine under the tests does not notice.
"""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

from tests.interop.lab import Lab
from tests.interop.namespaces import Namespace
from tests.interop.processes import Process, TimedOut, wait_for

UDHCPC_SCRIPT = Path(__file__).with_name("udhcpc-script.sh")
OWN_MOUNTS = 'while [ "$1" != -- ]; do mount --bind "$1" "$2"; shift 2; done; shift; exec "$@"'
BOUND_LIMIT_S = 20

DHCLIENT_CONF = """\
option rfc3442-classless-static-routes code 121 = array of unsigned integer 8;
send host-name = "lab-dhclient";
request subnet-mask, broadcast-address, routers, domain-name, domain-name-servers, rfc3442-classless-static-routes;
timeout 30;
retry 3;
initial-interval 1;
reboot 5;
"""
DHCPCD_CONF = """\
duid
persistent
option subnet_mask, routers, domain_name, domain_name_servers, classless_static_routes
require dhcp_server_identifier
noipv6rs
noipv4ll
nohook ntp, hostname, timesyncd, chrony, openntpd
reboot 5
"""


class RealClient:
    """What the three clients have in common: a machine, an interface, a process and a resolver file."""

    name = "?"

    def __init__(self, lab: Lab, machine: Namespace, interface: str = "eth0") -> None:
        self.lab, self.machine, self.interface = lab, machine, interface
        self.folder = lab.file(f"{self.name}-state")
        self.folder.mkdir()
        self.resolver = machine.resolver_file()
        self.process: Process | None = None

    @staticmethod
    def missing() -> str | None:
        """Name the Debian package that is missing, if one is."""
        raise NotImplementedError

    def command(self) -> list[str]:
        """Give the command line that runs the client in the foreground."""
        raise NotImplementedError

    def mounts(self) -> list[tuple[Path, str]]:
        """Give what the client is to find in place of the machine's own folders."""
        return []

    def launch(self, *argv: str) -> Process:
        """Start a program with the client's view of the files."""
        binds = [str(word) for pair in self.mounts() for word in pair]
        shell = ["unshare", "--uts", "sh", "-ec", OWN_MOUNTS, "sh", *binds, "--", *argv]
        return self.lab.start(self.machine, *shell, label=self.name)

    def start(self) -> None:
        """Start the client."""
        self.process = self.launch(*self.command())

    def output(self) -> str:
        """Give what the running client has printed."""
        assert self.process is not None
        return self.process.output()

    def wait_bound(self, limit_s: float = BOUND_LIMIT_S) -> str:
        """Wait for the address on the interface; give it as ``192.0.2.7/24``."""
        assert self.process is not None
        log = self.process.log
        wait_for(f"{self.name} has an address", lambda: self.machine.addresses(self.interface), limit_s, log)
        return self.machine.addresses(self.interface)[0]

    def hardware(self) -> str:
        """Give the client's hardware address."""
        return self.machine.hardware_address(self.interface)

    def crash(self) -> None:
        """End the client without a farewell, as a power cut would, and take what it had set up from the interface."""
        assert self.process is not None
        self.process.kill()
        self.machine.ip("address", "flush", "dev", self.interface)

    def renew(self) -> None:
        """Have the lease renewed now rather than at T1."""
        raise NotImplementedError

    def release(self) -> None:
        """Have the lease given back."""
        raise NotImplementedError


class Dhclient(RealClient):
    """ISC dhclient 4.4 with Debian's own script."""

    name = "dhclient"
    settings = ""

    @staticmethod
    def missing() -> str | None:
        return None if shutil.which("dhclient") else "isc-dhcp-client"

    def mounts(self) -> list[tuple[Path, str]]:
        # The machine's other hooks (resolvconf, resolved, timesyncd) would reach out of the namespace.
        hooks = Path("/etc/dhcp")
        enter, leave = self.folder / "enter", self.folder / "exit"
        enter.mkdir(exist_ok=True)
        leave.mkdir(exist_ok=True)
        routes = hooks / "dhclient-exit-hooks.d/rfc3442-classless-routes"
        shutil.copy(routes, leave / routes.name)
        return [(enter, str(hooks / "dhclient-enter-hooks.d")), (leave, str(hooks / "dhclient-exit-hooks.d"))]

    def command(self, *more: str) -> list[str]:
        conf = self.folder / "dhclient.conf"
        conf.write_text(DHCLIENT_CONF + self.settings)
        files = ["-cf", str(conf), "-lf", str(self.folder / "leases"), "-pf", str(self.folder / "pid")]
        return ["dhclient", "-4", "-d", "-v", "-sf", "/sbin/dhclient-script", *files, *more, self.interface]

    def release(self) -> None:
        """A second dhclient with -r reads the lease file, ends the first, and sends the RELEASE."""
        self.launch(*self.command("-r")).popen.wait(15)


class Udhcpc(RealClient):
    """busybox udhcpc with a script that applies what it is given."""

    name = "udhcpc"
    check_arp = False

    @staticmethod
    def missing() -> str | None:
        return None if shutil.which("udhcpc") else "udhcpc"

    def command(self) -> list[str]:
        ask = [word for option in ("subnet", "router", "dns", "domain", "staticroutes") for word in ("-O", option)]
        arp = ["-a"] if self.check_arp else []
        return [
            "busybox", "udhcpc", "-f", "-R", "-i", self.interface, "-s", str(UDHCPC_SCRIPT),
            "-t", "5", "-T", "2", "-A", "3", "-x", "hostname:lab-udhcpc", *arp, *ask,
        ]  # fmt: skip

    def renew(self) -> None:
        assert self.process is not None
        self.process.signal(signal.SIGUSR1)

    def release(self) -> None:
        assert self.process is not None
        self.process.signal(signal.SIGUSR2)


class Dhcpcd(RealClient):
    """Roy Marples' dhcpcd, which identifies itself by DUID and probes an address by ARP before using it."""

    name = "dhcpcd"

    @staticmethod
    def missing() -> str | None:
        return None if shutil.which("dhcpcd") else "dhcpcd5"

    def mounts(self) -> list[tuple[Path, str]]:
        state, run = self.folder / "lib", self.folder / "run"
        state.mkdir(exist_ok=True)
        run.mkdir(exist_ok=True)
        return [(state, "/var/lib/dhcpcd"), (run, "/run")]

    def command(self, *more: str) -> list[str]:
        conf = self.folder / "dhcpcd.conf"
        conf.write_text(DHCPCD_CONF)
        return ["dhcpcd", "-4", "-B", "-d", "-f", str(conf), *more, self.interface]

    def renew(self) -> None:
        self.launch(*self.command("--rebind")).popen.wait(15)

    def release(self) -> None:
        """Ask the running dhcpcd by its control socket."""
        self.launch(*self.command("-k")).popen.wait(15)


CLIENTS: tuple[type[RealClient], ...] = (Dhclient, Udhcpc, Dhcpcd)


def has_no_address(client: RealClient, limit_s: float = 10) -> bool:
    """Tell whether the client's interface loses its address in time."""
    try:
        wait_for("the address is gone", lambda: not client.machine.addresses(client.interface), limit_s)
    except TimedOut:
        return False
    return True
