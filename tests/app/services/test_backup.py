import gzip
import stat
import threading

import pytest
from sqlalchemy import insert, select

from app.services import backup
from dhcpcore.errors import Refused, StoreError
from dhcpcore.lease.model import Lease
from dhcpcore.store import dump, migrate
from dhcpcore.store.database import Database
from dhcpcore.store.schema import audit, engine, history, lease, metadata, request, revision, subnet

LEASE = Lease(0, 4, b"\xc0\x00\x02\x01", 32, b"\x00\x01\x02\x00\x00\x00\x00\x01", b"\x01\x02\x00\x00\x00\x00\x01", 1,
              2_000_000_000, 100, 1, 1, 1, 'büro " \\ <b>\n', b"", b"\x01\x02\xff")

REVISION = {"state": "published", "author": "ann", "note": "", "created_at": 5, "touched_at": 5}


def lease_row(number):
    return LEASE._replace(address=b"\x0a" + number.to_bytes(3, "big"))._asdict()


def history_row(number):
    row = lease_row(number)
    return {name: row[name] for name in ("space", "kind", "address", "plen", "version", "client", "hw", "subnet",
                                         "hostname", "relay", "agent")} | {"opened_at": 100}


def fill(database, count=5000):
    with database.writer() as connection:
        connection.execute(insert(lease), [lease_row(n) for n in range(count)])
        connection.execute(insert(history), [history_row(n) for n in range(count)])
        connection.execute(insert(revision), [REVISION])
        connection.execute(insert(subnet), [{"id": 1, "from_revision": 1, "position": 0, "family": 4, "plen": 24,
                                             "prefix": b"\xc0\x00\x02\x00", "name": "office",
                                             "body": {"lifetime": "1h", "options": {"routers": ["192.0.2.1"]}}}])
        connection.execute(insert(audit), [{"at": 1, "actor": "ann", "action": "apply", "object": "", "before": None,
                                            "after": {"x": [1, None, "é"]}}])
        connection.execute(insert(request), [
            {"at": 1, "actor": "a", "verb": "lease-release", "body": {"address": "10.0.0.1"}},
            {"at": 1, "actor": "a", "verb": "lease-release", "body": {}, "done_at": 2, "result": {"ok": True}}])


def everything(database):
    with database.reader() as connection:
        return {table.name: [tuple(row) for row in connection.execute(
            select(table).order_by(*table.primary_key.columns))] for table in metadata.sorted_tables}


@pytest.fixture
def made(database, tmp_path):
    fill(database)
    return backup.make(str(database.url.render_as_string(hide_password=False)), tmp_path / "b.lessor",
                       clock=lambda: 1234.5)


def address_of(database):
    return database.url.render_as_string(hide_password=False)


def test_a_backup_restored_into_an_empty_database_is_the_same(database, made, tmp_path):
    assert made.rows["lease"] == 5000
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600
    assert made.size == made.path.stat().st_size
    target = f"sqlite:///{tmp_path}/other.db"
    restored = backup.restore(target, made.path)
    assert (restored.made_at, restored.rows) == (1234, made.rows)
    assert "adopt: free" in restored.note
    before, after = everything(database), everything(Database(target))
    # Requests that waited are not carried into another time.
    assert [row for row in before.pop("request") if row[5] is not None] == after.pop("request")
    assert after == before


@pytest.mark.pg
def test_it_is_the_way_from_sqlite_to_postgresql_and_back(sqlite_url, pg_url, tmp_path):
    source, target, back = Database(sqlite_url), Database(pg_url), f"sqlite:///{tmp_path}/back.db"
    fill(source, 3000)
    backup.restore(pg_url, backup.make(sqlite_url, tmp_path / "first.lessor").path)
    backup.restore(back, backup.make(pg_url, tmp_path / "second.lessor").path)
    before, after = everything(source), everything(Database(back))
    before.pop("request"), after.pop("request")
    assert after == before
    with target.writer() as connection:
        # The sequence goes on behind the restored numbers.
        assert connection.execute(insert(revision).values(REVISION).returning(revision.c.id)).scalar_one() == 2
    target.dispose()


def test_the_file_shows_one_moment_while_an_engine_writes(database, tmp_path):
    fill(database, 3000)
    ended, written = threading.Event(), [3000]

    def engine_at_work():
        while not ended.is_set():
            with database.writer(durable=False) as connection:
                numbers = range(written[0], written[0] + 10)
                connection.execute(insert(lease), [lease_row(n) for n in numbers])
                connection.execute(insert(history), [history_row(n) for n in numbers])
            written[0] += 10

    writer = threading.Thread(target=engine_at_work)
    writer.start()
    try:
        made = backup.make(address_of(database), tmp_path / "b.lessor")
    finally:
        ended.set()
        writer.join()
    assert written[0] > 3000, "the engine was kept waiting"
    assert made.rows["lease"] == made.rows["history"]
    assert backup.check(made.path).rows == made.rows


def test_progress_comes_to_its_end(database, tmp_path):
    fill(database)
    seen = []
    url = address_of(database)
    backup.make(url, tmp_path / "b.lessor", progress=lambda *step: seen.append(step))
    assert seen[-1][1] == seen[-1][2] > 10_000
    assert {name for name, _, _ in seen} >= {"lease", "history", "subnet"}
    restored = []
    other = f"sqlite:///{tmp_path}/other.db"
    backup.restore(other, tmp_path / "b.lessor", progress=lambda *step: restored.append(step))
    assert restored[-1][1] == restored[-1][2]


def test_what_is_large_may_be_left_out_and_nothing_else(database, tmp_path):
    fill(database, 10)
    url = address_of(database)
    made = backup.make(url, tmp_path / "b.lessor", without=["history", "trace"])
    assert "history" not in made.rows
    backup.restore(f"sqlite:///{tmp_path}/other.db", made.path)
    with pytest.raises(Refused, match="lease cannot be left out"):
        backup.make(url, tmp_path / "c.lessor", without=["lease"])


def test_a_database_with_rows_is_refused_unless_told(database, made):
    url = address_of(database)
    before = everything(database)
    with pytest.raises(Refused, match=r"not empty \(it has rows in .*lease.*Say --replace"):
        backup.restore(url, made.path)
    assert everything(database) == before
    with database.writer() as connection:
        connection.execute(insert(lease), [lease_row(99_999)])
    backup.restore(url, made.path, replace=True)
    assert len(everything(database)["lease"]) == 5000


@pytest.mark.parametrize("damage", [
    "cut", "flipped", "value changed", "row removed", "row added", "appended", "other", "empty"])
def test_a_damaged_file_is_refused_before_anything_changes(sqlite_url, tmp_path, damage):
    database = Database(sqlite_url)
    fill(database, 50)
    made = backup.make(sqlite_url, tmp_path / "b.lessor")
    whole = made.path.read_bytes()
    lines = gzip.decompress(whole).splitlines(keepends=True)
    row = next(n for n, line in enumerate(lines) if line.startswith(b"["))
    made.path.write_bytes({
        "cut": whole[: len(whole) // 2],
        "flipped": whole[:-20] + bytes([whole[-20] ^ 1]) + whole[-19:],
        "value changed": gzip.compress(b"".join(lines).replace(b'"ann"', b'"bob"', 1)),
        "row removed": gzip.compress(b"".join(lines[:row] + lines[row + 1:])),
        "row added": gzip.compress(b"".join([*lines[:row], lines[row], *lines[row:]])),
        "appended": gzip.compress(b"".join([*lines, lines[row]])),
        "other": b"-- PostgreSQL dump",
        "empty": b"",
    }[damage])
    before = everything(database)
    with pytest.raises(Refused) as caught:
        backup.restore(sqlite_url, made.path, replace=True)
    assert "Nothing was changed" in str(caught.value) or "cannot be read" in str(caught.value)
    assert everything(database) == before


@pytest.mark.parametrize(("header", "message"), [
    (b'{"format":"other"}\n', "no backup of Lessor"),
    (b"[1]\n", "no backup of Lessor"),
    (b"nonsense\n", "no backup of Lessor"),
    (b'{"format":"lessor-backup","format_version":9,"lessor":"7.1"}\n', r"made by Lessor 7\.1"),
    ((b'{"format":"lessor-backup","format_version":1,"schema":"1","lessor":"1","made_at":1,"database":"x",'
      b'"tables":{"lease; drop":[["a","text"]]}}\n'), "no backup of Lessor"),
])
def test_a_strange_header_is_refused(sqlite_url, tmp_path, header, message):
    path = tmp_path / "x"
    path.write_bytes(gzip.compress(header))
    with pytest.raises(Refused, match=message):
        backup.restore(sqlite_url, path)


def test_a_row_that_the_database_refuses_leaves_it_as_it_was(sqlite_url, tmp_path, monkeypatch):
    database = Database(sqlite_url)
    fill(database, 50)
    made = backup.make(sqlite_url, tmp_path / "b.lessor")
    target = f"sqlite:///{tmp_path}/other.db"
    migrate.upgrade(target)
    other = Database(target)
    with other.writer() as connection:
        connection.exec_driver_sql("CREATE UNIQUE INDEX one_hw ON lease (hw)")
    with pytest.raises(StoreError, match="A row of lease cannot be stored"):
        backup.restore(target, made.path)
    with other.reader() as connection:
        assert dump.filled_tables(connection) == []


def test_an_existing_file_is_kept_unless_told(sqlite_url, tmp_path):
    path = tmp_path / "b.lessor"
    path.write_text("precious")
    with pytest.raises(Refused, match="exists already"):
        backup.make(sqlite_url, path)
    assert path.read_text() == "precious"
    backup.make(sqlite_url, path, force=True)
    assert backup.check(path)


def test_a_failed_backup_leaves_no_file(sqlite_url, tmp_path, monkeypatch):
    def fails(*_):
        raise StoreError("gone")
    monkeypatch.setattr(dump, "write", fails)
    folder = tmp_path / "out"
    folder.mkdir()
    with pytest.raises(StoreError):
        backup.make(sqlite_url, folder / "b.lessor")
    assert list(folder.iterdir()) == []
    with pytest.raises(Refused, match="cannot be written"):
        backup.make(sqlite_url, tmp_path / "nowhere" / "b.lessor")


def test_nothing_is_restored_under_a_working_engine(sqlite_url, tmp_path):
    made = backup.make(sqlite_url, tmp_path / "b.lessor")
    database = Database(sqlite_url)
    with database.writer() as connection:
        values = {"duid": b"a", "name": "first", "seen_at": int(database.now()), "status": {}}
        connection.execute(insert(engine), [values])
    with pytest.raises(Refused, match="The engine first is working"):
        backup.restore(sqlite_url, made.path, replace=True)
