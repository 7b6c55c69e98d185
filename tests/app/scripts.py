"""A pretend engine with a script, for the tests of what its methods and elements look like from outside."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

from app import context
from app.services.access import Role
from dhcpcore.control import ControlRefused, EngineAway
from dhcpcore.script.digest import is_right
from dhcpcore.script.parameters import Loaded
from dhcpcore.settings import Settings
from dhcpcore.store.database import Database
from tests.app.site import session_cookie, web, with_form_field

SAID = {"WEB_DIGEST_USERNAME": "ann", "WEB_DIGEST_PASSWORD": "secret", "SYSTEM_NAME": 'the "site"'}
STATE = {"configured": True, "path": "/etc/lessor/conf.py", "running": True, "pid": 1, "failure": None, "kept": "",
         "waiting": 0, "started": 1, "overruns": 0, "deaths": 0, "questions": 0, "failed": 0, "lines_dropped": 0}


def method(path: str, mode: int = 3, **changes: Any) -> dict[str, Any]:
    return {"path": path, "module": None, "name": None, "hidden": True, "secure": False, "confirm": False,
            "cacheable": False, "display_mode": mode, "built_in": "", **changes}


def element(number: int, name: str, ordering: int, built_in: str = "") -> dict[str, Any]:
    return {"number": number, "module": "m", "name": name, "ordering": ordering, "built_in": built_in}


class EngineWithScript:
    """Answers as an engine does whose script has registered ``methods`` and ``elements``.

    ``results``: what a path or an element's number gives; an exception is raised.
    """

    def __init__(self, *methods: dict[str, Any], elements: Any = (), results: dict[Any, Any] | None = None,
                 **web: Any) -> None:
        self.methods, self.elements, self.results = list(methods), list(elements), results or {}
        self.web = {"realm": "the 'site'", "folder": False, "digest": False, "dashboard_secure": False,
                    "log_lines": 200, "log_level": "INFO", "log_height": 300, **web}
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.running, self.is_away, self.configured, self.kept = True, False, True, ""

    def call(self, verb: str, **arguments: Any) -> Any:
        if self.is_away:
            raise EngineAway("No engine answers.")
        if verb == "status":
            return {"script": self.configured, "ready": True}
        if verb == "script" and not self.configured:
            return {"configured": False}
        if verb.startswith("script-") and not self.configured:
            raise ControlRefused("refused", "The engine has no script.")
        if verb == "script":
            return {**STATE, "running": self.running}
        if verb == "script-registry":
            return {"methods": self.methods, "elements": self.elements, "web": self.web, "hooks": ["filterPacket"],
                    "headers": 0, "ticks": 0, "statistics": 0, "running": self.running,
                    "failure": None if self.running else "it ended", "kept": self.kept}
        if verb == "log":
            return {"lines": [{"id": 1, "logged_at": 1.0, "level": "info", "logger": "conf", "text": "<b>a line</b>"}],
                    "last": 1, "lost": 0}
        if not verb.startswith("script-"):
            return {}
        self.calls.append((verb, arguments))
        if verb == "script-digest":
            return {"right": is_right(Loaded(SAID, frozenset()), arguments["fields"])}
        found = self.results.get(arguments.get("path", arguments.get("number")), ("text/plain", "said"))
        if isinstance(found, Exception):
            raise found
        if isinstance(found, str) or found is None:
            return {"display_mode": 2, "html": found, "headers": ["<meta name='h'>"]}
        mimetype, data, *more = found
        octets = data if isinstance(data, bytes) else data.encode()
        return {"display_mode": 3, "mimetype": mimetype, "data": base64.b64encode(octets).decode(),
                "headers": more[0] if more else []}

    @property
    def called(self) -> list[str]:
        """What was called, without what was asked of the registry."""
        return [told.get("path", told.get("number")) for _, told in self.calls if "fields" not in told]


def refused(text: str = "The web method at /x failed; the log says how.") -> ControlRefused:
    return ControlRefused("refused", text)


class Desk:
    """One application for all tests of a module, since making one takes longer than most of them.

    Each test has an engine and settings of its own, and nothing that is remembered of those before.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self._app = web(database, role=None).application
        self._cookies = {role: session_cookie(database, role) for role in Role}

    def browser(self, engine: Any, *, role: Role | None = Role.ADMIN, **settings: Any) -> FlaskClient:
        """As ``tests.app.site.web``."""
        before = self._app.extensions["lessor"].appliance
        chosen = Settings(database_url=before.settings.database_url, **settings)
        context.install(self._app.extensions, replace(before, engine=engine, settings=chosen))
        client = self._app.test_client()
        if role is not None:
            client.set_cookie("lessor", self._cookies[role])
        with_form_field(client)
        return client

    def clean(self) -> None:
        """What a test has left."""
        with self.database.writer() as connection:
            for table in ("audit", "login_failure", "spent_nonce", "token"):
                connection.exec_driver_sql(f"DELETE FROM {table}")
            connection.exec_driver_sql("UPDATE account SET must_change = 0")


@contextmanager
def a_desk(folder: Path, migrated_file: Path) -> Iterator[Desk]:
    """On a database of its own in ``folder``."""
    shutil.copy(migrated_file, folder / "lessor.db")
    database = Database(f"sqlite:///{folder}/lessor.db")
    yield Desk(database)
    database.dispose()
