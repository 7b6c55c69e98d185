"""`lessor install`: account, folders, units and completion, for a machine that serves for keeps."""

from pathlib import Path

import click
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

from app.cli.invocation import Invocation
from app.cli.output import emit, json_option, say

_SHELLS: dict[str, type[ShellComplete]] = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}


@click.command(name="install")
@click.option("--interface", "interfaces", multiple=True, metavar="NAME",
              help="Serve this interface; may be repeated.  [default: all]")
@click.option("--dry-run", is_flag=True, help="Change nothing; say what would be made.")
@click.option("--root", type=click.Path(file_okay=False, path_type=Path), default=Path("/"), metavar="FOLDER",
              help="Put the files there, for a package, and touch nothing of this machine.")
@json_option
@click.pass_context
def command(ctx: click.Context, *, interfaces: tuple[str, ...], dry_run: bool, root: Path, as_json: bool) -> None:
    """Make the account, the folders, the settings file, the database, the units and the completion, where missing.

    It may be run again at any time.  It starts nothing.
    """
    from app.services import install

    assert isinstance(ctx.obj, Invocation)
    installation = install.Installation(install.command(), root.absolute(), interfaces, _completions(ctx))
    found = install.install(installation, dry_run=dry_run)
    if as_json:
        emit(found)
        return
    for one in found:
        say(f"{one.state:<11} {one.what}")
    if not (dry_run or installation.staged):
        say("Now: lessor apply FILE, lessor doctor, and then: systemctl enable --now lessor-engine lessor-web")


def _completions(ctx: click.Context) -> dict[str, str]:
    """What each shell reads; the scripts ask `lessor` itself, so they stay right when verbs change."""
    cli = ctx.find_root().command
    made = {}
    for shell, kind in _SHELLS.items():
        one = kind(cli, {}, "lessor", "_LESSOR_COMPLETE")
        made[shell] = one.source_template % one.source_vars()
    return made
