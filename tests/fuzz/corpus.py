"""Packets as clients and relays send them: what the fuzz begins with.

A seed packet is a header and a list of options, so that mutations can tell an option from a byte.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from dhcpcore.wire.v4.options import DHCP4_OPTIONS
from tests.golden.test_options4 import BROKEN, GOLDEN
from tests.interop.packets import DECLINE, DISCOVER, INFORM, MAGIC, NOWHERE, RELEASE, REQUEST

Options = tuple[tuple[int, bytes], ...]

LEASEQUERY = 10

SERVERS = (b"\x0a\x00\x00\x02", b"\x0a\xfa\x00\x02")
RELAYS = (NOWHERE, b"\x0a\x01\x00\x01", b"\x0a\x02\x00\x01", b"\xac\x10\x00\x01", b"\xc0\x00\x02\x01")
ADDRESSES = (
    NOWHERE, b"\x0a\x00\x00\x14", b"\x0a\x00\x01\x15", b"\x0a\x01\x00\x14", b"\x0a\x01\x00\x40", b"\x0a\x02\x00\x14",
    b"\x0a\x64\x00\x14", b"\xff\xff\xff\xff", b"\x7f\x00\x00\x01", b"\xe0\x00\x00\x01", b"\x0a\x00\x00\x02",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Packet:
    """The 236 octets of the header, options, and the fields that option 52 may give to options."""

    header: bytes
    options: Options

    def encoded(self) -> bytes:
        """As it goes over the wire."""
        return self.header + MAGIC + tlv(self.options) + b"\xff"


def tlv(options: Options) -> bytes:
    """Options one after the other; a payload over 255 octets is split as RFC 3396 says."""
    parts = []
    for code, payload in options:
        for at in range(0, max(len(payload), 1), 255):
            part = payload[at : at + 255]
            parts.append(bytes((code, len(part))) + part)
    return b"".join(parts)


def header(
    number: int, *, ciaddr: bytes = NOWHERE, giaddr: bytes = NOWHERE, hw: bytes | None = None, htype: int = 1,
    flags: int = 0, sname: bytes = b"", file: bytes = b"",
) -> bytes:  # fmt: skip
    """RFC 2131 2."""
    hw = bytes((2, 0, 0, 0, number // 256 % 256, number % 256)) if hw is None else hw
    return (
        bytes((1, htype, len(hw), 1 if giaddr != NOWHERE else 0))
        + (number * 7919 % 2**32).to_bytes(4, "big")
        + b"\0\0"
        + flags.to_bytes(2, "big")
        + ciaddr
        + NOWHERE * 2
        + giaddr
        + hw.ljust(16, b"\0")
        + sname.ljust(64, b"\0")
        + file.ljust(128, b"\0")
    )


def _agent(*options: tuple[int, bytes]) -> bytes:
    return b"".join(bytes((code, len(payload))) + payload for code, payload in options)


#: What RFC 3046 and its followers put into option 82.
AGENTS = (
    _agent((1, b"eth-0-1-7")),
    _agent((1, b"\x00\x04\x00\x01\x02\x03"), (2, b"\x00\x06\x02\x00\x00\x00\x00\x01")),
    _agent((5, b"\x0a\x01\x00\x00"), (11, b"\x0a\x01\x00\x01")),  # Link selection, server identifier override.
    _agent((1, b"x"), (19, b"")),  # Relay source port.  RFC 8357 5.
    _agent((9, b"\x00\x00\x00\x09\x04\x01\x02ab"), (151, b"\0red"), (152, b"")),
    _agent((1, b"")),
    b"\x01",
    b"",
)
CLIENT_IDS = (
    b"\x01\x02\x00\x00\x00\x00\x01",
    b"\xff\x00\x00\x00\x01\x00\x04" + bytes(range(16)),  # RFC 4361 6.1.
    b"\xff\x00\x00\x00\x01\x00\x01\x00\x01\x20\x00\x00\x00\x02\x00\x00\x00\x00\x09",
    b"\x00printer",
    b"\x00",
    b"\x01" * 255,
)
PARAMETER_LISTS = (
    b"\x01\x03\x06\x0c\x0f\x1c\x33\x36\x3a\x3b", b"\x01\x79\x03\x06\x77\xfc\x5f\x2c", bytes(range(1, 255)), b""
)  # fmt: skip
#: What clients of all kinds add.
EXTRAS: tuple[Options, ...] = (
    (),
    ((12, b"laptop"), (60, b"MSFT 5.0"), (81, b"\x01\x00\x00laptop.example.org"), (57, b"\x05\xc0")),
    ((60, b"PXEClient:Arch:00007:UNDI:003016"), (93, b"\0\x07"), (94, b"\x01\x03\x10"), (97, b"\0" + bytes(16))),
    ((60, b"android-dhcp-13"), (57, b"\x05\xdc"), (108, b""), (145, b"\x01")),
    ((77, b"\x04user"), (124, b"\0\0\0\x09\x04\x03abc"),
     (125, b"\0\0\x0d\xe9\x05\x01\x03xyz"), (43, b"\x01\x02ab\xff")),
    ((51, b"\x00\x00\x00\x00"), (57, b"\x02\x40"), (118, b"\x0a\x02\x00\x00"), (116, b"\x01"), (80, b"")),
    ((51, b"\xff\xff\xff\xff"), (12, b"\0\0"), (90, bytes(24)), (220, b"\x01"),
     (221, b"\0blue"), (224, b"x" * 300)),
    ((0, b""), (56, b"out of paper"), (61, b""), (119, b"\x07example\xc0\x00")),
    ((12, b"\xff\xfe\xfd" * 80), (15, b"."), (121, b"\x18\x0a\x01\x02\x0a\x00\x00\x01"),
     (249, b"\x00\x0a\x00\x00\x01")),
)


def corpus() -> list[Packet]:
    """Every message in every state, on link and relayed, with options of many kinds."""
    packets: list[Packet] = []
    for number, ((kind, said), giaddr, extra) in enumerate(product(_messages(), RELAYS, range(len(EXTRAS))), 1):
        options: list[tuple[int, bytes]] = [(53, bytes((kind,))), *said[1], (55, PARAMETER_LISTS[number % 4])]
        options += EXTRAS[extra]
        if number % 3 == 0:
            options.append((61, CLIENT_IDS[number // 3 % len(CLIENT_IDS)]))
        if giaddr != NOWHERE and number % 2:
            options.append((82, AGENTS[number // 2 % len(AGENTS)]))
        packets.append(
            Packet(
                header(
                    number % 400, ciaddr=said[0], giaddr=giaddr, flags=0x8000 * (number % 2), **_hardware(number)
                ),
                tuple(options),
            )
        )
    packets += _odd()
    packets += _queries() * 4
    packets += _booting() * 8
    packets += _golden()
    return packets


def _hardware(number: int) -> dict[str, object]:
    if number % 17 == 0:
        return {"hw": b"", "htype": 32}  # InfiniBand: the address does not fit.  RFC 4390 2.1.
    if number % 13 == 0:
        return {"hw": bytes(range(16)), "htype": 27}
    return {}


def _messages() -> list[tuple[int, tuple[bytes, Options]]]:
    """Message types with ciaddr and the options that make their state.  RFC 2131 4.3.2, table 5."""
    found: list[tuple[int, tuple[bytes, Options]]] = [(DISCOVER, (NOWHERE, ()))]
    for address in ADDRESSES:
        found.append((DISCOVER, (NOWHERE, ((50, address),))))
        found.append((REQUEST, (NOWHERE, ((50, address),))))
        found.append((REQUEST, (address, ())))
        found.append((INFORM, (address, ())))
        for server in SERVERS:
            found.append((REQUEST, (NOWHERE, ((50, address), (54, server)))))
            found.append((RELEASE, (address, ((54, server),))))
            found.append((DECLINE, (NOWHERE, ((50, address), (54, server)))))
    return found


def _odd() -> list[Packet]:
    """Overloaded fields, parts of options, servers' own messages, types that nobody knows, and BOOTP."""
    more = tlv(((12, b"from-file"), (50, ADDRESSES[1]))) + b"\xff"
    parts = ((53, b"\x01"), (61, b"\x01\x02"), (12, b"lap"), (61, b"\x03\x04"), (12, b"top"))
    packets = [
        Packet(header(500, file=more), ((53, b"\x01"), (52, b"\x01"))),
        Packet(header(501, sname=more[:60]), ((53, b"\x03"), (52, b"\x02"), (54, SERVERS[0]))),
        Packet(header(502, sname=b"\x0c\x02ab\xff", file=more), ((52, b"\x03"), (53, b"\x01"))),
        Packet(header(503, file=b"\x34\x01\x03\xff" + b"z" * 100), ((53, b"\x01"), (52, b"\x01"))),
        Packet(header(504), parts),
        Packet(header(505), ()),
        Packet(header(506, ciaddr=ADDRESSES[1]), ((12, b"bootp"),)),
    ]
    packets += [Packet(header(510 + kind), ((53, bytes((kind,))),)) for kind in (0, 2, 5, 6, *range(9, 19), 255)]
    return packets


def _queries() -> list[Packet]:
    """LEASEQUERY by everything that it can be by, and by two things at once.  RFC 4388 6.2, RFC 6148 3."""
    kind, relay, whole = (53, bytes((LEASEQUERY,))), RELAYS[1], (55, bytes((51, 58, 59, 61, 82, 91, 92)))
    bare = header(700, giaddr=relay, hw=b"", htype=0)
    packets = [
        Packet(header(701, ciaddr=address, giaddr=giaddr, hw=b"", htype=0), (kind, whole))
        for address in ADDRESSES
        for giaddr in RELAYS
    ]
    packets += [Packet(bare, (kind, (61, client_id))) for client_id in CLIENT_IDS]
    packets += [Packet(bare, (kind, (82, agent), whole)) for agent in (*AGENTS, b"\x02\x01a", b"\x0c\x01a")]
    packets += [Packet(header(number, giaddr=relay), (kind,)) for number in range(40)]
    return [*packets, Packet(header(702, ciaddr=ADDRESSES[1], giaddr=relay), (kind, (61, CLIENT_IDS[0])))]


def _booting() -> list[Packet]:
    """Machines that boot, where another server gives the addresses.  RFC 4578 2, PXE 2.1."""
    packets = []
    machines = (b"PXEClient:Arch:00007", b"HTTPClient")
    for number, (relay, machine) in enumerate(product((b"\x0a\x03\x00\x01", NOWHERE), machines)):
        said = ((60, machine), (93, b"\0\x07"), (97, b"\0" + bytes(16)), (55, bytes(range(1, 140))))
        chosen = (43, b"\x47\x04\0\x01\0\0\xff")
        packets += [
            Packet(header(800 + number, giaddr=relay), ((53, b"\x01"), *said)),
            Packet(header(810 + number, giaddr=relay, ciaddr=ADDRESSES[1]), ((53, b"\x03"), *said, chosen)),
        ]
    return packets


def _golden() -> list[Packet]:
    """The payloads that are written by hand from the RFCs, right ones and broken ones, a few a packet."""
    payloads = [(name, octets) for name, _, octets in GOLDEN] + [(row[0], row[1]) for row in BROKEN]
    options = [(DHCP4_OPTIONS.find(name).code, bytes.fromhex(octets)) for name, octets in payloads]
    kinds = ((53, b"\x01"), (53, b"\x03"), (53, b"\x08"))
    return [
        Packet(header(600 + at, ciaddr=ADDRESSES[at % 3]), (kinds[at % 3], *options[at : at + 6]))
        for at in range(0, len(options), 5)
    ]
