"""The network: one link that is attached to the servers, others behind relays; it delays, doubles, reorders and drops.

Addresses follow one scheme: link n is 10.n.0.0/24 and, where it has a second subnet, 10.(100+n).0.0/24; servers are
10.0.0.2 and up on the attached link and 10.250.0.2 and up on the one that leads to the relays.  A link of another VPN
has the addresses of link 1; its relay names the VPN (RFC 6607) and stands in for the servers, whom the clients there
could not reach.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from dhcpcore.engine import Datagram, Outgoing
from dhcpcore.lease.model import LeaseKey
from tests.interop.packets import NOWHERE, Message, decode, encode
from tests.simulation.plan import Weather
from tests.simulation.world import World

if TYPE_CHECKING:
    from tests.simulation.clients import Client
    from tests.simulation.server import Server

BROADCAST = b"\xff\xff\xff\xff"
ATTACHED, UPLINK = 2, 3
"""Indexes of a server's two interfaces."""
_FASTEST_S = 0.0002
VSS, VSS_CONTROL = 151, 152
"""Sub-options of option 82.  RFC 6607 3.2 and 3.3."""


@dataclass(slots=True)
class Link:
    """A wire with clients on it.  ``relay`` None: the servers are on it themselves."""

    number: int
    relay: bytes | None
    circuit: bytes | None = None  #: What the relay says of itself in option 82.
    squatters: set[bytes] = field(default_factory=set)  #: Addresses in use by hosts that speak no DHCP.
    space: int = 0  #: The lease space of its VPN; 0: of none.

    @property
    def name(self) -> str:
        return f"link{self.number}" + (f"-vpn{self.space}" if self.space else "")

    @property
    def vss(self) -> bytes:
        """What names its VPN: type octet and name.  RFC 6607 3.5."""
        return b"\0vpn%d" % self.space if self.space else b""

    @property
    def said(self) -> bytes:
        """Its relay's option 82."""
        said = [(1, self.circuit or b""), (VSS, self.vss)]
        agent = b"".join(bytes((code, len(value))) + value for code, value in said if value)
        return agent + bytes((VSS_CONTROL, 0)) if self.space else agent


def space_of(message: Message, *, answer: bool = False) -> int:
    """The lease space that a message's relay names.  One that an answer still asks about was not heeded."""
    said = suboptions(message.options.get(82, b""))
    vss = b"" if answer and VSS_CONTROL in said else said.get(VSS, b"")
    return int(vss[4:] or 0)


def suboptions(agent: bytes) -> dict[int, bytes]:
    """RFC 3046 2.0."""
    found: dict[int, bytes] = {}
    while agent:
        found[agent[0]] = agent[2 : 2 + agent[1]]
        agent = agent[2 + agent[1] :]
    return found


class Network:
    """Carries datagrams between clients and servers."""

    def __init__(self, world: World, links: list[Link], weather: Callable[[], Weather]) -> None:
        self._world = world
        self._weather = weather
        self.links = links
        self.servers: list[Server] = []
        self.clients: list[Client] = []

    def broadcast(self, client: Client, message: Message) -> None:
        """From a client to every server: on the attached link, or by way of the relay."""
        link = client.link
        if link.relay is None:
            for server in self.servers:
                self._carry(
                    server.receive,
                    Datagram(encode(message), message.ciaddr, 68, ATTACHED, BROADCAST, server.address, 0.0),
                )
            return
        for server in self.servers:
            self._relay(server, link, message)

    def _relay(self, server: Server, link: Link, message: Message) -> None:
        assert link.relay is not None
        options = dict(message.options)
        if link.said:
            options[82] = link.said
        relayed = encode(replace(message, giaddr=link.relay, hops=1, options=options))
        self._carry(server.receive, Datagram(relayed, link.relay, 67, UPLINK, server.uplink, server.uplink, 0.0))

    def unicast(self, client: Client, message: Message, target: bytes) -> None:
        """From a client that has an address to one server, past the relay."""
        for server in self.servers:
            if target not in (server.address, server.uplink):
                continue
            if client.link.space:
                self._relay(server, client.link, message)
            else:
                interface = ATTACHED if client.link.relay is None else UPLINK
                self._carry(
                    server.receive, Datagram(encode(message), message.ciaddr, 68, interface, target, target, 0.0)
                )

    def answer(self, outgoing: Outgoing) -> None:
        """From a server to whom it is addressed."""
        payload, route = outgoing
        message = decode(payload)
        space = space_of(message, answer=True)
        for client in self.clients:
            link = client.link
            if route.hw:
                heard = link.relay is None and client.hw == route.hw
            elif route.address == BROADCAST:
                heard = link.relay is None and client.hw == message.chaddr
            elif message.giaddr != NOWHERE:
                heard = link.relay == route.address and client.hw == message.chaddr and link.space == space
            else:
                heard = client.configured == route.address and client.hw == message.chaddr
            if heard:
                self._carry(self._hear, client, link, message)

    def user_of(self, key: LeaseKey) -> bool:
        """Whether anybody answers a probe of this address."""
        space, _, address, _ = key
        if any(address in link.squatters for link in self.links if link.space == space):
            return True
        return any(client.configured == address for client in self.clients if client.link.space == space)

    def _hear(self, client: Client, link: Link, message: Message) -> None:
        if client.link is link:
            client.hear(message)

    def _carry(self, deliver: Callable[..., object], *what: Any) -> None:
        world, weather = self._world, self._weather()
        if world.chance(weather.loss):
            return
        for _ in range(2 if world.chance(weather.duplicate) else 1):
            world.later(world.dice.uniform(_FASTEST_S, weather.delay_s_max), deliver, *what)
