"""What fails is told to programs as problem+json and to people as a page, and what failed is nobody's to read."""

import pytest

from dhcpcore.errors import StoreError, StoreUnavailable
from tests.app.site import fill, web


@pytest.fixture
def page(sqlite_database):
    fill(sqlite_database)
    made = web(sqlite_database)
    made.application.testing = made.application.config["PROPAGATE_EXCEPTIONS"] = False
    return made


def failing(error):
    def list_leases(*_, **__):
        raise error

    return list_leases


def test_a_fault_of_ours_is_a_problem_without_its_secrets(page, monkeypatch, caplog):
    monkeypatch.setattr("app.services.leases.list_leases", failing(RuntimeError("the secret is 4711")))
    answer = page.get("/api/v1/leases")
    assert (answer.status_code, answer.headers["Content-Type"]) == (500, "application/problem+json")
    assert answer.json == {"type": "about:blank", "title": "Internal Server Error", "status": 500,
                           "detail": "This page failed; the log of the web process says where."}
    assert "the secret is 4711" in caplog.text
    shown = page.get("/leases")
    assert (shown.status_code, shown.mimetype) == (500, "text/html")
    assert "4711" not in shown.get_data(as_text=True)


@pytest.mark.parametrize(("error", "status"), [
    (StoreError("A row broke."), 500), (StoreUnavailable("The database is away."), 503)])
def test_a_database_that_fails_is_a_problem(page, monkeypatch, error, status):
    monkeypatch.setattr("app.services.leases.list_leases", failing(error))
    answer = page.get("/api/v1/leases")
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
    assert (answer.json["status"], answer.json["detail"]) == (status, str(error))
    assert ("Retry-After" in answer.headers) == (status == 503)


def test_a_whole_page_that_is_not_there_is_a_problem_too(page):
    answer = page.get("/api/v1/nowhere")
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")
