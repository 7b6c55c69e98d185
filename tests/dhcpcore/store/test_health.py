from pathlib import Path

import pytest
from sqlalchemy import insert

from dhcpcore.store import health
from dhcpcore.store.database import POSTGRESQL
from dhcpcore.store.schema import audit

MOUNTS = """\
/dev/sda1 / ext4 rw 0 0
tmpfs /run tmpfs rw 0 0
nas:/x /srv/my\\040data nfs4 rw 0 0
nas:/y /srv nfs rw 0 0
broken
"""


@pytest.mark.parametrize(("path", "kind"), [
    ("/var/lib/lessor", "ext4"), ("/run/x", "tmpfs"), ("/runaway", "ext4"), ("/srv/my data/lessor", "nfs4"),
    ("/srv/other", "nfs"), ("/srv", "nfs"), ("/", "ext4"),
])
def test_a_path_lies_on_the_nearest_mount_above_it(path, kind):
    assert health.file_system(Path(path), MOUNTS) == kind


def test_without_any_mount_nothing_is_said():
    assert health.file_system(Path("/x"), "") == ""


def test_sizes_count_what_grows(database):
    before = health.sizes(database)
    assert before.octets > 0
    assert set(before.rows) == set(health.GROWING)
    with database.writer() as connection:
        connection.execute(insert(audit), [{"at": n, "actor": "a", "action": "b", "object": ""} for n in range(3)])
    assert health.sizes(database).rows["audit"] == before.rows["audit"] + 3


def test_durability_is_postgresqls_to_tell(database):
    with database.reader() as connection:
        found = health.durability(connection)
    if database.dialect == POSTGRESQL:
        assert found == health.Durability(True, "on", "", (), False)
    else:
        assert found is None
