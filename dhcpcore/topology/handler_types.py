"""The table of built-in handler types: their fields, declared once, from which schema, forms and manual are made.

A type of an installed package has its fields in that package; its JSON schema is a row of the catalogue.  What the
types do is in ``handlers``, which makes instances of these fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from dhcpcore.topology.document_options import FamilyNames, GlobalOptions
from dhcpcore.topology.entries import Entry
from dhcpcore.topology.fields import (
    Address,
    AgentId,
    BootFile,
    ClientPattern,
    Duration,
    Name,
    ServerName,
    wrong,
)
from dhcpcore.topology.filters import ENTRIES_MAX
from dhcpcore.topology.kinds import INFINITE_LIFETIME_S
from dhcpcore.wire.addresses import is_of_many_links

#: Where the built-in types come from, in the catalogue.
BUILT_IN_SOURCE = "built in"
#: Addresses or names in one option: 255 octets hold 63 IPv4 addresses.
_LISTED_MAX = 63

_ALWAYS = "Whether clients get it that did not ask for it in option 55, or 6 of DHCPv6."


def _some(listed: list[Any]) -> list[Any]:
    if not listed:
        raise wrong("the list is empty: write at least one, such as [a]")
    if len(listed) > _LISTED_MAX:
        raise wrong(f"the list has {len(listed)} entries: at most {_LISTED_MAX} fit into an option")
    return listed


def _few(listed: list[Any]) -> list[Any]:
    if len(listed) > ENTRIES_MAX:
        raise wrong(f"the list has {len(listed)} entries: at most {ENTRIES_MAX} are read")
    return listed


MessageTypeName = Literal["DISCOVER", "REQUEST", "DECLINE", "RELEASE", "INFORM", "SOLICIT", "CONFIRM", "RENEW",
                          "REBIND", "INFORMATION-REQUEST"]  # fmt: skip
Addresses = Annotated[list[Address], AfterValidator(_some)]
Seconds = Annotated[Duration, Field(ge=0)]
Factor = Annotated[float, Field(ge=0, le=1)]


class SetOptionFields(Entry):
    """Sets options that the answer does not have yet."""

    options: GlobalOptions = Field(description="The options and their values, by family.")
    append: bool = Field(False, description="Whether the value is put behind one that is there already.")
    always_send: bool = Field(False, description=_ALWAYS)


class OverwriteOptionFields(Entry):
    """Sets options, in place of what the answer has of them."""

    options: GlobalOptions = Field(description="The options and their values, by family.")
    always_send: bool = Field(False, description=_ALWAYS)


class CopyOptionFields(Entry):
    """Copies options of the client's message into the answer."""

    options: FamilyNames = Field(description="The options by name, by family.")
    always_send: bool = Field(False, description=_ALWAYS)


class RelayOptionFields(Entry):
    """Sets a sub-option in what the relay gets back: option 82 (RFC 3046), of DHCPv4 alone."""

    sub_option: Annotated[int, Field(ge=1, le=254)] = Field(description="Its number.")
    value: AgentId = Field(description="Its octets: text, or hex as {hex: …}.")


class BootFieldsFields(Entry):
    """Sets BOOTP fields of the answer, in place of what it has of them; DHCPv6 has none."""

    next_server: Address | None = Field(None, description="The server of the boot file (siaddr).")
    server_name: ServerName | None = Field(None, description="That server's name (sname).")
    file: BootFile | None = Field(None, description="The boot file (file).")

    @model_validator(mode="after")
    def _anything(self) -> Self:
        if self.next_server is None and self.server_name is None and self.file is None:
            raise wrong("nothing is there to be set: write next_server, server_name or file")
        if self.next_server is not None and len(self.next_server) != 4:
            raise wrong("next_server is not an IPv4 address: write one such as 192.0.2.6")
        return self


class NameServersFields(Entry):
    """Adds resolvers to those that the client is told (options 6 and 23); one that is there is not said twice."""

    addresses: Addresses = Field(description="Their addresses; each family's clients are told its own.")
    always_send: bool = Field(False, description=_ALWAYS)


class DomainSearchFields(Entry):
    """Adds domains to the search list (options 119 and 24); one that is there is not said twice."""

    domains: Annotated[list[str], AfterValidator(_some)] = Field(description="The domains, such as example.org.")
    always_send: bool = Field(False, description=_ALWAYS)


class NtpServersFields(Entry):
    """Adds time servers (options 42 and 56); one that is there is not said twice."""

    addresses: Addresses = Field(description="Their addresses; each family's clients are told its own.")
    always_send: bool = Field(False, description=_ALWAYS)


class MarkFields(Entry):
    """Marks the transaction: handlers after it may have a mark in their scope."""

    marks: Annotated[list[Name], AfterValidator(_some)] = Field(description="The marks.")


class IgnoreRequestFields(Entry):
    """Leaves messages unanswered."""

    message_types: list[MessageTypeName] = Field(default_factory=list, description="Of which types; empty: of all.")
    clients: Annotated[list[ClientPattern], AfterValidator(_few)] = Field(
        default_factory=list, description="Of which clients; empty: of all."
    )


class RateLimitFields(Entry):
    """Leaves what a client sends beyond a rate unanswered; RELEASE and DECLINE are never counted."""

    key: Literal["hw_address", "client_id", "circuit_id", "remote_id"] = Field(
        "hw_address",
        description="What tells clients apart; where a message lacks it, the hardware address, or in DHCPv6 the DUID.",
    )
    rate: Annotated[int, Field(ge=1, le=1_000_000)] = Field(5, description="Messages in each `per`.")
    per: Annotated[Duration, Field(ge=1, le=86_400)] = Field(30, description="How long that is.")
    burst: Annotated[int, Field(ge=0, le=1_000_000)] = Field(0, description="Messages at once; 0: as many as `rate`.")


class TimingLimitsFields(Entry):
    """Works T1 and T2 out of the lease time, or DHCPv6's preferred lifetime, and keeps them within limits."""

    factor_t1: Factor | None = Field(0.5, description="T1 as a part of the lease time; null: as it is.")
    min_t1: Seconds = Field(0, description="The least T1.")
    max_t1: Seconds = Field(INFINITE_LIFETIME_S, description="The most.")
    factor_t2: Factor | None = Field(0.8, description="T2 as a part of the lease time; null: as it is.")
    min_t2: Seconds = Field(0, description="The least T2.")
    max_t2: Seconds = Field(INFINITE_LIFETIME_S, description="The most.")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        for key, low, high in (("t1", self.min_t1, self.max_t1), ("t2", self.min_t2, self.max_t2)):
            if low > high:
                raise wrong(f"min_{key} is more than max_{key}: write the lesser one as min_{key}")
        return self


class ServerUnicastFields(Entry):
    """Lets clients of DHCPv6 send to this server alone, and tells them at which address (option 12)."""

    address: Address = Field(description="The server's IPv6 address.")

    @model_validator(mode="after")
    def _usable(self) -> Self:
        if not is_of_many_links(self.address):
            raise wrong("address is not an IPv6 address that clients of any link reach: write one such as 2001:db8::1")
        return self


class RapidCommitFields(Entry):
    """Says to which clients rapid commit is granted where `rapid_commit` is on, and how far."""

    allow: bool = Field(True, description="Whether it is granted at all.")
    rejections: bool = Field(
        False, description="DHCPv6: whether a refusal is said at once, too; else another server may have more."
    )


@dataclass(frozen=True, slots=True)
class HandlerType:
    """One type as the catalogue has it."""

    name: str
    doc: str
    schema: Mapping[str, Any]
    source: str


#: The built-in types, in the order in which people see them.
BUILT_IN_FIELDS: Mapping[str, type[Entry]] = MappingProxyType({
    "set-option": SetOptionFields,
    "overwrite-option": OverwriteOptionFields,
    "copy-option": CopyOptionFields,
    "recursive-name-servers": NameServersFields,
    "domain-search-list": DomainSearchFields,
    "ntp-servers": NtpServersFields,
    "boot": BootFieldsFields,
    "relay-option": RelayOptionFields,
    "timing-limits": TimingLimitsFields,
    "mark": MarkFields,
    "ignore-request": IgnoreRequestFields,
    "rate-limit": RateLimitFields,
    "server-unicast": ServerUnicastFields,
    "rapid-commit": RapidCommitFields,
})


def type_of(name: str, fields: type[Any], source: str, doc: str = "") -> HandlerType:
    """The catalogue's words for a type with these fields."""
    said = (doc or fields.__doc__ or "").strip().split("\n\n", 1)[0]
    return HandlerType(name, " ".join(said.split()), fields.model_json_schema(by_alias=True), source)


def built_in_types() -> tuple[HandlerType, ...]:
    """All built-in types."""
    return tuple(type_of(name, fields, BUILT_IN_SOURCE) for name, fields in BUILT_IN_FIELDS.items())
