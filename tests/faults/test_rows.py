"""Rows that somebody broke by hand in SQL: each is named in quarantine, and all others serve."""

import json
from typing import Any

import pytest

from tests.faults.rig import DOCUMENT, FIRST, LAB, Rig
from tests.faults.told import told
from tests.packets4 import ACK, OFFER, client

A, B, C = client(1), client(2), client(3)
KEPT = client(9)
"""The client that the document's assignment is for."""


def break_definition(rig: Rig, statement: str, **values: Any) -> list[str]:
    """Break a row, follow, see that the office serves; the places in quarantine."""
    rig.sql(statement, **values)
    rig.follow()
    (offer,) = rig.send(rig.discover(A))
    assert (offer.kind, offer.yiaddr) == (OFFER, FIRST)
    return [row.place for row in rig.engine.snapshot.quarantined]


def number_of(rig: Rig, table: str, where: str) -> int:
    ((number,),) = rig.sql(f"SELECT id FROM {table} WHERE {where}")
    return int(number)


@pytest.mark.parametrize(
    "broken",
    [("prefix", b"\xc6\x33"), ("plen", 99), ("family", 5), ("body", "[]"), ("body", '{"lifetime": "soon"}')],
    ids=lambda one: f"{one[0]}-{one[1]!r}",
)
def test_a_subnet(rig: Rig, broken: tuple[str, Any]) -> None:
    fault = told("a subnet's row makes no sense")
    held = rig.lease(C, via=LAB)
    rig.pass_(2)
    number = number_of(rig, "subnet", "name = 'lab'")
    column, value = broken
    places = break_definition(rig, f"UPDATE subnet SET {column} = :v WHERE id = {number}", v=value)
    assert any(place.startswith(f"subnet {number}") for place in places), places
    assert [rig.reason(rig.discover(B, via=LAB)), rig.reason(rig.renew(C, held))] == fault.reasons
    mend(rig)
    assert [rig.reason(rig.discover(B, via=LAB)), rig.reason(rig.renew(C, held))] == fault.after


def mend(rig: Rig) -> None:
    """Apply the document again, which writes every row that differs, and differs from what makes no sense."""
    rig.apply()


@pytest.mark.parametrize(
    "broken", [("first", b"\xc6"), ("kind", 7), ("last", b"\xc6\x33\x64\x01"), ("body", "17")], ids=lambda one: one[0]
)
def test_a_pool(rig: Rig, broken: tuple[str, Any]) -> None:
    fault = told("a pool's row makes no sense")
    held = rig.lease(C, via=LAB)
    rig.pass_(2)
    number = number_of(rig, "pool", "subnet_id = (SELECT id FROM subnet WHERE name = 'lab')")
    column, value = broken
    places = break_definition(rig, f"UPDATE pool SET {column} = :v WHERE id = {number}", v=value)
    assert any(place.startswith(f"pool {number}") for place in places), places
    assert [rig.reason(rig.discover(B, via=LAB)), rig.reason(rig.renew(C, held))] == fault.reasons
    mend(rig)
    assert [rig.reason(rig.discover(B, via=LAB)), rig.reason(rig.renew(C, held))] == fault.after


def test_an_option_of_a_subnet(rig: Rig) -> None:
    fault = told("an option's value makes no sense")
    number = number_of(rig, "subnet", "name = 'lab'")
    body = json.dumps({"relays": [LAB], "options": {"routers": ["nowhere"]}})
    places = break_definition(rig, f"UPDATE subnet SET body = :v WHERE id = {number}", v=body)
    assert any(place.startswith(f"subnet {number}") for place in places), places
    assert [rig.reason(rig.discover(B, via=LAB))] == fault.reasons
    mend(rig)
    assert [rig.reason(rig.discover(B, via=LAB))] == fault.after


def test_an_option_definition(rig: Rig) -> None:
    fault = told("an option definition's row makes no sense")
    rig.apply(
        {**DOCUMENT, "option_definitions": [{"space": "dhcp4", "code": 224, "name": "x-colour", "type": "string"}]}
    )
    places = break_definition(
        rig, "UPDATE definition SET body = :v WHERE kind = 'option_definition'", v='{"code": "blue"}'
    )
    assert any("colour" in place for place in places), places
    assert [rig.reason(rig.discover(B, via=LAB))] == fault.reasons
    mend(rig)
    assert [rig.reason(rig.discover(B, via=LAB))] == fault.after


@pytest.mark.parametrize("broken", [("body", "[]"), ("body", '{"options": {"routers": [1]}}')], ids=["list", "option"])
def test_an_assignment(rig: Rig, broken: tuple[str, Any]) -> None:
    fault = told("an assignment's row makes no sense")
    (offer,) = rig.send(rig.discover(KEPT, via=LAB))
    assert offer.yiaddr == "198.51.100.9"
    rig.pass_(100)
    number = number_of(rig, "assignment", "to_revision IS NULL")
    column, value = broken
    break_definition(rig, f"UPDATE assignment SET {column} = :v WHERE id = {number}", v=value)
    (offer,) = rig.send(rig.discover(KEPT, via=LAB))
    assert (offer.yiaddr, rig.reasons) == ("198.51.100.100", fault.reasons)
    assert [row.place for row in rig.definitions.quarantined_assignments] == [f"assignment {number}"]
    rig.pass_(100)
    mend(rig)
    (offer,) = rig.send(rig.discover(KEPT, via=LAB))
    assert (offer.yiaddr, rig.reasons) == ("198.51.100.9", fault.after)


def break_lease(rig: Rig, statement: str) -> str:
    """Client A's row is broken; the address it had."""
    address = rig.lease(A)
    if rig.database.dialect == "sqlite":
        with rig.database.writer_engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA ignore_check_constraints = on")
            connection.exec_driver_sql(statement)
            connection.commit()
            connection.exec_driver_sql("PRAGMA ignore_check_constraints = off")
    else:
        rig.sql("ALTER TABLE lease DROP CONSTRAINT IF EXISTS ck_lease_state")
        rig.sql(statement.replace("x'", "'\\x"))
    return address


def sweep(rig: Rig) -> None:
    after = None
    while True:
        rows, after = rig.store.sweep(after, rig.clock.now())
        assert all(row.state == 1 for row in rows)
        if after is None:
            return


@pytest.mark.parametrize(
    "statement",
    ["UPDATE lease SET address = x'c00002'", "UPDATE lease SET state = 9", "UPDATE lease SET plen = 24",
     "UPDATE lease SET kind = 5"],
    ids=["address", "state", "plen", "kind"],
)  # fmt: skip
def test_a_lease(rig: Rig, statement: str) -> None:
    fault = told("a lease's row makes no sense")
    break_lease(rig, statement)
    sweep(rig)
    sweep(rig)
    ((place, words),) = rig.quarantine()
    assert place.startswith("lease ")
    assert words
    (offer,) = rig.send(rig.discover(B))
    (ack,) = rig.send(rig.select(B, offer.yiaddr))
    assert ack.kind == ACK
    (offer,) = rig.send(rig.discover(A))
    assert rig.reasons == fault.reasons
    (ack,) = rig.send(rig.select(A, offer.yiaddr))
    assert (ack.kind, rig.reasons) == (ACK, fault.after)


def test_sound_rows_are_in_no_quarantine(rig: Rig) -> None:
    rig.lease(A)
    sweep(rig)
    assert rig.quarantine() == []
    assert rig.engine.snapshot.quarantined == ()
