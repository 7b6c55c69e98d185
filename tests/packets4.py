"""DHCPv4 packets as the tests' own hands write and read them: no line of it is the server's.

`request` builds what a client (or the relay it is behind) sends; `read` takes an answer to pieces and is strict: an
answer that a picky client would drop fails the test that met it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

DISCOVER, OFFER, REQUEST, DECLINE, ACK, NAK, RELEASE, INFORM = range(1, 9)
FORCERENEW, LEASEQUERY, LEASEUNASSIGNED, LEASEUNKNOWN, LEASEACTIVE, BULKLEASEQUERY, LEASEQUERYDONE = range(9, 16)
ACTIVELEASEQUERY, LEASEQUERYSTATUS, TLS = range(16, 19)
BOOTP = 0  #: A message without option 53.
#: What means nothing to a BOOTP client.  RFC 1534 2.
DHCP_ONLY = frozenset((50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 61))
COOKIE = bytes((99, 130, 83, 99))
NOWHERE = bytes(4)
LENGTHS = {1: 4, 50: 4, 51: 4, 52: 1, 53: 1, 54: 4, 58: 4, 59: 4, 91: 4, 152: 4, 153: 4, 156: 1, 157: 1}
BROADCAST = b"\xff" * 4


def ip(text: str | bytes) -> bytes:
    """The octets of an address; octets stay as they are."""
    return text if isinstance(text, bytes) else ipaddress.ip_address(text).packed


def dotted(octets: bytes) -> str:
    return str(ipaddress.ip_address(octets))


@dataclass(frozen=True)
class Client:
    """Somebody who asks: hardware address and, where it sends one, client identifier."""

    hw: bytes
    client_id: bytes | None = None
    htype: int = 1

    @property
    def identity(self) -> bytes:
        """What the server shall know it by: its identifier, else its hardware address."""
        return b"\x01" + self.client_id if self.client_id else b"\x00" + bytes((self.htype,)) + self.hw


def client(number: int, client_id: bytes | None = None) -> Client:
    """The client of that number, with a locally administered hardware address."""
    return Client(b"\x02\x00" + number.to_bytes(4, "big"), client_id)


def tlv(code: int, payload: bytes) -> bytes:
    """One option, long ones in parts of 255 octets (RFC 3396)."""
    parts = [payload[at : at + 255] for at in range(0, len(payload), 255)] or [b""]
    return b"".join(bytes((code, len(part))) + part for part in parts)


def request(
    kind: int | None,
    who: Client,
    xid: int,
    *,
    ciaddr: str | bytes = NOWHERE,
    giaddr: str | bytes = NOWHERE,
    broadcast: bool = False,
    options: Mapping[int, bytes] | Iterable[tuple[int, bytes]] = (),
    agent: bytes | None = None,
    op: int = 1,
    hops: int = 0,
    secs: int = 0,
    sname: bytes = b"",
    file: bytes = b"",
) -> bytes:
    """A message from a client; ``agent`` is what its relay adds, as the last option."""
    head = bytes((op, who.htype, len(who.hw), hops)) + xid.to_bytes(4, "big") + secs.to_bytes(2, "big")
    head += (0x8000 if broadcast else 0).to_bytes(2, "big") + ip(ciaddr) + bytes(8) + ip(giaddr)
    head += who.hw.ljust(16, b"\0") + sname.ljust(64, b"\0") + file.ljust(128, b"\0")
    pairs = list(options.items() if isinstance(options, Mapping) else options)
    said = [tlv(53, bytes((kind,)))] if kind is not None else []
    if who.client_id is not None:
        said.append(tlv(61, who.client_id))
    said += [tlv(code, payload) for code, payload in pairs]
    if agent is not None:
        said.append(tlv(82, agent))
    return head + COOKIE + b"".join(said) + b"\xff"


@dataclass(frozen=True)
class Answer:
    """What came back, and where it was sent."""

    kind: int
    xid: int
    yiaddr: str
    ciaddr: str
    siaddr: str
    giaddr: str
    flags: int
    hw: bytes
    options: dict[int, bytes]
    order: tuple[int, ...]  #: Codes in the order they stand, of the options field, then file, then sname.
    fields: dict[int, str]  #: In which field each option stands.
    sname: bytes
    file: bytes
    payload: bytes = field(repr=False)
    to: str = ""
    port: int = 0
    interface: int = 0
    local: str = ""
    frame: bytes = b""  #: The hardware address it goes to in a raw frame; empty where the system finds the way.
    source_port: int = 0  #: The port that it comes from, where that is not the server's.

    def number(self, code: int) -> int:
        """A numeric option."""
        return int.from_bytes(self.options[code], "big")

    def address(self, code: int) -> str:
        """An option that is one address."""
        return dotted(self.options[code])


def sub_options(agent: bytes) -> dict[int, bytes]:
    """What a relay says in option 82, as far as it is whole."""
    found: dict[int, bytes] = {}
    at = 0
    while at + 2 <= len(agent):
        payload = agent[at + 2 : at + 2 + agent[at + 1]]
        if len(payload) == agent[at + 1]:
            found.setdefault(agent[at], payload)
        at += 2 + agent[at + 1]
    return found


def parse(area: bytes, where: str, found: dict[int, bytes], order: list[int], fields: dict[int, str]) -> None:
    """Options of one field; they must be whole, and ended."""
    at = 0
    spread: list[int] = []
    while True:
        assert at < len(area), f"the options in {where} do not end"
        code = area[at]
        if code == 255:
            break
        if code == 0:
            at += 1
            continue
        length = area[at + 1]
        payload = area[at + 2 : at + 2 + length]
        assert len(payload) == length, f"option {code} in {where} is cut"
        if code in found and fields[code] == where:
            assert order[-1] == code, f"option {code} stands twice, apart"
            assert len(found[code]) % 255 == 0, f"option {code} is split before 255 octets"
        elif code in found:
            # Only what is joined in any case goes on in the next field: it is longer than 255 octets.  RFC 3396 7.
            fields[code] = where
            spread.append(code)
        else:
            order.append(code)
            fields[code] = where
        found[code] = found.get(code, b"") + payload
        at += 2 + length
    assert all(len(found[code]) > 255 for code in spread), f"short options go on in {where}: {spread}"
    assert not area[at + 1 :].strip(b"\0"), f"something stands behind the end of {where}"


def read(payload: bytes) -> Answer:
    """A server's message, taken to pieces; whatever is not as the RFC has it fails."""
    assert payload[0] == 2, "op is not BOOTREPLY"
    assert payload[3] == 0, "hops of an answer are 0"  # RFC 2131 4.3.1 table 3.
    assert payload[8:10] == b"\0\0", "secs of an answer are 0"
    assert len(payload) >= 300, "some clients drop what is shorter than a BOOTP message"
    found: dict[int, bytes] = {}
    order: list[int] = []
    fields: dict[int, str] = {}
    if payload[236:240] == COOKIE:
        parse(payload[240:], "options", found, order, fields)
    else:
        assert payload[236:] == bytes(len(payload) - 236), "neither options nor nothing"
    overload = found.get(52, b"\0")[0]
    sname, file = payload[44:108], payload[108:236]
    if overload & 1:
        parse(file, "file", found, order, fields)
        file = b""
    if overload & 2:
        parse(sname, "sname", found, order, fields)
        sname = b""
    wrong = {code: len(found[code]) for code, length in LENGTHS.items() if code in found and len(found[code]) != length}
    assert not wrong, f"options of a length that no client reads: {wrong}"
    return Answer(
        kind=found[53][0] if 53 in found else BOOTP,
        xid=int.from_bytes(payload[4:8], "big"),
        yiaddr=dotted(payload[16:20]),
        ciaddr=dotted(payload[12:16]),
        siaddr=dotted(payload[20:24]),
        giaddr=dotted(payload[24:28]),
        flags=int.from_bytes(payload[10:12], "big"),
        hw=payload[28 : 28 + payload[2]],
        options=found,
        order=tuple(order),
        fields=fields,
        sname=sname.rstrip(b"\0"),
        file=file.rstrip(b"\0"),
        payload=payload,
    )
