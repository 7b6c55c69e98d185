"""Logging in and out: sessions that live in SQL, end by themselves, and can be listed and revoked.

The browser holds a random cookie, the database its SHA-256.  Each log-in makes a new one, whatever cookie came with it.
"""

from __future__ import annotations

import contextlib
import hashlib
import secrets
from dataclasses import dataclass

from app.services import passwords
from app.services.access import Principal, Role
from app.services.accounts import role_of, stored_name
from app.services.appliance import Appliance
from app.services.throttle import Attempt
from dhcpcore.errors import Fault, InvalidDocument, InvalidValue, NotFound, Outdated, Refused, StoreError
from dhcpcore.store import accounts as rows
from dhcpcore.store import audit
from dhcpcore.store.accounts import Account

#: A session ends when it was not used for so long, and so long after its log-in in any case.
IDLE_S, LIFE_S = 8 * 3600, 7 * 86_400
#: When a session was used is written down at most so often: a page that asks every second must not write as often.
SEEN_S = 60
#: More browsers than anybody has; the least used are logged out.
SESSIONS_MAX = 50
_AGENT_MAX = 200


class WrongLogin(Refused):
    """The name, the password, or both are wrong; which of them is not told."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sends a request, and what that is known by."""

    principal: Principal
    account_id: int | None = None
    account: str = ""  #: The name of the account, empty for a token that was made at a terminal.
    session_id: int | None = None
    must_change: bool = False  #: The password was set by somebody else and must be changed first.


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A session that has just begun, with its cookie, which is kept nowhere else."""

    cookie: str
    must_change: bool


@dataclass(frozen=True, slots=True)
class SessionView:
    """One browser that is logged in."""

    id: int
    created_at: int
    seen_at: int
    address: str
    agent: str
    present: bool


def log_in(appliance: Appliance, name: str, password: str, *, address: str, agent: str,
           instead_of: str | None = None) -> LoggedIn:
    """Begin a session and end the one of the cookie ``instead_of``, if there is one.

    Raises ``WrongLogin``, or ``TooManyAttempts`` with how long to wait.
    """
    wanted, now = stored_name(name), int(appliance.database.now())
    attempt = Attempt.begin(appliance.database, wanted, address, now)
    with appliance.database.reader() as connection:
        account = rows.find(connection, wanted)
    # The hash is computed for a name that is not there, too: the answer takes as long.
    if not passwords.fits(password, None if account is None else account.password) or account is None:
        raise WrongLogin("The name or the password is wrong.")
    if not account.enabled:
        attempt.succeeded()
        raise WrongLogin("This account is disabled. Ask an administrator.")
    better = passwords.hashed(password) if passwords.is_old(account.password) else None
    cookie = secrets.token_urlsafe(32)
    with appliance.database.writer() as connection:
        present = rows.find(connection, wanted, locked=True)
        if present is None or not present.enabled or present.password != account.password:
            raise WrongLogin("The account was changed just now. Log in again.")
        rows.sweep_sessions(connection, seen_before=now - IDLE_S, created_before=now - LIFE_S)
        if instead_of:
            _end(connection, instead_of)
        for old in rows.sessions(connection, account.id, 2 * SESSIONS_MAX)[SESSIONS_MAX - 1:]:
            rows.end_session(connection, old.id, account.id)
        rows.add_session(connection, account.id, digest(cookie), now=now, address=address, agent=agent[:_AGENT_MAX])
        rows.note_login(connection, account.id, now)
        if better is not None:
            rows.rehash(connection, account.id, account.password, better)
        audit.record(connection, actor=account.name, action="session.begin", what=f"user {account.name}", now=now,
                     after={"address": address})
    attempt.succeeded()
    return LoggedIn(cookie, account.must_change)


def caller_of(appliance: Appliance, cookie: str) -> Caller | None:
    """Whose session that cookie is; None where it is nobody's or its time is over."""
    now = int(appliance.database.now())
    with appliance.database.reader() as connection:
        found = rows.session_of(connection, digest(cookie))
    if found is None:
        return None
    session, account = found
    if not account.enabled or now - session.seen_at > IDLE_S or now - session.created_at > LIFE_S:
        return None
    if now - session.seen_at >= SEEN_S:
        # That nobody could write it down is no reason to answer with an error.
        with contextlib.suppress(StoreError), appliance.database.writer(durable=False) as connection:
            rows.seen(connection, session.id, now)
    principal = Principal(account.name, role_of(account.role), "session")
    return Caller(principal, account.id, account.name, session.id, account.must_change)


def log_out(appliance: Appliance, cookie: str) -> None:
    """End the session of that cookie, if it is one."""
    with appliance.database.writer() as connection:
        _end(connection, cookie)


def list_sessions(appliance: Appliance, *, caller: Caller) -> tuple[SessionView, ...]:
    """The browsers in which this user is logged in, the latest used first."""
    if caller.account_id is None:
        return ()
    now = int(appliance.database.now())
    with appliance.database.reader() as connection:
        found = rows.sessions(connection, caller.account_id, SESSIONS_MAX)
    return tuple(SessionView(one.id, one.created_at, one.seen_at, one.address, one.agent, one.id == caller.session_id)
                 for one in found if now - one.seen_at <= IDLE_S and now - one.created_at <= LIFE_S)


def revoke(appliance: Appliance, session_id: int, *, caller: Caller) -> None:
    """End one of this user's own sessions."""
    caller.principal.must_be(Role.VIEWER)
    account_id, now = _account(caller), int(appliance.database.now())
    with appliance.database.writer() as connection:
        if not rows.end_session(connection, session_id, account_id):
            raise NotFound("That session has ended already.")
        audit.record(connection, actor=caller.principal.name, action="session.revoke", what=f"user {caller.account}",
                     now=now)


def revoke_others(appliance: Appliance, *, caller: Caller) -> int:
    """End every session of this user but the present one; tells how many."""
    caller.principal.must_be(Role.VIEWER)
    account_id, now = _account(caller), int(appliance.database.now())
    with appliance.database.writer() as connection:
        ended = rows.end_sessions(connection, account_id, but=caller.session_id)
        audit.record(connection, actor=caller.principal.name, action="session.revoke", what=f"user {caller.account}",
                     now=now, after={"ended": ended})
    return ended


def change_password(appliance: Appliance, present: str, new: str, again: str, *, caller: Caller) -> None:
    """Change one's own password; every other session of this user ends.  Guesses of the present one are throttled."""
    caller.principal.must_be(Role.VIEWER)
    account_id, now = _account(caller), int(appliance.database.now())
    faults = []
    try:
        passwords.require_good(new, caller.account)
    except InvalidValue as error:
        faults.append(Fault("new", str(error)))
    if new != again:
        faults.append(Fault("again", "The two new passwords differ. Type the same one twice."))
    if not faults and new == present:
        faults.append(Fault("new", "This is the present password. Choose another one."))
    if faults:
        raise InvalidDocument(tuple(faults))
    attempt = Attempt.begin(appliance.database, caller.account, "", now)
    with appliance.database.reader() as connection:
        account = rows.find(connection, caller.account)
    if account is None or not passwords.fits(present, account.password):
        raise InvalidDocument((Fault("present", "This is not the present password."),))
    stored = passwords.hashed(new)
    with appliance.database.writer() as connection:
        _unchanged(rows.find(connection, caller.account, locked=True), account)
        rows.change(connection, account_id, password=stored, must_change=False)
        rows.end_sessions(connection, account_id, but=caller.session_id)
        audit.record(connection, actor=caller.principal.name, action="user.password", what=f"user {caller.account}",
                     now=now)
    attempt.succeeded()


def form_key(appliance: Appliance) -> bytes:
    """What signs the fields that guard forms; made at the first start of a web process, the same for all of them."""
    with appliance.database.reader() as connection:
        stored = rows.stored_form_key(connection)
    if stored is not None:
        return stored
    with appliance.database.writer() as connection:
        return rows.the_form_key(connection, secrets.token_bytes(32))


def digest(cookie: str) -> bytes:
    """What the database keeps of a cookie."""
    return hashlib.sha256(cookie.encode(errors="surrogatepass")).digest()


def _end(connection: object, cookie: str) -> None:
    found = rows.session_of(connection, digest(cookie))  # type: ignore[arg-type]
    if found is not None:
        rows.end_session(connection, found[0].id, found[1].id)  # type: ignore[arg-type]


def _account(caller: Caller) -> int:
    if caller.account_id is None:
        raise Refused("This token belongs to no user: it has no password and no session.")
    return caller.account_id


def _unchanged(present: Account | None, before: Account) -> None:
    if present is None or present.version != before.version:
        raise Outdated("The account was changed by somebody else just now. Try again.")
