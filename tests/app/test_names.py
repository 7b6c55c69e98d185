"""Whatever may be a name leads a browser and a program to what is called so; what would not is refused as a name."""

import html
import re
from urllib.parse import quote, unquote, urljoin

import pytest

from dhcpcore.errors import InvalidDocument
from dhcpcore.topology.validate import validate
from tests.app.people import EngineThatAnswers
from tests.app.site import define, web

GOOD = ("a/b", "a//b", "a/", "%2e%2e", "a%2fb", "?x", "#x", "a;b", "a b", "a+b", "&", '"', "\\", "<b>", "new",
        "...")
BAD = (".", "..", "/a", "//a", "a/../b", "./x", "x/.")
KINDS = ("classes", "handlers", "shared-networks")


def document(*names):
    return {
        "version": 1,
        "classes": [{"name": name, "test": "known"} for name in names],
        "handlers": [{"name": name, "type": "mark", "fields": {"marks": ["x"]}} for name in names],
        "shared_networks": [{"name": name} for name in names],
    }


@pytest.mark.parametrize("kind", KINDS)
def test_a_name_leads_to_its_page_and_its_place_in_rest(sqlite_database, kind):
    define(sqlite_database, document(*GOOD))
    page, lost = web(sqlite_database, EngineThatAnswers(status={"ready": True})), []
    found = map(html.unescape, re.findall(rf'href="(/{kind}/one/[^"]*)"', page.get(f"/{kind}").text))
    links = {unquote(link).removeprefix(f"/{kind}/one/"): link for link in found}
    assert set(links) == set(GOOD)
    for name in GOOD:
        rest = f"/api/v1/{kind}/" + quote(name, safe="")
        if page.get(as_a_browser(links[name])).status_code != 200:
            lost.append((name, links[name]))
        if page.get(rest).json.get("name") != name or page.delete(rest, headers={"If-Match": "*"}).status_code != 200:
            lost.append((name, rest))
    assert lost == []


def as_a_browser(path):
    """The path that a browser asks for, RFC 3986 5.2.4."""
    return urljoin("http://127.0.0.1/", path).removeprefix("http://127.0.0.1")


@pytest.mark.parametrize("name", BAD)
def test_what_leads_elsewhere_is_no_name(name):
    with pytest.raises(InvalidDocument) as caught:
        validate(document(name))
    faults = {fault.path: fault.message for fault in caught.value.faults}
    assert set(faults) == {"classes[0].name", "handlers[0].name", "shared_networks[0].name"}
    assert all("leave out a slash in front, and . and .. between slashes" in said for said in faults.values())
