"""Network namespaces: made, entered and removed by name, with every process inside them."""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
PREFIX = "lsi"
HANDLES = Path("/run/netns")
PER_NAMESPACE_FILES = Path("/etc/netns")
CLONE_NEWNET = 0x40000000
COMMAND_LIMIT_S = 60
_numbers = itertools.count()


class CommandFailed(AssertionError):
    """A command of the test bed ended with an error; its output is in the message."""


def run(*argv: str, limit_s: float = COMMAND_LIMIT_S) -> str:
    """Run a command of the test bed and give its output."""
    done = subprocess.run(argv, capture_output=True, text=True, timeout=limit_s, check=False)
    if done.returncode:
        raise CommandFailed(f"{' '.join(argv)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def enter(name: str) -> None:
    """Move the calling thread into a namespace; Python has a call of its own for this from 3.12 on."""
    with (HANDLES / name).open("rb") as handle:
        if ctypes.CDLL(None, use_errno=True).setns(handle.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"setns {name}")


def inside(name: str, make: Callable[[], T]) -> T:
    """Call ``make`` in a thread that has entered the namespace: a socket made there stays there."""
    results: list[T] = []
    faults: list[BaseException] = []

    def work() -> None:
        try:
            enter(name)
            results.append(make())
        except BaseException as fault:  # noqa: BLE001 - the calling thread raises it.
            faults.append(fault)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    if faults:
        raise faults[0]
    return results[0]


class Namespace:
    """One network namespace, which stands for one machine of the test bed."""

    def __init__(self, label: str) -> None:
        self.name = f"{PREFIX}{os.getpid()}-{next(_numbers)}{label}"
        run("ip", "netns", "add", self.name)
        self.ip("link", "set", "lo", "up")
        # Duplicate address detection and router solicitations would only be noise here.
        self.write("net/ipv6/conf/all/disable_ipv6", "1")
        self.write("net/ipv6/conf/default/disable_ipv6", "1")

    def ip(self, *argv: str) -> str:
        """Run ``ip`` in this namespace."""
        return run("ip", "-n", self.name, *argv)

    def run(self, *argv: str, limit_s: float = COMMAND_LIMIT_S) -> str:
        """Run a command in this namespace and give its output."""
        return run("ip", "netns", "exec", self.name, *argv, limit_s=limit_s)

    def write(self, setting: str, value: str) -> None:
        """Set a kernel parameter of this namespace."""
        inside(self.name, lambda: Path("/proc/sys", setting).write_text(value))

    def read(self, file: str) -> str:
        """Read a /proc/net file of this namespace, as seen by a thread inside."""
        return inside(self.name, lambda: Path("/proc/thread-self/net", file).read_text())

    def socket(self, family: int, kind: int, protocol: int = 0) -> socket.socket:
        """Open a socket in this namespace."""
        return inside(self.name, lambda: socket.socket(family, kind, protocol))

    def addresses(self, interface: str) -> list[str]:
        """Give the IPv4 addresses of an interface, as ``192.0.2.1/24``."""
        words = self.ip("-4", "-o", "address", "show", "dev", interface).split()
        return [words[at + 1] for at, word in enumerate(words) if word == "inet"]

    def routes(self) -> list[str]:
        """Give the IPv4 routing table, one route a line."""
        return [line.strip() for line in self.ip("-4", "route", "show").splitlines()]

    def hardware_address(self, interface: str) -> str:
        """Give an interface's Ethernet address."""
        return self.ip("-o", "link", "show", "dev", interface).split("link/ether ")[1].split()[0]

    def resolver_file(self, content: str = "") -> Path:
        """Give this machine an own /etc/resolv.conf; it must exist before a process starts."""
        folder = PER_NAMESPACE_FILES / self.name
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "resolv.conf"
        file.write_text(content)
        return file

    def remove(self) -> None:
        """End every process inside and remove the namespace."""
        remove(self.name)


def processes_in(name: str) -> list[int]:
    """Give the processes whose network namespace this is: all were started by the test bed."""
    with contextlib.suppress(CommandFailed):
        return [pid for pid in map(int, run("ip", "netns", "pids", name).split()) if pid != os.getpid()]
    return []


def remove(name: str) -> None:
    """Remove a namespace of ours with what runs in it and its files."""
    for pid in processes_in(name):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    until = time.monotonic() + 2
    while processes_in(name) and time.monotonic() < until:
        time.sleep(0.02)
    with contextlib.suppress(CommandFailed):
        run("ip", "netns", "del", name)
    folder = PER_NAMESPACE_FILES / name
    for file in folder.glob("*"):
        file.unlink()
    if folder.exists():
        folder.rmdir()


def remove_leftovers() -> list[str]:
    """Remove the namespaces of earlier runs of this test bed that were killed before they could clean up."""
    removed = []
    for handle in HANDLES.glob(f"{PREFIX}*-*"):
        owner = handle.name.removeprefix(PREFIX).split("-")[0]
        if owner.isdigit() and not Path("/proc", owner).exists():
            remove(handle.name)
            removed.append(handle.name)
    return removed
