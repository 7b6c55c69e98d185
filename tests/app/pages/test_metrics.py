import re
from pathlib import Path

import pytest
from prometheus_client import values

from app.pages import metrics
from app.services import tokens
from app.services.sessions import Caller
from dhcpcore.settings.model import Web
from tests.app.people import ADA, EngineThatAnswers, appliance
from tests.app.services.test_metrics import COUNTED, STATUS
from tests.app.site import fill, web

MANUAL = (Path(__file__).parents[3] / "docs" / "metrics.md").read_text()


@pytest.fixture
def page(sqlite_database):
    fill(sqlite_database)
    return web(sqlite_database, EngineThatAnswers(status=STATUS, statistics=COUNTED))


def text(answer) -> str:
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def test_a_scrape_shows_engine_leases_and_requests(page):
    page.get("/healthz")
    page.get("/healthz")
    page.get("/nowhere/at/all")
    answer = page.get("/metrics")
    assert answer.mimetype == "text/plain"
    told = text(answer)
    assert "lessor_engine_up 1.0" in told
    assert 'lessor_messages_total{reason="OFFER",type="DISCOVER"} 12.0' in told
    assert 'lessor_web_requests_total{method="GET",route="/healthz",status="200"} 2.0' in told
    assert 'lessor_web_requests_total{method="GET",route="none",status="404"} 1.0' in told
    assert 'lessor_web_request_seconds_count{route="/healthz"} 2.0' in told
    assert 'lessor_web_request_seconds_bucket{le="0.2",route="/healthz"} 2.0' in told


def test_what_a_client_makes_up_is_no_label(page):
    page.open("/healthz", method="BREW")
    page.get("/leases/192.0.2.77")
    told = text(page.get("/metrics"))
    assert "BREW" not in told
    assert "192.0.2.77" not in told
    assert 'method="other"' in told
    assert 'route="/leases/<address>"' in told


def test_without_a_token_a_scraper_is_told_in_its_own_way(sqlite_database):
    stranger = web(sqlite_database, role=None)
    answer = stranger.get("/metrics")
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    secret = tokens.create(appliance(sqlite_database), "prometheus", "viewer", caller=Caller(ADA)).secret
    assert "lessor_engine_up 0.0" in text(stranger.get("/metrics", headers={"Authorization": f"Bearer {secret}"}))
    assert stranger.get("/metrics", headers={"Authorization": "Bearer lsr_1_wrong"}).status_code == 401


def test_a_setting_opens_it_and_nothing_else(sqlite_database):
    stranger = web(sqlite_database, role=None, web=Web(metrics_open=True))
    assert "lessor_engine_up 0.0" in text(stranger.get("/metrics"))
    assert stranger.get("/").status_code == 303
    assert stranger.get("/api/v1/leases").status_code == 401


def test_counts_of_other_workers_are_added(page, tmp_path, monkeypatch):
    """As gunicorn's workers do it: each process with files of its own in one folder."""
    folder = tmp_path / "counts"  # Of its own: a database beside the counts would be read as one of them.
    folder.mkdir()
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(folder))
    for pid in (1, 2):
        monkeypatch.setattr(values, "ValueClass", values.MultiProcessValue(lambda pid=pid: pid))
        worker = metrics.Requests()
        worker._count.labels("GET", "/x", "200").inc(pid)
    assert {path.name for path in folder.iterdir()} >= {"counter_1.db", "counter_2.db"}
    assert 'lessor_web_requests_total{method="GET",route="/x",status="200"} 3.0' in text(page.get("/metrics"))


def test_every_family_is_in_the_manual_and_no_other(page):
    told = set(re.findall(r"^# TYPE (\w+) ", text(page.get("/metrics")), re.MULTILINE))
    told.discard("lessor_web_requests_created")
    told.discard("lessor_web_request_seconds_created")
    shown = set(re.findall(r"^\| `(lessor_\w+)` \|", MANUAL, re.MULTILINE))
    assert shown == told
