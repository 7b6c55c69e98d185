from pathlib import Path

from app.demo import site
from dhcpcore.settings import load
from dhcpcore.topology.validate import validate


def test_the_definitions_are_valid_and_the_relays_are_theirs():
    document = validate(site.DEFINITIONS)
    assert [subnet.name for subnet in document.subnets] == ["office", "laboratory"]
    declared = {relay for subnet in document.subnets for relay in subnet.entry.relays}
    assert declared == {relay for relay, _ in site.RELAYS}


def test_the_folder(tmp_path, monkeypatch):
    assert site.folder({"LESSOR_DEMO_DIR": "/x/y"}) == Path("/x/y")
    checkout = Path(__file__).parents[3]
    assert site.folder({}) == checkout / "var" / "demo"
    monkeypatch.setattr(site.os, "access", lambda *_: False)
    assert site.folder({"HOME": "/home/ann"}) == Path("/home/ann/.local/state/lessor/demo")
    assert site.folder({"XDG_STATE_HOME": "/s"}) == Path("/s/lessor/demo")


def test_its_settings_file_is_one_that_every_verb_takes(tmp_path):
    home = tmp_path / 'odd " \\ name'
    home.mkdir()
    config = home / "lessor.toml"
    config.write_text(site.settings(home, 6767, 8067))
    settings = load(config, {}).settings
    assert (settings.state_dir, settings.dhcp4.port, settings.web.bind) == (home, 6767, "127.0.0.1:8067")
    assert settings.interfaces == ("lo",)
    assert settings.sqlite_path == home / "lessor.db"
    assert settings.script is None
    config.write_text(site.settings(home, 6767, 8067, home / "conf.py"))
    settings = load(config, {}).settings
    assert (settings.script, settings.dhcp4.port) == (home / "conf.py", 6767)


def test_a_deep_folder_has_its_socket_elsewhere(tmp_path):
    deep = tmp_path / ("d" * 100)
    socket = site._socket(deep)
    assert len(str(socket)) < 100
    assert site._socket(tmp_path / "a").parent == tmp_path / "a" or len(str(tmp_path)) > 90


def test_the_users_own_settings_are_left_out():
    assert site.environment({"LESSOR_DATABASE_URL": "x", "PATH": "/bin"}) == {"PATH": "/bin"}
