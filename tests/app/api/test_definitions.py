import json

import pytest
import yaml

from app.services.access import Role
from tests.app.people import a_lease, store
from tests.app.site import DOCUMENT, define, web

WHERE = "/api/v1/definitions"
PROBLEM = "application/problem+json"


@pytest.fixture
def rest(sqlite_database):
    define(sqlite_database)
    store(sqlite_database, a_lease(19))
    return web(sqlite_database)


def smaller(**change):
    return {**DOCUMENT, "subnets": [{**DOCUMENT["subnets"][0], **change}, DOCUMENT["subnets"][1]]}


@pytest.mark.parametrize(("accept", "kind", "read"), [
    ("", "application/json", json.loads), ("*/*", "application/json", json.loads),
    ("application/json", "application/json", json.loads), ("application/yaml", "application/yaml", yaml.safe_load),
    ("text/yaml", "application/yaml", yaml.safe_load)])
def test_the_document_comes_as_it_is_asked_for_and_put_back_changes_nothing(rest, accept, kind, read):
    answer = rest.get(WHERE, headers={"Accept": accept} if accept else {})
    assert (answer.status_code, answer.mimetype, answer.headers["ETag"]) == (200, kind, '"1"')
    assert "Accept" in answer.headers["Vary"]
    assert read(answer.text)["subnets"][0]["name"] == "office"
    back = rest.put(WHERE, data=answer.data, content_type=kind, headers={"If-Match": answer.headers["ETag"]})
    assert back.json == {"revision": 1, "applied": False, "changes": [], "changes_total": 0, "losses": [],
                         "engine_told": True}


def test_a_media_type_that_there_is_not(rest):
    answer = rest.get(WHERE, headers={"Accept": "image/png"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (406, PROBLEM)


def test_a_document_is_applied_as_one_revision(rest):
    answer = rest.put(f"{WHERE}?note=longer", json=smaller(lifetime="2h"), headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"2"')
    assert [one["text"] for one in answer.json["changes"]] == ["~ subnet office: lifetime: (none) -> 2h"]
    assert rest.get("/api/v1/revisions/2").json["note"] == "longer"


def test_a_dry_run_changes_nothing_and_tells_the_losses(rest):
    shorter = smaller(pools=[{"first": "192.0.2.10", "last": "192.0.2.18"}])
    answer = rest.put(f"{WHERE}?dry_run=true", json=shorter)
    assert (answer.json["applied"], answer.json["changes_total"]) == (False, 1)
    assert answer.json["losses"] == [{"what": "pool 192.0.2.10 - 192.0.2.19 of office", "clients": 1}]
    assert rest.get(WHERE).headers["ETag"] == '"1"'


def test_what_takes_addresses_from_clients_wants_to_be_confirmed(rest):
    shorter = smaller(pools=[{"first": "192.0.2.10", "last": "192.0.2.18"}])
    refused = rest.put(WHERE, json=shorter, headers={"If-Match": "*"})
    assert (refused.status_code, refused.headers["Content-Type"]) == (409, PROBLEM)
    assert refused.json["losses"] == [{"what": "pool 192.0.2.10 - 192.0.2.19 of office", "clients": 1}]
    assert rest.get(WHERE).headers["ETag"] == '"1"'
    assert rest.put(f"{WHERE}?confirm=true", json=shorter, headers={"If-Match": "*"}).json["revision"] == 2


def test_the_second_of_two_is_told(rest):
    rest.put(WHERE, json=smaller(lifetime="2h"), headers={"If-Match": '"1"'})
    answer = rest.put(WHERE, json=smaller(lifetime="3h"), headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.headers["Content-Type"]) == (412, PROBLEM)
    assert rest.put(WHERE, json=smaller(lifetime="3h")).status_code == 428


@pytest.mark.parametrize(("body", "kind", "status", "field"), [
    ("version: [", "application/yaml", 422, None), ("[]", "application/json", 422, None),
    ('{"version": 7}', "application/json", 422, "version"), ("version: 1", "text/plain", 415, None),
    ('{"version": 1, "subnets": [{"prefix": "192.0.2.1/24"}]}', "application/json", 422, "subnets[0].prefix")])
def test_a_wrong_document_is_told_by_field(rest, body, kind, status, field):
    answer = rest.put(WHERE, data=body, content_type=kind, headers={"If-Match": "*"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, PROBLEM)
    if field:
        assert field in [one["field"] for one in answer.json["errors"]]
    assert rest.get(WHERE).headers["ETag"] == '"1"'


def test_a_document_larger_than_other_bodies_is_taken(rest):
    many = [{"hw_address": f"02:00:00:00:{n >> 8:02x}:{n & 255:02x}", "enabled": False} for n in range(2000)]
    assert len(json.dumps(many)) > 100_000
    answer = rest.put(f"{WHERE}?dry_run=true", json=smaller(assignments=many))
    assert (answer.status_code, answer.json["changes_total"], len(answer.json["changes"])) == (200, 2000, 1000)


@pytest.mark.parametrize(("role", "status"), [(Role.VIEWER, 403), (Role.OPERATOR, 403), (Role.ADMIN, 200)])
def test_who_may_apply(sqlite_database, role, status):
    define(sqlite_database)
    answer = web(sqlite_database, role=role).put(WHERE, json=DOCUMENT, headers={"If-Match": "*"})
    assert answer.status_code == status


def test_shared_networks_and_what_is_always_and_never_sent_are_edited(rest):
    network = {"name": "campus", "options": {"dhcp4": {"ntp-servers": ["192.0.2.4"]}},
               "always_send": {"dhcp4": ["ntp-servers"]}}
    document = {**smaller(shared_network="campus", never_send=["host-name"]), "shared_networks": [network],
                "globals": {"never_send": {"dhcp4": ["log-servers"]}}}
    made = rest.put(WHERE, json=document, headers={"If-Match": '"1"'})
    assert [one["kind"] for one in made.json["changes"]] == ["globals", "shared network", "subnet"]
    got = rest.get(WHERE).json
    assert got["shared_networks"] == [network]
    assert got["globals"] == {"never_send": {"dhcp4": ["log-servers"]}}
    assert got["subnets"][0]["never_send"] == ["host-name"]
    found = rest.get("/api/v1/subnets/1/effective-options?requested=3").json["options"]
    assert [(one["name"], one["origin"], one["sent"]) for one in found][1] == (
        "ntp-servers", {"level": "shared_network", "name": "campus"}, True)
    wrong = {**document, "shared_networks": [{**network, "always_send": {"dhcp4": ["ntp"]}}]}
    refused = rest.put(WHERE, json=wrong, headers={"If-Match": '"2"'})
    assert refused.json["errors"][0]["field"] == "shared_networks[0].always_send.dhcp4[0]"


PROTOCOL = {
    "globals": {
        "bootp": "reserved", "bootp_lifetime": "30d", "echo_client_id": False, "ipv6_only": "30m",
        "auto_configure": "forbid", "subnet_selection": True,
        "compatibility": {"lenient_options": True, "ignore_link_selection": True, "ignore_server_identifier": True,
                          "bootp_always_options": True},
    },
    "subnet": {"space": 3, "bootp": "free", "bootp_lifetime": "infinite", "echo_client_id": True, "ipv6_only": 0,
               "auto_configure": "allow", "vss": "customer-a"},
    "pool": {"first": "192.0.2.10", "last": "192.0.2.19", "bootp": False, "ipv6_only": "10m"},
}


def test_every_key_of_the_protocol_goes_in_and_comes_back(rest):
    document = smaller(**PROTOCOL["subnet"], pools=[PROTOCOL["pool"]])
    document["globals"] = {**document.get("globals", {}), **PROTOCOL["globals"]}
    document["subnets"][0].pop("assignments", None)
    assert rest.put(f"{WHERE}?confirm=true", json=document, headers={"If-Match": "*"}).json["applied"]
    first = rest.get(WHERE, headers={"Accept": "application/yaml"})
    back = yaml.safe_load(first.text)
    assert {key: back["globals"][key] for key in PROTOCOL["globals"]} == PROTOCOL["globals"]
    assert {key: back["subnets"][0][key] for key in PROTOCOL["subnet"]} == PROTOCOL["subnet"]
    assert back["subnets"][0]["pools"] == [PROTOCOL["pool"]]
    again = rest.put(WHERE, data=first.data, content_type="application/yaml", headers={"If-Match": "*"})
    assert again.json["applied"] is False
    assert rest.get(WHERE, headers={"Accept": "application/yaml"}).data == first.data


@pytest.mark.parametrize(("key", "wrong"), [
    ("bootp", "always"), ("bootp_lifetime", 0), ("echo_client_id", "no"), ("ipv6_only", 60), ("auto_configure", True),
    ("vss", 5)])
def test_a_wrong_one_is_refused_by_its_path_and_changes_nothing(rest, key, wrong):
    answer = rest.put(WHERE, json=smaller(**{key: wrong}), headers={"If-Match": "*"})
    assert answer.status_code == 422
    assert f"subnets[0].{key}" in answer.text
    assert rest.get(WHERE).headers["ETag"] == '"1"'


def test_an_outdated_document_is_told_in_few_words_where_to_see_the_difference(rest):
    document = rest.get("/api/v1/definitions").json
    many = [{"name": f"class-{n}", "test": "known", "description": "x" * 200} for n in range(500)]
    large = {**document, "classes": many}
    answer = rest.put("/api/v1/definitions", json=large, headers={"If-Match": '"0"'})
    assert (answer.status_code, answer.headers["Content-Type"]) == (412, "application/problem+json")
    assert len(answer.get_data()) < 1000
    present = answer.json["present"]
    assert (present["etag"], answer.json["yours"]) == (rest.get("/api/v1/definitions").headers["ETag"], None)
    assert rest.get(present["changed"]).json["id"] == present["revision"]
    told = rest.put(present["difference"], json=large).json
    assert (told["applied"], told["changes_total"]) == (False, 500)
    assert rest.put("/api/v1/definitions", json=large, headers={"If-Match": present["etag"]}).status_code == 200
