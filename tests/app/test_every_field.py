"""Every field of the definitions document, walked by its models: seen, refused in words, kept byte for byte, editable.

``EXAMPLES`` has entries that use every key of every model; those go through the database and through REST, the command
line and the pages.  ``WRONG`` has a bad value of every key, which is refused at its place with what would be right.
``SEEN`` names the test in which the key makes a difference on the wire.  A key that a model gets later fails here until
it has its place in each of the three.
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
from dhcpcore.topology.document import ONLY_FAMILY, DocumentEntry
from dhcpcore.topology.validate import validate
from tests.app.cli.command_line import CommandLine
from tests.app.site import define, web
from tests.dhcpcore.topology.documents import full
from tests.test_acceptance import ROOT, fault

#: What nobody can see on the wire: of DHCPv6, which is declared and not served yet; and what is for people alone.
UNSEEN = {
    "SharedNetworkEntry.preference", "SubnetEntry.preference", "SubnetEntry.interface_id", "SubnetEntry.prefix_pools",
    "PrefixPoolEntry.prefix", "PrefixPoolEntry.delegated_length", "PrefixPoolEntry.class", "PrefixPoolEntry.lifetime",
    "AssignmentEntry.addresses", "AssignmentEntry.prefixes", "LifetimeEntry.preferred", "GlobalOptions.dhcp6",
    "FamilyNames.dhcp6", "ClassEntry.description", "DocumentEntry.version",
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
            listed = [(f"{inside}[{at}]", one) for at, one in enumerate(below)] if isinstance(below, list) else [
                (f"{inside}.{name}", one) for name, one in below.items()] if key == "by_architecture" else [
                (inside, below)]
            for where, one in listed:
                found = {**places(inner, one, where), **found}
    return found


def test_the_examples_use_every_key() -> None:
    assert [field for field in FIELDS if field not in used(DocumentEntry, validate(complete()).canonical())] == []


#: What a refusal says of what is right.
REMEDY = re.compile(
    r"write|such as|true nor false|one of| or |list|mapping|whole number|text|characters|is not a duration", re.IGNORECASE
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
    return made


def sorted_classes(document: dict[str, Any]) -> dict[str, Any]:
    return {**document, "classes": sorted(document["classes"], key=lambda one: one["name"])}


def test_over_rest_each_piece_by_itself(sqlite_database, canonical) -> None:
    rest, any_version = web(sqlite_database), {"If-Match": "*"}
    assert rest.put("/api/v1/definitions", json={"version": 1, "leasequery": canonical["leasequery"]},
                    headers=any_version).status_code == 200
    for kind, name, entry in apart(canonical):
        if kind == "globals":
            answer = rest.put("/api/v1/globals", json=entry, headers=any_version)
        elif kind == "shared-networks":
            answer = rest.put(f"/api/v1/{kind}/{name}", json=entry, headers=any_version)
        elif kind == "assignments":
            answer = rest.post(f"/api/v1/{kind}", json={**entry, "subnet": name})
        else:
            answer = rest.post(f"/api/v1/{kind}", json=entry)
        assert answer.status_code in {200, 201}, (kind, name, answer.text)
    assert sorted_classes(Definitions(sqlite_database).document()) == sorted_classes(canonical)


def pairs(entry: dict[str, Any], *without: str) -> list[str]:
    """Keys as the command line takes them."""
    return [f"{key}={json.dumps(value)}" for key, value in entry.items() if key not in without]


def test_by_the_command_line_each_piece_by_itself(tmp_path, sqlite_url, canonical) -> None:
    lessor = CommandLine(tmp_path, sqlite_url)
    lessor.ok("apply", "-", stdin=json.dumps({"version": 1, "leasequery": canonical["leasequery"]}))
    identifiers = ("hw_address", "client_id", "circuit_id", "remote_id", "duid")
    for kind, name, entry in apart(canonical):
        if kind == "globals":
            lessor.ok("globals", "set", *pairs(entry))
        elif kind == "option-definitions":
            lessor.ok("option-definition", "add", entry["space"], str(entry["code"]), entry["name"], entry["type"])
        elif kind == "classes":
            lessor.ok("class", "add", name, "--from", "-", stdin=json.dumps(entry))
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
    boxes = {name for name in re.findall(r'type="checkbox" name="([^"]*)" value="yes">', form)}
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
