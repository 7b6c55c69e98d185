"""Where the command `lessor` starts: the global flags, and the verbs of the table.

Exit codes: 0 done, 1 refused or failed, 2 wrong usage. Each verb takes `--json` where it has anything to print.
"""

import importlib
import json
from pathlib import Path
from typing import Any

import click

from app.cli.invocation import Invocation
from app.cli.verbs import VERBS
from dhcpcore.errors import InvalidDocument, LessorError
from dhcpcore.version import __version__


class Failure(click.ClickException):
    """Refused or failed: one sentence or several, exit code 1."""

    exit_code = 1

    def __init__(self, error: LessorError, *, as_json: bool) -> None:
        super().__init__(str(error))
        self.error = error
        self.as_json = as_json

    def show(self, file: Any = None) -> None:
        """The message on standard error; as JSON for a verb that was asked for JSON."""
        del file
        from app.cli.output import note

        faults = self.error.faults if isinstance(self.error, InvalidDocument) else ()
        if self.as_json:
            body: dict[str, Any] = {"message": self.message}
            if faults:
                body["faults"] = [{"path": fault.path, "message": fault.message} for fault in faults]
            click.echo(json.dumps({"error": body}, ensure_ascii=False), err=True)
        elif faults:
            note(f"Refused; nothing was changed. {len(faults)} fault{'s' if len(faults) > 1 else ''}:")
            for fault in faults:
                note(f"  {fault}")
        else:
            note(self.message)


class Verbs(click.Group):
    """A group that knows its commands from the table and imports one only to run it or to show its help."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names in the table's order, which is the order of use."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb's command, or None for a name that is not in the table."""
        row = VERBS.get(cmd_name)
        if row is None:
            return None
        command: click.Command = importlib.import_module(row.module).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table's own lines, so that help imports nothing."""
        rows = [(name, verb.summary) for name, verb in VERBS.items()]
        if rows:
            with formatter.section("Verbs"):
                formatter.write_dl(rows)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb; what it refuses is told in words, never as a traceback."""
        try:
            return super().invoke(ctx)
        except LessorError as error:
            from app.cli.output import JSON_KEY

            raise Failure(error, as_json=bool(ctx.meta.get(JSON_KEY))) from None
        except UnicodeError as error:  # Of an argument, or of standard input.
            raise Failure(LessorError(_no_utf8(error)), as_json=False) from None


def _no_utf8(error: UnicodeError) -> str:
    """Which argument, as octets; what comes by standard input may be a password."""
    what = "What came by standard input"
    if isinstance(error, UnicodeEncodeError):
        what = ascii(error.object[:80])
    return f"{what} is not in UTF-8: write it so."


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--config", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Settings file (TOML).")
@click.version_option(__version__, prog_name="lessor")
@click.pass_context
def cli(ctx: click.Context, config: Path | None) -> None:
    """Lessor grants leases: DHCPv4 and DHCPv6, every lease in SQL."""
    ctx.obj = Invocation(config=config)


def main() -> None:
    """Run the command line."""
    cli(prog_name="lessor")


if __name__ == "__main__":
    main()
