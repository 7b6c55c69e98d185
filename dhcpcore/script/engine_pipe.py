"""The isolated process's end of its pipe: what any of its threads says to the engine."""

from __future__ import annotations

import os
import socket
import threading
from typing import Any

from dhcpcore.script import frames


class EnginePipe:
    """One message at a time, whole."""

    def __init__(self, pipe: socket.socket) -> None:
        self._pipe = pipe
        self._lock = threading.Lock()

    def send(self, message: dict[str, Any]) -> None:
        """To the engine; who ends because the engine is gone ends quietly."""
        octets = frames.encode(message)
        try:
            with self._lock:
                self._pipe.sendall(octets)
        except OSError:
            os._exit(0)
