"""Assignments that are of no subnet, and assignment keys: what the validator takes and what it refuses."""

from typing import Any

import pytest

from dhcpcore.errors import InvalidDocument
from dhcpcore.topology.build import from_document
from dhcpcore.topology.validate import validate

OFFICE = {"prefix": "192.0.2.0/24"}
A = {"hw_address": "02:00:00:00:00:01"}


def document(*listed: dict[str, Any], home: dict[str, Any] | None = None, **globals_: Any) -> dict[str, Any]:
    return {"version": 1, "globals": globals_, "subnets": [home or OFFICE], "assignments": list(listed)}


@pytest.mark.parametrize(("listed", "path", "says"), [
    ([{**A, "address": "2001:db8::1"}], "assignments[0].address", "is not an IPv4 address"),
    ([{**A, "prefixes": ["2001:db8::/56"]}], "assignments[0].prefixes", "only for IPv6"),
    ([{**A, "addresses": ["192.0.2.1", "192.0.2.2"]}], "assignments[0].addresses", "one address"),
    ([A, dict(A)], "assignments[1].hw_address", "same client as assignments[0]"),
    ([{**A, "classes": ["voip"]}], "assignments[0].classes[0]", "there is no class 'voip'"),
    ([{**A, "options": {"router": []}}], "assignments[0].options.router", "did you mean"),
    ([{**A, "colour": "red"}], "assignments[0].colour", "is no key here"),
    ([{"address": "192.0.2.9"}], "assignments[0]", "exactly one of"),
    ([{"expression": ""}], "assignments[0].expression", "1 to 255"),
], ids=lambda part: part if isinstance(part, str) and "[" in part else "")  # fmt: skip
def test_what_is_wrong_is_told_at_its_place(listed: list[dict[str, Any]], path: str, says: str) -> None:
    with pytest.raises(InvalidDocument) as told:
        validate(document(*listed))
    (fault,) = told.value.faults
    assert fault.path == path
    assert says in fault.message


def test_an_address_has_one_holder_in_its_space() -> None:
    other = {"hw_address": "02:00:00:00:00:02", "address": "192.0.2.9"}
    with pytest.raises(InvalidDocument, match=r"is given to subnets\[0\].assignments\[0\] already"):
        validate(document({**A, "address": "192.0.2.9"}, home={**OFFICE, "assignments": [other]}))
    for apart in ({"space": 3, "assignments": [other]}, {"assignments": [{**other, "enabled": False}]}):
        validate(document({**A, "address": "192.0.2.9"}, home={**OFFICE, **apart}))
    both = {**other, "shared": True}
    validate(document({**A, "address": "192.0.2.9", "shared": True}, home={**OFFICE, "assignments": [both]}))


@pytest.mark.parametrize(("text", "says"), [
    ("pkt4.mac == 0x01", "this is true or false"),
    ("member('voip')", "this is true or false"),
    ("ifelse(known, 'a', 'b')", "cannot depend on 'KNOWN'"),
    ("option[vendor].hex", "is not known here"),
])  # fmt: skip
def test_a_wrong_key_is_told_at_its_place_with_a_caret(text: str, says: str) -> None:
    for place, made in (
        ("globals.assignment_key", document(assignment_key=text)),
        ("subnets[0].assignment_key", document(home={**OFFICE, "assignment_key": text})),
    ):
        with pytest.raises(InvalidDocument) as told:
            validate(made)
        (fault,) = told.value.faults
        assert fault.path == place
        assert says in fault.message
        assert "^" in fault.message


def test_a_key_is_the_subnets_else_that_of_globals_and_none_without() -> None:
    made = document(home={**OFFICE, "assignment_key": "option[60].hex"}, assignment_key="pkt4.mac")
    made["subnets"].append({"prefix": "198.51.100.0/24"})
    made["subnets"].append({"prefix": "2001:db8::/64"})
    keys = [subnet.assignment_key for subnet in from_document(validate(made)).subnets]
    assert [None if key is None else key.text for key in keys] == ["option[60].hex", "pkt4.mac", None]
    assert from_document(validate(document())).subnets[0].assignment_key is None


def test_it_is_no_key_of_an_ipv6_subnet() -> None:
    with pytest.raises(InvalidDocument, match="is only for IPv4 subnets"):
        validate({"version": 1, "subnets": [{"prefix": "2001:db8::/64", "assignment_key": "pkt4.mac"}]})


def test_a_subnet_is_not_called_as_all_of_them() -> None:
    with pytest.raises(InvalidDocument, match="stands for all subnets"):
        validate({"version": 1, "subnets": [{**OFFICE, "name": "*"}]})
