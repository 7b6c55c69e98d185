import os
from pathlib import Path

import pytest

from dhcpcore.errors import SettingsError
from dhcpcore.settings import as_environment, described, load


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o600)
    return path


def test_defaults_hold_where_nothing_is_said(tmp_path):
    loaded = load(env={"LESSOR_STATE_DIR": str(tmp_path)})
    settings = loaded.settings
    assert settings.database_url == f"sqlite:///{tmp_path}/lessor.db"
    assert settings.sqlite_path == tmp_path / "lessor.db"
    assert settings.control_socket == tmp_path / "control.sock"
    assert (settings.dhcp4.port, settings.dhcp4.enabled) == (67, True)
    assert (settings.dhcp6.port, settings.dhcp6.enabled) == (547, False)
    assert (settings.web.host, settings.web.port, settings.web.unprotected) == ("127.0.0.1", 8067, False)
    assert settings.workers == 1
    assert loaded.warnings == ()
    assert dict(loaded.origins) == {"state_dir": "LESSOR_STATE_DIR"}


def test_flags_win_over_variables_and_variables_over_the_file(tmp_path):
    config = write(tmp_path / "a.toml", "interfaces = ['eth0']\n[dhcp4]\nport = 1067\n[web]\nbind = '127.0.0.1:1'\n")
    env = {"LESSOR_DHCP4__PORT": "2067", "LESSOR_WEB__BIND": "127.0.0.1:2"}
    loaded = load(config, env, {"web.bind": "127.0.0.1:3", "dhcp4.enabled": None})
    assert loaded.settings.interfaces == ("eth0",)
    assert loaded.settings.dhcp4.port == 2067
    assert loaded.settings.web.port == 3
    assert dict(loaded.origins) == {
        "interfaces": str(config), "dhcp4.port": "LESSOR_DHCP4__PORT", "web.bind": "--web-bind"}


def test_a_variable_may_name_a_file_that_holds_the_value(tmp_path):
    secret = write(tmp_path / "url", "postgresql://u:p@db/lessor\n")
    loaded = load(env={"LESSOR_DATABASE_URL_FILE": str(secret)})
    assert loaded.settings.database_url == "postgresql://u:p@db/lessor"
    assert loaded.settings.sqlite_path is None
    assert loaded.origins["database_url"] == "LESSOR_DATABASE_URL_FILE"


def test_a_password_is_not_in_the_repr():
    settings = load(env={"LESSOR_DATABASE_URL": "postgresql://u:hunter2@db/lessor"}).settings
    assert "hunter2" not in repr(settings)


def test_a_variable_and_its_file_together_are_refused(tmp_path):
    secret = write(tmp_path / "url", "sqlite:////a.db")
    with pytest.raises(SettingsError, match="LESSOR_DATABASE_URL and LESSOR_DATABASE_URL_FILE are both set"):
        load(env={"LESSOR_DATABASE_URL": "sqlite:////b.db", "LESSOR_DATABASE_URL_FILE": str(secret)})


def test_a_file_that_cannot_be_read_is_named():
    with pytest.raises(SettingsError, match=r"/nowhere \(from LESSOR_DATABASE_URL_FILE\) cannot be read"):
        load(env={"LESSOR_DATABASE_URL_FILE": "/nowhere"})


def test_unknown_names_are_warned_of_and_ignored(tmp_path):
    config = write(tmp_path / "a.toml", "colour = 'red'\n[dhcp4]\nspeed = 9\n")
    loaded = load(config, {"LESSOR_TYPO": "1", "LESSOR_TYPO_FILE": "/x", "LESSOR_DEMO_DIR": "/y", "PATH": "/bin"})
    text = "\n".join(loaded.warnings)
    assert len(loaded.warnings) == 4
    for name in ("colour", "dhcp4.speed", "LESSOR_TYPO", "LESSOR_TYPO_FILE"):
        assert name in text


def test_an_empty_variable_is_not_set():
    assert load(env={"LESSOR_DHCP4__PORT": "", "LESSOR_USER": "", "LESSOR_DATABASE_URL_FILE": ""}).origins == {}


@pytest.mark.parametrize(("variable", "value", "right"), [
    ("LESSOR_DHCP4__PORT", "abc", "a whole number from 1 to 65535"),
    ("LESSOR_DHCP6__PORT", "0", "a whole number from 1 to 65535"),
    ("LESSOR_DHCP4__ENABLED", "perhaps", "true or false"),
    ("LESSOR_WORKERS", "2", "run a second engine on the same PostgreSQL"),
    ("LESSOR_INTERFACES", "eth0,a/b", "a list of interface names"),
    ("LESSOR_WEB__BIND", "localhost", "address:port"),
    ("LESSOR_WEB__BIND", "::1:80", "address:port"),
    ("LESSOR_LOG__LEVEL", "loud", "debug, info, warning or error"),
    ("LESSOR_LOG__FORMAT", "xml", "text or json"),
    ("LESSOR_DATABASE_URL", "mysql://root@db", "postgresql://user:password@host"),
    ("LESSOR_DATABASE_URL", "sqlite:///:memory:", "sqlite:////absolute/path"),
    ("LESSOR_CONTROL_SOCKET", "/" + "a" * 120, "at most 107 octets"),
    ("LESSOR_USER", "a" * 40, "the name of an account"),
])
def test_a_wrong_value_names_setting_source_and_remedy(variable, value, right):
    with pytest.raises(SettingsError) as caught:
        load(env={variable: value})
    name = variable.removeprefix("LESSOR_").lower().replace("__", ".")
    assert f"The setting {name} " in str(caught.value)
    assert f"(from {variable})" in str(caught.value)
    assert right in str(caught.value)


def test_every_wrong_value_is_told_at_once():
    with pytest.raises(SettingsError) as caught:
        load(env={"LESSOR_DHCP4__PORT": "x", "LESSOR_WORKERS": "9"})
    assert "dhcp4.port" in str(caught.value)
    assert "workers" in str(caught.value)


def test_a_wrong_database_url_does_not_show_its_password():
    with pytest.raises(SettingsError) as caught:
        load(env={"LESSOR_DATABASE_URL": "mysql://root:hunter2@db"})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(("text", "message"), [
    ("port = = 1", "is not TOML"),
    ("port = " + "[" * 3000, "is not TOML"),
    ("port = " + "9" * 5000, "is not TOML"),
    ("dhcp4 = 5", r"write it as a table, \[dhcp4\]"),
    ("interfaces = 5", "The setting interfaces is 5"),
], ids=["torn", "deep", "huge", "group", "list"])
def test_a_wrong_file_is_named(tmp_path, text, message):
    config = write(tmp_path / "a.toml", text)
    with pytest.raises(SettingsError, match=message) as caught:
        load(config, {})
    assert str(config) in str(caught.value)


@pytest.mark.parametrize("variable", ["LESSOR_STATE_DIR", "LESSOR_SCRIPT", "LESSOR_CONTROL_SOCKET"])
def test_a_home_that_there_is_not_is_told(variable):
    with pytest.raises(SettingsError, match=r"~nobody-of-this-name/x is in the home of an account that there is not"):
        load(env={variable: "~nobody-of-this-name/x"})


def test_a_named_file_must_exist():
    with pytest.raises(SettingsError, match=r"no settings file nowhere\.toml"):
        load(Path("nowhere.toml"), {})


def test_paths_in_a_file_are_relative_to_it(tmp_path):
    folder = tmp_path / "etc"
    folder.mkdir()
    config = write(folder / "a.toml", "state_dir = 'state'\ndatabase_url = 'sqlite:///leases.db'\nscript = 'conf.py'\n")
    settings = load(config, {}).settings
    assert settings.state_dir == folder / "state"
    assert settings.sqlite_path == folder / "leases.db"
    assert settings.script == folder / "conf.py"
    assert settings.control_socket == folder / "state" / "control.sock"


def test_a_hook_library_may_be_isolated_and_its_paths_are_whole(tmp_path):
    config = write(tmp_path / "a.toml", "hooks = ['isolated:x.py=x.toml', 'isolated:package', 'y.py']\n")
    assert load(config, {}).settings.hooks == (
        f"isolated:{tmp_path}/x.py={tmp_path}/x.toml", "isolated:package", f"{tmp_path}/y.py")


def test_paths_in_variables_are_relative_to_the_present_folder(tmp_path):
    settings = load(env={"LESSOR_DATABASE_URL": "sqlite:///leases.db"}).settings
    assert settings.sqlite_path == tmp_path / "leases.db"


def test_the_file_of_the_present_folder_is_found(tmp_path):
    config = write(tmp_path / "lessor.toml", "[dhcp4]\nport = 1067\n")
    loaded = load(env={})
    assert loaded.config == config
    assert loaded.settings.dhcp4.port == 1067


def test_root_ignores_a_file_of_the_present_folder_that_others_can_write(tmp_path, monkeypatch):
    write(tmp_path / "lessor.toml", "[dhcp4]\nport = 1067\n").chmod(0o666)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    loaded = load(env={})
    assert loaded.settings.dhcp4.port == 67
    assert "others than root can write it" in loaded.warnings[0]
    assert load(tmp_path / "lessor.toml", {}).settings.dhcp4.port == 1067


def test_settings_survive_the_way_through_an_environment(tmp_path):
    write(tmp_path / "lessor.toml", "[dhcp4]\nport = 1\n")  # Is not looked at by the child.
    config = write(tmp_path / "a.toml", "interfaces = ['eth0', 'eth1']\nuser = 'nobody'\nscript = 'x.py'\n"
                                        "database_url = 'postgresql://u:p@h/d'\n[dhcp4]\nenabled = false\n"
                                        "[web]\nbind = '[::1]:80'\n[log]\nformat = 'json'\n")
    settings = load(config, {}).settings
    loaded = load(env=as_environment(settings))
    assert loaded.settings == settings
    assert loaded.config is None
    assert loaded.warnings == ()


def test_an_ordinary_user_keeps_state_in_a_folder_of_their_own(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr("dhcpcore.settings.layers.SYSTEM_STATE", tmp_path / "none")
    assert load(env={"HOME": "/home/ann"}).settings.state_dir == Path("/home/ann/.local/state/lessor")
    assert load(env={"XDG_STATE_HOME": "/s"}).settings.state_dir == Path("/s/lessor")


def test_every_setting_is_in_the_manual_with_its_variable():
    page = (Path(__file__).parents[3] / "docs" / "settings.md").read_text()
    for row in described():
        assert f"| `{row.name}` | `{row.variable}` |" in page, row.name


def test_the_manual_names_no_setting_that_is_not_there():
    page = (Path(__file__).parents[3] / "docs" / "settings.md").read_text()
    named = {line.split("`")[1] for line in page.splitlines() if line.startswith("| `")}
    assert named == {row.name for row in described()}


def test_a_file_in_a_folder_that_nobody_may_enter_is_not_passed_over(tmp_path, monkeypatch):
    def forbidden(*_arguments, **_options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "stat", forbidden)
    with pytest.raises(SettingsError, match=r"lessor\.toml cannot be read: Permission denied"):
        load(tmp_path / "lessor.toml", {})


def test_a_path_is_shown_as_it_was_written(tmp_path):
    long = f"/{'a' * 120}"
    with pytest.raises(SettingsError, match=f"is '{long}'"):
        load(env={"LESSOR_CONTROL_SOCKET": long})
    with pytest.raises(SettingsError, match=r"is 5 .*: it should be a path\."):
        load(write(tmp_path / "a.toml", "state_dir = 5"), {})
