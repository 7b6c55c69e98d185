import io
import json
import logging

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
