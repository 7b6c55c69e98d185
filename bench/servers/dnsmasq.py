"""dnsmasq of Debian, which writes its whole lease file anew before each answer; DNS off, no ping before an offer."""

from collections.abc import Sequence

from bench.commands import run
from bench.errors import CannotRun
from bench.network import POOL_SIZE
from bench.servers.server import Ground


def version(_ground: Ground) -> str:
    """The version, from the first line of what dnsmasq prints."""
    return run(("dnsmasq", "--version"), CannotRun).text.split()[2]


def command(ground: Ground) -> Sequence[str]:
    """In the foreground; its default of at most 1,000 leases is raised to the pool's size."""
    return (
        *("dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--user=root", "--group=root"),
        *(f"--interface={ground.interface}", "--bind-interfaces", "--no-resolv", "--no-hosts", "--no-ping"),
        *("--quiet-dhcp", "--log-facility=-", "--dhcp-authoritative", f"--dhcp-lease-max={POOL_SIZE}"),
        f"--dhcp-range={ground.pool_first},{ground.pool_last},{ground.netmask},{ground.lease_s}",
        *(f"--dhcp-option=option:router,{ground.address}", f"--dhcp-option=option:dns-server,{ground.address}"),
        *(f"--dhcp-leasefile={ground.folder / 'dnsmasq.leases'}", f"--pid-file={ground.folder / 'dnsmasq.pid'}"),
    )


def leases(ground: Ground) -> Sequence[str]:
    """One line a lease: expiry, hardware address, address, name, client identifier."""
    return tuple(line.split()[2] for line in (ground.folder / "dnsmasq.leases").read_text().splitlines())
