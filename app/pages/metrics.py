"""``/metrics``: what Prometheus scrapes; and the count of this web process's own requests, over all its workers.

gunicorn has several workers, and a scrape reaches one of them: each writes its counts into files of one folder
(``PROMETHEUS_MULTIPROC_DIR``), which is emptied at the start of the pages, and any of them adds them up.
"""

from __future__ import annotations

import os
import time

from flask import Blueprint, Flask, Response, current_app, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector

from app.auth import needs
from app.context import context
from app.services.access import Role
from app.services.metrics import ApplianceCollector

blueprint = Blueprint("metrics", __name__)

_KEY = "lessor.requests"
_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
#: Pages are to be there within 0.1 and lists within 0.2 s.
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 5.0)
#: A method is whatever a client writes; a label must not be.
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Requests:
    """Counts the requests of this worker."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._count = Counter("lessor_web_requests", "Requests of pages and REST, by method, route and status.",
                              ("method", "route", "status"), registry=self.registry)
        self._seconds = Histogram("lessor_web_request_seconds", "From a request's arrival to the start of its answer.",
                                  ("route",), buckets=_BUCKETS, registry=self.registry)

    def begin(self) -> None:
        g.began = time.perf_counter()

    def end(self, answer: Response) -> Response:
        """Count it under its route: what was typed into the address would be a label without end."""
        route = request.url_rule.rule if request.url_rule is not None else "none"
        method = request.method if request.method in _METHODS else "other"
        self._count.labels(method, route, str(answer.status_code)).inc()
        if "began" in g:
            self._seconds.labels(route).observe(time.perf_counter() - g.began)
        return answer


def install(app: Flask) -> None:
    """Have every request counted."""
    app.extensions[_KEY] = counted = Requests()
    app.before_request(counted.begin)
    app.after_request(counted.end)


@blueprint.get("/metrics")
@needs(Role.VIEWER, open_where=lambda settings: settings.web.metrics_open)
def metrics() -> Response:
    """Engine, leases and requests, in the format that the scraper asks for."""
    here = context()
    registry = CollectorRegistry()
    registry.register(ApplianceCollector(here.appliance, here.overview))
    folder = os.environ.get(_FOLDER)
    if folder:
        MultiProcessCollector(registry, path=folder)  # type: ignore[no-untyped-call]
    else:
        registry.register(current_app.extensions[_KEY].registry)
    encode, kind = choose_encoder(request.headers.get("Accept", ""))
    return Response(encode(registry), content_type=kind)
