"""Built-in types of configured handlers that have to do with options: set, overwrite, copy, and lists made longer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import cast

from dhcpcore.pipeline.api import (
    CopyOptionHandler,
    Handler,
    HandlerFactory,
    Option,
    OverwriteOptionHandler,
    RelayAnswer,
    RelayHandler,
    SimpleOptionHandler,
)
from dhcpcore.pipeline.transaction import Relay, Transaction
from dhcpcore.topology.handler_rows import HandlerRow
from dhcpcore.topology.handler_types import (
    BootFieldsFields,
    CopyOptionFields,
    DomainSearchFields,
    NameServersFields,
    NtpServersFields,
    OverwriteOptionFields,
    RelayOptionFields,
    SetOptionFields,
)
from dhcpcore.wire.options import OptionSpace
from dhcpcore.wire.v4.options import DHCP4_OPTIONS
from dhcpcore.wire.v6.options import DHCP6_OPTIONS

#: Codes by family.
_NAME_SERVERS, _NTP_SERVERS, _DOMAIN_SEARCH = {4: 6, 6: 23}, {4: 42, 6: 56}, {4: 119, 6: 24}
#: Sub-option of DHCPv6's option 56 that is a server's address.  RFC 5908 4.1.
_NTP_ADDRESS = b"\0\1\0\x10"
#: Octets of the value of an option, however it is cut up (RFC 3396); of DHCPv6 as many as an answer may well have.
_OCTETS_MAX = {4: 255, 6: 1024}
_SIZES = {4: 4, 6: 16}


class Several(Handler):
    """Several handlers of one option each, as one: those of the message's family, one after the other."""

    families = frozenset((4, 6))

    def __init__(self, handlers: Mapping[int, Sequence[Handler]]) -> None:
        self._handlers = handlers

    def handle(self, bundle: Transaction) -> None:
        """In their order."""
        for handler in self._handlers.get(bundle.family, ()):
            handler.handle(bundle)


class LongerList(SimpleOptionHandler):
    """Adds to a list of values of one size what it does not have yet, behind what is there."""

    def __init__(self, option: Option, size: int, octets_max: int, *, always_send: bool = False) -> None:
        super().__init__(option, always_send=always_send)
        self._size = size
        self._most = octets_max // size

    def combine(self, existing_options: list[Option]) -> Option | None:
        """As many as fit into one option."""
        present = [one for option in existing_options for one in self._values(option.payload)]
        merged = present + [one for one in self._values(self.option.payload) if one not in present]
        return Option(self.option.code, b"".join(merged[: self._most]))

    def _values(self, payload: bytes) -> list[bytes]:
        size = self._size
        return [payload[at : at + size] for at in range(0, len(payload) - size + 1, size)]


class LongerSearch(SimpleOptionHandler):
    """Adds to a search list the domains that it does not have yet, behind what is there."""

    def __init__(self, option: Option, options: OptionSpace, *, always_send: bool = False) -> None:
        super().__init__(option, always_send=always_send)
        self._options = options

    def combine(self, existing_options: list[Option]) -> Option | None:
        """A list that makes no sense is left as it is."""
        row = self._options.row(self.option.code)
        names: list[str] = []
        for option in (*existing_options, self.option):
            said = row.decode(option.payload)
            if not isinstance(said, list | tuple):
                return None
            names += [str(name) for name in said if str(name) not in names]
        return Option(self.option.code, row.encode(names))


class BootFieldsHandler(Handler):
    """Sets siaddr, sname and file."""

    def __init__(self, fields: BootFieldsFields) -> None:
        self._fields = fields

    def handle(self, bundle: Transaction) -> None:
        """Those that are said."""
        response, fields = bundle.response, self._fields
        if response is None:
            return
        if fields.next_server is not None:
            response.siaddr = ".".join(map(str, fields.next_server))
        if fields.server_name is not None:
            response.sname = fields.server_name
        if fields.file is not None:
            response.file = fields.file


class RelayOptionHandler(RelayHandler):
    """Sets one sub-option of what the relay gets back."""

    def __init__(self, code: int, octets: bytes) -> None:
        self._code = code
        self._octets = octets

    def handle_relay(self, bundle: Transaction, relay_in: Relay, relay_out: RelayAnswer) -> None:
        """Where the relay added anything: one that knows nothing of option 82 gets none."""
        if relay_in.options:
            relay_out.options[self._code] = self._octets


def _each(row: HandlerRow, make: Callable[[Option], Handler]) -> Handler:
    """One handler an option, by family."""
    return Several({
        family: [make(Option(code, payload)) for code, payload in payloads.items()]
        for family, payloads in row.payloads.items()
    })  # fmt: skip


def _set(row: HandlerRow) -> Handler:
    fields = cast("SetOptionFields", row.model)
    return _each(row, lambda one: SimpleOptionHandler(one, append=fields.append, always_send=fields.always_send))


def _overwrite(row: HandlerRow) -> Handler:
    fields = cast("OverwriteOptionFields", row.model)
    return _each(row, lambda one: OverwriteOptionHandler(one, always_send=fields.always_send))


def _copy(row: HandlerRow) -> Handler:
    fields = cast("CopyOptionFields", row.model)
    return _each(row, lambda one: CopyOptionHandler(one.code, always_send=fields.always_send))


def _longer(codes: Mapping[int, int], head6: bytes = b"") -> Callable[[HandlerRow], Handler]:
    """``head6``: what stands before each of DHCPv6's addresses."""

    def make(row: HandlerRow) -> Handler:
        fields = cast("NameServersFields | NtpServersFields", row.model)
        made: dict[int, list[Handler]] = {}
        for family, head in ((4, b""), (6, head6)):
            size = _SIZES[family]
            octets = b"".join(head + address for address in fields.addresses if len(address) == size)
            if octets:
                made[family] = [
                    LongerList(Option(codes[family], octets), size + len(head), _OCTETS_MAX[family],
                               always_send=fields.always_send)
                ]  # fmt: skip
        return Several(made)

    return make


def _search(row: HandlerRow) -> Handler:
    fields = cast("DomainSearchFields", row.model)
    return Several({
        family: [LongerSearch(Option(code, row.payloads[family][code]), space, always_send=fields.always_send)]
        for (family, code), space in zip(_DOMAIN_SEARCH.items(), (DHCP4_OPTIONS, DHCP6_OPTIONS), strict=True)
        if code in row.payloads.get(family, {})
    })  # fmt: skip


def _boot(row: HandlerRow) -> Handler:
    return BootFieldsHandler(cast("BootFieldsFields", row.model))


def _relay(row: HandlerRow) -> Handler:
    fields = cast("RelayOptionFields", row.model)
    return RelayOptionHandler(fields.sub_option, fields.value)


class _Made(HandlerFactory):
    """A factory of a built-in type: its ``fields`` are the whole row, with the options encoded."""

    make: Callable[[HandlerRow], Handler]

    def create(self) -> Handler:
        """By the function of its type."""
        return type(self).make(self.fields)


def factory(make: Callable[[HandlerRow], Handler]) -> type[HandlerFactory]:
    """The factory that makes handlers by a function."""
    return type("BuiltIn", (_Made,), {"make": staticmethod(make), "__module__": __name__})


FACTORIES: Mapping[str, type[HandlerFactory]] = {
    name: factory(make)
    for name, make in {
        "set-option": _set,
        "overwrite-option": _overwrite,
        "copy-option": _copy,
        "recursive-name-servers": _longer(_NAME_SERVERS),
        "ntp-servers": _longer(_NTP_SERVERS, _NTP_ADDRESS),
        "domain-search-list": _search,
        "boot": _boot,
        "relay-option": _relay,
    }.items()
}
