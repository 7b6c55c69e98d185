"""Every route with the least role that may call it, asked by a stranger, a viewer, an operator and an administrator.

A new route is a row here; one that is missing fails the first test.
"""

import re

import pytest

from app.services import tokens
from app.services.access import Role, terminal
from app.services.appliance import Appliance
from app.services.sessions import Caller
from dhcpcore.settings import Settings
from tests.app.scripts import SAID, EngineWithScript, method
from tests.app.site import fill, session_cookie, web, with_form_field

ALL, VIEWER, OPERATOR, ADMIN = None, Role.VIEWER, Role.OPERATOR, Role.ADMIN

LEAST = {
    "GET /": VIEWER,
    "GET /account": VIEWER,
    "POST /account/password": VIEWER,
    "POST /account/sessions/<int:session_id>/revoke": VIEWER,
    "POST /account/sessions/revoke-others": VIEWER,
    "POST /account/tokens": VIEWER,
    "POST /account/tokens/<int:token_id>/revoke": VIEWER,
    "GET /api/v1/assignments": VIEWER,
    "POST /api/v1/assignments": OPERATOR,
    "GET /api/v1/assignments/<id>": VIEWER,
    "PUT /api/v1/assignments/<id>": OPERATOR,
    "PATCH /api/v1/assignments/<id>": OPERATOR,
    "DELETE /api/v1/assignments/<id>": OPERATOR,
    "GET /api/v1/assignments/<id>/takeover": VIEWER,
    "POST /api/v1/assignments/<id>/takeover": OPERATOR,
    "GET /api/v1/audit": VIEWER,
    "GET /api/v1/classes": VIEWER,
    "POST /api/v1/classes": ADMIN,
    "POST /api/v1/classes/try": VIEWER,
    "GET /api/v1/classes/<path:name>": VIEWER,
    "PUT /api/v1/classes/<path:name>": ADMIN,
    "DELETE /api/v1/classes/<path:name>": ADMIN,
    "GET /api/v1/definitions": VIEWER,
    "PUT /api/v1/definitions": ADMIN,
    "GET /api/v1/engine": VIEWER,
    "GET /api/v1/engine/log": OPERATOR,
    "GET /api/v1/leases": VIEWER,
    "GET /api/v1/leases/<address>": VIEWER,
    "GET /api/v1/leases/<address>/history": VIEWER,
    "POST /api/v1/leases/<address>/assignment": OPERATOR,
    "POST /api/v1/leases/<address>/release": OPERATOR,
    "POST /api/v1/leases/<address>/renew": OPERATOR,
    "GET /api/v1/openapi.json": ALL,
    "GET /api/v1/option-definitions": VIEWER,
    "GET /api/v1/revisions": VIEWER,
    "GET /api/v1/revisions/<id>": VIEWER,
    "GET /api/v1/revisions/<id>/definitions": VIEWER,
    "GET /api/v1/revisions/<id>/difference": VIEWER,
    "GET /api/v1/setup": ADMIN,
    "POST /api/v1/setup": ADMIN,
    "POST /api/v1/setup/probe": ADMIN,
    "POST /api/v1/revisions/<id>/undo": ADMIN,
    "POST /api/v1/simulate": OPERATOR,
    "GET /api/v1/statistics": VIEWER,
    "GET /api/v1/subnets": VIEWER,
    "POST /api/v1/subnets": ADMIN,
    "GET /api/v1/subnets/<id>": VIEWER,
    "PUT /api/v1/subnets/<id>": ADMIN,
    "PATCH /api/v1/subnets/<id>": ADMIN,
    "DELETE /api/v1/subnets/<id>": ADMIN,
    "GET /api/v1/pools": VIEWER,
    "POST /api/v1/pools": ADMIN,
    "GET /api/v1/pools/<id>": VIEWER,
    "PUT /api/v1/pools/<id>": ADMIN,
    "PATCH /api/v1/pools/<id>": ADMIN,
    "DELETE /api/v1/pools/<id>": ADMIN,
    "GET /api/v1/shared-networks": VIEWER,
    "GET /api/v1/shared-networks/<path:name>": VIEWER,
    "PUT /api/v1/shared-networks/<path:name>": ADMIN,
    "PATCH /api/v1/shared-networks/<path:name>": ADMIN,
    "DELETE /api/v1/shared-networks/<path:name>": ADMIN,
    "GET /api/v1/globals": VIEWER,
    "PUT /api/v1/globals": ADMIN,
    "PATCH /api/v1/globals": ADMIN,
    "POST /api/v1/option-definitions": ADMIN,
    "GET /api/v1/option-definitions/<space>/<name>": VIEWER,
    "PUT /api/v1/option-definitions/<space>/<name>": ADMIN,
    "PATCH /api/v1/option-definitions/<space>/<name>": ADMIN,
    "DELETE /api/v1/option-definitions/<space>/<name>": ADMIN,
    "GET /api/v1/suspensions": VIEWER,
    "GET /api/v1/handlers": VIEWER,
    "POST /api/v1/handlers": ADMIN,
    "GET /api/v1/handlers/<path:name>": VIEWER,
    "PUT /api/v1/handlers/<path:name>": ADMIN,
    "DELETE /api/v1/handlers/<path:name>": ADMIN,
    "GET /api/v1/handler-calls": VIEWER,
    "GET /api/v1/handler-types": VIEWER,
    "GET /api/v1/handler-types/<path:name>": VIEWER,
    "GET /api/v1/hooks": VIEWER,
    "GET /api/v1/methods": VIEWER,
    "POST /api/v1/methods/call": VIEWER,
    "GET /api/v1/script": VIEWER,
    "GET /api/v1/script/elements/<number>": VIEWER,
    "POST /api/v1/script/reinitialise": OPERATOR,
    "DELETE /api/v1/suspensions/<hw_address>": OPERATOR,
    "GET /api/v1/tokens": VIEWER,
    "POST /api/v1/tokens": VIEWER,
    "GET /api/v1/tokens/<id>": VIEWER,
    "DELETE /api/v1/tokens/<id>": VIEWER,
    "GET /api/v1/transactions": VIEWER,
    "GET /api/v1/users": ADMIN,
    "POST /api/v1/users": ADMIN,
    "GET /api/v1/users/<name>": ADMIN,
    "PATCH /api/v1/users/<name>": ADMIN,
    "DELETE /api/v1/users/<name>": ADMIN,
    "POST /api/v1/users/<name>/password": ADMIN,
    "GET /assignments": VIEWER,
    "GET /assignments.csv": VIEWER,
    "GET /assignments/<int:number>": VIEWER,
    "POST /assignments/<int:number>": OPERATOR,
    "POST /assignments/<int:number>/disable": OPERATOR,
    "POST /assignments/<int:number>/enable": OPERATOR,
    "POST /assignments/<int:number>/remove": OPERATOR,
    "POST /assignments/<int:number>/restore": OPERATOR,
    "POST /assignments/<int:number>/takeover": OPERATOR,
    "GET /assignments/import": OPERATOR,
    "POST /assignments/import": OPERATOR,
    "GET /assignments/new": OPERATOR,
    "POST /assignments/new": OPERATOR,
    "GET /audit": VIEWER,
    "GET /classes": VIEWER,
    "GET /classes/new": ADMIN,
    "POST /classes/new": ADMIN,
    "GET /classes/one/<path:name>": VIEWER,
    "POST /classes/one/<path:name>": ADMIN,
    "POST /classes/remove/<path:name>": ADMIN,
    "POST /classes/try": VIEWER,
    "GET /definitions": VIEWER,
    "POST /definitions": ADMIN,
    "GET /definitions.yaml": VIEWER,
    "GET /events": VIEWER,
    "GET /events/recent": VIEWER,
    "GET /events/stream": VIEWER,
    "POST /events/suspensions/<hw_address>/lift": OPERATOR,
    "GET /handlers": VIEWER,
    "GET /handlers/new": ADMIN,
    "POST /handlers/new": ADMIN,
    "GET /handlers/one/<path:name>": VIEWER,
    "POST /handlers/one/<path:name>": ADMIN,
    "POST /handlers/remove/<path:name>": ADMIN,
    "POST /handlers/move/<path:name>": ADMIN,
    "POST /handlers/enable/<path:name>": ADMIN,
    "GET /fragments/dashboard": VIEWER,
    "GET /scripts": VIEWER,
    "GET /scripts/elements/<int:number>": VIEWER,
    "GET /scripts/shell": VIEWER,
    "POST /scripts/reinitialise": OPERATOR,
    "GET /globals": VIEWER,
    "POST /globals": ADMIN,
    "GET /shared-networks": VIEWER,
    "GET /shared-networks/new": ADMIN,
    "POST /shared-networks/new": ADMIN,
    "GET /shared-networks/one/<path:name>": VIEWER,
    "POST /shared-networks/one/<path:name>": ADMIN,
    "POST /shared-networks/remove/<path:name>": ADMIN,
    "GET /option-definitions": VIEWER,
    "GET /option-definitions/new": ADMIN,
    "POST /option-definitions/new": ADMIN,
    "GET /option-definitions/one/<path:name>": VIEWER,
    "POST /option-definitions/one/<path:name>": ADMIN,
    "POST /option-definitions/remove/<path:name>": ADMIN,
    "GET /healthz": ALL,
    "GET /leases": VIEWER,
    "GET /leases/<address>": VIEWER,
    "POST /leases/<address>/release": OPERATOR,
    "POST /leases/<address>/renew": OPERATOR,
    "POST /leases/<address>/reserve": OPERATOR,
    "GET /log": OPERATOR,
    "GET /log/recent": OPERATOR,
    "GET /log/stream": OPERATOR,
    "GET /login": ALL,
    "POST /login": ALL,
    "POST /logout": VIEWER,
    "GET /manual": VIEWER,
    "GET /manual/<name>": VIEWER,
    "GET /metrics": VIEWER,
    "GET /readyz": ALL,
    "GET /setup": ADMIN,
    "POST /setup": ADMIN,
    "GET /setup/done": ADMIN,
    "POST /setup/probe": ADMIN,
    "GET /static/<path:filename>": ALL,
    "GET /subnets": VIEWER,
    "GET /subnets/<int:number>": VIEWER,
    "GET /fragments/option-hint": VIEWER,
    "GET /pools/<int:number>": ADMIN,
    "POST /pools/<int:number>": ADMIN,
    "POST /pools/<int:number>/remove": ADMIN,
    "GET /revisions": VIEWER,
    "GET /revisions/<int:number>": VIEWER,
    "GET /revisions/<int:number>.yaml": VIEWER,
    "GET /revisions/difference": VIEWER,
    "POST /revisions/<int:number>/undo": ADMIN,
    "GET /subnets/<int:number>/edit": ADMIN,
    "POST /subnets/<int:number>/edit": ADMIN,
    "GET /subnets/<int:number>/pools/new": ADMIN,
    "POST /subnets/<int:number>/pools/new": ADMIN,
    "POST /subnets/<int:number>/remove": ADMIN,
    "GET /subnets/new": ADMIN,
    "POST /subnets/new": ADMIN,
    "POST /subnets/<int:number>/pool": ADMIN,
    "GET /users": ADMIN,
    "POST /users": ADMIN,
    "POST /users/<name>/change": ADMIN,
    "POST /users/<name>/password": ADMIN,
    "POST /users/<name>/remove": ADMIN,
    "POST /api/v1/options/preview": VIEWER,
    "GET /api/v1/subnets/<id>/effective-options": VIEWER,
    "GET /options": VIEWER,
    "POST /options": VIEWER,
    "POST /fragments/option-preview": VIEWER,
    "GET /subnets/<int:number>/options": VIEWER,
}
PEOPLE = {"a stranger": None, "a viewer": VIEWER, "an operator": OPERATOR, "an administrator": ADMIN}


def routes(application):
    return {f"{method} {rule.rule}" for rule in application.url_map.iter_rules()
            for method in rule.methods - {"HEAD", "OPTIONS"}}


def test_every_route_is_a_row(sqlite_database):
    assert routes(web(sqlite_database, role=None).application) == set(LEAST)


def path_of(rule):
    path = re.sub(r"<int:[^>]*>|<id>", "1", rule).replace("<address>", "192.0.2.10").replace("<name>", "nobody")
    path = path.replace("<space>", "dhcp4")
    path = path.replace("<path:name>", "nobody")
    path = path.replace("<hw_address>", "02:00:00:00:00:01")
    return path.replace("<path:filename>", "lessor.css")


def refused(answer):
    """Whether it was not for whoever asked; a log-out that was obeyed goes to the log-in page, too."""
    if answer.status_code == 303 and answer.location.startswith("/login"):
        return answer.request.path != "/logout" or not any(
            value.startswith("lessor=;") for value in answer.headers.getlist("Set-Cookie"))
    return answer.status_code in {401, 403}


@pytest.mark.parametrize("who", PEOPLE)
def test_everybody_may_what_the_role_may_and_nothing_else(sqlite_database, who):
    fill(sqlite_database)
    role, page, wrong = PEOPLE[who], web(sqlite_database, role=None), []
    for route, least in LEAST.items():
        method, rule = route.split(" ")
        path = path_of(rule)
        if role is not None:
            page.set_cookie("lessor", session_cookie(sqlite_database, role))
        with_form_field(page)  # A log-out and a new session begin with new forms.
        api = path.startswith("/api/")
        with page.open(path, method=method, json={} if api and method != "GET" else None) as answer:
            may = least is None or (role is not None and role >= least)
            # 503: no engine runs here, and who asks for its state is told so.
            if refused(answer) == may or answer.status_code in {400, 500}:
                wrong.append((route, answer.status))
    assert wrong == []


def test_what_changes_something_needs_the_field_that_guards_forms(sqlite_database):
    page = web(sqlite_database)
    del page.environ_base["HTTP_X_CSRFTOKEN"]
    for route in LEAST:
        method, rule = route.split(" ")
        if method != "GET":
            assert page.open(path_of(rule), method=method).status_code == 400, route


def test_a_token_opens_nothing_above_its_role_and_a_wrong_one_nothing_at_all(sqlite_database):
    page, wrong = web(sqlite_database, role=None), []
    appliance = Appliance(Settings(), sqlite_database, page)
    made = {role: tokens.create(appliance, role.word, role.word, caller=Caller(terminal())).secret
            for role in (VIEWER, OPERATOR)}
    for route, least in LEAST.items():
        verb, rule = route.split(" ")
        tried = [("wrong", 401)] if least is not None else []
        tried += [(text, 403) for role, text in made.items() if least is not None and role < least]
        for text, status in tried:
            answer = page.open(path_of(rule), method=verb, headers={"Authorization": f"Bearer {text}"})
            if answer.status_code != status:
                wrong.append((route, text, answer.status))
    assert wrong == []


def test_a_scripts_own_password_and_its_paths_open_none_of_them(sqlite_database):
    """HTTP Digest that the engine calls right, with a method of the script's registered at every path of ours."""
    engine = EngineWithScript(*(method(path_of(route.split(" ")[1])) for route in LEAST), digest=True, folder=True)
    page, wrong = web(sqlite_database, engine, role=None, web={"script_open": "all"}), []
    header = f'Digest username="{SAID["WEB_DIGEST_USERNAME"]}", realm="r", nonce="n", uri="/", response="x", qop=auth'
    for route, least in LEAST.items():
        verb, rule = route.split(" ")
        if least is None:
            continue
        answer = page.open(path_of(rule), method=verb, headers={"Authorization": header})
        if answer.status_code != 401:
            wrong.append((route, answer.status))
    assert wrong == []
    assert engine.called == []
