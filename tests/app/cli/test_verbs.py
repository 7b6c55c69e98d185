import importlib
import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from app.cli.__main__ import cli
from app.cli.verbs import VERBS
from dhcpcore.control import VERBS as CONTROL_VERBS

MANUAL = (Path(__file__).parents[3] / "docs" / "cli.md").read_text()
#: These run until they are stopped, and print no answer.
RUNNING = {"demo", "serve", "engine", "web"}


def commands():
    """Every command with its full name, groups apart."""
    for name, row in VERBS.items():
        command = importlib.import_module(row.module).command
        if isinstance(command, click.Group):
            for sub, inner in command.commands.items():
                yield f"{name} {sub}", inner
        else:
            yield name, command


@pytest.mark.parametrize("name", VERBS)
def test_a_verbs_module_holds_it_under_its_name(name):
    command = importlib.import_module(VERBS[name].module).command
    assert command.name == name
    assert command.help


def test_help_lists_every_verb_and_imports_none():
    shown = CliRunner().invoke(cli, ["--help"]).output
    for name, row in VERBS.items():
        assert re.search(rf"^\s+{name}\s+\S", shown, re.MULTILINE), name
        assert row.summary.endswith(".")


@pytest.mark.parametrize(("name", "command"), list(commands()))
def test_every_command_is_in_the_manual_with_its_options(name, command):
    pattern = rf"^### `lessor {re.escape(name)}(?: [^`]*)?`\n(.*?)(?=^##|\Z)"
    section = re.search(pattern, MANUAL, re.MULTILINE | re.DOTALL)
    assert section, f"docs/cli.md has no section on lessor {name}"
    for option in command.params:
        if isinstance(option, click.Option) and option.name != "as_json":
            assert f"`{option.opts[0]}" in section[1], f"{name}: {option.opts[0]}"


def test_the_manual_shows_no_command_that_is_not_there():
    known = {name for name, _ in commands()}
    for heading in re.findall(r"^### `lessor ([^`]*)`", MANUAL, re.MULTILINE):
        assert " ".join(word for word in heading.split() if word.islower()) in known, heading


@pytest.mark.parametrize(("name", "command"), [one for one in commands() if one[0] not in RUNNING])
def test_every_command_that_answers_does_so_in_json_too(name, command):
    assert any(option.name == "as_json" for option in command.params), name


@pytest.mark.parametrize(("name", "command"), list(commands()))
def test_a_wrong_flag_is_wrong_usage(name, command):
    done = CliRunner().invoke(cli, [*name.split(), "--no-such-flag"])
    assert done.exit_code == 2


def test_an_unknown_verb_is_wrong_usage():
    assert CliRunner().invoke(cli, ["dance"]).exit_code == 2


def test_a_settings_file_that_is_not_there_is_wrong_usage():
    assert CliRunner().invoke(cli, ["--config", "/nowhere.toml", "doctor"]).exit_code == 2


def test_control_has_every_verb_of_the_channel():
    command = importlib.import_module(VERBS["control"].module).command
    assert set(command.commands) == set(CONTROL_VERBS)


@pytest.mark.parametrize("arguments", [["explain", "x\udce9"], ["assignment", "set", "x\udce9", "hostname=x"],
                                       ["assignment", "remove", "x\udce9"]], ids=["explain", "set", "remove"])
def test_an_argument_that_is_not_in_utf8_is_told(on_sqlite, arguments):
    assert "x\\udce9" in (said := on_sqlite.refused(*arguments))
    assert "is not in UTF-8: write it so." in said


def test_a_password_that_is_not_in_utf8_is_told_and_not_repeated(on_sqlite):
    said = on_sqlite.refused("user", "add", "bob", "--stdin", stdin=b"secret \xe9\n")
    assert said == "What came by standard input is not in UTF-8: write it so.\n"
    assert "No user." in on_sqlite.ok("user", "list")
