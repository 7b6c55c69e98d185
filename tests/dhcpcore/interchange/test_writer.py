"""Writing: what is written is read back the same, and written again it is the same text."""

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from dhcpcore.interchange import read, to_json, to_yaml
from dhcpcore.topology.validate import validate
from tests.dhcpcore.topology.documents import FULL

# What YAML can carry: no surrogates and no control characters.
strings = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Cn", "Co"), exclude_characters="\ufeff\x85\u2028\u2029")
)
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(10**15), 10**15), strings),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(strings, inner, max_size=4)),
    max_leaves=12,
)
documents = st.dictionaries(strings, values, max_size=5)


@given(documents)
def test_yaml_comes_back_the_same(document):
    text = to_yaml(document)
    assert read(text) == document
    assert to_yaml(read(text)) == text


@given(documents)
def test_json_comes_back_the_same(document):
    text = to_json(document)
    assert read(text) == document
    assert json.loads(text) == document


@pytest.mark.parametrize(
    "text",
    [
        "no",
        "yes",
        "1",
        "0x1f",
        "0o17",
        "12e4",
        "1e3",
        "10:20:30",
        "null",
        "~",
        "",
        "true",
        "2026-01-01",
        "=",
        "<<",
        "1_0",
    ],
)
def test_a_string_that_a_reader_of_either_yaml_would_mistake_is_quoted(text):
    written = to_yaml({"a": text})
    assert read(written) == {"a": text}
    assert yaml.safe_load(written) == {"a": text}


def test_key_order_is_kept_and_addresses_are_plain():
    canonical = validate(FULL).canonical()
    text = to_yaml(canonical)
    assert list(read(text)) == [
        "version", "globals", "option_definitions", "shared_networks", "classes", "subnets", "leasequery", "handlers",
    ]  # fmt: skip
    assert "- prefix: 192.0.2.0/24\n" in text
    assert "  - hw_address: 02:00:00:00:00:01\n" in text


@pytest.mark.parametrize("write", [to_yaml, to_json])
def test_export_apply_export_is_the_same_text(write):
    once = write(validate(FULL).canonical())
    assert write(validate(read(once)).canonical()) == once
