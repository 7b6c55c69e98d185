"""Addresses for clients that nobody knows, from a pool of the script's own.

Which client has which address is in memory: after a restart clients keep theirs by asking for it.  That no address is
held twice is the engine's doing, as ever.  A pool of the definitions needs no script.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html import escape
from typing import Any

from dhcpcore.script.compat.definition import Definition
from dhcpcore.script.compat.ipv4 import IPv4
from dhcpcore.script.compat.mac import MAC
from dhcpcore.script.compat.packet import DHCPPacket

#: An address that was offered and not asked for is free again so soon.
OFFERED_S = 60
#: When clients renew where renewals are discouraged: shortly before the end.
LATE = 0.975


@dataclass(slots=True)
class Held:
    """Who has an address, until when."""

    mac: MAC
    until: float
    given: bool  #: Else only offered.


class DynamicPool:
    """Addresses of one subnet, and who has them.  Arguments are those of a ``Definition``; ``lease_time`` seconds."""

    def __init__(
        self, subnet: str, serial: int, lease_time: int, hostname_prefix: str = "", subnet_mask: Any = None,
        gateway: Any = None, broadcast_address: Any = None, domain_name: str | None = None,
        domain_name_servers: Any = None, ntp_servers: Any = None, discourage_renewals: bool = True,
        clock: Callable[[], float] = time.time,
    ) -> None:  # fmt: skip
        self.lease_time = int(lease_time)
        self.discourage_renewals = discourage_renewals
        self._subnet, self._serial, self._prefix = subnet, serial, hostname_prefix
        self._fields = {
            "subnet_mask": subnet_mask, "gateways": gateway, "broadcast_address": broadcast_address,
            "domain_name": domain_name, "domain_name_servers": domain_name_servers, "ntp_servers": ntp_servers,
        }  # fmt: skip
        self._clock = clock
        #: In the order in which they are given: the one that was free for longest comes first.
        self._held: OrderedDict[IPv4, Held | None] = OrderedDict()
        self._of: dict[MAC, IPv4] = {}

    def add_ips(self, ips: Iterable[Any]) -> int:
        """Add addresses; those that are there already are passed over.  How many are new."""
        before = len(self._held)
        for one in ips:
            self._held.setdefault(IPv4(one), None)
        return len(self._held) - before

    def handle(self, method: str, packet: DHCPPacket, mac: MAC, client_ip: IPv4 | None) -> Definition | None:
        """What to answer, for ``handleUnknownMAC``; None where there is nothing to give."""
        now = self._clock()
        if method in {"RELEASE", "DECLINE"}:
            return self._give_back(mac, client_ip, declined=method == "DECLINE", now=now)
        wanted = client_ip or (None if method == "DISCOVER" else _address_of(packet))
        if method == "DISCOVER":
            wanted = packet.extractIPOrNone("requested_ip_address")
        mine = self._mine(mac, now)
        if method == "INFORM":
            return None if mine is None else self._definition(mine)
        if mine is None:
            mine = self._choose(wanted, now, insists=method.startswith("REQUEST"))
        elif method.startswith("REQUEST") and wanted is not None and wanted != mine:
            return None  # It has another one, and is to ask for that.
        if mine is None:
            return None
        given = method.startswith("REQUEST")
        self._held[mine] = Held(mac, now + (self.lease_time if given else OFFERED_S), given)
        self._held.move_to_end(mine)
        self._of[mac] = mine
        return self._definition(mine)

    def load(self, packet: DHCPPacket, definition: Definition) -> None:
        """For ``loadDHCPPacket``: have clients of this pool renew late, where renewals are discouraged."""
        if self.discourage_renewals and IPv4(definition.ip) in self._held:
            late = int(self.lease_time * LATE)
            packet.setOption("renewal_time_value", late)
            packet.setOption("rebinding_time_value", late)

    def leases(self) -> list[tuple[IPv4, MAC, float]]:
        """Addresses that are given, who has them, and until when, by address."""
        now = self._clock()
        given = [(address, held.mac, held.until) for address, held in self._held.items()
                 if held is not None and held.given and held.until > now]  # fmt: skip
        return sorted(given, key=lambda one: bytes(one[0]))

    def show_leases_xhtml(self, **_: Any) -> str:
        """A dashboard element."""
        now = self._clock()
        given = self.leases()
        rows = "".join(f"<tr><td>{address}</td><td>{escape(str(mac))}</td><td>{until - now:.0f} s</td></tr>"
                       for address, mac, until in given)  # fmt: skip
        table = f"<table><tr><th>Address</th><th>Hardware address</th><th>Ends in</th></tr>{rows}</table>"
        return f"<p>{len(given)} of {len(self._held)} addresses are given.</p>{table if given else ''}"

    def show_leases_csv(self, *_: Any) -> tuple[str, str]:
        """A web method."""
        lines = [f"{address},{mac},{int(until)}" for address, mac, until in self.leases()]
        return "text/csv", "\n".join(["ip,mac,until", *lines]) + "\n"

    def _mine(self, mac: MAC, now: float) -> IPv4 | None:
        """The address that a client has or had, unless somebody else has it now."""
        address = self._of.get(mac)
        held = None if address is None else self._held[address]
        if held is None or held.mac != mac:
            return None
        return address if held.until > now or held.given else None

    def _choose(self, wanted: IPv4 | None, now: float, *, insists: bool) -> IPv4 | None:
        """The one that is wanted, if it is free; else, where nothing in particular is, the first that is free."""
        if wanted is not None:
            if wanted in self._held and _is_free(self._held[wanted], now):
                return self._clear(wanted)
            if insists:
                return None
        found = next((address for address, held in self._held.items() if _is_free(held, now)), None)
        return None if found is None else self._clear(found)

    def _clear(self, address: IPv4) -> IPv4:
        before = self._held[address]
        if before is not None and self._of.get(before.mac) == address:
            del self._of[before.mac]
        return address

    def _give_back(self, mac: MAC, client_ip: IPv4 | None, *, declined: bool, now: float) -> Definition | None:
        """The definition as it was, so that the engine knows whose it is; a declined address rests for a lease time."""
        address = self._of.get(mac)
        if address is None or (client_ip is not None and client_ip != address):
            return None
        del self._of[mac]
        self._held[address] = Held(MAC(0), now + self.lease_time, given=False) if declined else None
        return self._definition(address)

    def _definition(self, address: IPv4) -> Definition:
        name = f"{self._prefix}-{'-'.join(str(octet) for octet in address)}" if self._prefix else None
        return Definition(ip=address, lease_time=self.lease_time, subnet=self._subnet, serial=self._serial,
                          hostname=name, **self._fields)  # fmt: skip


def _is_free(held: Held | None, now: float) -> bool:
    return held is None or held.until <= now


def _address_of(packet: DHCPPacket) -> IPv4 | None:
    """Where a client is that renews."""
    return packet.extractIPOrNone("ciaddr")
