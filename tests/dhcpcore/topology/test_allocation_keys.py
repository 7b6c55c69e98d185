"""Keys of allocation: what is right reaches the snapshot and comes back as it was; what is wrong is told."""

from typing import Any

import pytest

from dhcpcore.errors import InvalidDocument
from dhcpcore.interchange import read, to_yaml
from dhcpcore.store.database import Database
from dhcpcore.store.definitions import Definitions
from dhcpcore.topology.build import from_document
from dhcpcore.topology.policy import Flood, Gate, Policy
from dhcpcore.topology.snapshot import Lifetimes
from dhcpcore.topology.validate import validate

LASTING = Lifetimes(900, 900, 900)
SUBNET = {"prefix": "192.0.2.0/24", "pools": [{"first": "192.0.2.100", "last": "192.0.2.199"}]}
#: Where each key goes, a value of it in canonical form, and what the snapshot has of it.
KEYS: list[tuple[str, str, Any, Any]] = [
    ("globals", "cache_threshold", 25, lambda s: s.subnets[0].policy.cache_threshold == 25),
    ("globals", "one_lease_per_client", True, lambda s: s.subnets[0].policy.one_lease_per_client),
    ("globals", "random_mac", "deny", lambda s: s.subnets[0].pools[0].gate == Gate("all", "deny")),
    ("globals", "flood", {"client_rate": 5, "suspend_for": "10m"}, lambda s: s.flood == Flood(5, suspend_for_s=600)),
    ("subnet", "allocator", "hashed", lambda s: s.subnets[0].pools[0].allocator == "hashed"),
    ("subnet", "adaptive_threshold", 80, lambda s: s.subnets[0].policy.adaptive_threshold == 80),
    ("subnet", "cache_threshold", 30, lambda s: s.subnets[0].policy == Policy(cache_threshold=30)),
    ("subnet", "one_lease_per_client", True, lambda s: s.subnets[0].policy.one_lease_per_client),
    ("subnet", "match_client_id", False, lambda s: not s.subnets[0].match_client_id),
    ("subnet", "admit", "known", lambda s: s.subnets[0].pools[0].gate == Gate("known")),
    ("subnet", "random_mac", "deny", lambda s: s.subnets[0].pools[0].gate == Gate("all", "deny")),
    ("subnet", "random_mac_lifetime", "15m", lambda s: s.subnets[0].policy.random_lifetimes == LASTING),
    ("subnet", "min_secs", 3, lambda s: s.subnets[0].policy.min_secs == 3),
    ("subnet", "offer_delay_ms", 250, lambda s: s.subnets[0].policy.offer_delay_s == 0.25),
    ("subnet", "max_leases", 7, lambda s: s.subnets[0].policy.max_leases == 7),
    ("pool", "exclude", ["192.0.2.110", "192.0.2.120-192.0.2.129"], lambda s: s.subnets[0].pools[0].capacity == 89),
    ("pool", "allocator", "random", lambda s: s.subnets[0].pools[0].allocator == "random"),
    ("pool", "admit", "reserved", lambda s: s.subnets[0].pools[0].gate == Gate("reserved")),
    ("pool", "random_mac", "only", lambda s: s.subnets[0].pools[0].gate == Gate("all", "only")),
    ("pool", "max_leases", 9, lambda s: s.subnets[0].pools[0].max_leases == 9),
]
ASSIGNED = [
    {"hw_address": "02:00:00:00:00:01", "address": "192.0.2.10", "boot": {"next_server": "192.0.2.6", "file": "x.0"}},
    {"hw_address": "02:00:00:00:00:02", "address": "192.0.2.11", "shared": True, "takeover": "wait"},
    {"duid": "00:03:00:01:02:00:00:00:00:03", "address": "192.0.2.11", "shared": True},
    {"hw_address": "02:00:00:00:00:04", "address": "192.0.2.12", "enabled": False, "boot": {"file": "y.0"}},
]
WRONG: list[tuple[str, str, Any, str, str]] = [
    ("globals", "cache_threshold", 101, "globals.cache_threshold", "100"),
    ("globals", "flood", {"suspend_after": 3}, "globals.flood", "client_rate"),
    ("globals", "flood", {"declines": 3, "suspend_for": "2d"}, "globals.flood", "1 second to 1 day"),
    ("subnet", "allocator", "best", "subnets[0].allocator", "lowest"),
    ("subnet", "adaptive_threshold", -1, "subnets[0].adaptive_threshold", "0"),
    ("subnet", "random_mac", "only", "subnets[0].random_mac", "deny"),
    ("subnet", "random_mac_lifetime", 0, "subnets[0].random_mac_lifetime", "at least 1 second"),
    ("subnet", "min_secs", 70_000, "subnets[0].min_secs", "65535"),
    ("subnet", "offer_delay_ms", 60_000, "subnets[0].offer_delay_ms", "10000"),
    ("subnet", "max_leases", "many", "subnets[0].max_leases", "whole number"),
    ("pool", "exclude", ["192.0.2.99"], "subnets[0].pools[0]", "not inside the pool"),
    ("pool", "exclude", ["192.0.2.120-192.0.2.110"], "subnets[0].pools[0].exclude[0]", "exchange"),
    ("pool", "exclude", ["192.0.2.110", "192.0.2.100-192.0.2.115"], "subnets[0].pools[0]", "overlaps"),
    ("pool", "exclude", ["192.0.2.110-::1"], "subnets[0].pools[0].exclude[0]", "family"),
    ("pool", "exclude", [110], "subnets[0].pools[0].exclude[0]", "in quotes"),
    ("pool", "admit", "nobody", "subnets[0].pools[0].admit", "reserved"),
]


def document(place: str, key: str, value: Any) -> dict[str, Any]:
    pool = {**SUBNET["pools"][0], **({key: value} if place == "pool" else {})}  # type: ignore[dict-item]
    made: dict[str, Any] = {"version": 1}
    if place == "globals":
        made["globals"] = {key: value}
    subnet: dict[str, Any] = {"prefix": SUBNET["prefix"], **({key: value} if place == "subnet" else {})}
    return {**made, "subnets": [{**subnet, "pools": [pool]}]}


def name_of(part: object) -> str:
    """The same in every process, which a function's own text is not."""
    return "shown" if callable(part) else str(part)[:40]


@pytest.mark.parametrize(("place", "key", "value", "shows"), KEYS, ids=name_of)
def test_it_reaches_the_snapshot(place: str, key: str, value: Any, shows: Any) -> None:
    assert shows(from_document(validate(document(place, key, value))))


def test_nothing_said_is_nothing_done() -> None:
    made = from_document(validate(document("", "", None)))
    assert made.flood is None
    assert made.subnets[0].policy == Policy()
    assert made.subnets[0].match_client_id
    assert (made.subnets[0].pools[0].gate, made.subnets[0].pools[0].excluded) == (None, ())


@pytest.mark.parametrize(("place", "key", "value", "path", "says"), WRONG, ids=name_of)
def test_what_is_wrong_is_told_at_its_place(place: str, key: str, value: Any, path: str, says: str) -> None:
    with pytest.raises(InvalidDocument) as told:
        validate(document(place, key, value))
    (fault,) = told.value.faults
    assert fault.path == path
    assert says in fault.message


def test_a_threshold_needs_something_to_shorten_leases_to() -> None:
    wrong = document("subnet", "adaptive_threshold", 80)
    wrong["subnets"][0]["lifetime"] = "8h"
    with pytest.raises(InvalidDocument, match="write a lifetime with a min"):
        validate(wrong)


@pytest.mark.parametrize("key", ["match_client_id", "min_secs", "offer_delay_ms"])
def test_what_is_of_dhcpv4_is_no_key_of_an_ipv6_subnet(key: str) -> None:
    value = False if key == "match_client_id" else 3
    with pytest.raises(InvalidDocument, match="is only for IPv4 subnets"):
        validate({"version": 1, "subnets": [{"prefix": "2001:db8:1::/64", key: value}]})


def test_an_address_is_shared_only_where_all_say_so() -> None:
    listed = [dict(ASSIGNED[1]), {**ASSIGNED[2], "shared": False}]
    with pytest.raises(InvalidDocument, match="shared: true in both"):
        validate({"version": 1, "subnets": [{"prefix": "192.0.2.0/24", "assignments": listed}]})


def test_an_export_that_is_applied_is_exported_byte_for_byte(database: Database) -> None:
    made: dict[str, Any] = {"version": 1, "globals": {}, "subnets": []}
    for number, place in enumerate(("subnet", "pool")):
        subnet: dict[str, Any] = {"prefix": f"10.{number}.0.0/16", "pools": []}
        for at, (_, key, value, _shows) in enumerate(one for one in KEYS if one[0] == place):
            pool = {"first": f"10.{number}.{at}.1", "last": f"10.{number}.{at}.250"}
            if place == "pool":
                spans = ["10.1.0.110", "10.1.0.120-10.1.0.129"] if key == "exclude" else value
                pool[key] = spans
            else:
                subnet[key] = value
            subnet["pools"].append(pool)
        made["subnets"].append(subnet)
    made["globals"] = {key: value for place, key, value, _ in KEYS if place == "globals"}
    made["subnets"].append({"prefix": "192.0.2.0/24", "assignments": ASSIGNED})
    definitions = Definitions(database)
    definitions.apply(validate(made), actor="test")
    first = to_yaml(definitions.document())
    revision = definitions.apply(validate(read(first)), actor="test")
    assert revision == 1, "applying an export changes nothing"
    assert to_yaml(definitions.document()) == first
    for _, key, _, _ in KEYS:
        assert f"{key}:" in first
    for key in ("boot:", "shared: true", "takeover: wait"):
        assert key in first
