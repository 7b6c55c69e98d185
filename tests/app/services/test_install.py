import os
import sys
from pathlib import Path

import pytest

from app.services import install
from app.services.install import Installation
from dhcpcore.errors import Refused
from dhcpcore.settings import load

COMMAND = Path("/opt/lessor/lessor")


def tree(root):
    return {str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir() or path.is_symlink()}


@pytest.fixture
def staged(tmp_path):
    return Installation(COMMAND, tmp_path / "root", ("eth1", "eth2.20"), {"bash": "complete lessor\n"})


def test_a_folder_to_be_packed_gets_every_file(staged):
    found = install.install(staged)
    assert {one.state for one in found} == {"made"}
    assert tree(staged.root) == {
        "etc/lessor/lessor.toml", "etc/systemd/system/lessor-engine.service", "etc/systemd/system/lessor-web.service",
        "usr/share/bash-completion/completions/lessor", "usr/local/bin/lessor",
    }  # fmt: skip
    assert staged.state.is_dir()
    assert staged.settings_file.stat().st_mode & 0o007 == 0


def test_a_second_run_finds_everything_there_and_changes_nothing(staged):
    install.install(staged)
    before = {path: path.lstat().st_mtime_ns for path in staged.root.rglob("*")}
    assert {one.state for one in install.install(staged)} == {"there"}
    assert {path: path.lstat().st_mtime_ns for path in staged.root.rglob("*")} == before


def test_a_dry_run_says_the_same_and_makes_nothing(staged):
    said = install.install(staged, dry_run=True)
    assert not staged.root.exists()
    assert [one.what for one in said] == [one.what for one in install.install(staged)]
    assert {one.state for one in said} == {"to be made"}


def test_the_settings_are_right_and_an_administrator_s_own_are_kept(staged):
    install.install(staged)
    loaded = load(staged.settings_file, env={})
    assert (loaded.settings.interfaces, loaded.warnings) == (("eth1", "eth2.20"), ())
    staged.settings_file.write_text("workers = 1\n")
    install.install(staged)
    assert staged.settings_file.read_text() == "workers = 1\n"


def test_without_an_interface_all_are_served(tmp_path):
    installation = Installation(COMMAND, tmp_path)
    install.install(installation)
    assert load(installation.settings_file, env={}).settings.interfaces == ()


def test_a_unit_that_was_changed_is_put_right_and_names_the_command(staged):
    here = Installation(Path("/srv/lessor/bin/lessor"), staged.root)
    unit = staged.root / "etc/systemd/system/lessor-web.service"
    install.install(here)
    assert "ExecStart=/srv/lessor/bin/lessor web\n" in unit.read_text()
    assert "/opt/lessor" not in unit.read_text()
    unit.write_text("old")
    assert [one.what for one in install.install(here) if one.state == "made"] == [f"the file {unit}"]
    assert "ExecStart=" in unit.read_text()


def test_a_command_of_that_name_that_is_somebody_s_own_is_kept(staged):
    own = staged.root / "usr/local/bin/lessor"
    own.parent.mkdir(parents=True)
    own.write_text("mine")
    install.install(staged)
    assert own.read_text() == "mine"


def test_only_root_installs_and_anybody_may_ask_what_it_would_do(monkeypatch, tmp_path):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(install, "require_reachable", lambda _: None)
    with pytest.raises(Refused, match="Only root can install: sudo lessor install"):
        install.install(Installation(COMMAND))
    said = install.install(Installation(COMMAND), dry_run=True)
    assert said[0].what == "the account lessor"


def test_a_copy_in_a_home_is_refused(monkeypatch):
    with pytest.raises(Refused, match="in somebody's home"):
        install.require_reachable(Path("/home/alice/lessor/lessor"))


@pytest.mark.skipif(os.geteuid() != 0, reason="root's temporary folders are closed to others")
def test_a_copy_that_others_may_not_read_is_refused_and_the_folder_named(monkeypatch, tmp_path):
    monkeypatch.setattr(install, "_HIDDEN", ())
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    (closed / "lessor").write_text("#!/bin/sh\n")
    for folder in tmp_path.parents:
        if folder.stat().st_mode & 0o001 == 0:
            folder.chmod(folder.stat().st_mode | 0o001)
    tmp_path.chmod(0o755)
    with pytest.raises(Refused, match=r"because of .*closed"):
        install.require_reachable(closed / "lessor")


def test_the_command_is_the_launcher_of_the_checkout_or_the_script_of_the_wheel(monkeypatch, tmp_path):
    assert install.command() == Path(__file__).parents[3] / "lessor"
    monkeypatch.setattr(install, "data_dir", lambda name: tmp_path / name)
    assert install.command() == Path(sys.executable).with_name("lessor")


def test_a_step_that_fails_says_which(staged):
    staged.root.mkdir()
    (staged.root / "etc").write_text("in the way")
    with pytest.raises(Refused, match=r"The folder .*etc/lessor could not be made"):
        install.install(staged)
