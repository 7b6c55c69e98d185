"""Nonces of HTTP Digest that have served."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "spent_nonce",
        sa.Column("nonce", sa.String(80), nullable=False),
        sa.Column("spent_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("nonce", name=op.f("pk_spent_nonce")),
    )
    op.create_index(op.f("ix_spent_nonce_spent_at"), "spent_nonce", ["spent_at"])


def downgrade() -> None:
    op.drop_index(op.f("ix_spent_nonce_spent_at"), table_name="spent_nonce")
    op.drop_table("spent_nonce")
