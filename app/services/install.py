"""Makes this machine one that serves for keeps: account, folders, settings file, database, units, the command's name.

A list of steps, each of which looks first whether its work is done: it may be run again at any time, and a second run
changes nothing.  What an administrator may have written (the settings file, a command of the same name) is left alone.
"""

from __future__ import annotations

import grp
import json
import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from app.services import schema
from dhcpcore.errors import Refused, StoreError
from dhcpcore.places import data_dir
from dhcpcore.settings import Settings, load
from dhcpcore.store import schema_version

ACCOUNT = "lessor"
UNITS = ("lessor-engine.service", "lessor-web.service")
#: What the unit files of the manual start; the command of this installation is put in its place.
_COMMAND_OF_THE_MANUAL = "/opt/lessor/lessor"
#: The units hide these from the processes (ProtectHome).
_HIDDEN = (Path("/home"), Path("/root"), Path("/run/user"))
_TOOL_S_MAX = 60.0
#: A shell, and where it looks for what completes a command.
COMPLETIONS: Mapping[str, str] = {
    "bash": "usr/share/bash-completion/completions/lessor",
    "zsh": "usr/local/share/zsh/site-functions/_lessor",
    "fish": "usr/share/fish/vendor_completions.d/lessor.fish",
}
SETTINGS = """\
# Lessor's process settings. All of them, with where each came from: lessor config show --origin
# After a change: systemctl restart lessor-engine lessor-web
state_dir = {state_dir}
{interfaces}
"""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that shall be so: what it is called, whether it is so, and how it is made so."""

    what: str
    is_done: Callable[[], bool]
    do: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a step: `there` already, `made`, or `to be made` where nothing was to be changed."""

    what: str
    state: str


@dataclass(frozen=True, slots=True)
class Installation:
    """Where it goes.  ``root`` other than ``/`` is a folder to be packed: no account, no database, nothing is told."""

    command: Path
    root: Path = Path("/")
    interfaces: tuple[str, ...] = ()
    completions: Mapping[str, str] = field(default_factory=dict)

    @property
    def staged(self) -> bool:
        """Whether this is a folder to be packed, not this machine."""
        return self.root != Path("/")

    @property
    def state(self) -> Path:
        """The folder of database, control socket and identity."""
        return self.root / "var/lib/lessor"

    @property
    def settings_file(self) -> Path:
        """The settings of both units."""
        return self.root / "etc/lessor/lessor.toml"

    def steps(self) -> Iterator[Step]:
        """Everything, in the order in which it is made."""
        if not self.staged:
            yield Step(f"the account {ACCOUNT}", _has_account, _make_account)
        for folder, group_only in ((self.settings_file.parent, False), (self.state, True)):
            yield self._folder(folder, own=group_only)
        yield Step(f"the settings file {self.settings_file}", self.settings_file.exists, self._write_settings)
        if not self.staged:
            yield Step("the database's tables, of this version", self._has_tables, self._make_tables)
        for unit in UNITS:
            yield self._text(self.root / "etc/systemd/system" / unit, self._unit(unit))
        for shell, text in self.completions.items():
            yield self._text(self.root / COMPLETIONS[shell], text)
        yield self._link(self.root / "usr/local/bin/lessor")

    def _folder(self, path: Path, *, own: bool) -> Step:
        """The state folder is the account's own; that of the settings is root's, and its group may read it."""
        def is_done() -> bool:
            if not path.is_dir():
                return False
            found = path.stat()
            return self.staged or (found.st_uid, found.st_gid) == self._owner(own=own)

        def do() -> None:
            path.mkdir(mode=0o750, parents=True, exist_ok=True)
            if not self.staged:
                os.chown(path, *self._owner(own=own))

        return Step(f"the folder {path}", is_done, do)

    @staticmethod
    def _owner(*, own: bool) -> tuple[int, int]:
        entry = pwd.getpwnam(ACCOUNT)
        return (entry.pw_uid if own else 0), grp.getgrnam(ACCOUNT).gr_gid

    def _write_settings(self) -> None:
        names = json.dumps(list(self.interfaces))
        line = f"interfaces = {names}" if self.interfaces else '# interfaces = ["eth1"]   # Without this line: all.'
        text = SETTINGS.format(state_dir=json.dumps("/var/lib/lessor"), interfaces=line)
        # It may get a password one day: made with its final mode.
        with open(os.open(self.settings_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640), "w") as out:  # noqa: PTH123
            out.write(text)
        if not self.staged:
            os.chown(self.settings_file, *self._owner(own=False))

    def _settings(self) -> Settings:
        if self.settings_file.exists():
            return load(self.settings_file, env={}).settings
        return load(env={"LESSOR_CONFIG": os.devnull, "LESSOR_STATE_DIR": str(self.state)}).settings

    def _has_tables(self) -> bool:
        settings = self._settings()
        path = settings.sqlite_path
        if path is not None and not path.exists():
            return False
        try:
            return schema_version.current(settings.database_url) == schema_version.head()
        except StoreError as error:
            raise Refused(f"The database does not answer: {error} Start it, or correct database_url in "
                          f"{self.settings_file}; then install again.") from None

    def _make_tables(self) -> None:
        settings = self._settings()
        schema.upgrade(settings)
        schema.hand_over(settings, self._owner(own=True))

    def _unit(self, name: str) -> str:
        text = (data_dir("docs") / "deploy" / name).read_text(encoding="utf-8")
        return text.replace(_COMMAND_OF_THE_MANUAL, str(self.command))

    @staticmethod
    def _text(path: Path, text: str) -> Step:
        def is_done() -> bool:
            return path.exists() and path.read_text(encoding="utf-8", errors="replace") == text

        def do() -> None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            path.chmod(0o644)

        return Step(f"the file {path}", is_done, do)

    def _link(self, path: Path) -> Step:
        def do() -> None:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.is_symlink():
                path.unlink()
            path.symlink_to(self.command)

        def is_done() -> bool:
            if path.exists() and not path.is_symlink():
                return True  # Somebody's own; it is not ours to replace.
            return path.is_symlink() and path.readlink() == self.command

        return Step(f"the command {path}", is_done, do)


def command() -> Path:
    """What starts this copy of Lessor: the checkout's launcher, or the script that a wheel brings."""
    launcher = data_dir("docs").parent / "lessor"
    return launcher if launcher.is_file() else Path(sys.executable).with_name("lessor")


def install(installation: Installation, *, dry_run: bool = False) -> tuple[Done, ...]:
    """Make everything that is not there yet; ``dry_run``: only say what that would be."""
    if not installation.staged:
        if os.geteuid() != 0 and not dry_run:
            raise Refused("Only root can install: sudo lessor install. What it would do: lessor install --dry-run")
        require_reachable(installation.command)
    found = []
    for step in installation.steps():
        if _is_done(step, guess=dry_run):
            found.append(Done(step.what, "there"))
        elif dry_run:
            found.append(Done(step.what, "to be made"))
        else:
            _do(step)
            found.append(Done(step.what, "made"))
    if not (dry_run or installation.staged) and Path("/run/systemd/system").is_dir():
        _run(["systemctl", "daemon-reload"])
    return tuple(found)


def require_reachable(command: Path) -> None:
    """Refuse a copy of Lessor that the account of the units could not start."""
    for path in (command, Path(sys.executable).resolve(), Path(os.__file__).resolve()):
        if any(path.is_relative_to(hidden) for hidden in _HIDDEN):
            raise Refused(f"{path} lies in somebody's home, which the service's account may not enter. Put Lessor and "
                          "its Python into a place like /opt/lessor (LESSOR_PYTHON names another Python), and install "
                          "from there.")
        for part in (path, *path.parents):
            if not part.exists() or not part.stat().st_mode & (0o004 if part == path else 0o001):
                raise Refused(f"{path} cannot be read by the service's account, because of {part}. Correct its mode, "
                              "or put Lessor into a place like /opt/lessor, and install from there.")
    if any(letter.isspace() or letter in "%\"'\\$" for letter in str(command)):
        raise Refused(f"{command}: a unit cannot name a path with such characters. Put Lessor into a place like "
                      "/opt/lessor, and install from there.")


def _is_done(step: Step, *, guess: bool) -> bool:
    try:
        return step.is_done()
    except (KeyError, PermissionError):
        if guess:
            return False  # The account is not there yet, or who asks may not look.
        raise


def _do(step: Step) -> None:
    try:
        step.do()
    except OSError as error:
        raise Refused(f"{step.what[:1].upper()}{step.what[1:]} could not be made: {error}") from None


def _has_account() -> bool:
    try:
        pwd.getpwnam(ACCOUNT)
        grp.getgrnam(ACCOUNT)
    except KeyError:
        return False
    return True


def _make_account() -> None:
    if shutil.which("useradd") is None:
        raise Refused(f"There is no program useradd here. Make an account and a group {ACCOUNT}, then install again.")
    _run(["useradd", "--system", "--user-group", "--home-dir", "/var/lib/lessor", "--no-create-home",
          "--shell", "/usr/sbin/nologin", "--comment", "Lessor", ACCOUNT])


def _run(arguments: Sequence[str]) -> None:
    done = subprocess.run(list(arguments), capture_output=True, text=True, timeout=_TOOL_S_MAX, check=False)
    if done.returncode:
        raise Refused(f"{' '.join(arguments)} failed: {(done.stderr or done.stdout).strip()}")
