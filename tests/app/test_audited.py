"""Every route that changes something, made to change something: each leaves a row of who did what to what.

A new route that is no GET is a row in ``CHANGES`` or, with the reason, in ``CHANGES_NOTHING``; one that is missing
fails the first test.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any

import pytest

from app.services import passwords, sessions
from dhcpcore.store import accounts, journal
from tests.app.pages.form_pages import typed
from tests.app.people import EngineThatAnswers
from tests.app.scripts import method
from tests.app.site import DOCUMENT, PASSWORD, define, fill, web
from tests.app.test_routes import LEAST

CHANGES_NOTHING = {
    "POST /api/v1/classes/try": "An expression is put to a message.",
    "POST /api/v1/options/preview": "Options are shown as octets.",
    "POST /api/v1/setup/probe": "The link is asked who else serves it.",
    "POST /api/v1/simulate": "What would be is told.",
    "POST /classes/try": "As in REST.",
    "POST /fragments/option-preview": "As in REST.",
    "POST /login": "Who logs in is a row, too: in the tests of the log-in.",
    "POST /logout": "The reader's own session ends, which was a row when it began.",
    "POST /options": "As in REST.",
    "POST /setup/probe": "As in REST.",
}
VOIP = {"name": "voip", "test": "option[60].text == 'AAVAYA'"}
NEARER = {"type": "mark", "name": "nearer", "fields": {"marks": ["late"]}}
RENAMED = {**DOCUMENT, "subnets": [DOCUMENT["subnets"][0], {**DOCUMENT["subnets"][1], "name": "kitchen"}]}
FIRST = {"interface": "eth1", "name": "new", "prefix": "203.0.113.0/24", "first": "203.0.113.9", "last": "203.0.113.19"}
#: What an engine answers whose script has one method, and who is asked to renew.
ENGINE = {
    "script_registry": {"methods": [method("/site/act")], "running": True, "web": {}},
    "script_call": {"display_mode": 3, "mimetype": "text/plain", "data": ""},
    "lease_renew": {"address": "192.0.2.12", "client": "ab", "sent": 1},
    "suspension_lift": {"hw_address": "02:00:00:00:00:01"}, "lease_release": {},
}  # fmt: skip


@dataclass(frozen=True)
class Change:
    """One call of a route.  ``edits``: the form is that page's, with what ``sends`` says otherwise."""

    route: str
    action: str
    sends: dict[str, Any] = field(default_factory=dict)
    edits: str = ""
    #: For the places in the path, in their order.
    at: tuple[str, ...] = ()
    #: What is defined before.
    after: dict[str, Any] | None = None


#: In the order of a story: what one row makes, the next ones change.
CHANGES = (
    Change("POST /api/v1/assignments", "definitions.", {"hw_address": "02:00:00:00:00:07", "address": "192.0.2.7"}),
    Change("PUT /api/v1/assignments/<id>", "definitions.", {"hw_address": "02:00:00:00:00:07", "address": "192.0.2.8"},
           at=("2",)),
    Change("PATCH /api/v1/assignments/<id>", "definitions.", {"hostname": "seven"}, at=("2",)),
    Change("POST /api/v1/assignments/<id>/takeover", "definitions.", {"how": "wait"}, at=("2",)),
    Change("POST /assignments/<int:number>/takeover", "definitions.", {"how": "nak"}, at=("2",)),
    Change("DELETE /api/v1/assignments/<id>", "definitions.", at=("2",)),
    Change("POST /assignments/new", "definitions.", {"identifier": "hw_address", "value": "02:00:00:00:00:09",
                                                     "address": "192.0.2.9", "enabled": "yes"}),
    Change("POST /assignments/<int:number>", "definitions.", {"hostname": "nine"}, "/assignments/3", at=("3",)),
    Change("POST /assignments/<int:number>/disable", "definitions.", at=("3",)),
    Change("POST /assignments/<int:number>/enable", "definitions.", at=("3",)),
    Change("POST /assignments/<int:number>/remove", "definitions.", at=("3",)),
    Change("POST /assignments/<int:number>/restore", "definitions.", at=("3",)),
    Change("POST /assignments/import", "definitions.", {
        "text": "hw_address,address\n02:00:00:00:00:0b,192.0.2.111\n", "confirmed": "yes"}),
    Change("POST /api/v1/leases/<address>/assignment", "definitions.", at=("192.0.2.13",)),
    Change("POST /leases/<address>/reserve", "definitions.", at=("192.0.2.14",)),
    Change("POST /api/v1/leases/<address>/release", "lease.release", at=("192.0.2.15",)),
    Change("POST /leases/<address>/release", "lease.release", {"confirmed": "yes"}, at=("192.0.2.16",)),
    Change("POST /api/v1/leases/<address>/renew", "lease.renew", at=("192.0.2.12",)),
    Change("POST /leases/<address>/renew", "lease.renew", at=("192.0.2.12",)),
    Change("DELETE /api/v1/suspensions/<hw_address>", "suspension.lift", at=("02:00:00:00:00:01",)),
    Change("POST /events/suspensions/<hw_address>/lift", "suspension.lift", at=("02:00:00:00:00:01",)),
    Change("POST /api/v1/classes", "definitions.", VOIP),
    Change("PUT /api/v1/classes/<path:name>", "definitions.", {**VOIP, "lifetime": "1h"}, at=("voip",)),
    Change("POST /classes/one/<path:name>", "definitions.", {"name": "voip", "kind": "test", "expression": "known"},
           at=("voip",)),
    Change("POST /classes/remove/<path:name>", "definitions.", at=("voip",)),
    Change("POST /classes/new", "definitions.", {"name": "any", "kind": "test", "expression": "known"}),
    Change("DELETE /api/v1/classes/<path:name>", "definitions.", at=("any",)),
    Change("POST /api/v1/handlers", "definitions.", NEARER),
    Change("PUT /api/v1/handlers/<path:name>", "definitions.", {**NEARER, "enabled": False}, at=("nearer",)),
    Change("POST /handlers/enable/<path:name>", "definitions.", {"enabled": "yes"}, at=("nearer",)),
    Change("POST /handlers/one/<path:name>", "definitions.", {"handler.description": "x"}, "/handlers/one/nearer",
           at=("nearer",)),
    Change("POST /handlers/new", "definitions.", {"handler.name": "farther", "marks": "far"},
           "/handlers/new?type=mark"),
    Change("POST /handlers/move/<path:name>", "definitions.", {"before": "nearer"}, at=("farther",)),
    Change("POST /handlers/remove/<path:name>", "definitions.", at=("farther",)),
    Change("DELETE /api/v1/handlers/<path:name>", "definitions.", at=("nearer",)),
    Change("POST /api/v1/methods/call", "script.call", {"path": "/site/act", "data": "eA=="}),
    Change("POST /api/v1/script/reinitialise", "script.reinitialise"),
    Change("POST /scripts/reinitialise", "script.reinitialise"),
    Change("POST /api/v1/option-definitions", "definitions.", {
        "code": 224, "type": "string", "space": "dhcp4", "name": "x-colour"}),
    Change("PUT /api/v1/option-definitions/<space>/<name>", "definitions.", {
        "code": 224, "type": "uint8", "space": "dhcp4", "name": "x-colour"}, at=("dhcp4", "x-colour")),
    Change("PATCH /api/v1/option-definitions/<space>/<name>", "definitions.", {"type": "uint16"},
           at=("dhcp4", "x-colour")),
    Change("POST /option-definitions/one/<path:name>", "definitions.", {"type": "string"},
           "/option-definitions/one/dhcp4/x-colour", at=("dhcp4/x-colour",)),
    Change("POST /option-definitions/remove/<path:name>", "definitions.", at=("dhcp4/x-colour",)),
    Change("POST /option-definitions/new", "definitions.", {"code": "225", "name": "y", "type": "string"},
           "/option-definitions/new"),
    Change("DELETE /api/v1/option-definitions/<space>/<name>", "definitions.", at=("dhcp4", "y")),
    Change("PUT /api/v1/shared-networks/<path:name>", "definitions.", {"subnets": ["office", "laboratory"]},
           at=("campus",)),
    Change("PATCH /api/v1/shared-networks/<path:name>", "definitions.", {"lifetime": "2h"}, at=("campus",)),
    Change("POST /shared-networks/one/<path:name>", "definitions.", {"lifetime.default": "3h"},
           "/shared-networks/one/campus", at=("campus",)),
    Change("POST /shared-networks/remove/<path:name>", "definitions.", at=("campus",)),
    Change("POST /shared-networks/new", "definitions.", {"name": "court", "subnets": "office"}, "/shared-networks/new"),
    Change("DELETE /api/v1/shared-networks/<path:name>", "definitions.", at=("court",)),
    Change("PUT /api/v1/globals", "definitions.", {"lifetime": "2h"}),
    Change("PATCH /api/v1/globals", "definitions.", {"lifetime": "3h"}),
    Change("POST /globals", "definitions.", {"lifetime.default": "4h"}, "/globals"),
    Change("POST /api/v1/subnets", "definitions.", {"prefix": "10.1.0.0/24", "name": "floor"}),
    Change("PUT /api/v1/subnets/<id>", "definitions.", {"prefix": "10.1.0.0/24", "name": "floor", "lifetime": "1h"},
           at=("3",)),
    Change("PATCH /api/v1/subnets/<id>", "definitions.", {"lifetime": "2h"}, at=("3",)),
    Change("POST /subnets/<int:number>/edit", "definitions.", {"interface": "eth9"}, "/subnets/3/edit", at=("3",)),
    Change("POST /api/v1/pools", "definitions.", {"subnet": "floor", "first": "10.1.0.9", "last": "10.1.0.19"}),
    Change("PUT /api/v1/pools/<id>", "definitions.", {"subnet": "floor", "first": "10.1.0.9", "last": "10.1.0.20"},
           at=("2",)),
    Change("PATCH /api/v1/pools/<id>", "definitions.", {"last": "10.1.0.21"}, at=("2",)),
    Change("POST /pools/<int:number>", "definitions.", {"last": "10.1.0.22"}, "/pools/2", at=("2",)),
    Change("POST /subnets/<int:number>/pool", "definitions.", {"first": "10.1.0.9", "last": "10.1.0.24", "pool": "2"},
           at=("3",)),
    Change("POST /pools/<int:number>/remove", "definitions.", at=("2",)),
    Change("POST /subnets/<int:number>/pools/new", "definitions.", {"first": "10.1.0.9", "last": "10.1.0.19"},
           "/subnets/3/pools/new", at=("3",)),
    Change("DELETE /api/v1/pools/<id>", "definitions.", at=("3",)),
    Change("POST /subnets/<int:number>/remove", "definitions.", at=("3",)),
    Change("POST /subnets/new", "definitions.", {"prefix": "10.2.0.0/24"}, "/subnets/new"),
    Change("DELETE /api/v1/subnets/<id>", "definitions.", at=("4",)),
    Change("POST /api/v1/revisions/<id>/undo", "definitions.", at=("latest",)),
    Change("POST /revisions/<int:number>/undo", "definitions.", at=("latest",)),
    Change("PUT /api/v1/definitions", "definitions.", DOCUMENT),
    Change("POST /definitions", "definitions.", {"text": json.dumps(RENAMED), "confirmed": "yes", "losses": "0",
                                                 "revision": "latest"}),
    Change("POST /setup", "definitions.", {**FIRST, "router": "", "resolvers": "", "domain": "", "step": "pool"},
           after={"version": 1}),
    Change("POST /api/v1/setup", "definitions.", FIRST, after={"version": 1}),
    Change("POST /api/v1/tokens", "token.add", {"name": "one"}),
    Change("DELETE /api/v1/tokens/<id>", "token.revoke", at=("1",)),
    Change("POST /account/tokens", "token.add", {"name": "two", "role": "viewer", "days": "1"}),
    Change("POST /account/tokens/<int:token_id>/revoke", "token.revoke", at=("1",)),
    Change("POST /api/v1/users", "user.add", {"name": "bob", "role": "viewer"}),
    Change("PATCH /api/v1/users/<name>", "user.", {"role": "operator"}, at=("bob",)),
    Change("POST /api/v1/users/<name>/password", "user.password", at=("bob",)),
    Change("POST /users/<name>/change", "user.", {"enabled": "false"}, at=("bob",)),
    Change("POST /users/<name>/password", "user.password", at=("bob",)),
    Change("POST /users/<name>/remove", "user.remove", at=("bob",)),
    Change("POST /users", "user.add", {"name": "cat", "role": "viewer", "password": ""}),
    Change("DELETE /api/v1/users/<name>", "user.remove", at=("cat",)),
    Change("POST /account/sessions/<int:session_id>/revoke", "session.revoke", at=("another",)),
    Change("POST /account/sessions/revoke-others", "session.revoke", at=("another",)),
    Change("POST /account/password", "user.password", {"present": PASSWORD, "new": "a battery of horses",
                                                       "again": "a battery of horses"}),
)


def test_each_route_that_is_no_get_is_a_row():
    writes = {route for route in LEAST if not route.startswith("GET ")}
    assert {change.route for change in CHANGES} | set(CHANGES_NOTHING) == writes
    assert not {change.route for change in CHANGES} & set(CHANGES_NOTHING)
    assert len({change.route for change in CHANGES}) == len(CHANGES)


@pytest.fixture
def page(sqlite_database):
    fill(sqlite_database)
    made = web(sqlite_database, EngineThatAnswers(**ENGINE))
    with sqlite_database.writer() as connection:
        connection.exec_driver_sql("UPDATE account SET password = ?", (passwords.hashed(PASSWORD),))
    return made


def test_whatever_is_changed_is_in_the_audit_by_whom(page, sqlite_database):
    silent = []
    for change in CHANGES:
        before = audited(sqlite_database)
        answer = made(page, change, sqlite_database)
        if answer.status_code >= 400:
            silent.append((change.route, answer.status, answer.get_data(as_text=True)))
            continue
        new = [(row.actor, row.action) for row in audited(sqlite_database)[len(before):]]
        if not any(actor == "ada" and action.startswith(change.action) for actor, action in new):
            silent.append((change.route, answer.status, new))
    assert silent == []


def audited(database):
    with database.reader() as connection:
        rows, _ = journal.audited(connection, journal.AuditFilter(), None, 500, descending=False)
    return list(rows)


def made(page, change, database):
    """The answer to that change."""
    verb, rule = change.route.split(" ")
    if change.after is not None:
        define(database, change.after)
    sends = {name: place(value, database) for name, value in change.sends.items()}
    at = iter([place(one, database) for one in change.at])
    path = re.sub(r"<[^>]*>", lambda _: next(at), rule)
    if path.startswith("/api/"):
        return page.open(path, method=verb, json=sends, headers={"If-Match": "*"})
    if not change.edits:
        return page.open(path, method=verb, data=sends)
    where = change.edits if "?" in change.edits else path
    return page.open(where, method=verb, data={**typed(page.get(change.edits)), **sends})


def place(one, database):
    """What can be known only when it is its turn: a revision to undo, a session to end."""
    if one == "latest":
        with database.reader() as connection:
            return str(connection.exec_driver_sql("SELECT max(id) FROM revision").scalar())
    if one == "another":
        return str(another_session(database))
    return one


def another_session(database):
    with database.writer() as connection:
        account = accounts.find(connection, "ada")
        return accounts.add_session(connection, account.id, sessions.digest("another"), now=int(database.now()),
                                    address="", agent="")
