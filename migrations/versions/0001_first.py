"""The first schema: leases and their history, definitions by revision, audit, traces, engines and requests."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

TABLES = (
    "trace",
    "subnet",
    "revision",
    "request",
    "quarantine",
    "pool",
    "lease",
    "history",
    "head",
    "engine",
    "definition",
    "audit",
    "assignment_address",
    "assignment",
)


def upgrade() -> None:
    _leases()
    _revisions()
    _definitions()
    _records()


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)


def _leases() -> None:
    op.create_table(
        "lease",
        sa.Column("space", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("plen", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("client", sa.LargeBinary(), nullable=False),
        sa.Column("hw", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("cltt", sa.BigInteger(), nullable=False),
        sa.Column("subnet", sa.Integer(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("opened", sa.BigInteger(), nullable=False),
        sa.Column("hostname", sa.Text(), nullable=False),
        sa.Column("relay", sa.LargeBinary(), nullable=False),
        sa.Column("agent", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("state BETWEEN 1 AND 4", name=op.f("ck_lease_state")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_lease_version")),
        sa.PrimaryKeyConstraint("space", "kind", "address", "plen", name=op.f("pk_lease")),
        sqlite_with_rowid=False,
        postgresql_with={"fillfactor": "70"},
    )
    op.create_index("ix_lease_client", "lease", ["client"])
    op.create_table(
        "history",
        sa.Column("space", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("plen", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("client", sa.LargeBinary(), nullable=False),
        sa.Column("hw", sa.LargeBinary(), nullable=False),
        sa.Column("subnet", sa.Integer(), nullable=False),
        sa.Column("hostname", sa.Text(), nullable=False),
        sa.Column("relay", sa.LargeBinary(), nullable=False),
        sa.Column("agent", sa.LargeBinary(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger()),
        sa.Column("reason", sa.SmallInteger()),
        sa.PrimaryKeyConstraint("space", "kind", "address", "plen", "version", name=op.f("pk_history")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_history_client_opened_at", "history", ["client", "opened_at"])


def _revisions() -> None:
    op.create_table(
        "revision",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("published_at", sa.BigInteger()),
        sa.Column("touched_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revision")),
    )
    pending = sa.text("state = 'pending'")
    op.create_index(
        "ix_revision_pending", "revision", ["state"], unique=True, sqlite_where=pending, postgresql_where=pending
    )
    op.create_table(
        "head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_head_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_head")),
    )
    op.execute("INSERT INTO head (id, revision) VALUES (1, 0)")


def _definitions() -> None:
    op.create_table(
        "subnet",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("from_revision", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("to_revision", sa.BigInteger()),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("space", sa.Integer(), server_default="0", nullable=False),
        sa.Column("family", sa.SmallInteger(), nullable=False),
        sa.Column("prefix", sa.LargeBinary(), nullable=False),
        sa.Column("plen", sa.SmallInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", "from_revision", name=op.f("pk_subnet")),
    )
    op.create_index("ix_subnet_to_revision", "subnet", ["to_revision"])
    op.create_table(
        "pool",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("from_revision", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("to_revision", sa.BigInteger()),
        sa.Column("subnet_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("first", sa.LargeBinary(), nullable=False),
        sa.Column("last", sa.LargeBinary(), nullable=False),
        sa.Column("plen", sa.SmallInteger(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", "from_revision", name=op.f("pk_pool")),
    )
    op.create_index("ix_pool_to_revision", "pool", ["to_revision"])
    op.create_table(
        "assignment",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("from_revision", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("to_revision", sa.BigInteger()),
        sa.Column("subnet_id", sa.Integer(), nullable=False),
        sa.Column("identifier_kind", sa.SmallInteger(), nullable=False),
        sa.Column("identifier", sa.LargeBinary(), nullable=False),
        sa.Column("hostname", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", "from_revision", name=op.f("pk_assignment")),
    )
    op.create_index("ix_assignment_identifier", "assignment", ["identifier_kind", "identifier"])
    op.create_index("ix_assignment_subnet_id", "assignment", ["subnet_id"])
    op.create_table(
        "assignment_address",
        sa.Column("space", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("plen", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("assignment_id", ID, autoincrement=False, nullable=False),
        sa.Column("from_revision", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("to_revision", sa.BigInteger()),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "space", "kind", "address", "plen", "assignment_id", "from_revision", name=op.f("pk_assignment_address")
        ),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_assignment_address_assignment_id", "assignment_address", ["assignment_id"])
    op.create_table(
        "definition",
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("from_revision", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("to_revision", sa.BigInteger()),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "name", "from_revision", name=op.f("pk_definition")),
    )


def _records() -> None:
    op.create_table(
        "audit",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger()),
        sa.Column("before", sa.JSON()),
        sa.Column("after", sa.JSON()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index("ix_audit_at", "audit", ["at"])
    op.create_table(
        "trace",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("engine", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trace")),
    )
    op.create_index("ix_trace_last_at", "trace", ["last_at"])
    op.create_table(
        "engine",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("duid", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_engine")),
        sa.UniqueConstraint("duid", name=op.f("uq_engine_duid")),
    )
    op.create_table(
        "request",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("verb", sa.String(32), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("done_at", sa.BigInteger()),
        sa.Column("result", sa.JSON()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request")),
    )
    open_ = sa.text("done_at IS NULL")
    op.create_index("ix_request_open", "request", ["id"], sqlite_where=open_, postgresql_where=open_)
    op.create_table(
        "quarantine",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("fault", sa.Text(), nullable=False),
        sa.Column("row", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantine")),
    )
