"""Every table of the appliance, as SQLAlchemy Core metadata.

Alembic's migrations create them; a test compares the two on both databases.  The hot tables (``lease``, ``history``)
have as few indexes as the questions need: each further index on ``lease`` costs throughput.

Definition rows are never edited in place: a row is visible at revision R when ``from_revision <= R`` and
(``to_revision`` is null or ``R < to_revision``).  The published revision is the one row of ``head``; a large change is
staged under a pending revision and made visible by moving ``head``.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    text,
)
from sqlalchemy.types import JSON

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: 64-bit everywhere; SQLite gives a rowid only to a column declared INTEGER.
Id = BigInteger().with_variant(Integer(), "sqlite")

lease = Table(
    "lease",
    metadata,
    Column("space", Integer, primary_key=True, autoincrement=False),
    Column("kind", SmallInteger, primary_key=True, autoincrement=False),
    Column("address", LargeBinary, primary_key=True),
    Column("plen", SmallInteger, primary_key=True, autoincrement=False),
    Column("client", LargeBinary, nullable=False),
    Column("hw", LargeBinary, nullable=False),
    Column("state", SmallInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("cltt", BigInteger, nullable=False),
    Column("subnet", Integer, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("opened", BigInteger, nullable=False),
    Column("hostname", Text, nullable=False),
    Column("relay", LargeBinary, nullable=False),
    Column("agent", LargeBinary, nullable=False),
    CheckConstraint("state BETWEEN 1 AND 4", name="state"),
    CheckConstraint("version >= 1", name="version"),
    Index("ix_lease_client", "client"),
    sqlite_with_rowid=False,
    postgresql_with={"fillfactor": "70"},
)

#: One interval a holding; ``version`` is the lease row's version when it began.
history = Table(
    "history",
    metadata,
    Column("space", Integer, primary_key=True, autoincrement=False),
    Column("kind", SmallInteger, primary_key=True, autoincrement=False),
    Column("address", LargeBinary, primary_key=True),
    Column("plen", SmallInteger, primary_key=True, autoincrement=False),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("client", LargeBinary, nullable=False),
    Column("hw", LargeBinary, nullable=False),
    Column("subnet", Integer, nullable=False),
    Column("hostname", Text, nullable=False),
    Column("relay", LargeBinary, nullable=False),
    Column("agent", LargeBinary, nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("closed_at", BigInteger),
    Column("reason", SmallInteger),
    Index("ix_history_client_opened_at", "client", "opened_at"),
    sqlite_with_rowid=False,
)

revision = Table(
    "revision",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("state", String(16), nullable=False),  # pending, published, abandoned
    Column("author", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("published_at", BigInteger),
    #: Milliseconds; rises with each chunk staged under a pending revision, and is the guard of the next one.
    Column("touched_at", BigInteger, nullable=False),
    Index(
        "ix_revision_pending",
        "state",
        unique=True,
        sqlite_where=text("state = 'pending'"),
        postgresql_where=text("state = 'pending'"),
    ),
)

head = Table(
    "head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("revision", BigInteger, nullable=False),
    CheckConstraint("id = 1", name="one"),
)

subnet = Table(
    "subnet",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("from_revision", BigInteger, primary_key=True, autoincrement=False),
    Column("to_revision", BigInteger),
    Column("position", Integer, nullable=False),
    Column("space", Integer, nullable=False, server_default="0"),
    Column("family", SmallInteger, nullable=False),
    Column("prefix", LargeBinary, nullable=False),
    Column("plen", SmallInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("body", JSON, nullable=False),  # the document's form of everything that is not a column
    Index("ix_subnet_to_revision", "to_revision"),
)

pool = Table(
    "pool",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("from_revision", BigInteger, primary_key=True, autoincrement=False),
    Column("to_revision", BigInteger),
    Column("subnet_id", Integer, nullable=False),
    Column("position", Integer, nullable=False),
    Column("kind", SmallInteger, nullable=False),
    Column("first", LargeBinary, nullable=False),
    Column("last", LargeBinary, nullable=False),
    Column("plen", SmallInteger, nullable=False),
    Column("body", JSON, nullable=False),
    Index("ix_pool_to_revision", "to_revision"),
)

#: May number millions: fetched per batch, never part of a snapshot.
assignment = Table(
    "assignment",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("from_revision", BigInteger, primary_key=True, autoincrement=False),
    Column("to_revision", BigInteger),
    Column("subnet_id", Integer, nullable=False),
    Column("identifier_kind", SmallInteger, nullable=False),
    Column("identifier", LargeBinary, nullable=False),
    Column("hostname", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("body", JSON, nullable=False),
    # The kind first: the snapshot asks which kinds are in use, and must not pay for the number of assignments.
    Index("ix_assignment_identifier", "identifier_kind", "identifier"),
    Index("ix_assignment_subnet_id", "subnet_id"),
)

assignment_address = Table(
    "assignment_address",
    metadata,
    Column("space", Integer, primary_key=True, autoincrement=False),
    Column("kind", SmallInteger, primary_key=True, autoincrement=False),
    Column("address", LargeBinary, primary_key=True),
    Column("plen", SmallInteger, primary_key=True, autoincrement=False),
    Column("assignment_id", Id, primary_key=True, autoincrement=False),
    Column("from_revision", BigInteger, primary_key=True, autoincrement=False),
    Column("to_revision", BigInteger),
    Column("position", SmallInteger, nullable=False),
    Index("ix_assignment_address_assignment_id", "assignment_id"),
    sqlite_with_rowid=False,
)

#: Globals, classes, option definitions, handlers, shared networks and the like: few, found only as a whole.
definition = Table(
    "definition",
    metadata,
    Column("kind", String(32), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("from_revision", BigInteger, primary_key=True, autoincrement=False),
    Column("to_revision", BigInteger),
    Column("position", Integer, nullable=False),
    Column("body", JSON, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("revision", BigInteger),
    Column("before", JSON),
    Column("after", JSON),
    Index("ix_audit_at", "at"),
)

#: Blocks of transactions as the engine saw them: datagram, answer, reason, steps.  One row a flush, not one a packet.
trace = Table(
    "trace",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("engine", Integer, nullable=False),
    Column("first_at", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    Column("count", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("ix_trace_last_at", "last_at"),
)

#: Engines that share this database: each one's share of the pools, its clock and when it was last heard.
engine = Table(
    "engine",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("duid", LargeBinary, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("status", JSON, nullable=False),
)

#: Asked of an engine while it may be away: release of a lease, confirmation of a clock step.
request = Table(
    "request",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("verb", String(32), nullable=False),
    Column("body", JSON, nullable=False),
    Column("done_at", BigInteger),
    Column("result", JSON),
    Index("ix_request_open", "id", sqlite_where=text("done_at IS NULL"), postgresql_where=text("done_at IS NULL")),
)

#: Rows that could not be used or stored, with the reason: shown, never fatal.
quarantine = Table(
    "quarantine",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
    Column("place", Text, nullable=False),
    Column("fault", Text, nullable=False),
    Column("row", JSON, nullable=False),
)

#: Who may log in.  ``password`` is an argon2 hash; ``version`` rises with each change and guards the next one.
account = Table(
    "account",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("name", Text, nullable=False, unique=True),
    Column("role", String(16), nullable=False),
    Column("password", Text, nullable=False),
    Column("must_change", Boolean, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("login_at", BigInteger),
)

#: A browser that is logged in.  ``digest`` is SHA-256 of the cookie: who reads the database cannot log in with it.
session = Table(
    "session",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("created_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("address", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Index("ix_session_account_id", "account_id"),
)

#: What a program shows instead of a session; without an account it was made at a terminal.
token = Table(
    "token",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("account_id", Id, ForeignKey("account.id")),
    Column("name", Text, nullable=False),
    Column("role", String(16), nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("expires_at", BigInteger),
    Column("used_at", BigInteger),
    Index("ix_token_account_id", "account_id"),
)

#: Failed log-ins of an account's name or of an address, each as a digest: people type passwords into the wrong field.
login_failure = Table(
    "login_failure",
    metadata,
    Column("kind", String(16), primary_key=True),
    Column("subject", LargeBinary, primary_key=True),
    Column("count", Integer, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Index("ix_login_failure_last_at", "last_at"),
)

#: How many leases a subnet (kind 1) or pool (kind 2) with a limit has, as of a revision's definitions of it.
lease_count = Table(
    "lease_count",
    metadata,
    Column("kind", SmallInteger, primary_key=True, autoincrement=False),
    Column("scope", Integer, primary_key=True, autoincrement=False),
    Column("held", BigInteger, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("counted_at", BigInteger, nullable=False),
)

#: The limited classes that a lease counts for, as long as its holding is the one that began with ``opened``.
lease_class = Table(
    "lease_class",
    metadata,
    Column("space", Integer, primary_key=True, autoincrement=False),
    Column("kind", SmallInteger, primary_key=True, autoincrement=False),
    Column("address", LargeBinary, primary_key=True),
    Column("plen", SmallInteger, primary_key=True, autoincrement=False),
    Column("class", Text, primary_key=True),
    Column("opened", BigInteger, nullable=False),
    Index("ix_lease_class_class", "class"),
)

#: How many leases a class with a limit has: in all (scope 0), or in the subnet of that number.
class_count = Table(
    "class_count",
    metadata,
    Column("class", Text, primary_key=True),
    Column("scope", Integer, primary_key=True, autoincrement=False),
    Column("held", BigInteger, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("counted_at", BigInteger, nullable=False),
)

#: Types of handlers that can be configured: written by `migrate`, so that others know them with no engine running.
handler_type = Table(
    "handler_type",
    metadata,
    Column("name", Text, primary_key=True),
    Column("doc", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("fields", JSON, nullable=False),  # a JSON schema
)

#: Signs what forms carry against forgery; the same for every web process of the installation.
form_key = Table(
    "form_key",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("value", LargeBinary, nullable=False),
    CheckConstraint("id = 1", name="one"),
)

#: Nonces of HTTP Digest that have served.
spent_nonce = Table(
    "spent_nonce",
    metadata,
    Column("nonce", String(80), primary_key=True),
    Column("spent_at", BigInteger, nullable=False),
    Index("ix_spent_nonce_spent_at", "spent_at"),
)
