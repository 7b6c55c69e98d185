import os
import pwd
import socket
import stat
from pathlib import Path

import pytest

from app.cli import gunicorn_hooks, webserver
from dhcpcore.errors import Refused
from dhcpcore.settings import Settings
from dhcpcore.settings.model import Web


@pytest.fixture
def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(autouse=True)
def memory(tmp_path, monkeypatch):
    made = tmp_path / "memory"
    made.mkdir()
    monkeypatch.setattr(webserver, "_memory", lambda: made)
    return made


def settings(bind, **fields):
    return Settings(web=Web(bind=bind, unprotected=fields.pop("unprotected", False)), **fields)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.5"])
def test_loopback_needs_no_word(host, free_port, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert webserver.check(settings(f"{host}:{free_port}", state_dir=tmp_path)) == []


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "[::]", "lessor.example.org"])
def test_beyond_loopback_is_refused_unless_told(host, free_port, tmp_path):
    with pytest.raises(Refused, match="passwords included") as caught:
        webserver.check(settings(f"{host}:{free_port}", state_dir=tmp_path))
    assert "LESSOR_WEB__UNPROTECTED" in str(caught.value)


def test_beyond_loopback_on_purpose_is_warned_of(free_port, tmp_path):
    said = webserver.check(settings(f"0.0.0.0:{free_port}", unprotected=True, state_dir=tmp_path))
    assert "not encrypted" in said[0]


def test_with_tls_beyond_loopback_needs_no_word(free_port, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    here = Settings(web=Web(bind=f"0.0.0.0:{free_port}", tls="self-made"), state_dir=tmp_path)
    assert webserver.check(here) == []
    command = webserver.command(here)
    assert command[command.index("--certfile") + 1] == str(tmp_path / "web-certificate.pem")
    assert webserver.address(here).startswith("https://")


def test_gunicorn_believes_no_header_of_its_own(tmp_path):
    command = webserver.command(settings("127.0.0.1:8067", state_dir=tmp_path))
    assert command[command.index("--forwarded-allow-ips") + 1] == ""
    assert "--certfile" not in command


def test_a_taken_port_is_told_with_the_remedy(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Refused, match=rf"port {port} cannot be opened: Address already in use\. Stop what has it"):
            webserver.check(settings(f"127.0.0.1:{port}", state_dir=tmp_path))


def test_the_workers_become_the_owner_of_the_state(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(webserver, "ACCOUNT", "no-such-account")
    nobody = pwd.getpwnam("nobody")
    here = settings("127.0.0.1:8067", state_dir=tmp_path)
    if os.getuid() == 0:
        assert webserver.account(here) is None
        assert any("stays root" in said for said in webserver.check(settings("127.0.0.1:0".replace(":0", ":59999"),
                                                                             state_dir=tmp_path)))
        os.chown(tmp_path, 12345, 54321)
        assert webserver.account(here) == (12345, 54321)
    named = settings("127.0.0.1:8067", state_dir=tmp_path, user="nobody")
    assert webserver.account(named) == webserver.becomes(named) == (nobody.pw_uid, nobody.pw_gid)
    assert "--user" not in webserver.command(named)
    with pytest.raises(Refused, match="no account nosuch"):
        webserver.account(settings("127.0.0.1:8067", state_dir=tmp_path, user="nosuch"))


def test_a_low_port_is_opened_by_root_and_served_by_workers_that_are_not(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    low = settings("127.0.0.1:80", state_dir=tmp_path, user="nobody")
    assert webserver.becomes(low) is None
    command = webserver.command(low)
    assert command[command.index("--user") + 1] == str(pwd.getpwnam("nobody").pw_uid)


def test_the_web_process_gets_its_settings_without_the_file(tmp_path, monkeypatch):
    monkeypatch.setenv("LESSOR_DATABASE_URL_FILE", "/root/secret")
    here = settings("127.0.0.1:8067", state_dir=tmp_path, database_url="postgresql://u:p@h/d")
    env = webserver.environment(here)
    assert env["LESSOR_DATABASE_URL"] == "postgresql://u:p@h/d"
    assert env["LESSOR_CONFIG"] == os.devnull
    assert "LESSOR_DATABASE_URL_FILE" not in env
    assert env["PATH"] == os.environ["PATH"]


def test_an_ordinary_user_stays_who_they_are(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert "--user" not in webserver.command(settings("127.0.0.1:8067", state_dir=tmp_path))


def test_the_workers_counts_have_an_empty_folder_of_their_own(tmp_path, memory):
    here = settings("127.0.0.1:8067", state_dir=tmp_path)
    folder = Path(webserver.environment(here)["PROMETHEUS_MULTIPROC_DIR"])
    assert folder.parent == memory
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    (folder / "counter_1.db").write_text("of the start before")
    assert webserver.environment(here)["PROMETHEUS_MULTIPROC_DIR"] == str(folder)
    assert list(folder.iterdir()) == []
    other = settings("127.0.0.1:8068", state_dir=tmp_path)
    assert webserver.environment(other)["PROMETHEUS_MULTIPROC_DIR"] != str(folder)


@pytest.mark.parametrize("what", ["a file", "a link"])
def test_a_folder_that_somebody_else_made_first_is_not_used(tmp_path, memory, what):
    here, elsewhere = settings("127.0.0.1:8067", state_dir=tmp_path), tmp_path / "elsewhere"
    folder = Path(webserver.environment(here)["PROMETHEUS_MULTIPROC_DIR"])
    folder.rmdir()
    elsewhere.mkdir()
    (elsewhere / "precious.db").write_text("kept")
    folder.symlink_to(elsewhere) if what == "a link" else folder.write_text("")
    used = Path(webserver.environment(here)["PROMETHEUS_MULTIPROC_DIR"])
    assert used != folder
    assert used.parent == memory
    assert (elsewhere / "precious.db").exists()


def test_the_folder_of_counts_goes_with_the_pages(tmp_path, memory, monkeypatch):
    folder = webserver.environment(settings("127.0.0.1:8067", state_dir=tmp_path))["PROMETHEUS_MULTIPROC_DIR"]
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", folder)
    gunicorn_hooks.on_exit(None)
    assert not Path(folder).exists()
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR")
    gunicorn_hooks.on_exit(None)
