"""The only SQL: the schema, the units of work, leases, definitions, history, queues and accounts.

Nothing outside this folder writes or reads a table; what leaves it are plain values of ``lease`` and ``topology``.
SQLite and PostgreSQL are served alike and run the same tests.
"""
