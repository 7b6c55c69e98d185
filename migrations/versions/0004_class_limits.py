"""Which limited classes a lease counts for, and counters of them."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lease_class",
        sa.Column("space", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("plen", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("class", sa.Text(), nullable=False),
        sa.Column("opened", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("space", "kind", "address", "plen", "class", name=op.f("pk_lease_class")),
    )
    op.create_index(op.f("ix_lease_class_class"), "lease_class", ["class"])
    op.create_table(
        "class_count",
        sa.Column("class", sa.Text(), nullable=False),
        sa.Column("scope", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("held", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("counted_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("class", "scope", name=op.f("pk_class_count")),
    )


def downgrade() -> None:
    op.drop_table("class_count")
    op.drop_index(op.f("ix_lease_class_class"), table_name="lease_class")
    op.drop_table("lease_class")
