"""The registry of callbacks, by the names that scripts call it: ticks, reinitialisation, statistics and the web.

A second registration is refused with an error in the log, and the first one stays.  Callbacks are compared for
equality, so that a bound method is the same each time; they run on a copy of the list, and may
register others.
"""

from __future__ import annotations

import html
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_log = logging.getLogger("callbacks")

WEB_METHOD_DASHBOARD, WEB_METHOD_TEMPLATE, WEB_METHOD_RAW = 1, 2, 3

Callback = Callable[..., Any]


@dataclass(slots=True)
class Element:
    """A part of the dashboard."""

    module: str
    name: str
    callback: Callback
    ordering: int


@dataclass(slots=True)
class Method:
    """What answers at a path."""

    path: str
    callback: Callback
    cacheable: bool
    hidden: bool
    secure: bool
    module: str | None
    name: str | None
    confirm: bool
    display_mode: int


class Callbacks:
    """What a conf.py knows as ``callbacks``."""

    WEB_METHOD_DASHBOARD = WEB_METHOD_DASHBOARD
    WEB_METHOD_TEMPLATE = WEB_METHOD_TEMPLATE
    WEB_METHOD_RAW = WEB_METHOD_RAW

    def __init__(self) -> None:
        self.ticks: list[Callback] = []
        self.reinits: list[Callback] = []
        self.statistics: list[Callback] = []
        self.headers: list[Callback] = []
        self.elements: list[Element] = []
        self.methods: dict[str, Method] = {}
        self.highest: int | None = None  #: Of the elements that the server itself has.

    def systemAddReinitHandler(self, callback: Callback) -> None:
        """Call it, without arguments, when the script is reinitialised."""
        _add(self.reinits, callback, "reinitialisation handler")

    def systemRemoveReinitHandler(self, callback: Callback) -> bool:
        """No more; whether it was registered."""
        return _remove(self.reinits, callback, "reinitialisation handler")

    def systemAddTickHandler(self, callback: Callback) -> None:
        """Call it, without arguments, about once a second."""
        _add(self.ticks, callback, "tick handler")

    def systemRemoveTickHandler(self, callback: Callback) -> bool:
        """No more; whether it was registered."""
        return _remove(self.ticks, callback, "tick handler")

    def statsAddHandler(self, callback: Callback) -> None:
        """Call it with a ``Statistics`` for each packet."""
        _add(self.statistics, callback, "statistics handler")

    def statsRemoveHandler(self, callback: Callback) -> bool:
        """No more; whether it was registered."""
        return _remove(self.statistics, callback, "statistics handler")

    def webAddHeader(self, callback: Callback) -> None:
        """Put what it returns into the head of the pages."""
        _add(self.headers, callback, "web header")

    def webRemoveHeader(self, callback: Callback) -> bool:
        """No more; whether it was registered."""
        return _remove(self.headers, callback, "web header")

    def webAddDashboard(self, module: str, name: str, callback: Callback, ordering: int | None = None) -> None:
        """Put what it returns into the dashboard, by ascending ``ordering``; None: after all that are there."""
        if any(element.callback == callback for element in self.elements):
            _log.error("The dashboard element %s | %s is registered already.", module, name)
            return
        if ordering is None:
            numbers = [element.ordering for element in self.elements]
            if self.highest is not None:
                numbers.append(self.highest)
            ordering = max(numbers) + 1 if numbers else 0
        self.elements.append(Element(html.escape(str(module)), html.escape(str(name)), callback, ordering))
        self.elements.sort(key=lambda element: (element.ordering, element.module, element.name))

    def webRemoveDashboard(self, callback: Callback) -> bool:
        """No more; whether it was registered."""
        kept = [element for element in self.elements if element.callback != callback]
        found = len(kept) < len(self.elements)
        self.elements = kept
        return found or _missing(callback, "dashboard element")

    def webAddMethod(
        self, path: str, callback: Callback, cacheable: bool = False, hidden: bool = True, secure: bool = False,
        module: str | None = None, name: str | None = None, confirm: bool = False,
        display_mode: int = WEB_METHOD_RAW,
    ) -> None:  # fmt: skip
        """Answer with it at ``path``."""
        if path in self.methods:
            _log.error("There is a web method at %s already.", path)
            return
        self.methods[path] = Method(
            path, callback, bool(cacheable), bool(hidden), bool(secure),
            None if module is None else html.escape(str(module)), None if name is None else html.escape(str(name)),
            bool(confirm), display_mode,
        )  # fmt: skip

    def webRemoveMethod(self, path: str) -> bool:
        """No more; whether there was one."""
        return self.methods.pop(path, None) is not None or _missing(path, "web method")


def _add(registered: list[Callback], callback: Callback, what: str) -> None:
    if callback in registered:
        _log.error("The %s %r is registered already.", what, callback)
    else:
        registered.append(callback)


def _remove(registered: list[Callback], callback: Callback, what: str) -> bool:
    if callback not in registered:
        return _missing(callback, what)
    registered.remove(callback)
    return True


def _missing(callback: object, what: str) -> bool:
    _log.error("The %s %r is not registered.", what, callback)
    return False
