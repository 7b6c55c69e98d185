import errno
import json
import selectors
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

from dhcpcore.control import ControlServer, Dispatch
from tests.dhcpcore.control.engines import FakeEngine


@contextmanager
def an_engine(path):
    engine = FakeEngine()
    server, selector, ended = ControlServer(path, Dispatch(engine)), selectors.DefaultSelector(), threading.Event()
    server.register(selector)

    def run():
        while not ended.is_set():
            for key, mask in selector.select(0.05):
                key.data.handle(key, mask)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield engine
    finally:
        ended.set()
        thread.join()
        server.close()
        selector.close()


def test_backup_and_restore(lessor, document, tmp_path):
    lessor.ok("migrate")
    lessor.ok("apply", document)
    file = tmp_path / "all.backup"
    made = lessor.json("backup", str(file))
    assert made["rows"]["subnet"] == 1
    assert "exists already" in lessor.refused("backup", str(file))
    assert "rows," in lessor.ok("backup", str(file), "--force", "--without", "history")
    assert "not empty" in lessor.refused("restore", str(file))
    assert "adopt: free" in lessor.ok("restore", str(file), "--replace")
    assert lessor.json("restore", str(file), "--replace")["schema"]
    assert lessor.json("subnet", "list")["subnets"][0]["name"] == "office"
    file.write_bytes(file.read_bytes()[:100])
    assert "Nothing was changed" in lessor.refused("restore", str(file), "--replace")
    assert "There is no file" in lessor.refused("restore", str(tmp_path / "absent"))


def test_a_backup_from_standard_input_is_restored_or_refused_whole_and_no_copy_stays(
        on_sqlite, document, tmp_path, monkeypatch):
    copies = tmp_path / "copies"
    copies.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(copies))
    on_sqlite.ok("apply", document)
    file = tmp_path / "all.backup"
    on_sqlite.ok("backup", str(file))
    on_sqlite.ok("subnet", "remove", "office")
    damaged = on_sqlite.refused("restore", "-", "--replace", stdin=file.read_bytes()[:100])
    assert "standard-input-" in damaged
    assert "Nothing was changed" in damaged
    assert on_sqlite.json("subnet", "list")["subnets"] == []
    assert "rows are restored" in on_sqlite.ok("restore", "-", "--replace", stdin=file.read_bytes())
    assert on_sqlite.json("subnet", "list")["subnets"][0]["name"] == "office"
    assert list(copies.iterdir()) == []


def test_a_copy_of_standard_input_that_cannot_be_written_is_said(on_sqlite, tmp_path, monkeypatch):
    class Full:
        name = "/full/standard-input-1.backup"

        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

        def write(self, _):
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tempfile.NamedTemporaryFile", lambda **_: Full())
    assert "standard-input-1.backup, the copy of standard input, cannot be written: No space" in on_sqlite.refused(
        "restore", "-", stdin=b"x")


def test_control_asks_the_engine(on_sqlite):
    with an_engine(on_sqlite.folder / "control.sock") as engine:
        assert on_sqlite.json("control", "status") == {"version": "0", "ready": True}
        assert len(on_sqlite.json("control", "transactions", "--limit", "3")) == 3
        assert on_sqlite.ok("control", "reload") == "Done.\n"
        on_sqlite.ok("control", "lease-release", "192.0.2.10")
        assert "no lease" in on_sqlite.refused("control", "lease-release", "192.0.2.11")
        assert engine.calls == [("reload",), ("release", b"\xc0\x00\x02\x0a", 0), ("release", b"\xc0\x00\x02\x0b", 0)]


def test_control_without_an_engine_says_how_to_start_one(on_sqlite):
    assert "Start it with: lessor engine" in on_sqlite.refused("control", "status")
    body = json.loads(on_sqlite.refused("control", "status", "--json"))
    assert "No engine answers" in body["error"]["message"]


def test_a_mistake_in_an_argument_needs_no_engine(on_sqlite):
    assert "right is a whole number" in on_sqlite.refused("control", "transactions", "--limit", "0")


def test_an_applied_document_is_told_to_the_engine(on_sqlite, document):
    with an_engine(on_sqlite.folder / "control.sock") as engine:
        assert on_sqlite.json("apply", document)["engine_told"] is True
        assert engine.calls == [("reload",)]


def test_settings_are_shown_with_their_origin_and_without_the_password(on_sqlite, monkeypatch):
    monkeypatch.setenv("LESSOR_DATABASE_URL", "postgresql://lessor:hunter2@db.example.org/lessor")
    shown = on_sqlite.ok("config", "show", "--origin")
    assert "hunter2" not in shown
    rows = {row["name"]: row for row in on_sqlite.json("config", "show", "--origin")}
    assert rows["database_url"] == {"name": "database_url", "origin": "LESSOR_DATABASE_URL",
                                    "value": "postgresql://lessor:***@db.example.org/lessor"}
    assert rows["state_dir"]["origin"] == str(on_sqlite.config)
    assert rows["dhcp4.port"]["origin"] == "default"
    assert "origin" not in on_sqlite.json("config", "show")[0]


def test_a_wrong_setting_is_named_and_an_unknown_one_warned_of(on_sqlite, monkeypatch):
    monkeypatch.setenv("LESSOR_COLOUR", "red")
    assert "LESSOR_COLOUR is no setting" in on_sqlite("config", "show").stderr
    monkeypatch.setenv("LESSOR_DHCP4__PORT", "abc")
    assert "The setting dhcp4.port is 'abc' (from LESSOR_DHCP4__PORT)" in on_sqlite.refused("config", "show")


@pytest.mark.parametrize("verb", ["doctor"])
def test_the_doctor_finds_no_database_broken(lessor, verb):
    found = json.loads(lessor(verb, "--json").stdout)
    assert lessor(verb, "--json").exit_code == 1
    (database,) = [one for one in found if one["check"] == "database"]
    assert (database["severity"], "lessor migrate" in database["remedy"]) == ("broken", True)


def test_the_doctor_is_content_with_a_sound_installation(on_sqlite, document, monkeypatch):
    monkeypatch.setenv("LESSOR_DHCP4__PORT", "16767")
    on_sqlite.ok("apply", document)
    done = on_sqlite("doctor")
    assert done.exit_code == 0, done.output
    assert "Revision 1: 1 subnets, 1 pools." in done.stdout


@pytest.mark.parametrize("verb", [
    ("export",), ("migrate",), ("lease", "list"), ("backup", "some.backup"), ("doctor",), ("apply", "-"),
], ids=" ".join)
def test_a_file_that_is_no_database_is_told_by_every_verb(on_sqlite, verb):
    (on_sqlite.folder / "lessor.db").unlink(missing_ok=True)
    (on_sqlite.folder / "lessor.db").write_bytes(b"nonsense" * 1000)
    done = on_sqlite(*verb, stdin="version: 1")
    assert done.exit_code == 1
    assert "is no database of Lessor" in done.output


def test_a_backup_goes_nowhere_that_may_not_be_entered(on_sqlite, tmp_path, monkeypatch):
    there = Path.exists

    def forbidden(path):
        if path.name == "closed.backup":
            raise PermissionError(13, "Permission denied")
        return there(path)

    monkeypatch.setattr(Path, "exists", forbidden)
    assert "cannot be written: Permission denied" in on_sqlite.refused("backup", str(tmp_path / "closed.backup"))


def test_an_installation_is_put_below_a_folder_and_said_line_by_line(on_sqlite, tmp_path):
    root = tmp_path / "packed"
    said = on_sqlite.ok("install", "--root", root, "--interface", "eth1")
    assert [line.split()[0] for line in said.splitlines()] == ["made"] * len(said.splitlines())
    assert 'interfaces = ["eth1"]' in (root / "etc/lessor/lessor.toml").read_text()
    assert "_LESSOR_COMPLETE=bash_complete" in (root / "usr/share/bash-completion/completions/lessor").read_text()
    assert {one["state"] for one in on_sqlite.json("install", "--root", root)} == {"there"}


def test_one_check_of_the_doctor_is_asked_by_name_and_a_warning_counts(on_sqlite):
    assert on_sqlite("doctor", "--only", "engine").exit_code == 1
    assert on_sqlite("doctor", "--only", "database").exit_code == 0
    assert "There is no check 'nothing'" in on_sqlite.refused("doctor", "--only", "nothing")


def test_suspended_clients_are_shown_and_answered_again(on_sqlite):
    with an_engine(on_sqlite.folder / "control.sock") as engine:
        assert on_sqlite.json("suspension", "list")[0]["hw_address"] == "02:00:00:00:00:01"
        assert "it sent too many packets" in on_sqlite.ok("suspension", "list")
        assert on_sqlite.ok("suspension", "lift", "02:00:00:00:00:01") == "02:00:00:00:00:01 is answered again.\n"
        assert "not suspended" in on_sqlite.refused("suspension", "lift", "02:00:00:00:00:02")
        assert "right is a hardware address" in on_sqlite.refused("control", "suspension-lift", "printer")
        assert engine.calls[0] == ("lift", b"\x01\x02\0\0\0\0\x01")
