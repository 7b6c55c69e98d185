"""The first run: what the interfaces suggest, who else serves their links, and the first subnet with its pool.

A place for IPv6 is kept by the family of the prefix: what is suggested from an interface's IPv4 address is made by
``suggest``, and whatever prefix is given goes through the one validator.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, ip_address
from itertools import pairwise
from typing import Any

from app.services import definitions, neighbours
from app.services.access import Principal, Role
from app.services.appliance import Appliance
from app.services.definitions import Applied
from app.services.neighbours import OtherServer
from dhcpcore.control import ControlRefused, EngineAway
from dhcpcore.errors import Fault, InvalidDocument, InvalidValue, Refused
from dhcpcore.topology.validate import validate

#: Where a field's fault stands in the document.
_PLACES = (("pools[0].first", "first"), ("pools[0].last", "last"), ("pools[0]", "first"), ("pools", "first"),
           ("options.routers", "router"), ("options.domain-name-servers", "resolvers"),
           ("options.domain-name", "domain"), ("prefix", "prefix"), ("interface", "interface"), ("name", "name"))
FIELDS = ("interface", "name", "prefix", "router", "resolvers", "domain", "first", "last")
#: A suggested pool is a beginning; nobody's first one needs more.
_POOL_MAX = 4096
#: Between two questions while the engine listens for other servers.
_AGAIN_S = 0.5
_PROBE_S_MAX = 8.0
#: IFNAMSIZ without its closing zero.
_NAME_MAX = 15
_PROBING = threading.Lock()


@dataclass(frozen=True, slots=True)
class FirstSubnet:
    """The first subnet as it was typed or suggested; empty: not said."""

    interface: str = ""
    name: str = ""
    prefix: str = ""
    router: str = ""
    resolvers: str = ""
    domain: str = ""
    first: str = ""
    last: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An interface, what the machine says of it, and a subnet that would fit; None where it has no address yet."""

    name: str
    up: bool
    addresses: tuple[str, ...]
    suggestion: FirstSubnet | None


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """Who answered on a link; ``why_not`` says in words why nobody could be asked."""

    interface: str
    servers: tuple[OtherServer, ...] = ()
    why_not: str = ""


def needed(appliance: Appliance) -> bool:
    """Whether no subnet is defined yet."""
    return not definitions.export(appliance)[0].get("subnets")


def candidates(appliance: Appliance) -> tuple[Candidate, ...]:
    """The interfaces that the engine may serve, those with an address first.  Raises ``EngineAway``."""
    found = tuple(Candidate(one["name"], one["up"], tuple(one["addresses"]), suggest(one))
                  for one in appliance.engine.call("interfaces"))
    return tuple(sorted(found, key=lambda one: (one.suggestion is None, not one.up, one.name)))


def suggest(interface: Mapping[str, Any]) -> FirstSubnet | None:
    """A subnet from what an interface has: its network, its gateway, the machine's resolvers, and the upper half."""
    own = [IPv4Interface(text) for text in interface["addresses"]]
    usable = [one for one in own if one.network.prefixlen <= 30 and not one.is_loopback and not one.is_link_local]
    if not usable:
        return None
    network, gateway = usable[0].network, interface.get("gateway", "")
    resolvers = [text for text in interface.get("resolvers", ()) if ip_address(text).version == 4]
    taken = {one.ip for one in own} | {IPv4Address(text) for text in (gateway, *resolvers) if text}
    first, last = _free_run(network.network_address, network.num_addresses, taken)
    router = gateway if gateway and IPv4Address(gateway) in network else ""
    return FirstSubnet(interface["name"], interface["name"], str(network), router, ", ".join(resolvers), "",
                       first, last)


def with_pool(appliance: Appliance, wanted: FirstSubnet) -> FirstSubnet:
    """The same with a pool for its network, where none was said: what is somebody's already is left out."""
    if wanted.first or wanted.last:
        return wanted
    try:
        network = IPv4Network(wanted.prefix)
        said = [IPv4Address(text) for text in _listed(f"{wanted.router} {wanted.resolvers}")]
    except ValueError:
        return wanted
    try:
        own = [IPv4Interface(text).ip for one in candidates(appliance) for text in one.addresses]
    except (EngineAway, ControlRefused):
        own = []
    first, last = _free_run(network.network_address, network.num_addresses, {*said, *own})
    return replace(wanted, first=first, last=last)


def check(wanted: FirstSubnet, *, pool: bool) -> None:
    """Refuse with every fault by its field; without ``pool``, as far as that it is not asked for yet."""
    _document({"version": 1}, wanted, pool=pool)


def ask_neighbours(appliance: Appliance, interface: str, *, by: Principal) -> Neighbourhood:
    """Who answers a DISCOVER there, within some seconds: asked by the engine, or by this process where it may."""
    by.must_be(Role.ADMIN)
    if not 1 <= len(interface.encode()) <= _NAME_MAX or "/" in interface or not interface.isprintable() or (
            " " in interface):
        raise InvalidValue(f"{interface!r:.60} is no name of an interface such as eth1.")
    if not _PROBING.acquire(blocking=False):
        return Neighbourhood(interface, why_not="Somebody is asking already; try again in some seconds.")
    try:
        return _by_engine(appliance, interface)
    except (EngineAway, ControlRefused) as error:
        return _by_ourselves(appliance, interface, str(error))
    finally:
        _PROBING.release()


def create(appliance: Appliance, wanted: FirstSubnet, *, by: Principal) -> Applied:
    """Make it the first subnet, and tell the engine.  Refused by field, and where there is a subnet already."""
    by.must_be(Role.ADMIN)
    based_on = definitions.revision(appliance)
    before = definitions.export(appliance)[0]
    if before.get("subnets"):
        raise Refused("There are subnets already: this is for the first one. Add others in the definitions.")
    document = _document(before, wanted, pool=True)
    return definitions.apply(appliance, document, by=by, note="the first subnet", agreed=lambda _: True,
                             based_on=based_on)


def _document(before: Mapping[str, Any], wanted: FirstSubnet, *, pool: bool) -> Any:
    options = {"routers": _listed(wanted.router), "domain-name-servers": _listed(wanted.resolvers),
               "domain-name": wanted.domain}
    subnet: dict[str, Any] = {
        "prefix": wanted.prefix, "name": wanted.name, "interface": wanted.interface,
        "options": {name: value for name, value in options.items() if value}}
    missing = [] if wanted.prefix else [Fault("prefix", "Say which network, such as 192.0.2.0/24.")]
    if pool:
        missing += [Fault(name, "Say an address of the network.") for name in ("first", "last")
                    if not getattr(wanted, name)]
        subnet["pools"] = [{"first": wanted.first, "last": wanted.last}]
    if missing:
        raise InvalidDocument(tuple(missing))
    try:
        return validate({**before, "subnets": [{name: value for name, value in subnet.items() if value}]})
    except InvalidDocument as error:
        raise InvalidDocument(tuple(Fault(_field_of(one.path), one.message) for one in error.faults)) from None


def _field_of(path: str) -> str:
    inside = path.removeprefix("subnets[0]").lstrip(".")
    return next((name for place, name in _PLACES if inside.startswith(place)), "prefix")


def _listed(text: str) -> list[str]:
    return [one for one in text.replace(",", " ").split() if one]


def _free_run(network: IPv4Address, size: int, taken: set[IPv4Address]) -> tuple[str, str]:
    """The longest run of the upper half without addresses that are somebody's, cut to a beginning's length."""
    low, high = int(network) + max(1, size // 2), int(network) + size - 2
    walls = sorted(int(one) for one in taken if low <= int(one) <= high)
    edges = [low - 1, *walls, high + 1]
    runs = [(after + 1, before - 1) for after, before in pairwise(edges) if before - after > 1]
    if not runs:
        return "", ""
    first, last = max(runs, key=lambda run: run[1] - run[0])
    return str(IPv4Address(first)), str(IPv4Address(min(last, first + _POOL_MAX - 1)))


def _by_engine(appliance: Appliance, interface: str) -> Neighbourhood:
    ends = time.monotonic() + _PROBE_S_MAX
    while True:
        told = appliance.engine.call("neighbours", interface=interface)
        if not told.get("asking") or time.monotonic() > ends:
            servers = (OtherServer(interface, str(one["server"]), str(one["offered"])) for one in told["servers"])
            return Neighbourhood(interface, tuple(servers))
        time.sleep(_AGAIN_S)


def _by_ourselves(appliance: Appliance, interface: str, engine_says: str) -> Neighbourhood:
    port = appliance.settings.dhcp4.port
    try:
        return Neighbourhood(interface, tuple(neighbours.servers_on(interface, port, port + 1)))
    except PermissionError:
        return Neighbourhood(interface, why_not=f"{engine_says} This process has not the right to ask either. "
                                                "Ask as root: sudo lessor doctor --only servers")
    except (OSError, ValueError) as error:
        return Neighbourhood(interface, why_not=f"{engine_says} This process cannot ask either: {error}.")
