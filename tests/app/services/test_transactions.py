import pytest

from app.services import transactions
from dhcpcore.engine import Datagram, Traced
from dhcpcore.errors import NotFound
from dhcpcore.stats.reasons import Reason
from tests.app.people import a_lease, appliance, store
from tests.stored import store_traces

RELAY = b"\xc0\x00\x02\x01"


@pytest.fixture
def here(sqlite_database):
    store(sqlite_database, a_lease(1, hostname="printer"), a_lease(2))
    entries = [Traced(Datagram(b"", RELAY, 67, 2, RELAY, RELAY, 1000.0 + n), Reason.NO_SUBNET, 1, [], a_lease(n).client,
                      b"") for n in (1, 2, 1)]
    entries.append(Traced(Datagram(b"", RELAY, 67, 2, RELAY, RELAY, 2000.0), Reason.MALFORMED, 1, [], b"", b""))
    store_traces(sqlite_database, entries)
    return appliance(sqlite_database)


def test_everybodys(here):
    found = transactions.latest(here)
    assert [one.reason for one in found] == ["MALFORMED", "NO-SUBNET", "NO-SUBNET", "NO-SUBNET"]
    assert (found[0].client, found[0].source) == ("", "192.0.2.1")


@pytest.mark.parametrize("what", ["02:00:00:00:00:01", "0200.0000.0001", "192.0.2.1", "PRINT"])
def test_a_client_is_known_by_what_people_know(here, what):
    found = transactions.latest(here, what)
    assert [one.client for one in found] == ["hardware 02:00:00:00:00:01"] * 2


@pytest.mark.parametrize("what", ["192.0.2.99", "nobody"])
def test_a_client_that_nobody_knows_is_told(here, what):
    with pytest.raises(NotFound, match="Name it by its hardware address"):
        transactions.latest(here, what)


def test_a_client_that_sent_nothing_has_no_transaction(here):
    assert transactions.latest(here, "02:00:00:00:00:09") == ()
