"""HTTP Digest (RFC 7616) with the name and the password of a conf.py: whether an answer is right.

MD5, because that is what the programs speak that staticDHCPd's pages were asked by.  Nonces are the web's business.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from dhcpcore.script.parameters import Loaded

#: A name of a kilobyte is no name.
_REALM_MAX = 200


def realm_of(system_name: str) -> str:
    """SYSTEM_NAME as a quoted string of a header can carry it, and every client reads it alike."""
    plain = system_name.replace('"', "'").replace("\\", "/")
    return "".join(letter if " " <= letter <= "~" else "?" for letter in plain)[:_REALM_MAX]


def is_right(loaded: Loaded, fields: Mapping[str, Any]) -> bool:
    """Whether ``response`` was made with WEB_DIGEST_USERNAME and WEB_DIGEST_PASSWORD; never where one is not set."""
    name, password = loaded.get("WEB_DIGEST_USERNAME"), loaded.get("WEB_DIGEST_PASSWORD")
    if not name or not password:
        return False
    said = {key: str(fields.get(key, "")) for key in ("nonce", "nc", "cnonce", "qop", "uri", "method")}
    realm = realm_of(str(loaded.get("SYSTEM_NAME")))
    if said["qop"] != "auth" or not said["nonce"] or str(fields.get("realm", "")) != realm:
        return False
    secret = _md5(f"{name}:{realm}:{password}")
    request = _md5(f"{said['method']}:{said['uri']}")
    expected = _md5(":".join((secret, said["nonce"], said["nc"], said["cnonce"], "auth", request)))
    return _same(str(fields.get("response", "")), expected) and _same(str(fields.get("username", "")), str(name))


def _md5(text: str) -> str:
    return hashlib.md5(text.encode("utf-8", "surrogateescape"), usedforsecurity=False).hexdigest()


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))
