"""What the site's script shows in the web: its methods and dashboard elements, listed and called.

HTML and raw answers are the script's own words, and often a client's: whoever shows them keeps them in a sandbox.
"""

from __future__ import annotations

import base64
import html
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from app.services.access import Principal, Role
from app.services.appliance import Appliance
from app.services.moments import Remembered
from app.services.own_paths import fault_of
from dhcpcore.control import ControlRefused, EngineAway
from dhcpcore.control.verbs import LOG_LINES_MAX
from dhcpcore.errors import LessorError, NotFound
from dhcpcore.store import audit

Mode = Literal["raw", "template", "dashboard"]
#: The script's own numbers for them.
_MODES: Mapping[int, Mode] = {1: "dashboard", 2: "template"}
#: A script that registers something is heard of so late.
_REMEMBERED_S = 1.0
_LEVELS = {"DEBUG": "debug", "INFO": "info", "WARN": "warning", "WARNING": "warning", "ERROR": "error",
           "CRITICAL": "error"}  # fmt: skip


class ScriptFailed(LessorError):
    """A method or an element raised, took too long, or answered with what is no answer; the engine's log says how."""


class ScriptAway(LessorError):
    """There is a script, and its process does not run at the moment."""


@dataclass(frozen=True, slots=True)
class Method:
    """What answers at a path.  ``fault``: why it does not, empty where it does."""

    path: str
    module: str
    name: str
    mode: Mode
    hidden: bool
    secure: bool
    confirm: bool
    cacheable: bool
    built_in: str
    fault: str

    @property
    def asks(self) -> bool:
        """Whether it acts only on what is sent, and pages ask their reader first."""
        return self.confirm or bool(self.built_in)

    @property
    def role(self) -> Role:
        """Who may call it."""
        return Role.OPERATOR if self.secure or self.built_in else Role.VIEWER


@dataclass(frozen=True, slots=True)
class Element:
    """A part of the dashboard.  ``built_in``: ``log`` is drawn by the pages."""

    number: int
    module: str
    name: str
    ordering: int
    built_in: str


@dataclass(frozen=True, slots=True)
class Surface:
    """What a conf.py's parameters say of the web."""

    realm: str = "staticDHCPd"  #: SYSTEM_NAME, as a header can carry it.
    folder: bool = False  #: It is a whole staticDHCPd configuration.
    digest: bool = False  #: It sets a name and a password for HTTP Digest.
    dashboard_secure: bool = False
    log_lines: int = 0
    log_level: str = "info"
    log_height: int | None = None


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All that a script has registered, as it told last."""

    running: bool
    failure: str  #: Why it does not run.
    kept: str = ""  #: Why its files do not begin any more, and what runs is the text that it last began from.
    methods: tuple[Method, ...] = ()
    elements: tuple[Element, ...] = ()
    hooks: tuple[str, ...] = ()
    headers: int = 0
    ticks: int = 0
    statistics: int = 0
    surface: Surface = field(default_factory=Surface)

    def method(self, path: str) -> Method | None:
        """What answers there."""
        return next((one for one in self.methods if one.path == path and not one.fault), None)

    def may_see_elements(self, role: Role) -> bool:
        """Elements are for everybody who is logged in, unless the script says that they are secure."""
        return role >= (Role.OPERATOR if self.surface.dashboard_secure else Role.VIEWER)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a callback is told of a request."""

    queryargs: Mapping[str, list[str]] = field(default_factory=dict)
    mimetype: str | None = None
    data: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def as_arguments(self) -> dict[str, Any]:
        """As the control channel carries it."""
        data = None if self.data is None else base64.b64encode(self.data).decode()
        said = {"queryargs": dict(self.queryargs), "mimetype": self.mimetype, "data": data,
                "headers": dict(self.headers)}  # fmt: skip
        return {name: value for name, value in said.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Raw:
    """A whole answer."""

    mimetype: str
    data: bytes
    headers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Html:
    """A piece of a page, and what belongs into the head of that page; ``body`` None: the script says nothing."""

    body: str | None
    headers: tuple[str, ...]


def catalogue(appliance: Appliance) -> Catalogue | None:
    """What the running engine's script has registered; None where it has no script.  Raises ``EngineAway``."""
    try:
        told = appliance.engine.call("script-registry")
    except ControlRefused:
        return None
    return _catalogue(told)


class RememberedCatalogue:
    """The catalogue for all who ask at once, and what was known of it before the engine went away."""

    def __init__(self, appliance: Appliance) -> None:
        self._lock = threading.Lock()
        self._last: Catalogue | None = None
        self._expected = appliance.settings.script is not None
        self._remembered = Remembered(lambda: self._find(appliance), _REMEMBERED_S)

    def get(self) -> Catalogue | None:
        """The script's; None where there is none, or the engine is away."""
        return self._remembered.get()[0]

    def lost(self, path: str) -> bool:
        """Whether the engine is away, and its script answers at ``path``, or may.

        Who asks there is not told for good that there is nothing.
        """
        found, is_away = self._remembered.get()
        if found is not None or not is_away:
            return False
        return self._expected if self._last is None else self._last.method(path) is not None

    def _find(self, appliance: Appliance) -> tuple[Catalogue | None, bool]:
        try:
            found = catalogue(appliance)
        except EngineAway:
            return None, True
        with self._lock:
            self._last = found
        return found, False


def method_at(appliance: Appliance, path: str) -> Method:
    """The method at a path; ``NotFound`` where there is none that answers."""
    found = catalogue(appliance)
    if found is None:
        raise NotFound("The engine has no script: the setting script names its conf.py.")
    known = next((one for one in found.methods if one.path == path), None)
    if known is None:
        raise NotFound(f"The script has no web method at {path:.200}.")
    if known.fault:
        raise NotFound(f"The script's web method at {path:.200} does not answer: {known.fault}")
    if not found.running:
        raise away(found)
    return known


def away(found: Catalogue) -> ScriptAway:
    """That it does not run, and why."""
    return ScriptAway(f"The script does not run at the moment: {found.failure or 'it is just beginning'}.")


def call(appliance: Appliance, method: Method, asked: Asked, *, by: Principal | None) -> Raw | Html:
    """Call a method.  ``by`` None: a stranger, whom a setting lets in.  Raises ``ScriptFailed`` and ``Forbidden``.

    What acts, because something is sent or because it asks for a confirmation, is a row of the audit.
    """
    if by is not None:
        by.must_be(method.role)
    arguments = {"path": method.path, "request": asked.as_arguments()}
    if by is not None and (method.asks or asked.data is not None):
        told = _done(appliance, "script-call", arguments, by, "script.call", f"method {method.path}")
    else:
        told = _tell(appliance, "script-call", **arguments)
    if told.get("display_mode") in _MODES:
        return _html(told, "html")
    return Raw(str(told.get("mimetype", "")), base64.b64decode(str(told.get("data", ""))),
               tuple((str(name), str(value)) for name, value in told.get("headers", ())))  # fmt: skip


def element(appliance: Appliance, found: Catalogue, number: int, asked: Asked, *, by: Principal) -> Html:
    """One dashboard element.  Raises ``ScriptFailed`` and ``Forbidden``."""
    by.must_be(Role.OPERATOR if found.surface.dashboard_secure else Role.VIEWER)
    if not found.running:
        raise away(found)
    return _html(_tell(appliance, "script-element", number=number, request=asked.as_arguments()), "html")


def reinitialise(appliance: Appliance, *, by: Principal) -> None:
    """Have the script reinitialise.  Raises ``ScriptFailed`` with what failed."""
    by.must_be(Role.OPERATOR)
    _done(appliance, "script-reinitialise", {}, by, "script.reinitialise", "script")


def state(appliance: Appliance) -> Mapping[str, Any]:
    """How the script's process does: path, running, pid, started, overruns, deaths and more.

    Only ``configured``, False, where there is no script.
    """
    told: Mapping[str, Any] = appliance.engine.call("script")
    return told


def _done(appliance: Appliance, verb: str, arguments: Mapping[str, Any], by: Principal, action: str, what: str,
          ) -> Mapping[str, Any]:
    """Tell the engine, and the audit who had it done; what failed may have been done in part, and is a row, too."""
    try:
        told = _tell(appliance, verb, **arguments)
    except ScriptFailed as error:
        _record(appliance, by, action, what, {"failed": str(error)})
        raise
    _record(appliance, by, action, what)
    return told


def _record(appliance: Appliance, by: Principal, action: str, what: str, after: Mapping[str, str] | None = None,
            ) -> None:
    now = int(appliance.database.now())
    with appliance.database.writer(durable=False) as connection:
        audit.record(connection, actor=by.name, action=action, what=what, now=now, after=after)


def _tell(appliance: Appliance, verb: str, **arguments: Any) -> Mapping[str, Any]:
    try:
        told: Mapping[str, Any] = appliance.engine.call(verb, **arguments)
    except ControlRefused as error:
        raise ScriptFailed(str(error)) from None
    return told


def _html(told: Mapping[str, Any], name: str) -> Html:
    body = told.get(name)
    return Html(None if body is None else str(body), tuple(map(str, told.get("headers", ()))))


def _catalogue(told: Mapping[str, Any]) -> Catalogue:
    web = told.get("web", {})
    height = web.get("log_height")
    surface = Surface(
        str(web.get("realm", "")), bool(web.get("folder")), bool(web.get("digest")),
        bool(web.get("dashboard_secure")), min(int(web.get("log_lines", 0)), LOG_LINES_MAX),
        _LEVELS.get(str(web.get("log_level", "")).upper(), "info"), None if height is None else int(height),
    )  # fmt: skip
    return Catalogue(
        running=bool(told.get("running")), failure=str(told.get("failure") or ""), kept=str(told.get("kept") or ""),
        methods=tuple(map(_method, told.get("methods", ()))), elements=tuple(map(_element, told.get("elements", ()))),
        hooks=tuple(map(str, told.get("hooks", ()))), headers=int(told.get("headers", 0)),
        ticks=int(told.get("ticks", 0)), statistics=int(told.get("statistics", 0)), surface=surface,
    )  # fmt: skip


def _method(told: Mapping[str, Any]) -> Method:
    path = str(told["path"])
    return Method(
        path, _text(told.get("module")), _text(told.get("name")), _MODES.get(told.get("display_mode", 3), "raw"),
        bool(told.get("hidden")), bool(told.get("secure")), bool(told.get("confirm")), bool(told.get("cacheable")),
        str(told.get("built_in", "")), fault_of(path),
    )  # fmt: skip


def _element(told: Mapping[str, Any]) -> Element:
    return Element(int(told["number"]), _text(told.get("module")), _text(told.get("name")), int(told["ordering"]),
                   str(told.get("built_in", "")))  # fmt: skip


def _text(value: Any) -> str:
    """The registry escapes names for old pages; ours do so themselves, and trust nobody."""
    return "" if value is None else html.unescape(str(value))
