"""Built-in types of configured handlers that have to do with options: set, overwrite, copy, and lists made longer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
from dhcpcore.wire.v4.options import DHCP4_OPTIONS

_NAME_SERVERS, _NTP_SERVERS, _DOMAIN_SEARCH = 6, 42, 119
#: Octets of the value of an option, however it is cut up (RFC 3396).
_OCTETS_MAX = 255


class Several(Handler):
    """Several handlers of one option each, as one."""

    def __init__(self, *handlers: Handler) -> None:
        self._handlers = handlers

    def handle(self, bundle: Transaction) -> None:
        """One after the other."""
        for handler in self._handlers:
            handler.handle(bundle)


class LongerList(SimpleOptionHandler):
    """Adds to a list of addresses what it does not have yet, behind what is there."""

    def combine(self, existing_options: list[Option]) -> Option | None:
        """As many as fit into one option."""
        present = [one for option in existing_options for one in _addresses(option.payload)]
        merged = present + [one for one in _addresses(self.option.payload) if one not in present]
        return Option(self.option.code, b"".join(merged[: _OCTETS_MAX // 4]))


class LongerSearch(SimpleOptionHandler):
    """Adds to a search list the domains that it does not have yet, behind what is there."""

    def combine(self, existing_options: list[Option]) -> Option | None:
        """A list that makes no sense is left as it is."""
        row = DHCP4_OPTIONS.row(self.option.code)
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


def _addresses(payload: bytes) -> list[bytes]:
    return [payload[at : at + 4] for at in range(0, len(payload) - 3, 4)]


def _set(row: HandlerRow) -> Handler:
    fields = cast("SetOptionFields", row.model)
    return Several(*(
        SimpleOptionHandler(Option(code, payload), append=fields.append, always_send=fields.always_send)
        for code, payload in row.payloads.get(4, {}).items()
    ))  # fmt: skip


def _overwrite(row: HandlerRow) -> Handler:
    fields = cast("OverwriteOptionFields", row.model)
    return Several(*(
        OverwriteOptionHandler(Option(code, payload), always_send=fields.always_send)
        for code, payload in row.payloads.get(4, {}).items()
    ))  # fmt: skip


def _copy(row: HandlerRow) -> Handler:
    fields = cast("CopyOptionFields", row.model)
    return Several(*(CopyOptionHandler(code, always_send=fields.always_send) for code in row.payloads.get(4, ())))


def _longer(code: int) -> Callable[[HandlerRow], Handler]:
    def make(row: HandlerRow) -> Handler:
        fields = cast("NameServersFields | NtpServersFields", row.model)
        octets = b"".join(address for address in fields.addresses if len(address) == 4)
        return LongerList(Option(code, octets), always_send=fields.always_send) if octets else Handler()

    return make


def _search(row: HandlerRow) -> Handler:
    fields = cast("DomainSearchFields", row.model)
    return LongerSearch(Option(_DOMAIN_SEARCH, row.payloads[4][_DOMAIN_SEARCH]), always_send=fields.always_send)


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
        "ntp-servers": _longer(_NTP_SERVERS),
        "domain-search-list": _search,
        "boot": _boot,
        "relay-option": _relay,
    }.items()
}
