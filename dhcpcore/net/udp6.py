"""DHCPv6's socket, and its place in the loop: multicast of every served link in, answers out.

One socket is bound to all addresses and joins the groups of all servers on each interface; ``IPV6_PKTINFO`` tells the
interface and the address for each datagram.  Joining needs no privilege, so interfaces that come later are heard, too.
"""

from __future__ import annotations

import errno
import logging
import selectors
import socket
import struct
from collections.abc import Iterable, Mapping

from dhcpcore.batch6 import open6
from dhcpcore.engine import Engine
from dhcpcore.errors import SettingsError
from dhcpcore.net import cycle
from dhcpcore.net.clock import Clock
from dhcpcore.net.udp4 import RECEIVE_BUFFER
from dhcpcore.pipeline.bundle import Datagram, Outgoing, Route
from dhcpcore.stats.reasons import Reason
from dhcpcore.topology.links import Interface
from dhcpcore.wire.kinds import KIND6

log = logging.getLogger(__name__)

#: All_DHCP_Relay_Agents_and_Servers, for clients and relays of a link, and All_DHCP_Servers, for relays.  RFC 8415 7.1.
GROUPS = ("ff02::1:2", "ff05::1:3")
#: Datagrams of one batch, as of DHCPv4.
_BATCH_MAX = 256
#: A relayed message may fill a datagram; what is longer than the largest there is comes cut and is malformed.
_DATAGRAM_MAX = 65_535
_SO_RCVBUFFORCE = 33
_PKTINFO = struct.Struct("=16sI")
_ANCILLARY = socket.CMSG_SPACE(_PKTINFO.size)
_NOBODY = bytes(16)


class Udp6:
    """The socket.  Opened with privilege; used without."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._joined: dict[int, str] = {}
        self._local: Mapping[int, bytes] = {}
        self._udp = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        self._udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
        self._udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, 0)
        try:
            self._udp.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, RECEIVE_BUFFER)
        except PermissionError:
            self._udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        try:
            self._udp.bind(("::", port))
        except OSError as error:
            self._udp.close()
            raise SettingsError(_bind_trouble(port, error)) from error

    def fileno(self) -> int:
        """For the selector."""
        return self._udp.fileno()

    def set_interfaces(self, interfaces: Mapping[int, Interface]) -> None:
        """Hear what is sent to all servers on these; answers there come from their link-local addresses."""
        self._local = {
            index: next((a for a in one.addresses if len(a) == 16 and a[0] == 0xFE and a[1] & 0xC0 == 0x80), b"")
            for index, one in interfaces.items()
        }
        self._joined = {index: name for index, name in self._joined.items() if index in interfaces}
        for index, one in interfaces.items():
            if self._joined.get(index) != one.name and self._local[index]:
                self._join(index, one.name)

    def _join(self, index: int, name: str) -> None:
        for group in GROUPS:
            member = socket.inet_pton(socket.AF_INET6, group) + struct.pack("=I", index)
            try:
                self._udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, member)
            except OSError as error:
                if error.errno != errno.EADDRINUSE:  # It is a member already.
                    log.warning("NO-MULTICAST: %s on %s is not heard: %s.", group, name, error.strerror)
                    return
        self._joined[index] = name

    def drain(self, limit: int, now: float) -> list[Datagram]:
        """Whatever is waiting, at most ``limit``."""
        datagrams: list[Datagram] = []
        try:
            for _ in range(limit):
                data, ancillary, _flags, (source, port, *_) = self._udp.recvmsg(_DATAGRAM_MAX, _ANCILLARY)
                destination, index = _PKTINFO.unpack(ancillary[0][2])
                local = self._local.get(index, b"") if destination[0] == 0xFF else destination
                come = socket.inet_pton(socket.AF_INET6, source.partition("%")[0])
                datagrams.append(Datagram(data, come, port, index, destination, local, now))
        except BlockingIOError:
            pass
        except OSError as error:
            # An ICMP error for an earlier answer is reported here; it says nothing of what is waiting.
            log.debug("The socket reported %s.", error)
        return datagrams

    def send(self, answers: Iterable[Outgoing]) -> int:
        """Send; how many the system did not take."""
        return sum(not self._send_one(payload, route) for payload, route in answers)

    def _send_one(self, payload: bytes, route: Route) -> bool:
        # Only a link-local address needs the interface said; others are found by the routes.
        near = route.address[0] == 0xFE and route.address[1] & 0xC0 == 0x80
        index = route.interface if near else 0
        to = socket.inet_ntop(socket.AF_INET6, route.address)
        local = route.local
        if not near and local[:1] == b"\xfe":
            local = b""  # It would be no address to hear from beyond the link.
        ancillary = ((socket.IPPROTO_IPV6, socket.IPV6_PKTINFO, _PKTINFO.pack(local or _NOBODY, index)),)
        try:
            self._udp.sendmsg((payload,), ancillary, 0, (to, route.port, 0, index))
        except OSError as error:
            log.warning("SEND-FAILED: an answer to %s was not taken: %s.", to, error)
            return False
        return True

    def close(self) -> None:
        """Close it."""
        self._udp.close()


class Dhcp6Server:
    """Answers what comes in: a listener of the loop."""

    def __init__(self, udp: Udp6, engine: Engine, store: cycle.Store, clock: Clock) -> None:
        self._udp = udp
        self._engine = engine
        self._store = store
        self._clock = clock

    def register(self, selector: selectors.BaseSelector) -> None:
        """The loop's selector; ``key.data`` is this server."""
        selector.register(self._udp, selectors.EVENT_READ, self)

    def handle(self, key: selectors.SelectorKey, mask: int) -> None:
        """One batch of whatever is waiting."""
        engine, now = self._engine, self._clock.now()
        heard = self._udp.drain(_BATCH_MAX, now)
        datagrams = [datagram for datagram in heard if datagram.interface in engine.interfaces]
        if others := len(heard) - len(datagrams):
            engine.counters.datagrams[KIND6, Reason.OTHER_INTERFACE, 0] += others
        batch = open6(engine, datagrams, now)
        if not (self._clock.ready and engine.defined):
            batch.abandon(Reason.NOT_READY)
            return
        engine.counters.batches += 1
        try:
            cycle.run(batch, self._store, engine.snapshot, self._send)
        except Exception:
            if engine.strict:
                raise
            log.exception("INTERNAL-ERROR: a batch of DHCPv6 failed; what it had not answered yet is not answered.")
            batch.abandon(Reason.INTERNAL_ERROR)

    def _send(self, answers: list[Outgoing]) -> None:
        if failed := self._udp.send(answers):
            self._engine.counters.events["send-failed"] += failed

    def close(self) -> None:
        """Close the socket."""
        self._udp.close()


def _bind_trouble(port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"dhcp6.port: UDP port {port} is taken by another program; stop it (`lessor doctor` names it)"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"dhcp6.port: UDP port {port} needs root or the capability NET_BIND_SERVICE"
    return f"dhcp6.port: UDP port {port} cannot be opened: {error.strerror}"
