import re

import pytest

from app.services.access import Role
from tests.app.people import a_lease, store
from tests.app.site import DOCUMENT, define, fill, web


@pytest.fixture
def page(sqlite_database):
    fill(sqlite_database)
    return web(sqlite_database)


def text(answer) -> str:
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def test_every_subnet_is_listed(page):
    shown = text(page.get("/subnets"))
    assert "192.0.2.0/24" in shown
    assert "No pool: only assignments are served." in shown


def many(database, count=90):
    define(database, {"version": 1, "subnets": [
        *({"prefix": f"10.{n}.0.0/24", "name": f"floor-{n}", "pools": [{"first": f"10.{n}.0.1", "last": f"10.{n}.0.9"}]}
          for n in range(count)),
        {"prefix": "2001:db8::/64", "name": "six", "shared_network": "campus", "interface": "eth7"}]})
    return web(database)


def listed(shown):
    return re.findall(r'<h2 id="s\d+"><a [^>]*>([^<]*)<', shown)


def following(shown):
    found = re.search(r'rel="next" href="([^"]*)"', shown)
    return found and found[1].replace("&amp;", "&")


def test_many_subnets_come_in_pages(sqlite_database):
    page = many(sqlite_database)
    seen, path, pages = [], "/subnets?sort=name", 0
    while path:
        shown = text(page.get(path))
        seen += listed(shown)
        path, pages = following(shown), pages + 1
    assert (len(seen), len(set(seen)), pages) == (91, 91, 3)
    assert seen == sorted(seen)
    assert "First page" in shown


@pytest.mark.parametrize(("asked", "found"), [
    ("find=FLOOR-77", ["floor-77"]), ("find=10.5.0", ["floor-5"]), ("find=eth7", ["six"]), ("family=6", ["six"]),
    ("wire=campus", ["six"]), ("wire=nobodys", []), ("find=nothing", []), ("sort=-use&find=six", ["six"])])
def test_a_subnet_is_found_among_many(sqlite_database, asked, found):
    shown = text(many(sqlite_database).get(f"/subnets?{asked}"))
    assert listed(shown) == found
    assert ("No subnet like that" in shown) == (not found)


def test_the_fullest_come_first(sqlite_database):
    page = many(sqlite_database)
    store(sqlite_database, *(a_lease(n, subnet=31, address=bytes([10, 30, 0, n])) for n in range(1, 5)))
    assert listed(text(page.get("/subnets?sort=-use")))[0] == "floor-30"
    assert listed(text(page.get("/subnets?sort=colour")))[0] == "floor-0"


def test_a_few_subnets_need_no_search_and_a_strange_cursor_is_told(page):
    assert "Name, prefix, interface" not in text(page.get("/subnets"))
    assert "Name, prefix, interface" in text(page.get("/subnets?find=nothing"))
    assert "cursor is not one" in text(page.get("/subnets?cursor=x"))
    assert "no longer in the list" in text(page.get("/subnets?cursor=4711"))


def test_the_map_shows_what_each_address_is(page):
    shown = text(page.get("/subnets/1"))
    cells = dict(re.findall(r'class="cell (\w+)" title="([\d.]+):', shown))
    assert len(re.findall(r'<li class="cell', shown)) == 256
    assert set(cells) == {"held", "declined", "outside"}
    assert 'href="/leases/192.0.2.12"' in shown


def test_an_assigned_address_that_nobody_holds_is_shown_as_such(sqlite_database):
    define(sqlite_database)
    shown = text(web(sqlite_database).get("/subnets/1"))
    assert re.search(r'<li class="cell assigned" title="192\.0\.2\.5:', shown)
    assert len(re.findall(r'<li class="cell free"', shown)) == 10


def test_a_large_pool_is_paged(sqlite_database):
    define(sqlite_database, {**DOCUMENT, "subnets": [
        {"prefix": "10.0.0.0/8", "name": "large", "pools": [{"first": "10.1.0.0", "last": "10.9.255.255"}]}]})
    page = web(sqlite_database)
    shown = text(page.get("/subnets/1"))
    assert "10.1.0.0 \u2013 10.1.0.255" in shown
    following = re.search(r'rel="next" href="([^"#]*)', shown)[1]
    assert "10.1.1.0 \u2013 10.1.1.255" in text(page.get(following))
    assert 'rel="next"' not in text(page.get("/subnets/1?at=10.255.255.255"))
    assert page.get("/subnets/1?at=11.0.0.1").status_code == 422


def test_an_unknown_subnet_is_told(page):
    assert page.get("/subnets/99").status_code == 404


def moved(page, first, last, **more):
    form = {"old_first": "192.0.2.10", "old_last": "192.0.2.19", "first": first, "last": last}
    return page.post("/subnets/1/pool", data={**form, **more})


def test_a_pool_is_widened_at_once(page):
    answer = moved(page, "192.0.2.10", "192.0.2.99")
    assert answer.status_code == 303
    shown = text(page.get(answer.headers["Location"]))
    assert "The pool is changed." in shown
    assert "192.0.2.10 \u2013 192.0.2.99" in shown


def test_a_change_that_takes_addresses_is_shown_and_confirmed(page):
    shown = text(moved(page, "192.0.2.10", "192.0.2.14"))
    assert "4 clients lose their addresses" in shown
    assert "192.0.2.10 \u2013 192.0.2.19" in shown
    assert moved(page, "192.0.2.10", "192.0.2.14", losses="4").status_code == 303


def test_wrong_ends_are_told_and_kept(page):
    answer = moved(page, "192.0.2.10", "nonsense")
    assert answer.status_code == 422
    shown = answer.get_data(as_text=True)
    assert "Nothing was changed." in shown
    assert 'value="nonsense"' in shown
    assert moved(page, "192.0.2.10", "192.0.2.99", old_last="192.0.2.18").status_code == 409


def test_of_two_who_move_a_pool_the_second_is_told_and_shown_both(page):
    shown = text(page.get("/subnets/1"))
    given = dict(re.findall(r'<input type="hidden" name="(pool|version)" value="([^"]*)"', shown))
    assert moved(page, "192.0.2.10", "192.0.2.99", **given).status_code == 303
    late = moved(page, "192.0.2.10", "192.0.2.80", **given)
    assert late.status_code == 409
    told = late.get_data(as_text=True)
    assert "Somebody else has changed this pool meanwhile" in told
    assert re.search(r'last address</th><td class="mono">192.0.2.80</td><td class="mono">192.0.2.99</td>', told)
    assert 'value="192.0.2.80"' in told, "what was typed is kept"
    again = dict(re.findall(r'<input type="hidden" name="(pool|version)" value="([^"]*)"', told))
    assert again["version"] != given["version"]
    assert moved(page, "192.0.2.10", "192.0.2.80", **again).status_code == 303


def test_a_pool_that_is_gone_is_told(page):
    answer = moved(page, "192.0.2.10", "192.0.2.80", pool="4711", version="1")
    assert answer.status_code == 409
    assert "There is no pool" in answer.get_data(as_text=True)


def test_only_an_administrator_moves_a_pool(sqlite_database):
    fill(sqlite_database)
    page = web(sqlite_database, role=Role.OPERATOR)
    assert "Widen" not in text(page.get("/subnets/1"))
    assert page.post("/subnets/1/pool", data={"first": "192.0.2.1"}).status_code == 403
