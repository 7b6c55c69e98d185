"""``python -m dhcpcore.script``: the script host, started by the engine alone."""

from __future__ import annotations

import os
import sys

from dhcpcore.script.child import describe, main

if __name__ == "__main__":
    code = describe(sys.argv[2:]) if sys.argv[1] == "--describe" else main(sys.argv[1:])
    # Threads that the script left behind hold up nobody.
    sys.stdout.flush()
    os._exit(code)
