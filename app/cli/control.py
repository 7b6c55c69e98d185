"""`lessor control`: one verb of the control channel, asked of the running engine."""

import click

from app.cli.invocation import Invocation
from app.cli.output import emit, json_option, say
from dhcpcore.control import VERBS


@click.group(name="control")
def command() -> None:
    """Ask the running engine, over its control socket."""


def _add(name: str) -> None:
    verb = VERBS[name]

    @click.pass_obj
    def ask(invocation: Invocation, /, *, as_json: bool, **given: str | None) -> None:
        from app.services.engine import ask_engine

        arguments = {key: value for key, value in given.items() if value is not None}
        result = ask_engine(invocation.load().settings, name, arguments)
        if as_json or result is not None:
            emit(result)
        else:
            say("Done.")

    made = click.command(name=name, help=verb.summary)(json_option(ask))
    for argument in verb.arguments:
        if argument.required:
            made.params.append(click.Argument([argument.name]))
        else:
            made.params.append(click.Option([f"--{argument.name}"], help=f"{argument.what[:1].upper()}"
                                                                         f"{argument.what[1:]}."))
    command.add_command(made)


for _name in VERBS:
    _add(_name)
