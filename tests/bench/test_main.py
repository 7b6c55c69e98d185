import pytest

from bench.__main__ import DEFAULTS, QUICK, main, parser, plan_from
from bench.errors import CannotRun
from bench.servers.table import SERVERS


def plan(*words: str):
    return plan_from(parser().parse_args(["run", *words]))


def test_everything_is_measured_by_default():
    assert plan() == DEFAULTS


def test_quick_is_saturation_of_ours_and_kea_with_short_trials():
    assert plan("--quick") == QUICK
    assert (QUICK.servers, QUICK.seconds) == (("lessor", "lessor@pgsql", "kea4"), 1.0)


def test_what_is_said_goes_before_quick():
    said = plan("--quick", "--servers", "kea4,dhcpd", "--seconds", "3", "--modes", "renew", "--rates", "10,20")
    assert (said.servers, said.seconds, said.modes, said.rates) == (("kea4", "dhcpd"), 3.0, ("renew",), (10, 20))


@pytest.mark.parametrize(
    "words",
    [
        ("--servers", "kea4,windows"),
        ("--modes", "speed"),
        ("--rates", "1000,fast"),
        ("--preload-leases", "8000001"),
        ("--preload-leases", "-1"),
    ],
)
def test_what_is_not_known_is_refused_by_name(words):
    with pytest.raises(CannotRun):
        plan(*words)


def test_a_refusal_is_one_line_and_an_exit_code(capsys):
    assert main(["--servers", "windows"]) == 2
    assert capsys.readouterr().err == f"bench: Unknown server windows; known are {', '.join(SERVERS)}.\n"


def test_list_names_every_server_and_mode(capsys):
    assert main(["list"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in (*SERVERS, *DEFAULTS.modes))
