"""The disk under test: how long a sync takes on it, which explains most of what is measured on it."""

import os
import time
from pathlib import Path

PROBE_S = 0.4
BLOCK = bytes(4096)


def sync_ms(folder: Path) -> float:
    """How long an fdatasync of an append of 4 KiB takes just now."""
    path = folder / "sync-probe"
    count = 0
    with path.open("wb", buffering=0) as file:
        begun = time.monotonic()
        while time.monotonic() - begun < PROBE_S:
            file.write(BLOCK)
            os.fdatasync(file.fileno())
            count += 1
        spent = time.monotonic() - begun
    path.unlink()
    return 1000 * spent / count
