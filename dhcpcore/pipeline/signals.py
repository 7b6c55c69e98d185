"""The signals by which a handler steers a transaction; there are no others.

They are raised in ``pre`` or ``handle``, before anything was recorded, so a transaction can be run again.
"""

from __future__ import annotations

from dhcpcore.hooks.awaited import Call
from dhcpcore.lease.model import LeaseKey
from dhcpcore.pipeline.questions import Question
from dhcpcore.stats.reasons import Reason


class Signal(Exception):
    """Base of the signals."""


class CannotRespond(Signal):
    """End without an answer, for this reason."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.code)
        self.reason = reason


class Refuse(Signal):
    """End with the protocol's refusal (a NAK; later a status code), for this reason."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.code)
        self.reason = reason


class Respond(Signal):
    """End with ``bundle.responses`` as they stand: nothing is granted, and no further handler decides."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.code)
        self.reason = reason


class NeedsRows(Signal):
    """Run again when what the handler added to ``bundle.wants`` has been fetched."""


class Suspend(Signal):
    """Run again, as a member of a later batch, when the probe of ``key`` has been answered or ``until`` has passed.

    Without a key nothing is probed: it is a matter of time alone.
    """

    def __init__(self, key: LeaseKey | None, until: float) -> None:
        super().__init__(key)
        self.key = key
        self.until = until


class Ask(Signal):
    """Run again, as a member of a later batch, when this is answered: by the site's script, or by another process."""

    def __init__(self, question: Question | Call) -> None:
        super().__init__()
        self.question = question


class Contended(Signal):
    """Decide again after this batch: it already begins or ends a holding of the same address."""
