"""The server under test, as an administrator runs it: a settings file, a definitions file and the command line."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.interop.lab import Lab
from tests.interop.namespaces import CommandFailed, Namespace
from tests.interop.processes import Process, tail, wait_for

ROOT = Path(__file__).resolve().parents[2]
LAUNCHER = ROOT / "lessor"
DHCP_PORT_HEX = ":0043 "
START_LIMIT_S = 20


def port_is_open(machine: Namespace) -> bool:
    """Tell whether a process of this machine listens on the DHCP server's port; the kernel is asked, not the server."""
    return any(DHCP_PORT_HEX in line for line in machine.read("udp").splitlines()[1:])


class Lessor:
    """One engine on one machine; several may share a database."""

    def __init__(
        self, lab: Lab, machine: Namespace, database_url: str, *, interfaces: Sequence[str] = ("eth0",),
        label: str = "lessor", hooks: Sequence[str] = (), script: Path | None = None,
    ) -> None:  # fmt: skip
        self.lab, self.machine, self.database_url, self.label = lab, machine, database_url, label
        self.state_dir = lab.folder / label
        self.state_dir.mkdir()
        self.settings = lab.file(f"{label}.toml", "\n".join([
            f"database_url = {json.dumps(database_url)}",
            f"interfaces = {json.dumps(list(interfaces))}",
            f"hooks = {json.dumps(list(hooks))}",
            f"state_dir = {json.dumps(str(self.state_dir))}",
            f"control_socket = {json.dumps(str(self.state_dir / 'control.sock'))}",
            *([] if script is None else [f"script = {json.dumps(str(script))}"]),
            "[log]",
            'level = "info"',
            "[dhcp6]",
            "enabled = false",
            "",
        ]))  # fmt: skip
        self.process: Process | None = None

    def command(self, *verb: str) -> list[str]:
        """Give the command line of a verb."""
        return [str(LAUNCHER), "--config", str(self.settings), *verb]

    def call(self, *verb: str, limit_s: float = 120) -> str:
        """Call a verb of the command line as an administrator on the server's machine does."""
        return self.machine.run(*self.command(*verb), limit_s=limit_s)

    def start_call(self, *verb: str) -> Process:
        """Start a verb that takes its time."""
        return self.lab.start(self.machine, *self.command(*verb), label=f"{self.label}-{verb[0]}")

    def migrate(self) -> None:
        """Make the tables."""
        self.call("migrate")

    def document(self, subnets: Sequence[Mapping[str, Any]], **more: Any) -> Path:
        """Write a definitions document."""
        return self.lab.file("definitions.json", json.dumps({"version": 1, "subnets": list(subnets), **more}))

    def apply(self, subnets: Sequence[Mapping[str, Any]], **more: Any) -> str:
        """Declare the whole network."""
        return self.call("apply", "--yes", str(self.document(subnets, **more)))

    def start(self, *prefix: str) -> None:
        """Start the engine and wait until its port is open."""
        self.launch(*prefix)
        wait_for(f"{self.label}: port 67 open", self._up, START_LIMIT_S, self.log)

    def launch(self, *prefix: str) -> None:
        """Start the engine and wait for nothing."""
        self.process = self.lab.start(self.machine, *self.command("engine"), label=self.label, prefix=prefix)

    def _up(self) -> bool:
        assert self.process is not None
        if not self.process.alive:
            raise CommandFailed(f"the engine ended, exit {self.process.popen.returncode}\n{tail(self.process.log)}")
        return port_is_open(self.machine)

    @property
    def log(self) -> Path:
        """Give the log of the running engine."""
        assert self.process is not None
        return self.process.log

    def kill(self) -> None:
        """End the engine as a power cut would: SIGKILL, no farewell."""
        assert self.process is not None
        self.process.kill()

    def stop(self) -> int:
        """End the engine as systemd would."""
        assert self.process is not None
        return self.process.stop()
