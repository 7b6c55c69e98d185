"""The table of verbs: a name, the module that holds it, and the line that `--help` shows.

A verb's module is imported when the verb is called, so the others cost nothing; it has a click command (or group)
named `command`. `test` belongs to the launcher, because its tools are not installed for anybody who does not test.
"""

from typing import NamedTuple


class Verb(NamedTuple):
    """One row."""

    module: str
    summary: str


VERBS: dict[str, Verb] = {
    "demo": Verb("app.cli.demo", "Show a living server with pretend clients, on this machine alone."),
    "serve": Verb("app.cli.serve", "Run the engine and the web pages."),
    "engine": Verb("app.cli.engine", "Run the DHCP engine alone."),
    "web": Verb("app.cli.web", "Run the web pages and REST alone."),
    "migrate": Verb("app.cli.migrate", "Make the database, or bring it to this version."),
    "apply": Verb("app.cli.apply", "Make a definitions document the definitions."),
    "setup": Verb("app.cli.setup", "Make the first subnet, from what the interfaces suggest."),
    "diff": Verb("app.cli.diff", "Show what applying a document would change."),
    "export": Verb("app.cli.export", "Print the definitions as a document."),
    "revision": Verb("app.cli.revision", "Show the published definitions and what each changed; take one back."),
    "audit": Verb("app.cli.audit", "Show who changed what, and when."),
    "subnet": Verb("app.cli.subnet", "List, add, change and remove subnets."),
    "pool": Verb("app.cli.pool", "List, add, change and remove pools."),
    "shared-network": Verb("app.cli.shared_network", "Say which subnets share one wire."),
    "globals": Verb("app.cli.globals", "Show and change what holds in every subnet."),
    "option-definition": Verb("app.cli.option_definition", "List options by name, and define your own."),
    "assignment": Verb("app.cli.assignment", "List, add, change and remove static assignments."),
    "option": Verb("app.cli.option", "Show options, on the wire and as a client receives them."),
    "class": Verb("app.cli.classes", "List, add, change and remove classes, and try expressions."),
    "lease": Verb("app.cli.lease", "Show leases and their history, and release them."),
    "handler": Verb("app.cli.handler", "List, add, change, move and remove handlers, and list their types."),
    "hook": Verb("app.cli.hook", "Show the callouts of hook libraries."),
    "method": Verb("app.cli.method", "List the web methods of the script, and call them."),
    "suspension": Verb("app.cli.suspension", "Show clients that are not answered for a time, and answer them again."),
    "simulate": Verb("app.cli.simulate", "Try other definitions or another script on the latest messages."),
    "explain": Verb("app.cli.explain", "Say what became of a client's latest messages, and why."),
    "install": Verb("app.cli.install", "Make account, folders and units, to serve for keeps."),
    "doctor": Verb("app.cli.doctor", "Look for what keeps leases from being granted."),
    "backup": Verb("app.cli.backup", "Write everything to one file, while the engine works."),
    "restore": Verb("app.cli.restore", "Put a backup back, into either kind of database."),
    "user": Verb("app.cli.user", "List, add, change and remove those who may log in."),
    "token": Verb("app.cli.token", "Make, list and revoke the tokens of programs."),
    "control": Verb("app.cli.control", "Ask the running engine, over its control socket."),
    "log": Verb("app.cli.log", "Show the newest lines of the engine's log, and follow it."),
    "config": Verb("app.cli.config", "Show the process settings and where they come from."),
}
