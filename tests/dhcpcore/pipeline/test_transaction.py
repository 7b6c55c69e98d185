"""What a transaction tells of where its message came from."""

import pytest

from dhcpcore.pipeline.transaction import link_address_of


@pytest.mark.parametrize(("addresses", "link"), [
    (["fe80::1", "::", "2001:db8::1"], "2001:db8::1"),
    (["::", "::1", "fe80::1"], "::"),
    ([], "::"),
    (["0.0.0.0", "169.254.1.1", "127.0.0.1", "192.0.2.2"], "192.0.2.2"),
    (["0.0.0.0"], "0.0.0.0"),
    (["2001:db8::1", "2001:db8::2"], "2001:db8::1"),
])  # fmt: skip
def test_the_link_is_the_first_address_in_use_of_more_than_one_link(addresses, link):
    assert link_address_of(addresses) == link
