"""Migrations make exactly the schema, go down and up again, know their own versions, and copy the file first."""

import sqlite3
import stat
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from dhcpcore.errors import StoreError
from dhcpcore.places import data_dir
from dhcpcore.store import migrate, schema, schema_version
from dhcpcore.store.database import Database


def difference(url):
    database = Database(url)
    try:
        with database.reader() as connection:
            options = {"compare_type": True, "compare_server_default": True}
            return compare_metadata(MigrationContext.configure(connection, opts=options), schema.metadata)
    finally:
        database.dispose()


def set_version(url, version):
    database = Database(url)
    with database.writer() as connection:
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{version}'")
    database.dispose()


def test_upgrade_makes_the_schema_that_the_code_declares(url):
    done = migrate.upgrade(url)
    assert (done.before, done.after, done.backup) == (None, schema_version.head(), None)
    assert difference(url) == []


def test_the_comparison_sees_a_missing_index(url):
    migrate.upgrade(url)
    database = Database(url)
    with database.writer() as connection:
        connection.exec_driver_sql("DROP INDEX ix_lease_client")
    database.dispose()
    assert [change[0] for change in difference(url)] == ["add_index"]


def test_up_down_up(url):
    migrate.upgrade(url)
    migrate.downgrade(url, "base")
    assert schema_version.current(url) is None
    assert {change[0] for change in difference(url)} >= {"add_table"}
    migrate.upgrade(url)
    assert difference(url) == []


def test_upgrade_twice_changes_nothing(url):
    migrate.upgrade(url)
    assert migrate.upgrade(url) == migrate.Migrated(schema_version.head(), schema_version.head(), None)


def test_the_version_of_a_file_that_is_not_there_is_none_and_the_file_is_not_made(tmp_path):
    assert schema_version.current(f"sqlite:///{tmp_path}/none.db") is None
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_version_is_refused_and_left_alone(url):
    migrate.upgrade(url)
    set_version(url, "9999")
    for refused in (lambda: migrate.upgrade(url), lambda: schema_version.require_current(url)):
        with pytest.raises(StoreError, match=r"9999.*newer version made it"):
            refused()
    assert schema_version.current(url) == "9999"


def test_require_current_names_the_verb(url):
    with pytest.raises(StoreError, match="lessor migrate"):
        schema_version.require_current(url)
    migrate.upgrade(url)
    schema_version.require_current(url)


def test_a_folder_that_is_missing_is_named(tmp_path):
    with pytest.raises(StoreError, match="folder does not exist"):
        migrate.upgrade(f"sqlite:///{tmp_path}/nowhere/lessor.db")


def test_the_file_is_copied_before_it_changes(tmp_path):
    file = tmp_path / "lessor.db"
    url = f"sqlite:///{file}"
    migrate.upgrade(url)
    file.chmod(0o600)
    database = Database(url)
    with database.writer() as connection:
        connection.exec_driver_sql("UPDATE head SET revision = 41")
    database.dispose()
    done = migrate.downgrade(url, "base")
    assert done.backup == tmp_path / f"lessor.db.before-{schema_version.head()}"
    assert stat.S_IMODE(done.backup.stat().st_mode) == 0o600
    copy = sqlite3.connect(done.backup)
    assert copy.execute("SELECT revision FROM head").fetchall() == [(41,)]
    copy.close()


def test_two_upgrades_at_once_both_end_well(url):
    failures: list[BaseException] = []

    def run() -> None:
        try:
            migrate.upgrade(url)
        except BaseException as error:  # noqa: BLE001 - Whatever it is, the test shows it.
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert difference(url) == []


def test_a_migration_imports_nothing_of_ours():
    for file in Path(migrate.data_dir("migrations"), "versions").glob("*.py"):
        assert "dhcpcore" not in file.read_text()
        assert "from app" not in file.read_text()


def test_the_versions_known_are_those_of_the_migrations_in_their_order() -> None:
    config = Config()
    config.set_main_option("script_location", str(data_dir("migrations")))
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config)
    assert schema_version.known() == tuple(script.revision for script in scripts.walk_revisions())[::-1]
    assert schema_version.head() == scripts.get_current_head()
