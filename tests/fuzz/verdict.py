"""What every answer must be, whatever the definitions say: judged by question and answer alone."""

from __future__ import annotations

import itertools

from dhcpcore.engine import Outgoing, Traced
from dhcpcore.stats.reasons import Verdict
from tests.interop.packets import ACK, BROADCAST_FLAG, DISCOVER, HEADER, MAGIC, NAK, NOWHERE, OFFER, REQUEST

_BROADCAST = b"\xff\xff\xff\xff"
_LEASEQUERY = 10
_SMALLEST, _USUAL, _LARGEST, _IP_UDP = 300, 548, 1472, 28
#: RFC 1534 2: nothing of these to a BOOTP client.
_DHCP_ONLY = {*range(50, 60), 61, 80, 90, 145}
_IN_NAK = {52, 53, 54, 56, 61, 82}  # RFC 2131 4.3.1 table 3; 52 where options 61 and 82 leave no room.
_CLIENTS_PORT = 68
_PART_MAX = 255


def faults_of(trace: Traced) -> str:
    """What is wrong with an answer, or with its absence; empty where nothing is."""
    answered = trace.reason.verdict in {Verdict.ANSWERED, Verdict.REFUSED}
    if not trace.answer:
        return f"{trace.reason.code} without an answer" if answered else ""
    if not answered:
        return f"{trace.reason.code} with an answer"
    asked, said = _Message(trace.datagram.data), _Message(trace.answer)
    if asked.kind == _LEASEQUERY:
        return ""
    faults = [*_of_form(asked, said), *(_of_bootp(asked, said) if said.kind == 0 else _of_dhcp(asked, said))]
    return "; ".join(faults)


def _of_form(asked: _Message, said: _Message) -> list[str]:
    faults = []
    limit = asked.options.get(57, b"")
    most = max(_USUAL, min(int.from_bytes(limit, "big") - _IP_UDP, _LARGEST)) if len(limit) == 2 else _USUAL
    if not _SMALLEST <= len(said.data) <= most and not asked.broken:
        faults.append(f"{len(said.data)} octets where {most} are accepted")
    if said.broken:
        faults.append("options that break off")
    if said.op != 2 or said.hops or (said.xid, said.giaddr, said.hardware) != (asked.xid, asked.giaddr, asked.hardware):
        faults.append("a header of another client's")
    for code in said.options:
        parts = [(place, len(part)) for one, place, part in said.order if one == code]
        # RFC 3396 7: a part is full, or fills up the field before the next one.
        if any(length != _PART_MAX and place == after for (place, length), (after, _) in itertools.pairwise(parts)):
            faults.append(f"option {code} twice")
    in_options = [code for code, place, _ in said.order if place == "options"]
    if 82 in said.options and (in_options[-1] != 82 or asked.giaddr == NOWHERE):
        faults.append("option 82 not last, or for nobody")
    return faults


def _of_bootp(asked: _Message, said: _Message) -> list[str]:
    faults = []
    if asked.kind:
        faults.append("a BOOTREPLY to a DHCP client")
    if not _DHCP_ONLY.isdisjoint(said.options):
        faults.append(f"DHCP's options {sorted(_DHCP_ONLY & said.options.keys())} to a BOOTP client")
    if len(said.data) > max(_SMALLEST, len(asked.data)):
        faults.append("longer than a BOOTP client asked")
    return faults


def _of_dhcp(asked: _Message, said: _Message) -> list[str]:
    faults = []
    if [code for code, _, _ in said.order[:2]] != [53, 54] or len(said.options[54]) != len(NOWHERE):
        faults.append(f"options begin with {said.order[:2]}")
    if (asked.kind, said.kind) not in {(DISCOVER, OFFER), (DISCOVER, ACK), (REQUEST, ACK), (REQUEST, NAK), (8, ACK)}:
        faults.append(f"type {said.kind} to type {asked.kind}")
    if said.options.get(61, asked.options.get(61)) != asked.options.get(61) and not asked.broken:
        faults.append("another client identifier")
    if said.kind == NAK:
        if not said.options.keys() <= _IN_NAK or (said.yiaddr, said.ciaddr) != (NOWHERE, NOWHERE):
            faults.append("a refusal that says more")
        return faults
    rapid = (asked.kind, said.kind) == (DISCOVER, ACK)
    if (80 in said.options) != rapid:
        faults.append(f"option 80 in type {said.kind} to type {asked.kind}")  # RFC 4039 3.1.
    if said.yiaddr != NOWHERE and 51 not in said.options:
        faults.append("an address without a lease time")
    if (90 in said.options and said.kind != ACK) or (145 in said.options and said.kind != OFFER):
        faults.append("a nonce, or its promise, in the wrong message")
    return faults


def misled(answer: Outgoing) -> str:
    """What is wrong with where an answer goes.  RFC 2131 4.1, RFC 8357 5."""
    said, route = _Message(answer.payload), answer.route
    if said.giaddr != NOWHERE:
        # At the port that it asks for in an option 82, for which there may have been no room.
        return "" if route.address == said.giaddr and not route.hw else f"to {route} for its relay"
    if route.port != _CLIENTS_PORT:
        return f"to port {route.port}"
    if route.hw:
        right = route.address == said.yiaddr != NOWHERE and route.hw == said.hardware[:6]
        return "" if right and not said.flags & BROADCAST_FLAG else f"a frame to {route}"
    right = route.address == (said.ciaddr if said.ciaddr != NOWHERE and said.kind != NAK else _BROADCAST)
    return "" if right else f"to {route.address.hex('.')}"


def promised(payload: bytes) -> tuple[int, bytes, bytes]:
    """The type of an answer, the address that it gives, and the client identifier where it says one."""
    said = _Message(payload)
    return said.kind, said.yiaddr, said.options.get(61, b"")


class _Message:
    """Header and options, with the order and the field that they came in."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        fields = HEADER.unpack_from(data)
        self.op, _, size, self.hops, self.xid, _, self.flags, self.ciaddr, self.yiaddr, _, self.giaddr = fields[:11]
        self.hardware = fields[11][:size]
        self.order: list[tuple[int, str, bytes]] = []
        self.broken = False
        if data[HEADER.size : HEADER.size + 4] == MAGIC:
            self._read(data[HEADER.size + 4 :], "options")
        overload = next((part[0] for code, _, part in self.order if code == 52 and part), 0)
        for bit, place, field in ((1, "file", fields[13]), (2, "sname", fields[12])):
            if overload & bit:
                self._read(field, place)
        self.options: dict[int, bytes] = {}
        for code, _, part in self.order:
            self.options[code] = self.options.get(code, b"") + part
        self.kind = (self.options.get(53) or b"\0")[0]

    def _read(self, data: bytes, place: str) -> None:
        at = 0
        while at < len(data) and data[at] != 255:
            if data[at] == 0:
                at += 1
                continue
            if at + 2 > len(data) or at + 2 + data[at + 1] > len(data):
                self.broken = True
                return
            self.order.append((data[at], place, data[at + 2 : at + 2 + data[at + 1]]))
            at += 2 + data[at + 1]
