import pytest

from app.services.access import Role
from dhcpcore.stats.reasons import Reason
from tests.app.site import define, fill, web
from tests.app.traces import tell
from tests.packets4 import DISCOVER, client, request

LIST = "/api/v1/classes"
PROBLEM = "application/problem+json"
VOIP = {"name": "voip", "test": "option[60].text == 'AAVAYA'", "options": {"dhcp4": {"domain-name": "v.example.org"}},
        "lifetime": "8h", "boot": {"file": "phone", "by_architecture": {"x64-uefi": "phone.efi"}},
        "description": "Phones"}
PACKET = request(DISCOVER, client(5), 7, options={60: b"AAVAYA"}).hex(" ")


@pytest.fixture
def rest(sqlite_database):
    define(sqlite_database)
    return web(sqlite_database)


def add(rest, entry=VOIP, **query):
    answer = rest.post(LIST, json=entry, query_string=query)
    assert answer.status_code == 201, answer.text
    return answer


def names(rest):
    return [one["name"] for one in rest.get(LIST).json["items"]]


def test_a_class_is_added_read_replaced_and_removed(rest):
    answer = add(rest)
    assert answer.headers["Location"] == f"{LIST}/voip"
    assert answer.json == {**VOIP, "revision": 2, "losses": [], "engine_told": False}
    found = rest.get(f"{LIST}/voip")
    assert (found.json, found.headers["ETag"]) == (VOIP, '"2"')
    other = {"name": "phones", "template_test": "option[60].text"}
    changed = rest.put(f"{LIST}/voip", json=other, headers={"If-Match": '"2"'})
    assert (changed.status_code, changed.json["name"], changed.headers["ETag"]) == (200, "phones", '"3"')
    assert rest.get(f"{LIST}/voip").status_code == 404
    assert rest.delete(f"{LIST}/phones", headers={"If-Match": '"3"'}).json["revision"] == 4
    assert names(rest) == []
    assert rest.get("/api/v1/definitions").json.get("classes") is None


def test_the_first_one_counts_so_classes_have_places(rest):
    for name in ("a", "b"):
        add(rest, {"name": name})
    add(rest, {"name": "c"}, before="b")
    assert names(rest) == ["a", "c", "b"]
    rest.put(f"{LIST}/b", json={"name": "b"}, headers={"If-Match": "*"}, query_string={"before": "a"})
    assert names(rest) == ["b", "a", "c"]
    rest.put(f"{LIST}/a", json={"name": "a", "description": "A"}, headers={"If-Match": "*"})
    assert names(rest) == ["b", "a", "c"]
    assert rest.post(LIST, json={"name": "d"}, query_string={"before": "nope"}).status_code == 404


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [
        ({"test": "option[60].txt == 'x'"}, "test", "did you mean text?\n    option[60].txt == 'x'\n               ^"),
        ({"test": "option[60].hex"}, "test", "true or false is needed"),
        ({"test": "member('voip')"}, "test", "back to itself"),
        ({"name": "a'b"}, "name", "no single quote"),
        ({"options": {"dhcp4": {"domain-nam": "x"}}}, "options.dhcp4.domain-nam", "did you mean domain-name"),
        ({"lifetime": "long"}, "lifetime.default", "not a duration"),
        ({"boot": {"by_architecture": {"x64uefi": "a"}}}, "boot.by_architecture.x64uefi", "did you mean x64-uefi?"),
        ({"nope": 1}, "nope", "no key here"),
    ],
)
def test_what_is_wrong_is_told_at_its_field_with_a_caret(rest, change, field, said):
    answer = rest.post(LIST, json={**VOIP, **change})
    assert (answer.status_code, answer.headers["Content-Type"]) == (422, PROBLEM)
    told = {one["field"]: one["message"] for one in answer.json["errors"]}
    assert said in told[field]
    assert names(rest) == []


def test_what_was_changed_meanwhile_is_not_overwritten(rest):
    add(rest)
    rest.put(f"{LIST}/voip", json={**VOIP, "description": "x"}, headers={"If-Match": "*"})
    assert rest.put(f"{LIST}/voip", json=VOIP, headers={"If-Match": '"2"'}).status_code == 412
    assert rest.delete(f"{LIST}/voip", headers={"If-Match": '"2"'}).status_code == 412
    assert rest.delete(f"{LIST}/voip").status_code == 428
    assert rest.get(f"{LIST}/voip").json["description"] == "x"


def test_a_second_one_of_the_name_is_refused(rest):
    add(rest)
    answer = rest.post(LIST, json=VOIP)
    assert answer.status_code == 422
    assert "names are unique" in answer.text


def test_what_is_named_is_not_removed(rest):
    add(rest)
    add(rest, {"name": "both", "test": "member('voip')"})
    answer = rest.delete(f"{LIST}/voip", headers={"If-Match": "*"})
    assert answer.status_code == 409
    assert "class both test" in answer.json["detail"]
    assert rest.delete(f"{LIST}/both", headers={"If-Match": "*"}).status_code == 200
    given = rest.post("/api/v1/assignments", json={"hw_address": "02:00:00:00:00:06", "address": "192.0.2.6",
                                                   "classes": ["voip"]})
    assert given.json["classes"] == ["voip"]
    answer = rest.delete(f"{LIST}/voip", headers={"If-Match": "*"})
    assert (answer.status_code, f"the assignments {given.json['id']}" in answer.json["detail"]) == (409, True)
    rest.delete(given.headers["Location"], headers={"If-Match": "*"})
    assert rest.delete(f"{LIST}/voip", headers={"If-Match": "*"}).status_code == 200


def test_an_assignment_names_only_classes_that_are_there(rest):
    answer = rest.post("/api/v1/assignments", json={"hw_address": "02:00:00:00:00:06", "classes": ["nope"],
                                                    "address": "192.0.2.6"})
    assert answer.status_code == 422
    assert "there is no class 'nope'" in answer.text


def test_who_may(sqlite_database):
    define(sqlite_database)
    operator = web(sqlite_database, role=Role.OPERATOR)
    assert operator.post(LIST, json=VOIP).status_code == 403
    assert operator.get(LIST).status_code == 200
    assert operator.post(f"{LIST}/try", json={"expression": "known"}).status_code == 200


def test_an_expression_is_tried_on_hex(rest):
    asked = {"expression": "option[60].hex == 'AAVAYA' and not known and member('lab')", "packet": PACKET,
             "classes": ["lab"]}
    answer = rest.post(f"{LIST}/try", json=asked)
    assert answer.json["value"] == "true"
    assert answer.json["packet"] == "DISCOVER of 02:00:00:00:00:05"
    assert [(one["depth"], one["text"], one["value"]) for one in answer.json["parts"]][:3] == [
        (0, asked["expression"], "true"), (1, "option[60].hex == 'AAVAYA'", "true"), (2, "option[60].hex", "'AAVAYA'")]
    assert rest.post(f"{LIST}/try", json={**asked, "known": True}).json["value"] == "false"
    assert rest.post(f"{LIST}/try", json={**asked, "classes": []}).json["value"] == "false"


def test_an_expression_is_tried_on_a_transaction(sqlite_database):
    fill(sqlite_database)
    tell(sqlite_database, (12, Reason.OFFER), (13, Reason.OFFER))
    rest = web(sqlite_database)
    answer = rest.post(f"{LIST}/try", json={"expression": "hexstring(pkt4.mac, ':')", "client": "02:00:00:00:00:0d"})
    assert answer.json["value"] == "'02:00:00:00:00:0d'"
    assert rest.post(f"{LIST}/try", json={"expression": "known", "client": "02:00:00:00:00:77"}).status_code == 404


def test_a_wrong_expression_is_an_answer(rest):
    answer = rest.post(f"{LIST}/try", json={"expression": "option[60].txt"})
    assert answer.json["fault"]["column"] == 12
    assert answer.json["fault"]["shown"] == "    option[60].txt\n               ^"
    assert answer.json["value"] is None
    assert rest.post(f"{LIST}/try", json={"expression": "option[60].text"}).json["is_condition"] is False


@pytest.mark.parametrize(
    ("body", "field"),
    [({}, "expression"), ({"expression": 3}, "expression"), ({"expression": "known", "known": "yes"}, "known"),
     ({"expression": "known", "classes": [3]}, "classes"), ({"expression": "known", "classes": None}, "classes"),
     ({"expression": "known", "classes": 6}, "classes"), ({"expression": ""}, "expression"),
     ({"expression": "known", "x": 1}, "x"),
     ({"expression": "known" + " " * 10_000}, "expression")],
)  # fmt: skip
def test_a_wrong_question_is_refused(rest, body, field):
    answer = rest.post(f"{LIST}/try", json=body)
    assert answer.status_code == 422
    assert field in {one["field"] for one in answer.json["errors"]}


@pytest.mark.parametrize("packet", ["xyz", "0102", "00" * 300])
def test_what_is_no_packet_is_refused(rest, packet):
    answer = rest.post(f"{LIST}/try", json={"expression": "known", "packet": packet})
    assert answer.status_code == 422
    assert "packet" in answer.json["detail"]
