"""The other end of the channel: one call, one answer, with a time limit."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path
from typing import Any

from dhcpcore.control.dispatch import ANSWER_BYTES_MAX
from dhcpcore.errors import LessorError

#: An engine that serves answers in milliseconds; in the middle of a slow commit, in a second or two.
TIMEOUT_S = 5.0


class EngineAway(LessorError):
    """No engine answers at the control socket."""


class ControlRefused(LessorError):
    """The engine said no; ``code`` is the stable name of why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class ControlClient:
    """Asks the engine at ``path``.  Each call is a connection of its own, so a restarted engine is no trouble."""

    def __init__(self, path: Path, timeout_s: float = TIMEOUT_S) -> None:
        self._path = path
        self._timeout_s = timeout_s

    def call(self, verb: str, **arguments: Any) -> Any:
        """The verb's result.  Raises ``EngineAway`` or ``ControlRefused``."""
        request = json.dumps({"id": 1, "verb": verb, "arguments": arguments}).encode() + b"\n"
        deadline = time.monotonic() + self._timeout_s
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            sock.settimeout(self._timeout_s)
            sock.connect(str(self._path))
            sock.sendall(request)
            answer = self._line(sock, deadline)
        except TimeoutError:
            raise EngineAway(f"The engine at {self._path} did not answer within {self._timeout_s:g} s.") from None
        except PermissionError:
            raise EngineAway(f"{self._path} may only be used by root, the engine's account and its group.") from None
        except OSError as error:
            raise EngineAway(f"No engine answers at {self._path} ({error.strerror}). Start it with: lessor engine"
                             ) from None
        finally:
            sock.close()
        return _result(answer)

    def _line(self, sock: socket.socket, deadline: float) -> bytes:
        received = bytearray()
        while not received.endswith(b"\n"):
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                raise TimeoutError
            sock.settimeout(remaining)
            data = sock.recv(65536)
            if not data:
                raise EngineAway(f"The engine at {self._path} closed the connection without an answer.")
            received += data
            if len(received) > ANSWER_BYTES_MAX + 1:
                raise ControlRefused("too-large", "The engine's answer is too large; ask for fewer.")
        return bytes(received)


def _result(line: bytes) -> Any:
    try:
        answer = json.loads(line)
        if answer["ok"]:
            return answer["result"]
        error = answer["error"]
        code, message = str(error["code"]), str(error["message"])
    except (ValueError, KeyError, TypeError):
        raise ControlRefused("bad-answer", "What answers at the control socket is not this version's engine.") from None
    raise ControlRefused(code, message)
