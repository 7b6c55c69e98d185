"""`lessor setup`: the first subnet, from what the interfaces suggest."""

from dataclasses import asdict, replace

import click

from app.cli.invocation import Invocation
from app.cli.output import emit, json_option, note, say, table


@click.command(name="setup")
@click.option("--interface", default="", help="Where the clients are.")
@click.option("--name", help="As you call the subnet.")
@click.option("--prefix", help="Its network, such as 192.0.2.0/24.")
@click.option("--router", help="The way out that clients are told.")
@click.option("--resolvers", help="Name servers, with commas between.")
@click.option("--domain", help="The clients' domain.")
@click.option("--first", help="The pool's first address.")
@click.option("--last", help="The pool's last address.")
@click.option("--no-probe", is_flag=True, help="Do not look for other DHCP servers.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_obj
def command(invocation: Invocation, /, *, interface: str, no_probe: bool, yes: bool, as_json: bool,
            **said: str | None) -> None:
    """Make the first subnet; without --interface, show what the interfaces suggest.

    What is not said is as the interface suggests; an empty text leaves it out.
    """
    from app.services import setup
    from app.services.access import terminal
    from dhcpcore.control import EngineAway

    with invocation.appliance(make=True) as appliance:
        if not interface:
            found = setup.candidates(appliance)
            if as_json:
                emit({"needed": setup.needed(appliance), "interfaces": found})
                return
            table(("INTERFACE", "ADDRESSES", "NETWORK", "ROUTER", "POOL"),
                  ((one.name, ", ".join(one.addresses), one.suggestion.prefix, one.suggestion.router or "none",
                    f"{one.suggestion.first} - {one.suggestion.last}") if one.suggestion else
                   (one.name, ", ".join(one.addresses) or "none", "", "", "") for one in found),
                  "The engine serves no interface that broadcasts.")
            return
        wanted = setup.FirstSubnet(interface=interface)
        try:
            fitting = {one.name: one.suggestion for one in setup.candidates(appliance)}
            wanted = fitting.get(interface) or wanted
        except EngineAway as error:
            note(f"{error} Nothing is suggested.")
        if said["prefix"] is not None and said["prefix"] != wanted.prefix:
            wanted = setup.FirstSubnet(interface=interface, name=wanted.name)
        wanted = setup.with_pool(appliance, replace(wanted, **{k: v for k, v in said.items() if v is not None}))
        setup.check(wanted, pool=True)
        if not no_probe:
            around = setup.ask_neighbours(appliance, interface, by=terminal())
            for one in around.servers:
                note(f"warning: another DHCP server answers on {one.interface}: {one.server} offered {one.offered}.")
            if around.why_not:
                note(f"warning: nobody could be asked whether another server answers: {around.why_not}")
        if not (yes or as_json):
            for name, value in asdict(wanted).items():
                say(f"{name:10} {value or 'none'}")
            click.confirm("Serve it?", abort=True)
        made = setup.create(appliance, wanted, by=terminal())
    if as_json:
        emit({"revision": made.revision, "engine_told": made.engine_told})
    else:
        say(f"Revision {made.revision}" + ("." if made.engine_told else "; an engine reads it when it starts."))
