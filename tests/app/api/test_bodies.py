"""Bodies that are none: every operation that takes one refuses them alike, in words, and changes nothing."""

import pytest

from app.services import accounts
from tests.app.people import ADA, EngineThatAnswers, appliance
from tests.app.site import define, web

#: Operations that take a body, one of each kind at least.
TAKERS = [
    ("POST", "users"), ("PATCH", "users/bob"), ("POST", "users/bob/password"), ("POST", "tokens"), ("POST", "setup"),
    ("POST", "setup/probe"), ("POST", "assignments"), ("PUT", "assignments/1"), ("PATCH", "assignments/1"),
    ("POST", "classes/try"), ("POST", "options/preview"), ("PUT", "definitions"), ("POST", "subnets"),
    ("PATCH", "globals"),
]
BODIES = [
    ("[" * 30_000, "nested more than 32 levels deep"), ('{"a":' * 8_000, "nested more than 32 levels deep"),
    ('{"name": "a", "name": "b"}', "the key 'name' twice"), ('{"days": NaN}', "NaN is not a number of JSON"),
    ('{"name": "\\ud800"}', "half a character"), ('{"name": "a\\u0000b"}', "zero character"),
    ('{"a": [{"b\\u0000": 1}]}', "a key has a zero character"),
]


@pytest.fixture
def rest(sqlite_database):
    define(sqlite_database)
    accounts.add(appliance(sqlite_database), "bob", "viewer", "correct horse battery", by=ADA)
    return web(sqlite_database, EngineThatAnswers(neighbours={"asking": False, "servers": []}))


@pytest.mark.parametrize(("method", "path"), TAKERS)
def test_what_is_no_json_of_ours_is_refused_in_words(rest, method, path):
    for body, said in BODIES:
        answer = rest.open(f"/api/v1/{path}", method=method, data=body, content_type="application/json",
                           headers={"If-Match": "*"})
        assert (answer.status_code, said in answer.get_data(as_text=True)) == (422, True), (body[:30], answer.json)


@pytest.mark.parametrize(("method", "path"), TAKERS)
def test_what_does_not_call_itself_json_is_refused(rest, method, path):
    answer = rest.open(f"/api/v1/{path}", method=method, data="{}", content_type="text/plain",
                       headers={"If-Match": "*"})
    assert (answer.status_code, "Content-Type" in answer.json["detail"]) == (415, True)


@pytest.mark.parametrize("body", ["[" * 30_000, '{"a": NaN}', ""])
def test_who_is_refused_for_another_reason_is_not_told_back_what_cannot_be_read(rest, body):
    for method, path in (("PUT", "assignments/1"), ("DELETE", "assignments/1"), ("PUT", "definitions")):
        answer = rest.open(f"/api/v1/{path}", method=method, data=body, content_type="application/json",
                           headers={"If-Match": '"999"'})
        assert (answer.status_code, answer.json["yours"]) == (412, None)


def test_what_can_be_read_is_told_back(rest):
    answer = rest.put("/api/v1/assignments/1", json={"hostname": "x"}, headers={"If-Match": '"999"'})
    assert (answer.status_code, answer.json["yours"]) == (412, {"hostname": "x"})
