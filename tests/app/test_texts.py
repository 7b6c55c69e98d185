"""A zero character and half a character: every field of REST and of forms refuses them in words, on both databases."""

import io
import re

import pytest

from tests.app.site import fill, web
from tests.app.test_routes import LEAST, path_of

PROBLEM = "application/problem+json"
ZERO, HALF = "a\\u0000b", "a\\ud800b"


@pytest.fixture
def page(database):
    fill(database)
    return web(database)


def fields_of(document, schema):
    """The names of a body's fields."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for part in schema.get("anyOf", ()):
        yield from fields_of(document, part)
    yield from schema.get("properties", {})


def operations(document):
    for path, some in document["paths"].items():
        for method, operation in some.items():
            yield path, method, operation


@pytest.mark.parametrize(("unfit", "said"), [
    (ZERO, "zero character"), (HALF, "half a character")], ids=["zero", "half"])
def test_every_field_of_every_body(page, unfit, said):
    document, asked = page.get("/api/v1/openapi.json").json, 0
    for path, method, operation in operations(document):
        for kind, content in operation.get("requestBody", {}).get("content", {}).items():
            if "json" not in kind:
                continue
            names = sorted(set(fields_of(document, content["schema"])))
            body = ", ".join(f'"{name}": "{unfit}"' for name in names)
            answer = page.open(re.sub(r"{(\w+)}", "1", path), method=method, content_type=kind, data=f"{{{body}}}",
                               headers={"If-Match": "*"})
            if answer.status_code == 404:  # What is not there cannot be changed.
                continue
            assert (answer.status_code, answer.headers["Content-Type"]) == (422, PROBLEM), (path, method)
            assert [one["field"] for one in answer.json["errors"]] == names, (path, method)
            assert all(said in one["message"] for one in answer.json["errors"])
            asked += 1
    assert asked > 15


def test_every_parameter_of_every_address(page):
    asked = 0
    for path, method, operation in operations(page.get("/api/v1/openapi.json").json):
        texts = [one for one in operation.get("parameters", ()) if one["in"] in {"query", "path"}
                 and "string" in str(one["schema"])]
        for parameter in texts:
            name = parameter["name"]
            filled = re.sub(r"{(\w+)}", lambda found, name=name: "a%00b" if found[1] == name else "1", path)
            given = f"?{name}=a%00b" if parameter["in"] == "query" else ""
            answer = page.open(filled + given, method=method, json={} if method != "get" else None,
                               headers={"If-Match": "*"})
            asked += 1
            assert (answer.status_code, answer.headers["Content-Type"]) == (422, PROBLEM), (path, method, name)
            assert answer.json["errors"] == [{"field": name, "message": "has a zero character (NUL): take it out"}]
    assert asked > 40


def test_a_number_that_no_row_has_is_in_no_address(page):
    rules = [route.split(" ") for route in LEAST if "<int:" in route]
    assert len(rules) > 15
    for method, rule in rules:
        for number in ("9" * 18, "9223372036854775808"):
            answer = page.open(re.sub(r"<int:[^>]*>", number, rule), method=method)
            assert answer.status_code != 500, (method, rule)


def test_every_form(page):
    for route in LEAST:
        method, rule = route.split(" ")
        if rule.startswith("/api/") or "<path:filename>" in rule:
            continue
        if method == "POST":
            answer = page.post(path_of(rule), data={"colour": "a\0b"})
        else:
            answer = page.get(path_of(rule), query_string={"colour": "a\0b"})
        assert answer.status_code == 422, route
        assert "zero character" in answer.get_data(as_text=True), route
        answer.close()


def test_a_table_that_is_loaded(page):
    table = io.BytesIO(b"address,circuit_id\n192.0.2.9,a\0b\n")
    answer = page.post("/assignments/import", data={"file": (table, "table.csv"), "confirmed": "yes"})
    assert (answer.status_code, "zero character" in answer.get_data(as_text=True)) == (422, True)


@pytest.mark.parametrize(("text", "kind"), [
    ("version: 1\nsubnets: [{prefix: 192.0.2.0/24, name: 'x'}, {prefix: 198.51.100.0/24, name: \"a\\0b\"}]", "yaml"),
    ('{"version": 1, "classes": [{"name": "x", "description": "a\\u0000b"}]}', "json")])
def test_a_whole_document(page, text, kind):
    answer = page.put("/api/v1/definitions", data=text, content_type=f"application/{kind}", headers={"If-Match": "*"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (422, PROBLEM)
    assert "zero character" in answer.json["errors"][0]["message"]


def test_a_whole_character_beyond_the_first_plane_is_kept(page):
    body = '{"name": "phones", "test": "known", "description": "\\ud83d\\ude00"}'
    assert page.post("/api/v1/classes", data=body, content_type="application/json").status_code == 201
    assert page.get("/api/v1/classes/phones").json["description"] == "\U0001f600"
