"""The page of the script, the side bar's menu, and what the dashboard shows of the script."""

import pytest

from app.pages.script_frames import FRAME_POLICY, SANDBOX
from app.services.access import Role
from tests.app.scripts import EngineWithScript, a_desk, element, method, refused

ELEMENTS = [element(2, "before", -5), element(1, "events", 1000, "log"), element(3, "<after>", 1001)]


@pytest.fixture(scope="module")
def desk(tmp_path_factory, migrated_file):
    with a_desk(tmp_path_factory.mktemp("desk"), migrated_file) as made:
        yield made


@pytest.fixture
def web(desk):
    desk.clean()
    return desk.browser


class TestPage:
    def test_everything_that_is_registered_is_shown(self, web):
        engine = EngineWithScript(
            method("/x.csv", module="a&amp;b", name="&lt;n&gt;"), method("/s", secure=True), method("/leases"),
            method("x"), elements=ELEMENTS, folder=True)  # fmt: skip
        shown = web(engine, role=Role.VIEWER).get("/scripts").text
        for part in ('href="/x.csv"', "a&amp;b", "&lt;n&gt;", "everybody", "operator", "/etc/lessor/conf.py",
                     "/leases belongs to the appliance", "A path begins with a slash", "&lt;after&gt;", "filterPacket"):
            assert part in shown, part
        assert "Reinitialise" not in shown, "a viewer cannot"
        assert 'href="x"' not in shown

    def test_that_it_goes_on_with_what_it_began_from_is_told(self, web):
        engine = EngineWithScript()
        assert "cannot begin any more" not in web(engine).get("/scripts").text
        engine.kept = "conf.py, line 1: <b>"
        shown = web(engine).get("/scripts").text
        assert "cannot begin any more" in shown
        assert "conf.py, line 1: &lt;b&gt;" in shown

    def test_where_there_is_no_script_it_says_how_to_have_one(self, web):
        engine = EngineWithScript()
        engine.configured = False
        assert "names a conf.py" in web(engine).get("/scripts").text
        engine.is_away = True
        assert "The engine is away" in web(engine).get("/scripts").text

    def test_one_that_does_not_run_is_told(self, web):
        engine = EngineWithScript()
        engine.running = False
        assert "it ended" in web(engine).get("/scripts").text

    def test_it_is_reinitialised_by_operators(self, desk, web):
        engine = EngineWithScript()
        answer = web(engine, role=Role.OPERATOR).post("/scripts/reinitialise")
        assert answer.status_code == 303
        assert engine.calls == [("script-reinitialise", {})]
        assert "has reinitialised" in web(engine).get(answer.headers["Location"]).text
        with desk.database.reader() as connection:
            (row,) = connection.exec_driver_sql("SELECT actor FROM audit WHERE action = 'script.reinitialise'").all()
        assert row.actor == "ann"


class TestMenu:
    METHODS = (method("/s", hidden=False, secure=True, module="m"),
               method("/h", module="m", name="hidden"), method("/leases/x", hidden=False, module="m", name="clash"),
               method("/c", hidden=False, confirm=True, module="z", name="act"))

    def test_what_is_not_hidden_is_there_by_modules_for_whom_it_is(self, web):
        engine = EngineWithScript(*self.METHODS, method("/q", hidden=False, module="<i>", name="<b>"))
        shown = web(engine, role=Role.VIEWER).get("/leases").text
        assert 'href="/q"' in shown
        assert "&lt;i&gt;" in shown
        for absent in ('href="/s"', 'href="/h"', 'href="/leases/x"', "<b>"):
            assert absent not in shown, absent
        assert '<form method="post" action="/c"' in shown, "what acts is no link"
        assert 'href="/s"' in web(engine, role=Role.OPERATOR).get("/leases").text

    def test_without_a_script_there_is_none(self, web):
        engine = EngineWithScript(*self.METHODS)
        engine.configured = False
        shown = web(engine).get("/leases").text
        assert 'href="/scripts"' not in shown
        assert "side-script" not in shown


class TestDashboard:
    def test_elements_stand_in_their_order_in_frames_without_our_origin(self, web):
        answer = web(EngineWithScript(elements=ELEMENTS)).get("/")
        shown = answer.text
        places = [shown.index(part) for part in ("/scripts/elements/2", 'id="script-log"', "/scripts/elements/3")]
        assert places == sorted(places), "example 23"
        assert shown.count(f'sandbox="{SANDBOX}"') == 2
        assert "allow-same-origin" not in SANDBOX
        assert "allow-top-navigation" not in SANDBOX
        assert "allow-popups" not in SANDBOX
        assert "&lt;b&gt;a line&lt;/b&gt;" in shown
        assert answer.headers["Content-Security-Policy"].endswith("frame-src 'self'")

    def test_the_log_is_no_sight_for_viewers(self, web):
        shown = web(EngineWithScript(elements=ELEMENTS), role=Role.VIEWER).get("/").text
        assert "a line" not in shown
        assert "/scripts/elements/3" in shown

    def test_secure_elements_are_for_operators(self, web):
        engine = EngineWithScript(elements=ELEMENTS, dashboard_secure=True)
        viewer = web(engine, role=Role.VIEWER)
        assert "/scripts/elements" not in viewer.get("/").text
        assert viewer.get("/scripts/elements/2").status_code == 403
        assert engine.called == []
        assert "/scripts/elements" in web(engine, role=Role.OPERATOR).get("/").text

    def test_without_elements_no_page_may_frame_anything(self, web):
        assert "frame-src" not in web(EngineWithScript()).get("/").headers["Content-Security-Policy"]

    def test_an_element_is_a_document_with_a_policy_of_its_own(self, web):
        engine = EngineWithScript(elements=ELEMENTS, results={2: "<p>hi</p>"})
        answer = web(engine).get("/scripts/elements/2")
        assert "<p>hi</p>" in answer.text
        assert "<meta name='h'>" in answer.text
        assert answer.headers["Content-Security-Policy"] == FRAME_POLICY
        assert FRAME_POLICY.startswith("sandbox ")
        assert "connect-src" not in FRAME_POLICY, "as default-src: nobody"
        assert answer.headers["Connection-Allowlist"] == "(response-origin)"
        assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"

    def test_example_26_one_that_fails_is_told_in_words_and_the_page_stands(self, web):
        engine = EngineWithScript(elements=ELEMENTS, results={2: refused("The script <failed> here.")})
        client = web(engine)
        assert client.get("/").status_code == 200
        answer = client.get("/scripts/elements/2")
        assert (answer.status_code, "The script &lt;failed&gt; here." in answer.text) == (200, True)
        engine.running = False
        assert "does not run" in client.get("/scripts/elements/2").text
        engine.configured = False
        assert "no script any more" in client.get("/scripts/elements/2").text
        engine.is_away = True
        assert client.get("/scripts/elements/2").status_code == 503

    def test_one_that_says_nothing_is_marked_so(self, web):
        engine = EngineWithScript(elements=ELEMENTS, results={2: None})
        assert "data-lessor-nothing" in web(engine).get("/scripts/elements/2").text

    def test_a_stranger_sees_no_element(self, web):
        engine = EngineWithScript(elements=ELEMENTS, folder=True)
        assert web(engine, role=None).get("/scripts/elements/2").status_code == 303
        assert engine.called == []
