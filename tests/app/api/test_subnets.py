from tests.app.site import fill, web


def test_subnets_with_their_pools_and_use(sqlite_database):
    fill(sqlite_database)
    body = web(sqlite_database).get("/api/v1/subnets").json
    assert body["revision"] == 1
    office, laboratory = body["items"]
    assert (office["name"], office["prefix"], office["held"]) == ("office", "192.0.2.0/24", 10)
    assert office["pools"] == [{"id": 1, "first": "192.0.2.10", "last": "192.0.2.19", "size": 10, "held": 9,
                                "declined": 1, "free": 0, "guard": None, "excluded": []}]
    assert laboratory["pools"] == []


def test_no_subnet_is_an_empty_list(sqlite_database):
    assert web(sqlite_database).get("/api/v1/subnets").json == {"items": [], "next_cursor": None, "revision": 0}
