"""`world` makes a World in the test's own folder and closes it at the end."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.playbook import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Callable[..., World]]:
    made: list[World] = []

    def make(*subnets: Any, **fields: Any) -> World:
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(World(folder, *subnets, **fields))
        return made[-1]

    yield make
    for one in made:
        one.close()
