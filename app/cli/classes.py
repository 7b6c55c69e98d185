"""`lessor class`: classes of clients, one at a time, and expressions tried out."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from app.cli.invocation import Invocation
from app.cli.output import emit, json_option, note, say, table

F = TypeVar("F", bound=Callable[..., Any])


@click.group(name="class")
def command() -> None:
    """List, show, add, change and remove classes of clients, and try expressions."""


def _described(function: F) -> F:
    """The options that say what a class is."""
    options = (
        click.option("--test", metavar="EXPR", help="Whoever it is true for is of the class."),
        click.option("--template-test", metavar="EXPR", help="Its value makes a class SPAWN_NAME_VALUE."),
        click.option("--option", "options", metavar="NAME=VALUE", multiple=True,
                     help="A DHCPv4 option of its clients, the value as in YAML; may be repeated."),
        click.option("--lifetime", metavar="DURATION", help="How long its clients' leases last."),
        click.option("--next-server", metavar="ADDRESS", help="The server that their boot file comes from."),
        click.option("--server-name", metavar="NAME", help="That server's name."),
        click.option("--file", "boot_file", metavar="FILE", help="Their boot file."),
        click.option("--architecture", "architectures", metavar="NAME=FILE", multiple=True,
                     help="A boot file for one kind of machine, such as x64-uefi=ipxe.efi; may be repeated."),
        click.option("--max-leases", type=int, metavar="N", help="How many leases its clients may have; 0: any."),
        click.option("--max-leases-per-subnet", type=int, metavar="N", help="The same in each subnet."),
        click.option("--rate", type=int, metavar="N", help="Packets a second that its clients may send together."),
        click.option("--offer-hold", metavar="DURATION", help="How long offers to its clients are kept."),
        click.option("--additional", is_flag=True, help="Look at it only where a pool or subnet lists it."),
        click.option("--always-send", metavar="OPTION", multiple=True,
                     help="A DHCPv4 option that its clients are sent unasked; may be repeated."),
        click.option("--never-send", metavar="OPTION", multiple=True,
                     help="A DHCPv4 option that is kept back from them; may be repeated."),
        click.option("--description", metavar="TEXT", help="For people."),
        click.option("--from", "source", metavar="FILE", help="Take all of it from a YAML or JSON file; - is input."),
        click.option("--before", metavar="NAME", help="Put it in front of this class: the first that says it counts."),
    )
    for option in reversed(options):
        function = option(function)
    return function


@command.command(name="list")
@json_option
@click.pass_obj
def list_(invocation: Invocation, *, as_json: bool) -> None:
    """List classes in the order in which they count."""
    from app.services import classes

    with invocation.appliance() as appliance:
        found = classes.list_classes(appliance)
    if as_json:
        emit(found)
        return
    table(("CLASS", "WHO", "DESCRIPTION"),
          ((one.name, one.entry.get("test") or one.entry.get("template_test") or "by assignment",
            one.entry.get("description", "")) for one in found), "No class: lessor class add NAME --test EXPR")


@command.command(name="show")
@click.argument("name")
@json_option
@click.pass_obj
def show(invocation: Invocation, name: str, *, as_json: bool) -> None:
    """Show a class as the definitions document has it."""
    from app.services import classes
    from dhcpcore import interchange

    with invocation.appliance() as appliance:
        view = classes.get(appliance, name)
    if as_json:
        emit(view)
    else:
        say(interchange.to_yaml(view.entry).rstrip())


@command.command(name="add")
@click.argument("name")
@_described
@json_option
@click.pass_obj
def add(invocation: Invocation, /, name: str, *, before: str | None, as_json: bool, **given: Any) -> None:
    """Declare a class; without a test only assignments put clients into it."""
    from app.services import classes
    from app.services.access import terminal

    entry = _entry({"name": name}, given)
    with invocation.appliance() as appliance:
        view, done = classes.add(appliance, entry, by=terminal(), before=before)
    _tell(done, f"Class {view.name} is declared (revision {done.revision}).", as_json=as_json)


@command.command(name="set")
@click.argument("name")
@_described
@json_option
@click.pass_obj
def set_(invocation: Invocation, /, name: str, *, before: str | None, as_json: bool, **given: Any) -> None:
    """Change what is given of a class, and keep the rest."""
    from app.services import classes
    from app.services.access import terminal

    with invocation.appliance() as appliance:
        view = classes.get(appliance, name)
        kept = {key: value for key, value in view.entry.items()
                if key not in {"test", "template_test"} or not (given["test"] or given["template_test"])}
        after, done = classes.replace(appliance, name, _entry(kept, given), by=terminal(), version=view.version,
                                      before=before)
    _tell(done, f"Class {after.name} is changed (revision {done.revision}).", as_json=as_json)


@command.command(name="remove")
@click.argument("name")
@json_option
@click.pass_obj
def remove(invocation: Invocation, name: str, *, as_json: bool) -> None:
    """Remove a class that no subnet, pool, assignment or other class names."""
    from app.services import classes
    from app.services.access import terminal

    with invocation.appliance() as appliance:
        done = classes.remove(appliance, name, by=terminal())
    _tell(done, f"There is no class {name} any longer (revision {done.revision}).", as_json=as_json)


@command.command(name="try")
@click.argument("expression")
@click.option("--packet", metavar="HEX", default="", help="A DHCPv4 message (UDP payload) in hex, or - for input.")
@click.option("--client", metavar="CLIENT", help="The last message of this client, as `lessor explain` names it.")
@click.option("--known", is_flag=True, help="Suppose that the client has an assignment.")
@click.option("--class", "supposed", metavar="NAME", multiple=True, help="Suppose that it is of this class.")
@json_option
@click.pass_obj
def try_(invocation: Invocation, expression: str, *, packet: str, client: str | None, known: bool,
         supposed: tuple[str, ...], as_json: bool) -> None:
    """Show what every part of an EXPRESSION comes to for a packet; without one, whether it is right."""
    from app.services import classes
    from dhcpcore.errors import InvalidValue

    with invocation.appliance() as appliance:
        trial = classes.try_expression(appliance, expression, packet=sys.stdin.read() if packet == "-" else packet,
                                       client=client, known=known, classes=supposed)
    if as_json:
        emit(trial)
    elif trial.fault is not None:
        raise InvalidValue(f"line {trial.fault.line}, column {trial.fault.column}: {trial.fault.message}\n"
                           f"{trial.fault.shown}")
    elif trial.packet is None:
        say(f"It is right: a {'condition' if trial.is_condition else 'string'}.")
    else:
        note(trial.packet)
        for part in trial.parts:
            say(f"{'  ' * part.depth}{part.text}  is  {part.value}")


def _entry(entry: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """The class that the options describe, on top of what is there."""
    from app.services.classes import read_entry, read_entry_file

    if given["source"] is not None:
        if given["source"] == "-":
            return {**read_entry(sys.stdin.read(), "the input"), "name": entry["name"]}
        return {**read_entry_file(Path(given["source"])), "name": entry["name"]}
    made = dict(entry)
    for key in ("test", "template_test", "lifetime", "description", "max_leases", "max_leases_per_subnet", "rate",
                "offer_hold"):
        if given[key] is not None:
            made[key] = given[key]
    if given["additional"]:
        made["only_in_additional_list"] = True
    if given["options"]:
        mine = made.get("options", {})
        made["options"] = {**mine, "dhcp4": {**mine.get("dhcp4", {}), **_pairs(given["options"], "--option")}}
    for key in ("always_send", "never_send"):
        if given[key]:
            made[key] = {**made.get(key, {}), "dhcp4": list(given[key])}
    boot = {"next_server": given["next_server"], "server_name": given["server_name"], "file": given["boot_file"]}
    boot = {**made.get("boot", {}), **{key: value for key, value in boot.items() if value is not None}}
    if given["architectures"]:
        files = _pairs(given["architectures"], "--architecture")
        boot["by_architecture"] = {**boot.get("by_architecture", {}), **files}
    if boot:
        made["boot"] = boot
    return made


def _pairs(texts: tuple[str, ...], option: str) -> dict[str, Any]:
    from app.services.classes import read_value

    made: dict[str, Any] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or not name:
            raise click.UsageError(f"{option} takes NAME=VALUE, not {text!r}.")
        made[name] = read_value(value, f"{option} {name}")
    return made


def _tell(done: Any, sentence: str, *, as_json: bool) -> None:
    if as_json:
        emit(done)
        return
    say(sentence)
    if not done.engine_told:
        note("No engine runs now; the next one that starts reads it.")
