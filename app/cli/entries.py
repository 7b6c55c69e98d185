"""What the verbs that change definitions have in common: entries as KEY=VALUE, and a yes where somebody loses."""

import sys
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click

from app.cli.output import emit, note, say
from dhcpcore.errors import Refused

if TYPE_CHECKING:
    from app.services.changes import Consent
    from app.services.definitions import Applied

T = TypeVar("T")

pairs_argument = click.argument("pairs", metavar="KEY=VALUE", nargs=-1)
yes_option = click.option("--yes", is_flag=True, help="Ask nothing, even where clients lose their address.")


def entry_of(pairs: Iterable[str]) -> dict[str, Any]:
    """``lifetime=2h options.routers=[192.0.2.1] name=`` as an entry: values are YAML, an empty one is null."""
    from dhcpcore import interchange

    entry: dict[str, Any] = {}
    for pair in pairs:
        key, sign, value = pair.partition("=")
        if not sign or not key:
            raise click.UsageError(f"{pair!r} is not KEY=VALUE such as lifetime=2h or options.routers=[192.0.2.1].")
        read = interchange.read(f"value: {value}", key)
        holder = entry
        *way, last = key.split(".")
        for step in way:
            holder = holder.setdefault(step, {})
            if not isinstance(holder, dict):
                raise click.UsageError(f"{key} and {step} are both given: give one of the two.")
        if last in holder:
            raise click.UsageError(f"{key} is given twice.")
        holder[last] = read["value"] if isinstance(read, Mapping) else read
    return entry


def agreed(do: "Callable[[Consent], T]", *, yes: bool) -> T:
    """Do it; where clients would lose an address, show them and ask first, or refuse where nobody is there to ask."""
    from app.services.changes import NOBODY_LOSES, Consent
    from app.services.definitions import TakesAddresses

    if yes:
        return do(Consent(None))
    try:
        return do(NOBODY_LOSES)
    except TakesAddresses as error:
        clients = sum(one.clients for one in error.losses)
        for one in error.losses:
            note(f"{one.clients} client{'s' if one.clients > 1 else ''} would lose an address held now: {one.what}")
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise Refused("Refused: clients would lose their address, and nobody is here to ask. Say --yes to do it "
                          "all the same.") from None
    if not click.confirm("Do it?", default=False, err=True):
        raise Refused("Nothing was changed.")
    return do(Consent(clients))


def tell(shown: Mapping[str, Any], applied: "Applied | None", sentence: str, *, as_json: bool) -> None:
    """Print what was made or changed, as REST answers it, or a sentence for people."""
    if as_json:
        from app.services.plain import plain

        done = {} if applied is None else {"revision": applied.revision, "losses": plain(applied.losses),
                                           "engine_told": applied.engine_told}
        emit({**shown, **done})
        return
    if applied is None:
        say("It is so already; nothing was changed.")
        return
    say(f"{sentence} (revision {applied.revision}).")
    for one in applied.losses:
        note(f"{one.clients} client{'s lose their addresses' if one.clients > 1 else ' loses its address'}: {one.what}")
    if not applied.engine_told:
        note("No engine runs now; the next one that starts reads it.")


def tell_entry(entry: Mapping[str, Any], above: str = "") -> None:
    """Print an entry as the KEY=VALUE that would set it."""
    import json

    for key, value in entry.items():
        if isinstance(value, Mapping) and value:
            tell_entry(value, f"{above}{key}.")
        else:
            say(f"{above}{key}={value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}")
