"""Every field of the definitions document, walked by its models: seen, refused in words, kept byte for byte, editable.

The complete document uses every key of every model, each at another value than its default; it goes through the
database and, piece by piece, through REST, the command line and the pages.  Each of its values in turn is made wrong,
and refused at its place with what would be right.  ``SEEN`` names the test in which a key makes a difference on the
wire.  A key that a model gets later fails here until it is in the document and in that table.
"""

import html
import json
import re
import typing
from typing import Any

import pytest
from pydantic import BaseModel

from dhcpcore.errors import InvalidDocument
from dhcpcore.interchange import read, to_yaml
from dhcpcore.store.definitions import Definitions
from dhcpcore.topology.document import DocumentEntry
from dhcpcore.topology.validate import validate
from tests import test_acceptance as acceptance
from tests.app.cli.command_line import CommandLine
from tests.app.site import define, web
from tests.dhcpcore.topology.documents import full

#: What nobody can see on the wire: of DHCPv6, which is declared and not served yet; and what is for people alone.
UNSEEN = {
    "SharedNetworkEntry.preference", "SubnetEntry.preference", "SubnetEntry.interface_id", "SubnetEntry.prefix_pools",
    "PrefixPoolEntry.prefix", "PrefixPoolEntry.delegated_length", "PrefixPoolEntry.class", "PrefixPoolEntry.lifetime",
    "AssignmentEntry.addresses", "AssignmentEntry.prefixes", "LifetimeEntry.preferred", "GlobalOptions.dhcp6",
    "FamilyNames.dhcp6", "ClassEntry.description", "HandlerEntry.description", "SubnetEntry.name",
    "DocumentEntry.version",
}  # fmt: skip


def complete() -> dict[str, Any]:
    """A document that uses every key, at another value than its default."""
    made = full()
    made["globals"] |= {
        "authoritative": True, "cache_threshold": 25, "one_lease_per_client": True, "random_mac": "deny",
        "flood": {"client_rate": 5, "burst": 20, "subnet_rate": 100, "suspend_after": 50, "declines": 5,
                  "suspend_for": "10m"},
    }  # fmt: skip
    made["globals"]["options"]["dhcp6"] = {"dns-servers": ["2001:db8::53"]}
    office, sixth, _other = made["subnets"]
    office |= {
        "lifetime": {"default": "2h", "min": "1h"}, "allocator": "hashed", "adaptive_threshold": 80,
        "cache_threshold": 30, "one_lease_per_client": False, "match_client_id": False, "admit": "known",
        "random_mac": "allow", "random_mac_lifetime": "15m", "min_secs": 3, "offer_delay_ms": 250, "max_leases": 70,
    }  # fmt: skip
    office["pools"][0] |= {
        "exclude": ["192.0.2.110", "192.0.2.120-192.0.2.129"], "allocator": "random", "admit": "reserved",
        "random_mac": "only", "max_leases": 9,
    }  # fmt: skip
    office["boot"]["by_architecture"]["77"]["server_name"] = "otherhost"
    office["assignments"][0] |= {"boot": {"file": "own.0"}, "shared": True, "takeover": "wait"}
    sixth["prefix_pools"][0] |= {"class": "known", "lifetime": "1h"}
    made["globals"]["compatibility"] = {**made["globals"].get("compatibility", {}), "exclude_first_last_24": True}
    made["globals"]["assignment_key"] = "pkt4.mac"
    office["assignment_key"] = "relay4[1].hex"
    voip = next(one for one in made["classes"] if one["name"] == "voip")
    voip |= {"max_leases": 40, "max_leases_per_subnet": 20, "rate": 50, "offer_hold": "10s"}
    made["assignments"] = [{"expression": {"hex": "02:00:00:00:00:77"}, "hostname": "anywhere"}]
    return made


def models_in(annotation: Any) -> list[type[BaseModel]]:
    """The models that a type is made of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in typing.get_args(annotation) for model in models_in(part)]


def fields() -> list[str]:
    """Every key of every model, as ``Model.key``, found from the document's own."""
    left, found = [DocumentEntry], {}
    while left:
        model = left.pop()
        if model not in found:
            found[model] = [field.alias or name for name, field in model.model_fields.items()]
            left += [inner for field in model.model_fields.values() for inner in models_in(field.annotation)]
    return sorted(f"{model.__name__}.{key}" for model, keys in found.items() for key in keys)


FIELDS = fields()


def used(model: type[BaseModel], value: Any) -> set[str]:
    """The keys that are written in a value of that model."""
    if not isinstance(value, dict):  # A lifetime or boot file in short.
        return {f"{model.__name__}.{'default' if 'Lifetime' in model.__name__ else 'file'}"}
    found = set()
    for name, field in model.model_fields.items():
        key = field.alias or name
        if key in value:
            found.add(f"{model.__name__}.{key}")
            for inner in models_in(field.annotation):
                below = value[key]
                many = below if isinstance(below, list) else (
                    list(below.values()) if key == "by_architecture" else [below])
                found |= {one for each in many for one in used(inner, each)}
    return found


def places(model: type[BaseModel], value: Any, path: str) -> dict[str, tuple[Any, Any, str]]:
    """Of every key that is written below, one place: what holds it, its key or index there, and its path."""
    found: dict[str, tuple[Any, Any, str]] = {}
    for name, field in model.model_fields.items():
        key = field.alias or name
        if not isinstance(value, dict) or key not in value:
            continue
        inside = f"{path}.{key}".lstrip(".")
        found[f"{model.__name__}.{key}"] = (value, key, inside)
        for inner in models_in(field.annotation):
            below = value[key]
            listed = [(inside, below)]
            if isinstance(below, list):
                listed = [(f"{inside}[{at}]", one) for at, one in enumerate(below)]
            elif key == "by_architecture":
                listed = [(f"{inside}.{architecture}", one) for architecture, one in below.items()]
            for where, one in listed:
                found = {**places(inner, one, where), **found}
    return found


def test_the_examples_use_every_key() -> None:
    assert [field for field in FIELDS if field not in used(DocumentEntry, validate(complete()).canonical())] == []


#: What a refusal says of what is right.
REMEDY = re.compile(
    r"write|such as|true nor false|one of| or |list|mapping|whole number|text|characters|not a duration", re.IGNORECASE
)


@pytest.mark.parametrize("field", FIELDS)
def test_a_wrong_value_is_refused_at_its_place_with_what_is_right(field: str) -> None:
    document = complete()
    found = places(DocumentEntry, document, "")
    holder, key, path = found[field]
    holder[key] = 3.5
    with pytest.raises(InvalidDocument) as told:
        validate(document)
    said = {fault.path: fault.message for fault in told.value.faults}
    mine = [message for at, message in said.items() if at == path or at.startswith((f"{path}.", f"{path}["))]
    assert mine, said
    assert all(REMEDY.search(message) for message in mine), mine


@pytest.fixture(scope="module")
def canonical() -> dict[str, Any]:
    """The complete document as it is exported."""
    return validate(complete()).canonical()


def test_what_is_exported_is_applied_and_exported_byte_for_byte(sqlite_database, canonical) -> None:
    define(sqlite_database, complete())
    definitions = Definitions(sqlite_database)
    first = to_yaml(definitions.document())
    assert first == to_yaml(canonical)
    assert definitions.apply(validate(read(first)), actor="test") == 1, "applying an export changes nothing"
    assert to_yaml(definitions.document()) == first


def apart(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """The document as what people change one at a time, in an order in which each finds what it names."""
    made = [("globals", "", document["globals"])]
    made += [("option-definitions", "", one) for one in document["option_definitions"]]
    made += [("classes", one["name"], one) for one in (
        *(one for one in document["classes"] if "member" not in one.get("test", "")),
        *(one for one in document["classes"] if "member" in one.get("test", "")))]
    made += [("shared-networks", one["name"], {key: value for key, value in one.items() if key != "name"})
             for one in document["shared_networks"]]
    for one in document["subnets"]:
        made.append(("subnets", one["prefix"], {key: value for key, value in one.items() if key != "assignments"}))
        made += [("assignments", one.get("name", one["prefix"]), each) for each in one.get("assignments", ())]
    made += [("assignments", "*", each) for each in document["assignments"]]
    # One of a type that nobody has is kept where it is, and added by nobody.
    made += [("handlers", one["name"], one) for one in document["handlers"] if one["type"] != "of-no-package"]
    return made


def begun(canonical: dict[str, Any]) -> dict[str, Any]:
    """What has no piece of its own to be added by."""
    return {"version": 1, "leasequery": canonical["leasequery"],
            "handlers": [one for one in canonical["handlers"] if one["type"] == "of-no-package"]}


def sorted_classes(document: dict[str, Any]) -> dict[str, Any]:
    return {**document, "classes": sorted(document["classes"], key=lambda one: one["name"])}


def test_over_rest_each_piece_by_itself(sqlite_database, canonical) -> None:
    rest, any_version = web(sqlite_database), {"If-Match": "*"}
    assert rest.put("/api/v1/definitions", json=begun(canonical), headers=any_version).status_code == 200
    for kind, name, entry in apart(canonical):
        if kind == "globals":
            answer = rest.put("/api/v1/globals", json=entry, headers=any_version)
        elif kind == "shared-networks":
            answer = rest.put(f"/api/v1/{kind}/{name}", json=entry, headers=any_version)
        elif kind == "assignments":
            answer = rest.post(f"/api/v1/{kind}", json={**entry, "subnet": name})
        else:
            before = {"before": "of-no-package"} if kind == "handlers" else {}
            answer = rest.post(f"/api/v1/{kind}", json=entry, query_string=before)
        assert answer.status_code in {200, 201}, (kind, name, answer.text)
    assert sorted_classes(Definitions(sqlite_database).document()) == sorted_classes(canonical)


def pairs(entry: dict[str, Any], *without: str) -> list[str]:
    """Keys as the command line takes them."""
    return [f"{key}={json.dumps(value)}" for key, value in entry.items() if key not in without]


def test_by_the_command_line_each_piece_by_itself(tmp_path, sqlite_url, canonical) -> None:
    lessor = CommandLine(tmp_path, sqlite_url)
    lessor.ok("apply", "-", stdin=json.dumps(begun(canonical)))
    identifiers = ("hw_address", "client_id", "circuit_id", "remote_id", "duid", "expression")
    for kind, name, entry in apart(canonical):
        if kind == "globals":
            lessor.ok("globals", "set", *pairs(entry))
        elif kind == "option-definitions":
            lessor.ok("option-definition", "add", entry["space"], str(entry["code"]), entry["name"], entry["type"])
        elif kind == "classes":
            lessor.ok("class", "add", name, "--from", "-", stdin=json.dumps(entry))
        elif kind == "handlers":
            lessor.ok("handler", "add", entry["type"], "--from", "-", "--before", "of-no-package",
                      stdin=json.dumps(entry))
        elif kind == "shared-networks":
            lessor.ok("shared-network", "set", name, *pairs(entry))
        elif kind == "subnets":
            lessor.ok("subnet", "add", name, *pairs(entry, "prefix"))
        else:
            given = next(key for key in identifiers if key in entry)
            word = entry[given] if isinstance(entry[given], str) else f"{{hex: '{entry[given]['hex']}'}}"
            lessor.ok("assignment", "add", *pairs(entry, given), "--subnet", name, f"--{given.replace('_', '-')}", word)
    assert sorted_classes(read(lessor.ok("export"))) == sorted_classes(canonical)


def typed(answer: Any) -> dict[str, str]:
    """What a browser would send of the form as it is shown."""
    form = re.search(r'<form method="post" class="card.*?</form>', answer.get_data(as_text=True), re.DOTALL)[0]
    boxes = set(re.findall(r'type="checkbox" name="([^"]*)" value="yes">', form))
    given = re.findall(r'<input[^>]* name="([^"]*)" (?:list="[^"]*" )?value="([^"]*)"', form)
    for name, choices in re.findall(r'<select[^>]* name="([^"]*)"[^>]*>(.*?)</select>', form, re.DOTALL):
        given += [(name, value) for value in re.findall(r'value="([^"]*)" selected', choices)]
    given += re.findall(r'<textarea[^>]* name="([^"]*)"[^>]*>(.*?)</textarea>', form, re.DOTALL)
    return {name: html.unescape(value) for name, value in given if name != "csrf_token" and name not in boxes}


def test_in_pages_each_form_says_everything_and_makes_it_anew(sqlite_database, canonical) -> None:
    """What a form shows is enough to make the same again where it is gone; nothing is kept behind it."""
    define(sqlite_database, complete())
    page, definitions = web(sqlite_database), Definitions(sqlite_database)
    for number in range(1, 4):
        form = typed(page.get(f"/subnets/{number}/edit"))
        assert page.post(f"/subnets/{number}/edit", data=form).status_code == 303, number
    for number in range(1, 5):
        form = typed(page.get(f"/pools/{number}"))
        assert page.post(f"/pools/{number}", data=form).status_code == 303, number
    assert definitions.revision() == 1, "what is shown is what is there"
    for one in page.get("/api/v1/assignments").json["items"]:
        form = typed(page.get(f"/assignments/{one['id']}")) | {"subnet": one["subnet"]}
        assert page.post(f"/assignments/{one['id']}/remove").status_code == 303
        answer = page.post("/assignments/new", data=form)
        assert answer.status_code == 303, re.findall(r"fault[^>]*>([^<]*)", answer.get_data(as_text=True))
    for one in canonical["handlers"][:2]:
        url = f"/handlers/one/{one['name']}"
        form = typed(page.get(url))
        assert page.post(url, data={**form, "handler.enabled": "", "handler.description": "other"}).status_code == 303
        again = {**form, "version": typed(page.get(url))["version"]}
        answer = page.post(url, data=again)
        assert answer.status_code == 303, re.findall(r"fault[^>]*>([^<]*)", answer.get_data(as_text=True))
    form = typed(page.get("/classes/one/voip"))
    bare = {"name": "voip", "kind": "none", "version": form["version"]}
    assert page.post("/classes/one/voip", data=bare).status_code == 303
    again = {**form, "version": typed(page.get("/classes/one/voip"))["version"]}
    assert page.post("/classes/one/voip", data=again).status_code == 303
    assert to_yaml(definitions.document()) == to_yaml(canonical)


def test_the_page_of_definitions_takes_all_of_it(sqlite_database, canonical) -> None:
    define(sqlite_database)
    page = web(sqlite_database)
    sent = {"text": to_yaml(canonical), "confirmed": "yes", "losses": "0", "revision": "1"}
    assert "Applied as revision" in page.post("/definitions", data=sent).get_data(as_text=True)
    assert html.unescape(page.get("/definitions.yaml").get_data(as_text=True)) == to_yaml(canonical)

D, Q, R = "test_document_on_the_wire::", "test_leasequery::", "test_inheritance::TestSharedNetwork::"
W = "test_inheritance::TestAlwaysAndNever::"
#: Where a key is seen on the wire: a test of tests/scenarios, and the keys that it shows.
SEEN: dict[str, str] = {
    D + "test_bootp": "GlobalsEntry.bootp SubnetEntry.bootp PoolEntry.bootp DocumentEntry.globals",
    D + "test_bootp_lifetime": "GlobalsEntry.bootp_lifetime SubnetEntry.bootp_lifetime",
    D + "test_rapid_commit": "GlobalsEntry.rapid_commit SubnetEntry.rapid_commit",
    D + "test_echo_client_id": "GlobalsEntry.echo_client_id SubnetEntry.echo_client_id",
    D + "test_ipv6_only": "GlobalsEntry.ipv6_only SubnetEntry.ipv6_only PoolEntry.ipv6_only",
    D + "test_auto_configure": "GlobalsEntry.auto_configure SubnetEntry.auto_configure",
    D + "test_vss": "SubnetEntry.vss SubnetEntry.space",
    D + "test_subnet_selection": "GlobalsEntry.subnet_selection",
    D + "TestCompatibility::test_lenient_options":
        "CompatibilityEntry.lenient_options GlobalsEntry.compatibility DocumentEntry.subnets",
    D + "TestCompatibility::test_ignore_link_selection": "CompatibilityEntry.ignore_link_selection",
    D + "TestCompatibility::test_ignore_server_identifier": "CompatibilityEntry.ignore_server_identifier",
    D + "TestCompatibility::test_bootp_always_options": "CompatibilityEntry.bootp_always_options",
    "test_lifetimes::test_what_is_asked_for_is_granted_within_the_limits":
        "GlobalsEntry.lifetime SubnetEntry.lifetime LifetimeEntry.default LifetimeEntry.min LifetimeEntry.max",
    "test_lifetimes::test_configured_timers_are_sent": "LifetimeEntry.renew LifetimeEntry.rebind",
    "test_lifetimes::test_a_pool_may_have_times_of_its_own": "PoolEntry.lifetime",
    "test_request_init_reboot::TestUnknown::test_with_authority_there_is_a_refusal":
        "GlobalsEntry.authoritative SubnetEntry.authoritative",
    "test_adopt::test_free_adopts_an_address_that_is_free": "GlobalsEntry.adopt SubnetEntry.adopt",
    "test_options::TestLevels::test_the_nearest_level_wins":
        "GlobalsEntry.options GlobalOptions.dhcp4 SubnetEntry.options PoolEntry.options AssignmentEntry.options",
    "test_discover::test_an_offer_not_taken_up_is_open_to_others_when_its_time_is_over": "GlobalsEntry.offer_hold",
    "test_release::test_others_get_it_after_the_grace_and_not_before": "GlobalsEntry.reclaim_grace",
    "test_decline::test_nobody_is_offered_it_before_the_probation_is_over": "GlobalsEntry.probation",
    "test_probes::TestSilent::test_the_offer_waits_for_the_probe_and_then_leaves": "GlobalsEntry.probe",
    W + "test_of_globals": "GlobalsEntry.always_send GlobalsEntry.never_send FamilyNames.dhcp4",
    W + "test_of_a_shared_network": "SharedNetworkEntry.always_send SharedNetworkEntry.never_send",
    W + "test_of_a_subnet": "SubnetEntry.always_send SubnetEntry.never_send",
    W + "test_of_a_pool": "PoolEntry.always_send PoolEntry.never_send",
    W + "test_of_an_assignment": "AssignmentEntry.always_send AssignmentEntry.never_send",
    "test_forcerenew::TestMessage::test_it_goes_to_the_address_and_its_client_believes_it": "GlobalsEntry.forcerenew",
    "test_classes::TestLists::test_who_is_denied_is_not_answered": "GlobalsEntry.deny",
    "test_classes::TestLists::test_where_some_are_allowed_nobody_else_is": "GlobalsEntry.allow SubnetEntry.allow",
    "test_classes::TestLists::test_a_subnet_that_denies_is_passed_over": "SubnetEntry.deny",
    "test_cached_renewals::"
    "test_an_early_renewal_is_answered_with_the_time_that_is_left_and_nothing_is_written":
        "GlobalsEntry.cache_threshold SubnetEntry.cache_threshold",
    "test_identity_switches::test_where_a_client_has_but_one_it_ends":
        "GlobalsEntry.one_lease_per_client SubnetEntry.one_lease_per_client",
    "test_identity_switches::test_without_client_ids_one_machine_keeps_its_address_under_all_its_names":
        "SubnetEntry.match_client_id",
    "test_admission::test_deny_does_not_serve_a_made_up_address": "GlobalsEntry.random_mac SubnetEntry.random_mac",
    "test_admission::test_only_is_for_nobody_else": "PoolEntry.random_mac",
    "test_admission::test_a_lifetime_of_their_own": "SubnetEntry.random_mac_lifetime",
    "test_admission::test_known_does_not_serve_a_stranger_and_says_why": "SubnetEntry.admit PoolEntry.admit",
    "test_floods::test_beyond_its_rate_a_client_is_not_answered_and_others_are":
        "GlobalsEntry.flood FloodEntry.client_rate FloodEntry.burst",
    "test_floods::test_a_subnets_rate_is_for_all_of_its_clients": "FloodEntry.subnet_rate",
    "test_floods::test_who_goes_on_is_suspended_and_lifted": "FloodEntry.suspend_after",
    "test_floods::test_and_answered_again_when_its_time_is_over": "FloodEntry.suspend_for",
    "test_floods::test_who_declines_address_after_address_is_suspended": "FloodEntry.declines",
    "test_links::TestSharedNetwork::test_the_member_that_the_packet_points_at_is_used_first":
        "SubnetEntry.shared_network SubnetEntry.prefix SubnetEntry.pools PoolEntry.first PoolEntry.last",
    "test_links::TestOneInterface::test_a_subnet_may_name_the_interface_without_an_address_of_its_own_there":
        "SubnetEntry.interface",
    "test_relays::TestWhichSubnet::test_a_relay_that_a_subnet_names": "SubnetEntry.relays",
    R + "test_its_options_are_for_its_subnets_alone":
        "SharedNetworkEntry.name SharedNetworkEntry.options DocumentEntry.shared_networks",
    R + "test_its_lifetime": "SharedNetworkEntry.lifetime",
    R + "test_its_boot_fields": "SharedNetworkEntry.boot",
    R + "test_it_is_the_authority_of_its_subnets": "SharedNetworkEntry.authoritative",
    R + "test_it_adopts_for_its_subnets": "SharedNetworkEntry.adopt",
    R + "test_its_switches": "SharedNetworkEntry.rapid_commit SharedNetworkEntry.bootp "
        "SharedNetworkEntry.bootp_lifetime SharedNetworkEntry.echo_client_id SharedNetworkEntry.ipv6_only",
    R + "test_it_says_what_may_be_made_up_where_nothing_is_given": "SharedNetworkEntry.auto_configure",
    "test_options::TestLevels::test_boot_fields_are_filled":
        "SubnetEntry.boot BootEntry.next_server BootEntry.server_name BootEntry.file",
    "test_classes::TestArchitectures::test_the_file_is_that_of_the_machines_kind":
        "BootEntry.by_architecture BootFields.file BootFields.next_server BootFields.server_name",
    "test_proxy::TestDiscover::test_a_booting_machine_is_offered_its_file_and_no_address": "SubnetEntry.proxy",
    "test_classes::TestSubnets::test_a_subnet_serves_the_class_that_it_is_for": "SubnetEntry.class",
    "test_classes::TestPools::test_a_pool_serves_the_class_that_it_is_for":
        "PoolEntry.class ClassEntry.name ClassEntry.test DocumentEntry.classes",
    "test_classes::TestAdditional::test_it_is_looked_at_where_it_is_listed":
        "PoolEntry.additional ClassEntry.only_in_additional_list",
    "test_classes::TestAdditional::test_a_subnet_lists_it_as_well": "SubnetEntry.additional",
    "test_classes::TestWhatIsTold::test_a_class_gives_options": "ClassEntry.options",
    "test_classes::TestWhatIsTold::test_a_class_sends_always_and_never": "ClassEntry.always_send ClassEntry.never_send",
    "test_classes::TestWhatIsTold::test_a_class_sets_the_lease_time": "ClassEntry.lifetime",
    "test_classes::TestWhatIsTold::test_a_class_sets_the_boot_fields_that_it_says": "ClassEntry.boot",
    "test_classes::TestMembers::test_a_template_makes_a_class_for_each_value": "ClassEntry.template_test",
    "test_classes::TestMembers::test_an_assignment_gives_classes": "AssignmentEntry.classes",
    "test_allocators::test_hashed_gives_the_same_client_the_same_address_in_another_world":
        "SubnetEntry.allocator PoolEntry.allocator",
    "test_adaptive::test_leases_are_short_from_the_threshold_on": "SubnetEntry.adaptive_threshold",
    "test_patience::test_who_has_not_asked_for_long_is_left_to_others": "SubnetEntry.min_secs",
    "test_patience::test_an_offer_is_held_back_for_its_time": "SubnetEntry.offer_delay_ms",
    "test_limits::test_a_subnet_has_no_more_leases_than_its_limit": "SubnetEntry.max_leases",
    "test_limits::test_a_full_pool_is_stepped_over": "PoolEntry.max_leases",
    "test_exclusions::test_an_excluded_address_is_given_to_nobody_and_the_pool_is_exhausted_without_it":
        "PoolEntry.exclude",
    "test_assignments::TestIdentifier::test_its_owner_gets_the_address":
        "AssignmentEntry.hw_address AssignmentEntry.client_id AssignmentEntry.circuit_id AssignmentEntry.remote_id "
        "AssignmentEntry.duid AssignmentEntry.address SubnetEntry.assignments",
    "test_assignments::TestInAPool::test_an_assignment_taken_away_frees_the_address": "AssignmentEntry.enabled",
    "test_options::TestLevels::test_an_assignments_hostname_is_option_12_when_asked_for": "AssignmentEntry.hostname",
    "test_assignment_extras::test_its_boot_fields_win_over_the_subnets_each_for_itself": "AssignmentEntry.boot",
    "test_assignment_extras::test_of_two_that_share_an_address_the_first_has_it_and_the_other_one_of_the_pool":
        "AssignmentEntry.shared",
    "test_takeover::test_waiting_lets_the_holder_have_what_is_left_and_no_more": "AssignmentEntry.takeover",
    Q + "TestWhoMayAsk::test_where_it_is_not_enabled_nobody_is_answered":
        "LeasequeryEntry.enabled DocumentEntry.leasequery",
    "test_leasequery_active::test_where_it_is_not_active_it_is_refused_and_closed":
        "LeasequeryEntry.active LeasequeryEntry.active_insecure",
    "test_leasequery_active::test_where_tls_is_required_it_begins_when_asked_for_and_nothing_is_told_without":
        "LeasequeryEntry.tls",
    Q + "TestWhoMayAsk::test_a_prefix_admits_its_hosts_and_no_other": "LeasequeryEntry.requestors",
    D + "test_the_sites_own_options": "DocumentEntry.option_definitions",
    "test_assignments_everywhere::test_its_address_counts_where_it_belongs_and_all_else_everywhere":
        "DocumentEntry.assignments",
    "test_assignments_everywhere::test_an_assignment_is_found_by_what_the_expression_makes_of_the_packet":
        "AssignmentEntry.expression GlobalsEntry.assignment_key",
    "test_assignments_everywhere::test_a_subnet_has_its_own_expression": "SubnetEntry.assignment_key",
    "test_class_limits::test_a_class_has_no_more_leases_than_its_limit_wherever_its_clients_are":
        "ClassEntry.max_leases",
    "test_class_limits::test_in_each_subnet_it_has_its_own": "ClassEntry.max_leases_per_subnet",
    "test_class_limits::test_a_class_sends_no_more_than_its_rate": "ClassEntry.rate",
    "test_handlers::TestOptions::test_it_is_overwritten": "HandlerEntry.type HandlerEntry.fields "
        "DocumentEntry.handlers",
    "test_handlers::test_a_type_that_no_package_here_has_is_set_aside_and_everybody_served": "HandlerEntry.name",
    "dhcpcore/script/test_isolated_handler::test_what_ends_the_process_ends_one_transaction_and_another_process_serves_the_next":
        "HandlerEntry.isolated",
    "test_handlers::TestScope::test_one_that_is_disabled_meets_nobody": "HandlerEntry.enabled",
    "test_handlers::TestScope::test_subnet": "HandlerEntry.scope ScopeEntry.subnet",
    "test_handlers::TestScope::test_shared_network": "ScopeEntry.shared_network",
    "test_handlers::TestScope::test_relay": "ScopeEntry.relay",
    "test_handlers::TestScope::test_class": "ScopeEntry.class",
    "test_handlers::TestScope::test_mark_of_a_handler_before_it": "ScopeEntry.mark ScopeEntry.elapsed "
        "ElapsedEntry.more_than",
    "test_handlers::TestScope::test_elapsed_less_than": "ElapsedEntry.less_than",
    "test_handlers::TestScope::test_time_of_day": "ScopeEntry.time TimeEntry.from TimeEntry.to TimeEntry.days "
        "TimeEntry.zone",
    "test_rarer_keys::test_an_offer_is_kept_for_the_time_of_its_class": "ClassEntry.offer_hold",
    "test_rarer_keys::test_the_ends_of_each_24_are_given_to_nobody": "CompatibilityEntry.exclude_first_last_24",
}


def test_every_key_is_seen_on_the_wire_by_a_test_that_runs() -> None:
    seen = [key for keys in SEEN.values() for key in keys.split()]
    assert sorted(set(FIELDS) - set(seen) - UNSEEN) == []
    assert sorted({*seen, *UNSEEN} - set(FIELDS)) == [], "a key that there is not"
    placed = [name if "/" in name else f"scenarios/{name}" for name in SEEN]
    named = [f"tests/{name.replace('::', '.py::', 1)}" for name in placed]
    assert [said for test in named if (said := acceptance.fault(test, acceptance.ROOT))] == []
