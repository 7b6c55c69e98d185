"""``python -m dhcpcore``: the engine's process."""

import gc
import sys

# What the imports make stays: looking through it for garbage took a tenth of the start.  `serve` collects by itself.
gc.disable()
from dhcpcore.main import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
