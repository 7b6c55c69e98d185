"""Counts of packets since the start and by spans of time, with a picture: on the dashboard, as CSV, JSON and SVG."""

from __future__ import annotations

import json
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from typing import Any

from dhcpcore.script.compat.callbacks import Callbacks
from dhcpcore.script.compat.statistics import Statistics

PATH = "/extension/statistics"
#: Two days in spans of five minutes.
SPAN_S, SPANS_MAX = 300, 576
#: Averages over so many spans; 0 is the one under way.
WINDOWS = (0, 1, 2, 3, 12, 72, 288)
OTHER = "other"
#: The script's own words for messages; whatever else one may be is counted together.
METHODS = ("DISCOVER", "REQUEST:SELECTING", "REQUEST:INIT-REBOOT", "REQUEST:RENEW", "REQUEST:REBIND", "INFORM",
           "DECLINE", "RELEASE", OTHER)  # fmt: skip
#: Told apart in light and dark alike.
_COLOURS = ("#1f8f7a", "#3d7fc4", "#c9841c", "#8a6fd0", "#d04f43", "#7a9e34", "#c2639f", "#7d8f97", "#a58b53")
_WIDTH, _HEIGHT, _BARS_MAX = 720, 160, 144


@dataclass(slots=True)
class Span:
    """What came in from ``begun`` on, for ``SPAN_S`` seconds."""

    begun: int
    methods: Counter[str] = field(default_factory=Counter)
    processed: int = 0
    seconds: float = 0.0

    @property
    def packets(self) -> int:
        """All of them."""
        return self.methods.total()


class Counts:
    """The counters of one site."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self.since = clock()
        self.total = Span(int(self.since))
        self.spans: deque[Span] = deque([self._span()], maxlen=SPANS_MAX + 1)

    def count(self, statistics: Statistics) -> None:
        """One packet: the callback for ``statsAddHandler``."""
        self._go_on()
        method = statistics.method if statistics.method in METHODS else OTHER
        for span in (self.total, self.spans[-1]):
            span.methods[method] += 1
            span.processed += bool(statistics.processed)
            span.seconds += statistics.processing_time

    def window(self, spans: int) -> tuple[float, float, float]:
        """Packets and processed packets a minute, and milliseconds a packet, over the last whole spans.

        0: over the present one, as far as it has come.
        """
        self._go_on()
        some = list(self.spans)[-1:] if not spans else list(self.spans)[:-1][-spans:]
        seconds = (self._clock() - self.spans[-1].begun) if not spans else len(some) * SPAN_S
        minutes = max(seconds, 1.0) / 60
        packets = sum(span.packets for span in some)
        took = sum(span.seconds for span in some)
        return packets / minutes, sum(span.processed for span in some) / minutes, 1000 * took / max(packets, 1)

    def _span(self) -> Span:
        return Span(int(self._clock()) // SPAN_S * SPAN_S)

    def _go_on(self) -> None:
        """Spans in which nothing came are there as well, and a clock that is set back begins no span anew."""
        now = self._span()
        if now.begun - self.spans[-1].begun > SPANS_MAX * SPAN_S:
            self.spans.clear()
            self.spans.append(now)
        while self.spans[-1].begun < now.begun:
            self.spans.append(Span(self.spans[-1].begun + SPAN_S))

    # What it shows.

    def html(self, **_: Any) -> str:
        """The dashboard element."""
        self._go_on()
        since = datetime.fromtimestamp(self.since, UTC).strftime("%Y-%m-%d %H:%M UTC")
        totals = "".join(_row(name, f"{count:,}") for name, count in _ordered(self.total.methods))
        averages = "".join(
            _row(_words(spans), *(f"{value:.1f}" for value in self.window(spans)))
            for spans in WINDOWS if spans < len(self.spans)
        )  # fmt: skip
        return (
            f"{self.svg()}<p>{self.total.packets:,} packets since {escape(since)}, {self.total.processed:,} of them "
            f"processed.</p><table><tr><th>Packets</th><th>Since the start</th></tr>{totals}</table>"
            f"<table><tr><th>Average over</th><th>Packets a minute</th><th>Processed a minute</th><th>ms a packet</th>"
            f'</tr>{averages}</table><p><a href="{PATH}.csv">CSV</a> <a href="{PATH}.json">JSON</a> '
            f'<a href="{PATH}.svg">Picture</a></p>'
        )

    def svg(self) -> str:
        """A bar for each of the last spans, in the colours of its methods."""
        spans = list(self.spans)[-_BARS_MAX:]
        highest = max((span.packets for span in spans), default=0) or 1
        wide = _WIDTH / _BARS_MAX
        bars = []
        for place, span in enumerate(spans, _BARS_MAX - len(spans)):
            top = float(_HEIGHT)
            for method, colour in zip(METHODS, _COLOURS, strict=True):
                if span.methods[method]:
                    high = _HEIGHT * span.methods[method] / highest
                    top -= high
                    bars.append(f'<rect x="{place * wide:.1f}" y="{top:.1f}" width="{wide - 1:.1f}" '
                                f'height="{high:.1f}" fill="{colour}"><title>{_clock_words(span.begun)} {method}: '
                                f"{span.methods[method]}</title></rect>")  # fmt: skip
        used = [(method, colour) for method, colour in zip(METHODS, _COLOURS, strict=True)
                if any(span.methods[method] for span in spans)]  # fmt: skip
        legend = "".join(
            f'<rect x="{8 + place % 4 * 180}" y="{_HEIGHT + 12 + place // 4 * 18}" width="10" height="10" '
            f'fill="{colour}"/><text x="{22 + place % 4 * 180}" y="{_HEIGHT + 21 + place // 4 * 18}">{method}</text>'
            for place, (method, colour) in enumerate(used)
        )
        high = _HEIGHT + 20 + -(-len(used) // 4) * 18
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {high}" role="img" font-size="12" '
            f'font-family="sans-serif" fill="currentColor" aria-label="Packets in five minutes, at most {highest}" '
            f'style="width: 100%; max-width: {_WIDTH}px">{"".join(bars)}'
            f'<line x1="0" x2="{_WIDTH}" y1="{_HEIGHT}" y2="{_HEIGHT}" stroke="currentColor"/>{legend}</svg>'
        )

    def rows(self) -> Iterable[list[Any]]:
        """One row a span: when it began, each method's packets, all, processed, seconds."""
        self._go_on()
        for span in self.spans:
            yield [span.begun, *(span.methods[name] for name in METHODS), span.packets, span.processed,
                   round(span.seconds, 6)]  # fmt: skip

    def csv(self, *_: Any) -> tuple[str, str]:
        """The spans, for a spreadsheet."""
        lines = [",".join(COLUMNS), *(",".join(map(str, row)) for row in self.rows())]
        return "text/csv", "\n".join(lines) + "\n"

    def json(self, *_: Any) -> tuple[str, str]:
        """The same as objects."""
        spans = [dict(zip(COLUMNS, row, strict=True)) for row in self.rows()]
        return "application/json", json.dumps({"since": int(self.since), "span_s": SPAN_S, "spans": spans})

    def picture(self, *_: Any) -> tuple[str, str]:
        """The picture by itself."""
        return "image/svg+xml", self.svg()


COLUMNS = ("begun", *METHODS, "packets", "processed", "seconds")


def register(callbacks: Callbacks, *, secure: bool = False, ordering: int | None = None) -> Counts:
    """Count from now on, and show it; ``secure``: its files need the role operator."""
    counts = Counts()
    callbacks.statsAddHandler(counts.count)
    callbacks.webAddDashboard("statistics", "packets", counts.html, ordering)
    for ending, method in (("csv", counts.csv), ("json", counts.json), ("svg", counts.picture)):
        callbacks.webAddMethod(f"{PATH}.{ending}", method, secure=secure, hidden=ending != "csv", module="statistics",
                               name=f"Packets ({ending.upper()})")  # fmt: skip
    return counts


def _row(name: str, *values: str) -> str:
    return f"<tr><td>{escape(name)}</td>{''.join(f'<td>{value}</td>' for value in values)}</tr>"


def _ordered(methods: Counter[str]) -> list[tuple[str, int]]:
    return [(name, methods[name]) for name in METHODS if methods[name]]


def _words(spans: int) -> str:
    minutes = spans * SPAN_S // 60
    if not spans:
        return "this span"
    return f"{minutes} minutes" if minutes < 120 else f"{minutes // 60} hours"


def _clock_words(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M UTC")
