"""The engine's end of what a script last began from: what a host goes on with where its files do not begin any more."""

from __future__ import annotations

import logging
import os
from typing import Any

from dhcpcore.script.calls import Then
from dhcpcore.script.process import Process

log = logging.getLogger(__name__)


class Kept:
    """The text, in memory that the hosts share, and why it is what runs."""

    def __init__(self) -> None:
        self.descriptor: int | None = None
        self.because = ""  #: Why the files are not what runs; empty: they are.
        self._waiting: list[Then] = []

    def begun(self, process: Process, *, is_written: bool) -> None:
        """A host has begun, and has written down what it began from."""
        if process.is_kept:
            return
        self.close()
        self.because = ""
        if is_written:
            self.descriptor = os.dup(process.text)
        else:
            log.warning("SCRIPT: its text cannot be kept: should its files not begin any more, nothing replaces them.")
        self._tell({"reinitialised": True}, None)

    def helps(self, process: Process) -> bool:
        """Whether there is something to go on with where this host cannot begin."""
        return self.descriptor is not None and not process.is_kept

    def go_back(self, why: str) -> None:
        """The files do not begin."""
        self.because = why
        log.critical(
            "SCRIPT-KEPT: the script cannot begin any more: %s.  It goes on with the text that it last began from; "
            "mend it, and have it reinitialised.", why.rstrip("."),
        )  # fmt: skip
        self._tell(None, f"The script cannot begin: {why}; it goes on with the text that it last began from.")

    def wait(self, then: Then) -> None:
        """Somebody wants to know whether the files begin again."""
        self._waiting.append(then)

    def fail(self, why: str) -> None:
        """Neither begins."""
        self._tell(None, why)

    def close(self) -> None:
        """Forget the text."""
        descriptor, self.descriptor = self.descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def _tell(self, result: Any, error: str | None) -> None:
        waiting, self._waiting = self._waiting, []
        for then in waiting:
            then(result, error)
