"""Times in questions are written, not counted."""

import pytest

from tests.app.site import fill, web

LISTS = ["/api/v1/audit", "/api/v1/revisions", "/api/v1/transactions"]


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("said", ["0", "-1", "1700000000", "1.5"])
def test_a_number_is_no_time(sqlite_database, path, said):
    fill(sqlite_database)
    answer = web(sqlite_database).get(path, query_string={"since": said})
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "since")
    assert "2026-11-27T08:00:00Z" in answer.json["errors"][0]["message"]


@pytest.mark.parametrize("path", LISTS)
def test_one_that_is_written_is(sqlite_database, path):
    fill(sqlite_database)
    assert web(sqlite_database).get(path, query_string={"since": "2026-11-27T08:00:00Z"}).status_code == 200
