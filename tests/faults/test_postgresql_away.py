"""PostgreSQL that is stopped, crashes, starts again; and one whose disk is full."""

import signal
from collections.abc import Callable, Iterator

import pytest

from tests import pg
from tests.faults.rig import Rig
from tests.faults.told import told
from tests.packets4 import ACK, OFFER, client

pytestmark = pytest.mark.pg

A, B = client(1), client(2)


@pytest.fixture
def cluster() -> Iterator[pg.Cluster]:
    """One of its own, for it is stopped."""
    if reason := pg.reason_missing():
        pytest.skip(reason)
    made = pg.Cluster()
    try:
        yield made.start()
    finally:
        made.remove()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["stopped", "crashed"])
def test_postgresql_is_restarted(cluster: pg.Cluster, build: Callable[..., Rig], how: signal.Signals) -> None:
    fault = told("PostgreSQL is stopped, or crashes, and starts again")
    with cluster.database() as url:
        rig = build(url)
        rig.apply()
        address = rig.lease(A)
        rig.pass_(2)  # A renewal in the second of its lease would change nothing, and need no database.
        cluster.stop(how)
        assert rig.send(rig.renew(A, address), rig.discover(B)) == []
        assert rig.reasons == fault.reasons * 2
        cluster.start()
        answers = rig.send(rig.renew(A, address), rig.discover(B))
        assert [answer.kind for answer in answers] == [OFFER, ACK]
        assert rig.reasons == fault.after
        rig.close()


def test_postgresqls_disk_is_full(pg_url: str, build: Callable[..., Rig]) -> None:
    """PostgreSQL's own error for it, raised where it would be: while rows are written."""
    fault = told("the disk is full")
    rig = build(pg_url)
    rig.apply()
    (offer,) = rig.send(rig.discover(A))
    rig.sql(
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = 'disk_full'; END $$"
    )
    rig.sql("CREATE TRIGGER full_disk BEFORE INSERT ON history FOR EACH ROW EXECUTE FUNCTION full_disk()")
    assert rig.send(rig.select(A, offer.yiaddr)) == []
    assert rig.reasons == fault.reasons
    assert rig.row(offer.yiaddr) is None
    assert rig.quarantine() == [], "a full disk is no fault of the row"
    rig.sql("DROP TRIGGER full_disk ON history")
    rig.send(rig.select(A, offer.yiaddr))
    assert rig.reasons == fault.after
