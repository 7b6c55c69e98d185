"""What USE_CACHE remembers of a script's database: in memory, in a file, or at a memcached server."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import pwd
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from dhcpcore.errors import LessorError
from dhcpcore.script.compat.caching import Cache, Remembered
from dhcpcore.script.compat.definition import Definition
from dhcpcore.script.namespace import SIMULATED

_log = logging.getLogger("conf")

#: Clients that are remembered in memory.
MEMORY_MAX = 65_536
#: Seconds that the in-process caches believe what they remember.
BELIEVED_S = 300.0
_FIELDS = ("ip", "lease_time", "subnet", "serial", "hostname", "gateways", "subnet_mask", "broadcast_address",
           "domain_name", "domain_name_servers", "ntp_servers")  # fmt: skip
#: memcached takes more seconds for a date.
_AGE_S_MAX = 30 * 86_400


class Memory:
    """In this process; and in ``behind``, which is written too and was read from."""

    believed_s = BELIEVED_S

    def __init__(self, behind: Cache | None = None, known: Mapping[str, Remembered] | None = None) -> None:
        self._known = OrderedDict(known or {})
        self._behind = behind
        self._lock = threading.Lock()

    def get(self, mac: str) -> Remembered | None:
        """As ``Cache`` has it."""
        with self._lock:
            return self._known.get(mac)

    def put(self, mac: str, known: Remembered) -> None:
        """The one that was put first goes where there is no more room."""
        with self._lock:
            self._known[mac] = known
            self._known.move_to_end(mac)
            if len(self._known) > MEMORY_MAX:
                self._known.popitem(last=False)
        if self._behind is not None:
            self._behind.put(mac, known)

    def forget(self, mac: str) -> None:
        """As ``Cache`` has it."""
        with self._lock:
            known = self._known.pop(mac, None)
        if self._behind is not None and known is not None:
            self._behind.forget(mac)

    def clear(self) -> None:
        """As ``Cache`` has it."""
        with self._lock:
            self._known.clear()
        if self._behind is not None:
            self._behind.clear()


def cache_of(parameters: Mapping[str, Any], beside: Callable[[str], Path], database: str) -> Cache:
    """As CACHING_MODEL, DISK_CACHE and their kin say; ``LessorError`` where they make no sense.

    ``beside`` makes a path of one that is relative to the script; ``database`` is what is remembered of: another one
    finds nothing in the same file or server.  What is simulated leaves no trace.
    """
    model = parameters["CACHING_MODEL"]
    if model not in ("in-process", "memcached"):
        raise LessorError(f"CACHING_MODEL is {model!r:.80}; right is 'in-process' or 'memcached'.")
    if SIMULATED in os.environ:
        return Memory()
    site = _site(parameters, database)
    if model == "memcached":
        return _memcached(parameters, site)
    return _in_process(parameters["DISK_CACHE"], parameters["DISK_CACHE_PERSISTENT"], beside, site)


def _memcached(parameters: Mapping[str, Any], site: str) -> Cache:
    from dhcpcore.script.memcached import Memcached  # noqa: PLC0415 - Who has none does not load it.

    host, port, age_s = (parameters[f"MEMCACHED_{name}"] for name in ("HOST", "PORT", "AGE_TIME"))
    if not isinstance(host, str) or not host:
        raise LessorError("CACHING_MODEL is memcached, and MEMCACHED_HOST names no server.")
    for name, value, most in (("PORT", port, 65_535), ("AGE_TIME", age_s, _AGE_S_MAX)):
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
            raise LessorError(f"MEMCACHED_{name} is {value!r:.80}; right is a whole number from 1 to {most}.")
    return Memcached(host, port, age_s, site)


def _in_process(on_disk: Any, path: Any, beside: Callable[[str], Path], site: str) -> Cache:
    from dhcpcore.script.cache_file import CacheFile  # noqa: PLC0415

    if not on_disk and not path:
        return Memory()
    if path and not isinstance(path, str | os.PathLike):
        raise LessorError(f"DISK_CACHE_PERSISTENT is {path!r:.80}; right is the path of a file, or None.")
    name = str(beside(os.fspath(path))) if path else ""
    try:
        file = CacheFile(name, site)
        return file if on_disk else Memory(file, file.newest(MEMORY_MAX))
    except OSError as error:
        _log.error(
            "DISK_CACHE_PERSISTENT: %s cannot be used by %s, whom the script runs as (%s): what is found is remembered "
            "in memory. Name a file in a folder where it may write.", name or "a temporary file", _own_name(), error,
        )  # fmt: skip
        return Memory()


def _site(parameters: Mapping[str, Any], database: str) -> str:
    """A short name of the database, the same for every server that has it."""
    said = sorted(
        (name, repr(value)) for name, value in parameters.items()
        if name.startswith((f"{database.upper()}_", "EXTRA_")) and "PASSWORD" not in name
    )  # fmt: skip
    return hashlib.sha256(json.dumps([database, said]).encode()).hexdigest()[:16]


def _own_name() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def packed(known: Remembered) -> str:
    """As text; ``TypeError`` for what text cannot carry, such as an object of the script's own in ``extra``."""
    several = isinstance(known.found, list | tuple)
    rows = []
    for one in known.found if several else (known.found,):
        if type(one) is not Definition:
            raise TypeError(f"{type(one).__name__} is no Definition.")
        extra = json.dumps(one.extra)
        if json.loads(extra) != one.extra:
            raise TypeError("What stands in extra would become something else.")
        rows.append([_value(getattr(one, name)) for name in _FIELDS] + [one.extra])
    return json.dumps([known.at, several, rows], separators=(",", ":"))


def unpacked(text: str | bytes) -> Remembered:
    """The same again; ``ValueError`` or ``TypeError`` where it is nothing that was packed."""
    at, several, rows = json.loads(text)
    found = [Definition(*row) for row in rows]
    return Remembered(float(at), found if several else found[0])


def _value(value: Any) -> Any:
    if isinstance(value, list):
        return ",".join(map(str, value))
    return value if isinstance(value, int | None) else str(value)
