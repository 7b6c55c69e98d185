import dataclasses
import json
import logging

import pytest

from dhcpcore.control import VERBS, Dispatch, Role
from dhcpcore.control.dispatch import ANSWER_BYTES_MAX
from dhcpcore.control.verbs import LOG_LINES_MAX
from dhcpcore.logs import Ring
from tests.dhcpcore.control.engines import FakeEngine


def ask(request, role=Role.ADMIN, engine=None):
    line = request if isinstance(request, bytes) else json.dumps(request).encode()
    answer = Dispatch(engine or FakeEngine()).answer(line, role)
    assert answer.endswith(b"\n")
    assert answer.count(b"\n") == 1
    return json.loads(answer)


def test_a_verb_is_answered_under_its_id():
    assert ask({"id": 5, "verb": "status"}) == {"id": 5, "ok": True, "result": {"version": "0", "ready": True}}


def test_arguments_become_values():
    engine = FakeEngine()
    answer = ask({"id": 1, "verb": "lease-release", "arguments": {"address": "192.0.2.10"}}, engine=engine)
    assert answer["result"] == {"address": "192.0.2.10"}
    assert engine.calls == [("release", b"\xc0\x00\x02\x0a", 0)]


def test_what_the_engine_refuses_is_told_in_its_words():
    answer = ask({"id": 1, "verb": "lease-release", "arguments": {"address": "2001:db8::1", "space": 3}})
    assert answer["error"] == {"code": "refused", "message": "There is no lease of that address."}


@pytest.mark.parametrize(("line", "code"), [
    (b"", "bad-request"),
    (b"nonsense", "bad-request"),
    (b"\xff\xfe", "bad-request"),
    (b"[1]", "bad-request"),
    (b'{"id": {}, "verb": "status"}', "bad-request"),
    (b'{"verb": "status", "arguments": 5}', "bad-request"),
    (b"[" * 10000, "bad-request"),
    (b"{}", "unknown-verb"),
    (b'{"verb": "destroy"}', "unknown-verb"),
    (b'{"verb": ["status"]}', "unknown-verb"),
    (b'{"verb": "status", "arguments": {"loud": 1}}', "invalid"),
    (b'{"verb": "lease-release"}', "invalid"),
    (b'{"verb": "lease-release", "arguments": {"address": "192.0.2"}}', "invalid"),
    (b'{"verb": "lease-release", "arguments": {"address": 5}}', "invalid"),
    (b'{"verb": "transactions", "arguments": {"limit": 0}}', "invalid"),
    (b'{"verb": "transactions", "arguments": {"limit": true}}', "invalid"),
    (b'{"verb": "transactions", "arguments": {"client": ""}}', "invalid"),
    (b'{"verb": "log", "arguments": {"limit": 301}}', "invalid"),
    (b'{"verb": "log", "arguments": {"level": "loud"}}', "invalid"),
    (b'{"verb": "log", "arguments": {"level": ["info"]}}', "invalid"),
    (b'{"verb": "log", "arguments": {"after": -1}}', "invalid"),
])
def test_a_bad_request_is_refused_by_name(line, code):
    answer = ask(line)
    assert (answer["ok"], answer["error"]["code"]) == (False, code)


def test_a_mistake_in_the_engine_is_logged_and_the_channel_lives(caplog):
    dispatch = Dispatch(FakeEngine())
    answer = json.loads(dispatch.answer(b'{"id":1,"verb":"clock-confirm"}', Role.ADMIN))
    assert answer["error"]["code"] == "internal-error"
    assert "a bug" in caplog.text
    assert json.loads(dispatch.answer(b'{"id":2,"verb":"status"}', Role.ADMIN))["ok"]


def test_an_answer_beyond_the_limit_is_refused():
    engine = FakeEngine()
    engine.statistics = lambda: {"big": "x" * ANSWER_BYTES_MAX}
    assert ask({"id": 9, "verb": "statistics"}, engine=engine)["error"]["code"] == "too-large"


def test_the_longest_log_fits_into_an_answer():
    ring = Ring(size=LOG_LINES_MAX)
    for _ in range(LOG_LINES_MAX):
        ring.keep(logging.LogRecord("dhcpcore." + "x" * 50, logging.WARNING, "x.py", 1, "\u20ac" * 9000, (), None))
    engine = FakeEngine()
    engine.log = lambda limit, after, level, find: dataclasses.asdict(ring.tail(limit, after, level, find))
    answer = ask({"id": 1, "verb": "log", "arguments": {"limit": LOG_LINES_MAX}}, engine=engine)
    assert len(answer["result"]["lines"]) == LOG_LINES_MAX


@pytest.mark.parametrize("verb", VERBS.values(), ids=lambda verb: verb.name)
@pytest.mark.parametrize("role", Role)
def test_a_verb_needs_its_role(verb, role):
    known = {
        "lease-release": {"address": "192.0.2.10"}, "suspension-lift": {"hw_address": "02:00:00:00:00:01"},
        "neighbours": {"interface": "eth0"}, "command": {"name": "count-get"},
    }  # fmt: skip
    arguments = known.get(verb.name, {})
    answer = ask({"id": 1, "verb": verb.name, "arguments": arguments}, role)
    forbidden = not answer["ok"] and answer["error"]["code"] == "forbidden"
    assert forbidden == (role < verb.role)


def test_what_changes_something_is_not_for_viewers():
    open_to_viewers = {verb.name for verb in VERBS.values() if verb.role == Role.VIEWER}
    assert open_to_viewers == {"status", "statistics", "transactions", "interfaces", "suspensions", "hooks", "handlers",
                               "script", "script-registry", "script-dashboard", "script-element"}


def test_a_hook_library_answers_a_command_of_its_own_for_admins_alone():
    """Kea example 13."""
    asked = {"id": 1, "verb": "count-get", "arguments": {"of": "all"}}
    assert ask(asked, Role.ADMIN)["result"] == {"result": 0, "name": "count-get", "arguments": {"of": "all"}}
    assert ask(asked, Role.OPERATOR)["error"]["code"] == "forbidden"
    by_name = {"id": 1, "verb": "command", "arguments": {"name": "count-get", "arguments": '{"of": "all"}'}}
    assert ask(by_name, Role.ADMIN)["result"]["arguments"] == {"of": "all"}
    for wrong in ("[]", "{", "7"):
        by_name["arguments"]["arguments"] = wrong
        assert ask(by_name, Role.ADMIN)["error"]["code"] == "invalid"


def test_a_hook_library_answers_in_the_place_of_a_verb_and_needs_that_verbs_role():
    engine = FakeEngine()
    engine.commands = lambda: ["status"]
    assert ask({"id": 1, "verb": "status"}, Role.VIEWER, engine)["result"]["name"] == "status"


def test_callouts_change_the_answer_of_a_command_that_was_carried_out():
    engine = FakeEngine()
    engine.processed = lambda name, arguments, response: {**response, "seen": [name, dict(arguments)]}
    answer = ask({"id": 1, "verb": "transactions", "arguments": {"limit": 1}}, engine=engine)
    assert answer["ok"] is False, "a list has no place for it: the callout's mistake is told, and the channel lives"
    assert ask({"id": 1, "verb": "statistics"}, engine=engine)["result"] == {"received": 7, "seen": ["statistics", {}]}
