"""Alembic's environment: runs the migrations on the connection that `dhcpcore.store.migrate` hands over.

There is no alembic.ini: `lessor migrate` is the one way in, so that the backup and the lock cannot be forgotten.
"""

from alembic import context

from dhcpcore.store.schema import metadata

connection = context.config.attributes.get("connection")
if connection is None:
    raise SystemExit("Run the migrations with `lessor migrate`: it takes the lock and the backup first.")

context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
