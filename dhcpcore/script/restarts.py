"""How soon a script host that failed is followed by the next one: at once, until it happens again and again."""

from __future__ import annotations

#: Seconds before a host that failed soon after its beginning is started again, by how often it has.
_PAUSES_S = (0.0, 1.0, 2.0, 5.0, 15.0, 30.0)
#: A host that has lived so long begins with a clean slate.
_SOUND_S = 10.0
#: What one more client counts on whose packet the host ended; each is blamed for itself, too.
_CLIENT_SHARE = 0.25


class Restarts:
    """Counts failures: a whole one where it is nobody's packet."""

    def __init__(self) -> None:
        self._failures = 0.0

    def pause(self, lived_s: float) -> float:
        """Seconds until the next host begins, after one that has lived so long."""
        if lived_s > _SOUND_S:
            self._failures = 0.0
        return _PAUSES_S[min(int(self._failures), len(_PAUSES_S) - 1)]

    def clients(self, count: int) -> None:
        """It ended on packets of so many clients that were not blamed yet."""
        self._failures += count * _CLIENT_SHARE

    def script(self) -> None:
        """It ended by itself."""
        self._failures += 1.0
