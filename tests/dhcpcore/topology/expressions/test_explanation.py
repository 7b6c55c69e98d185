"""Every part of an expression with its value, for people."""

import pytest

from dhcpcore.topology.expressions.compiler import compiled
from dhcpcore.topology.expressions.explanation import explained, value_text
from dhcpcore.wire.v4.options import DHCP4_OPTIONS
from tests.dhcpcore.topology.expressions.subjects import subject


def test_the_whole_comes_first_then_its_parts() -> None:
    expression = compiled("substring(option[61].hex, 0, 3) == 'foo' and not known", DHCP4_OPTIONS)
    assert [(one.depth, one.text, one.value) for one in explained(expression, subject())] == [
        (0, expression.text, True),
        (1, "substring(option[61].hex, 0, 3) == 'foo'", True),
        (2, "substring(option[61].hex, 0, 3)", b"foo"),
        (3, "option[61].hex", b"foobar"),
        (1, "not known", True),
        (2, "known", False),
    ]


def test_what_only_repeats_the_text_is_left_out() -> None:
    assert [one.text for one in explained(compiled("'a' == 0x61", DHCP4_OPTIONS), subject())] == ["'a' == 0x61"]
    assert [one.value for one in explained(compiled("'a'", DHCP4_OPTIONS), subject())] == [b"a"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "true"), (False, "false"), (b"abc", "'abc'"), (b"\0a", "0x0061"), (b"", "''"), (b"\xff", "0xff")],
)
def test_a_value_in_words(value: bool | bytes, text: str) -> None:
    assert value_text(value) == text
