from dhcpcore.errors import StoreUnavailable
from dhcpcore.store import schema_version
from dhcpcore.version import __version__
from tests.app.people import EngineThatAnswers
from tests.app.site import web


def test_the_process_lives(sqlite_database):
    answer = web(sqlite_database).get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"status": "ok", "version": __version__})


def test_it_is_ready_with_its_database_whatever_the_engine_does(sqlite_database):
    assert web(sqlite_database).get("/readyz").json == {"status": "ready", "engine": "away"}
    ready = EngineThatAnswers(status={"ready": True})
    assert web(sqlite_database, ready).get("/readyz").json == {"status": "ready", "engine": "ready"}
    assert web(sqlite_database, EngineThatAnswers(status={})).get("/readyz").json["engine"] == "not ready"


def test_it_is_not_ready_without_its_database_and_still_lives(sqlite_database, monkeypatch):
    client = web(sqlite_database)

    def away(_):
        raise StoreUnavailable("It is away.")

    monkeypatch.setattr(schema_version, "require_current", away)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json) == (503, {"status": "not ready", "reason": "It is away."})
    assert client.get("/healthz").status_code == 200
