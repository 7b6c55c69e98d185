import pytest

from app.services import neighbours
from app.services.neighbours import OtherServer
from tests.app.cli.command_line import CommandLine
from tests.app.services.test_setup import ETH1
from tests.dhcpcore.control.test_server import running


@pytest.fixture
def lessor(tmp_path, sqlite_url, monkeypatch):
    monkeypatch.setattr(neighbours, "servers_on", lambda *_: pytest.fail("the wire was asked"))
    return CommandLine(tmp_path, sqlite_url)


@pytest.fixture
def engine(tmp_path):
    with running(tmp_path / "control.sock") as loop:
        loop.engine.interfaces = lambda: [ETH1]
        yield loop.engine


def test_what_the_interfaces_suggest_is_shown_and_taken(lessor, engine):
    assert lessor.ok("setup").split("\n")[1].split() == [
        "eth1", "192.0.2.2/24", "192.0.2.0/24", "192.0.2.1", "192.0.2.128", "-", "192.0.2.199"]
    assert lessor.json("setup")["needed"] is True
    assert lessor.ok("setup", "--interface", "eth1", "--name", "office", "--yes") == "Revision 1.\n"
    assert "192.0.2.128 - 192.0.2.199" in lessor.ok("subnet", "list")
    assert "There are subnets already" in lessor.refused("setup", "--interface", "eth1", "--yes")


def test_what_is_said_goes_before_what_is_suggested(lessor, engine):
    lessor.ok("setup", "--interface", "eth1", "--prefix", "198.51.100.0/24", "--router", "", "--yes")
    shown = lessor.ok("export")
    assert "198.51.100.128" in shown
    assert "192.0.2" not in shown


def test_nothing_is_done_without_a_yes(lessor, engine):
    done = lessor("setup", "--interface", "eth1", stdin="n\n")
    assert done.exit_code == 1
    assert "192.0.2.0/24" in done.output
    assert lessor.json("setup")["needed"] is True


def test_without_an_engine_all_is_said_and_others_are_looked_for_here(lessor, monkeypatch):
    monkeypatch.setattr(neighbours, "servers_on", lambda *_: [OtherServer("eth1", "192.0.2.1", "192.0.2.77")])
    done = lessor("setup", "--interface", "eth1", "--prefix", "192.0.2.0/24", "--json")
    assert done.exit_code == 0, done.output
    assert "another DHCP server answers on eth1: 192.0.2.1 offered 192.0.2.77." in done.stderr
    assert '"engine_told": false' in done.stdout


def test_faults_are_told_by_field(lessor):
    said = lessor.refused("setup", "--interface", "eth1", "--prefix", "192.0.2.0/24", "--router", "x", "--no-probe",
                          "--first", "192.0.2.9", "--last", "192.0.2.10", "--yes")
    assert "router" in said
    assert "nothing was changed" in said
