"""``python -m dhcpcore``: the engine's process."""

import sys

from dhcpcore.main import main

if __name__ == "__main__":
    sys.exit(main())
