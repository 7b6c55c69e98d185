"""`lessor assignment`: static assignments, one at a time."""

from typing import TYPE_CHECKING, Any

import click

from app.cli.entries import entry_of, pairs_argument
from app.cli.invocation import Invocation
from app.cli.output import emit, json_option, note, say, table
from app.services.plain import time_text

if TYPE_CHECKING:
    from app.services.assignments import AssignmentView
    from app.services.definitions import Applied


@click.group(name="assignment")
def command() -> None:
    """List, show, add, change, enable, disable and remove static assignments."""


@command.command(name="list")
@click.option("--subnet", metavar="NAME", help="Only those of this subnet: its name or prefix.")
@click.option("--sort", default="id", show_default=True,
              help="id (as they were added), address, hw_address, hostname, last_used_at; - before it turns it round.")
@json_option
@click.pass_obj
def list_(invocation: Invocation, *, subnet: str | None, sort: str, as_json: bool) -> None:
    """List static assignments."""
    from app.services import assignments

    with invocation.appliance() as appliance:
        found = list(assignments.list_assignments(appliance, subnet, sort))
    if as_json:
        emit(found)
        return
    table(("ADDRESS", "CLIENT", "HOST NAME", "SUBNET", ""),
          ((", ".join(one.addresses), f"{one.identifier} {one.value}", one.hostname, one.subnet,
            _state(one)) for one in found), "No assignment.")


@command.command(name="add")
@click.argument("address", required=False)
@pairs_argument
@click.option("--hw-address", metavar="MAC", help="The client's hardware address.")
@click.option("--client-id", metavar="HEX", help="The client's identifier (option 61), type octet included.")
@click.option("--duid", metavar="HEX", help="The client's DUID.")
@click.option("--circuit-id", metavar="TEXT", help="The circuit that its relay names.")
@click.option("--remote-id", metavar="TEXT", help="The remote end that its relay names.")
@click.option("--expression", metavar="TEXT", help="What `assignment_key` makes of its packets.")
@click.option("--hostname", help="The name that the client is told.")
@click.option("--subnet", metavar="NAME", help="The subnet; without it, the one whose prefix holds the address. "
              "*: all, wherever the client appears.")
@click.option("--class", "classes", metavar="NAME", multiple=True, help="A class of its client; may be repeated.")
@click.option("--disabled", is_flag=True, help="Keep it without effect.")
@json_option
@click.pass_obj
def add(invocation: Invocation, /, address: str | None, *, pairs: tuple[str, ...], subnet: str | None,
        classes: tuple[str, ...], disabled: bool, as_json: bool, **given: str | None) -> None:
    """Give one client ADDRESS for good, or without it what else is said; name it by exactly one of the options.

    Keys of the definitions document say more of it, such as boot.file=pxe.0 or options.routers=[192.0.2.1]; with
    several addresses, or with none, ADDRESS is such a pair, too: addresses=[2001:db8::1, 2001:db8::2].
    """
    from app.services import assignments
    from app.services.access import terminal

    named = [name for name in assignments.IDENTIFIERS if given.get(name)]
    if len(named) != 1:
        raise click.UsageError("Name the client by exactly one of --hw-address, --client-id, --duid, --circuit-id, "
                               "--remote-id and --expression.")
    entry: dict[str, Any] = {named[0]: assignments.read_identifier(given[named[0]] or "")}
    if address is not None:
        entry |= entry_of((address, *pairs)) if "=" in address else {"address": address, **entry_of(pairs)}
    entry.update({"hostname": given["hostname"]} if given["hostname"] else {})
    entry.update({"enabled": False} if disabled else {})
    entry.update({"classes": list(classes)} if classes else {})
    with invocation.appliance() as appliance:
        done = assignments.add(appliance, entry, by=terminal(), subnet=subnet)
    what = ", ".join(map(str, entry.get("addresses", ()))) or entry.get("address")
    words = f"{what} is assigned to" if what else "An assignment was added for"
    _tell(done, f"{words} {given[named[0]]} (revision {done.revision}).", as_json=as_json)


@command.command(name="show")
@click.argument("what", metavar="ADDRESS|CLIENT")
@json_option
@click.pass_obj
def show(invocation: Invocation, what: str, *, as_json: bool) -> None:
    """Show the assignment of an address, or of a client by its hardware address or identifier."""
    from app.services import assignments

    with invocation.appliance() as appliance:
        view = assignments.named(appliance, what)
    if as_json:
        emit(view)
        return
    rows = (("number", view.id), ("subnet", view.subnet), (view.identifier, view.value),
            ("addresses", ", ".join(view.addresses)), ("host name", view.hostname),
            *((name.replace("_", " "), value) for name, value in view.entry.get("boot", {}).items()),
            ("shared", "yes" if view.entry.get("shared") else ""), ("takeover", view.entry.get("takeover", "")),
            ("state", view.usage.words if view.enabled else ""),
            *((f"option {name}", value) for name, value in view.entry.get("options", {}).items()),
            ("", "" if view.enabled else "disabled: without effect"))
    for name, value in rows:
        if value:
            say(f"{name:<14}{value}")


@command.command(name="set")
@click.argument("what", metavar="ADDRESS|CLIENT")
@pairs_argument
@json_option
@click.pass_obj
def set_(invocation: Invocation, what: str, pairs: tuple[str, ...], *, as_json: bool) -> None:
    """Change keys of an assignment, as the definitions document has them, and keep the rest; KEY= takes one out."""
    from app.services import assignments
    from app.services.access import terminal

    with invocation.appliance() as appliance:
        after, done = assignments.named(appliance, what), None
        entry = assignments.merged(after, entry_of(pairs))
        if entry != after.entry:
            after, done = assignments.replace(appliance, after.id, entry, by=terminal(), version=after.version)
    if done is not None:
        _tell(done, f"The assignment of {after.value} is changed (revision {done.revision}).", as_json=as_json)
    elif as_json:
        emit(after)
    else:
        say(f"The assignment of {after.value} is so already; nothing was changed.")


@command.command(name="enable")
@click.argument("what", metavar="ADDRESS|CLIENT")
@json_option
@click.pass_obj
def enable(invocation: Invocation, what: str, *, as_json: bool) -> None:
    """Put an assignment into effect that was kept without."""
    from app.services import assignments
    from app.services.access import terminal

    with invocation.appliance() as appliance:
        view, done = assignments.enable(appliance, assignments.named(appliance, what).id, by=terminal())
    _tell_switched(view, done, "is in effect", as_json=as_json)


@command.command(name="disable")
@click.argument("what", metavar="ADDRESS|CLIENT")
@json_option
@click.pass_obj
def disable(invocation: Invocation, what: str, *, as_json: bool) -> None:
    """Keep an assignment without effect, to be enabled again later."""
    from app.services import assignments
    from app.services.access import terminal

    with invocation.appliance() as appliance:
        view, done = assignments.disable(appliance, assignments.named(appliance, what).id, by=terminal())
    _tell_switched(view, done, "is without effect", as_json=as_json)


@command.command(name="remove")
@click.argument("what", metavar="ADDRESS|CLIENT")
@json_option
@click.pass_obj
def remove(invocation: Invocation, what: str, *, as_json: bool) -> None:
    """Remove the assignment of an address, or of a client by its hardware address or identifier."""
    from app.services import assignments
    from app.services.access import terminal

    with invocation.appliance() as appliance:
        view, done = assignments.remove(appliance, what, by=terminal())
    what = f"{', '.join(view.addresses)} is" if view.addresses else "Nothing is"
    _tell(done, f"{what} no longer assigned to {view.value} (revision {done.revision}).", as_json=as_json)


@command.command(name="takeover")
@click.argument("what", metavar="ADDRESS|CLIENT")
@click.option("--how", type=click.Choice(("nak", "wait", "renew")),
              help="Refuse the holder when it is next heard of; let its lease run out; or ask it to renew at once.")
@json_option
@click.pass_obj
def takeover_(invocation: Invocation, what: str, *, how: str | None, as_json: bool) -> None:
    """Tell who is in an assignment's way and until when, and with --how say how that ends."""
    from app.services import assignments, takeover
    from app.services.access import terminal

    with invocation.appliance() as appliance:
        number = assignments.named(appliance, what).id
        if how is None:
            found = takeover.outlook(appliance, number)
        else:
            found, _ = takeover.choose(appliance, number, how, by=terminal())
    if as_json:
        emit(found)
        return
    for one in found.others:
        say(f"{one.address} is held by {one.client}, which renews about {time_text(one.renews_at)}.")
    for one in found.elsewhere:
        say(f"Its client holds {one.address} instead, and renews about {time_text(one.renews_at)}.")
    if found.is_settled:
        say("Nothing is in its way.")
    elif found.moves_at is None:
        say("A lease in its way has no end: only `--how nak` or `--how renew` ends it.")
    else:
        ends = "its lease is over" if found.takeover == "wait" else "it is refused at its next contact"
        say(f"That ends about {time_text(found.moves_at)}, when {ends}.")
    for address in found.asked:
        say(f"The client of {address} was asked to renew now.")
    for sentence in found.refused:
        note(sentence)


def _state(one: "AssignmentView") -> str:
    return one.usage.words


def _tell_switched(view: "AssignmentView", done: "Applied | None", what: str, *, as_json: bool) -> None:
    if done is not None:
        _tell(done, f"The assignment of {view.value} {what} (revision {done.revision}).", as_json=as_json)
    elif as_json:
        emit(view)
    else:
        say(f"The assignment of {view.value} {what} already; nothing was changed.")


def _tell(done: "Applied", sentence: str, *, as_json: bool) -> None:
    if as_json:
        emit(done)
        return
    say(sentence)
    for one in done.losses:
        note(f"{one.clients} client{'s lose their addresses' if one.clients > 1 else ' loses its address'}: {one.what}")
    if not done.engine_told:
        note("No engine runs now; the next one that starts reads it.")
