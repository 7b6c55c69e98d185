"""What root hands over, and what it must not: the account that gets the folder may have put things into it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dhcpcore.errors import SettingsError
from dhcpcore.net.privileges import Account, hand_over, require_readable

NOBODY = Account(65534, 65534, "nobody")
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")


def owner(path: Path) -> int:
    return path.lstat().st_uid


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text("of root")
    return path


@pytest.fixture
def state(tmp_path: Path) -> Path:
    path = tmp_path / "state"
    path.mkdir()
    return path


def test_the_folder_and_the_files_in_it_are_handed_over(state: Path) -> None:
    (state / "lessor.db").touch()
    hand_over(NOBODY, (state, state / "lessor.db-wal"))
    assert (owner(state), owner(state / "lessor.db")) == (NOBODY.uid, NOBODY.uid)


def test_what_a_link_points_at_is_not(state: Path, secret: Path) -> None:
    (state / "lessor.db").symlink_to(secret)
    hand_over(NOBODY, (state, state / "lessor.db"))
    assert owner(secret) == 0


def test_a_file_that_has_another_name_elsewhere_is_not(state: Path, secret: Path) -> None:
    (state / "lessor.db").hardlink_to(secret)
    hand_over(NOBODY, (state, state / "lessor.db"))
    assert owner(secret) == 0


def test_a_link_that_is_put_there_at_the_last_moment_leads_nowhere(
    state: Path, secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look and the handing over, the folder's owner may exchange the one for the other."""
    path = state / "lessor.db"
    path.touch()
    chown = os.chown

    def late(target: str | Path, uid: int, gid: int, **how: bool) -> None:
        if Path(target) == path:
            path.unlink()
            path.symlink_to(secret)
        chown(target, uid, gid, **how)

    monkeypatch.setattr(os, "chown", late)
    hand_over(NOBODY, (state,))
    assert owner(secret) == 0


def test_files_of_others_stay_theirs(state: Path) -> None:
    path = state / "other"
    path.touch()
    os.chown(path, 12345, 12345)
    hand_over(NOBODY, (state,))
    assert owner(path) == 12345


@pytest.mark.parametrize("needed", [True, False])
def test_only_what_is_needed_and_cannot_be_given_stops_a_start(
    state: Path, needed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A container's root lacks the capability CHOWN, and a file that somebody copied into the volume is root's."""
    os.chown(state, NOBODY.uid, NOBODY.gid)
    path = state / "server-duid"
    path.touch()

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "chown", refuse)
    if needed:
        with pytest.raises(SettingsError, match=r"server-duid is root's.*chown -R 65534:65534"):
            hand_over(NOBODY, (state, path))
    else:
        hand_over(NOBODY, (state,))
    assert owner(path) == 0


@pytest.mark.parametrize("hidden", ["os.py", "privileges.py"])
def test_an_account_that_cannot_read_python_or_lessor_is_told_which_file(
    monkeypatch: pytest.MonkeyPatch, hidden: str
) -> None:
    """A Python in root's home, for one: what is imported after the drop would be missing."""
    monkeypatch.setattr(os, "access", lambda path, _mode: not path.endswith(hidden))
    with pytest.raises(SettingsError, match=rf"nobody cannot read .*{hidden}.*LESSOR_PYTHON"):
        require_readable(NOBODY)


def test_an_account_that_can_read_them_passes() -> None:
    require_readable(Account(0, 0, "root"))


CAPABILITIES = """
from pathlib import Path
from dhcpcore.net import privileges
def held():
    lines = Path("/proc/self/status").read_text().splitlines()
    words = dict(line.split(":") for line in lines if line.startswith("Cap") or line.startswith("NoNewPrivs"))
    del words["CapBnd"]
    return {name: int(value, 16) for name, value in words.items()}
before = held()
assert before["CapAmb"] == before["CapEff"] == 1 << 10 | 1 << 13, before
privileges.drop(None)
after = held()
assert after.pop("NoNewPrivs") == 1, after
assert len(after) == 4 and not any(after.values()), after
print("dropped")
"""


def test_an_account_with_capabilities_gives_them_up() -> None:
    """A systemd unit starts the engine so: no root, and two ambient capabilities."""
    two = "+net_bind_service,+net_raw"
    as_unit = ["setpriv", f"--reuid={NOBODY.uid}", f"--regid={NOBODY.gid}", "--clear-groups",
               f"--inh-caps={two}", f"--ambient-caps={two}"]
    root = str(Path(__file__).parents[3])
    if subprocess.run([*as_unit, "test", "-r", sys.executable, "-a", "-r", f"{root}/dhcpcore/errors.py"],
                      check=False).returncode:
        pytest.skip("nobody cannot read Python or Lessor here")
    done = subprocess.run([*as_unit, sys.executable, "-P", "-c", CAPABILITIES], env={"PYTHONPATH": root},
                          capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "dropped\n"), done.stderr
