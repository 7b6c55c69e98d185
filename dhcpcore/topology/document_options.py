"""Options by family, as several parts of the document write them."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from dhcpcore.topology.entries import Entry

Options = dict[str, Any]
#: Options by name, or by code in quotes.
OptionNames = list[str]


class GlobalOptions(Entry):
    """Options for every subnet of a family."""

    dhcp4: Options = Field(default_factory=dict, description="Options of every IPv4 subnet.")
    dhcp6: Options = Field(default_factory=dict, description="Options of every IPv6 subnet.")


class FamilyNames(Entry):
    """Names of options, by family."""

    dhcp4: OptionNames = Field(default_factory=list, description="DHCPv4 options.")
    dhcp6: OptionNames = Field(default_factory=list, description="DHCPv6 options.")
