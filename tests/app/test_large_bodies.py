"""A body beyond the limit is refused in words, on every route that reads one, and before it is read whole."""

import pytest

from app.wsgi import BODY_BYTES_MAX
from tests.app.site import fill, web
from tests.app.test_routes import LEAST, path_of

#: Where whole documents and tables are taken.
LARGER = {"/definitions", "/assignments/import", "/api/v1/definitions"}


@pytest.fixture
def page(sqlite_database):
    fill(sqlite_database)
    return web(sqlite_database)


def test_rest_answers_with_a_problem(page):
    document, tried = page.get("/api/v1/openapi.json").json, 0
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if "requestBody" not in operation or path in LARGER:
                continue
            assert "413" in operation["responses"], path
            rule = path.replace("{", "<").replace("}", ">")
            where = path_of(rule).replace("/nobody", "/ada" if "users" in path else "/nobody")
            answer = page.open(where, method=method.upper(), data=b" " * (BODY_BYTES_MAX + 1),
                               content_type="application/json", headers={"If-Match": "*"})
            # What is not there is told first.
            assert answer.status_code in {404, 413}, (method, path, answer.status)
            assert answer.headers["Content-Type"] == "application/problem+json"
            if answer.status_code == 413:
                assert "at most 64 KB" in answer.json["detail"]
                tried += 1
    assert tried > 10


def test_a_form_is_answered_with_a_page(page):
    for route in LEAST:
        method, rule = route.split(" ")
        if method == "GET" or rule.startswith("/api/") or rule in LARGER:
            continue
        answer = page.post(path_of(rule), data={"text": "x" * BODY_BYTES_MAX})
        assert answer.status_code == 413, route
        assert "at most 64 KB are right here. Nothing was changed." in answer.get_data(as_text=True)


def test_what_fits_is_read(page):
    body = b'{"prefix": "203.0.113.0/24"}'.ljust(BODY_BYTES_MAX)
    assert page.post("/api/v1/subnets", data=body, content_type="application/json").status_code == 201
