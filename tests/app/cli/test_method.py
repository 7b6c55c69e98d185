"""`lessor method`, against a real script host behind a real control socket."""

import base64
import json
import shutil

import pytest
from click.testing import CliRunner

from app.cli.__main__ import cli
from dhcpcore.control.later import Later
from tests.app.scripts import STATE, method
from tests.dhcpcore.control.test_server import running


@pytest.fixture
def lessor(tmp_path, migrated_file):
    shutil.copy(migrated_file, tmp_path / "lessor.db")
    path = tmp_path / "control.sock"

    def ask(*words, **more):
        return CliRunner().invoke(cli, ["method", *words], env={"LESSOR_CONTROL_SOCKET": str(path),
                                                                "LESSOR_STATE_DIR": str(tmp_path)}, **more)

    def call(name, arguments):
        later = Later()
        if arguments["path"] == "/bad":
            later.tell(None, "The web method at /bad failed; the log says how.")
        elif arguments["path"] == "/t":
            later.tell({"display_mode": 2, "html": "<p>hi</p>", "headers": []}, None)
        else:
            said = json.dumps(arguments, sort_keys=True).encode() + b"\xff"
            later.tell({"display_mode": 3, "mimetype": "x/y", "data": base64.b64encode(said).decode(), "headers": []},
                       None)
        return later

    with running(path) as loop:
        loop.engine.script_registry = lambda: {
            "methods": [method("/x", module="m", name="n"), method("/s", secure=True), method("/leases"),
                        method("/t", 2), method("/bad")], **STATE, "failure": ""}
        loop.engine.script_call = call
        yield ask


def test_methods_are_listed_with_who_may_and_why_not(lessor):
    lines = lessor("list").stdout.splitlines()
    assert lines[1].split() == ["/x", "m", "n", "raw", "viewer"]
    assert lines[2].split() == ["/s", "raw", "operator"]
    assert "belongs to the appliance" in lines[3]
    assert json.loads(lessor("list", "--json").stdout)[0]["path"] == "/x"


def test_one_is_called_and_printed_octet_for_octet(lessor):
    done = lessor("call", "/x", "--query", "a=1", "--query", "a=2", "--data", "-", "--type", "t/u", input="z")
    assert done.exit_code == 0, done.output
    assert done.stdout_bytes.endswith(b"\xff")
    assert json.loads(done.stdout_bytes[:-1]) == {
        "data": "eg==", "headers": {}, "mimetype": "t/u", "path": "/x", "queryargs": {"a": ["1", "2"]}}
    assert lessor("call", "/t").stdout == "<p>hi</p>\n"
    assert json.loads(lessor("call", "/t", "--json").stdout) == {"mode": "html", "html": "<p>hi</p>"}


def test_what_is_wrong_is_told(lessor):
    for words, said in ((("/none",), "no web method"), (("/bad",), "failed"), (("/leases",), "belongs")):
        done = lessor("call", *words)
        assert (done.exit_code, said in done.stderr) == (1, True), done.output
    assert lessor("call", "/x", "--query", "a").exit_code == 2
