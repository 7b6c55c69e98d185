"""HTTP Digest (RFC 7616) for programs that knew a script's pages before: nonces that serve once, and for two minutes.

A nonce says when it was made and is signed, so that strangers who ask leave nothing in the database; one that has
served is a row there, so that it serves once for all web processes.
"""

from __future__ import annotations

import enum
import hashlib
import hmac
import secrets
from collections.abc import Mapping

from app.services import sessions
from app.services.appliance import Appliance
from app.services.throttle import Attempt
from dhcpcore.control import ControlRefused
from dhcpcore.store import nonces

#: Seconds that a nonce is good for.
NONCE_S = 120
#: Of the fields of an answer; a name or a path of a kilobyte is somebody who tries something.
_FIELD_MAX = 2048
FIELDS = ("username", "realm", "nonce", "uri", "qop", "nc", "cnonce", "response")


class Outcome(enum.Enum):
    """What an answer to a challenge is worth."""

    RIGHT = "right"
    STALE = "stale"  #: Name and password are right; the nonce has served, or is too old.
    WRONG = "wrong"


def nonce(appliance: Appliance) -> str:
    """A new one."""
    stem = f"{int(appliance.database.now()):x}-{secrets.token_hex(12)}"
    return f"{stem}-{_signature(appliance, stem)}"


def look(appliance: Appliance, fields: Mapping[str, str], *, method: str, address: str) -> Outcome:
    """What an answer is worth.  Guesses are counted as wrong passwords are: raises ``TooManyAttempts``."""
    said = {name: fields.get(name, "") for name in FIELDS}
    if any(len(value) > _FIELD_MAX for value in said.values()):
        return Outcome.WRONG
    now = int(appliance.database.now())
    attempt = Attempt.begin(appliance.database, f"digest {said['username']}", address, now)
    try:
        told = appliance.engine.call("script-digest", fields={**said, "method": method})
    except ControlRefused:
        return Outcome.WRONG
    if told.get("right") is not True:
        return Outcome.WRONG
    made = _made_at(appliance, said["nonce"])
    if made is None or not 0 <= now - made <= NONCE_S:
        return Outcome.STALE
    with appliance.database.writer(durable=False) as connection:
        spent = nonces.spend(connection, said["nonce"], now, before=now - 2 * NONCE_S)
    if not spent:
        return Outcome.STALE
    attempt.succeeded()  # Not of an answer that somebody overheard: with it a guesser would be forgiven for ever.
    return Outcome.RIGHT


def _made_at(appliance: Appliance, said: str) -> int | None:
    stem, _, signature = said.rpartition("-")
    if not hmac.compare_digest(signature.encode(errors="replace"), _signature(appliance, stem).encode()):
        return None
    return int(stem.partition("-")[0], 16)


def _signature(appliance: Appliance, stem: str) -> str:
    key = b"digest nonce " + sessions.form_key(appliance)
    return hmac.new(key, stem.encode(errors="replace"), hashlib.sha256).hexdigest()[:32]
