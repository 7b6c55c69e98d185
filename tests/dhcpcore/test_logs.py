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
