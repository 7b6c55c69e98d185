"""A nonce serves once, on both databases."""

from dhcpcore.store import nonces


def test_it_serves_once(database):
    with database.writer() as connection:
        assert nonces.spend(connection, "a", 1000, before=0)
        assert nonces.spend(connection, "b", 1000, before=0)
    with database.writer() as connection:
        assert not nonces.spend(connection, "a", 1001, before=0)


def test_what_is_long_ago_is_forgotten(database):
    with database.writer() as connection:
        nonces.spend(connection, "a", 1000, before=0)
        nonces.spend(connection, "b", 1300, before=1060)
        assert [row.nonce for row in connection.exec_driver_sql("SELECT nonce FROM spent_nonce").all()] == ["b"]
