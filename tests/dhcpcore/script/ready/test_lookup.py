"""Definitions over HTTP, from a real server on this machine."""

import json
import logging
import threading
import urllib.error
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from dhcpcore.script.compat.mac import MAC
from dhcpcore.script.ready.lookup import ANSWER_MAX, HTTPCachingDatabase, HTTPDatabase

A, B = MAC(1), MAC(2)
PRINTER = {"ip": "192.0.2.9", "lease_time": 600, "subnet": "office", "serial": 0, "gateway": "192.0.2.1"}


class Inventory:
    """What it was asked, and what it says: a status and octets."""

    def __init__(self):
        self.asked = []
        self.says = (200, json.dumps(PRINTER).encode())
        self.headers = {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                length = int(self.headers.get("Content-Length", 0))
                outer.asked.append((self.command, self.path, self.rfile.read(length), dict(self.headers)))
                status, octets = outer.says
                self.send_response(status)
                for name, value in outer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(octets)))
                self.end_headers()
                self.wfile.write(octets)

            def do_GET(self):
                self.do_POST()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.uri = f"http://127.0.0.1:{self.server.server_port}/dhcp"
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self._thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()


@pytest.fixture
def inventory():
    made = Inventory()
    yield made
    made.close()


def test_it_is_asked_with_the_address_and_tells_a_definition(inventory):
    found = HTTPDatabase(inventory.uri, parameters={"site": "north"}, headers={"X-Key": "1"}).lookupMAC(A)
    assert (str(found.ip), found.lease_time, str(found.gateways[0])) == ("192.0.2.9", 600, "192.0.2.1")
    ((method, path, body, headers),) = inventory.asked
    assert (method, path, json.loads(body)) == ("POST", "/dhcp", {"site": "north", "mac": "00:00:00:00:00:01"})
    assert (headers["X-Key"], headers["Content-Type"]) == ("1", "application/json")


def test_by_get_it_stands_in_the_query(inventory):
    HTTPDatabase(f"{inventory.uri}?v=1", post=False, key="hw", parameters={"a": "b c"}).lookupMAC(A)
    assert inventory.asked[0][:3] == ("GET", "/dhcp?v=1&a=b+c&hw=00%3A00%3A00%3A00%3A00%3A01", b"")


@pytest.mark.parametrize("says", [(404, b"no"), (200, b"null"), (200, b""), (204, b""), (200, b"[]")])
def test_a_client_that_is_not_known(inventory, says):
    inventory.says = says
    assert HTTPDatabase(inventory.uri).lookupMAC(A) is None


def test_several_are_told_as_such(inventory):
    inventory.says = (200, json.dumps([PRINTER, {**PRINTER, "ip": "192.0.2.8"}]).encode())
    assert [str(one.ip) for one in HTTPDatabase(inventory.uri).lookupMAC(A)] == ["192.0.2.9", "192.0.2.8"]


@pytest.mark.parametrize("says", [
    (500, b"x"), (200, b"{"), (200, b'"text"'), (200, b'{"ip": "192.0.2.9", "colour": 1}'), (200, b"[1]"),
    (200, b'"' + b"x" * ANSWER_MAX + b'"'),
], ids=["500", "no-json", "text", "unknown-key", "list-of-numbers", "too-long"])  # fmt: skip
def test_what_is_no_definition_raises(inventory, says):
    inventory.says = says
    with pytest.raises((ValueError, TypeError, urllib.error.HTTPError)) as caught:
        HTTPDatabase(inventory.uri).lookupMAC(A)
    if isinstance(caught.value, urllib.error.HTTPError):
        caught.value.close()


def test_only_web_servers_are_asked(inventory):
    for uri in ("file:///etc/passwd", "ftp://x/", "x"):
        with pytest.raises(ValueError, match="no address of a web server"):
            HTTPDatabase(uri)
    inventory.says, inventory.headers = (302, b""), {"Location": "file:///etc/passwd"}
    with pytest.raises(urllib.error.HTTPError) as caught:
        HTTPDatabase(inventory.uri, post=False).lookupMAC(A)
    caught.value.close()


class TestCache:
    def database(self, inventory, now):
        return HTTPCachingDatabase(inventory.uri, clock=lambda: now[0])

    def test_it_asks_once_in_five_minutes_and_after_a_reinitialisation(self, inventory):
        now = [0.0]
        database = self.database(inventory, now)
        for at in (0.0, 299.0, 300.0):
            now[0] = at
            assert str(database.lookupMAC(A).ip) == "192.0.2.9"
        assert len(inventory.asked) == 2
        database.reinitialise()
        database.lookupMAC(A)
        assert len(inventory.asked) == 3

    def test_who_is_not_known_is_asked_about_again_soon(self, inventory):
        now = [0.0]
        database = self.database(inventory, now)
        inventory.says = (404, b"")
        assert database.lookupMAC(B) is None
        assert database.lookupMAC(B) is None
        assert len(inventory.asked) == 1
        inventory.says = (200, json.dumps(PRINTER).encode())
        now[0] = 30.0
        assert database.lookupMAC(B) is not None

    def test_where_nobody_answers_what_was_known_will_do_for_a_day(self, inventory, caplog):
        caplog.set_level(logging.WARNING)
        now = [0.0]
        database = self.database(inventory, now)
        database.lookupMAC(A)
        inventory.says = (200, b"{")
        now[0] = 400.0
        assert str(database.lookupMAC(A).ip) == "192.0.2.9"
        assert "from what was known" in caplog.text
        with pytest.raises(ValueError, match="Expecting"):
            database.lookupMAC(B)
        now[0] = 86_400.0
        with pytest.raises(ValueError, match="Expecting"):
            database.lookupMAC(A)
