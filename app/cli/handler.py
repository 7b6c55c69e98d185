"""`lessor handler`: configured handlers, one at a time, and the types that there are."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from app.cli.invocation import Invocation
from app.cli.output import emit, json_option, note, say, table

F = TypeVar("F", bound=Callable[..., Any])
COLUMNS = ("HANDLER", "TYPE", "SCOPE", "ENABLED", "CALLS", "CHANGED", "STOPPED", "FAILED", "MEAN_US",
           "NOT CALLED BECAUSE")


@click.group(name="handler")
def command() -> None:
    """List, show, add, change, move and remove handlers."""


def _described(function: F) -> F:
    """The options that say what a handler is."""
    options = (
        click.option("--name", metavar="NAME", help="How it is called; without it, as its type."),
        click.option("--field", "fields", metavar="KEY=VALUE", multiple=True,
                     help="What its type wants to know, the value as in YAML; may be repeated."),
        click.option("--scope", "scope", metavar="KEY=VALUE", multiple=True,
                     help="Which messages it has to do with, such as subnet=office; may be repeated."),
        click.option("--isolated/--in-engine", "isolated", default=None,
                     help="In a process of its own, or in the engine as by default; not for built-in types."),
        click.option("--description", metavar="TEXT", help="For people."),
        click.option("--from", "source", metavar="FILE", help="Take all of it from a YAML or JSON file; - is input."),
        click.option("--before", metavar="NAME", help="Put it in front of this handler."),
    )
    for option in reversed(options):
        function = option(function)
    return function


@command.command(name="list")
@json_option
@click.pass_obj
def list_(invocation: Invocation, *, as_json: bool) -> None:
    """List handlers in their order, with what they did where an engine runs."""
    from app.services import handlers
    from app.services.plain import plain

    with invocation.appliance() as appliance:
        found = handlers.list_handlers(appliance)
        told = handlers.calls_or_none(appliance) or {}
    if as_json:
        emit([{**plain(one), "calls": plain(told.get(one.name))} for one in found])
        return
    rows = []
    for one in found:
        did = told.get(one.name)
        counted = ("",) * 6 if did is None else (did.calls, did.changed, did.stopped, did.errors, did.mean_us,
                                                 did.disabled)
        type_ = f"{one.type} (isolated)" if one.isolated else one.type
        rows.append((one.name, type_, _in_words(one.entry.get("scope", {})), "yes" if one.enabled else "no",
                     *counted))
    table(COLUMNS, rows, "No handler: lessor handler add TYPE; lessor handler types")


@command.command(name="types")
@json_option
@click.pass_obj
def types(invocation: Invocation, *, as_json: bool) -> None:
    """List the types that can be configured."""
    from app.services import handlers
    from app.services.plain import plain

    with invocation.appliance() as appliance:
        found = handlers.types(appliance)
    if as_json:
        emit(plain(found))
        return
    table(("TYPE", "FIELDS", "FROM", "WHAT IT DOES"),
          ((one.name, ", ".join(one.schema.get("properties", {})), one.source, one.doc) for one in found), "No type.")


@command.command(name="show")
@click.argument("name")
@json_option
@click.pass_obj
def show(invocation: Invocation, name: str, *, as_json: bool) -> None:
    """Show a handler as the definitions document has it."""
    from app.services import handlers
    from dhcpcore import interchange

    with invocation.appliance() as appliance:
        view = handlers.get(appliance, name)
    if as_json:
        emit(view)
    else:
        say(interchange.to_yaml(view.entry).rstrip())


@command.command(name="add")
@click.argument("type_", metavar="TYPE")
@_described
@click.option("--disabled", is_flag=True, help="Without effect until it is enabled.")
@json_option
@click.pass_obj
def add(invocation: Invocation, /, type_: str, *, before: str | None, disabled: bool, as_json: bool, **given: Any,
        ) -> None:
    """Configure a handler; it comes behind all others, or in front of the one that --before names."""
    from app.services import handlers
    from app.services.access import terminal

    entry = _entry({"type": type_}, given) | ({"enabled": False} if disabled else {})
    with invocation.appliance() as appliance:
        view, done = handlers.add(appliance, entry, by=terminal(), before=before)
    _tell(done, f"Handler {view.name} is configured (revision {done.revision}).", as_json=as_json)


@command.command(name="set")
@click.argument("handler")
@_described
@json_option
@click.pass_obj
def set_(invocation: Invocation, /, handler: str, *, before: str | None, as_json: bool, **given: Any) -> None:
    """Change what is given of a handler, and keep the rest."""
    from app.services import handlers
    from app.services.access import terminal

    with invocation.appliance() as appliance:
        view = handlers.get(appliance, handler)
        after, done = handlers.replace(appliance, handler, _entry(view.entry, given), by=terminal(),
                                       version=view.version, before=before)
    _tell(done, f"Handler {after.name} is changed (revision {done.revision}).", as_json=as_json)


@command.command(name="move")
@click.argument("handler")
@click.option("--before", metavar="NAME", default="", help="The handler that it comes before; without it: the last.")
@json_option
@click.pass_obj
def move(invocation: Invocation, handler: str, *, before: str, as_json: bool) -> None:
    """Put a handler in front of another one, or behind all others."""
    from app.services import handlers
    from app.services.access import terminal

    with invocation.appliance() as appliance:
        view, done = handlers.move(appliance, handler, before, by=terminal())
    _tell(done, f"Handler {view.name} is moved (revision {done.revision}).", as_json=as_json)


@command.command(name="enable")
@click.argument("handler")
@json_option
@click.pass_obj
def enable(invocation: Invocation, handler: str, *, as_json: bool) -> None:
    """Have a handler take effect; one that was switched off for its failures begins anew."""
    _switch(invocation, handler, enabled=True, as_json=as_json)


@command.command(name="disable")
@click.argument("handler")
@json_option
@click.pass_obj
def disable(invocation: Invocation, handler: str, *, as_json: bool) -> None:
    """Keep a handler without effect."""
    _switch(invocation, handler, enabled=False, as_json=as_json)


@command.command(name="remove")
@click.argument("handler")
@json_option
@click.pass_obj
def remove(invocation: Invocation, handler: str, *, as_json: bool) -> None:
    """Remove a handler."""
    from app.services import handlers
    from app.services.access import terminal

    with invocation.appliance() as appliance:
        done = handlers.remove(appliance, handler, by=terminal())
    _tell(done, f"There is no handler {handler} any longer (revision {done.revision}).", as_json=as_json)


def _switch(invocation: Invocation, name: str, *, enabled: bool, as_json: bool) -> None:
    from app.services import handlers
    from app.services.access import terminal

    with invocation.appliance() as appliance:
        view, done = handlers.enable(appliance, name, enabled=enabled, by=terminal())
    _tell(done, f"Handler {view.name} is {'enabled' if enabled else 'disabled'} (revision {done.revision}).",
          as_json=as_json)


def _entry(before: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The handler's form: what was, what a file says, and what the options say over it."""
    from app.services.classes import read_entry, read_entry_file, read_value
    from dhcpcore.errors import InvalidValue

    made = dict(before)
    if given["source"]:
        made |= (read_entry(sys.stdin.read(), "standard input") if given["source"] == "-"
                 else read_entry_file(Path(given["source"])))
    for key in ("fields", "scope"):
        for pair in given[key]:
            name, equals, text = pair.partition("=")
            if not equals:
                like = "subnet=office" if key == "scope" else "rate=5"
                raise InvalidValue(f"{pair!r:.80}: write KEY=VALUE, such as {like}.")
            held = made.get(key)
            made[key] = {**(held if isinstance(held, Mapping) else {}), name: read_value(text, name)}
    for key in ("name", "description"):
        if given[key]:
            made[key] = given[key]
    if given["isolated"] is not None:
        made["isolated"] = given["isolated"]
    return made


def _in_words(scope: Mapping[str, Any]) -> str:
    """A scope in one line."""
    return ", ".join(f"{key} {_said(value)}" for key, value in scope.items())


def _said(value: Any) -> str:
    if isinstance(value, Mapping):
        return " ".join(f"{key} {_said(one)}" for key, one in value.items())
    return "/".join(map(str, value)) if isinstance(value, list) else str(value)


def _tell(done: Any, sentence: str, *, as_json: bool) -> None:
    if as_json:
        emit(done)
        return
    say(sentence)
    if not done.engine_told:
        note("No engine runs; the next one that starts reads it.")
