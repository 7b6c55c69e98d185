"""The snapshot: everything inherited, options encoded, and of bad rows only themselves missing."""

import pytest

from dhcpcore.lease.model import Identifier
from dhcpcore.topology.build import Row, SubnetRow, Usage, from_document, from_rows, lifetimes_of
from dhcpcore.topology.entries import LifetimeEntry
from dhcpcore.topology.levels import levels_of, merge
from dhcpcore.topology.snapshot import Compatibility, Lifetimes
from dhcpcore.topology.validate import validate
from tests.dhcpcore.topology.documents import FULL, full
from tests.packets4 import ip
from tests.packets6 import ip6


def built():
    return from_document(validate(FULL), 3)


def sent(subnet):
    return merge(levels_of(subnet, None)).payloads


def test_subnets_have_inherited_everything():
    office, v6, other = built().subnets
    assert (office.authoritative, office.adopt, office.rapid_commit) == (True, "reserved", False)
    assert (other.authoritative, other.adopt, other.rapid_commit) == (False, "free", True)
    assert office.lifetimes == Lifetimes(7200, 7200, 7200)
    assert other.lifetimes == Lifetimes(3600, 600, 86_400)
    assert v6.lifetimes == Lifetimes(4000, 4000, 4000, 1000, 2000, 3001)
    assert sent(office)[6] == sent(other)[6] == bytes([192, 0, 2, 53])
    assert sent(office)[224] == b"blue"
    assert 224 not in sent(other)


def test_the_subnets_option_counts_before_that_of_globals():
    document = full()
    document["globals"]["options"]["dhcp4"]["domain-name"] = "everywhere.example.org"
    office, _v6, other = from_document(validate(document)).subnets
    assert sent(office)[15] == b"example.org"
    assert sent(other)[15] == b"everywhere.example.org"


def test_globals_and_usage():
    snapshot = built()
    assert snapshot.revision == 3
    assert (snapshot.offer_hold_s, snapshot.reclaim_grace_s, snapshot.probation_s, snapshot.probe) == (
        30,
        60,
        43_200,
        True,
    )
    assert snapshot.identifier_kinds == {
        Identifier.HW_ADDRESS,
        Identifier.CLIENT_ID,
        Identifier.REMOTE_ID,
        Identifier.DUID,
    }  # The circuit's assignment is disabled.
    assert snapshot.has_assigned_addresses
    assert snapshot.quarantined == ()


def test_pools():
    office, v6, _ = built().subnets
    known, rest = office.pools
    assert (known.guard, known.lifetimes, known.options[15]) == (
        ("known",),
        Lifetimes(900, 900, 900),
        b"known.example.org",
    )
    assert (rest.guard, rest.lifetimes, dict(rest.options)) == ((), None, {})
    addresses, prefixes = v6.pools
    assert (addresses.kind, addresses.plen) == (6, 128)
    assert (prefixes.kind, prefixes.plen) == (8, 56)
    assert prefixes.first.hex() == "20010db8800000000000000000000000"
    assert prefixes.last.hex() == "20010db88fffff000000000000000000"


def test_ids_are_unique():
    pools = [pool.pool_id for subnet in built().subnets for pool in subnet.pools]
    assert len(set(pools)) == len(pools)
    assert [subnet.subnet_id for subnet in built().subnets] == [1, 2, 3]


def test_limits_that_are_not_given_are_the_default():
    assert lifetimes_of(None) == Lifetimes(3600, 3600, 3600)
    assert lifetimes_of(LifetimeEntry.model_validate({"max": "30m"})) == Lifetimes(1800, 1800, 1800)
    assert lifetimes_of(LifetimeEntry.model_validate({"min": "2h"})) == Lifetimes(7200, 7200, 7200)


def test_a_preferred_lifetime_of_globals_is_not_for_ipv4():
    document = full()
    document["globals"]["lifetime"] = {"default": 4000, "preferred": 3000}
    _office, v6, other = from_document(validate(document)).subnets
    assert other.lifetimes.preferred_s is None
    assert v6.lifetimes.preferred_s == 3001


def rows(document):
    """The document's pieces as if they were rows, numbered from 11."""
    subnets = []
    for index, subnet in enumerate(document["subnets"]):
        body = {key: value for key, value in subnet.items() if key not in {"pools", "prefix_pools", "assignments"}}
        pools = [*subnet.get("pools", []), *subnet.get("prefix_pools", [])]
        subnets.append(
            SubnetRow(
                Row(11 + index, f"subnet {11 + index}", body),
                tuple(
                    Row(100 + 10 * index + at, f"pool {100 + 10 * index + at}", pool) for at, pool in enumerate(pools)
                ),
            )
        )
    definitions = [Row(0, f"option definition {one['name']}", one) for one in document["option_definitions"]]
    return Row(0, "globals", document["globals"]), definitions, subnets


def classes(document):
    return [Row(0, f"class {one['name']}", one) for one in document["classes"]]


def test_rows_make_the_same_snapshot_as_their_document():
    usage = Usage(built().identifier_kinds, has_assigned_addresses=True)
    snapshot = from_rows(3, *rows(FULL), usage=usage, classes=classes(FULL))
    assert snapshot.quarantined == ()
    assert [subnet.subnet_id for subnet in snapshot.subnets] == [11, 12, 13]
    assert [pool.pool_id for pool in snapshot.subnets[1].pools] == [110, 111]
    assert snapshot.subnets[0].options == built().subnets[0].options
    assert snapshot.classes == built().classes


def test_a_bad_class_is_quarantined_and_takes_nothing_else_with_it():
    document = full()
    document["classes"][0]["test"] = "option[60].txt == 'x'"
    document["classes"].append({"name": "phones", "test": "member('voip')"})
    snapshot = from_rows(3, *rows(document), usage=Usage(), classes=classes(document)[:1] + classes(document)[2:])
    assert [(one.place, one.fault.split(":")[0]) for one in snapshot.quarantined] == [("class voip", "test")]
    assert [subnet.subnet_id for subnet in snapshot.subnets] == [11, 12, 13]


def test_nothing_said_of_classes_makes_none():
    document = full()
    del document["handlers"], document["classes"], document["subnets"][0]["class"], document["subnets"][0]["additional"]
    del document["subnets"][0]["pools"][0]["additional"], document["subnets"][0]["assignments"][4]["classes"]
    assert from_document(validate(document)).classes is None


def test_who_may_ask_is_in_the_snapshot_from_a_document_and_from_rows():
    section = ("leasequery", Row(0, "leasequery", FULL["leasequery"]))
    for snapshot in (built(), from_rows(3, *rows(FULL), usage=Usage(), sections=[section])):
        admits = snapshot.leasequery.admits
        assert admits(ip("192.0.2.2"))
        assert admits(ip("198.51.100.15"))
        assert not admits(ip("198.51.100.16"))
        assert not admits(ip("192.0.2.3"))
        assert [admits(ip6(one)) for one in ("2001:db8::2", "2001:db8::3", "2001:db8:f::1:2", "2001:db8:f:1::2")] == [
            True, False, True, False]  # fmt: skip
        assert snapshot.leasequery.active
    assert not from_rows(3, *rows(FULL), usage=Usage()).leasequery.admits(ip("192.0.2.2"))
    quiet = {**full(), "leasequery": {"enabled": True, "requestors": ["192.0.2.2"], "active_insecure": True}}
    assert not from_document(validate(quiet)).leasequery.active


@pytest.mark.parametrize(
    ("said", "tls", "in_clear", "encrypted"),
    [
        ({"active": True, "active_insecure": True}, "off", True, True),
        ({"active": True, "tls": "allowed"}, "allowed", False, True),
        ({"active": True, "active_insecure": True, "tls": "allowed"}, "allowed", True, True),
        ({"active": True, "tls": "required"}, "required", False, True),
        ({"tls": "required"}, "required", False, False),
        ({"active_insecure": True, "tls": "allowed"}, "allowed", False, False),
    ],
)
def test_who_is_told_what_changes_with_and_without_tls(said, tls, in_clear, encrypted):
    document = {**full(), "leasequery": {"enabled": True, "requestors": ["192.0.2.2"], **said}}
    found = from_document(validate(document)).leasequery
    assert found.tls == tls
    assert [found.hears_changes(encrypted=one) for one in (False, True)] == [in_clear, encrypted]


def test_a_bad_row_of_who_may_ask_is_quarantined_and_nobody_may():
    section = ("leasequery", Row(0, "leasequery", {"enabled": True, "requestors": ["garbage"]}))
    snapshot = from_rows(3, *rows(FULL), usage=Usage(), sections=[section])
    assert [one.place for one in snapshot.quarantined] == ["leasequery"]
    assert not snapshot.leasequery.enabled


def test_a_bad_row_is_quarantined_and_the_rest_serves():
    document = full()
    document["subnets"][0]["pools"][0]["first"] = "garbage"
    document["subnets"][1]["prefix"] = "2001:db8:1::1/64"
    snapshot = from_rows(3, *rows(document), usage=Usage())
    assert [(one.place, one.fault.split(":")[0]) for one in snapshot.quarantined] == [
        ("pool 100", "first"),
        ("subnet 12", "prefix"),
    ]
    assert [subnet.subnet_id for subnet in snapshot.subnets] == [11, 13]
    assert [pool.pool_id for pool in snapshot.subnets[0].pools] == [101]


def test_bad_globals_leave_the_defaults_in_force():
    document = full()
    document["globals"]["adopt"] = "sometimes"
    snapshot = from_rows(3, *rows(document), usage=Usage())
    assert [one.place for one in snapshot.quarantined] == ["globals"]
    assert snapshot.subnets[2].adopt == "never"


def test_of_two_rows_that_collide_the_later_is_quarantined():
    document = full()
    document["subnets"][2]["space"] = 0
    snapshot = from_rows(3, *rows(document), usage=Usage())
    assert [one.place for one in snapshot.quarantined] == ["subnet 13"]
    assert "overlaps 192.0.2.0/24" in snapshot.quarantined[0].fault


def test_a_bad_definition_takes_the_subnet_that_uses_it_along_and_no_other():
    document = full()
    document["option_definitions"][0]["type"] = "colour"
    snapshot = from_rows(3, *rows(document), usage=Usage())
    assert {one.place for one in snapshot.quarantined} == {"option definition x-colour", "subnet 11"}
    assert len(snapshot.subnets) == 2


def in_campus(**settings):
    """Two subnets of a declared shared network, the second with settings of its own, and one outside it."""
    network = {
        "name": "campus", "lifetime": "30m", "authoritative": True, "adopt": "free", "rapid_commit": True,
        "preference": 9, "boot": {"next_server": "192.0.2.6"},
        "options": {"dhcp4": {"domain-name": "campus.example", "routers": ["192.0.2.1"]}},
        "always_send": {"dhcp4": ["domain-name"]}, "never_send": {"dhcp4": ["host-name"]},
    }  # fmt: skip
    document = {
        "version": 1,
        "globals": {"lifetime": "1h", "options": {"dhcp4": {"domain-name": "everywhere.example"}}},
        "shared_networks": [network],
        "subnets": [
            {"prefix": "192.0.2.0/24", "shared_network": "campus"},
            {"prefix": "198.51.100.0/24", "shared_network": "campus", **settings},
            {"prefix": "203.0.113.0/24"},
            {"prefix": "2001:db8:1::/64", "shared_network": "campus"},
        ],
    }
    return from_document(validate(document)).subnets


def test_members_inherit_what_their_shared_network_says():
    member, _own, alone, six = in_campus()
    assert (member.lifetimes.default_s, member.authoritative, member.adopt, member.rapid_commit) == (
        1800, True, "free", True,
    )  # fmt: skip
    assert member.boot.next_server == bytes([192, 0, 2, 6])
    assert sent(member)[15] == b"campus.example"
    merged = merge(levels_of(member, None))
    assert (merged.always, merged.never) == ({1, 15}, {12})
    assert (six.preference, six.boot.next_server, six.lifetimes.default_s) == (9, b"\0\0\0\0", 1800)
    assert (alone.lifetimes.default_s, alone.authoritative, alone.preference) == (3600, False, None)
    assert (alone.boot.next_server, sent(alone)[15]) == (b"\0\0\0\0", b"everywhere.example")


def test_a_member_that_says_otherwise_is_heard():
    own = in_campus(
        lifetime="5m", authoritative=False, adopt="never", rapid_commit=False, boot={"file": "x"},
        options={"domain-name": "own.example"}, always_send=["routers"],
    )[1]  # fmt: skip
    assert (own.lifetimes.default_s, own.authoritative, own.adopt, own.rapid_commit) == (300, False, "never", False)
    assert (own.boot.next_server, own.boot.file) == (b"\0\0\0\0", b"x"), "a mapping is taken as a whole"
    merged = merge(levels_of(own, None))
    assert (merged.payloads[15], merged.always, merged.never) == (b"own.example", {1, 3, 15}, {12})


def test_a_broken_shared_network_is_named_and_its_members_serve_without_it():
    rows = [SubnetRow(Row(7, "subnet 7", {"prefix": "192.0.2.0/24", "shared_network": "campus"}), ())]
    broken = Row(0, "shared network campus", {"name": "campus", "lifetime": "soon"})
    snapshot = from_rows(1, None, [], rows, usage=Usage(), shared_networks=[broken])
    assert [one.place for one in snapshot.quarantined] == ["shared network campus"]
    assert "not a duration" in snapshot.quarantined[0].fault
    (member,) = snapshot.subnets
    assert (member.subnet_id, member.lifetimes.default_s) == (7, 3600)
def test_what_the_protocol_asks_for_is_inherited_by_ipv4_subnets_and_pools():
    snapshot = built()
    office, _v6, other = snapshot.subnets
    assert (office.bootp, office.bootp_lifetime_s, office.echo_client_id) == ("free", 0xFFFF_FFFF, True)
    assert (office.ipv6_only_s, office.auto_configure, office.vss) == (0, "allow", b"")
    assert (other.bootp, other.bootp_lifetime_s, other.echo_client_id) == ("reserved", 2_592_000, False)
    assert (other.ipv6_only_s, other.auto_configure, other.vss) == (1800, "forbid", b"\0customer-a")
    assert [(pool.bootp, pool.ipv6_only_s) for pool in office.pools] == [(True, None), (False, 600)]
    assert snapshot.subnet_selection
    assert snapshot.compatibility == Compatibility(
        lenient_options=True, ignore_link_selection=True, ignore_server_identifier=True, bootp_always_options=True
    )


def test_nothing_of_it_is_on_unless_it_is_said():
    document = validate({"version": 1, "subnets": [{"prefix": "192.0.2.0/24"}]})
    snapshot = from_document(document)
    assert (snapshot.bootp, snapshot.rapid_commit4, snapshot.subnet_selection) == (False, False, False)
    assert snapshot.compatibility == Compatibility()
    (subnet,) = snapshot.subnets
    assert (subnet.echo_client_id, subnet.ipv6_only_s, subnet.auto_configure, subnet.vss) == (True, 0, "ignore", b"")


def test_a_rapid_commit_of_ipv6_is_none_of_ipv4():
    document = validate({"version": 1, "subnets": [{"prefix": "2001:db8::/64", "rapid_commit": True}]})
    assert not from_document(document).rapid_commit4


def test_what_a_shared_network_says_of_the_protocol_goes_before_globals():
    document = full()
    for key in ("bootp", "bootp_lifetime", "echo_client_id", "ipv6_only", "auto_configure"):
        del document["subnets"][0][key]
    office = from_document(validate(document)).subnets[0]
    assert (office.bootp, office.bootp_lifetime_s, office.echo_client_id) == ("never", 3600, True)
    assert (office.ipv6_only_s, office.auto_configure) == (3600, "ignore")
