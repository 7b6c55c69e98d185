"""Processes seen from outside: the tree below a process, what it used, what it listens on, how it is ended."""

import os
import resource
import signal
import subprocess
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
MIB = 1 << 20
# How long a server may take to end by itself before it is killed.
STOP_S_MAX = 10.0

# Fields of /proc/PID/stat, counted from the one after the command's closing bracket (proc(5)).
PARENT, USER_TIME, WAITED_SYSTEM_TIME, RESIDENT_PAGES = 1, 11, 14, 21


@dataclass(frozen=True, slots=True)
class Usage:
    """What process trees have used so far (CPU) and use now (memory)."""

    cpu_s: float
    rss_mib: float
    pss_mib: float


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the command, which may itself hold spaces and brackets."""
    text = (PROC / str(pid) / "stat").read_text()
    return text[text.rindex(")") + 2 :].split()


def _pss_kib(pid: int) -> int:
    for line in (PROC / str(pid) / "smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    return 0


def tree(roots: Iterable[int]) -> tuple[int, ...]:
    """The processes given and all their descendants, as far as they still exist."""
    children: dict[int, list[int]] = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            try:
                children.setdefault(int(_stat(int(entry.name))[PARENT]), []).append(int(entry.name))
            except (OSError, ValueError):
                continue  # It ended while we looked.
    found: list[int] = []
    pending = list(roots)
    while pending:
        pid = pending.pop()
        if (PROC / str(pid)).exists() and pid not in found:
            found.append(pid)
            pending += children.get(pid, [])
    return tuple(found)


def usage(roots: Iterable[int]) -> Usage:
    """Sums over whole process trees; children that ended are in their parent's waited-for time."""
    cpu_ticks = pages = pss_kib = 0
    for pid in tree(roots):
        try:
            fields = _stat(pid)
            cpu_ticks += sum(map(int, fields[USER_TIME : WAITED_SYSTEM_TIME + 1]))
            pages += int(fields[RESIDENT_PAGES])
            pss_kib += _pss_kib(pid)
        except OSError:
            continue
    return Usage(cpu_ticks / TICKS_PER_S, pages * PAGE_BYTES / MIB, pss_kib / 1024)


def busy_s() -> float:
    """CPU time that the whole machine has spent so far, in processes and (steal) in other machines on the same host."""
    user, nice, system, _idle, _wait, _irq, _softirq, steal = map(int, (PROC / "stat").read_text().split()[1:9])
    return (user + nice + system + steal) / TICKS_PER_S


def ended_children_s() -> float:
    """CPU time of the programs that this process ran to their end."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def favour(pid: int, nice: int) -> None:
    """Puts a process and its later children before others (or behind them: nice is above 0); 0 leaves all as it is.

    Where the kernel shares the processor among sessions (autogroup, sched(7)), only the session's own value counts.
    """
    if not nice:
        return
    session = PROC / str(pid) / "autogroup"
    with suppress(ProcessLookupError):
        if session.exists():
            session.write_text(str(nice))
        else:
            os.setpriority(os.PRIO_PROCESS, pid, nice)


def stop(process: subprocess.Popen[bytes], how: signal.Signals = signal.SIGTERM) -> None:
    """Ends a process that was started in a session of its own, together with what it left in that session."""
    if process.poll() is None:
        process.send_signal(how)
        try:
            process.wait(STOP_S_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
