"""What a whole staticDHCPd configuration says of the server itself, and that settings go first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dhcpcore.errors import SettingsError
from dhcpcore.net import scripts
from dhcpcore.script.parameters import Loaded, rules_of
from dhcpcore.script.process import Terms
from dhcpcore.settings import Settings


def settings(tmp_path: Path, **more: Any) -> Settings:
    return Settings.model_validate(
        {"state_dir": tmp_path, "database_url": f"sqlite:///{tmp_path}/l.db", "control_socket": "/tmp/c.sock", **more}
    )


def folder(**said: Any) -> Loaded:
    return Loaded({"DHCP_SERVER_IP": "127.0.0.1", **said}, frozenset())


def test_its_address_chooses_the_interface_and_its_port_is_served(tmp_path: Path) -> None:
    heeded = scripts.heed(settings(tmp_path), folder(DHCP_SERVER_PORT=1067))
    assert (heeded.interfaces, heeded.dhcp4.port, heeded.dhcp4.enabled) == (("lo",), 1067, True)


def test_settings_go_first(tmp_path: Path) -> None:
    made = settings(tmp_path, interfaces=["eth7"], dhcp4={"port": 2067})
    heeded = scripts.heed(made, folder(DHCP_SERVER_PORT=1067))
    assert (heeded.interfaces, heeded.dhcp4.port) == (("eth7",), 2067)


def test_what_is_no_setting_by_a_script_is_still_none_of_the_operators(tmp_path: Path) -> None:
    heeded = scripts.heed(settings(tmp_path), folder(DHCP_SERVER_PORT=1067))
    assert "level" not in heeded.log.model_fields_set
    heeded = scripts.heed(settings(tmp_path, log={"level": "info"}), folder(DHCP_SERVER_PORT=1067))
    assert "level" in heeded.log.model_fields_set


def test_an_address_that_no_interface_has_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    heeded = scripts.heed(settings(tmp_path), Loaded({"DHCP_SERVER_IP": "198.51.100.77"}, frozenset()))
    assert heeded.interfaces == ()
    assert "198.51.100.77" in caplog.text


def test_a_script_beside_definitions_changes_nothing(tmp_path: Path) -> None:
    made = settings(tmp_path)
    assert scripts.heed(made, Loaded({"DHCP_SERVER_PORT": 1067}, frozenset())) == made
    assert scripts.load(made, Terms()) == (made, None)


def test_a_script_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "conf.py").write_text(
        "import pathlib\nLOG_FILE = pathlib.Path('/var/log/dhcp.log')\nPXE_PORT = 4011\n"
        "DHCP_RESPONSE_INTERFACE_QTAGS = [(0, False, 7)]\ndef filterPacket(*a): return True\n"
    )
    _, loaded = scripts.load(settings(tmp_path, script=tmp_path), Terms())
    assert loaded is not None
    assert loaded.hooks == {"filterPacket"}
    assert loaded.get("LOG_FILE") == "/var/log/dhcp.log"
    assert loaded.get("PROXY_PORT") == 4011


def test_a_script_may_be_called_as_anybody_likes(tmp_path: Path) -> None:
    path = tmp_path / "staticdhcpd.conf"
    path.write_text("PROXY_PORT = 4011\n")
    _, loaded = scripts.load(settings(tmp_path, script=path), Terms())
    assert loaded is not None
    assert loaded.get("PROXY_PORT") == 4011


def test_of_an_error_that_is_as_long_as_what_it_is_about_the_beginning_is_told(tmp_path: Path) -> None:
    (tmp_path / "conf.py").write_text("raise ValueError('it is ' + 'x' * 5_000_000)\n")
    with pytest.raises(SettingsError, match=r"^script: conf\.py, line 1: ValueError: it is x{3000}") as told:
        scripts.load(settings(tmp_path, script=tmp_path), Terms())
    assert len(str(told.value)) < 5000


@pytest.mark.parametrize("name", ["-", "lo", None])
def test_an_interface_of_answers_that_is_served_is_nothing_to_say(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str | None
) -> None:
    scripts.heed(settings(tmp_path), folder(DHCP_RESPONSE_INTERFACE=name))
    assert not caplog.text


def test_an_interface_of_answers_that_is_not_served_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    scripts.heed(settings(tmp_path), folder(DHCP_RESPONSE_INTERFACE="eth7"))
    assert "DHCP_RESPONSE_INTERFACE is 'eth7'" in caplog.text


def test_the_port_of_its_own() -> None:
    assert scripts.port_of(None, 67) is scripts.port_of(folder(), 67) is None
    assert scripts.port_of(folder(PROXY_PORT=4011), 67) == 4011
    for wrong in (67, 0, 65_536, "4011", True):
        with pytest.raises(SettingsError, match="PROXY_PORT is"):
            scripts.port_of(folder(PROXY_PORT=wrong), 67)


@pytest.mark.parametrize(
    ("said", "fault"),
    [({"ALLOWED_DHCP_RELAYS": ["nowhere"]}, "ALLOWED_DHCP_RELAYS"),
     ({"ALLOWED_DHCP_RELAYS": "192.0.2.1"}, r"ALLOWED_DHCP_RELAYS is '192.0.2.1'; right are several addresses in br"),
     ({"ALLOWED_DHCP_RELAYS": 7}, "ALLOWED_DHCP_RELAYS is 7"), ({"SUSPEND_THRESHOLD": "ten"}, "SUSPEND_THRESHOLD"),
     ({"UNAUTHORIZED_CLIENT_TIMEOUT": -1}, "UNAUTHORIZED_CLIENT_TIMEOUT"),
     ({"DHCP_CLIENT_PORT": 0}, "DHCP_CLIENT_PORT is 0; right is a whole number from 1 to 65535")],
)  # fmt: skip
def test_a_parameter_that_is_wrong_is_named(said: dict[str, Any], fault: str) -> None:
    with pytest.raises(SettingsError, match=fault):
        rules_of(folder(**said))


@pytest.mark.parametrize(
    ("said", "fault"),
    [({"DHCP_SERVER_IP": "server"}, "script: DHCP_SERVER_IP: 'server' is not an IPv4 address"),
     ({"DHCP_SERVER_PORT": "67"}, "script: DHCP_SERVER_PORT is '67'; right is a whole number from 1 to 65535"),
     ({"DHCP_SERVER_PORT": 0}, "DHCP_SERVER_PORT is 0"), ({"DHCP_SERVER_PORT": [67]}, r"DHCP_SERVER_PORT is \[67\]")],
)  # fmt: skip
def test_an_address_or_a_port_that_is_none_is_named(tmp_path: Path, said: dict[str, Any], fault: str) -> None:
    with pytest.raises(SettingsError, match=fault):
        scripts.heed(settings(tmp_path), folder(**said))


def test_several_interfaces_of_answers_are_none_that_is_served(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    scripts.heed(settings(tmp_path), folder(DHCP_RESPONSE_INTERFACE=["lo"]))
    assert "DHCP_RESPONSE_INTERFACE is ['lo'], which is not served" in caplog.text


@pytest.mark.parametrize(
    ("line", "fault"),
    [("WEB_LOG_HISTORY = 'many'", "WEB_LOG_HISTORY is 'many'; right is a whole number, or None"),
     ("WEB_LOG_MAX_HEIGHT = float('inf')", "WEB_LOG_MAX_HEIGHT is inf"),
     ("WEB_DASHBOARD_ORDER_LOG = None", "WEB_DASHBOARD_ORDER_LOG is None; right is a whole number$"),
     ("WEB_DIGEST_PASSWORD = b'secret'", "WEB_DIGEST_PASSWORD is no text; right is text"),
     ("WEB_DIGEST_USERNAME = object()", "WEB_DIGEST_USERNAME is no text")],
)  # fmt: skip
def test_what_the_pages_cannot_go_by_ends_the_start(tmp_path: Path, line: str, fault: str) -> None:
    (tmp_path / "conf.py").write_text(line)
    with pytest.raises(SettingsError, match=fault):
        scripts.load(settings(tmp_path, script=tmp_path), Terms())


def test_a_folder_brings_its_defaults_and_a_script_only_what_it_says() -> None:
    whole, beside = rules_of(folder()), rules_of(Loaded({"AUTHORITATIVE": True}, frozenset()))
    assert (whole.relays, whole.rapid_commit, whole.authoritative, whole.folder) == (False, True, False, True)
    assert whole.flood is not None
    assert (whole.flood.burst, whole.flood.suspend_for_s) == (10, 150)
    assert (beside.relays, beside.rapid_commit, beside.authoritative, beside.folder) == (True, False, True, False)
    assert beside.flood is None
