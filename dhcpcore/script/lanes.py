"""Which thread runs the script host's loop: one at a time, and another one as soon as a call of the script takes long.

A script is called in the main thread, one call after the other, as long as its calls are short.  While one takes longer
than ``PATIENCE_S``, another thread carries the loop on, as staticDHCPd had a thread for each packet; once it is over,
the main thread has the loop again.  What takes longer than it may is ended by an exception where it runs Python code.
"""

from __future__ import annotations

import ctypes
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping

from dhcpcore.script.progress import LANES_MAX, Doing, Progress

log = logging.getLogger("script")

#: A call that is over by then keeps the others waiting for so long; then they go on without it.
PATIENCE_S = 0.025
_LOOK_S = 0.005
#: Without any call for so long, nobody looks until there is one.
_IDLE_S = 1.0
#: Between two exceptions to who caught the first.
_AGAIN_S = 1.0
#: Seconds in which a thread may keep the interpreter: less where one is known to run on and on.
_SWITCH_S = 0.005
_SWITCH_BUSY_S = 0.001
_STACK = 1024 * 1024


class Overrun(BaseException):
    """Raised within a call that has taken longer than it may; not for ``except Exception``."""


class Lanes:
    """The threads; lane 0 is the main thread."""

    def __init__(
        self, progress: Progress, turn: Callable[[int], bool], budgets: Mapping[Doing, float]
    ) -> None:  # fmt: skip
        """``turn`` is one round of the loop by the lane that it is given; False: the loop has ended."""
        self._progress = progress
        self._turn = turn
        self._budgets = budgets
        self._lock = threading.Lock()
        self._home = threading.Condition(self._lock)
        self._is_home = False  #: Whether the main thread waits to lead again.
        self._leader = 0
        self._threads = {0: threading.get_ident()}
        self._interrupted: dict[int, float] = {}  #: When, by lane.
        self._dozing = False
        self._awake = threading.Event()
        self._ended = False

    def run(self) -> None:
        """Until a turn says that the loop has ended."""
        threading.stack_size(_STACK)
        watcher = threading.Thread(target=self._watch, name="lanes", daemon=True)
        watcher.start()
        while not self._ended:
            self._lead(0)
            with self._home:
                self._is_home = True
                while self._leader and not self._ended:
                    self._home.wait()
                self._is_home = False

    def begin(self, lane: int, doing: Doing, number: int = 0) -> None:
        """The script is called in this lane."""
        self._progress.write(doing, number, time.monotonic(), lane)
        if self._dozing:
            self._awake.set()

    def end(self, lane: int) -> bool:
        """The call is over; whether the lane still leads, and not another one meanwhile."""
        with self._lock:
            self._progress.done(lane)
            if lane in self._interrupted:
                del self._interrupted[lane]
                _raise_in(self._threads[lane], None)
            return self._leader == lane

    def leads(self, lane: int) -> bool:
        """Whether the lane may touch what is the loop's."""
        return self._leader == lane

    def _lead(self, lane: int) -> None:
        while self._leader == lane and not self._ended:
            if lane and self._is_home:
                with self._home:
                    self._leader = 0
                    self._home.notify_all()
                return
            try:
                if not self._turn(lane):
                    with self._home:
                        self._ended = True
                        self._home.notify_all()
            except Overrun:  # It came when the call was just over.
                self.end(lane)
            except MemoryError:  # What the script holds it would hold for ever: another host begins.
                os.write(2, b"The script has used up the memory that it may have.\n")
                os._exit(1)
            except BaseException:
                log.critical("The script host fails.", exc_info=True)
                os._exit(1)

    def _other(self, lane: int) -> None:
        self._lead(lane)
        with self._lock:
            del self._threads[lane]

    # Whoever looks after them.

    def _watch(self) -> None:
        progress, quiet_since = self._progress, time.monotonic()
        while not self._ended:
            time.sleep(_LOOK_S)
            now = time.monotonic()
            progress.beat(now)
            with self._lock:
                busy = [progress.read(lane) for lane in self._threads]
                busy = [state for state in busy if state.doing]
                for state in busy:
                    took = now - state.since
                    if took > PATIENCE_S and state.lane == self._leader:
                        self._lead_on()
                    if took > self._budgets[state.doing]:
                        self._interrupt(state.lane, now)
                sys.setswitchinterval(_SWITCH_BUSY_S if len(self._threads) > 1 else _SWITCH_S)
            if busy:
                quiet_since = now
            elif now - quiet_since > _IDLE_S:
                self._awake.clear()
                self._dozing = True
                if not progress.busy():  # What began just now did not see that nobody looks.
                    self._awake.wait()
                self._dozing = False
                quiet_since = time.monotonic()

    def _lead_on(self) -> None:
        """Have a thread lead that is free: the main thread, if it is."""
        if self._is_home:
            self._leader = 0
            self._home.notify_all()
            return
        lane = next((lane for lane in range(1, LANES_MAX) if lane not in self._threads), None)
        if lane is None:
            return
        before, self._leader = self._leader, lane
        thread = threading.Thread(target=self._other, args=(lane,), name=f"lane {lane}", daemon=True)
        try:
            thread.start()
        except (RuntimeError, MemoryError):  # No more threads: they wait for the one that leads, as they did.
            self._leader = before
            return
        assert thread.ident is not None
        self._threads[lane] = thread.ident

    def _interrupt(self, lane: int, now: float) -> None:
        if now - self._interrupted.get(lane, 0.0) > _AGAIN_S:
            self._interrupted[lane] = now
            _raise_in(self._threads[lane], Overrun)


def _raise_in(thread: int, exception: type[BaseException] | None) -> None:
    """None: not any more."""
    raised = ctypes.py_object() if exception is None else ctypes.py_object(exception)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), raised)
