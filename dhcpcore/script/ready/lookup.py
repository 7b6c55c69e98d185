"""Definitions that another server of the site's tells over HTTP, in JSON.

It is asked with the hardware address, and answers with an object whose keys are the arguments of a ``Definition``, with
a list of such objects, or with ``null`` or 404 for a client that it does not know.
"""

from __future__ import annotations

import json
import logging
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from dhcpcore.script.compat.definition import Definition
from dhcpcore.script.compat.generic import Database
from dhcpcore.script.compat.mac import MAC

_log = logging.getLogger("conf")

#: A hook may take two seconds in all.
TIMEOUT_S = 1.5
#: Octets of an answer; one definition has some hundred.
ANSWER_MAX = 256 * 1024
#: Seconds that an answer is believed, and for which it is used where the other server does not answer any more.
CACHED_S, STALE_S = 300, 86_400
CACHED_MAX = 65_536
_KEYS = frozenset((
    "ip", "lease_time", "subnet", "serial", "hostname", "gateways", "subnet_mask", "broadcast_address", "domain_name",
    "domain_name_servers", "ntp_servers", "extra",
))  # fmt: skip
#: What older servers of the kind call it.
_RENAMED = {"gateway": "gateways"}


class HTTPDatabase(Database):
    """Asks for each packet.  ``parameters`` are sent beside the address; ``post`` False: GET, in the query."""

    def __init__(
        self, uri: str, *, parameters: Mapping[str, Any] | None = None, key: str = "mac", post: bool = True,
        headers: Mapping[str, str] | None = None, timeout_s: float = TIMEOUT_S,
    ) -> None:  # fmt: skip
        if urllib.parse.urlsplit(uri).scheme not in {"http", "https"}:
            raise ValueError(f"{uri!r} is no address of a web server: right is http://… or https://…")
        self._uri = uri
        self._parameters = dict(parameters or {})
        self._key = key
        self._post = post
        self._headers = {"Accept": "application/json", **(headers or {})}
        self._timeout_s = timeout_s
        # Nothing but these two protocols, wherever an answer would lead.
        self._opener = urllib.request.OpenerDirector()
        for handler in (
            urllib.request.ProxyHandler, urllib.request.HTTPHandler, urllib.request.HTTPSHandler,
            urllib.request.HTTPDefaultErrorHandler, urllib.request.HTTPRedirectHandler,
            urllib.request.HTTPErrorProcessor,
        ):  # fmt: skip
            self._opener.add_handler(handler())

    def lookupMAC(self, mac: MAC) -> Any:
        """A Definition, a list of them, or None.  What is no such answer raises, and its packet is not answered."""
        told = self._ask(str(mac))
        if not told:
            return None
        if isinstance(told, list):
            return [_definition(one) for one in told]
        return _definition(told)

    def _ask(self, mac: str) -> Any:
        asked = {**self._parameters, self._key: mac}
        if self._post:
            request = urllib.request.Request(  # noqa: S310 - Looked at in __init__, and the opener knows no others.
                self._uri, json.dumps(asked).encode(), {"Content-Type": "application/json", **self._headers})
        else:
            mark = "&" if urllib.parse.urlsplit(self._uri).query else "?"
            request = urllib.request.Request(  # noqa: S310 - As above.
                f"{self._uri}{mark}{urllib.parse.urlencode(asked, doseq=True)}", headers=self._headers)
        try:
            with self._opener.open(request, timeout=self._timeout_s) as answer:
                octets = answer.read(ANSWER_MAX + 1)
        except urllib.error.HTTPError as error:
            with error:
                if error.code == 404:
                    return None
                raise
        if len(octets) > ANSWER_MAX:
            raise ValueError(f"{self._uri} answered with more than {ANSWER_MAX} octets.")
        return json.loads(octets) if octets else None


class HTTPCachingDatabase(HTTPDatabase):
    """Remembers what it was told, for ``cached_s``; for a day where the other server does not answer.

    That a client is not known is remembered as well, for ``unknown_s``.
    """

    def __init__(self, uri: str, *, cached_s: float = CACHED_S, stale_s: float = STALE_S, unknown_s: float = 30,
                 clock: Callable[[], float] = time.monotonic, **more: Any) -> None:
        super().__init__(uri, **more)
        self._cached_s, self._stale_s, self._unknown_s = cached_s, stale_s, unknown_s
        self._clock = clock
        self._known: OrderedDict[MAC, tuple[float, Any]] = OrderedDict()

    def lookupMAC(self, mac: MAC) -> Any:
        """From memory, else from the other server."""
        now = self._clock()
        known = self._known.get(mac)
        if known is not None and now < known[0] + (self._cached_s if known[1] else self._unknown_s):
            return known[1]
        try:
            found = super().lookupMAC(mac)
        except Exception as error:
            if known is None or not known[1] or now >= known[0] + self._stale_s:
                raise
            _log.warning("%s is answered from what was known: %s", mac, error)
            return known[1]
        self._known[mac] = (now, found)
        self._known.move_to_end(mac)
        if len(self._known) > CACHED_MAX:
            self._known.popitem(last=False)
        return found

    def reinitialise(self) -> None:
        """Forget all of it."""
        self._known.clear()


def _definition(told: Any) -> Definition:
    if not isinstance(told, Mapping):
        raise TypeError(f"A definition is an object, and not {told!r:.100}.")
    said: dict[str, Any] = {_RENAMED.get(str(key), str(key)): value for key, value in told.items()}
    unknown = sorted(set(said) - _KEYS)
    if unknown:
        raise ValueError(f"A definition has no {unknown[0]!r:.80}; it has {', '.join(sorted(_KEYS))}.")
    return Definition(**said)
