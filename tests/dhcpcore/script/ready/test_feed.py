"""The feed of errors, as a reader of RFC 4287 sees it."""

import logging
from xml.etree import ElementTree as ET

import pytest

from dhcpcore.script.compat.callbacks import Callbacks
from dhcpcore.script.ready import feed
from dhcpcore.script.ready.feed import AGE_S_MAX, KEPT_MAX, SHOWN_MAX, Feed

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def log():
    made = logging.getLogger("tests.feed")
    made.propagate = False
    yield made
    made.handlers.clear()


def entries(made):
    return ET.fromstring(made.atom()[1]).findall(f"{ATOM}entry")


def test_errors_are_entries_with_an_id_a_time_and_their_text(log):
    made = Feed("Errors", clock=lambda: 0.0)
    log.addHandler(made)
    log.warning("not an error")
    log.error("first of %d\nlines", 2)
    (entry,) = entries(made)
    assert entry.find(f"{ATOM}title").text == "ERROR: first of 2"
    assert entry.find(f"{ATOM}content").text == "first of 2\nlines"
    assert entry.find(f"{ATOM}updated").text == "1970-01-01T00:00:00Z"
    assert entry.find(f"{ATOM}id").text.startswith("urn:uuid:")
    whole = ET.fromstring(made.atom()[1])
    assert {f"{ATOM}id", f"{ATOM}title", f"{ATOM}updated", f"{ATOM}author"} <= {one.tag for one in whole}


def test_with_nothing_in_it_it_is_a_feed_as_well():
    assert entries(Feed("Errors")) == []


def test_whatever_is_logged_is_text():
    made = Feed("<Errors>")
    text = "<script>alert(1)</script> & \x00\x1b[31m \udcff ]]>"
    made.handle(logging.LogRecord("conf", logging.ERROR, "x.py", 1, text, (), None))
    (entry,) = entries(made)
    assert entry.find(f"{ATOM}content").text.startswith("<script>alert(1)</script> & \ufffd")
    number = entry.find(f"{ATOM}id").text.removeprefix("urn:uuid:")
    kind, page = made.record("/x", {"id": [number]}, None, None, {})
    assert (kind, "<script>" in page, "&lt;script&gt;" in page) == ("text/html", False, True)
    page.encode()


def test_an_event_that_is_not_there_is_told(log):
    assert "no longer kept" in Feed("Errors").record("/x", {"id": ["<b>"]}, None, None, {})[1]
    assert "no longer kept" in Feed("Errors").record("/x", {}, None, None, {})[1]


def test_the_newest_come_first_and_old_ones_go(log):
    now = [0.0]
    made = Feed("Errors", clock=lambda: now[0])
    log.addHandler(made)
    for number in range(KEPT_MAX + 5):
        log.error("%d", number)
    shown = [entry.find(f"{ATOM}content").text for entry in entries(made)]
    assert shown == [str(KEPT_MAX + 4 - place) for place in range(SHOWN_MAX)]
    assert len(made.events()) == KEPT_MAX
    now[0] = AGE_S_MAX + 1.0
    assert made.events() == []


def test_it_is_registered():
    callbacks = Callbacks()
    made = feed.register(callbacks, secure=True)
    try:
        assert {path: one.secure for path, one in callbacks.methods.items()} == {
            "/extension/feed/atom": True, "/extension/feed/record": True}
        logging.getLogger("conf").error("it happened")
        assert "it happened" in callbacks.methods["/extension/feed/atom"].callback("/", {}, None, None, {})[1]
    finally:
        logging.getLogger().removeHandler(made)
