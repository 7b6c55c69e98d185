"""Faults are injected on both databases: `url` is one with all tables, `rig` makes servers on it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.faults.rig import Rig


@pytest.fixture
def url(migrated_url: str) -> str:
    return migrated_url


@pytest.fixture
def build() -> Iterator[Callable[..., Rig]]:
    """Servers by the address of their database; closed at the end."""
    made: list[Rig] = []

    def make(url: str, *args: Any, **more: Any) -> Rig:
        made.append(Rig(url, *args, **more))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def rig(url: str, build: Callable[..., Rig]) -> Rig:
    """A server with the usual definitions."""
    one = build(url)
    one.apply()
    return one
