import re

import pytest

from app.services.access import Role
from dhcpcore.store import audit as rows
from dhcpcore.store.definitions import Definitions
from dhcpcore.topology.validate import validate
from tests.app.pages.form_pages import text
from tests.app.site import DOCUMENT, HOSTILE, define, web

COUNTED = '<div class="change-head">'


@pytest.fixture
def page(sqlite_database):
    define(sqlite_database)
    changed = {**DOCUMENT, "subnets": [{**DOCUMENT["subnets"][0], "lifetime": "2h"}]}
    Definitions(sqlite_database).apply(validate(changed), actor="bob", note="no laboratory")
    with sqlite_database.writer() as connection:
        rows.record(connection, actor="eve", action="user.add", what=f"user {HOSTILE}", now=1_000_000,
                    after={"role": "viewer", "name": HOSTILE})
    return web(sqlite_database, role=Role.VIEWER)


def test_who_changed_what_is_told_with_both_sides(page):
    shown = text(page.get("/audit"))
    assert shown.count(COUNTED) == 7
    sides = r'<th scope="row">lifetime</th><td class="mono was"[^>]*>[^<]</td><td class="mono is"[^>]*>2h</td>'
    assert re.search(sides, shown)
    assert 'href="/revisions/2"' in shown
    assert "1970-01-12 13:46:40 UTC" in shown


def test_what_somebody_wrote_stays_text(page):
    assert HOSTILE not in page.get("/audit").get_data(as_text=True)


@pytest.mark.parametrize(("asked", "count"), [
    ("actor=bob", 2), ("actor=bo", 0), ("kind=user.", 1), ("kind=definitions.", 6), ("kind=lease.", 0),
    ("about=LABOR", 2), ("until=1970-02-01T00:00", 1), ("since=1970-02-01T00:00", 6), ("actor=bob&about=office", 1)])
def test_by_person_kind_thing_and_time(page, asked, count):
    shown = text(page.get(f"/audit?{asked}"))
    assert shown.count(COUNTED) == count
    assert ("No change like that" in shown) == (not count)


def test_older_ones_follow(page, sqlite_database):
    with sqlite_database.writer() as connection:
        for n in range(60):
            rows.record(connection, actor="zoe", action="lease.release", what=f"lease 192.0.2.{n}", now=2_000_000 + n)
    shown = page.get("/audit?actor=zoe").get_data(as_text=True)
    assert shown.count(COUNTED) == 50
    older = text(page.get(re.search(r'rel="next" href="([^"]*)"', shown)[1].replace("&amp;", "&")))
    assert (older.count(COUNTED), 'rel="next"' in older) == (10, False)


@pytest.mark.parametrize("wrong", ["since=yesterday", "cursor=nonsense"])
def test_what_is_wrong_is_said(page, wrong):
    assert "All changes" in text(page.get(f"/audit?{wrong}"))


def test_an_empty_one_says_what_will_be_there(sqlite_database):
    assert "No change yet" in text(web(sqlite_database).get("/audit"))
