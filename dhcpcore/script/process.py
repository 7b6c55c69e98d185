"""The script host's process: started with a pipe, shared memory and an output of its own, and ended at once."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dhcpcore
from dhcpcore.errors import SettingsError
from dhcpcore.script import frames
from dhcpcore.script.namespace import SIMULATED
from dhcpcore.script.parameters import Loaded
from dhcpcore.script.progress import Progress

#: A conf.py imports what it likes, databases' drivers included; one that takes longer than this hangs.
DESCRIBE_S_MAX = 60.0


@dataclass(frozen=True, slots=True)
class Terms:
    """How the host is started: whom it becomes, where this process is root, and how it gives up what else it has.

    ``simulated``: the script is told so, by the name that it is given.
    """

    uid: int | None = None
    gid: int | None = None
    confine: Callable[[], None] | None = None
    simulated: bool = False


class Process:
    """One child, which waits until it is told to begin, and this end of its pipes.

    ``kept`` is a descriptor of what it is loaded from instead of its files; ``text`` one of what it was loaded from.
    """

    def __init__(self, path: Path, level: int, terms: Terms, kept: int | None = None) -> None:
        self.is_kept = kept is not None
        self.progress = progress = Progress()
        self.text = os.memfd_create("lessor-script-text")
        self.pipe, theirs = socket.socketpair()
        self.pipe.setblocking(False)
        try:
            self._child = start(
                [str(theirs.fileno()), str(progress.descriptor), str(self.text), str(-1 if kept is None else kept),
                 str(level), str(path)],
                path.parent, (theirs.fileno(), progress.descriptor, self.text, *(() if kept is None else (kept,))),
                terms, subprocess.PIPE,
            )  # fmt: skip
        finally:
            theirs.close()
        assert self._child.stdout is not None
        self.output = self._child.stdout
        os.set_blocking(self.output.fileno(), False)

    @property
    def pid(self) -> int:
        """Its number."""
        return self._child.pid

    def ended(self) -> bool:
        """Whether it is gone, and reaped."""
        return self._child.poll() is not None

    def how(self) -> str:
        """How it ended, in words."""
        code = self._child.returncode
        return f"by signal {-code}" if code is not None and code < 0 else f"with status {code}"

    def kill(self) -> None:
        """End it, whatever it is at."""
        self._child.kill()

    def close(self) -> None:
        """Close this end of the pipes."""
        self.pipe.close()
        self.output.close()
        self.progress.close()
        os.close(self.text)


def start(
    arguments: list[str], folder: Path, descriptors: tuple[int, ...], terms: Terms, output: int | None
) -> subprocess.Popen[bytes]:
    """A child of ``python -m dhcpcore.script`` in ``folder``, with no variables and descriptors of ours."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("LESSOR_", "NOTIFY_"))}
    if terms.simulated:
        environment[SIMULATED] = "1"
    root = str(Path(dhcpcore.__file__).parent.parent)
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, (root, environment.get("PYTHONPATH"))))
    return subprocess.Popen(
        [sys.executable, "-m", "dhcpcore.script", *arguments],
        cwd=folder if folder.is_dir() else "/",  # It may be gone: the child says so.
        env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, bufsize=0,
        pass_fds=descriptors, user=terms.uid, group=terms.gid,
        extra_groups=None if terms.gid is None else [terms.gid], start_new_session=True,
        preexec_fn=terms.confine,  # noqa: PLW1509 - One thread, and what it runs takes no lock.
    )  # fmt: skip


def script_path(setting: Path) -> Path:
    """The conf.py that ``script`` means: the file itself, or that of a folder."""
    path = setting / "conf.py" if setting.is_dir() else setting
    if not path.is_file():
        raise SettingsError(f"script: {path} is no file; name a conf.py, or the folder that it is in")
    return path.resolve()


def load(path: Path, terms: Terms, limit_s: float = DESCRIBE_S_MAX) -> Loaded:
    """Run conf.py in a child that ends at once, and take its parameters and the names of its hooks.

    Raises ``SettingsError`` with what it raised, and where.
    """
    ours, theirs = socket.socketpair()
    child = start(["--describe", str(theirs.fileno()), str(path)], path.parent, (theirs.fileno(),), terms,
                  subprocess.DEVNULL)  # fmt: skip
    theirs.close()
    ours.settimeout(limit_s)
    decoder = frames.Decoder()
    message: dict[str, Any] | None = None
    try:
        while message is None and (data := ours.recv(65536)):
            message = next(decoder.feed(data), None)
    except TimeoutError:
        raise SettingsError(f"script: {path} did not come to its end within {limit_s:g} s") from None
    finally:
        child.kill()
        child.wait()
        ours.close()
    if message is None:
        raise SettingsError(f"script: the process that ran {path} ended before it could tell its parameters")
    if "failed" in message:
        raise SettingsError(f"script: {message['failed']}")
    said = message["ready"]
    return Loaded(dict(said["said"]), frozenset(said["hooks"]))
