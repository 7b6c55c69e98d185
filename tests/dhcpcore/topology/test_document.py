"""The manual's page of the document: every key is on it, every key on it exists, and its examples are right."""

import re
from pathlib import Path

import pytest
import yaml

from dhcpcore.interchange import read
from dhcpcore.topology.document import (
    AssignmentEntry,
    ClassEntry,
    CompatibilityEntry,
    DocumentEntry,
    FamilyNames,
    GlobalOptions,
    GlobalsEntry,
    LeasequeryEntry,
    PoolEntry,
    PrefixPoolEntry,
    SharedNetworkEntry,
    SubnetEntry,
    SubnetSettings,
)
from dhcpcore.topology.entries import DEFAULT_LIFETIME_S, BootEntry, FloodEntry, LifetimeEntry
from dhcpcore.topology.fields import format_duration, parse_duration
from dhcpcore.topology.handler_entry import ElapsedEntry, HandlerEntry, ScopeEntry, TimeEntry
from dhcpcore.topology.validate import validate
from dhcpcore.wire.definitions import KEYS

PAGE = (Path(__file__).parents[3] / "docs/definitions.md").read_text()
SECTIONS = {
    "The document": DocumentEntry,
    "Globals": GlobalsEntry,
    "Flood": FloodEntry,
    "Global options": GlobalOptions,
    "Names by family": FamilyNames,
    "Shared networks": SharedNetworkEntry,
    "Subnets": SubnetEntry,
    "Lifetimes": LifetimeEntry,
    "Boot": BootEntry,
    "Compatibility": CompatibilityEntry,
    "Pools": PoolEntry,
    "Prefix pools": PrefixPoolEntry,
    "Assignments": AssignmentEntry,
    "Leasequery": LeasequeryEntry,
    "Classes": ClassEntry,
    "Handlers": HandlerEntry,
    "Scope": ScopeEntry,
    "Time of day": TimeEntry,
    "Elapsed": ElapsedEntry,
}


def table(title):
    """Rows of a section's table, by key."""
    section = re.split(rf"^#+ {re.escape(title)}$", PAGE, flags=re.MULTILINE)[1].split("\n#")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line[:3] == "| `"]
    return {row[0].strip("`"): row[1:] for row in rows}


def keys(model):
    return [field.alias or name for name, field in model.model_fields.items()]


@pytest.mark.parametrize("title", SECTIONS)
def test_the_manual_has_every_key_in_order_and_no_other(title):
    assert list(table(title)) == keys(SECTIONS[title])


def test_the_manual_has_every_key_of_an_option_definition():
    assert list(table("Option definitions")) == list(KEYS)


@pytest.mark.parametrize("title", [*SECTIONS, "Option definitions"])
def test_every_key_has_type_default_and_meaning(title):
    for key, (kind, _default, meaning) in table(title).items():
        assert kind, key
        assert meaning.endswith((".", ".]")) or meaning[-1] in ".)", (key, meaning)


@pytest.mark.parametrize("title", SECTIONS)
def test_needed_keys_and_plain_defaults_are_told_as_they_are(title):
    for name, field in SECTIONS[title].model_fields.items():
        told = table(title)[field.alias or name][1].strip("`")
        if field.is_required():
            assert told == "needed", name
        elif field.default is False or field.default is True:
            assert told == str(field.default).lower(), name
        elif isinstance(field.default, int) and not told.isdigit():
            assert parse_duration(told) == field.default, name
        elif field.default is not None and field.default_factory is None:
            assert told == str(field.default), name
    assert format_duration(DEFAULT_LIFETIME_S) == table("Globals")["lifetime"][1].strip("`")


EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda text: text.splitlines()[0])
def test_every_example_is_right(example):
    part = read(example)
    document = {"version": 1, "option_definitions": [], "subnets": [{"prefix": "192.0.2.0/24"}]}
    document["option_definitions"] += part.get("option_definitions", [])
    for key, value in part.items():
        if key in DocumentEntry.model_fields:
            document[key] = value
        elif key == "prefix_pools":
            document["subnets"].append({"prefix": "2001:db8:1::/64", key: value})
        else:
            assert key in SubnetEntry.model_fields
            document["subnets"][0][key] = value
    validate(document)
    assert yaml.safe_load(example)


@pytest.mark.parametrize(
    "key", [*keys(DocumentEntry), *keys(SubnetEntry), *keys(AssignmentEntry), *keys(LifetimeEntry),
            *keys(SharedNetworkEntry)]
)
def test_every_key_is_in_an_example(key):
    shown = re.sub(r"^#.*", "", "\n".join(EXAMPLES), flags=re.MULTILINE)
    assert re.search(rf"\b{key}:", shown)


@pytest.mark.parametrize(
    "model", sorted({*SECTIONS.values(), SubnetSettings}, key=str), ids=lambda model: model.__name__
)
def test_every_field_says_what_it_means(model):
    for name, field in model.model_fields.items():
        assert field.description
        assert field.description.endswith("."), name


def test_the_json_schema_can_be_made_for_forms_and_the_api():
    schema = DocumentEntry.model_json_schema(by_alias=True)
    assert schema["$defs"]["PoolEntry"]["properties"]["class"]["description"]
    assert schema["$defs"]["SubnetEntry"]["additionalProperties"] is False


@pytest.mark.parametrize(
    ("written", "seconds", "canonical"),
    [
        (90, 90, 90),
        ("90", 90, 90),
        ("90s", 90, 90),
        ("15m", 900, "15m"),
        ("60m", 3600, "1h"),
        (3600, 3600, "1h"),
        ("24h", 86_400, "1d"),
        ("2w", 1_209_600, "14d"),
        ("infinite", 0xFFFF_FFFF, "infinite"),
        (0, 0, 0),
    ],
)
def test_durations(written, seconds, canonical):
    assert parse_duration(written) == seconds
    assert format_duration(seconds) == canonical
    assert parse_duration(canonical) == seconds
