import pytest

from app.services.option_origin import EffectiveOption, Origin
from app.services.option_warnings import warnings
from dhcpcore.topology.snapshot import Subnet

HOME = Subnet(1, 4, 0, bytes([192, 0, 2, 0]), 24, "office")
MASK = "ffffff00"


def option(code, hexed, *, sent=True):
    return EffectiveOption(code, str(code), None, hexed, Origin("subnet", "office"), (), sent, "")


def said(*options, mask=MASK):
    return warnings(HOME, [*([option(1, mask)] if mask else []), *options])


@pytest.mark.parametrize(("options", "words"), [
    ([option(3, "c0000201c6336401")], ["The router 198.51.100.1 lies outside 192.0.2.0/24"]),
    ([option(3, "c0000201"), option(121, "080ac0000201")], ["classless-static-route has no 0.0.0.0/0"]),
    ([option(3, "c0000201"), option(249, "18c63364c0000201")], ["classless-static-route-ms has no 0.0.0.0/0"]),
    ([option(15, "61" * 200), option(119, "61" * 270)], ["The answer would have"]),
])
def test_what_a_client_stumbles_over(options, words):
    found = said(*options)
    assert len(found) == len(words)
    assert all(one.startswith(word) for one, word in zip(found, words, strict=True))


@pytest.mark.parametrize("options", [
    [], [option(3, "c0000201")], [option(3, "c6336401", sent=False)],
    [option(3, "c0000201"), option(121, "080ac000020100c0000201")], [option(121, "080ac0000201")],
    [option(15, "61" * 200), option(119, "61" * 200)],
])
def test_what_it_does_not(options):
    assert said(*options) == ()


def test_a_wrong_mask_and_none():
    assert said(mask="ffff0000") == ("The subnet mask 255.255.0.0 is not that of 192.0.2.0/24.",)
    assert "No subnet mask is sent" in said(mask="")[0]
