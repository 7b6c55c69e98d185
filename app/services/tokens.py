"""Tokens of programs: ``lsr_<number>_<secret>``, with a role and an end; the database keeps the secret's SHA-256.

A random secret of 256 bits needs no slow hash: nobody can try them all.  A token may never do more than its owner may.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

from app.services.access import Principal, Role
from app.services.accounts import role_of
from app.services.appliance import Appliance
from app.services.sessions import Caller
from dhcpcore.errors import Fault, Forbidden, InvalidDocument, InvalidValue, NotFound, Refused, StoreError
from dhcpcore.store import accounts as rows
from dhcpcore.store import audit
from dhcpcore.store.accounts import Token

PAGE_MAX = 1000
TOKENS_MAX = 10_000
NAME_MAX = 100
#: A token that nobody looks after ends by itself, unless it was made without end on purpose.
DAYS_DEFAULT, DAYS_MAX = 365, 3650
#: When a token was used is written down at most so often.
USED_S = 60
_FORM = re.compile(r"lsr_([1-9][0-9]{0,17})_([A-Za-z0-9_-]{43})")
_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class TokenView:
    """One token without its secret.  ``owner`` None: made at a terminal; ``expires_at`` None: never."""

    id: int
    name: str
    role: str
    owner: str | None
    created_by: str
    created_at: int
    expires_at: int | None
    used_at: int | None
    expired: bool


@dataclass(frozen=True, slots=True)
class Made:
    """A token that was just made, with its text, which is shown once and kept nowhere."""

    token: TokenView
    secret: str


def create(appliance: Appliance, name: str, role: str, *, caller: Caller, days: int | None = DAYS_DEFAULT) -> Made:
    """Make a token of the caller's own, with at most his role, that ends after so many days; None: never."""
    caller.principal.must_be(Role.VIEWER)
    if caller.principal.how == "token":
        # Otherwise who found a token could make one that outlives it.
        caller.principal.must_be(Role.ADMIN)
    faults = []
    shown = name.strip()
    if not 1 <= len(shown) <= NAME_MAX or not shown.isprintable():
        faults.append(Fault("name", f"A token has a name of 1 to {NAME_MAX} printable characters, which says what it "
                                    "is for."))
    try:
        if role_of(role) > caller.principal.role:
            faults.append(Fault("role", f"A token has at most your own role, {caller.principal.role.word}."))
    except InvalidValue as error:
        faults.append(Fault("role", str(error)))
    if days is not None and not 1 <= days <= DAYS_MAX:
        faults.append(Fault("days", f"A token ends after 1 to {DAYS_MAX} days, or never."))
    if faults:
        raise InvalidDocument(tuple(faults))
    secret, now = secrets.token_urlsafe(32), int(appliance.database.now())
    expires_at = None if days is None else now + days * _DAY_S
    with appliance.database.writer() as connection:
        if rows.count_tokens(connection) >= TOKENS_MAX:
            raise Refused(f"There are {TOKENS_MAX} tokens already; revoke those that nobody uses.")
        token_id = rows.add_token(
            connection, account_id=caller.account_id, name=shown, role=role, digest=_digest(secret), now=now,
            created_by=caller.principal.name, expires_at=expires_at)
        made = _required(rows.token_by_id(connection, token_id), token_id)
        audit.record(connection, actor=caller.principal.name, action="token.add", what=f"token {token_id}", now=now,
                     after=_told(made))
    return Made(_view(made, now), f"lsr_{token_id}_{secret}")


def list_tokens(appliance: Appliance, *, caller: Caller, everybodys: bool = False, after: int = 0, limit: int = 100,
                ) -> tuple[TokenView, ...]:
    """The caller's tokens, or everybody's for an administrator, in the order in which they were made."""
    caller.principal.must_be(Role.ADMIN if everybodys else Role.VIEWER)
    if not 1 <= limit <= PAGE_MAX:
        raise InvalidValue(f"limit is {limit}; right is a whole number from 1 to {PAGE_MAX}.")
    if not everybodys and caller.account_id is None:
        return ()
    now = int(appliance.database.now())
    with appliance.database.reader() as connection:
        found = rows.tokens(connection, None if everybodys else caller.account_id, after, limit)
    return tuple(_view(one, now) for one in found)


def show(appliance: Appliance, token_id: int, *, caller: Caller) -> TokenView:
    """One token: one's own, or any for an administrator."""
    now = int(appliance.database.now())
    with appliance.database.reader() as connection:
        return _view(_visible(rows.token_by_id(connection, token_id), token_id, caller), now)


def revoke(appliance: Appliance, token_id: int, *, caller: Caller) -> TokenView:
    """Revoke a token at once: one's own, or any for an administrator."""
    caller.principal.must_be(Role.VIEWER)
    now = int(appliance.database.now())
    with appliance.database.writer() as connection:
        found = _visible(rows.token_by_id(connection, token_id), token_id, caller)
        if not rows.remove_token(connection, token_id):
            raise _missing(token_id)
        audit.record(connection, actor=caller.principal.name, action="token.revoke", what=f"token {token_id}", now=now,
                     before=_told(found))
    return _view(found, now)


def caller_of(appliance: Appliance, text: str) -> Caller | None:
    """Whose token that is; None where it is none, was revoked, has ended, or its owner may no longer log in."""
    form = _FORM.fullmatch(text)
    if form is None:
        return None
    now = int(appliance.database.now())
    with appliance.database.reader() as connection:
        found = rows.token_by_id(connection, int(form[1]))
    if found is None or not hmac.compare_digest(found.digest, _digest(form[2])):
        return None
    if found.owner_enabled is False or (found.expires_at is not None and found.expires_at <= now):
        return None
    role = role_of(found.role)
    if found.owner_role is not None:
        role = min(role, role_of(found.owner_role))
    if found.used_at is None or now - found.used_at >= USED_S:
        with contextlib.suppress(StoreError), appliance.database.writer(durable=False) as connection:
            rows.used(connection, found.id, now)
    name = f"token {found.id}" if found.owner is None else f"{found.owner} (token {found.id})"
    return Caller(Principal(name, role, "token"), found.account_id, found.owner or "")


def _visible(found: Token | None, token_id: int, caller: Caller) -> Token:
    if found is None:
        raise _missing(token_id)
    own = found.account_id is not None and found.account_id == caller.account_id
    if not own and caller.principal.role < Role.ADMIN:
        raise Forbidden("This token is somebody else's: only an administrator may look at it or revoke it.")
    return found


def _required(found: Token | None, token_id: int) -> Token:
    if found is None:
        raise _missing(token_id)
    return found


def _missing(token_id: int) -> NotFound:
    return NotFound(f"There is no token {token_id}. See: lessor token list")


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _told(row: Token) -> dict[str, object]:
    return {"name": row.name, "role": row.role, "owner": row.owner, "expires_at": row.expires_at}


def _view(row: Token, now: int) -> TokenView:
    return TokenView(row.id, row.name, row.role, row.owner, row.created_by, row.created_at, row.expires_at,
                     row.used_at, row.expires_at is not None and row.expires_at <= now)
