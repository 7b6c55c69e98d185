"""Revisions and the audit, on both databases."""

import pytest
from sqlalchemy import insert

from dhcpcore.store import journal
from dhcpcore.store.definitions import Definitions
from dhcpcore.store.journal import AuditFilter, RevisionFilter
from dhcpcore.store.schema import audit
from dhcpcore.topology.validate import validate

EVERY = RevisionFilter()


def apply(database, *names, note=""):
    subnets = [{"prefix": f"192.0.{len(name)}.0/24", "name": name} for name in names]
    return Definitions(database).apply(validate({"version": 1, "subnets": subnets}), "alice", note)


@pytest.fixture
def filled(database):
    apply(database, "office", note="first")
    apply(database, "office", "laboratory")
    apply(database, "laboratory")
    return database


def test_revisions_come_newest_first_and_in_pages(filled):
    with filled.reader() as connection:
        first = journal.revisions(connection, EVERY, None, 2)
        rest = journal.revisions(connection, EVERY, first[-1].id, 2)
        assert [one.id for one in first + rest] == [3, 2, 1]
        assert (rest[0].author, rest[0].note) == ("alice", "first")
        assert journal.revision_of(connection, 2) == first[1]
        assert journal.revision_of(connection, 9) is None


def test_revisions_from_the_oldest_on(filled):
    with filled.reader() as connection:
        first = journal.revisions(connection, EVERY, None, 2, descending=False)
        rest = journal.revisions(connection, EVERY, first[-1].id, 2, descending=False)
    assert [one.id for one in first + rest] == [1, 2, 3]


@pytest.mark.parametrize(("wanted", "found"), [
    ({"author": "alice"}, [3, 2, 1]), ({"author": "ali"}, []), ({"note": "FIR"}, [1]), ({"note": "%"}, []),
    ({"since": 4e9}, []), ({"until": 4e9}, [3, 2, 1]), ({"until": 1}, [])], ids=str)
def test_some_revisions(filled, wanted, found):
    with filled.reader() as connection:
        assert [one.id for one in journal.revisions(connection, RevisionFilter(**wanted), None, 9)] == found


def test_what_is_pending_or_abandoned_is_no_revision(filled):
    with filled.writer() as connection:
        connection.exec_driver_sql(
            "INSERT INTO revision (id, state, author, note, created_at, touched_at) "
            "VALUES (4, 'pending', 'x', '', 1, 1)")
        connection.exec_driver_sql("UPDATE revision SET state = 'abandoned' WHERE id = 2")
    with filled.reader() as connection:
        assert [one.id for one in journal.revisions(connection, EVERY, None, 9)] == [3, 1]
        assert journal.revision_of(connection, 4) is None


def test_what_a_revision_changed(filled):
    with filled.reader() as connection:
        told = journal.changes_of(connection, journal.revision_of(connection, 2), 10)
        (one,) = told
        assert (one.action, one.object, one.before) == ("definitions.added", "subnet laboratory", None)
        assert told[0].after["prefix"] == "192.0.10.0/24"


@pytest.mark.parametrize(("wanted", "count"), [
    ({}, 3), ({"actor": "alice"}, 3), ({"actor": "ali"}, 0), ({"action": "definitions.added"}, 2),
    ({"object": "LABORA"}, 1), ({"since": 4e9}, 0), ({"until": 4e9}, 3), ({"until": 1}, 0),
    ({"actor": "alice", "action": "definitions.removed", "object": "office"}, 1)], ids=str)
def test_filters(filled, wanted, count):
    with filled.reader() as connection:
        rows, following = journal.audited(connection, AuditFilter(**wanted), None, 100)
    assert (len(rows), following) == (count, None)
    assert [one.id for one in rows] == sorted((one.id for one in rows), reverse=True)


def test_no_request_reads_all_of_a_long_audit(database, monkeypatch):
    monkeypatch.setattr(journal, "SCAN_MAX", 10)
    with database.writer() as connection:
        connection.execute(insert(audit), [
            {"at": n, "actor": "eve" if n == 3 else "bob", "action": "x", "object": "y"} for n in range(35)])
    with database.reader() as connection:
        rows, following = journal.audited(connection, AuditFilter(actor="eve"), None, 5)
        assert rows == []
        pages = 1
        while following is not None:
            some, following = journal.audited(connection, AuditFilter(actor="eve"), following, 5)
            rows += some
            pages += 1
        assert [one.at for one in rows] == [3]
        assert pages == 4
        everything, following = journal.audited(connection, AuditFilter(), None, 4)
        assert ([one.at for one in everything], following) == ([34, 33, 32, 31], everything[-1].id)


def test_an_empty_audit(database):
    with database.reader() as connection:
        for descending in (False, True):
            assert journal.audited(connection, AuditFilter(), None, 5, descending=descending) == ([], None)


def test_a_long_audit_from_its_beginning(database, monkeypatch):
    monkeypatch.setattr(journal, "SCAN_MAX", 10)
    with database.writer() as connection:
        connection.execute(insert(audit), [
            {"at": n, "actor": "eve" if n in {3, 30} else "bob", "action": "x", "object": "y"} for n in range(35)])
    found, after, pages = [], None, 0
    with database.reader() as connection:
        while pages == 0 or after is not None:
            some, after = journal.audited(connection, AuditFilter(actor="eve"), after, 5, descending=False)
            found += [one.at for one in some]
            pages += 1
    assert (found, pages) == ([3, 30], 4)
