"""schemathesis over the whole OpenAPI document, asked by everybody: what is sent is what is described."""

import contextlib
import itertools

import hypothesis
import pytest
import schemathesis
from schemathesis import GenerationMode

from app.services import tokens
from app.services.sessions import Caller
from tests.app.api.test_reading import STATUS
from tests.app.people import ADA, EngineThatAnswers, appliance
from tests.app.scripts import STATE as STATE_OF_SCRIPT
from tests.app.scripts import element, method
from tests.app.site import DOCUMENT, define, fill, web

#: Requests for each operation, person and kind of data: what takes some 40 seconds in all.
EXAMPLES = 2
PEOPLE = ("admin", "operator", "viewer", None)
#: What a schema cannot say (that an address lies in a subnet, say) the one validator says, with 422.
NOT_ASKED = [schemathesis.checks.positive_data_acceptance]
#: What is really there; else nearly every request would be about nothing.
THERE = {"id": 1, "address": "192.0.2.12", "space": "dhcp4", "name": "x-colour", "hw_address": "02:00:00:00:00:0c",
         "number": 1}
ANSWERS = {
    "status": STATUS,
    "statistics": {"started_at": 100, "received": 1, "reasons": {"ACKNOWLEDGED": 1}, "types": {}, "subnets": {},
                   "batches": 1, "rows_committed": 1, "events": {}},
    "lease_release": {"released": True},
    "lease_renew": {"address": "192.0.2.12", "client": "hardware address 02:00:00:00:00:0c", "sent": ["authenticated"],
                    "last_seen_at": 100},
    "suspensions": [],
    "script": STATE_OF_SCRIPT,
    "script_registry": {"methods": [method("/x"), method("/s", secure=True)], "elements": [element(1, "n", 0)],
                        "web": {}, "hooks": ["init"], "running": True},
    "script_call": {"display_mode": 3, "mimetype": "text/plain", "data": "eA==", "headers": []},
    "script_element": {"html": "<p>x</p>", "headers": []},
    "hooks": [],
    "suspension_lift": {"hw_address": "02:00:00:00:00:0c"},
    "neighbours": {"asking": False, "servers": [{"server": "192.0.2.1", "offered": "192.0.2.77"}]},
}


#: Also 412: an If-Match that fits nothing is told before the body is looked at.
REFUSED = ["400", "401", "403", "404", "405", "406", "409", "412", "413", "415", "422", "428"]


def told(case, headers):
    """What schemathesis finds wrong with the answer to one request; nothing where all is right."""
    try:
        case.call_and_validate(headers=headers, excluded_checks=NOT_ASKED)
    except schemathesis.errors.SchemathesisError as error:
        return str(error)
    except BaseExceptionGroup as group:
        return "\n".join(str(one) for one in group.exceptions)
    return None


def put_there(case, number):
    """Every other request is about what is there, and takes whatever is there."""
    if number % 2:
        for name in case.path_parameters or {}:
            case.path_parameters[name] = THERE[name]
        if "If-Match" in (case.headers or {}) or case.method in {"PUT", "PATCH", "DELETE"}:
            case.headers = {**(case.headers or {}), "If-Match": "*"}


@pytest.mark.parametrize(("role", "mode"), [
    *((role, GenerationMode.POSITIVE) for role in PEOPLE),
    # Whoever may not is refused before anything is looked at.
    ("admin", GenerationMode.NEGATIVE)])
def test_what_is_answered_is_what_is_described(sqlite_database, role, mode):
    fill(sqlite_database)
    option = {"space": "dhcp4", "code": 224, "name": "x-colour", "type": "string"}
    define(sqlite_database, {**DOCUMENT, "option_definitions": [option]})
    application = web(sqlite_database, EngineThatAnswers(**ANSWERS), role=None).application
    headers = {}
    if role is not None:
        secret = tokens.create(appliance(sqlite_database), "test", role, caller=Caller(ADA)).secret
        headers["Authorization"] = f"Bearer {secret}"
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application)
    schema.config.checks.negative_data_rejection.expected_statuses = REFUSED
    found, numbers = {}, itertools.count()
    for operation in (each.ok() for each in schema.get_all_operations()):

        @hypothesis.settings(max_examples=EXAMPLES, derandomize=True, database=None, deadline=None,
                             phases=[hypothesis.Phase.generate], suppress_health_check=list(hypothesis.HealthCheck))
        @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
        def ask(case):
            if mode == GenerationMode.POSITIVE:
                put_there(case, next(numbers))
            wrong = told(case, headers)
            if wrong:
                found[f"{case.method} {case.path}"] = wrong

        # Nothing can be wrong with what takes no parameter and no body.
        with contextlib.suppress(hypothesis.errors.Unsatisfiable):
            ask()
    assert next(numbers) > 100 or mode == GenerationMode.NEGATIVE
    assert not found, "\n\n".join(f"{what}: {wrong}" for what, wrong in found.items())
