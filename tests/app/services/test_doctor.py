import http.server
import os
import socket
import threading
from pathlib import Path

import pytest
from sqlalchemy import insert

from app.services import doctor
from app.services.checks import stored
from app.services.facts import Holder, Machine, Readiness, Space, is_bridged
from app.services.neighbours import OtherServer
from dhcpcore.control import NO_SUBNET, ControlClient
from dhcpcore.errors import InvalidValue, StoreUnavailable
from dhcpcore.settings import Settings
from dhcpcore.settings.model import Dhcp4, Dhcp6, Leasequery, Web
from dhcpcore.store.database import Database
from dhcpcore.store.health import Durability
from dhcpcore.store.schema import quarantine
from tests.app.site import DOCUMENT, define
from tests.certificates import Authority

GIB = 1 << 30


class Healthy(Machine):
    """A machine on which nothing is wrong; a test spoils one thing."""

    def __init__(self, **facts):
        self.facts = {
            "is_root": True, "capabilities": frozenset({"NET_RAW", "NET_BIND_SERVICE"}), "holders": [],
            "unprivileged_port_start": 1024, "interfaces": ["eth0"], "missing_interfaces": [],
            "own_addresses": {"192.0.2.1"}, "other_servers": [], "firewall": [], "clock_synchronised": True,
            "space": Space(50 * GIB, 100 * GIB), "mounts": "/dev/sda1 / ext4 rw 0 0", "in_bridged_container": False,
            "readiness": Readiness(200, ""),
            **facts}

    def __getattribute__(self, name):
        facts = object.__getattribute__(self, "__dict__").get("facts", {})
        if name in facts:
            return lambda *_: facts[name]
        return object.__getattribute__(self, name)


@pytest.fixture
def settings(sqlite_url, tmp_path):
    database = Database(sqlite_url)
    define(database)
    database.dispose()
    return Settings(database_url=sqlite_url, state_dir=tmp_path, control_socket=tmp_path / "control.sock")


def findings(settings, check=None, **facts):
    found = doctor.examine(settings, Healthy(**facts))
    return [(one.severity, f"{one.message} {one.remedy}") for one in found if check in {None, one.check}]


def the_one(settings, check, severity, **facts):
    found = [text for found, text in findings(settings, check, **facts) if found == severity]
    assert len(found) == 1, found
    return found[0]


def with_engine(monkeypatch, status):
    monkeypatch.setattr(ControlClient, "call", lambda *_: status)


def test_a_sound_machine_has_nothing_broken(settings, monkeypatch):
    with_engine(monkeypatch, {"ready": True, "revision": 1})
    found = doctor.examine(settings, Healthy())
    assert {one.severity for one in found} == {"ok"}, found
    assert not doctor.is_broken(found)
    assert {one.check for one in found} == {name for name, _ in doctor.CHECKS}


def test_every_check_is_in_the_manual():
    from pathlib import Path
    page = (Path(__file__).parents[3] / "docs" / "doctor.md").read_text()
    rows = [line.split("|")[1].strip() for line in page.splitlines() if line.startswith("| ")][1:]
    assert rows == [name for name, _ in doctor.CHECKS]


def test_an_engine_that_is_away_is_a_warning(settings):
    assert "Start it with: lessor engine" in the_one(settings, "engine", "warning")


def test_an_engine_that_is_not_ready_is_broken(settings, monkeypatch):
    with_engine(monkeypatch, {"ready": False, "why_not_ready": ["the clock is off"]})
    assert "the clock is off" in the_one(settings, "engine", "broken")


def test_a_database_that_is_not_there(tmp_path):
    nowhere = Settings(database_url=f"sqlite:///{tmp_path}/none.db", state_dir=tmp_path)
    assert "lessor migrate" in the_one(nowhere, "database", "broken")
    assert not (tmp_path / "none.db").exists(), "looking makes nothing"


def test_a_database_that_does_not_answer(tmp_path):
    away = Settings(database_url="postgresql://nobody@127.0.0.1:1/none", state_dir=tmp_path)
    said = the_one(away, "database", "broken")
    assert "does not answer" in said
    assert "correct database_url" in said
    for check in ("durability", "definitions"):
        assert "Not looked at" in the_one(away, check, "note")


def test_a_database_without_tables_or_of_another_version(tmp_path, url):
    database = Database(url)
    with database.reader():
        pass
    here = Settings(database_url=url, state_dir=tmp_path)
    assert "has no tables" in the_one(here, "database", "broken")
    with database.writer() as connection:
        connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32))")
        connection.exec_driver_sql("INSERT INTO alembic_version VALUES ('9999')")
    database.dispose()
    assert "has schema version 9999" in the_one(here, "database", "broken")


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs"])
def test_sqlite_on_a_network_file_system(settings, tmp_path, kind):
    mounts = f"/dev/sda1 / ext4 rw 0 0\nserver:/x {tmp_path} {kind} rw 0 0"
    assert kind in the_one(settings, "database", "broken", mounts=mounts)


def test_a_file_system_elsewhere_is_nobodys_business(settings, tmp_path):
    mounts = f"/dev/sda1 / ext4 rw 0 0\nserver:/x {tmp_path}elsewhere nfs4 rw 0 0"
    assert [found for found, _ in findings(settings, "database", mounts=mounts)] == ["ok"]


def durable(**changes):
    base = {"fsync": True, "synchronous_commit": "on", "synchronous_standby_names": "", "standbys": (),
            "is_standby": False}
    return Durability(**base | changes)


SYNC = (("replica", "sync"),)


@pytest.mark.parametrize(("found", "severity", "said"), [
    (durable(), "OK", "not the loss of the machine"),
    (durable(synchronous_standby_names="replica", standbys=SYNC), "OK", "survives a fail-over"),
    (durable(synchronous_standby_names="ANY 1 (*)", standbys=(("r", "quorum"),), synchronous_commit="remote_apply"),
     "OK", "survives a fail-over"),
    (durable(standbys=(("replica", "async"),)), "WARNING", "may be missing"),
    (durable(synchronous_standby_names="r", standbys=SYNC, synchronous_commit="local"), "WARNING", "may be missing"),
    (durable(synchronous_standby_names="replica"), "BROKEN", "every commit hangs"),
    (durable(fsync=False), "BROKEN", "power failure"),
    (durable(synchronous_commit="off"), "BROKEN", "synchronous_commit is off"),
    (durable(is_standby=True), "BROKEN", "is a standby"),
])
def test_what_postgresql_promises(found, severity, said):
    verdicts = list(stored._of_postgresql(found))
    assert any(one.severity.name == severity and said in one.message for one in verdicts), verdicts
    if severity == "OK":
        assert len(verdicts) == 1


def test_durability_is_asked_of_the_real_database(database, tmp_path):
    here = Settings(database_url=database.url.render_as_string(hide_password=False), state_dir=tmp_path)
    assert "on this" in the_one(here, "durability", "ok")


@pytest.mark.pg
def test_a_role_that_does_not_wait_for_the_disk_is_seen(pg_url, tmp_path):
    from dhcpcore.store import migrate
    migrate.upgrade(pg_url)
    database = Database(pg_url)
    with database.writer() as connection:
        name = connection.exec_driver_sql("SELECT current_database()").scalar_one()
        connection.exec_driver_sql(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
    database.dispose()
    here = Settings(database_url=pg_url, state_dir=tmp_path)
    assert "synchronous_commit is off" in the_one(here, "durability", "broken")


def test_no_subnet_and_no_pool_are_told(settings, sqlite_url):
    database = Database(sqlite_url)
    define(database, {"version": 1, "subnets": [DOCUMENT["subnets"][1]]})
    assert "neither a pool nor an assignment" in the_one(settings, "definitions", "warning")
    define(database, {"version": 1})
    assert "lessor apply FILE" in the_one(settings, "definitions", "warning")
    database.dispose()


def test_quarantined_rows_are_told(settings, sqlite_url):
    database = Database(sqlite_url)
    with database.writer() as connection:
        connection.execute(insert(quarantine), [{"at": 1, "place": "lease 192.0.2.1", "fault": "no client", "row": {}}])
        connection.exec_driver_sql("UPDATE pool SET first = x'00'")
    database.dispose()
    said = [text for severity, text in findings(settings, "definitions") if severity == "warning"]
    assert any("lease 192.0.2.1: no client" in text for text in said)
    assert any("pool 1" in text for text in said)


def test_a_handler_whose_type_is_not_installed_is_told_with_the_remedy(settings, sqlite_url):
    database = Database(sqlite_url)
    define(database, {**DOCUMENT, "handlers": [
        {"type": "of-no-package"}, {"type": "of-no-package", "name": "off", "enabled": False},
        {"type": "ignore-request"}]})
    database.dispose()
    said = the_one(settings, "definitions", "warning")
    assert "Handler of-no-package is set aside" in said
    assert "lessor migrate" in said


def test_a_taken_port_names_its_holder_and_the_remedy(settings):
    said = the_one(settings, "sockets", "broken", holders=[Holder(321, "dnsmasq", "0.0.0.0")])
    assert "UDP port 67 is taken by dnsmasq (pid 321)" in said
    assert "systemctl disable --now dnsmasq" in said
    assert "only root can name" in the_one(settings, "sockets", "broken", holders=[Holder(None, "", "0.0.0.0")])


ASKING = {"version": 1, "leasequery": {"enabled": True, "requestors": ["192.0.2.2"]}, "subnets": [
    {"prefix": "198.51.100.0/24", "proxy": True, "boot": {"file": "x.0"}}]}
TCP, PXE = "TCP port 67", "UDP port 4011"


@pytest.fixture
def asking(settings, sqlite_url):
    """Definitions with leasequery and ProxyDHCP."""
    database = Database(sqlite_url)
    define(database, ASKING)
    database.dispose()
    return settings


def of_port(found, name):
    return [(severity, text) for severity, text in found if name in text]


def test_ports_that_nobody_asks_for_are_not_looked_at(settings):
    found = findings(settings, "sockets") + findings(settings, "firewall", firewall=[])
    assert not of_port(found, TCP) + of_port(found, PXE)


def test_ports_of_leasequery_and_proxydhcp_are_looked_at(asking):
    found = findings(asking, "sockets")
    assert [severity for severity, _ in of_port(found, TCP) + of_port(found, PXE)] == ["note", "note"]
    found = findings(asking, "sockets", holders=[Holder(9, "tftpd", "0.0.0.0")])
    assert [severity for severity, _ in of_port(found, TCP) + of_port(found, PXE)] == ["warning", "warning"]
    assert "is taken by tftpd (pid 9)" in of_port(found, PXE)[0][1]


def test_an_engine_without_them_is_told(asking, monkeypatch):
    with_engine(monkeypatch, {"ready": True})
    found = findings(asking, "sockets")
    assert [severity for severity, _ in of_port(found, TCP) + of_port(found, PXE)] == ["warning", "warning"]
    found = findings(asking, "sockets", holders=[Holder(1, "python", "0.0.0.0")])
    assert [severity for severity, _ in of_port(found, TCP) + of_port(found, PXE)] == ["ok", "ok"]


def test_the_firewall_is_asked_about_them(asking):
    found = findings(asking, "firewall", firewall=["It drops."])
    assert [text.partition("input ")[2] for _, text in found] == [
        "udp dport 67 accept", "tcp dport 67 accept", "udp dport 4011 accept"]


def test_the_port_of_dhcpv6_is_looked_at_where_that_is_served(settings):
    served = settings.model_copy(update={"dhcp6": Dhcp6(enabled=True)})
    assert not of_port(findings(settings, "sockets"), "UDP port 547")
    assert [severity for severity, _ in of_port(findings(served, "sockets"), "UDP port 547")] == ["note"]
    taken = of_port(findings(served, "sockets", holders=[Holder(7, "kea-dhcp6", "::")]), "UDP port 547")
    assert [severity for severity, _ in taken] == ["warning"]
    assert "is taken by kea-dhcp6 (pid 7), at ::: it is for clients of DHCPv6" in taken[0][1]
    alone = served.model_copy(update={"dhcp4": Dhcp4(enabled=False)})
    assert [text.strip() for _, text in findings(alone, "sockets")] == [
        "DHCPv4 is switched off (dhcp4.enabled).", "UDP port 547 is free, for clients of DHCPv6."]


def test_at_another_port_than_dhcps_there_is_no_4011(asking):
    found = findings(asking.model_copy(update={"dhcp4": Dhcp4(port=6767)}), "sockets")
    assert of_port(found, "TCP port 6767")
    assert not of_port(found, PXE)


def test_our_own_engine_has_the_port_by_right(settings, monkeypatch):
    with_engine(monkeypatch, {"ready": True})
    assert findings(settings, "sockets", holders=[Holder(1, "python", "0.0.0.0")])[0][0] == "ok"


def test_missing_rights_and_interfaces_are_told(settings):
    assert "NET_BIND_SERVICE" in the_one(settings, "sockets", "warning", capabilities=frozenset({"NET_RAW"}))
    assert "NET_RAW" in the_one(settings, "sockets", "note", capabilities=frozenset({"NET_BIND_SERVICE"}))
    assert findings(settings, "sockets", capabilities=frozenset({"NET_RAW"}), unprivileged_port_start=0)[0][0] == "ok"
    assert "eth9" in the_one(settings, "sockets", "warning", missing_interfaces=["eth9"])


def test_another_server_is_named_and_ourselves_are_none(settings):
    other, ours = OtherServer("eth0", "192.0.2.254", "192.0.2.9"), OtherServer("eth0", "192.0.2.1", "192.0.2.9")
    assert "192.0.2.254 offered 192.0.2.9" in the_one(settings, "other servers", "warning", other_servers=[other, ours])
    assert findings(settings, "other servers", other_servers=[ours])[0][0] == "ok"


def test_what_only_root_may_see_is_said_to_be_unseen(settings):
    for check in ("other servers", "firewall"):
        assert "sudo lessor doctor" in the_one(settings, check, "note", is_root=False)


def test_nobody_is_asked_on_an_unusual_port(settings):
    def fails(*_):
        raise AssertionError
    unusual = settings.model_copy(update={"dhcp4": Dhcp4(port=6767)})
    machine = Healthy()
    del machine.facts["other_servers"]
    machine.other_servers = fails
    assert any(one.check == "other servers" and one.severity == "note" for one in doctor.examine(unusual, machine))


def test_a_firewall_is_quoted(settings):
    assert "drops UDP" in the_one(settings, "firewall", "broken", firewall=["The nft chain drops UDP port 67."])


@pytest.mark.parametrize(("free", "severity"), [(50 * GIB, None), (GIB // 2, "warning"), (GIB // 100, "broken")])
def test_disk_space(settings, free, severity):
    found = [one for one, _ in findings(settings, "disk", space=Space(free, 100 * GIB))]
    assert (severity in found) if severity else set(found) == {"ok"}
    assert "rows:" in findings(settings, "disk")[-1][1]


def test_clocks(settings, monkeypatch):
    assert "NTP" in the_one(settings, "clock", "warning", clock_synchronised=False)
    assert "nobody here can tell" in the_one(settings, "clock", "ok", clock_synchronised=None)
    real = Database.now
    monkeypatch.setattr(Database, "now", lambda self: real(self) + 3)
    assert "3.0 s apart" in the_one(settings, "clock", "warning")
    monkeypatch.setattr(Database, "now", lambda self: real(self) - 60)
    assert "60.0 s apart" in the_one(settings, "clock", "broken")


def test_a_bridged_container_is_told(settings):
    assert "network_mode: host" in the_one(settings, "network", "warning", in_bridged_container=True)


def test_pages_that_others_reach(settings):
    open_to_all = settings.model_copy(update={"web": Web(bind="0.0.0.0:8067", unprotected=True)})
    assert "not encrypted" in the_one(open_to_all, "web", "warning")
    refused = settings.model_copy(update={"web": Web(bind="0.0.0.0:8067")})
    assert "refuses to start" in the_one(refused, "web", "broken")
    encrypted = settings.model_copy(update={"web": Web(bind="0.0.0.0:8067", tls="self-made")})
    assert "are encrypted" in the_one(encrypted, "web", "ok")


def test_a_check_that_fails_is_a_finding_and_the_others_go_on(settings, monkeypatch):
    def fails(_):
        raise StoreUnavailable("It went away.")
    monkeypatch.setattr(stored.health, "durability", fails)
    assert "It went away." in the_one(settings, "durability", "warning")
    assert findings(settings, "web")


def test_the_real_machine_answers_every_question(settings):
    machine = Machine()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        (holder,) = machine.holders(port)
        assert holder.address == "127.0.0.1"
        assert holder.pid == os.getpid()
    assert machine.holders(port) == []
    assert machine.space(settings.state_dir / "not" / "there").total > 0
    assert "127.0.0.1" in machine.own_addresses()
    assert machine.missing_interfaces(("lo", "nosuch0")) == ["nosuch0"]
    assert "lo" not in machine.interfaces(())
    assert machine.capabilities() <= {"NET_RAW", "NET_BIND_SERVICE"}
    assert machine.in_bridged_container() in {True, False}
    assert machine.clock_synchronised() in {True, False, None}
    assert isinstance(machine.firewall(67), list)
    assert " / " in machine.mounts()


def test_the_room_below_a_folder_that_may_not_be_entered_is_that_of_the_disk(tmp_path, monkeypatch):
    there = os.stat

    def forbidden(path, **options):
        if Path(path).is_relative_to(tmp_path / "closed"):
            raise PermissionError(13, "Permission denied")
        return there(path, **options)

    monkeypatch.setattr(os, "stat", forbidden)
    assert Machine().space(tmp_path / "closed" / "state").total == Machine().space(tmp_path).total


def test_one_check_alone_is_looked_at_and_a_warning_counts(settings, monkeypatch):
    away = doctor.examine(settings, Healthy(), only=("engine",))
    assert [(one.check, one.severity) for one in away] == [("engine", "warning")]
    assert doctor.is_broken(away, strict=True)
    assert not doctor.is_broken(away)
    with_engine(monkeypatch, {"ready": True, "revision": 1})
    assert not doctor.is_broken(doctor.examine(settings, Healthy(), only=("engine",)), strict=True)
    with pytest.raises(InvalidValue, match="no check 'egnine'; there are engine, database"):
        doctor.examine(settings, Healthy(), only=("egnine",))


def test_an_engine_that_waits_for_its_first_subnet_is_well(settings, monkeypatch):
    with_engine(monkeypatch, {"ready": False, "why_not_ready": [NO_SUBNET]})
    found = doctor.examine(settings, Healthy(), only=("engine",))
    assert not doctor.is_broken(found, strict=True)
    with_engine(monkeypatch, {"ready": False, "why_not_ready": ["the clock is off", NO_SUBNET]})
    assert doctor.is_broken(doctor.examine(settings, Healthy(), only=("engine",)))


def test_pages_that_are_not_ready_are_broken_and_none_is_a_warning(settings):
    assert "No pages are served" in the_one(settings, "pages", "warning", readiness=None)
    answer = Readiness(503, "the database is away")
    assert "the database is away" in the_one(settings, "pages", "broken", readiness=answer)


class Pages(http.server.BaseHTTPRequestHandler):
    answer = (200, b'{"status": "ready"}')

    def do_GET(self):
        status, body = self.answer if self.path == "/readyz" else (404, b"")
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.mark.parametrize(("answer", "found"), [
    ((200, b'{"status": "ready"}'), Readiness(200, "")),
    ((503, b'{"reason": "no tables"}'), Readiness(503, "no tables")),
    ((200, b"<html>"), Readiness(200, "it is not Lessor that answers")),
])
@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_the_pages_of_this_machine_are_asked(monkeypatch, host, answer, found):
    monkeypatch.setattr(Pages, "answer", answer)
    with http.server.HTTPServer(("127.0.0.1", 0), Pages) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        assert Machine().readiness(Web(bind=f"{host}:{server.server_port}", unprotected=True)) == found


def test_where_nothing_listens_no_pages_are_found():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert Machine().readiness(Web(bind=f"127.0.0.1:{port}")) is None


@pytest.mark.parametrize(("interfaces", "bridged"), [
    ({"lo": (1, 1, ""), "eth0": (2, 7, "")}, True),
    ({"lo": (1, 1, "")}, False),
    ({"lo": (1, 1, ""), "eth0": (2, 2, "device"), "eth0.20": (3, 2, ""), "veth1": (9, 2, "master")}, False),
    ({"lo": (1, 1, ""), "br0": (2, 2, ""), "veth1": (9, 2, "master")}, False),
], ids=["container", "no network", "host with VLANs and containers", "host without devices"])
def test_a_container_s_own_network_is_told_from_a_host_s(tmp_path, interfaces, bridged):
    for name, (own, link, more) in interfaces.items():
        folder = tmp_path / name
        folder.mkdir()
        (folder / "ifindex").write_text(f"{own}\n")
        (folder / "iflink").write_text(f"{link}\n")
        if more:
            (folder / more).mkdir()
    assert is_bridged(tmp_path) is bridged


def test_the_files_of_leasequery_over_tls_are_looked_at(settings, sqlite_url, tmp_path):
    database = Database(sqlite_url)
    define(database, {"version": 1, "leasequery": {"enabled": True, "requestors": ["192.0.2.2"], "tls": "required"}})
    database.dispose()
    said = the_one(settings, "sockets", "broken")
    assert "Leasequery over TLS (required) cannot be had: leasequery.certificate is not set: name the PEM file" in said
    authority = Authority(tmp_path, "authority")
    for days, severity, words in ((30, "ok", "has a certificate until"), (3, "warning", "ends on"),
                                  (-1, "broken", "ended on")):
        certificate, key = authority.certify("server", days)
        here = settings.model_copy(update={"leasequery": Leasequery(
            certificate=certificate, key=key, requestors_ca=authority.file)})
        assert [found for found, text in findings(here, "sockets") if words in text] == [severity]
    key.unlink()
    said = the_one(here, "sockets", "broken")
    assert said.endswith("Name a PEM file that the engine's account may read.")


def test_where_there_is_no_tls_for_leasequery_no_file_is_looked_at(asking):
    assert not [text for _, text in findings(asking, "sockets") if "certificate" in text]
