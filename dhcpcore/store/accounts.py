"""Accounts, sessions and tokens as rows.  Secrets arrive here as digests; who reads the database cannot log in with it.

Each function works in the caller's transaction, so that a change and its audit row are one.
"""

from __future__ import annotations

import hmac
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, delete, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from dhcpcore.store.database import Database
from dhcpcore.store.schema import account, form_key, session, token


class Account(NamedTuple):
    """A row of ``account``."""

    id: int
    name: str
    role: str
    password: str
    must_change: bool
    enabled: bool
    version: int
    created_at: int
    login_at: int | None


class Session(NamedTuple):
    """A row of ``session`` without its digest."""

    id: int
    account_id: int
    created_at: int
    seen_at: int
    address: str
    agent: str


class Token(NamedTuple):
    """A row of ``token``; ``owner`` is the name of its account, None where it was made at a terminal."""

    id: int
    account_id: int | None
    owner: str | None
    owner_role: str | None
    owner_enabled: bool | None
    name: str
    role: str
    digest: bytes
    created_at: int
    created_by: str
    expires_at: int | None
    used_at: int | None


def find(connection: Connection, name: str, *, locked: bool = False) -> Account | None:
    """The account of that name; ``locked`` until the end of a writer's transaction."""
    query = select(account).where(account.c.name == name)
    found = connection.execute(query.with_for_update() if locked else query).first()
    return None if found is None else Account(*found)


def page(connection: Connection, after: str, limit: int) -> list[Account]:
    """Accounts behind that name in the order of their names."""
    query = select(account).where(account.c.name > after).order_by(account.c.name).limit(limit)
    return [Account(*row) for row in connection.execute(query)]


def count(connection: Connection) -> int:
    """How many accounts there are."""
    return int(connection.execute(select(func.count()).select_from(account)).scalar_one())


def admins(connection: Connection, role: str) -> int:
    """How many accounts with that role can log in; those rows are locked until the end of the transaction."""
    query = select(account.c.id).where(account.c.role == role, account.c.enabled).order_by(account.c.id)
    return len(connection.execute(query.with_for_update()).all())


def add(connection: Connection, *, name: str, role: str, password: str, must_change: bool, now: int) -> bool:
    """Add an account; False where the name is taken."""
    values = {"name": name, "role": role, "password": password, "must_change": must_change, "enabled": True,
              "version": 1, "created_at": now}
    made = connection.execute(_insert_new(connection, account, values).returning(account.c.id))
    return made.first() is not None


def change(connection: Connection, account_id: int, **values: Any) -> None:
    """Change columns of an account and raise its version."""
    connection.execute(update(account).where(account.c.id == account_id).values(
        **values, version=account.c.version + 1))


def note_login(connection: Connection, account_id: int, now: int) -> None:
    """Remember when somebody logged in."""
    connection.execute(update(account).where(account.c.id == account_id).values(login_at=now))


def rehash(connection: Connection, account_id: int, old: str, new: str) -> None:
    """Put a stronger hash of the same password in the place of ``old``, unless it was changed meanwhile."""
    connection.execute(update(account).where(account.c.id == account_id, account.c.password == old).values(
        password=new))


def remove(connection: Connection, account_id: int) -> None:
    """Remove an account with its sessions and tokens."""
    connection.execute(delete(session).where(session.c.account_id == account_id))
    connection.execute(delete(token).where(token.c.account_id == account_id))
    connection.execute(delete(account).where(account.c.id == account_id))


# ---- Sessions ----

_SESSION = (session.c.id, session.c.account_id, session.c.created_at, session.c.seen_at, session.c.address,
            session.c.agent)


def add_session(connection: Connection, account_id: int, digest: bytes, *, now: int, address: str, agent: str) -> int:
    """Begin a session."""
    made = connection.execute(insert(session).values(
        account_id=account_id, digest=digest, created_at=now, seen_at=now, address=address, agent=agent))
    assert made.inserted_primary_key is not None
    return int(made.inserted_primary_key[0])


def session_of(connection: Connection, digest: bytes) -> tuple[Session, Account] | None:
    """The session of a cookie with its account, however old it is."""
    query = select(*_SESSION, *account.c).join(account, account.c.id == session.c.account_id).where(
        session.c.digest == digest)
    found = connection.execute(query).first()
    return None if found is None else (Session(*found[:len(_SESSION)]), Account(*found[len(_SESSION):]))


def sessions(connection: Connection, account_id: int, limit: int) -> list[Session]:
    """The sessions of an account, the latest used first."""
    query = select(*_SESSION).where(session.c.account_id == account_id).order_by(session.c.seen_at.desc(),
                                                                                 session.c.id.desc()).limit(limit)
    return [Session(*row) for row in connection.execute(query)]


def seen(connection: Connection, session_id: int, now: int) -> None:
    """Remember that a session was used."""
    connection.execute(update(session).where(session.c.id == session_id).values(seen_at=now))


def end_session(connection: Connection, session_id: int, account_id: int) -> bool:
    """End one session of that account; False where there is none."""
    gone = delete(session).where(session.c.id == session_id, session.c.account_id == account_id)
    return bool(connection.execute(gone).rowcount)


def end_sessions(connection: Connection, account_id: int, *, but: int | None = None) -> int:
    """End every session of an account, ``but`` one; tells how many."""
    gone = delete(session).where(session.c.account_id == account_id)
    if but is not None:
        gone = gone.where(session.c.id != but)
    return connection.execute(gone).rowcount


def sweep_sessions(connection: Connection, *, seen_before: int, created_before: int) -> None:
    """Delete sessions that are over."""
    connection.execute(delete(session).where(or_(session.c.seen_at < seen_before,
                                                 session.c.created_at < created_before)))


# ---- Tokens ----

_TOKEN = select(
    token.c.id, token.c.account_id, account.c.name, account.c.role, account.c.enabled, token.c.name, token.c.role,
    token.c.digest, token.c.created_at, token.c.created_by, token.c.expires_at, token.c.used_at,
).select_from(token.outerjoin(account, account.c.id == token.c.account_id))


def token_by_id(connection: Connection, token_id: int) -> Token | None:
    """One token."""
    found = connection.execute(_TOKEN.where(token.c.id == token_id)).first()
    return None if found is None else Token._make(found)


def tokens(connection: Connection, account_id: int | None, after: int, limit: int) -> list[Token]:
    """Tokens behind that number, all or those of one account, in the order in which they were made."""
    which: list[ColumnElement[bool]] = [token.c.id > after]
    if account_id is not None:
        which.append(token.c.account_id == account_id)
    return [Token._make(row) for row in connection.execute(_TOKEN.where(*which).order_by(token.c.id).limit(limit))]


def count_tokens(connection: Connection) -> int:
    """How many tokens there are."""
    return int(connection.execute(select(func.count()).select_from(token)).scalar_one())


def add_token(connection: Connection, *, account_id: int | None, name: str, role: str, digest: bytes, now: int,
              created_by: str, expires_at: int | None) -> int:
    """Add a token; tells its number."""
    made = connection.execute(insert(token).values(
        account_id=account_id, name=name, role=role, digest=digest, created_at=now, created_by=created_by,
        expires_at=expires_at))
    assert made.inserted_primary_key is not None
    return int(made.inserted_primary_key[0])


def used(connection: Connection, token_id: int, now: int) -> None:
    """Remember that a token was used."""
    connection.execute(update(token).where(token.c.id == token_id).values(used_at=now))


def remove_token(connection: Connection, token_id: int) -> bool:
    """Remove a token; False where somebody else has done so."""
    return bool(connection.execute(delete(token).where(token.c.id == token_id)).rowcount)


# ---- The key that signs forms ----


def the_form_key(connection: Connection, proposed: bytes) -> bytes:
    """The installation's key; ``proposed`` becomes it where there is none yet."""
    connection.execute(_insert_new(connection, form_key, {"id": 1, "value": proposed}))
    return bytes(connection.execute(select(form_key.c.value)).scalar_one())


def stored_form_key(connection: Connection) -> bytes | None:
    """The installation's key, None before its first web process."""
    found = connection.execute(select(form_key.c.value)).scalar_one_or_none()
    return None if found is None else bytes(found)


def _insert_new(connection: Connection, table: Any, values: dict[str, Any]) -> Any:
    """Insert unless a row with the same unique values is there."""
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    return make(table).values(values).on_conflict_do_nothing()


def nonce_key(database: Database, proposed: bytes) -> bytes:
    """The key of the nonces of FORCERENEW, made of the one that signs forms: the same for every engine."""
    with database.reader() as connection:
        stored = stored_form_key(connection)
    if stored is None:
        with database.writer() as connection:
            stored = the_form_key(connection, proposed)
    return hmac.digest(stored, b"nonces of FORCERENEW", "sha256")
