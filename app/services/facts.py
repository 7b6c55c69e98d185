"""What the doctor wants to know of this machine, asked of the machine: what is, never what it means."""

from __future__ import annotations

import http.client
import ipaddress
import json
import os
import shutil
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

import psutil

from app.services import firewall, neighbours
from app.services.neighbours import OtherServer
from dhcpcore.settings.model import Web

_TOOL_S_MAX = 10.0
#: Pages that are well answer in milliseconds.
_PAGES_S_MAX = 4.0
_ANSWER_MAX = 64 * 1024
_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what is asked of all is asked of this machine.


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that has a port; ``pid`` None where only root may know."""

    pid: int | None
    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Space:
    """Free and total octets of a file system."""

    free: int
    total: int


@dataclass(frozen=True, slots=True)
class Readiness:
    """What the pages say of themselves: the status code of /readyz, and the reason where it is not 200."""

    status: int
    reason: str


class Machine:
    """This machine."""

    def is_root(self) -> bool:
        return os.geteuid() == 0

    def capabilities(self) -> frozenset[str]:
        """Those of this process's effective set that an engine needs."""
        mask = 0
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("CapEff:"):
                mask = int(line.split()[1], 16)
        numbers = {10: "NET_BIND_SERVICE", 13: "NET_RAW"}
        return frozenset(name for number, name in numbers.items() if mask >> number & 1)

    def unprivileged_port_start(self) -> int:
        """The lowest port that anybody may bind."""
        try:
            return int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text(encoding="ascii"))
        except (OSError, ValueError):
            return 1024

    def holders(self, port: int, protocol: str = "udp") -> list[Holder]:
        """Who has that UDP port, or listens at that TCP port, on any IPv4 address; ``udp6``: on any of IPv6."""
        found = []
        for one in psutil.net_connections(kind=protocol if protocol == "udp6" else f"{protocol}4"):
            address, number = one.laddr or ("", 0)
            if number == port and (protocol != "tcp" or one.status == psutil.CONN_LISTEN):
                found.append(Holder(one.pid, _process_name(one.pid), address))
        return found

    def interfaces(self, wanted: tuple[str, ...]) -> list[str]:
        """Interfaces that are up and broadcast: the wanted ones, or all."""
        flags = {name: set(stats.flags.split(",")) for name, stats in psutil.net_if_stats().items() if stats.isup}
        usable = [name for name, has in flags.items() if "broadcast" in has and "loopback" not in has]
        return [name for name in usable if not wanted or name in wanted]

    def missing_interfaces(self, wanted: tuple[str, ...]) -> list[str]:
        """Those of the wanted interfaces that are not there."""
        known = psutil.net_if_stats()
        return [name for name in wanted if name not in known]

    def own_addresses(self) -> set[str]:
        """Every IPv4 address of this machine."""
        return {one.address for listed in psutil.net_if_addrs().values() for one in listed
                if one.family == socket.AF_INET}

    def other_servers(self, interface: str, port: int) -> list[OtherServer]:
        """Who answers a DISCOVER there."""
        return neighbours.servers_on(interface, port, port + 1)

    def firewall(self, port: int, protocol: str = "udp") -> list[str]:
        """Sentences on rules that keep the port from us; only root sees rules."""
        found: list[str] = []
        for command, read in ((["nft", "-j", "list", "ruleset"], firewall.nft_drops),
                              (["iptables-save", "-t", "filter"], firewall.iptables_drops)):
            text = _run(command)
            if text:
                found += read(text, port, protocol)
        return found

    def readiness(self, web: Web) -> Readiness | None:
        """What /readyz answers; None where nothing does."""
        asked = http.client.HTTPConnection(_ANYWHERE.get(web.host, web.host), web.port, timeout=_PAGES_S_MAX)
        try:
            asked.request("GET", "/readyz")
            answer = asked.getresponse()
            body = answer.read(_ANSWER_MAX)
        except (OSError, http.client.HTTPException):
            return None
        finally:
            asked.close()
        try:
            return Readiness(answer.status, str(json.loads(body).get("reason", "")))
        except (ValueError, AttributeError):
            return Readiness(answer.status, "it is not Lessor that answers")

    def space(self, path: Path) -> Space:
        """Room on the file system of ``path``, or of the nearest folder above it that exists."""
        while not os.path.exists(path):  # noqa: PTH110 - where we may not look, the folder above is as good.
            path = path.parent
        usage = shutil.disk_usage(path)
        return Space(usage.free, usage.total)

    def mounts(self) -> str:
        return Path("/proc/mounts").read_text(encoding="utf-8", errors="replace")

    def in_bridged_container(self) -> bool:
        """Whether this is a container whose network is not the host's."""
        contained = (Path("/.dockerenv").exists() or Path("/run/.containerenv").exists()
                     or "container" in os.environ)
        if not contained:
            return False
        return is_bridged(Path("/sys/class/net"))

    def clock_synchronised(self) -> bool | None:
        """Whether this machine's clock is kept right by NTP; None: nobody here can tell."""
        text = _run(["timedatectl", "show", "--property=NTPSynchronized", "--value"])
        return {"yes": True, "no": False}.get((text or "").strip())


def is_bridged(interfaces: Path) -> bool:
    """Whether these interfaces are those of a container with a network of its own: the end of a cable, and no device.

    The near end of a veth pair has its far end's number as its link.  A host with containers has such ends as well, and
    VLANs look alike, but a host has a device, too.
    """
    linked = False
    for folder in interfaces.iterdir():
        if (folder / "device").exists():
            return False
        try:
            own, link = ((folder / name).read_text(encoding="ascii").strip() for name in ("ifindex", "iflink"))
        except OSError:
            continue
        linked = linked or (own != link and not (folder / "master").exists())
    return linked


def is_private_to_machine(host: str) -> bool:
    """Whether an address is loopback."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _process_name(pid: int | None) -> str:
    try:
        return psutil.Process(pid).name() if pid else ""
    except psutil.Error:
        return ""


def _run(command: list[str]) -> str | None:
    """What a program says; None where it is not there, fails or takes too long."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_TOOL_S_MAX, check=False)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout if done.returncode == 0 else None
