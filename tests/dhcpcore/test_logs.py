import io
import json
import logging
import sys

import pytest

from dhcpcore import logs


@pytest.fixture
def stream():
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield io.StringIO()
    root.handlers[:], root.level = before
    logging.captureWarnings(capture=False)


def test_json_is_one_object_a_line_with_level_logger_and_extras(stream):
    logs.configure("info", "json", stream)
    logging.getLogger("dhcpcore.somewhere").warning("Client %s came back.", "ab", extra={"client": "ab"})
    entry = json.loads(stream.getvalue())
    assert entry["event"] == "Client ab came back."
    assert (entry["level"], entry["logger"], entry["client"]) == ("warning", "dhcpcore.somewhere", "ab")
    assert entry["timestamp"].endswith("Z")


def test_below_the_level_nothing_is_written(stream):
    logs.configure("warning", "text", stream)
    logging.getLogger("a").info("hushed")
    assert stream.getvalue() == ""


@pytest.mark.parametrize("form", ["text", "json"])
def test_control_characters_of_a_client_do_not_reach_the_terminal(stream, form):
    logs.configure("info", form, stream)
    logging.getLogger("a").info("host %s", "\x1b[2Jevil\nsecond line")
    assert "\x1b" not in stream.getvalue()
    assert stream.getvalue().count("\n") == 1


def test_an_exception_is_told_with_its_place(stream):
    logs.configure("info", "json", stream)
    try:
        {}["absent"]
    except KeyError:
        logging.getLogger("a").exception("It failed.")
    assert "KeyError: 'absent'" in json.loads(stream.getvalue())["exception"]


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_traceback_of_another_process_is_told_like_one_of_this(stream, form):
    logs.configure("info", form, stream)
    record = logging.LogRecord("conf", logging.CRITICAL, "/site/conf.py", 7, "A hook failed.", (), None)
    record.exc_text = "Traceback (most recent call last):\n  line 1\nValueError: no"
    logging.getLogger("conf").handle(record)
    if form == "json":
        entry = json.loads(stream.getvalue())
        assert (entry["event"], entry["exception"]) == ("A hook failed.", record.exc_text)
    else:
        first, *rows = stream.getvalue().splitlines()
        assert "A hook failed." in first
        assert rows == ["  Traceback (most recent call last):", "    line 1", "  ValueError: no"]


@pytest.mark.parametrize("form", ["text", "json"])
def test_what_a_client_said_in_an_exception_looks_like_no_line_of_the_log(stream, form):
    logs.configure("info", form, stream)
    try:
        {}["host"]["\x1b[2J"]
    except KeyError as error:
        error.add_note("host \x1b[2J\n2026-01-01 [info] fine")
        logging.getLogger("a").exception("It failed.")
    text = stream.getvalue()
    assert "\x1b" not in text
    if form == "json":
        assert text.count("\n") == 1
    else:
        assert all(row.startswith("  ") for row in text.splitlines()[1:])


def test_of_a_traceback_no_values_are_told(stream):
    """What a package or a script holds may be a password."""
    def connect(password: str) -> None:
        raise OSError("refused")

    logs.configure("info", "text", stream)
    try:
        connect("sword" + "fish")
    except OSError:
        logging.getLogger("test").exception("No connection.")
    told = stream.getvalue()
    assert "OSError: refused" in told
    assert "in connect" in told
    assert "swordfish" not in told


def test_the_same_trouble_is_told_a_few_times_and_then_counted():
    now = 0.0
    seldom = logs.Seldom()

    def told(line, number):
        record = logging.LogRecord("a", logging.ERROR, "place.py", line, "trouble %d", (number,), None)
        record.created = now
        return record.getMessage() if seldom.filter(record) else None

    heard = [told(7, number) for number in range(100)]
    assert heard[: logs.OFTEN] == [f"trouble {number}" for number in range(logs.OFTEN)]
    assert set(heard[logs.OFTEN :]) == {None}
    assert told(8, 1) == "trouble 1"  # Another place in the code is another trouble.
    now = logs.WITHIN_S
    assert told(7, 100) == f"trouble 100 ({100 - logs.OFTEN} more like this were not logged.)"
    assert told(7, 101) == "trouble 101"


def kept(ring, *texts, level=logging.INFO, name="dhcpcore.net.loop", exc_info=None):
    for text in texts:
        ring.keep(logging.LogRecord(name, level, "x.py", 1, text, (), exc_info))


def shown(tail):
    return [line.text for line in tail.lines]


def test_what_is_written_is_kept_too_and_what_is_held_back_is_not(stream):
    ring = logs.Ring()
    logs.configure("info", "text", stream, ring)
    for number in range(logs.OFTEN + 5):
        logging.getLogger("a").warning("trouble %d", number)
    logging.getLogger("a").debug("hushed")
    assert len(ring.tail(100).lines) == logs.OFTEN
    assert ring.tail(1).lines[0].level == "warning"


def test_a_ring_gives_its_newest_lines_and_forgets_the_oldest():
    ring = logs.Ring(size=3)
    kept(ring, "a", "b", "c", "d")
    assert shown(ring.tail(100)) == ["b", "c", "d"]
    assert shown(ring.tail(2)) == ["c", "d"]
    assert ring.tail(2).last == 4
    assert logs.Ring().tail(5) == logs.Tail((), 0, 0)


def test_who_follows_gets_every_line_once_and_hears_what_was_lost():
    ring = logs.Ring(first=100, size=3)
    kept(ring, "a", "b", "c")
    first = ring.tail(2, after=99)
    assert (shown(first), first.last) == (["a", "b"], 101)
    second = ring.tail(2, after=first.last)
    assert (shown(second), second.last, second.lost) == (["c"], 102, 0)
    assert ring.tail(2, after=second.last) == logs.Tail((), 102, 0)
    kept(ring, "d", "e", "f", "g", "h")
    third = ring.tail(9, after=second.last)
    assert (shown(third), third.lost) == (["f", "g", "h"], 2)


def test_who_followed_another_process_begins_with_this_one():
    ring = logs.Ring(first=100, size=3)
    kept(ring, "a", "b")
    assert (shown(ring.tail(9, after=7)), ring.tail(9, after=7).lost) == (["a", "b"], 0)
    assert shown(ring.tail(9, after=9_000)) == ["a", "b"]


def test_lines_by_level_and_by_a_part_of_them():
    ring = logs.Ring()
    kept(ring, "Serving DHCPv4.")
    kept(ring, "The DISK is full.", level=logging.CRITICAL, name="dhcpcore.store")
    kept(ring, "Slow.", level=logging.WARNING)
    assert shown(ring.tail(9, level="warning")) == ["The DISK is full.", "Slow."]
    assert shown(ring.tail(9, level="error")) == ["The DISK is full."]
    assert shown(ring.tail(9, find="disk")) == shown(ring.tail(9, find="CORE.STORE")) == ["The DISK is full."]
    assert shown(ring.tail(9, find="dusk")) == []
    # What is passed over is passed over for good: the next question goes on behind it.
    assert ring.tail(9, after=0, find="disk").last == 3


def test_a_kept_line_is_bounded_and_holds_no_control_characters():
    ring = logs.Ring()
    kept(ring, "\x1b[2J\nhost", "x" * 9000)
    assert shown(ring.tail(9)) == ["\\x1b[2J\\nhost", "x" * logs.KEPT_LETTERS]


def test_of_a_traceback_the_end_is_kept():
    ring = logs.Ring()
    try:
        {}["y" * 5000 + "\x1bthe end"]
    except KeyError:
        kept(ring, "It failed.", exc_info=sys.exc_info(), level=logging.ERROR)
    (line,) = ring.tail(1).lines
    assert line.text.startswith("It failed.\n")
    assert line.text.endswith("the end'")
    assert len(line.text) <= logs.KEPT_LETTERS


def test_a_record_that_cannot_be_told_ends_nobody(stream, monkeypatch):
    monkeypatch.setattr(logging, "raiseExceptions", False)
    ring = logs.Ring()
    logs.configure("info", "text", stream, ring)
    logging.getLogger("a").info("%d", "no number")
    logging.getLogger("a").info("fine")
    assert shown(ring.tail(9)) == ["fine"]
