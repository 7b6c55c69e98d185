"""An answer that is not there yet: the peer waits for it, the engine does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Later:
    """What a verb answers with where somebody else has to be asked first."""

    def __init__(self) -> None:
        self._told: tuple[Any, str | None] | None = None
        self._then: Callable[[Any, str | None], None] | None = None

    def tell(self, result: Any, error: str | None) -> None:
        """The answer, or why there is none; at any time, once."""
        self._told = (result, error)
        if self._then is not None:
            self._then(result, error)

    def then(self, then: Callable[[Any, str | None], None]) -> None:
        """Whom to tell; at once, where the answer is there already."""
        self._then = then
        if self._told is not None:
            then(*self._told)
