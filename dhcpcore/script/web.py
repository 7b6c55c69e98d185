"""What the site's script shows in the web: its registry in plain data, and calls of its web callbacks.

HTML and answers are the script's own words: whoever shows them keeps them in a sandbox.
"""

from __future__ import annotations

import base64
import binascii
import logging
from collections.abc import Iterable, Mapping
from typing import Any

from dhcpcore.errors import Refused
from dhcpcore.script.compat.callbacks import (
    WEB_METHOD_DASHBOARD,
    WEB_METHOD_RAW,
    WEB_METHOD_TEMPLATE,
    Callbacks,
    Element,
    Method,
)
from dhcpcore.script.digest import realm_of
from dhcpcore.script.loader import Site

_log = logging.getLogger("conf")

#: Octets of one answer; in base64, below what the control channel carries.
_ANSWER_MAX = 2 * 1024 * 1024


def parameters_of(site: Site) -> dict[str, Any]:
    """What the pages do by a script's parameters; no password among them."""
    said = site.parameters
    height = said["WEB_LOG_MAX_HEIGHT"]
    return {
        "realm": realm_of(str(said["SYSTEM_NAME"])),
        "folder": bool(said.get("DHCP_SERVER_IP")),
        "digest": bool(said["WEB_DIGEST_USERNAME"] and said["WEB_DIGEST_PASSWORD"]),
        "dashboard_secure": bool(said["WEB_DASHBOARD_SECURE"]),
        "log_lines": int(said["WEB_LOG_HISTORY"] or 0),
        "log_level": _text(said["WEB_LOG_SEVERITY"]),
        "log_height": None if height is None else int(height),
    }


def _text(value: Any) -> str:
    """What clients say may be no UTF-8; a page is."""
    return str(value).encode("utf-8", "replace").decode()


def described(callbacks: Callbacks) -> dict[str, Any]:
    """Methods in the order of the side-bar, and elements in that of the dashboard."""
    methods = sorted(callbacks.methods.values(), key=lambda one: (one.module or "", one.name or "", one.path))
    return {
        "methods": [
            {
                "path": one.path, "module": one.module, "name": one.name, "hidden": one.hidden, "secure": one.secure,
                "confirm": one.confirm, "cacheable": one.cacheable, "display_mode": one.display_mode,
                "built_in": one.built_in,
            }
            for one in methods
        ],
        "elements": [
            {"number": one.number, "module": one.module, "name": one.name, "ordering": one.ordering,
             "built_in": one.built_in}
            for one in callbacks.elements
        ],
        "headers": len(callbacks.headers),
        "ticks": len(callbacks.ticks),
        "statistics": len(callbacks.statistics),
    }  # fmt: skip


class Request:
    """What web callbacks are told of a request."""

    def __init__(self, said: Mapping[str, Any]) -> None:
        """``said``: path, queryargs (lists of text by name), mimetype, data (base64), headers; all but path optional.

        Raises ``Refused`` where data is no base64.
        """
        self.path = str(said.get("path", ""))
        queries = said.get("queryargs") or {}
        self.queryargs = {
            str(name): kept for name, values in queries.items() if (kept := [str(one) for one in values if one])
        }
        self.mimetype = said.get("mimetype")
        self.headers = dict(said.get("headers") or {})
        try:
            self.data = None if said.get("data") is None else base64.b64decode(said["data"], validate=True)
        except (binascii.Error, TypeError, ValueError):
            raise Refused("data is no base64.") from None

    def by_keyword(self) -> dict[str, Any]:
        """The five parameters by their names."""
        return {
            "path": self.path, "queryargs": self.queryargs, "mimetype": self.mimetype, "data": self.data,
            "headers": self.headers,
        }  # fmt: skip

    def by_position(self) -> tuple[Any, ...]:
        """The same in their order."""
        return tuple(self.by_keyword().values())


def dashboard(callbacks: Callbacks, request: Request) -> list[dict[str, Any]]:
    """The elements that say something; one that fails is logged, and the others are shown."""
    shown = []
    for element in list(callbacks.elements):
        html = _element(element, request)
        if html is not None:
            shown.append({"module": element.module, "name": element.name, "ordering": element.ordering, "html": html})
    return shown


def _element(element: Element, request: Request) -> str | None:
    try:
        html = element.callback(**request.by_keyword())
    except (Exception, SystemExit):
        _log.exception("The dashboard element %s | %s failed.", element.module, element.name)
        return None
    return None if html is None else _text(html)


def element(callbacks: Callbacks, number: int, request: Request) -> dict[str, Any]:
    """One element and the headers that go with it; ``Refused`` where there is none of that number, or it fails."""
    found = next((one for one in list(callbacks.elements) if one.number == number), None)
    if found is None:
        raise Refused("The script has taken this dashboard element away, or has begun anew: load the page again.")
    try:
        html = found.callback(**request.by_keyword())
    except (Exception, SystemExit):
        _log.exception("The dashboard element %s | %s failed.", found.module, found.name)
        raise Refused("The script failed here; the log says how.") from None
    return {"html": None if html is None else _text(html), "headers": headers(callbacks, request)}


def headers(callbacks: Callbacks, request: Request) -> list[str]:
    """What registered headers put into the head of a page; one that fails is logged and left out."""
    found = []
    for callback in list(callbacks.headers):
        try:
            html = _called(callback, request)
        except (Exception, SystemExit):
            _log.exception("The web header %r failed.", callback)
            continue
        if html:
            found.append(_text(html))
    return found


def _called(callback: Any, request: Request) -> Any:
    return callback(*request.by_position())


def call(callbacks: Callbacks, request: Request) -> dict[str, Any]:
    """Call the method at the path: a RAW one's type, octets and headers, or another one's HTML.

    Raises ``Refused`` where there is none, where it fails, and where it answers with nothing of its kind.
    """
    method = callbacks.methods.get(request.path)
    if method is None:
        raise Refused(f"There is no web method at {request.path!r:.200}.")
    try:
        if method.display_mode not in {WEB_METHOD_DASHBOARD, WEB_METHOD_TEMPLATE}:
            return _raw(_positional(method, request))
        html = method.callback(**request.by_keyword())
    except Refused:
        raise  # The server's own method has its words already.
    except (Exception, SystemExit):
        _log.exception("The web method at %s failed.", method.path)
        raise Refused(f"The web method at {method.path} failed; the log says how.") from None
    return {
        "display_mode": method.display_mode,
        "html": None if html is None else _text(html),
        "headers": headers(callbacks, request),
    }


def _positional(method: Method, request: Request) -> Any:
    """By position, as promised; a callback that has but keywords is called by these."""
    code = getattr(method.callback, "__code__", None)
    if code is not None and code.co_argcount == 0 and code.co_flags & 0x08:
        return method.callback(**request.by_keyword())
    return method.callback(*request.by_position())


def _raw(answer: Any) -> dict[str, Any]:
    if not isinstance(answer, tuple | list):
        raise TypeError(f"The answer is {answer!r:.80}; right is (mimetype, data) or (mimetype, data, headers).")
    mimetype, data, *more = answer
    if not isinstance(data, str | bytes | bytearray | memoryview):
        raise TypeError(f"The data of the answer is {data!r:.80}; right is text or bytes.")
    octets = data.encode("utf-8", "replace") if isinstance(data, str) else bytes(data)
    if len(octets) > _ANSWER_MAX:
        raise ValueError(f"The answer has {len(octets)} octets, of {_ANSWER_MAX} that it may have.")
    extra: Iterable[Any] = ()
    if more and more[0]:
        extra = more[0].items() if isinstance(more[0], Mapping) else more[0]
    return {
        "display_mode": WEB_METHOD_RAW,
        "mimetype": _text(mimetype),
        "data": base64.b64encode(octets).decode(),
        "headers": [[_text(name), _text(value)] for name, value in extra],
    }
