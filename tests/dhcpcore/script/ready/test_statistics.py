"""Counts by spans, and their pictures."""

import csv
import io
import json
from xml.etree import ElementTree as ET

from dhcpcore.script.compat.callbacks import Callbacks
from dhcpcore.script.compat.statistics import Address, Statistics
from dhcpcore.script.ready import statistics
from dhcpcore.script.ready.statistics import SPAN_S, SPANS_MAX, Counts

START = 1_000_000 * SPAN_S


def packet(method="DISCOVER", *, processed=True, seconds=0.002):
    return Statistics(Address(None, 68), None, None, None, None, method, seconds, processed, 67)


class Clock:
    def __init__(self):
        self.now = START

    def __call__(self):
        return self.now


def test_packets_are_counted_by_method_and_span():
    clock = Clock()
    counts = Counts(clock)
    counts.count(packet())
    counts.count(packet("REQUEST:RENEW", processed=False))
    clock.now += 2 * SPAN_S
    counts.count(packet(None))
    counts.count(packet("<b>"))
    rows = list(csv.DictReader(io.StringIO(counts.csv()[1])))
    assert [row["packets"] for row in rows] == ["2", "0", "2"]
    assert (rows[0]["DISCOVER"], rows[0]["REQUEST:RENEW"], rows[0]["processed"]) == ("1", "1", "1")
    assert rows[2]["other"] == "2", "whatever a method may be called"
    told = json.loads(counts.json()[1])
    assert (told["span_s"], len(told["spans"]), told["spans"][0]["begun"]) == (300, 3, START)


def test_averages_are_a_minute_over_whole_spans():
    clock = Clock()
    counts = Counts(clock)
    for _ in range(10):
        counts.count(packet(seconds=0.5))
    clock.now += SPAN_S
    assert counts.window(1) == (2.0, 2.0, 500.0)
    assert counts.window(0) == (0.0, 0.0, 0.0)
    clock.now += SPAN_S
    assert counts.window(2)[0] == 1.0
    assert counts.window(1)[0] == 0.0


def test_no_more_than_two_days_are_kept_however_the_clock_goes():
    clock = Clock()
    counts = Counts(clock)
    for _ in range(3):
        counts.count(packet())
        clock.now += SPANS_MAX * SPAN_S
    assert len(list(counts.rows())) == SPANS_MAX + 1
    clock.now += 10**9
    assert len(list(counts.rows())) == 1
    clock.now -= 10**9
    counts.count(packet())
    assert (counts.total.packets, len(list(counts.rows()))) == (4, 1)


def test_the_picture_is_xml_and_has_a_bar_for_each_method_of_a_span():
    clock = Clock()
    counts = Counts(clock)
    counts.count(packet())
    counts.count(packet("INFORM"))
    clock.now += SPAN_S
    counts.count(packet())
    kind, text = counts.picture()
    drawn = ET.fromstring(text)
    bars = [one for one in drawn.iter("{http://www.w3.org/2000/svg}rect") if len(one)]
    assert (kind, len(bars)) == ("image/svg+xml", 3)
    assert "DISCOVER" in "".join(drawn.itertext())
    assert ET.fromstring(Counts(clock).svg()) is not None, "also with nothing in it"


def test_it_is_registered_with_its_files():
    callbacks = Callbacks()
    counts = statistics.register(callbacks, secure=True)
    assert sorted(callbacks.methods) == [f"/extension/statistics.{ending}" for ending in ("csv", "json", "svg")]
    assert all(one.secure for one in callbacks.methods.values())
    callbacks.statistics[0](packet())
    (element,) = callbacks.elements
    assert "1 packets since" in element.callback(path="/", queryargs={}, mimetype=None, data=None, headers={})
    assert counts.total.packets == 1
