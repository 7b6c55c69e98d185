import pytest

from dhcpcore.store.database import Database
from tests.app.people import a_lease, remember, store


@pytest.fixture
def lessor_with_leases(on_sqlite, sqlite_url, document):
    on_sqlite.ok("apply", document)
    database = Database(sqlite_url)
    store(database, *(a_lease(n) for n in range(10, 14)), a_lease(9, hostname="\x1b[31mred", expires=5))
    remember(database, a_lease(10), 100, 200, 1)
    database.dispose()
    return on_sqlite


def test_leases_are_listed_page_by_page(lessor_with_leases):
    shown = lessor_with_leases("lease", "list", "--limit", "2")
    assert "192.0.2.10" in shown.stdout
    assert "office" in shown.stdout
    assert "There are more: --cursor " in shown.stderr
    cursor = shown.stderr.split("--cursor ")[1].strip()
    rest = lessor_with_leases.json("lease", "list", "--cursor", cursor)
    assert [one["address"] for one in rest["leases"]] == ["192.0.2.11", "192.0.2.12", "192.0.2.13"]
    assert rest["next_cursor"] is None


def test_a_host_name_does_not_colour_the_terminal(lessor_with_leases):
    shown = lessor_with_leases.ok("lease", "list")
    assert "\x1b" not in shown
    assert r"\x1b[31mred" in shown


def test_filters(lessor_with_leases):
    assert len(lessor_with_leases.json("lease", "list", "--active")["leases"]) == 4
    assert len(lessor_with_leases.json("lease", "list", "--find", "host-12")["leases"]) == 1
    assert len(lessor_with_leases.json("lease", "list", "--subnet", "office")["leases"]) == 5
    assert "There is no subnet cellar" in lessor_with_leases.refused("lease", "list", "--subnet", "cellar")
    assert "cursor is not one" in lessor_with_leases.refused("lease", "list", "--cursor", "x")
    assert lessor_with_leases.ok("lease", "list", "--find", "nobody") == "No lease.\n"


def test_one_lease_and_its_history(lessor_with_leases, monkeypatch):
    assert "02:00:00:00:00:0a" in lessor_with_leases.ok("lease", "show", "192.0.2.10")
    assert "No lease of 192.0.2.99" in lessor_with_leases.refused("lease", "show", "192.0.2.99")
    (holding,) = lessor_with_leases.json("lease", "history", "192.0.2.10")
    assert holding["ended_by"] == "released"
    assert "released" in lessor_with_leases.ok("lease", "history", "02:00:00:00:00:0a")
    assert lessor_with_leases.ok("lease", "history", "192.0.2.10", "--at", "2020-01-01") == (
        "Nobody, as far as the history goes.\n")
    assert lessor_with_leases("lease", "history", "192.0.2.10", "--at", "yesterday").exit_code == 2
    monkeypatch.setenv("TZ", "UTC")
    assert lessor_with_leases("lease", "history", "192.0.2.10", "--at", "0001-01-01").exit_code == 2


def test_a_renewal_needs_an_engine(lessor_with_leases):
    assert "No engine answers" in lessor_with_leases.refused("lease", "renew", "192.0.2.10")
    assert "not an address" in lessor_with_leases.refused("lease", "renew", "printer")


def test_a_release_waits_for_an_engine(lessor_with_leases):
    assert "will be released by the next one" in lessor_with_leases.ok("lease", "release", "192.0.2.10")
    assert lessor_with_leases.json("lease", "release", "192.0.2.10")["request"] == 1
    assert "nothing to release" in lessor_with_leases.refused("lease", "release", "192.0.2.9")
    assert "not an address" in lessor_with_leases.refused("lease", "release", "printer")


def test_explain_with_nothing_on_record(lessor_with_leases):
    assert lessor_with_leases.ok("explain") == "No message is on record.\n"
    assert lessor_with_leases.ok("explain", "--since", "2026-01-01", "--reason", "OFFER") == (
        "No message is on record like that.\n")
    assert "There is no reason NONE" in lessor_with_leases.refused("explain", "--reason", "NONE")
    assert "No client is known" in lessor_with_leases.refused("explain", "nobody")
    assert lessor_with_leases.json("explain", "02:00:00:00:00:0a") == []


def test_more_filters_and_the_other_end_first(lessor_with_leases):
    def found(*flags):
        return [one["address"] for one in lessor_with_leases.json("lease", "list", *flags)["leases"]]

    assert found("--state", "expired") == ["192.0.2.9"]
    assert found("--hostname", "HOST-12") == found("--hw-address", "02-00-00-00-00-0c") == ["192.0.2.12"]
    assert found("--sort", "-address", "--limit", "2") == ["192.0.2.13", "192.0.2.12"]
    assert found("--sort", "expires_at", "--limit", "1") == ["192.0.2.9"]


def test_a_lease_becomes_an_assignment(lessor_with_leases):
    done = lessor_with_leases("lease", "assign", "192.0.2.11")
    assert "192.0.2.11 is assigned to 02:00:00:00:00:0b" in done.stdout
    assert "No engine runs now" in done.stderr
    assert "already" in lessor_with_leases.ok("lease", "assign", "192.0.2.11")
    assert "No lease of 192.0.2.99" in lessor_with_leases.refused("lease", "assign", "192.0.2.99")
