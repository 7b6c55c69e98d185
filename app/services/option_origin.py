"""One option as a client receives it, and the level of the definitions that it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Origin:
    """A level of the definitions, and what it is called there."""

    level: str
    name: str


@dataclass(frozen=True, slots=True)
class EffectiveOption:
    """One option that has a value for the client.

    ``why`` says in a few words why it is sent or not; ``overrides`` are the farther levels whose values do not count.
    """

    code: int
    name: str
    value: Any
    hex: str
    origin: Origin
    overrides: tuple[Origin, ...]
    sent: bool
    why: str
