"""Browsers that watch the dashboard, as its script does: a stream each, and the living part every five seconds.

    python -m bench.browsers HOST:PORT TOKEN COUNT

Runs until its standard input ends, and then prints what came, as JSON.  No package is imported that a server under load
would have to wait for.
"""

from __future__ import annotations

import http.client
import json
import sys
import threading
import time

STREAM, LIVE = "/events/stream", "/fragments/dashboard"
#: As static/dashboard.js has it.
PERIOD_S = 5.0
#: Until the pages answer for the first time.
START_S_MAX = 60.0
ANSWER_S_MAX = 30.0


class Browser:
    """One of them: what came by its stream, and how long each answer took."""

    def __init__(self, address: str, token: str, number: int, count: int) -> None:
        self._address = address
        self._headers = {"Authorization": f"Bearer {token}"}
        self._first_s = PERIOD_S * number / count  # Nobody opens eight pages in the same moment.
        self.events = 0
        self.took_ms: list[float] = []
        self.failures = 0
        self.ended = threading.Event()

    def start(self) -> None:
        """Watch, in two threads that end with the process."""
        for work in (self._listen, self._ask):
            threading.Thread(target=work, daemon=True).start()

    def _listen(self) -> None:
        while not self.ended.is_set():
            connection = http.client.HTTPConnection(self._address, timeout=ANSWER_S_MAX)
            try:
                connection.request("GET", STREAM, headers=self._headers)
                answer = connection.getresponse()
                if answer.status != http.client.OK:
                    raise ConnectionError(f"status {answer.status}")
                while line := answer.readline():
                    self.events += line.startswith(b"data:")
            except (OSError, http.client.HTTPException):
                self.failures += not self.ended.is_set()
                self.ended.wait(1.0)
            finally:
                connection.close()

    def _ask(self) -> None:
        self.ended.wait(self._first_s)
        while not self.ended.is_set():
            # gunicorn keeps an idle connection for two seconds: every question comes by a new one.
            connection = http.client.HTTPConnection(self._address, timeout=ANSWER_S_MAX)
            began = time.perf_counter()
            try:
                connection.request("GET", LIVE, headers=self._headers)
                answer = connection.getresponse()
                if not answer.read() or answer.status != http.client.OK:
                    raise ConnectionError(f"status {answer.status}")
                self.took_ms.append(1000 * (time.perf_counter() - began))
            except (OSError, http.client.HTTPException):
                self.failures += not self.ended.is_set()
            finally:
                connection.close()
            self.ended.wait(PERIOD_S)


def answers(address: str) -> bool:
    """Whether the pages are there."""
    connection = http.client.HTTPConnection(address, timeout=ANSWER_S_MAX)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def main(address: str, token: str, count: int) -> int:
    """Watch until standard input ends."""
    deadline = time.monotonic() + START_S_MAX
    while not answers(address):
        if time.monotonic() > deadline:
            print(f"No pages at {address}.", file=sys.stderr)
            return 1
        time.sleep(0.1)
    watching = [Browser(address, token, number, count) for number in range(count)]
    for browser in watching:
        browser.start()
    print("watching", flush=True)
    sys.stdin.read()
    for browser in watching:
        browser.ended.set()
    took = sorted(one for browser in watching for one in browser.took_ms)
    print(json.dumps({
        "events": sum(browser.events for browser in watching),
        "asked": len(took),
        "failures": sum(browser.failures for browser in watching),
        "p95_ms": took[max(0, -(-95 * len(took) // 100) - 1)] if took else None,
    }), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
