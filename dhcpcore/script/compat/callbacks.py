"""The registry of callbacks, by the names that scripts call it: ticks, reinitialisation, statistics and the web.

A second registration is refused with an error in the log, and the first one stays.  Callbacks are compared for
equality, so that a bound method is the same each time; they run on a copy of the list, and may
register others.
"""

from __future__ import annotations

import html
import itertools
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_log = logging.getLogger("callbacks")

WEB_METHOD_DASHBOARD, WEB_METHOD_TEMPLATE, WEB_METHOD_RAW = 1, 2, 3

Callback = Callable[..., Any]

#: What one script may register; one that registers without end is told so, and its pages stay usable.
METHODS_MAX, ELEMENTS_MAX, HEADERS_MAX = 1000, 100, 50


@dataclass(slots=True)
class Element:
    """A part of the dashboard."""

    module: str
    name: str
    callback: Callback
    ordering: int
    number: int  #: By which the pages ask for it.
    built_in: str = ""  #: What the server itself draws there: ``log``.


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
    built_in: str = ""  #: What the server itself does there: ``reinitialise``.


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
        self.changes = 0  #: How often what the pages show has changed.
        self._numbers = itertools.count(1)

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
        if len(self.headers) >= HEADERS_MAX:
            _log.error("There are %d web headers already, as many as there may be.", HEADERS_MAX)
            return
        _add(self.headers, callback, "web header")
        self.changes += 1

    def webRemoveHeader(self, callback: Callback) -> bool:
        """No more; whether it was registered."""
        self.changes += 1
        return _remove(self.headers, callback, "web header")

    def webAddDashboard(self, module: str, name: str, callback: Callback, ordering: int | None = None) -> None:
        """Put what it returns into the dashboard, by ascending ``ordering``; None: after all that are there."""
        if any(element.callback == callback for element in self.elements):
            _log.error("The dashboard element %s | %s is registered already.", module, name)
            return
        if len(self.elements) >= ELEMENTS_MAX:
            _log.error("There are %d dashboard elements already, as many as there may be.", ELEMENTS_MAX)
            return
        if ordering is None:
            ordering = max((element.ordering for element in self.elements), default=-1) + 1
        self._put(Element(html.escape(str(module)), html.escape(str(name)), callback, int(ordering), 0))

    def put_built_in(self, built_in: str, module: str, name: str, ordering: int) -> None:
        """An element that the server's own pages draw; scripts cannot, and may remove it."""
        self._put(Element(module, name, _drawn_by_the_pages, ordering, 0, built_in))

    def _put(self, element: Element) -> None:
        element.number = next(self._numbers)
        self.elements.append(element)
        self.elements.sort(key=lambda one: (one.ordering, one.module, one.name))
        self.changes += 1

    def webRemoveDashboard(self, callback: Callback) -> bool:
        """No more; whether it was registered."""
        kept = [element for element in self.elements if element.callback != callback]
        found = len(kept) < len(self.elements)
        self.elements = kept
        self.changes += 1
        return found or _missing(callback, "dashboard element")

    def webAddMethod(
        self, path: str, callback: Callback, cacheable: bool = False, hidden: bool = True, secure: bool = False,
        module: str | None = None, name: str | None = None, confirm: bool = False,
        display_mode: int = WEB_METHOD_RAW,
    ) -> None:  # fmt: skip
        """Answer with it at ``path``."""
        path = str(path)
        if path in self.methods:
            _log.error("There is a web method at %s already.", path)
            return
        if len(self.methods) >= METHODS_MAX:
            _log.error("There are %d web methods already, as many as there may be.", METHODS_MAX)
            return
        self.put_method(Method(
            path, callback, bool(cacheable), bool(hidden), bool(secure),
            None if module is None else html.escape(str(module)), None if name is None else html.escape(str(name)),
            bool(confirm), int(display_mode),
        ))  # fmt: skip

    def put_method(self, method: Method) -> None:
        """The same, of the server's own."""
        self.methods[method.path] = method
        self.changes += 1

    def webRemoveMethod(self, path: str) -> bool:
        """No more; whether there was one."""
        self.changes += 1
        return self.methods.pop(str(path), None) is not None or _missing(path, "web method")


def _drawn_by_the_pages(**_: Any) -> None:
    """A script that has all elements made gets nothing of it."""


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
