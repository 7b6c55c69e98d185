"""The table of verbs: name, who may call it, what it does, its arguments, and how the engine is asked.

A verb's sentence is also the manual's text and the command line's help.
"""

from __future__ import annotations

import enum
import ipaddress
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from dhcpcore.control.face import EngineFace
from dhcpcore.errors import InvalidValue

TRANSACTIONS_MAX = 200
#: So many lines at their longest fit into an answer; who follows asks again.
LOG_LINES_MAX = 300
LOG_LEVELS = ("debug", "info", "warning", "error")
TEXT_MAX = 255


class Role(enum.IntEnum):
    """Who may do what; a higher role may do all that a lower one may."""

    VIEWER = 1
    OPERATOR = 2
    ADMIN = 3


@dataclass(frozen=True, slots=True)
class Argument:
    """One named argument of a verb; ``default`` None and not ``required``: it may be left out."""

    name: str
    parse: Callable[[Any], Any]
    what: str
    required: bool = False
    default: Any = None


@dataclass(frozen=True, slots=True)
class Verb:
    """One row of the table."""

    name: str
    role: Role
    summary: str
    run: Callable[[EngineFace, Mapping[str, Any]], Any]
    arguments: tuple[Argument, ...] = ()

    def parse(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments as values; wrong, missing and unknown ones are told in words."""
        unknown = sorted(set(given) - {argument.name for argument in self.arguments})
        if unknown:
            known = ", ".join(argument.name for argument in self.arguments) or "none"
            raise InvalidValue(f"{self.name} has no argument {unknown[0]!r} (its arguments: {known}).")
        values: dict[str, Any] = {}
        for argument in self.arguments:
            if given.get(argument.name) is not None:
                try:
                    values[argument.name] = argument.parse(given[argument.name])
                except ValueError:
                    raise InvalidValue(
                        f"{self.name}: {argument.name} is {given[argument.name]!r:.80}; right is {argument.what}."
                    ) from None
            elif argument.required:
                raise InvalidValue(f"{self.name} needs {argument.name}: {argument.what}.")
            else:
                values[argument.name] = argument.default
        return values


def address_bytes(text: Any) -> bytes:
    """An IPv4 or IPv6 address as the lease key holds it."""
    if not isinstance(text, str):
        raise ValueError("no text")  # noqa: TRY004 - the table's one signal for a wrong argument
    return ipaddress.ip_address(text).packed


def hardware_bytes(text: Any) -> bytes:
    """An Ethernet address as packets are known by it: hardware type and octets; another type's with its number."""
    if not isinstance(text, str):
        raise ValueError("no text")  # noqa: TRY004 - as above
    kind, slash, rest = text.rpartition("/")
    octets = bytes.fromhex(rest.replace(":", "").replace("-", ""))
    if not 1 <= len(octets) <= 16:
        raise ValueError("no hardware address")
    return bytes((int(kind) if slash else 1,)) + octets


def _count(low: int, high: int) -> Callable[[Any], int]:
    def parse(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise ValueError("no whole number")  # noqa: TRY004 - as above
        number = int(value)
        if not low <= number <= high:
            raise ValueError("out of range")
        return number

    return parse


def _one_of(*names: str) -> Callable[[Any], str]:
    def parse(value: Any) -> str:
        if value not in names:
            raise ValueError("none of them")
        return str(value)

    return parse


def _text(value: Any) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= TEXT_MAX:
        raise ValueError("no text, or too long")
    return value


def _object(value: Any) -> dict[str, Any]:
    found = json.loads(value) if isinstance(value, str) else value
    if not isinstance(found, dict):
        raise ValueError("no object")  # noqa: TRY004 - as above
    return found


_REQUEST = "an object of queryargs (lists of text), mimetype, data (base64) and headers, each of which may be left out"


def _request(value: Any) -> dict[str, Any]:
    known = {"queryargs": dict, "mimetype": str, "data": str, "headers": dict}
    if isinstance(value, str):
        value = json.loads(value)  # Of the command line.
    if not isinstance(value, dict) or not all(
        isinstance(said, known.get(name, ())) for name, said in value.items() if said is not None
    ):
        raise ValueError("no request")
    return value


VERBS: Mapping[str, Verb] = {verb.name: verb for verb in (
    Verb("status", Role.VIEWER, "Tells what the engine is doing: version, readiness, revision, interfaces, clock.",
         lambda engine, _: engine.status()),
    Verb("statistics", Role.VIEWER, "Tells the engine's counters.",
         lambda engine, _: engine.statistics()),
    Verb("transactions", Role.VIEWER, "Tells the latest transactions, newest first, each with its reason.",
         lambda engine, args: engine.transactions(args["limit"], args["client"]), (
             Argument("limit", _count(1, TRANSACTIONS_MAX), f"a whole number from 1 to {TRANSACTIONS_MAX}", default=20),
             Argument("client", _text, "part of a hardware address, client identifier or address"),
         )),
    # The log tells of the machine (paths, tracebacks), not only of clients: no page of a viewer.
    Verb("log", Role.OPERATOR, "Tells the newest lines of the engine's log; who follows asks for those after the last.",
         lambda engine, args: engine.log(args["limit"], args["after"], args["level"], args["find"]), (
             Argument("limit", _count(1, LOG_LINES_MAX), f"a whole number from 1 to {LOG_LINES_MAX}", default=100),
             Argument("after", _count(0, 2**53 - 1), "the number of a line: those that follow it"),
             Argument("level", _one_of(*LOG_LEVELS),
                      "the least severe: debug, info, warning or error", default="debug"),
             Argument("find", _text, "a part of the line or of its logger's name"),
         )),
    Verb("interfaces", Role.VIEWER, "Tells the machine's interfaces with addresses, gateway and resolvers.",
         lambda engine, _: engine.interfaces()),
    Verb("neighbours", Role.OPERATOR, "Asks a link for other DHCP servers, and tells those that answered; called again "
         "within seconds, it tells more and does not ask anew.",
         lambda engine, args: engine.neighbours(args["interface"]), (
             Argument("interface", _text, "the name of an interface", required=True),
         )),
    Verb("lease-release", Role.OPERATOR, "Ends the lease of one address at once; its client hears of it at its next "
         "renewal.",
         lambda engine, args: engine.release(args["address"], args["space"]), (
             Argument("address", address_bytes, "an IPv4 or IPv6 address", required=True),
             Argument("space", _count(0, 2**31 - 1), "the number of a lease space", default=0),
         )),
    Verb("lease-renew", Role.OPERATOR, "Asks the client that holds an address to renew at once (FORCERENEW).",
         lambda engine, args: engine.renew(args["address"], args["space"]), (
             Argument("address", address_bytes, "an IPv4 address", required=True),
             Argument("space", _count(0, 2**31 - 1), "the number of a lease space", default=0),
         )),
    Verb("reload", Role.OPERATOR, "Makes the engine read the definitions again, now.",
         lambda engine, _: engine.reload()),
    Verb("suspensions", Role.VIEWER, "Tells which clients are not answered for a time, why, and until when.",
         lambda engine, _: engine.suspensions()),
    Verb("suspension-lift", Role.OPERATOR, "Answers a suspended client again, at once.",
         lambda engine, args: engine.lift(args["hw_address"]), (
             Argument("hw_address", hardware_bytes, "a hardware address such as 02:00:00:00:00:01", required=True),
         )),
    Verb("handlers", Role.VIEWER, "Tells the configured handlers, what their calls took and what became of them.",
         lambda engine, _: engine.handlers()),
    Verb("hooks", Role.VIEWER, "Tells the callouts of hook libraries, what their calls took and what became of them.",
         lambda engine, _: engine.hooks()),
    Verb("command", Role.ADMIN, "Has the hook libraries carry out a command of theirs.",
         lambda engine, args: engine.command(args["name"], args["arguments"]), (
             Argument("name", _text, "the name of a command that a hook library registered", required=True),
             Argument("arguments", _object, "an object of names and values, as JSON", default={}),
         )),
    Verb("script", Role.VIEWER, "Tells whether a script is configured, and how its process does.",
         lambda engine, _: engine.script_state()),
    Verb("script-registry", Role.VIEWER, "Tells the script's hooks and parameters, web methods and dashboard elements.",
         lambda engine, _: engine.script_registry()),
    Verb("script-dashboard", Role.VIEWER, "Has the script make its dashboard elements and headers.",
         lambda engine, args: engine.script_call("dashboard", {**args["request"], "path": "/"}), (
             Argument("request", _request, _REQUEST, default=MappingProxyType({})),
         )),
    Verb("script-element", Role.VIEWER, "Has the script make one dashboard element, and its headers.",
         lambda engine, args: engine.script_call("element", {**args["request"], "path": "/",
                                                             "number": args["number"]}), (
             Argument("number", _count(1, 2**31 - 1), "the number of an element, from script-registry", required=True),
             Argument("request", _request, _REQUEST, default=MappingProxyType({})),
         )),
    Verb("script-call", Role.OPERATOR, "Calls one of the script's web methods, by its path.",
         lambda engine, args: engine.script_call("method", {**args["request"], "path": args["path"]}), (
             Argument("path", _text, "the path that the method is registered at", required=True),
             Argument("request", _request, _REQUEST, default=MappingProxyType({})),
         )),
    Verb("script-digest", Role.OPERATOR, "Tells whether an answer to an HTTP Digest challenge was made with the "
         "script's WEB_DIGEST_USERNAME and WEB_DIGEST_PASSWORD.",
         lambda engine, args: engine.script_digest(args["fields"]), (
             Argument("fields", _object, "an object of username, realm, nonce, nc, cnonce, qop, uri, response and "
                      "method", required=True),
         )),
    Verb("script-reinitialise", Role.OPERATOR, "Has the script run its reinitialisation handlers; where one fails, its "
         "process begins anew.",
         lambda engine, _: engine.script_call("reinitialise", {})),
    Verb("clock-confirm", Role.ADMIN, "Takes the clock as it is after a step: ended leases are given away again.",
         lambda engine, _: engine.confirm_clock()),
    Verb("stop", Role.ADMIN, "Ends the engine once its batch is committed and answered.",
         lambda engine, _: engine.stop()),
)}
