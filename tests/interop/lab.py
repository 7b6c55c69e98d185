"""The test bed: machines, links, processes and witnesses of one test, all removed at its end, however it ends."""

from __future__ import annotations

import contextlib
import itertools
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.interop.clients import Fleet, Habits
from tests.interop.namespaces import Namespace, run
from tests.interop.processes import Process, tail
from tests.interop.sniffer import Sniffer
from tests.interop.transports import Transport

FORWARD_AT_ONCE = ("forward_delay", "0", "mcast_snooping", "0")


class Link:
    """One Ethernet segment: a bridge in a namespace of its own, where the witness listens to all ports."""

    def __init__(self, switch: Namespace) -> None:
        self.switch = switch
        self._ports = itertools.count()
        switch.ip("link", "add", "br0", "type", "bridge", *FORWARD_AT_ONCE)
        switch.ip("link", "set", "br0", "up")

    def plug(self, machine: Namespace, interface: str, hardware: str | None = None) -> None:
        """Give a machine an interface on this segment."""
        port = f"p{next(self._ports)}"
        peer = ["address", hardware] if hardware else []
        run("ip", "link", "add", "name", port, "netns", self.switch.name, "type", "veth",
            "peer", "name", interface, "netns", machine.name, *peer)  # fmt: skip
        self.switch.ip("link", "set", port, "master", "br0", "up")
        machine.ip("link", "set", interface, "up")


class Lab:
    """What one test has set up."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="lessor-interop-"))
        self.folder.chmod(0o755)
        self._closers = contextlib.ExitStack()
        self._closers.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self._numbers = itertools.count()
        self.logs: list[Path] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def show_logs(self) -> None:
        """Print the ends of all logs: pytest shows them beside a failure."""
        print("\n".join(tail(log) for log in self.logs))

    def close(self) -> None:
        """End all processes and remove all namespaces and files, in the reverse order of making."""
        self._closers.close()

    def on_close(self, close: Callable[[], object]) -> None:
        """Have something undone at the end."""
        self._closers.callback(close)

    def machine(self, label: str) -> Namespace:
        """Make a machine: a namespace without interfaces."""
        namespace = Namespace(label)
        self.on_close(namespace.remove)
        return namespace

    def link(self, label: str = "lan") -> Link:
        """Make an Ethernet segment."""
        return Link(self.machine(label))

    def host(self, label: str, link: Link, *addresses: str, interface: str = "eth0") -> Namespace:
        """Make a machine with one interface on a segment and these addresses on it."""
        machine = self.machine(label)
        link.plug(machine, interface)
        for address in addresses:
            machine.ip("address", "add", address, "broadcast", "+", "dev", interface)
        return machine

    def start(
        self, machine: Namespace, *argv: str, label: str | None = None, environment: Mapping[str, str] | None = None,
        prefix: Sequence[str] = (),
    ) -> Process:  # fmt: skip
        """Start a program on a machine; ``prefix`` is what must run in the namespace before it (a tracer)."""
        log = self.file(f"{label or Path(argv[0]).name}.log")
        self.logs.append(log)
        process = Process(["ip", "netns", "exec", machine.name, *prefix, *argv], log, environment)
        self.on_close(process.kill)
        return process

    def sniff(self, machine: Namespace, interface: str = "br0") -> Sniffer:
        """Set a witness on an interface."""
        sniffer = Sniffer(machine, interface)
        self.on_close(sniffer.close)
        return sniffer

    def fleet(self, transport: Transport, size: int, habits: Habits | None = None, seed: int = 1) -> Fleet:
        """Let simulated clients appear."""
        fleet = Fleet(transport, size, habits, seed)
        self.on_close(fleet.stop)
        return fleet.start()

    def file(self, name: str, content: str | None = None) -> Path:
        """Name a new file of this test, with this content if one is given."""
        path = self.folder / f"{next(self._numbers):02}-{name}"
        if content is not None:
            path.write_text(content)
        return path
