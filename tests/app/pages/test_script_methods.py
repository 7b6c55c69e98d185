"""What answers at a script's paths: examples 22, 24, 25 and 28 of staticDHCPd as a browser and a program see them."""

import base64
import hashlib
import re

import pytest

from app.pages.script_methods import may_be_sent
from app.services import tokens
from app.services.access import Role, terminal
from app.services.appliance import Appliance
from app.services.sessions import Caller
from dhcpcore.settings import Settings
from tests.app.scripts import EngineWithScript, a_desk, element, method, refused

BROWSER = {"Sec-Fetch-Mode": "navigate", "User-Agent": "Mozilla/5.0"}


@pytest.fixture(scope="module")
def desk(tmp_path_factory, migrated_file):
    with a_desk(tmp_path_factory.mktemp("desk"), migrated_file) as made:
        yield made


@pytest.fixture
def web(desk):
    desk.clean()
    return desk.browser


def told(engine):
    """What the script was told by the last call."""
    return engine.calls[-1][1]["request"]


class TestRaw:
    def test_example_22_it_answers_at_its_path_in_a_sandbox(self, web):
        engine = EngineWithScript(method("/x.csv"), results={"/x.csv": ("text/csv", "a,b", [["X-A", "1"]])})
        answer = web(engine, role=Role.VIEWER).get("/x.csv?a=1&a=2&b=")
        assert (answer.status_code, answer.mimetype, answer.data) == (200, "text/csv", b"a,b")
        assert answer.headers["Content-Security-Policy"] == "sandbox"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-A"] == "1"
        assert "no-cache" in answer.headers["Cache-Control"]
        assert "1970" in answer.headers["Expires"]
        assert told(engine)["queryargs"] == {"a": ["1", "2"], "b": [""]}

    def test_one_that_may_be_kept_says_nothing_against_it(self, web):
        engine = EngineWithScript(method("/x", cacheable=True))
        answer = web(engine).get("/x")
        assert answer.headers["Cache-Control"] == "private"
        assert "Expires" not in answer.headers

    def test_an_answer_cannot_take_the_sandbox_away_or_set_a_cookie(self, web):
        given = [["Content-Security-Policy", "script-src *"], ["X-Content-Type-Options", "no"], ["Set-Cookie", "a=b"],
                 ["X-Accel-Redirect", "/etc"], ["X-Good", "1\r\nSet-Cookie: c=d"], ["Access-Control-Allow-Origin", "*"],
                 ["Location", "//evil"], ["Link", "</x>; rel=preload"], ["X-Frame-Options", "ALLOWALL"],
                 ["Content-Disposition", "attachment"]]
        engine = EngineWithScript(method("/x"), results={"/x": ("text/html", "<script>1</script>", given)})
        answer = web(engine).get("/x")
        assert answer.headers.getlist("Content-Security-Policy") == ["sandbox"]
        assert answer.headers.getlist("X-Content-Type-Options") == ["nosniff"]
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Content-Disposition"] == "attachment"
        for name in ("Set-Cookie", "X-Accel-Redirect", "X-Good", "Access-Control-Allow-Origin", "Location", "Link"):
            assert name not in answer.headers

    def test_headers_that_go_out_are_named(self):
        assert may_be_sent("X-A", "1")
        assert may_be_sent("ETag", '"a"')
        assert not may_be_sent("Server", "x")
        assert not may_be_sent("X-Real-IP", "1")
        assert not may_be_sent("X A", "1")
        assert not may_be_sent("X-A", "\u2028")

    @pytest.mark.parametrize("mimetype", ["", "text", "text/html\r\nSet-Cookie: a=b", "text/html;charset"])
    def test_a_type_that_is_none_is_only_octets(self, web, mimetype):
        engine = EngineWithScript(method("/x"), results={"/x": (mimetype, b"\xff")})
        answer = web(engine).get("/x")
        assert answer.mimetype == "application/octet-stream"
        assert "Set-Cookie" not in answer.headers

    def test_one_that_fails_says_so_without_its_traceback(self, web):
        engine = EngineWithScript(method("/x"), results={"/x": refused()})
        answer = web(engine).get("/x")
        assert answer.status_code == 500
        assert "the log says how" in answer.text
        assert "sandbox" not in answer.headers["Content-Security-Policy"]

    def test_what_is_posted_is_told_with_the_forms_field(self, web):
        engine = EngineWithScript(method("/x"))
        answer = web(engine).post("/x", data=b"\0\xff", content_type="application/x-own",
                                            headers={"X-Own": "1", "Authorization": ""})
        assert answer.status_code == 401, "an Authorization of nothing is no session"
        answer = web(engine, role=Role.OPERATOR).post("/x", data=b"\0\xff", content_type="application/x-own",
                                                                headers={"X-Own": "1"})
        assert answer.status_code == 200
        asked = told(engine)
        assert (base64.b64decode(asked["data"]), asked["mimetype"]) == (b"\0\xff", "application/x-own")
        assert asked["headers"]["X-Own"] == "1"
        assert not {name.lower() for name in asked["headers"]} & {"cookie", "authorization", "x-csrftoken"}

    def test_a_forms_fields_are_told_as_they_came(self, web):
        engine = EngineWithScript(method("/x"))
        web(engine).post("/x", data={"a": "1"})
        assert base64.b64decode(told(engine)["data"]) == b"a=1"

    def test_what_is_too_much_is_refused(self, web):
        engine = EngineWithScript(method("/x"))
        assert web(engine).post("/x", data=b"x" * 70_000).status_code == 413
        assert engine.called == []

    def test_other_methods_of_http_are_not_for_scripts(self, web):
        engine = EngineWithScript(method("/x"))
        client = web(engine)
        assert client.delete("/x").status_code == 405
        assert client.head("/x").data == b""
        assert engine.called == ["/x"]


class TestWhoMay:
    def test_a_stranger_is_sent_to_log_in_and_a_program_is_told_how(self, web):
        engine = EngineWithScript(method("/x"))
        client = web(engine, role=None)
        answer = client.get("/x", headers=BROWSER)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/login?next=/x")
        answer = client.get("/x")
        assert (answer.status_code, answer.headers["WWW-Authenticate"].split()[0]) == (401, "Bearer")
        assert engine.called == []

    def test_a_viewer_cannot_reach_what_is_secure(self, web):
        engine = EngineWithScript(method("/x", secure=True), method("/y"))
        viewer = web(engine, role=Role.VIEWER)
        assert (viewer.get("/x").status_code, viewer.get("/y").status_code) == (403, 200)
        assert engine.called == ["/y"]
        assert web(engine, role=Role.OPERATOR).get("/x").status_code == 200

    def test_a_token_will_do(self, desk, web):
        engine = EngineWithScript(method("/x", secure=True))
        client = web(engine, role=None)
        appliance = Appliance(Settings(), desk.database, engine)
        for role, status in (("viewer", 403), ("operator", 200)):
            made = tokens.create(appliance, role, role, caller=Caller(terminal()))
            answer = client.get("/x", headers={"Authorization": f"Bearer {made.secret}"})
            assert answer.status_code == status
        assert client.get("/x", headers={"Authorization": "Bearer wrong"}).status_code == 401
        assert engine.called == ["/x"]

    #: Setting, whether it is a folder, whether there is a password: what a stranger gets of a plain and a secure one.
    OPEN = (
        ("auto", False, False, 401, 401), ("auto", True, False, 200, 401), ("never", True, False, 401, 401),
        ("unsecured", False, False, 200, 401), ("all", False, False, 200, 200), ("all", True, True, 200, 401),
    )  # fmt: skip

    @pytest.mark.parametrize(("setting", "folder", "digest", "plain", "secure"), OPEN)
    def test_what_is_open_without_a_log_in(self, web, setting, folder, digest, plain, secure):
        engine = EngineWithScript(method("/x"), method("/s", secure=True), method("/t", 2), method("/c", confirm=True),
                                  folder=folder, digest=digest)
        client = web(engine, role=None, web={"script_open": setting})
        assert [client.get(path).status_code for path in ("/x", "/s")] == [plain, secure]
        assert [client.get(path).status_code for path in ("/t", "/c")] == [401, 401], "pages and actions never are"

    def test_another_sites_page_cannot_have_an_open_one_act(self, web):
        engine = EngineWithScript(method("/x"), folder=True)
        client = web(engine, role=None)
        assert client.post("/x", headers={"Origin": "http://evil.example"}).status_code == 403
        assert client.post("/x", headers={"Origin": "null"}).status_code == 403
        assert client.post("/x", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
        assert engine.called == []
        assert client.post("/x", headers={"Origin": "http://localhost"}).status_code == 200

    def test_with_a_session_what_is_sent_needs_the_forms_field(self, web):
        engine = EngineWithScript(method("/x"))
        client = web(engine)
        del client.environ_base["HTTP_X_CSRFTOKEN"]
        assert client.post("/x").status_code == 400
        assert engine.called == []

    def test_who_must_change_the_password_does_so_first(self, desk, web):
        engine = EngineWithScript(method("/x"))
        client = web(engine)
        with desk.database.writer() as connection:
            connection.exec_driver_sql("UPDATE account SET must_change = 1")
        assert client.get("/x").headers["Location"] == "/account"
        assert engine.called == []

    def test_only_what_anybody_may_embed_is_let_into_frames_without_an_origin(self, web):
        engine = EngineWithScript(method("/i"), method("/t"), folder=True,
                                  results={"/i": ("image/png", b"x"), "/t": ("application/json", "{}")})
        client = web(engine, role=None)
        assert client.get("/i").headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert client.get("/t").headers["Cross-Origin-Resource-Policy"] == "same-origin"


class TestDigest:
    def answer(self, client, path="/s", *, password="secret", challenge=None, method="GET", name="ann", uri=None):
        """One round: the challenge, and an answer to it."""
        challenge = challenge or client.open(path, method=method)
        assert challenge.status_code == 401
        fields = dict(re.findall(r'(\w+)="?([^",]*)"?', challenge.headers["WWW-Authenticate"]))
        secret, asked = (hashlib.md5(text.encode()).hexdigest() for text in (
            f"{name}:{fields['realm']}:{password}", f"{method}:{uri or path}"))
        made = hashlib.md5(f"{secret}:{fields['nonce']}:00000001:c:auth:{asked}".encode()).hexdigest()
        header = (f'Digest username="{name}", realm="{fields["realm"]}", nonce="{fields["nonce"]}", '
                  f'uri="{uri or path}", qop=auth, nc=00000001, cnonce="c", response="{made}"')
        return challenge, client.open(path, method=method, headers={"Authorization": header})

    def test_example_24_challenge_answer_and_the_same_nonce_again(self, web):
        engine = EngineWithScript(method("/s", secure=True), digest=True)
        client = web(engine, role=None)
        challenge = client.get("/s")
        said = challenge.headers["WWW-Authenticate"]
        assert (challenge.status_code, said.split()[0]) == (401, "Digest")
        assert "the 'site'" in said
        assert 'qop="auth"' in said.replace("qop=auth", 'qop="auth"')
        assert engine.called == []
        _, answer = self.answer(client, challenge=challenge)
        assert (answer.status_code, answer.data, engine.called) == (200, b"said", ["/s"])
        _, again = self.answer(client, challenge=challenge)
        assert again.status_code == 401
        assert "stale=TRUE" in again.headers["WWW-Authenticate"]
        assert engine.called == ["/s"]
        _, anew = self.answer(client, challenge=again)
        assert anew.status_code == 200

    def test_what_is_wrong_is_not_stale_and_calls_nothing(self, web):
        engine = EngineWithScript(method("/s", secure=True), digest=True)
        client = web(engine, role=None)
        for wrong in ({"password": "guess"}, {"name": "bob"}, {"uri": "/other"}):
            _, answer = self.answer(client, **wrong)
            assert answer.status_code == 401
            assert "stale" not in answer.headers["WWW-Authenticate"]
        assert engine.called == []

    def test_a_nonce_of_two_minutes_ago_is_stale(self, desk, web, monkeypatch):
        engine = EngineWithScript(method("/s", secure=True), digest=True)
        client = web(engine, role=None)
        challenge = client.get("/s")
        now = desk.database.now()
        monkeypatch.setattr(type(desk.database), "now", lambda _: now + 122)
        _, late = self.answer(client, challenge=challenge)
        assert "stale=TRUE" in late.headers["WWW-Authenticate"]

    def test_a_nonce_that_somebody_made_himself_is_stale(self, desk, web):
        engine = EngineWithScript(method("/s", secure=True), digest=True)
        client = web(engine, role=None)
        challenge = client.get("/s")
        own = re.sub(r'nonce="[^"]*"', f'nonce="{int(desk.database.now()):x}-00-{"0" * 32}"',
                     challenge.headers["WWW-Authenticate"])
        challenge.headers["WWW-Authenticate"] = own
        _, answer = self.answer(client, challenge=challenge)
        assert "stale=TRUE" in answer.headers["WWW-Authenticate"]
        assert engine.called == []

    def test_who_guesses_waits(self, web):
        engine = EngineWithScript(method("/s", secure=True), digest=True)
        client = web(engine, role=None)
        statuses = [self.answer(client, password=str(n))[1].status_code for n in range(7)]
        assert statuses[-1] == 429
        assert self.answer(client)[1].status_code == 429, "the right one, too"
        assert engine.called == []

    def test_an_answer_that_was_overheard_does_not_have_guesses_forgotten(self, web):
        engine = EngineWithScript(method("/s", secure=True), digest=True)
        client = web(engine, role=None)
        challenge = client.get("/s")
        statuses = []
        for n in range(4):
            self.answer(client, challenge=challenge)  # The first is right, the others are replays.
            statuses += [self.answer(client, password=str(n))[1].status_code for _ in range(2)]
        assert statuses[-1] == 429

    def test_without_a_name_and_a_password_nobody_is_asked_for_them(self, web):
        engine = EngineWithScript(method("/s", secure=True))
        answer = web(engine, role=None).get("/s", headers={"Authorization": 'Digest username="ann"'})
        assert (answer.status_code, answer.headers["WWW-Authenticate"].split()[0]) == (401, "Bearer")

    def test_it_opens_nothing_but_the_scripts_paths(self, web):
        engine = EngineWithScript(method("/s", secure=True), digest=True)
        client = web(engine, role=None)
        _, answer = self.answer(client)
        header = answer.request.headers["Authorization"]
        assert client.get("/api/v1/subnets", headers={"Authorization": header}).status_code == 401
        assert client.get("/leases", headers={"Authorization": header}).status_code == 401

    def test_a_page_for_a_program_is_its_html_alone(self, web):
        engine = EngineWithScript(method("/s", 2, secure=True), digest=True, results={"/s": "<p>hi</p>"})
        _, answer = self.answer(web(engine, role=None))
        assert "<p>hi</p>" in answer.text
        assert answer.headers["Content-Security-Policy"].startswith("sandbox ")

    def test_what_acts_is_posted_and_not_by_another_sites_page(self, web):
        engine = EngineWithScript(method("/s", secure=True, confirm=True), digest=True)
        client = web(engine, role=None)
        assert self.answer(client)[1].status_code == 405
        assert self.answer(client, method="POST")[1].status_code == 200
        client.environ_base["HTTP_ORIGIN"] = "http://evil.example"
        assert self.answer(client, method="POST")[1].status_code == 403
        assert engine.called == ["/s"]

    def test_a_browser_logs_in_instead(self, web):
        engine = EngineWithScript(method("/s", secure=True), digest=True)
        assert web(engine, role=None).get("/s", headers=BROWSER).headers["Location"].startswith("/login")


class TestPages:
    def test_example_25_on_a_page_alone(self, web):
        engine = EngineWithScript(method("/t", 2, module="a<b", name="n&n"), elements=[element(1, "other", 1)],
                                  results={"/t": "<p>hi</p>"})
        answer = web(engine).get("/t?q=1")
        assert answer.status_code == 200
        assert "&lt;p&gt;hi&lt;/p&gt;" in answer.text, "inert until it is in its frame"
        assert "<p>hi</p>" not in answer.text
        assert "/scripts/elements/" not in answer.text
        assert "frame-src 'self'" in answer.headers["Content-Security-Policy"]
        assert "unsafe-inline" not in answer.headers["Content-Security-Policy"]
        assert engine.called == ["/t"]
        assert told(engine)["queryargs"] == {"q": ["1"]}

    def test_example_25_above_the_dashboard(self, web):
        engine = EngineWithScript(method("/d", 1), elements=[element(1, "other", 1)], results={"/d": "<p>hi</p>"})
        answer = web(engine).get("/d")
        assert answer.text.index("&lt;p&gt;hi") < answer.text.index("/scripts/elements/1")
        assert 'data-address="/"' in answer.text
        assert engine.called == ["/d"]

    def test_one_that_says_nothing_says_so(self, web):
        engine = EngineWithScript(method("/t", 2), results={"/t": None})
        assert "The script says nothing here." in web(engine).get("/t").text


MODES = {"raw": 3, "template": 2, "dashboard": 1}


class TestWhatIsSaidOfAMethodHolds:
    """`cacheable`, `hidden`, `secure` and `confirm`, each in each of the three modes."""

    @pytest.mark.parametrize("mode", MODES)
    def test_in_every_mode(self, web, mode):
        flags = ("cacheable", "hidden", "secure", "confirm")
        engine = EngineWithScript(*(
            method(f"/{chosen}", MODES[mode], **{flag: flag == chosen for flag in flags}, name=f"the {chosen} one")
            for chosen in (*flags, "plain")), digest=True)  # fmt: skip
        for path in ("/cacheable", "/hidden", "/secure", "/confirm", "/plain"):
            engine.results[path] = ("text/plain", "said") if mode == "raw" else "said"
        viewer, operator, stranger = (web(engine, role=role) for role in (Role.VIEWER, Role.OPERATOR, None))
        kept = {path: viewer.get(path).headers["Cache-Control"] for path in ("/cacheable", "/plain")}
        assert "private" in kept["/cacheable"]
        assert "no-store" not in kept["/cacheable"]
        assert "no-store" in kept["/plain"]
        for client, sees in ((viewer, False), (operator, True)):
            menu = client.get("/leases").text
            assert ["the hidden one" in menu, "the plain one" in menu, "the secure one" in menu] == [False, True, sees]
            assert client.get("/secure").status_code == (200 if sees else 403)
            listed = [one["path"] for one in client.get("/api/v1/methods").json["items"]]
            assert listed == ["/cacheable", "/hidden", "/secure", "/confirm", "/plain"]
        assert viewer.post("/api/v1/methods/call", json={"path": "/secure"}).status_code == 403
        before = list(engine.called)
        assert "Yes, do it" in operator.get("/confirm").text
        assert engine.called == before
        assert operator.post("/confirm", data={"confirmed": "yes"}).status_code == 200
        assert engine.called == [*before, "/confirm"]
        assert [stranger.get(path).status_code for path in ("/plain", "/secure", "/confirm")] == [401] * 3

    @pytest.mark.parametrize("mode", MODES)
    def test_for_a_program_that_knows_the_scripts_password(self, web, mode):
        results = dict.fromkeys(("/s", "/p"), ("text/plain", "said") if mode == "raw" else "said")
        engine = EngineWithScript(method("/s", MODES[mode], cacheable=True), method("/p", MODES[mode]),
                                  method("/c", MODES[mode], confirm=True), digest=True, results=results)
        client, ask = web(engine, role=None), TestDigest().answer
        kept = [ask(client, path)[1].headers["Cache-Control"] for path in ("/s", "/p")]
        assert kept[0] == "private"
        assert "no-store" in kept[1]
        assert ask(client, "/c")[1].status_code == 405
        assert engine.called == ["/s", "/p"]


class TestConfirm:
    def test_it_asks_and_acts_only_on_what_is_sent_with_the_forms_field(self, web):
        engine = EngineWithScript(method("/c", confirm=True, name="erase"))
        client = web(engine, role=Role.VIEWER)
        page = client.get("/c?a=1")
        assert page.status_code == 200
        assert 'action="/c?a=1"' in page.text
        assert client.post("/c").status_code == 200, "without the page's script the server asks"
        assert engine.called == []
        assert client.post("/c?a=1", data={"confirmed": "yes"}).data == b"said"
        asked = told(engine)
        assert asked["queryargs"] == {"a": ["1"]}
        assert "data" not in asked, "the question's own form is not the script's business"
        del client.environ_base["HTTP_X_CSRFTOKEN"]
        assert client.post("/c", data={"confirmed": "yes"}).status_code == 400
        assert engine.called == ["/c"]

    def test_a_form_of_the_scripts_own_is_told_as_it_was_and_only_after_a_yes(self, web):
        engine = EngineWithScript(method("/c", confirm=True))
        client = web(engine)
        sent = {"lessor-form": "confirmed=yes&csrf_token=mine"}
        assert "Do it?" in client.post("/c", data=sent).text
        assert engine.called == [], "a field of the script's is no yes"
        client.post("/c", data={**sent, "confirmed": "yes"})
        asked = told(engine)
        assert base64.b64decode(asked["data"]) == b"confirmed=yes&csrf_token=mine"
        assert asked["headers"]["Content-Length"] == "29"
        del client.environ_base["HTTP_X_CSRFTOKEN"]
        assert client.post("/c", data={**sent, "confirmed": "yes"}).status_code == 400
        assert engine.called == ["/c"]

    def test_a_form_reaches_what_its_reader_may_call(self, web):
        engine = EngineWithScript(method("/page", 2), method("/guarded", secure=True), method("/leases/x"),
                                  results={"/page": "<p>hi</p>"})
        assert 'data-paths="[&#34;/page&#34;]"' in web(engine, role=Role.VIEWER).get("/page").text
        assert 'data-paths="[&#34;/page&#34;, &#34;/guarded&#34;]"' in web(engine).get("/page").text
        client = web(engine, role=Role.VIEWER)
        assert client.post("/guarded", data={"lessor-form": "a=1", "confirmed": "yes"}).status_code == 403
        assert engine.called == ["/page", "/page"]

    def test_what_was_done_is_in_the_audit(self, desk, web):
        engine = EngineWithScript(method("/c", confirm=True), method("/x"))
        client = web(engine)
        client.get("/x")
        client.post("/c", data={"confirmed": "yes"})
        with desk.database.reader() as connection:
            rows = connection.exec_driver_sql("SELECT actor, action, object FROM audit").all()
        assert [tuple(row) for row in rows if row.action.startswith("script")] == [("ada", "script.call", "method /c")]

    def test_what_failed_may_have_been_done_and_is_in_the_audit_too(self, desk, web):
        engine = EngineWithScript(method("/c", confirm=True), results={"/c": refused("It took over 3 s.")})
        client = web(engine)
        assert client.post("/c", data={"confirmed": "yes"}).status_code == 500
        assert client.post("/api/v1/methods/call", json={"path": "/c"}).status_code == 500
        client.get("/c")
        with desk.database.reader() as connection:
            rows = connection.exec_driver_sql("SELECT actor, object, after FROM audit").all()
        assert [tuple(row) for row in rows] == [("ada", "method /c", '{"failed": "It took over 3 s."}')] * 2

    def test_a_field_of_the_scripts_own_of_that_name_is_the_scripts(self, desk, web):
        """It asks nothing, or a program has no need to be asked: then `confirmed` is not our question's answer."""
        engine = EngineWithScript(method("/x"), method("/c", confirm=True))
        web(engine).post("/x", data={"confirmed": "yes", "a": "1"})
        made = tokens.create(Appliance(Settings(), desk.database, engine), "t", "viewer", caller=Caller(terminal()))
        program = web(engine, role=None)
        program.post("/c", data={"confirmed": "yes", "a": "1"}, headers={"Authorization": f"Bearer {made.secret}"})
        assert engine.called == ["/x", "/c"]
        assert [base64.b64decode(one["request"]["data"]) for _, one in engine.calls] == [b"confirmed=yes&a=1"] * 2

    def test_the_scripts_reinitialisation_is_for_operators(self, web):
        path = "/ca/uguu/puukusoft/staticDHCPd/reinitialise"
        engine = EngineWithScript(method(path, 1, built_in="reinitialise"), folder=True,
                                  results={path: refused("A reinitialisation handler failed: ZeroDivisionError()")})
        assert web(engine, role=Role.VIEWER).post(path, data={"confirmed": "yes"}).status_code == 403
        answer = web(engine).post(path, data={"confirmed": "yes"})
        assert answer.status_code == 500
        assert "ZeroDivisionError" in answer.text, "example 28: it is shown"


class TestWhoseThePathIs:
    @pytest.mark.parametrize("path", ["/", "/leases", "/leases/x.csv", "/api/v2/x", "/static/x.js", "/scripts/shell"])
    def test_the_appliances_own_pages_win(self, web, path):
        engine = EngineWithScript(method(path), folder=True)
        web(engine).get(path)
        assert engine.called == []

    def test_what_nobody_registered_is_not_there(self, web):
        engine = EngineWithScript(method("/x"), folder=True)
        client = web(engine, role=None)
        assert [client.get(path).status_code for path in ("/y", "/x/", "/X", "/xx")] == [404] * 4

    def test_without_a_script_it_is_not_asked_for(self, web):
        engine = EngineWithScript(method("/x"))
        engine.configured = False
        assert web(engine).get("/x").status_code == 404
        assert engine.called == []

    def test_a_script_that_does_not_run_says_so(self, web):
        engine = EngineWithScript(method("/x"), folder=True)
        engine.running = False
        answer = web(engine, role=None).get("/x")
        assert (answer.status_code, "it ended" in answer.text) == (503, True)
        assert answer.headers["Retry-After"]

    def test_an_engine_that_is_away_says_so(self, web):
        engine = EngineWithScript(method("/x"), folder=True)
        client = web(engine, role=None)
        assert client.get("/x").status_code == 200
        engine.is_away = True
        client.application.extensions["lessor"].live.poll()
        client.application.extensions["lessor"].scripts._remembered._found = None
        answer = client.get("/x")
        assert (answer.status_code, "engine is away" in answer.text) == (503, True)
        assert client.get("/y").status_code == 404

    def test_an_engine_that_was_never_met_may_have_it(self, web, tmp_path):
        engine = EngineWithScript()
        engine.is_away = True
        assert web(engine, role=None).get("/x").status_code == 404
        client = web(engine, role=None, script=tmp_path / "conf.py")
        assert client.get("/x").status_code == 503
