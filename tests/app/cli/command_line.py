"""Runs the command line in this process, on settings of its own."""

import json
from pathlib import Path

from click.testing import CliRunner, Result

from app.cli.__main__ import cli


class CommandLine:
    """`lessor --config FILE …` with a database in a temporary folder."""

    def __init__(self, folder: Path, url: str | None = None) -> None:
        self.folder = folder
        self.config = folder / "lessor.toml"
        self.config.write_text(f"state_dir = '{folder}'\n" + (f"database_url = '{url}'\n" if url else ""))
        self.config.chmod(0o600)

    def __call__(self, *arguments: str, stdin: str | bytes | None = None) -> Result:
        return CliRunner().invoke(cli, ["--config", str(self.config), *map(str, arguments)], input=stdin)

    def ok(self, *arguments: str, stdin: str | bytes | None = None) -> str:
        done = self(*arguments, stdin=stdin)
        assert done.exit_code == 0, done.output
        return done.stdout

    def json(self, *arguments: str, stdin: str | None = None):
        return json.loads(self.ok(*arguments, "--json", stdin=stdin))

    def refused(self, *arguments: str, stdin: str | bytes | None = None) -> str:
        done = self(*arguments, stdin=stdin)
        assert done.exit_code == 1, (done.exit_code, done.output)
        assert "Traceback" not in done.output
        return done.stderr
