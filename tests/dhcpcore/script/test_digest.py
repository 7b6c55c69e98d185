"""HTTP Digest, by the example of RFC 2617 3.5."""

import pytest

from dhcpcore.script.digest import is_right, realm_of
from dhcpcore.script.parameters import Loaded

#: The RFC's, in full.
RIGHT = {
    "username": "Mufasa", "realm": "testrealm@host.com", "nonce": "dcd98b7102dd2f0e8b11d0f600bfb0c093",
    "uri": "/dir/index.html", "qop": "auth", "nc": "00000001", "cnonce": "0a4f113b", "method": "GET",
    "response": "6629fae49393a05397450978507c4ef1",
}  # fmt: skip
SITE = {"WEB_DIGEST_USERNAME": "Mufasa", "WEB_DIGEST_PASSWORD": "Circle Of Life", "SYSTEM_NAME": "testrealm@host.com"}


def loaded(**changes):
    return Loaded({**SITE, **changes}, frozenset())


def test_the_example_of_the_rfc_is_right():
    assert is_right(loaded(), RIGHT)


@pytest.mark.parametrize("field", sorted(RIGHT))
def test_with_any_field_changed_it_is_not(field):
    assert not is_right(loaded(), {**RIGHT, field: RIGHT[field][:-1] + "x"})
    assert not is_right(loaded(), {name: said for name, said in RIGHT.items() if name != field})


@pytest.mark.parametrize("missing", ["WEB_DIGEST_USERNAME", "WEB_DIGEST_PASSWORD"])
def test_without_a_name_or_a_password_nothing_is_right(missing):
    for nothing in (None, ""):
        assert not is_right(loaded(**{missing: nothing}), RIGHT)


def test_a_realm_has_nothing_that_a_header_cannot_carry():
    assert realm_of('the "site"') == "the 'site'"
    assert realm_of("Größe\r\nSet-Cookie: a=b \u2603\\") == "Gr??e??Set-Cookie: a=b ?/"
    assert len(realm_of("x" * 5000)) == 200
    assert not is_right(loaded(WEB_DIGEST_PASSWORD="other"), RIGHT)
