"""One line in, one line out: the control channel without a socket.

A request is ``{"id": …, "verb": "status", "arguments": {…}}``; its answer ``{"id": …, "ok": true, "result": …}`` or
``{"id": …, "ok": false, "error": {"code": …, "message": …}}``.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

from dhcpcore.control.face import EngineFace
from dhcpcore.control.later import Later
from dhcpcore.control.verbs import VERBS, Role
from dhcpcore.errors import InvalidValue, LessorError

log = logging.getLogger(__name__)

#: A request is a verb and a few arguments, or what a browser posts to a script (64 KB, in base64, and its headers); a
#: longer line is refused and its connection closed.
REQUEST_BYTES_MAX = 128 * 1024
#: 200 transactions with all their steps stay below this.
ANSWER_BYTES_MAX = 4 * 1024 * 1024


class Dispatch:
    """Answers request lines on behalf of one engine."""

    def __init__(self, engine: EngineFace) -> None:
        self._engine = engine

    def answer(self, line: bytes, role: Role, later: Callable[[bytes], None] | None = None) -> bytes:
        """The answer to one request line of a peer with ``role``; always one line, whatever came in.

        Empty where the answer is not there yet: ``later`` is given it then.
        """
        request_id: Any = None
        try:
            request = _request(line)
            request_id = request.get("id")
            result = self._run(request, role)
            if isinstance(result, Later):
                if later is None:
                    return failure("refused", "Who asks here cannot wait for an answer.", request_id)
                result.then(lambda told, error: later(_told(request_id, told, error)))
                return b""
            return success(result, request_id)
        except _Rejected as error:
            return failure(error.code, str(error), request_id)
        except InvalidValue as error:
            return failure("invalid", str(error), request_id)
        except LessorError as error:
            return failure("refused", str(error), request_id)
        except Exception:  # A mistake in one verb's code must not end the engine that serves clients.
            log.exception("CONTROL_FAULT: a control command failed inside the engine.")
            return failure("internal-error", "The engine failed at this command; its log says where.", request_id)

    def _run(self, request: dict[str, Any], role: Role) -> Any:
        name = str(request.get("verb"))
        verb = VERBS.get(name)
        own = name in self._engine.commands()
        if verb is None and not own:
            raise _Rejected("unknown-verb", f"There is no verb {name!r:.80}; there are {', '.join(VERBS)}.")
        needed = Role.ADMIN if verb is None else verb.role
        if role < needed:
            raise _Rejected("forbidden", f"{name} needs the role {needed.name.lower()}; this peer is "
                                         f"{role.name.lower()}.")
        arguments = request.get("arguments", {})
        if not isinstance(arguments, dict):
            raise _Rejected("bad-request", "arguments is an object of names and values.")
        if own or verb is None:
            result = self._engine.command(name, arguments)
        else:
            result = verb.run(self._engine, verb.parse(arguments))
        # What the script is still to answer is not carried out yet.
        return result if isinstance(result, Later) else self._engine.processed(name, arguments, result)


class _Rejected(LessorError):
    """A request that reaches no verb; ``code`` is the stable name of why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def _request(line: bytes) -> dict[str, Any]:
    try:
        request = json.loads(line)
    except (ValueError, RecursionError):
        raise _Rejected("bad-request", "A request is one JSON object on one line.") from None
    if not isinstance(request, dict) or not isinstance(request.get("id"), str | int | None):
        raise _Rejected("bad-request", "A request is one JSON object with id, verb and arguments.")
    return request


def success(result: Any, request_id: Any = None) -> bytes:
    """An answer line with a result."""
    answer = json.dumps({"id": request_id, "ok": True, "result": result}, separators=(",", ":")).encode()
    if len(answer) > ANSWER_BYTES_MAX:
        return failure("too-large", "The answer is too large; ask for fewer.", request_id)
    return answer + b"\n"


def _told(request_id: Any, result: Any, error: str | None) -> bytes:
    return success(result, request_id) if error is None else failure("refused", error, request_id)


def failure(code: str, message: str, request_id: Any = None) -> bytes:
    """An answer line that says no."""
    body = {"id": request_id, "ok": False, "error": {"code": code, "message": message}}
    return json.dumps(body, separators=(",", ":")).encode() + b"\n"
