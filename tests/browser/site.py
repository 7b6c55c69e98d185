"""A whole appliance for a real browser: engine and gunicorn as `lessor serve` starts them, 100,000 leases in SQLite."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.services import accounts, schema, transactions
from app.services.access import Role, terminal
from app.services.appliance import Appliance
from dhcpcore.control import ControlClient
from dhcpcore.settings import Settings, load
from dhcpcore.store.definitions import Definitions
from dhcpcore.topology.validate import validate
from dhcpcore.wire.v4.client import Answer, read_answer, request
from dhcpcore.wire.v4.message import MessageType, Opt
from tests.app.cli.test_running import a_free_port, ask, running, until

LEASES = 100_000
#: What would be an element, and would run, if any page wrote it as HTML.
HOSTILE = "<img src=x onerror=alert(1)>"
PASSWORD = "correct horse battery"
PEOPLE = {Role.ADMIN: "ada", Role.VIEWER: "vera"}
#: Addresses of loopback whose relays mean these subnets.
LAB_RELAY, OFFICE_RELAY, WORKSHOP_RELAY = "127.0.0.2", "127.0.0.3", "127.0.0.4"
#: How the hardware addresses of all clients begin that a test has ask.
HARDWARE = bytes((2, 0, 0x5E, 0, 9))
#: The client whose address is reserved; it is the one that has it.
KNOWN_HW, KNOWN_ADDRESS, KNOWN_NAME = "02:00:00:00:30:39", "10.9.3.4", "host-12345"
#: A hook library that only looks, for the page that shows what is called.
HOOKS = "def pkt4_receive(handle):\n    pass\n\n\ndef lease4_select(handle):\n    pass\n"
_NETS = 16
_LEASE = ("INSERT INTO lease (space, kind, address, plen, client, hw, state, expires, cltt, subnet, version, opened, "
          "hostname, relay, agent) VALUES (0, 4, ?, 32, ?, ?, ?, ?, ?, ?, 1, ?, ?, x'', ?)")
_HISTORY = ("INSERT INTO history (space, kind, address, plen, version, client, hw, subnet, hostname, relay, agent, "
            "opened_at, closed_at, reason) VALUES (0, 4, ?, 32, ?, ?, ?, ?, ?, x'', x'', ?, ?, ?)")

#: A script that shows what clients say as it comes, as an unwary one does; it has no other say in what is served.
SCRIPT = """
import html
import urllib.parse
from lessor_scripts import activity, statistics

WEB_DIGEST_USERNAME, WEB_DIGEST_PASSWORD = 'monitor', 'an old password'
NAMES, NOTES, COUNTED = [], [], {'packets': 0, 'erased': 0}

def filterPacket(packet, method, mac, client_ip, relay_ip, port):
    COUNTED['packets'] += 1
    if packet.isOption('hostname'):
        NAMES.append(packet.getOption('hostname', convert=True))
    return True

def names(**_):
    return '<ul>%s</ul>' % ''.join('<li>%s</li>' % name for name in NAMES) if NAMES else None

def counter(**_):
    return ('<p id="count">%(packets)d packets.</p><p><a href="/site/packets.txt">As text</a> '
            '<a href="http://192.0.2.99/">Elsewhere</a></p>' % COUNTED +
            '<script>document.body.dataset.ran = self.origin</script>')

def erase(**_):
    COUNTED['erased'] += 1
    return '<p>Erased %(erased)d times.</p>' % COUNTED

def page(path, queryargs, mimetype, data, headers):
    return ('<p id="said">Hello %s</p><form><input name="to" aria-label="Whom"><button>Greet</button></form>' %
            html.escape(queryargs.get('to', ['nobody'])[0]))

def notes(path, queryargs, mimetype, data, headers):
    NOTES.extend(urllib.parse.parse_qs((data or b'').decode()).get('text', ()))
    return ('<p id="noted">%s</p><form method="post"><input name="text" aria-label="Note"><button>Note</button></form>'
            '<form method="post" action="/site/lock"><input type="hidden" name="confirmed" value="yes">'
            '<button name="door" value="front">Lock</button></form>'
            '<form method="post" action="/account/sessions/revoke-others"><button>Revoke</button></form>' %
            html.escape(', '.join(NOTES)))

def lock(path, queryargs, mimetype, data, headers):
    return '<p id="locked">%s %s</p>' % (mimetype, html.escape((data or b'').decode()))

def init():
    callbacks.systemAddReinitHandler(NAMES.clear)
    callbacks.webAddHeader(lambda *a: '<style>#count { font-weight: 700 }</style>')
    callbacks.webAddDashboard('site', 'counter', counter, ordering=1)
    callbacks.webAddDashboard('site', 'names', names, ordering=2)
    callbacks.webAddDashboard('site', 'broken', lambda **_: 1 / 0, ordering=3)
    callbacks.webAddDashboard('site', 'silent', lambda **_: None)
    statistics.register(callbacks, ordering=4)
    activity.register(callbacks, ordering=5)
    callbacks.webAddMethod('/site/packets.txt', lambda *a: ('text/plain', '%(packets)d packets' % COUNTED))
    callbacks.webAddMethod('/site/raw.html', lambda *a: ('text/html', '<p>raw</p><script>document.title=1</script>'))
    callbacks.webAddMethod('/site/secret', lambda *a: ('text/plain', 'the secret'), secure=True)
    callbacks.webAddMethod('/site/page', page, hidden=False, module='site', name='Greeting',
                           display_mode=callbacks.WEB_METHOD_TEMPLATE)
    callbacks.webAddMethod('/site/notes', notes, name='Notes', display_mode=callbacks.WEB_METHOD_TEMPLATE)
    callbacks.webAddMethod('/site/lock', lock, name='Lock', secure=True, confirm=True,
                           display_mode=callbacks.WEB_METHOD_TEMPLATE)
    callbacks.webAddMethod('/site/erase', erase, hidden=False, module='site', name='Erase', confirm=True,
                           display_mode=callbacks.WEB_METHOD_DASHBOARD)
    callbacks.webAddMethod('/leases/ours', lambda *a: ('text/plain', ''), module='site', name='clash')
"""

DOCUMENT = {
    "version": 1,
    "globals": {"lifetime": "1h", "options": {"dhcp4": {"domain-name-servers": ["192.0.2.53"]}}},
    "option_definitions": [{"space": "dhcp4", "code": 224, "name": "x-colour", "type": "string", "doc": HOSTILE}],
    "shared_networks": [{"name": "campus", "lifetime": "2h", "options": {"dhcp4": {"domain-name": "example.org"}}}],
    "handlers": [{"type": "mark", "name": "late", "fields": {"marks": ["late"]}, "description": HOSTILE,
                  "scope": {"elapsed": {"more_than": "1h"}}},
                 {"type": "of-no-package", "fields": {"text": HOSTILE}, "enabled": False}],
    "classes": [{"name": "voip", "test": "option[60].text == 'AAVAYA'", "description": HOSTILE}],
    "subnets": [
        *({"prefix": f"10.{n}.0.0/16", "name": f"floor-{n}",
           "pools": [{"first": f"10.{n}.0.1", "last": f"10.{n}.{63 if n % 5 else 27}.254"}]} for n in range(_NETS)),
        {"prefix": "192.0.2.0/24", "name": "office", "relays": [OFFICE_RELAY], "interface": "lo",
         "pools": [{"first": "192.0.2.100", "last": "192.0.2.199"}], "options": {"routers": ["192.0.2.1"]},
         "assignments": [
             {"hw_address": "02:00:00:00:00:01", "address": "192.0.2.10", "hostname": "printer"},
             {"circuit_id": HOSTILE, "address": "192.0.2.11"},
             {"hw_address": "02:00:00:00:00:03", "address": "192.0.2.12", "enabled": False}]},
        {"prefix": "198.51.100.0/24", "name": "laboratory", "relays": [LAB_RELAY],
         "pools": [{"first": "198.51.100.10", "last": "198.51.100.10"}]},
        {"prefix": "10.77.0.0/24", "name": "workshop", "relays": [WORKSHOP_RELAY],
         "pools": [{"first": "10.77.0.10", "last": "10.77.0.10"}]},
        {"prefix": "203.0.113.0/24", "name": HOSTILE, "pools": [{"first": "203.0.113.10", "last": "203.0.113.19"}],
         "options": {"root-path": HOSTILE}},
    ],
}


@dataclass(frozen=True)
class Site:
    """Where it is, and how a client behind one of its relays asks it."""

    url: str
    dhcp: int
    settings: Settings

    def told(self, hw_address: str) -> None:
        """Wait until what became of that client's message is in SQL, where the engine writes it once a second."""
        appliance = Appliance.open(self.settings)
        try:
            until(lambda: transactions.latest(appliance, hw_address), "the engine's account of it")
        finally:
            appliance.close()

    def ask(self, relay: str, last: int, *, waits_s: float = 1.0, hostname: bytes = b"") -> Answer | None:
        """What a DISCOVER of the client whose hardware address ends in ``last`` is answered; None: nothing."""
        said = [(Opt.HOST_NAME, hostname)] if hostname else []
        hardware = HARDWARE + bytes([last])
        octets = socket.inet_aton(relay)
        itself = bytes((19, 0))  # The relay asks to be answered at its own port, RFC 8357 4.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
            door.bind((relay, 0))
            door.settimeout(waits_s)
            door.sendto(request(MessageType.DISCOVER, last, hardware, [*said, (Opt.AGENT_OPTIONS, itself)],
                                relay=octets),
                        ("127.0.0.1", self.dhcp))
            try:
                return read_answer(door.recv(4096))
            except TimeoutError:
                return None


@contextmanager
def running_site(folder: Path) -> Iterator[Site]:
    """An appliance in ``folder`` that answers at both its doors."""
    web, dhcp = a_free_port(socket.SOCK_STREAM), a_free_port(socket.SOCK_DGRAM)
    config = folder / "lessor.toml"
    library = folder / "site_hooks.py"
    library.write_text(HOOKS)
    (folder / "conf.py").write_text(SCRIPT)
    config.write_text(f"state_dir = '{folder}/state'\ninterfaces = ['lo']\nhooks = ['{library}']\n"
                      f"script = '{folder}/conf.py'\n[dhcp4]\nport = {dhcp}\n[web]\nbind = '127.0.0.1:{web}'\n")
    config.chmod(0o600)
    (folder / "state").mkdir(mode=0o750)
    settings = load(config, {}).settings
    schema.upgrade(settings)
    appliance = Appliance.open(settings)
    try:
        fill(appliance)
        for role, name in PEOPLE.items():
            accounts.add(appliance, name, role.word, PASSWORD, by=terminal(), must_change=False)
    finally:
        appliance.close()
    control = ControlClient(settings.control_socket)
    with running("--config", config, "serve") as child:
        until(lambda: ask(web, "/healthz")[0] == 200, "pages", child)
        until(lambda: control.call("status")["ready"], "engine", child)
        yield Site(f"http://127.0.0.1:{web}", dhcp, settings)


def fill(appliance: Appliance) -> None:
    """Definitions, and leases straight into SQL."""
    Definitions(appliance.database).apply(validate(DOCUMENT), "test")
    now = int(time.time())
    rows = []
    for n in range(LEASES):
        net, place = n % _NETS, n // _NETS + 1
        hw = b"\x01\x02\0" + n.to_bytes(4, "big")
        rows.append((bytes((10, net)) + place.to_bytes(2, "big"), b"\0" + hw, hw, 1, now + 7200 + n % 3000,
                     now - n % 3000, net + 1, now - 90_000, f"host-{n}", b""))
    agent = b"\1" + bytes([len(HOSTILE)]) + HOSTILE.encode()
    for address, subnet, hostname, state in (((198, 51, 100, 10), 18, "", 1), ((203, 0, 113, 10), 20, HOSTILE, 1),
                                             ((192, 0, 2, 101), 17, "reception", 1), ((192, 0, 2, 102), 17, "", 4),
                                             ((10, 77, 0, 10), 19, "lathe", 1)):
        hw = bytes((1, 2, 1, 0, 0, 0, subnet + state))
        rows.append((bytes(address), b"\0" + hw, hw, state, now + 7200, now - 60, subnet, now - 5000, hostname, agent))
    past = [(row[0], n, row[1], row[2], row[6], "" if n == 1 else HOSTILE, now - 90_000 * (3 - n),
             now - 80_000 if n == 1 else None, 2 if n == 1 else None) for row in rows[-4:] for n in (1, 2)]
    with appliance.database.writer(durable=False, seconds=60) as connection:
        connection.exec_driver_sql(_LEASE, rows)
        connection.exec_driver_sql(_HISTORY, past)
