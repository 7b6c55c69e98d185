"""What a server writes to the disk before it answers, counted by strace from outside.

Two questions. One exchange at a time: how many syncs does an ACK cost, and was a sync finished between the REQUEST and
its ACK? At saturation: how many syncs does an ACK cost when a server may let many share one?
"""

import re
import signal
import subprocess
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from bench import processes
from bench.errors import BenchError

SYNC_CALLS = ("fsync", "fdatasync", "sync_file_range", "msync", "syncfs", "sync")
SEND_CALLS = ("sendto", "sendmsg", "sendmmsg")
# Long enough for the reply's options after its fixed part of 240 octets.
STRING_MAX = 480
ATTACH_S_MAX = 15.0
STOP_S_MAX = 15.0

OFFER, ACK = 2, 5
MESSAGE_TYPE, PAD, END = 53, 0, 255
# Octets before the cookie, and where the hardware address is in them (RFC 2131 2).
FIXED_PART, CHADDR = 236, 28
_COOKIE = bytes.fromhex("63825363")
_BEGUN = re.compile(rf"\b({'|'.join(SYNC_CALLS)})\(")
_FINISHED = re.compile(rf"(?:\b(?:{'|'.join(SYNC_CALLS)})\(|<\.\.\. (?:{'|'.join(SYNC_CALLS)}) resumed>).* = 0$")
_SENT = re.compile(rf"\b(?:{'|'.join(SEND_CALLS)})\(")
_STRING = re.compile(r'"((?:\\x[0-9a-f]{2})+)"')


@dataclass(frozen=True, slots=True)
class Traced:
    """What a trace shows.

    `first_acks` are those to clients that the trace had not shown an ACK to: a second one within the same second
    changes no row, so a server may rightly send it without a sync. `synced_acks`: of these, those before which a sync
    was finished since the last OFFER.
    """

    syncs: int
    acks: int
    first_acks: int
    synced_acks: int


def replies(line: str) -> list[tuple[int, bytes]]:
    """DHCP message type (option 53, RFC 2132 9.6) and hardware address of each reply in one line of strace."""
    found = []
    for text in _STRING.findall(line):
        content = bytes.fromhex(text.replace("\\x", ""))
        at = content.find(_COOKIE, FIXED_PART)
        if at < 0:
            continue
        client = content[at - FIXED_PART + CHADDR :][:6]
        at += len(_COOKIE)
        while at + 2 < len(content) and content[at] != END:
            if content[at] == PAD:
                at += 1
                continue
            if content[at] == MESSAGE_TYPE:
                found.append((content[at + 2], client))
                break
            at += 2 + content[at + 1]
    return found


def read_trace(lines: Iterable[str]) -> Traced:
    """Reads a trace in which one exchange at a time was under way (for `syncs` alone, any trace)."""
    syncs = acks = synced_acks = 0
    clients: set[bytes] = set()
    synced = False
    for line in lines:
        syncs += bool(_BEGUN.search(line))
        if _FINISHED.search(line):
            synced = True
        elif _SENT.search(line):
            for kind, client in replies(line):
                if kind == ACK:
                    acks += 1
                    synced_acks += synced and client not in clients
                    clients.add(client)
                if kind in (OFFER, ACK):
                    synced = False
    return Traced(syncs, acks, len(clients), synced_acks)


class Trace:
    """strace attached to whole process trees while the `with` block runs."""

    def __init__(self, pids: Sequence[int], file: Path, calls: Sequence[str]) -> None:
        self._pids = processes.tree(pids)
        self._file = file
        self._calls = calls
        self._errors = file.with_suffix(".errors")

    def __enter__(self) -> Self:
        attach = (word for pid in self._pids for word in ("-p", str(pid)))
        with self._errors.open("wb") as errors:
            self._strace = subprocess.Popen(
                (
                    *("strace", "-f", "-xx", "-s", str(STRING_MAX), "-e", f"trace={','.join(self._calls)}"),
                    *("-e", "signal=none", "-o", str(self._file), *attach),
                ),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
            )
        deadline = time.monotonic() + ATTACH_S_MAX
        attached = gone = 0
        while attached + gone < len(self._pids) and self._strace.poll() is None and time.monotonic() < deadline:
            time.sleep(0.1)
            said = self._errors.read_text(errors="replace")
            attached, gone = said.count(" attached"), said.count("No such process")
        # A process that ended in between (a database has such) is no reason to give up.
        if not attached or attached + gone < len(self._pids):
            self.__exit__()
            raise BenchError(f"strace did not attach: {self._errors.read_text(errors='replace')[-500:]}")
        return self

    def __exit__(self, *_: object) -> None:
        self._strace.send_signal(signal.SIGINT)
        try:
            self._strace.wait(STOP_S_MAX)
        except subprocess.TimeoutExpired:
            self._strace.kill()
            self._strace.wait()

    def read(self) -> Traced:
        """What was traced; after the `with` block."""
        with self._file.open(errors="replace") as lines:
            return read_trace(lines)
