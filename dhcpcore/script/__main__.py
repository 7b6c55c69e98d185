"""``python -m dhcpcore.script``: the script host, started by the engine alone."""

from __future__ import annotations

import os
import sys

from dhcpcore.script import child, handler_child, isolated_child, mail

_KINDS = {"--describe": child.describe, "--hooks": isolated_child.main, "--handlers": handler_child.main,
          "--mail": mail.main}  # fmt: skip

if __name__ == "__main__":
    kind = _KINDS.get(sys.argv[1])
    code = child.main(sys.argv[1:]) if kind is None else kind(sys.argv[2:])
    # Threads that the script left behind hold up nobody.
    sys.stdout.flush()
    os._exit(code)
