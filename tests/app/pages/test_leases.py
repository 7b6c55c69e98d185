import re

import pytest

from dhcpcore.stats.reasons import Reason
from tests.app.people import a_lease, remember, store
from tests.app.site import fill, web
from tests.app.traces import tell


@pytest.fixture
def page(sqlite_database):
    fill(sqlite_database)
    return web(sqlite_database)


def text(answer) -> str:
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def addresses(shown: str) -> list[str]:
    return re.findall(r'class="address"><a[^>]*>([^<]*)<', shown)


def test_leases_are_listed_with_their_subnet(page):
    shown = text(page.get("/leases"))
    assert re.search(r"192\.0\.2\.12</a>.*?host-12.*?02:00:00:00:00:0c.*?active.*?office", shown, re.DOTALL)
    assert "192.0.2.30" not in addresses(shown), "a past lease is shown only when asked for"
    assert "192.0.2.30" in addresses(text(page.get("/leases?show=all")))


@pytest.mark.parametrize(("find", "found"), [
    ("192.0.2.12", "192.0.2.12"), ("02:00:00:00:00:0d", "192.0.2.13"), ("HOST-14", "192.0.2.14")])
def test_a_search_finds_by_address_hardware_and_name(page, find, found):
    assert addresses(text(page.get("/leases", query_string={"find": find}))) == [found]


def test_filters_by_subnet_and_state(page):
    assert addresses(text(page.get("/leases?subnet=laboratory"))) == []
    assert addresses(text(page.get("/leases?show=declined"))) == ["192.0.2.19"]
    assert addresses(text(page.get("/leases?show=expired"))) == ["192.0.2.30"]
    assert addresses(text(page.get("/leases?show=released"))) == []


def test_the_order_can_be_turned_round_and_pages_go_on(page, sqlite_database):
    store(sqlite_database, *(a_lease(n) for n in range(100, 180)))
    up = addresses(text(page.get("/leases")))
    first = text(page.get("/leases?sort=-address"))
    following = re.search(r'rel="next" href="([^"]*)"', first)[1].replace("&amp;", "&")
    second = text(page.get(following))
    assert up[:2] == ["192.0.2.5", "192.0.2.10"]
    assert addresses(first)[:2] == ["192.0.2.179", "192.0.2.178"]
    assert len(addresses(first)) == 50
    assert addresses(second)[0] == "192.0.2.129"
    assert "First page" in second


def test_the_heads_of_the_columns_sort(page, sqlite_database):
    store(sqlite_database, *(a_lease(n, expires=4_000_000_000 - n) for n in range(100, 180)))

    def heads(shown):
        return re.findall(r'<th scope="col"( aria-sort="[a-z]+")?><a href="([^"]*)"[^>]*>([A-Za-z ]+)', shown)

    shown = text(page.get("/leases"))
    assert [name for _, _, name in heads(shown)] == ["Address ", "Client", "Hardware address", "Ends", "Last seen"]
    assert [sort for sort, _, _ in heads(shown)] == [' aria-sort="ascending"', "", "", "", ""]
    shown = text(page.get(heads(shown)[3][1]))
    assert addresses(shown)[:2] == ["192.0.2.179", "192.0.2.178"]
    following = re.search(r'rel="next" href="([^"]*)"', shown)[1].replace("&amp;", "&")
    assert addresses(text(page.get(following)))[0] == "192.0.2.129"
    assert [sort for sort, _, name in heads(shown) if name == "Ends "] == [' aria-sort="ascending"']
    shown = text(page.get(heads(shown)[3][1]))
    assert [sort for sort, _, name in heads(shown) if sort] == [' aria-sort="descending"']
    assert addresses(shown)[:2] == ["192.0.2.5", "192.0.2.10"]


def test_an_order_that_is_none_is_that_of_the_addresses(page):
    assert addresses(text(page.get("/leases?sort=colour"))) == addresses(text(page.get("/leases")))


def test_a_search_that_has_more_to_look_at_goes_on_by_itself(page, monkeypatch):
    """A host among the last of a million is found without a click; without scripts a link goes on."""
    monkeypatch.setattr("dhcpcore.store.queries.SCAN_MAX", 2)
    looked, path = 0, "/leases?find=host-17"
    while "192.0.2.17" not in addresses(shown := text(page.get(path))):
        assert "Nothing found so far" in shown
        assert 'hx-trigger="load"' in shown
        path = re.search(r'<a href="([^"]*)"[^>]*>Looking further', shown)[1].replace("&amp;", "&")
        looked += 1
    assert looked > 1
    assert "so far" not in shown


def test_a_search_that_has_looked_at_everything_says_so(page):
    shown = text(page.get("/leases?find=host-77"))
    assert "Nothing found" in shown
    assert "so far" not in shown


def test_a_strange_cursor_is_told(page):
    assert "cursor is not one that a list in this order gave" in text(page.get("/leases?cursor=xyz"))


def test_a_client_without_a_lease_is_told_why(page, sqlite_database):
    tell(sqlite_database, (0x63, Reason.POOL_EXHAUSTED))
    shown = text(page.get("/leases?find=02:00:00:00:00:63"))
    assert "But it was heard from" in shown
    assert "Every address that this client might get is in use." in shown
    assert "No message of such a client is remembered" in text(page.get("/leases?find=02:00:00:00:00:64"))


def test_a_lease_is_shown_with_its_history_and_its_transactions(page, sqlite_database):
    remember(sqlite_database, a_lease(12, opened=1, hostname="<b>old</b>"), 1_000, 5_000, 1)
    tell(sqlite_database, (12, Reason.ACK_NEW))
    shown = text(page.get("/leases/192.0.2.12"))
    assert "host-12" in shown
    assert "&lt;b&gt;old&lt;/b&gt;" in shown
    assert "1970-01-01T00:16:40Z" in shown
    assert "A new lease was committed and acknowledged." in shown


@pytest.mark.parametrize(("address", "status"), [("192.0.2.99", 404), ("nonsense", 422), ("192.0.2.12", 200)])
def test_an_address_without_a_lease_is_told(page, address, status):
    assert page.get(f"/leases/{address}").status_code == status
