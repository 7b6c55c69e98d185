"""Models that others of the document are made of: lifetimes, boot fields, and what clients may send."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from dhcpcore.errors import InvalidValue
from dhcpcore.topology.fields import Address, Architecture, BootFile, Duration, ServerName, wrong
from dhcpcore.topology.kinds import INFINITE_LIFETIME_S
from dhcpcore.wire.architectures import parse_architecture
from dhcpcore.wire.quoting import quoted

#: The lifetime where nobody wrote one.
DEFAULT_LIFETIME_S = 3600
#: A count of leases or packets; 0 is no limit.
Limit = Annotated[int, Field(ge=0, le=0x7FFF_FFFF)]


class Entry(BaseModel):
    """Base of the models: unknown keys are refused, nothing is guessed, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=True)


class LifetimeEntry(Entry):
    """How long leases last.  A plain duration is the same as ``{default: …}``."""

    default: Duration | None = Field(None, description="Granted to a client that does not ask for a time.")
    min: Duration | None = Field(None, description="The least that a client gets that asks for less.")
    max: Duration | None = Field(None, description="The most that a client gets that asks for more.")
    renew: Duration | None = Field(None, description="T1: when the client asks this server to renew.")
    rebind: Duration | None = Field(None, description="T2: when the client asks any server.")
    preferred: Duration | None = Field(None, description="DHCPv6: how long the address is preferred.")

    @property
    def default_s(self) -> int:
        """The default, given or not: an hour, brought within what limits there are."""
        if self.default is not None:
            return self.default
        low = DEFAULT_LIFETIME_S if self.min is None else max(DEFAULT_LIFETIME_S, self.min)
        return low if self.max is None else min(low, self.max)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        default = self.default_s
        low = default if self.min is None else self.min
        high = default if self.max is None else self.max
        if min(default, low) < 1:
            raise wrong("a lifetime is at least 1 second")
        if not low <= default <= high:
            raise wrong(f"min {low} s, default {default} s and max {high} s are out of order: min <= default <= max")
        if self.rebind is not None and self.rebind >= default:
            raise wrong(f"rebind (T2) is {self.rebind} s: it must be shorter than the lifetime, {default} s")
        if self.renew is not None and self.renew >= (self.rebind or default):
            what = "rebind (T2)" if self.rebind else "the lifetime"
            raise wrong(f"renew (T1) is {self.renew} s: it must be shorter than {what}, {self.rebind or default} s")
        if 0 in {self.renew, self.rebind, self.preferred}:
            raise wrong("renew, rebind and preferred are at least 1 second; leave them out for the usual shares")
        if self.preferred is not None and self.preferred > default:
            raise wrong(f"preferred is {self.preferred} s: it must not be longer than the lifetime, {default} s")
        if default == INFINITE_LIFETIME_S and (self.renew or self.rebind):
            raise wrong("an infinite lease is never renewed: leave renew and rebind out")
        return self


def _lifetime(value: object) -> object:
    if isinstance(value, int | str) and not isinstance(value, bool):
        return {"default": value}
    if not isinstance(value, dict | LifetimeEntry):
        raise wrong(f"{quoted(value)} is not a lifetime: write a duration such as 1h, or {{default: 1h, max: 2h}}")
    return value


Lifetime = Annotated[LifetimeEntry, BeforeValidator(_lifetime, json_schema_input_type=int | str | LifetimeEntry)]


class BootFields(Entry):
    """BOOTP fields of the replies, for clients that boot from the network."""

    next_server: Address | None = Field(None, description="siaddr: the server that the boot file comes from.")
    server_name: ServerName | None = Field(None, description="sname: that server's name, up to 63 octets.")
    file: BootFile | None = Field(None, description="file: the boot file's name, up to 127 octets.")


def _boot_file(value: object) -> object:
    return {"file": value} if isinstance(value, str) else value


#: A plain string is the same as ``{file: …}``.
ArchitectureBoot = Annotated[BootFields, BeforeValidator(_boot_file)]


class BootEntry(BootFields):
    """The same, and by what kind of machine asks."""

    by_architecture: dict[Architecture, ArchitectureBoot] = Field(
        default_factory=dict, description="The same three, or a file alone, by the architecture that option 93 names."
    )

    @model_validator(mode="before")
    @classmethod
    def _once(cls, value: Any) -> Any:
        given = value.get("by_architecture") if isinstance(value, dict) else None
        seen: dict[int, object] = {}
        for key in given if isinstance(given, dict) else ():
            with suppress(InvalidValue):  # Told at its own place.
                other = seen.setdefault(parse_architecture(key), key)
                if other != key:
                    raise wrong(f"by_architecture: {key} and {other} are the same one: write one of the two")
        return value


class FloodEntry(Entry):
    """How much clients may send.  Counted in memory, by hardware address, in each engine; 0 is no limit."""

    client_rate: Limit = Field(0, description="Packets a second that one client may send; more are dropped.")
    burst: Annotated[int, Field(ge=1, le=1000)] = Field(10, description="Packets that it may send at once.")
    subnet_rate: Limit = Field(0, description="Packets a second that all clients of a subnet may send together.")
    suspend_after: Limit = Field(0, description="Dropped packets after which a client is not answered for a time.")
    declines: Limit = Field(0, description="DECLINEs after which a client is not answered for a time.")
    suspend_for: Duration = Field(150, description="How long that time is.")

    @model_validator(mode="after")
    def _sense(self) -> Self:
        if self.suspend_after and not self.client_rate:
            raise wrong("suspend_after counts packets beyond client_rate: set client_rate, or take suspend_after out")
        if not 1 <= self.suspend_for <= 86_400:
            raise wrong(f"suspend_for is {self.suspend_for} s: 1 second to 1 day are right")
        return self
