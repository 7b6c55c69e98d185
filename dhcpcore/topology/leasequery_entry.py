"""The section `leasequery` of the document: who may ask who has which address, and how."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from dhcpcore.topology.entries import Entry
from dhcpcore.topology.fields import Requestor, wrong
from dhcpcore.topology.kinds import Tls


class LeasequeryEntry(Entry):
    """Whom the server tells who has which address: access concentrators and access routers.

    They ask by RFC 4388, 6148, 6926 and 7724, and in DHCPv6 by RFC 5007 and 5460.
    """

    enabled: bool = Field(False, description="Whether queries are answered.")
    requestors: list[Requestor] = Field(
        default_factory=list, description="Who may ask: addresses, or prefixes. Everybody else is told nothing."
    )

    active: bool = Field(False, description="Whether they may ask to be told of every change, as it is committed.")
    active_insecure: bool = Field(
        False, description="That what active queries are told may go over the network unencrypted."
    )
    tls: Tls = Field(
        "off",
        description="TLS by TCP: never, where a requestor begins it, or demanded of all. Certificate, key and the "
        "requestors' CA are settings.",
    )

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if self.enabled and not self.requestors:
            raise wrong("enabled is true and requestors is empty: name the addresses that may ask, such as 192.0.2.2")
        if self.active_insecure and self.tls == "required":
            raise wrong("tls is required, so nothing goes unencrypted: take active_insecure out, or say tls: allowed")
        if self.active and not self.active_insecure and self.tls == "off":  # It must be said by itself.  RFC 7724 8.1.
            raise wrong(
                "active is true, and there is no TLS for it: say tls: required, or, where the network between the "
                "requestors and this server is protected, say active_insecure: true as well"
            )
        return self
