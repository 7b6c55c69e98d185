"""Kinds of messages of both families, told apart by their names."""

import pytest

from dhcpcore.wire.kinds import KIND6, kind6_of, kind_name
from tests.packets6 import RELAYED_SOLICIT, RENEW, message


@pytest.mark.parametrize(
    ("kind", "name"), [(1, "DISCOVER"), (3, "REQUEST"), (KIND6 + 3, "DHCPV6-REQUEST"), (KIND6 + 99, "DHCPV6-TYPE-99")]
)
def test_a_name_says_the_family_where_that_is_dhcpv6(kind, name):
    assert kind_name(kind) == name


@pytest.mark.parametrize(
    ("data", "name"),
    [(RELAYED_SOLICIT, "SOLICIT"), (message(RENEW), "RENEW"), (b"\x0c\0", "RELAY-FORW"), (b"", "TYPE-0")],
    ids=["relayed", "plain", "unreadable", "nothing"],
)
def test_the_kind_of_a_datagram_is_that_of_the_message_inside_its_relays(data, name):
    assert kind_name(kind6_of(data)) == f"DHCPV6-{name}"
