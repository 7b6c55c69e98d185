"""The ports that the engine opens, as a conf.py has them."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from dhcpcore import main
from dhcpcore.errors import SettingsError
from dhcpcore.pipeline.bundle import Outgoing, Route
from dhcpcore.script.parameters import Loaded
from dhcpcore.settings import Settings
from dhcpcore.topology.links import Interface
from tests.packets4 import ip

LOOPBACK = socket.if_nametoindex("lo")


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def settings(tmp_path: Path, port: int) -> Settings:
    return Settings.model_validate({"state_dir": tmp_path, "database_url": "sqlite:///l.db",
                                    "control_socket": "/tmp/c.sock", "dhcp4": {"port": port}})  # fmt: skip


def loaded(**said: Any) -> Loaded:
    return Loaded(said, frozenset({"loadDHCPPacket"}))


def test_without_a_script_there_is_the_servers_port_alone(tmp_path: Path) -> None:
    udp, pxe, own = main._open_udp(settings(tmp_path, free_port()), None)
    assert pxe is own is None
    udp.close()


@pytest.mark.netns
def test_the_scripts_own_port_and_its_tags(tmp_path: Path) -> None:
    number = free_port()
    tags = [[0, False, 7]]
    udp, pxe, own = main._open_udp(
        settings(tmp_path, free_port()), loaded(PROXY_PORT=number, DHCP_RESPONSE_INTERFACE_QTAGS=tags)
    )
    assert pxe is None
    assert own is not None
    assert own.port == number
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) as wire:
        wire.bind(("lo", 3))
        wire.settimeout(5)
        for one in (udp, own):
            one.set_interfaces({LOOPBACK: Interface(LOOPBACK, "lo", (ip("127.0.0.1"),))})
            word = b"from %d" % one.port
            assert one.send([Outgoing(word, Route(b"\xff" * 4, 68, LOOPBACK, ip("127.0.0.1")))]) == 0
            while not (frame := wire.recv(2000)).endswith(word):
                pass
            assert frame[12:18] == bytes.fromhex("8100 0007 0800")
            one.close()


def test_what_makes_no_sense_is_named_before_anything_is_opened(tmp_path: Path) -> None:
    port = free_port()
    for wrong, fault in (({"PROXY_PORT": port}, "PROXY_PORT"), ({"DHCP_RESPONSE_INTERFACE_QTAGS": [7]}, "QTAGS")):
        with pytest.raises(SettingsError, match=fault):
            main._open_udp(settings(tmp_path, port), loaded(**wrong))
