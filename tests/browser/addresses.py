"""Every page of the appliance by an address that shows it: from the table of routes, so that a new page is in it."""

from __future__ import annotations

from dhcpcore.places import data_dir
from tests.app.test_routes import LEAST
from tests.browser.site import KNOWN_ADDRESS

#: What answers a GET and is no page.
_NO_PAGE = {"/assignments.csv", "/definitions.yaml", "/events/recent", "/events/stream",
            "/healthz", "/log/recent", "/log/stream", "/readyz",
            "/revisions/<int:number>.yaml", "/static/<path:filename>", "/metrics",
            # Documents for frames, which have neither our head nor our policy.
            "/scripts/elements/<int:number>", "/scripts/shell"}
#: An address for each route that has an argument.
_EXAMPLES = {
    "/assignments/<int:number>": ["/assignments/2"],
    "/classes/one/<path:name>": ["/classes/one/voip"],
    "/handlers/one/<path:name>": ["/handlers/one/late", "/handlers/one/of-no-package"],
    "/leases/<address>": ["/leases/203.0.113.10", "/leases/192.0.2.102"],
    "/manual/<name>": sorted(f"/manual/{file.stem}" for file in data_dir("docs").glob("*.md")),
    "/pools/<int:number>": ["/pools/17"],
    "/option-definitions/one/<path:name>": ["/option-definitions/one/dhcp4/x-colour"],
    "/revisions/<int:number>": ["/revisions/1"],
    "/revisions/difference": ["/revisions/difference?first=1&second=1"],
    "/shared-networks/one/<path:name>": ["/shared-networks/one/campus"],
    "/subnets/<int:number>/edit": ["/subnets/17/edit", "/subnets/20/edit"],
    "/subnets/<int:number>/pools/new": ["/subnets/17/pools/new"],
    "/subnets/<int:number>": ["/subnets/17", "/subnets/20"],
    "/subnets/<int:number>/options": ["/subnets/20/options"],
}
#: Pages look otherwise when there is nothing, something wrong, or something was just done.
_STATES = [
    f"/leases?find={KNOWN_ADDRESS}", "/leases?find=nobody", "/leases?show=declined", "/leases?cursor=wrong",
    "/assignments?find=nobody", "/subnets?find=nobody", "/events?since=2000-01-01T00:00&until=2000-01-01T00:01",
    "/assignments?said=added&id=1", "/events?client=nobody", "/events?reason=OFFER",
    "/audit?actor=nobody", "/audit?kind=definitions.", "/revisions?note=nothing",
    "/site/page?to=you", "/site/erase", "/scripts?said=reinitialised",
    "/handlers/new?type=set-option", "/handlers/new?type=rate-limit", "/handlers?said=moved&name=late",
    "/nowhere", "/leases/203.0.113.77", "/subnets/4711",
]


def pages() -> list[str]:
    """All of them, but the log-in page."""
    found = []
    for rule in (row.removeprefix("GET ") for row in LEAST if row.startswith("GET ")):
        if rule.startswith(("/api/", "/fragments/")) or rule in _NO_PAGE or rule == "/login":
            continue
        assert "<" not in rule or rule in _EXAMPLES, f"{rule} is a new page: give it an address in {__name__}._EXAMPLES"
        found += _EXAMPLES.get(rule, [rule])
    return found + _STATES
