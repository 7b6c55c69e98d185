import re

import pytest

from app.pages import manual
from tests.app.site import define, web


@pytest.fixture
def page(sqlite_database):
    define(sqlite_database)
    return web(sqlite_database)


def text(answer) -> str:
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def test_the_index_leads_to_pages_that_are_there(page):
    shown = text(page.get("/manual"))
    there = set(re.findall(r'href="(/manual/[a-z0-9-]+)', shown))
    assert {"/manual/definitions", "/manual/reasons"} <= there
    for path in there:
        assert text(page.get(path)).count("<h1>") == 1


def test_headings_have_the_anchors_that_links_name(page):
    shown = text(page.get("/manual/definitions"))
    for anchor in re.findall(r'href="#([^"]+)"', shown):
        assert anchor == "main" or f'id="{anchor}"' in shown


@pytest.mark.parametrize("name", ["nonsense", "..%2fREADME", "INDEX", "flow.txt", "%2e%2e", "nothing.svg", "a" * 300,
                                  f"{'a' * 300}.svg"])
def test_nothing_else_is_served(page, name):
    assert page.get(f"/manual/{name}").status_code == 404


def test_a_drawing_is_served_with_a_policy_of_its_own(page):
    with page.get("/manual/flow.svg") as answer:
        assert answer.mimetype == "image/svg+xml"
        assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_html_in_the_markdown_stays_text(tmp_path):
    file = tmp_path / "x.md"
    file.write_text("# X\n\n<script>alert(1)</script> <b>b</b> [a](javascript:alert(1)) [b](other.md#y)\n")
    shown = manual._render(file, "/manual")
    assert shown.title == "X"
    assert "<script" not in shown.html
    assert "<b>" not in shown.html
    assert 'href="javascript' not in shown.html
    assert 'href="/manual/other#y"' in shown.html


def test_a_table_is_reached_by_the_keyboard_and_aligned_by_the_style_sheet(page):
    """A style attribute is what the policy forbids."""
    shown = page.get("/manual/performance").get_data(as_text=True)
    assert '<table tabindex="0">' in shown
    assert '<td class="right">' in shown
    assert "style=" not in shown
