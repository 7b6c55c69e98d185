"""The web application: pages and REST over one installation.  gunicorn calls ``application``."""

from __future__ import annotations

import ipaddress
from http import HTTPStatus

from flask import Flask, Response, request
from werkzeug.middleware.proxy_fix import ProxyFix

from app import assets, auth, context, errors, rendering, texts
from app.api import document
from app.pages import (
    account,
    assignments,
    audit,
    classes,
    dashboard,
    definitions,
    events,
    frame,
    global_settings,
    handlers,
    health,
    leases,
    log,
    login,
    manual,
    metrics,
    option_definitions,
    options,
    revisions,
    script_frames,
    script_methods,
    scripts,
    setup,
    shared_networks,
    subnet_forms,
    subnets,
    users,
)
from app.services.appliance import Appliance
from dhcpcore import logs
from dhcpcore.places import data_dir
from dhcpcore.settings import load

#: A form is small; what is larger is somebody else's.
BODY_BYTES_MAX = 64 * 1024
PAGES = (dashboard, leases, subnets, subnet_forms, shared_networks, global_settings, options, option_definitions,
         assignments, classes, definitions, revisions, audit, events, handlers, log, scripts, script_frames, manual,
         health, metrics, login, account, users, setup)


def create_app(appliance: Appliance) -> Flask:
    """The application on an installation that is open already."""
    app = document.make(data_dir("templates"), data_dir("static"))
    app.config["MAX_CONTENT_LENGTH"] = BODY_BYTES_MAX
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 3600
    context.install(app.extensions, appliance)
    metrics.install(app)
    errors.install(app)
    rendering.install(app)
    texts.install(app)
    assets.install(app)
    frame.install(app)
    scripts.install(app)
    for module in PAGES:
        app.register_blueprint(module.blueprint)
    web = appliance.settings.web
    if web.proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=web.proxies, x_proto=web.proxies, x_host=web.proxies)
    elif is_loopback(web.host):
        app.before_request(_only_for_this_machine)
    auth.install(app)
    script_methods.install(app)
    return app


def application() -> Flask:
    """The application as this process's settings say."""
    settings = load().settings
    logs.configure(settings.log.level, settings.log.format)
    return create_app(Appliance.open(settings))


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches that address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _only_for_this_machine() -> Response | None:
    """Refuse other names: a foreign web page must not read leases by having its own name point to 127.0.0.1."""
    name = request.host.rpartition(":")[0] if request.host.rpartition(":")[2].isdigit() else request.host
    if is_loopback(name.strip("[]")):
        return None
    return errors.problem(HTTPStatus.MISDIRECTED_REQUEST,
                          "This page answers only under the names of this machine itself, such as 127.0.0.1.")
