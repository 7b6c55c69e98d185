"""The manual's page has every built-in type with its fields, and its examples are right."""

import json
import re
from pathlib import Path

import pytest

from dhcpcore.builtin import FACTORIES
from dhcpcore.interchange import read
from dhcpcore.topology.handler_types import BUILT_IN_FIELDS, built_in_types
from dhcpcore.topology.validate import validate

PAGE = (Path(__file__).parents[3] / "docs/handlers.md").read_text()


def section(name):
    return re.split(rf"^### `{re.escape(name)}`$", PAGE, flags=re.MULTILINE)[1].split("\n#")[0]


def test_every_type_is_in_the_manual_in_its_order_and_no_other():
    part = PAGE[PAGE.index("## Built-in types") : PAGE.index("## What became of them")]
    assert re.findall(r"^### `(.*)`$", part, re.MULTILINE) == list(BUILT_IN_FIELDS)


@pytest.mark.parametrize("one", built_in_types(), ids=lambda one: one.name)
def test_a_type_is_told_as_it_is(one):
    said = section(one.name)
    assert one.doc in said
    fields = BUILT_IN_FIELDS[one.name].model_fields
    rows = [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in said.splitlines()
            if line.startswith("| `")]
    assert [row[0] for row in rows] == list(fields)
    for name, default, meaning in rows:
        assert meaning == fields[name].description
        assert (default == "needed") is fields[name].is_required(), name


def test_every_type_has_what_makes_its_handlers():
    assert set(FACTORIES) == set(BUILT_IN_FIELDS)


@pytest.mark.parametrize("one", built_in_types(), ids=lambda one: one.name)
def test_a_schema_is_plain_json(one):
    assert json.loads(json.dumps(one.schema)) == one.schema
    assert one.doc.endswith(".")


@pytest.mark.parametrize("example", re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL), ids=lambda text: text[:20])
def test_an_example_is_right(example):
    assert validate({"version": 1, "subnets": [], **read(example)}).handlers
