"""Message, answer and lease as callouts see them: Kea's objects by the field's names, addresses as text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dhcpcore.errors import InvalidValue, MalformedMessage
from dhcpcore.lease.model import Lease
from dhcpcore.pipeline.bundle import Response4, TransactionBundle
from dhcpcore.wire.addresses import format_address, parse_address
from dhcpcore.wire.v4.message import Opt, Request4, decode, type_name
from dhcpcore.wire.v4.options import DHCP4_OPTIONS

_OPTION_OCTETS_MAX = 255


def code_of(option: int | str) -> int:
    """An option's number; names are those of the option table."""
    return DHCP4_OPTIONS.find(option).code


def _octets(value: object, most: int = _OPTION_OCTETS_MAX) -> bytes:
    if not isinstance(value, bytes) or len(value) > most:
        raise InvalidValue(f"{value!r:.60}: right is bytes, at most {most} of them")
    return value


class Query4:
    """The client's message.  ``options`` is the living one, code → octets: what is changed there counts."""

    __slots__ = ("_bundle", "_reader", "fault")

    def __init__(self, bundle: TransactionBundle) -> None:
        self._bundle = bundle
        self._reader: Callable[[bytes], Request4] | None = None
        #: Why its octets cannot be read, at buffer4_receive: it has what there is of a header then, and no options.
        self.fault: MalformedMessage | None = None

    def begin_reading(self, reader: Callable[[bytes], Request4], fault: MalformedMessage | None) -> None:
        """The server's: the message has no type yet that anything was decided by."""
        self._reader, self.fault = reader, fault

    def end_reading(self) -> MalformedMessage | None:
        """The server's: what still keeps it from being read."""
        fault, self._reader, self.fault = self.fault, None, None
        return fault

    @property
    def reading(self) -> bool:
        """Whether it is about to be read: at buffer4_receive."""
        return self._reader is not None

    @property
    def request(self) -> Request4:
        """The message as the pipeline has it."""
        return self._bundle.request

    @property
    def data(self) -> bytes:
        """Its octets.  Setting them reads them anew; ``MalformedMessage`` where they make no message."""
        return self._bundle.request.data

    @data.setter
    def data(self, octets: bytes) -> None:
        request = (self._reader or decode)(_octets(octets, 0xFFFF))
        if self._reader is None and request.message_type != self._bundle.request.message_type:
            raise InvalidValue("data: the new message is of another type; that is not changed after buffer4_receive")
        self._bundle.request, self.fault = request, None

    @property
    def type(self) -> str:
        """``DISCOVER``, ``REQUEST`` and so on."""
        return type_name(self._bundle.request.message_type)

    @property
    def xid(self) -> int:
        """The transaction's number."""
        return int.from_bytes(self._bundle.request.xid, "big")

    @property
    def hw_address(self) -> str:
        """Without the hardware type: ``02:00:00:00:00:01``."""
        return self._bundle.request.hw[1:].hex(":")

    @property
    def client_id(self) -> bytes | None:
        """Option 61."""
        return self._bundle.request.options.get(Opt.CLIENT_ID)

    @property
    def ciaddr(self) -> str:
        """The address that the client says it has, or 0.0.0.0."""
        return format_address(self._bundle.request.ciaddr)

    @property
    def giaddr(self) -> str:
        """The relay, or 0.0.0.0."""
        return format_address(self._bundle.request.giaddr)

    @property
    def remote(self) -> str:
        """Where it was sent from."""
        return format_address(self._bundle.datagram.source)

    @property
    def interface(self) -> int:
        """Index of the interface that it came in on."""
        return self._bundle.datagram.interface

    @property
    def options(self) -> dict[int, bytes]:
        """All of them, parts joined (RFC 3396)."""
        return self._bundle.request.options

    def get_option(self, option: int | str) -> bytes | None:
        """By number or name."""
        return self._bundle.request.options.get(code_of(option))

    def set_option(self, option: int | str, payload: bytes) -> None:
        """As if the client had sent it."""
        self._bundle.request.options[code_of(option)] = _octets(payload)

    def delete_option(self, option: int | str) -> bool:
        """As if the client had not sent it; whether it had."""
        return self._bundle.request.options.pop(code_of(option), None) is not None


class Answer4:
    """The answer.  What is changed before it is packed is packed; ``data`` is there afterwards."""

    __slots__ = ("_data", "changed", "response")

    def __init__(self, response: Response4, data: bytes = b"") -> None:
        self.response = response
        self.changed = False
        self._data = data

    @property
    def data(self) -> bytes:
        """Its octets, as far as they are packed."""
        return self._data

    @data.setter
    def data(self, octets: bytes) -> None:
        self._data = _octets(octets, 0xFFFF)

    @property
    def type(self) -> str:
        """``OFFER``, ``ACK``, ``NAK``."""
        return type_name(self.response.message_type)

    @property
    def yiaddr(self) -> str:
        """The client's address.  It is not changed here: the lease is committed."""
        return format_address(self.response.yiaddr)

    @property
    def valid_lft(self) -> int:
        """Seconds; -1: no lease is granted."""
        return self.response.lifetime_s

    @property
    def t1(self) -> int:
        """Seconds after which the client asks this server to renew."""
        return self.response.renew_s

    @property
    def t2(self) -> int:
        """Seconds after which it asks any server."""
        return self.response.rebind_s

    def set_timers(self, t1: int, t2: int) -> None:
        """Both of them: T1 comes before T2, and that before the lease's end.  RFC 2131 4.4.5."""
        if not 0 <= t1 <= t2 <= self.response.lifetime_s:
            raise InvalidValue(f"T1 {t1} s, T2 {t2} s, lease {self.response.lifetime_s} s: they come in this order")
        self.response.renew_s, self.response.rebind_s = t1, t2
        self.changed = True

    @property
    def siaddr(self) -> str:
        """The next server."""
        return format_address(self.response.siaddr)

    @siaddr.setter
    def siaddr(self, address: str) -> None:
        octets = parse_address(address)
        if len(octets) != 4:
            raise InvalidValue(f"siaddr: {address!r} is no IPv4 address")
        self.response.siaddr = octets
        self.changed = True

    @property
    def sname(self) -> bytes:
        """The server's host name."""
        return self.response.sname

    @sname.setter
    def sname(self, octets: bytes) -> None:
        self.response.sname = _octets(octets, 63)
        self.changed = True

    @property
    def file(self) -> bytes:
        """The boot file."""
        return self.response.file

    @file.setter
    def file(self, octets: bytes) -> None:
        self.response.file = _octets(octets, 127)
        self.changed = True

    def may_contain(self, option: int | str) -> bool:
        """DHCPv4 has each option in any answer."""
        return True

    def get_option(self, option: int | str) -> bytes | None:
        """What the definitions, or a callout, put there; those that the protocol sets are not among them."""
        code = code_of(option)
        overrides = self.response.overrides or {}
        if code in overrides:
            return overrides[code]
        return dict(self.response.pairs).get(code)

    def set_option(self, option: int | str, payload: bytes) -> None:
        """Whether or not the client asked for it."""
        self._override(code_of(option), _octets(payload))

    def delete_option(self, option: int | str) -> None:
        """Not sent."""
        self._override(code_of(option), None)

    def _override(self, code: int, payload: bytes | None) -> None:
        if code in (Opt.MESSAGE_TYPE, Opt.SERVER_ID, Opt.LEASE_TIME, Opt.AGENT_OPTIONS):
            raise InvalidValue(f"option {code} is the protocol's own: it says what was committed")
        self.response.overrides = {**(self.response.overrides or {}), code: payload}
        self.changed = True


@dataclass(slots=True)
class Lease4:
    """A lease, as it is or would be.  Only ``valid_lft`` is read back, and only where the table of hooks says so."""

    address: str
    hw_address: str
    client_id: bytes | None
    subnet_id: int
    cltt: int  #: When the client was last heard of, seconds since 1970.
    valid_lft: int  #: Seconds.
    hostname: str


def lease4(row: Lease) -> Lease4:
    """The view of a row."""
    client_id = row.client[1:] if row.client[:1] == b"\x01" else None
    return Lease4(format_address(row.address), row.hw[1:].hex(":"), client_id, row.subnet, row.cltt,
                  row.expires - row.cltt, row.hostname)  # fmt: skip


def assignment_view(bundle: TransactionBundle) -> Mapping[str, object] | None:
    """The client's assignment in words."""
    found = bundle.assignment
    return None if found is None else {"hostname": found.hostname, "options": dict(found.options)}
