"""Users: added, changed and removed by administrators; nobody can take away the last administrator.

Every change is one transaction with its audit row, which never holds a password or its hash.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.services import passwords
from app.services.access import Principal, Role
from app.services.appliance import Appliance
from dhcpcore.errors import Conflict, Fault, InvalidDocument, InvalidValue, NotFound, Outdated, Refused
from dhcpcore.store import accounts as rows
from dhcpcore.store import audit
from dhcpcore.store.accounts import Account

PAGE_MAX = 1000
#: An appliance has some dozens of users; a script that runs wild has no end.
USERS_MAX = 10_000
FIRST_ADMIN = "admin"
NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,62}")
NAME_RIGHT = ("A name begins with a letter or digit and has at most 63 small letters, digits, dots, hyphens, "
              "underlines and at signs.")
_FIRST_START = Principal("first start", Role.ADMIN, "terminal")


@dataclass(frozen=True, slots=True)
class UserView:
    """One user.  ``must_change``: the password was set by somebody else; ``login_at`` None: has never logged in."""

    name: str
    role: str
    enabled: bool
    must_change: bool
    created_at: int
    login_at: int | None
    version: int


@dataclass(frozen=True, slots=True)
class Secret:
    """A user with the new password where it was made up here: shown once, and kept nowhere."""

    user: UserView
    password: str | None


def list_users(appliance: Appliance, *, by: Principal, after: str = "", limit: int = 100) -> tuple[UserView, ...]:
    """Users behind that name in the order of their names."""
    by.must_be(Role.ADMIN)
    if not 1 <= limit <= PAGE_MAX:
        raise InvalidValue(f"limit is {limit}; right is a whole number from 1 to {PAGE_MAX}.")
    with appliance.database.reader() as connection:
        return tuple(map(_view, rows.page(connection, after, limit)))


def show(appliance: Appliance, name: str, *, by: Principal) -> UserView:
    """One user."""
    by.must_be(Role.ADMIN)
    with appliance.database.reader() as connection:
        return _view(_required(rows.find(connection, stored_name(name)), name))


def add(appliance: Appliance, name: str, role: str, password: str | None = None, *, by: Principal,
        must_change: bool = True) -> Secret:
    """Add a user; without ``password`` one is made up.  ``must_change``: the user chooses another at first log-in."""
    by.must_be(Role.ADMIN)
    chosen = name.strip().lower()
    _refuse_faults(
        ("name", lambda: None if NAME.fullmatch(chosen) else _wrong(NAME_RIGHT)),
        ("role", lambda: role_of(role)),
        ("password", lambda: None if password is None else passwords.require_good(password, chosen)))
    given = passwords.generate() if password is None else password
    stored, now = passwords.hashed(given), int(appliance.database.now())
    with appliance.database.writer() as connection:
        if rows.count(connection) >= USERS_MAX:
            raise Refused(f"There are {USERS_MAX} users already; remove one first.")
        if not rows.add(connection, name=chosen, role=role, password=stored, must_change=must_change, now=now):
            raise Conflict((Fault("name", f"There is a user {chosen} already. Choose another name."),))
        made = _required(rows.find(connection, chosen), chosen)
        audit.record(connection, actor=by.name, action="user.add", what=f"user {chosen}", now=now, after=_told(made))
    return Secret(_view(made), given if password is None else None)


def change(appliance: Appliance, name: str, *, by: Principal, role: str | None = None, enabled: bool | None = None,
           version: int | None = None) -> UserView:
    """Give a user another role, or disable and enable it.  ``version``: only if nobody has changed it since."""
    by.must_be(Role.ADMIN)
    _refuse_faults(("role", lambda: None if role is None else role_of(role)))
    values: dict[str, Any] = {} if role is None else {"role": role}
    values |= {} if enabled is None else {"enabled": enabled}

    def make(connection: Any, found: Account) -> None:
        rows.change(connection, found.id, **values)
        if enabled is False:
            rows.end_sessions(connection, found.id)

    keeps = (role is None or role == Role.ADMIN.word) and enabled is not False
    return _change(appliance, name, by, "user.change", make, keeps_admin=keeps, version=version)


def set_password(appliance: Appliance, name: str, password: str | None = None, *, by: Principal,
                 must_change: bool = True, version: int | None = None) -> Secret:
    """Give a user a new password, made up unless it is given, and end the sessions; tokens stay."""
    by.must_be(Role.ADMIN)
    _refuse_faults(("password", lambda: None if password is None else passwords.require_good(password, name)))
    given = passwords.generate() if password is None else password
    stored = passwords.hashed(given)

    def make(connection: Any, found: Account) -> None:
        rows.change(connection, found.id, password=stored, must_change=must_change)
        rows.end_sessions(connection, found.id)

    view = _change(appliance, name, by, "user.password", make, keeps_admin=True, version=version)
    return Secret(view, given if password is None else None)


def remove(appliance: Appliance, name: str, *, by: Principal, version: int | None = None) -> UserView:
    """Remove a user with its sessions and tokens."""
    by.must_be(Role.ADMIN)
    now = int(appliance.database.now())
    with appliance.database.writer() as connection:
        found = _for_change(connection, name, keeps_admin=False, version=version)
        rows.remove(connection, found.id)
        audit.record(connection, actor=by.name, action="user.remove", what=f"user {found.name}", now=now,
                     before=_told(found))
    return _view(found)


def first_admin(appliance: Appliance, *, must_change: bool = True) -> Secret | None:
    """The first start: an administrator with a password that is told once; None where there is any user."""
    with appliance.database.reader() as connection:
        if rows.count(connection):
            return None
    try:
        return add(appliance, FIRST_ADMIN, Role.ADMIN.word, by=_FIRST_START, must_change=must_change)
    except Conflict:  # Another process of the same first start was quicker.
        return None


def stored_name(typed: str) -> str:
    """A name as it is stored, whatever its capitals; empty for what can be nobody's."""
    wanted = typed.strip().lower()
    return wanted if NAME.fullmatch(wanted) else ""


def role_of(word: str) -> Role:
    """The role of that name."""
    for role in Role:
        if role.word == word:
            return role
    raise InvalidValue(f"A role is one of {', '.join(role.word for role in Role)}; {word[:40]!r} is none.")




def _change(appliance: Appliance, name: str, by: Principal, action: str, make: Callable[[Any, Account], None], *,
            keeps_admin: bool, version: int | None) -> UserView:
    now = int(appliance.database.now())
    with appliance.database.writer() as connection:
        found = _for_change(connection, name, keeps_admin=keeps_admin, version=version)
        make(connection, found)
        changed = _required(rows.find(connection, found.name), name)
        audit.record(connection, actor=by.name, action=action, what=f"user {found.name}", now=now,
                     before=_told(found), after=_told(changed))
    return _view(changed)


def _for_change(connection: Any, name: str, *, keeps_admin: bool, version: int | None) -> Account:
    """The row, locked.  The administrators' rows are locked first, in one order, so that two who demote each other
    wait for one another instead of both succeeding.
    """
    admins = rows.admins(connection, Role.ADMIN.word)
    found = _required(rows.find(connection, stored_name(name), locked=True), name)
    if version is not None and version != found.version:
        raise Outdated(f"The user {found.name} was changed by somebody else meanwhile. Look at it again.")
    if not keeps_admin and found.enabled and found.role == Role.ADMIN.word and admins == 1:
        raise Refused(f"{found.name} is the last administrator who can log in. Give another user the role admin first.")
    return found


def _required(found: Account | None, name: str) -> Account:
    if found is None:
        raise NotFound(f"There is no user {name[:63]}. See: lessor user list")
    return found


def _refuse_faults(*checks: tuple[str, Callable[[], object]]) -> None:
    faults = []
    for field, check in checks:
        try:
            check()
        except InvalidValue as error:
            faults.append(Fault(field, str(error)))
    if faults:
        raise InvalidDocument(tuple(faults))


def _wrong(sentence: str) -> None:
    raise InvalidValue(sentence)


def _told(row: Account) -> dict[str, Any]:
    return {"name": row.name, "role": row.role, "enabled": row.enabled, "must_change": row.must_change}


def _view(row: Account) -> UserView:
    return UserView(row.name, row.role, row.enabled, row.must_change, row.created_at, row.login_at, row.version)
