from tests.app.site import fill, web


def test_options_are_previewed(sqlite_database):
    client = web(sqlite_database)
    answer = client.post("/api/v1/options/preview", json={"options": {"routers": ["192.0.2.1"], "router": []}})
    bad, good = answer.json["items"]  # Flask's client sorts the keys that it sends.
    assert good == {"name": "routers", "code": 3, "octets": 4, "payload": "c0000201", "wire": "0304c0000201",
                    "value": ["192.0.2.1"], "unreadable": None, "fault": None}
    assert "did you mean routers" in bad["fault"]
    six = client.post("/api/v1/options/preview", json={"family": 6, "options": {"dns-servers": ["2001:db8::1"]}})
    assert six.json["items"][0]["wire"] == "00170010" + "20010db8000000000000000000000001"


def test_a_wrong_question_is_told_by_field(sqlite_database):
    client = web(sqlite_database)
    for body, field in (({}, "options"), ({"options": []}, "options"), ({"options": {}, "family": 5}, "family"),
                        ({"options": {}, "family": True}, "family"), ({"options": {}, "familie": 4}, "familie")):
        answer = client.post("/api/v1/options/preview", json=body)
        assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, field)
    assert client.post("/api/v1/options/preview", data="x").status_code == 415


def test_what_a_client_will_receive(sqlite_database):
    fill(sqlite_database)
    client = web(sqlite_database)
    answer = client.get("/api/v1/subnets/1/effective-options?hw_address=02:00:00:00:00:05&requested=host-name,6")
    assert answer.json["assignment"] == 1
    assert answer.json["unknown"] == ["domain-name-servers"]
    mask, name = answer.json["options"]
    assert (mask["name"], mask["origin"]) == ("subnet-mask", {"level": "computed", "name": ""})
    assert (name["value"], name["hex"], name["why"], name["origin"]["level"]) == (
        "printer", b"printer".hex(), "requested", "assignment")


def test_what_cannot_be_looked_at_is_a_problem(sqlite_database):
    fill(sqlite_database)
    client = web(sqlite_database)
    assert client.get("/api/v1/subnets/99/effective-options").status_code == 404
    for query, field in (("hw_address=02", "hw_address"), ("address=10.0.0.1", "address"),
                         ("requested=router", "requested[0]"), ("request=3", "request")):
        answer = client.get(f"/api/v1/subnets/1/effective-options?{query}")
        assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, field)


def test_an_assignments_lists_are_set_and_seen(sqlite_database):
    fill(sqlite_database)
    client = web(sqlite_database)
    entry = {"hw_address": "02:00:00:00:00:77", "address": "192.0.2.77", "always_send": ["routers"],
             "never_send": ["host-name"]}
    made = client.post("/api/v1/assignments", json=entry)
    assert made.status_code == 201
    seen = client.get(made.headers["Location"]).json
    seen = seen.get("assignment", seen)
    assert (seen["always_send"], seen["never_send"]) == (["routers"], ["host-name"])
    other = {**entry, "hw_address": "02:00:00:00:00:78", "address": "192.0.2.78", "always_send": ["router"]}
    wrong = client.post("/api/v1/assignments", json=other)
    assert wrong.json["errors"][0]["field"] == "always_send[0]"
