"""A server that is killed at an arrow of the batch: ``python -m tests.faults.killed URL ARROW ADDRESS``."""

from __future__ import annotations

import os
import signal
import sys

from tests.faults.rig import Rig
from tests.packets4 import client


def main(url: str, arrow: str, address: str) -> None:
    """Serve one REQUEST of client 1, and die on the way."""
    rig = Rig(url)
    rig.follow()
    rig.gaps.at[arrow].append(lambda: os.kill(os.getpid(), signal.SIGKILL))
    rig.send(rig.select(client(1), address))
    print("alive")


if __name__ == "__main__":
    main(*sys.argv[1:])
