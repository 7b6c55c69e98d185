"""The page of the site's own code, REST, and what both say where there is none."""

import enum
import re
from typing import Optional

import pytest
from pydantic import BaseModel, Field, RootModel

from app.services.access import Role
from dhcpcore.store import catalogue
from dhcpcore.topology.handler_types import type_of
from tests.app.pages.form_pages import button, followed, text, typed
from tests.app.people import EngineThatAnswers
from tests.app.site import DOCUMENT, define, fill, web

CALLOUTS = [
    {"hook": "pkt4_receive", "library": "site", "function": "pkt4_receive", "calls": 12345, "errors": 0, "overruns": 0,
     "stopped": 7, "mean_us": 3.4, "slowest_us": 1800.0, "disabled": ""},
    {"hook": "pkt4_send", "library": "<b>slow</b>", "function": "pkt4_send", "calls": 3, "errors": 3, "overruns": 3,
     "stopped": 3, "mean_us": 25000.0, "slowest_us": 25100.0,
     "disabled": "it took longer than 25 ms, 3 times in a row"},
]


@pytest.fixture
def engine():
    return EngineThatAnswers(status={"ready": True}, hooks=CALLOUTS)


@pytest.mark.parametrize("role", Role)
def test_callouts_are_shown_with_what_they_cost_and_did(sqlite_database, engine, role):
    fill(sqlite_database)
    answer = web(sqlite_database, engine, role=role).get("/handlers")
    shown = text(answer)
    assert re.search(r"12\W?345", shown)
    for part in ("3 µs", "1.8 ms", "25.0 ms", "Not called any more", "longer than 25 ms"):
        assert part in shown, part
    assert "<b>slow" not in answer.get_data(as_text=True)
    assert 'aria-current="page"' in shown


def test_where_there_is_none_it_says_how_to_have_one(sqlite_database):
    fill(sqlite_database)
    shown = text(web(sqlite_database, EngineThatAnswers(status={"ready": True}, hooks=[])).get("/handlers"))
    assert "No hook library" in shown
    assert "/manual/hooks" in shown


def test_without_an_engine_it_is_told(sqlite_database):
    fill(sqlite_database)
    assert "The engine is away" in text(web(sqlite_database).get("/handlers"))
    assert web(sqlite_database).get("/api/v1/hooks").status_code == 503


def test_rest_tells_the_same(sqlite_database, engine):
    fill(sqlite_database)
    found = web(sqlite_database, engine).get("/api/v1/hooks").json["items"]
    assert [(one["library"], one["calls"], one["disabled"]) for one in found] == [
        ("site", 12345, ""), ("<b>slow</b>", 3, "it took longer than 25 ms, 3 times in a row")]


CALLS = {"calls": 5, "changed": 4, "stopped": 3, "errors": 10, "overruns": 0, "mean_us": 1500.0, "slowest_us": 2000.0}
LATE = {"type": "mark", "name": "late", "fields": {"marks": ["late"]}}


def configured(sqlite_database, *rows, **more):
    define(sqlite_database, {**DOCUMENT, "handlers": list(rows)})
    return web(sqlite_database, **more)


def names(page):
    return [one["name"] for one in page.get("/api/v1/handlers").json["items"]]


@pytest.mark.parametrize("role", Role)
def test_handlers_are_shown_with_what_they_did_and_why_one_is_not_called(sqlite_database, role):
    engine = EngineThatAnswers(status={"ready": True}, hooks=[], handlers=[
        {"name": "late", "type": "mark", **CALLS, "disabled": "it raised in handle, 10 times in a row"}])
    page = configured(sqlite_database, {**LATE, "scope": {"subnet": "office", "elapsed": {"more_than": 10}},
                                        "description": "<b>late</b>"}, engine=engine, role=role)
    answer = page.get("/handlers")
    shown = text(answer)
    for part in ("late", "subnet office", "more_than 10", "1.5 ms", "Not called:", "10 times in a row"):
        assert part in shown, part
    assert "<b>late" not in answer.get_data(as_text=True)
    assert ("Disable" in shown) is (role is Role.ADMIN)


def test_one_is_added_by_the_form_that_its_type_draws(sqlite_database):
    page = configured(sqlite_database)
    assert "rate-limit" in text(page.get("/handlers/new"))
    shown = text(page.get("/handlers/new?type=rate-limit"))
    for name in ("rate", "per", "burst", "key", "handler.name", "handler.scope.subnet", "handler.scope.time.from"):
        assert f'name="{name}"' in shown, name
    sent = {**typed(page.get("/handlers/new?type=rate-limit")), "rate": "2", "per": "1m", "key": "circuit_id",
            "handler.name": "slow", "handler.scope.subnet": "office, laboratory", "handler.scope.time.from": "08:00"}
    assert "is configured" in followed(page, page.post("/handlers/new?type=rate-limit", data=sent))
    (made,) = page.get("/api/v1/handlers").json["items"]
    assert made["fields"]["key"] == "circuit_id"
    assert made["scope"] == {"subnet": ["office", "laboratory"], "time": {"from": "08:00"}}


def test_options_are_rows_of_names_and_values(sqlite_database):
    page = configured(sqlite_database)
    sent = {"option4-name-0": "domain-name", "option4-value-0": "night.example.org", "append": "false"}
    assert page.post("/handlers/new?type=set-option", data=sent).status_code == 303
    (made,) = page.get("/api/v1/handlers").json["items"]
    assert made["fields"]["options"] == {"dhcp4": {"domain-name": "night.example.org"}}
    form = typed(page.get("/handlers/one/set-option"))
    assert form["option4-value-0"] == "night.example.org"
    more = text(page.post("/handlers/one/set-option", data={**form, "more": "yes"}))
    assert "option4-name-2" in more


@pytest.mark.parametrize(("sent", "says"), [
    ({"rate": "x"}, "is not a whole number"),
    ({"rate": "0"}, "out of range"),
    ({"handler.scope.subnet": "ofice"}, "did you mean 'office'"),
    ({"handler.scope.time.from": "8"}, "no time of day"),
])
def test_what_is_wrong_is_told_at_its_field_and_what_was_typed_is_kept(sqlite_database, sent, says):
    page = configured(sqlite_database)
    shown = text(page.post("/handlers/new?type=rate-limit", data={"handler.name": "slow", **sent}), 422)
    assert says in shown
    assert 'value="slow"' in shown
    assert "Nothing was changed." in shown
    assert names(page) == []


def test_one_is_changed_and_a_change_of_somebody_elses_is_not_lost(sqlite_database):
    page = configured(sqlite_database, LATE)
    form = typed(page.get("/handlers/one/late"))
    assert page.post("/handlers/one/late", data={**form, "marks": "later"}).status_code == 303
    shown = text(page.post("/handlers/one/late", data={**form, "marks": "never"}), 409)
    assert "Somebody else has changed it meanwhile" in shown
    assert page.get("/api/v1/handlers/late").json["fields"]["marks"] == ["later"]


def test_order_is_changed_by_moving(sqlite_database):
    page = configured(sqlite_database, LATE, {"type": "mark", "name": "b", "fields": {"marks": ["b"]}},
                      {"type": "ignore-request", "name": "c"})
    shown = text(page.get("/handlers"))
    assert shown.count("Move late up") == 0
    assert shown.count("Move late down") == 1
    assert shown.count("Move c down") == 0
    assert "is moved" in followed(page, page.post("/handlers/move/c", data={"before": "b"}))
    assert names(page) == ["late", "c", "b"]
    page.post("/handlers/move/late", data={"before": ""})
    assert names(page) == ["c", "b", "late"]


def test_one_is_disabled_and_enabled(sqlite_database):
    page = configured(sqlite_database, LATE)
    assert "is disabled" in followed(page, page.post("/handlers/enable/late", data={"enabled": "no"}))
    assert page.get("/api/v1/handlers/late").json["enabled"] is False
    assert "is enabled" in followed(page, page.post("/handlers/enable/late", data={"enabled": "yes"}))
    assert "enabled" not in page.get("/api/v1/handlers/late").json


def test_one_is_removed_where_it_is_still_what_was_shown(sqlite_database):
    page = configured(sqlite_database, LATE)
    form = button(text(page.get("/handlers/one/late")), "/handlers/remove/late")
    page.post("/handlers/enable/late", data={"enabled": "no"})
    assert "Somebody else" in text(page.post("/handlers/remove/late", data=form), 409)
    form = button(text(page.get("/handlers/one/late")), "/handlers/remove/late")
    assert "is no more" in followed(page, page.post("/handlers/remove/late", data=form))
    assert names(page) == []


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
def test_only_administrators_change_any(sqlite_database, role):
    page = configured(sqlite_database, LATE, role=role)
    assert "disabled" in text(page.get("/handlers/one/late"))
    for url in ("new?type=mark", "one/late", "remove/late", "move/late", "enable/late"):
        assert page.post(f"/handlers/{url}").status_code == 403, url
    assert names(page) == ["late"]


def test_one_of_a_type_that_nobody_has_is_shown_with_its_fields(sqlite_database):
    page = configured(sqlite_database, {"type": "of-no-package", "fields": {"size": 5}})
    shown = text(page.get("/handlers/one/of-no-package"))
    assert "No package that is installed here has this type." in shown
    assert 'name="size"' in shown


def test_options_to_be_copied_are_named(sqlite_database):
    page = configured(sqlite_database, {
        "type": "copy-option", "fields": {"options": {"dhcp4": ["vendor-class-identifier"]}}})
    form = typed(page.get("/handlers/one/copy-option"))
    assert form["options.dhcp4"] == "vendor-class-identifier"
    sent = {**form, "options.dhcp4": "vendor-class-identifier, host-name"}
    assert "is changed" in followed(page, page.post("/handlers/one/copy-option", data=sent))
    (made,) = page.get("/api/v1/handlers").json["items"]
    assert made["fields"]["options"] == {"dhcp4": ["vendor-class-identifier", "host-name"]}
    sent = {**typed(page.get("/handlers/one/copy-option")), "options.dhcp4": "host-name, no-such"}
    assert "number 2: 'no-such' is" in text(page.post("/handlers/one/copy-option", data=sent), 422)


def test_a_handler_before_which_another_is_to_stand_may_be_gone_meanwhile(sqlite_database):
    page = configured(sqlite_database, LATE)
    sent = {"handler.name": "new", "marks": "kept-as-typed", "before": "gone"}
    shown = text(page.post("/handlers/new?type=mark", data=sent), 422)
    assert "There is no handler 'gone'" in shown
    assert "kept-as-typed" in shown
    shown = text(page.post("/handlers/one/late", data={**typed(page.get("/handlers/one/late")), "before": "gone",
                                                       "marks": "kept-as-typed"}), 422)
    assert "kept-as-typed" in shown
    assert names(page) == ["late"]


def test_what_is_long_is_not_cut(sqlite_database):
    clients = [f"02:00:00:00:{n // 256:02x}:{n % 256:02x}" for n in range(1000)]
    page = configured(sqlite_database, {"type": "ignore-request", "fields": {"clients": clients}})
    form = typed(page.get("/handlers/one/ignore-request"))
    assert page.post("/handlers/one/ignore-request", data={**form, "handler.description": "many"}).status_code == 303
    (made,) = page.get("/api/v1/handlers").json["items"]
    assert made["description"] == "many"
    assert made["fields"]["clients"] == clients


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = -1
    HIGH = 1


class Listed(RootModel[list[int]]):
    pass


class Branch(BaseModel):
    left: Optional["Branch"] = None


class Odd(BaseModel):
    """What packages' models may have."""

    colour: Colour | None = None
    level: Level | None = None
    listed: Listed | None = None
    nothing: None = None
    options: list[str] = []
    branch: Branch | None = None
    words: list[str] = []
    note: str = ""
    letters: str = Field("", pattern=r"^\p{L}*$")
    before: str = ""
    csrf_token: str = ""
    fields: str = ""
    handler: str = ""
    more: str = ""
    version: int = 0


def odd(sqlite_database, *rows, model=Odd):
    catalogue.write(sqlite_database, [type_of("odd", model, "odd 1.0")])
    return configured(sqlite_database, *rows)


def test_whatever_fields_a_package_has_its_form_shows_and_keeps_them(sqlite_database):
    fields = {
        "colour": "blue", "level": -1, "listed": [1, 2], "options": ["a", "b"], "branch": {"left": {"left": None}},
        "words": ["one, two", "three"], "note": "first line\nsecond line", "letters": "abc", "before": "b",
        "csrf_token": "c", "fields": "f", "handler": "h", "more": "m", "version": 7,
    }  # fmt: skip
    page = odd(sqlite_database, {"type": "odd", "fields": fields}, LATE)
    shown = page.get("/handlers/one/odd")
    assert "first line\nsecond line</textarea>" in text(shown)
    # As in a browser: the guard against forgery takes any field whose name ends so, but its own one first.
    token = page.environ_base["HTTP_X_CSRFTOKEN"]
    sent = {"csrf_token": token, **typed(shown), "handler.description": "said"}
    assert "is changed" in followed(page, page.post("/handlers/one/odd", data=sent))
    made = page.get("/api/v1/handlers/odd").json
    assert made["fields"] == fields
    assert made["description"] == "said"
    assert names(page) == ["odd", "late"]


def test_one_of_a_package_is_isolated_by_its_form_and_one_that_is_built_in_has_no_such_field(sqlite_database):
    page = odd(sqlite_database, LATE, model=Branch)
    assert "handler.isolated" not in typed(page.get("/handlers/one/late"))
    form = typed(page.get("/handlers/new?type=odd"))
    assert page.post("/handlers/new?type=odd", data={**form, "handler.isolated": "true"}).status_code == 303
    assert page.get("/api/v1/handlers/odd").json["isolated"] is True
    shown = page.get("/handlers/one/odd")
    assert page.post("/handlers/one/odd", data={**typed(shown), "handler.isolated": ""}).status_code == 303
    assert "isolated" not in page.get("/api/v1/handlers/odd").json


@pytest.mark.parametrize(("restarts", "says"), [(0, ""), (1, ", begun anew 1 time"), (3, ", begun anew 3 times")])
def test_an_isolated_one_is_shown_with_how_often_its_process_was_begun_anew(sqlite_database, restarts, says):
    engine = EngineThatAnswers(status={"ready": True}, hooks=[], handlers=[
        {"name": "odd", "type": "odd", **CALLS, "disabled": "", "isolated": True, "restarts": restarts}])
    page = configured(sqlite_database, {"type": "odd", "isolated": True}, LATE, engine=engine)
    assert f"in a process of its own{says}<" in page.get("/handlers").get_data(as_text=True)
    assert page.get("/handlers").get_data(as_text=True).count("in a process of its own") == 1


def test_what_is_wrong_in_such_a_field_is_told_at_it(sqlite_database):
    page = odd(sqlite_database)
    form = typed(page.get("/handlers/new?type=odd"))
    for name, wrong in (("colour", "green"), ("level", "5"), ("fields.version", "x"), ("listed", "[a]")):
        shown = text(page.post("/handlers/new?type=odd", data={**form, name: wrong}), 422)
        assert f'id="h-{name}">' in shown
        assert "is not" in shown, name
    assert names(page) == []


def test_a_model_that_contains_itself_has_a_form(sqlite_database):
    page = odd(sqlite_database, model=Branch)
    form = typed(page.get("/handlers/new?type=odd"))
    assert "left" in form


def test_each_change_can_be_undone_from_its_sentence(sqlite_database):
    page = configured(sqlite_database, LATE, {"type": "ignore-request", "name": "c"})
    before = page.get("/api/v1/handlers").json
    for url, sent in (("new?type=mark", {"marks": "x"}), ("one/late", {"marks": "x"}), ("move/c", {"before": "late"}),
                      ("enable/c", {"enabled": "no"}), ("remove/late", {})):
        shown = followed(page, page.post(f"/handlers/{url}", data=sent))
        assert page.get("/api/v1/handlers").json != before
        action = re.search(r'action="(/revisions/[0-9]+/undo)"', shown)[1]
        assert 'name="back" value="page_handlers.page"' in shown
        undone = followed(page, page.post(action, data={"back": "page_handlers.page"}))
        assert "All is as it was before." in undone, url
        assert page.get("/api/v1/handlers").json == before


def test_what_changed_nothing_has_no_undo(sqlite_database):
    page = configured(sqlite_database, LATE)
    shown = followed(page, page.post("/handlers/one/late", data=typed(page.get("/handlers/one/late"))))
    assert "is changed" in shown
    assert "/undo" not in shown
