"""The manual's page on options says what the tables say: all of it, nothing else, and every example on it works."""

import json
import re
from pathlib import Path

import pytest
import yaml

from dhcpcore.wire.manual import options_page
from dhcpcore.wire.options import OptionSpace
from dhcpcore.wire.v4.options import DHCP4_OPTIONS
from dhcpcore.wire.v6.options import DHCP6_OPTIONS

PAGE = Path(__file__).parents[3] / "docs" / "options.md"
ROW = re.compile(r"^\| (\d+) \| `([a-z0-9-]+)` \| .*? \| (?:—|`(.*?)`) \| ", re.MULTILINE)


def sections() -> dict[str, str]:
    parts = re.split(r"^##+ (.+)$", PAGE.read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def blocks() -> list[object]:
    return [yaml.safe_load(block) for block in re.findall(r"(?:^    .*\n)+", PAGE.read_text(), re.MULTILINE)]


def test_the_page_is_what_the_tables_say_now():
    assert PAGE.read_text() == options_page(), "run: python -m dhcpcore.wire.manual > docs/options.md"


@pytest.mark.parametrize(("title", "space"), [("DHCPv4", DHCP4_OPTIONS), ("DHCPv6", DHCP6_OPTIONS)])
def test_every_option_stands_on_the_page_once(title, space):
    rows = ROW.findall(sections()[title])
    assert [(int(code), name) for code, name, _example in rows] == [(row.code, row.name) for row in space.rows]
    for name in space.inner_names():
        rows = ROW.findall(sections().get(name, ""))
        assert [(int(code), option) for code, option, _example in rows] == [
            (row.code, row.name) for row in space.inner(name)
        ]


@pytest.mark.parametrize(("title", "space"), [("DHCPv4", DHCP4_OPTIONS), ("DHCPv6", DHCP6_OPTIONS)])
def test_every_example_on_the_page_can_be_pasted_into_a_document(title, space: OptionSpace):
    for _code, name, example in ROW.findall(sections()[title]):
        if example:
            value = yaml.safe_load(example)
            assert value == json.loads(example)
            assert space.encode(name, value)


def test_what_the_page_shows_to_write_is_right():
    options, definitions = blocks()
    for name, value in options["options"].items():
        assert DHCP4_OPTIONS.encode(name, value)[1]
    larger, faults = DHCP4_OPTIONS.extended(definitions["option_definitions"])
    assert faults == []
    assert {"x-colour", "x-places"} <= set(larger.by_name)


def test_what_cannot_be_set_is_marked_and_nothing_else():
    for title, space in (("DHCPv4", DHCP4_OPTIONS), ("DHCPv6", DHCP6_OPTIONS)):
        for line in sections()[title].splitlines():
            found = ROW.match(line)
            if found:
                assert ("*Not set by the administrator.*" in line) is not space.by_name[found[2]].settable
