"""`/api/v1/methods` and `/api/v1/script`."""

import base64

import pytest

from app.services.access import Role
from tests.app.people import EngineThatIsAway
from tests.app.scripts import EngineWithScript, a_desk, element, method, refused


@pytest.fixture(scope="module")
def desk(tmp_path_factory, migrated_file):
    with a_desk(tmp_path_factory.mktemp("desk"), migrated_file) as made:
        yield made


@pytest.fixture
def web(desk):
    desk.clean()
    return desk.browser


@pytest.fixture
def engine():
    return EngineWithScript(
        method("/x", name="a&amp;b"), method("/s", secure=True), method("/t", 2), method("/leases"),
        method("/bad"), elements=[element(3, "n", 7)],
        results={"/t": "<p>hi</p>", "/x": ("text/csv", b"\xff", [["X-A", "1"]]), "/bad": refused(), 3: "<b>1</b>"},
    )  # fmt: skip


def call(client, **asked):
    return client.post("/api/v1/methods/call", json=asked)


def test_methods_are_listed_with_why_one_does_not_answer(web, engine):
    items = web(engine, role=Role.VIEWER).get("/api/v1/methods").json["items"]
    assert [one["path"] for one in items] == ["/x", "/s", "/t", "/leases", "/bad"]
    assert items[0] == {"path": "/x", "module": "", "name": "a&b", "mode": "raw", "hidden": True, "secure": False,
                        "confirm": False, "cacheable": False, "built_in": "", "fault": ""}
    assert "belongs to the appliance" in items[3]["fault"]


def test_one_is_called_with_what_it_is_told(web, engine):
    client = web(engine)
    assert call(client, path="/x", queryargs={"a": ["1"]}, data="AP8=", mimetype="x/y", headers={"H": "1"}).json == {
        "mode": "raw", "mimetype": "text/csv", "data": "/w==", "headers": [["X-A", "1"]], "html": None}
    assert engine.calls == [("script-call", {"path": "/x", "request": {
        "queryargs": {"a": ["1"]}, "data": base64.b64encode(b"\0\xff").decode(), "mimetype": "x/y",
        "headers": {"H": "1"}}})]
    assert call(client, path="/t").json["html"] == "<p>hi</p>"


def test_a_viewer_calls_what_is_not_secure(web, engine):
    client = web(engine, role=Role.VIEWER)
    assert call(client, path="/t").status_code == 200
    assert call(client, path="/s").status_code == 403
    assert engine.called == ["/t"]


@pytest.mark.parametrize(("asked", "status", "word"), [
    ({"path": "/none"}, 404, "no web method"), ({"path": "/leases"}, 404, "belongs to the appliance"),
    ({"path": "/bad"}, 500, "failed"), ({}, 422, "path"), ({"path": "/x", "data": "?"}, 422, "base64"),
    ({"path": "/x", "more": 1}, 422, "more"), ({"path": "/x", "queryargs": {"a": "1"}}, 422, "queryargs.a"),
])
def test_what_is_wrong_is_told(web, engine, asked, status, word):
    answer = call(web(engine), **asked)
    assert answer.status_code == status
    assert word in answer.text


def test_the_script_and_its_elements(web, engine):
    client = web(engine, role=Role.VIEWER)
    told = client.get("/api/v1/script").json
    assert (told["configured"], told["running"], told["path"], told["hooks"]) == (
        True, True, "/etc/lessor/conf.py", ["filterPacket"])
    assert told["elements"] == [{"number": 3, "module": "m", "name": "n", "ordering": 7, "built_in": ""}]
    assert client.get("/api/v1/script/elements/3").json == {"html": "<b>1</b>", "headers": ["<meta name='h'>"]}
    assert client.get("/api/v1/script/elements/4").status_code == 404


def test_without_a_script_there_is_nothing(web, engine):
    engine.configured = False
    client = web(engine)
    assert client.get("/api/v1/methods").json == {"items": []}
    assert call(client, path="/x").status_code == 404


def test_an_engine_that_is_away_and_a_script_that_does_not_run(web, engine):
    engine.running = False
    answer = call(web(engine), path="/x")
    assert (answer.status_code, "it ended" in answer.text) == (503, True)
    client = web(EngineThatIsAway())
    assert [client.get(f"/api/v1/{path}").status_code for path in ("methods", "script")] == [503, 503]


def test_it_is_reinitialised_by_operators_alone(web, engine):
    assert web(engine, role=Role.VIEWER).post("/api/v1/script/reinitialise").status_code == 403
    assert web(engine, role=Role.OPERATOR).post("/api/v1/script/reinitialise").json == {"reinitialised": True}
    assert engine.calls == [("script-reinitialise", {})]
