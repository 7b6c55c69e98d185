import pytest

from dhcpcore.control.verbs import VERBS
from dhcpcore.errors import InvalidValue


def test_defaults_fill_what_is_left_out():
    assert VERBS["transactions"].parse({}) == {"limit": 20, "client": None}
    assert VERBS["lease-release"].parse({"address": "::1"}) == {"address": bytes(15) + b"\1", "space": 0}

    assert VERBS["log"].parse({}) == {"limit": 100, "after": None, "level": "debug", "find": None}


def test_null_counts_as_left_out():
    assert VERBS["transactions"].parse({"limit": None, "client": None}) == {"limit": 20, "client": None}


def test_a_wrong_argument_is_told_with_what_is_right():
    with pytest.raises(InvalidValue, match="transactions: limit is 201; right is a whole number from 1 to 200"):
        VERBS["transactions"].parse({"limit": 201})
    with pytest.raises(InvalidValue, match=r"lease-release needs address: an IPv4 or IPv6 address"):
        VERBS["lease-release"].parse({})
    with pytest.raises(InvalidValue, match=r"has no argument 'x' \(its arguments: none\)"):
        VERBS["status"].parse({"x": 1})
