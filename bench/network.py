"""Two network namespaces and the veth pair between them: nothing that the benchmark sends leaves them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.commands import run
from bench.errors import CannotRun

SERVER_ADDRESS = "10.77.0.1"
# The generator is a relay on the same link: its address chooses the subnet (RFC 2131 4.1, giaddr).
RELAY_ADDRESS = "10.77.255.254"
PREFIX = "10.77.0.0/16"
NETMASK = "255.255.0.0"
POOL_FIRST = "10.77.1.0"
POOL_LAST = "10.77.236.255"
POOL_SIZE = 60_416

# Limits of the kernel that are raised while the benchmark runs, alike for every server that asks for large buffers.
# Without the backlog, bursts are lost inside the kernel before any server could read them.
KERNEL_LIMITS = {
    "net/core/rmem_max": 16_777_216,
    "net/core/wmem_max": 16_777_216,
    "net/core/netdev_max_backlog": 20_000,
}


@dataclass(frozen=True, slots=True)
class Network:
    """The names of the two namespaces and of the server's interface."""

    server_namespace: str
    client_namespace: str
    interface: str

    def on_server_side(self, cpus: str) -> tuple[str, ...]:
        """What to put before a command so that it runs beside the server, on these cores."""
        return ("ip", "netns", "exec", self.server_namespace, "taskset", "-c", cpus)

    def on_client_side(self, cpus: str) -> tuple[str, ...]:
        """What to put before a command so that it runs beside the clients, on these cores."""
        return ("ip", "netns", "exec", self.client_namespace, "taskset", "-c", cpus)


def _ip(*words: str) -> None:
    run(("ip", *words), CannotRun)


def _build(network: Network, peer: str) -> None:
    for namespace in (network.server_namespace, network.client_namespace):
        _ip("netns", "add", namespace)
    _ip(
        *("link", "add", network.interface, "netns", network.server_namespace, "type", "veth"),
        *("peer", "name", peer, "netns", network.client_namespace),
    )
    for namespace, interface, address in (
        (network.server_namespace, network.interface, SERVER_ADDRESS),
        (network.client_namespace, peer, RELAY_ADDRESS),
    ):
        _ip("-n", namespace, "link", "set", "lo", "up")
        _ip("-n", namespace, "link", "set", interface, "up")
        _ip("-n", namespace, "addr", "add", f"{address}/16", "dev", interface)


def _raise_kernel_limits() -> dict[Path, str]:
    """Raises each limit that is lower and returns what they were."""
    before: dict[Path, str] = {}
    for name, wanted in KERNEL_LIMITS.items():
        path = Path("/proc/sys") / name
        value = path.read_text().strip()
        if int(value) < wanted:
            path.write_text(str(wanted))
            before[path] = value
    return before


@contextmanager
def network() -> Iterator[Network]:
    """Makes the two namespaces, and removes them again whatever happens; the process id keeps two runs apart."""
    if os.geteuid() != 0:
        raise CannotRun("The benchmark makes network namespaces and needs root.")
    made = Network(f"lsb{os.getpid()}s", f"lsb{os.getpid()}c", "lsb0")
    limits: dict[Path, str] = {}
    try:
        _build(made, "lsb1")
        limits = _raise_kernel_limits()
        yield made
    finally:
        for path, value in limits.items():
            path.write_text(value)
        for namespace in (made.server_namespace, made.client_namespace):
            run(("ip", "netns", "del", namespace), CannotRun, accept=(0, 1))
