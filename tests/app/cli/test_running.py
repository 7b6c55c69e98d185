"""The verbs that run, for real: engine, web pages and demonstration as child processes on loopback."""

import http.client
import json
import os
import pwd
import re
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.services import tokens
from app.services.access import terminal
from app.services.appliance import Appliance
from app.services.sessions import Caller
from dhcpcore.control import ControlClient, EngineAway
from dhcpcore.settings import load
from tests.packets4 import DISCOVER, client, read, request
from tests.smtp import MailServer

ROOT = Path(__file__).parents[3]
#: A loaded machine of one core takes its time to start three interpreters.
START_S_MAX = 60.0


def a_free_port(kind):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def running(*arguments, env=None, **options):
    env = {name: value for name, value in os.environ.items() if not name.startswith("LESSOR_")} | (env or {})
    child = subprocess.Popen([sys.executable, "-m", "app.cli", *map(str, arguments)], cwd=ROOT, env=env, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True, **options)
    try:
        yield child
    finally:
        if child.poll() is None:
            child.terminate()
        try:
            child.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.communicate()
            raise


def ask(port, path, token=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"} if token else {})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def until(condition, what, child=None):
    end = time.monotonic() + START_S_MAX
    while True:
        try:
            found = condition()
        except (OSError, http.client.HTTPException, EngineAway):
            found = None
        if found:
            return found
        if child is not None and child.poll() is not None:
            pytest.fail(f"{what}: it ended. {child.stdout.read()}")
        assert time.monotonic() < end, what
        time.sleep(0.1)


def a_token(config):
    """What a program shows to see the pages; the database must be there."""
    settings = load(config, {}).settings
    appliance = Appliance.open(settings)
    try:
        return tokens.create(appliance, "test", "viewer", caller=Caller(terminal())).secret
    finally:
        appliance.close()


def counted(told, route):
    """The requests of a route in a scrape."""
    return sum(float(line.rpartition(" ")[2]) for line in told.splitlines()
               if line.startswith("lessor_web_requests_total{") and route in line)


@pytest.fixture
def site(tmp_path):
    """Settings on ports of their own, with definitions that need no root."""
    web, dhcp = a_free_port(socket.SOCK_STREAM), a_free_port(socket.SOCK_DGRAM)
    config = tmp_path / "lessor.toml"
    config.write_text(f"state_dir = '{tmp_path}/state'\ninterfaces = ['lo']\n[dhcp4]\nport = {dhcp}\n"
                      f"[web]\nbind = '127.0.0.1:{web}'\n")
    config.chmod(0o600)
    return config, web, dhcp


def test_serve_runs_engine_and_pages_passes_sighup_and_ends_both(site, tmp_path):
    config, web, _ = site
    control = ControlClient(tmp_path / "state" / "control.sock")
    document = tmp_path / "d.yaml"
    document.write_text("version: 1\nsubnets: [{prefix: 192.0.2.0/24, name: office}]\n")
    with running("--config", config, "serve") as child:
        until(lambda: ask(web, "/healthz")[0] == 200, "pages", child)
        until(lambda: control.call("status")["revision"] == 0, "engine", child)
        subprocess.run([sys.executable, "-m", "app.cli", "--config", config, "apply", document], cwd=ROOT, check=True,
                       capture_output=True)
        until(lambda: control.call("status")["revision"] == 1, "the new revision", child)
        assert json.loads(ask(web, "/readyz")[1]) == {"status": "ready", "engine": "ready"}
        token = a_token(config)
        assert "office" in ask(web, "/subnets", token)[1]
        before = counted(ask(web, "/metrics", token)[1], "/openapi")
        (folder,) = Path("/dev/shm").glob(f"lessor-web-*-{web}-*")
        asked = 0

        def both_workers_have_counted() -> bool:
            nonlocal asked
            with ThreadPoolExecutor(8) as pool:  # Several at once: else one worker could have them all.
                answers = pool.map(lambda _: ask(web, "/api/v1/openapi.json")[0], range(16))
                assert set(answers) == {200}
            asked += 16
            return len({path.name for path in folder.glob("counter_*.db")}) == 2

        until(both_workers_have_counted, "both workers", child)
        told = ask(web, "/metrics", token)[1]
        assert counted(told, "/openapi") == before + asked
        assert "lessor_engine_up 1.0" in told
        assert "dhcpcore.main: Serving DHCPv4" in subprocess.run(
            [sys.executable, "-m", "app.cli", "--config", config, "log"], cwd=ROOT, check=True, capture_output=True,
            text=True).stdout
        child.send_signal(signal.SIGHUP)
        time.sleep(0.3)
        assert child.poll() is None, "SIGHUP ends nothing"
        child.send_signal(signal.SIGTERM)
        said = child.communicate(timeout=30)[0]
    assert child.returncode == 0, said
    assert re.search(r"log in as admin with the password \S{19}$", said, re.MULTILINE)
    assert not folder.exists(), "the counts go with the pages"
    with pytest.raises(EngineAway):
        control.call("status")
    with pytest.raises(OSError):  # noqa: PT011 - refused, whatever the number
        ask(web, "/healthz")


@pytest.mark.slow
def test_serve_ends_when_its_engine_does_and_pages_come_back_by_themselves(site, tmp_path):
    config, web, _ = site
    control = ControlClient(tmp_path / "state" / "control.sock")
    with running("--config", config, "serve") as child:
        until(lambda: ask(web, "/healthz")[0] == 200, "pages", child)
        until(lambda: control.call("status"), "engine", child)
        time.sleep(5.5)  # An end within five seconds of the start would count as stillborn.
        children = Path(f"/proc/{child.pid}/task/{child.pid}/children").read_text().split()
        gunicorn = next(int(pid) for pid in children if "gunicorn" in Path(f"/proc/{pid}/cmdline").read_text())
        os.kill(gunicorn, signal.SIGKILL)
        until(lambda: ask(web, "/healthz")[0] == 200, "pages again", child)
        assert control.call("status"), "the engine went on"
        control.call("stop")
        said = child.communicate(timeout=30)[0]
    assert child.returncode == 0, said
    assert "The engine ended" in said


def test_serve_with_a_taken_dhcp_port_says_so_and_fails(site):
    config, _, dhcp = site
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", dhcp))
        with running("--config", config, "serve") as child:
            said = child.communicate(timeout=START_S_MAX)[0]
    assert child.returncode == 1
    assert f"UDP port {dhcp} is taken" in said


def test_engine_and_web_run_apart_and_each_does_without_the_other(site, tmp_path):
    config, web, _ = site
    subprocess.run([sys.executable, "-m", "app.cli", "--config", config, "migrate"], cwd=ROOT, check=True,
                   capture_output=True)
    with running("--config", config, "web") as pages:
        until(lambda: ask(web, "/healthz")[0] == 200, "pages", pages)
        token = a_token(config)
        assert "Away" in ask(web, "/", token)[1]
        with running("--config", config, "engine") as engine:
            control = ControlClient(tmp_path / "state" / "control.sock")
            until(lambda: control.call("status"), "engine", engine)
            until(lambda: "Away" not in ask(web, "/", token)[1], "an engine on the page", pages)
        assert engine.returncode == 0
        until(lambda: "Away" in ask(web, "/", token)[1], "no engine on the page", pages)
    assert pages.returncode == 0


def test_pages_over_tls_with_a_self_made_certificate(site, tmp_path):
    config, web, _ = site
    with config.open("a") as file:
        file.write("tls = 'self-made'\n")
    subprocess.run([sys.executable, "-m", "app.cli", "--config", config, "migrate"], cwd=ROOT, check=True,
                   capture_output=True)
    certificate = tmp_path / "state" / "web-certificate.pem"

    def healthy():
        if not certificate.exists():
            return False
        context = ssl.create_default_context(cafile=certificate)
        connection = http.client.HTTPSConnection("127.0.0.1", web, timeout=5, context=context)
        try:
            connection.request("GET", "/login")
            answer = connection.getresponse()
            return answer.status == 200 and "; Secure" in answer.headers["Set-Cookie"]
        finally:
            connection.close()

    with running("--config", config, "web") as pages:
        until(healthy, "pages over TLS", pages)
        pages.terminate()
        said = pages.communicate(timeout=30)[0]
    assert "SHA-256 fingerprint is " in said
    assert f"https://127.0.0.1:{web}/" in said


@pytest.mark.parametrize("verb", ["web", "engine"])
def test_what_needs_a_database_says_how_to_make_one(site, verb):
    with running("--config", site[0], verb) as child:
        said = child.communicate(timeout=START_S_MAX)[0]
    assert child.returncode == 1
    assert "lessor migrate" in said


@pytest.mark.skipif(os.geteuid() != 0, reason="is about what root gives up")
def test_started_as_root_neither_engine_nor_pages_stay_root_and_both_read_a_secret_file():
    nobody = pwd.getpwnam("nobody")
    with (tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as secret,
          tempfile.TemporaryDirectory() as site):
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        os.chmod(site, 0o755)  # noqa: PTH101 - A name, no path.
        # Root's folder, in which the script may keep nothing; its log is in one of the account's.
        (Path(site) / "conf.py").write_text(f"LOG_FILE = '{folder}/dhcp.log'\nDATABASE_ENGINE = 'SQLite'\n"
                                            "SQLITE_FILE, USE_CACHE, DISK_CACHE_PERSISTENT = 'x', True, 'cache'\n")
        web, dhcp = a_free_port(socket.SOCK_STREAM), a_free_port(socket.SOCK_DGRAM)
        config = Path(secret) / "lessor.toml"  # A folder and a file that only root reads: it may hold a password.
        config.write_text(f"state_dir = '{folder}'\nscript = '{site}'\ninterfaces = ['lo']\n[dhcp4]\nport = {dhcp}\n"
                          f"[web]\nbind = '127.0.0.1:{web}'\n")
        config.chmod(0o600)
        with running("--config", config, "serve") as child:
            until(lambda: ask(web, "/login")[0] == 200, "pages", child)
            until(lambda: ControlClient(Path(folder) / "control.sock").call("status"), "engine", child)
            children = Path(f"/proc/{child.pid}/task/{child.pid}/children").read_text().split()
            assert len(children) == 2
            for pid in children:
                status = Path(f"/proc/{pid}/status").read_text()
                assert re.search(r"^Uid:\s+(\d+)\s+(\d+)\s+(\d+)\s", status, re.MULTILINE).groups() == (
                    (str(nobody.pw_uid),) * 3)
                assert re.search(r"^CapEff:\s+0+$", status, re.MULTILINE)
        logged = Path(folder) / "dhcp.log"
        assert logged.stat().st_uid == nobody.pw_uid
        assert f"DISK_CACHE_PERSISTENT: {site}/cache cannot be used by nobody" in logged.read_text()
        assert not (Path(site) / "cache").exists()


def demo(tmp_path, *arguments, **options):
    web, dhcp = a_free_port(socket.SOCK_STREAM), a_free_port(socket.SOCK_DGRAM)
    home = tmp_path / "demo"
    return web, home, running("demo", "--web-port", web, "--dhcp-port", dhcp, *arguments,
                              env={"LESSOR_DEMO_DIR": str(home)}, **options)


def test_the_demonstration_lives_and_ends_on_ctrl_c(tmp_path):
    web, home, started = demo(tmp_path)
    with started as child:
        until(lambda: ask(web, "/healthz")[0] == 200, "pages", child)
        token = a_token(home / "lessor.toml")

        def held():
            return sum(subnet["held"] for subnet in json.loads(ask(web, "/api/v1/subnets", token)[1])["items"])
        until(lambda: held() >= 5, "leases", child)
        assert re.search(r"/leases/192\.0\.2\.1\d\d\b", ask(web, "/leases", token)[1])
        assert "Serving" in ask(web, "/", token)[1]
        listed = subprocess.run([sys.executable, "-m", "app.cli", "--config", home / "lessor.toml", "lease", "list",
                                 "--active", "--json"], cwd=ROOT, check=True, capture_output=True, text=True)
        assert len(json.loads(listed.stdout)["leases"]) >= 5
        explained = subprocess.run([sys.executable, "-m", "app.cli", "--config", home / "lessor.toml", "explain"],
                                   cwd=ROOT, check=True, capture_output=True, text=True)
        assert "DISCOVER" in explained.stdout
        child.send_signal(signal.SIGINT)
        said = child.communicate(timeout=30)[0]
    assert child.returncode == 0, said
    assert f"http://127.0.0.1:{web}/" in said
    assert re.search(r"Log in  admin, password \S{19}$", said, re.MULTILINE)
    with pytest.raises(OSError):  # noqa: PT011 - refused, whatever the number
        ask(web, "/healthz")


SCRIPT = """
import pathlib

LOG_FILE = pathlib.Path('dhcp.log')
LOG_FILE_SEVERITY = 'INFO'
EMAIL_ENABLED = True
EMAIL_SERVER, EMAIL_PORT = '127.0.0.1', {mail}
EMAIL_SOURCE, EMAIL_DESTINATION = 'dhcp@example.org', 'admin@example.org'
PROXY_PORT = {proxy}
PORTS = {{}}

def filterPacket(packet, method, mac, client_ip, relay_ip, port):
    PORTS[port] = PORTS.get(port, 0) + 1
    return True

def loadDHCPPacket(packet, method, mac, definition, relay_ip, port, source_packet):
    if port == PROXY_PORT:
        packet.setOption('bootfile_name', 'pxe.0', force_selection=True)
    return True

def ports(**_):
    return ('text/plain', repr(PORTS))

def init():
    logger.info('The site is tried.')
    logger.critical('The site is on fire.')
    callbacks.webAddMethod('/site/ports.txt', ports)
"""


def test_a_script_is_tried_in_the_demonstration_its_log_its_mail_and_its_port_too(tmp_path):
    mail, proxy = MailServer(), a_free_port(socket.SOCK_DGRAM)
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "conf.py").write_text(SCRIPT.format(mail=mail.port, proxy=proxy))
    web, home, started = demo(tmp_path, "--script", folder)
    with started as child:
        until(lambda: ask(web, "/healthz")[0] == 200, "pages", child)
        token = a_token(home / "lessor.toml")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as machine:
            machine.bind(("127.0.0.2", 0))
            machine.settimeout(START_S_MAX)
            machine.sendto(request(DISCOVER, client(99), 99, giaddr="127.0.0.2"), ("127.0.0.1", proxy))
            data, whence = machine.recvfrom(2000)
        assert (read(data).options[67], whence) == (b"pxe.0", ("127.0.0.1", proxy))
        dhcp = load(home / "lessor.toml", {}).settings.dhcp4.port
        assert dhcp != proxy
        until(lambda: "67: " in ask(web, "/site/ports.txt", token)[1], "hooks on the clients' packets", child)
        assert f"{proxy}: 1" in ask(web, "/site/ports.txt", token)[1]
        until(lambda: mail.mails, "the mail", child)
    mail.close()
    assert "The site is on fire." in mail.mails[0].get_content()
    assert "The site is tried." in (folder / "dhcp.log").read_text()


@pytest.mark.skipif(os.geteuid() != 0, reason="is about what root is not needed for: run as root to become nobody")
def test_the_demonstration_needs_no_right_at_all():
    nobody = pwd.getpwnam("nobody")
    # Not in tmp_path, whose parents are closed to others.
    with tempfile.TemporaryDirectory() as folder:
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        web, _, started = demo(Path(folder), user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=[])
        with started as child:
            until(lambda: ask(web, "/healthz")[0] == 200, "pages", child)
            token = a_token(Path(folder) / "demo" / "lessor.toml")
            until(lambda: "active" in ask(web, "/api/v1/leases?limit=1", token)[1], "a lease", child)


def test_a_taken_port_of_the_demonstration_names_the_flag(tmp_path):
    for kind, flag, other in ((socket.SOCK_STREAM, "--web-port", "--dhcp-port"),
                              (socket.SOCK_DGRAM, "--dhcp-port", "--web-port")):
        with socket.socket(socket.AF_INET, kind) as taken:
            taken.bind(("127.0.0.1", 0))
            if kind == socket.SOCK_STREAM:
                taken.listen()
            port = taken.getsockname()[1]
            free = a_free_port(socket.SOCK_DGRAM if kind == socket.SOCK_STREAM else socket.SOCK_STREAM)
            with running("demo", flag, port, other, free, env={"LESSOR_DEMO_DIR": str(tmp_path / "demo"),
                                                               "LESSOR_SCRIPT": "/nowhere/conf.py"}) as child:
                said = child.communicate(timeout=START_S_MAX)[0]
        assert child.returncode == 1
        assert f"{flag} {port + 1}" in said
        assert "LESSOR_SCRIPT is not used here; to try it: lessor demo --script /nowhere/conf.py" in said


def test_a_folder_that_cannot_be_used_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with running("demo", "--web-port", a_free_port(socket.SOCK_STREAM), "--dhcp-port", a_free_port(socket.SOCK_DGRAM),
                 env={"LESSOR_DEMO_DIR": str(tmp_path / "file" / "demo")}) as child:
        said = child.communicate(timeout=START_S_MAX)[0]
    assert child.returncode == 1
    assert "set LESSOR_DEMO_DIR to a folder that you may write" in said


def test_a_release_that_was_asked_for_without_an_engine_is_done_by_the_next(site, tmp_path):
    from dhcpcore.store.database import Database
    from tests.app.people import a_lease, store

    config, _, _ = site

    def lessor(*arguments):
        return subprocess.run([sys.executable, "-m", "app.cli", "--config", config, *arguments], cwd=ROOT, check=True,
                              capture_output=True, text=True).stdout

    document = tmp_path / "d.yaml"
    document.write_text("version: 1\nsubnets: [{prefix: 192.0.2.0/24, pools: [{first: 192.0.2.1, last: 192.0.2.9}]}]\n")
    lessor("apply", document)
    database = Database(f"sqlite:///{tmp_path}/state/lessor.db")
    store(database, a_lease(1), a_lease(2))
    database.dispose()
    assert "will be released by the next" in lessor("lease", "release", "192.0.2.1")
    with running("--config", config, "engine") as engine:
        until(lambda: "released" in lessor("lease", "show", "192.0.2.1"), "the release", engine)
        assert "is released" in lessor("lease", "release", "192.0.2.2"), "with an engine it is done at once"
    assert "released" in lessor("lease", "show", "192.0.2.2")
