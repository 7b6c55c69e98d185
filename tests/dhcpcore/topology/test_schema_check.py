"""Fields of a package's type, looked at by their JSON schema: wrong where pydantic says so, with place and remedy."""

import enum
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dhcpcore.topology.schema_check import faults_of


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    port: int = Field(ge=1, le=65535)
    names: list[str] = Field(default=[], max_length=2)


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    host: str = Field(min_length=1, max_length=9, pattern="^[a-z.]+$")
    colour: Literal["red", "blue"] = "red"
    kind: Colour | None = None
    inner: Inner | None = None
    share: float = Field(0.5, gt=0, lt=1)
    flag: bool = False
    more: dict[str, int] = {}
    either: int | str = 1


SCHEMA = Outer.model_json_schema()
RIGHT = {"host": "a.b", "colour": "blue", "kind": "red", "inner": {"port": 5, "names": ["x"]}, "share": 0.25,
         "flag": True, "more": {"a": 1}, "either": "x"}


def told(value):
    return {fault.path: fault.message for fault in faults_of(SCHEMA, value)}


def test_what_is_right_has_no_fault():
    assert told(RIGHT) == {}
    assert told({"host": "a"}) == {}


@pytest.mark.parametrize(("key", "value", "path", "says"), [
    ("host", 5, "fields.host", "not a string"),
    ("host", "", "fields.host", "1 to 9"),
    ("host", "A", "fields.host", "must match"),
    ("colour", "green", "fields.colour", "'red', 'blue'"),
    ("kind", "green", "fields.kind", "write one of"),
    ("inner", {}, "fields.inner.port", "is missing"),
    ("inner", {"port": 0}, "fields.inner.port", "at least 1"),
    ("inner", {"port": 70000}, "fields.inner.port", "at most 65535"),
    ("inner", {"port": True}, "fields.inner.port", "not a whole number"),
    ("inner", {"port": 1, "prt": 1}, "fields.inner.prt", "did you mean port"),
    ("inner", {"port": 1, "names": ["a", "b", "c"]}, "fields.inner.names", "0 to 2"),
    ("inner", {"port": 1, "names": [5]}, "fields.inner.names[0]", "not a string"),
    ("share", 0, "fields.share", "more than 0"),
    ("share", 1, "fields.share", "less than 1"),
    ("flag", "yes", "fields.flag", "true or false"),
    ("more", {"a": "x"}, "fields.more.a", "not a whole number"),
    ("more", [], "fields.more", "not a mapping"),
    ("either", [], "fields.either", "not a"),
    ("hots", "x", "fields.hots", "did you mean host"),
])  # fmt: skip
def test_what_is_wrong_is_told_at_its_place_with_what_is_right(key, value, path, says):
    faults = told({**RIGHT, key: value})
    assert list(faults) == [path]
    assert says in faults[path]


anything = st.recursive(st.none() | st.booleans() | st.integers(-3, 70_000) | st.floats(0, 2) | st.text(max_size=4),
                        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner,
                                                                                    max_size=3), max_leaves=5)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(list(RIGHT)), anything)
def test_it_refuses_nothing_that_the_model_takes(key, value):
    given_ = {**RIGHT, key: value}
    try:
        Outer.model_validate(given_)
    except ValidationError:
        return
    assert told(given_) == {}


def test_a_schema_that_leads_to_itself_ends():
    schema = {"$defs": {"A": {"$ref": "#/$defs/A"}}, "$ref": "#/$defs/A"}
    assert faults_of(schema, {}) == []
