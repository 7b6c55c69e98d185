"""Whom a change takes an address from, counted on both databases."""

import time

import pytest
from sqlalchemy import insert

from dhcpcore.lease.owner import LASTING, key_of
from dhcpcore.store.definitions import Definitions
from dhcpcore.store.schema import lease
from dhcpcore.topology.validate import validate

NOW = int(time.time())
MAC = b"\x01\x02\x00\x00\x00\x00"


def address(last):
    return bytes([192, 0, 2, last])


def row(last, **other):
    values = {
        "space": 0, "kind": 4, "address": address(last), "plen": 32, "client": b"\x00" + MAC + bytes([last]),
        "hw": MAC + bytes([last]), "state": 1, "expires": NOW + 1000, "cltt": NOW, "subnet": 1, "version": 1,
        "opened": 1, "hostname": "", "relay": b"", "agent": b"",
    }  # fmt: skip
    return values | other


def document(first=100, last=199, assignments=(), **more):
    pools = [{"first": f"192.0.2.{first}", "last": f"192.0.2.{last}"}] if first else []
    subnet = {"prefix": "192.0.2.0/24", "name": "office", "pools": pools, "assignments": list(assignments), **more}
    return {"version": 1, "subnets": [subnet]}


def fixed(last, host=None, **more):
    return {"hw_address": f"02:00:00:00:00:{last:02x}", "address": f"192.0.2.{host or last}", **more}


@pytest.fixture
def told(database):
    definitions = Definitions(database)
    definitions.apply(validate(document(assignments=[fixed(20), fixed(21)])), "alice")
    with database.writer() as connection:
        for values in (
            row(20),
            row(100),
            row(150),
            row(199),
            row(151, expires=NOW - 1),
            row(152, state=2),
            row(153, space=3),
        ):
            connection.execute(insert(lease), values)

    def tell(wanted):
        return {effect.place: effect.clients for effect in definitions.effects(validate(wanted), NOW)}

    return tell


KEPT = [fixed(20), fixed(21)]


@pytest.mark.parametrize(
    ("wanted", "effects"),
    [
        (document(assignments=KEPT), {}),
        (document(50, 250, assignments=KEPT), {}),
        (document(100, 198, assignments=KEPT), {"pool 192.0.2.100 - 192.0.2.199 of office": 1}),
        (document(101, 149, assignments=KEPT), {"pool 192.0.2.100 - 192.0.2.199 of office": 3}),
        (document(None, assignments=KEPT), {"pool 192.0.2.100 - 192.0.2.199 of office": 3}),
        ({"version": 1}, {"subnet office": 3, "assignments of office": 1}),
        (document(assignments=[fixed(21)]), {"assignments of office": 1}),
        (document(assignments=[fixed(20)]), {}),
        (document(assignments=[fixed(20, enabled=False)]), {"assignments of office": 1}),
        (document(20, 199), {}),
        (document(assignments=[*KEPT, fixed(0x97, 150)]), {"assignments of office": 1}),
        (document(assignments=[*KEPT, fixed(150)]), {}),
        (document(None, assignments=[*KEPT, fixed(150)]), {"pool 192.0.2.100 - 192.0.2.199 of office": 2}),
        (document(None, assignments=[*KEPT, fixed(99, 150)]), {"pool 192.0.2.100 - 192.0.2.199 of office": 3}),
        (document(assignments=KEPT, space=3), {"subnet office": 3, "assignments of office": 1}),
    ],
    ids=str,
)
def test_active_clients_that_lose_their_address_are_counted(told, wanted, effects):
    assert told(wanted) == effects


def test_an_effect_is_a_sentence(told, database):
    effects = Definitions(database).effects(validate(document(100, 198, assignments=KEPT)))
    assert [str(effect) for effect in effects] == [
        "pool 192.0.2.100 - 192.0.2.199 of office: takes an address from 1 active client"
    ]


@pytest.mark.parametrize(
    ("key", "value", "lease_row"),
    [
        ("client_id", "01:02:03", {"client": b"\x01\x01\x02\x03"}),
        ("circuit_id", "eth7", {"agent": b"\x01\x04eth7\x02\x02ab"}),
        ("remote_id", "ab", {"agent": b"\x01\x04eth7\x02\x02ab"}),
    ],
)
def test_the_holder_is_known_by_each_kind_of_identifier(database, key, value, lease_row):
    definitions = Definitions(database)
    definitions.apply(validate(document()), "alice")
    with database.writer() as connection:
        connection.execute(insert(lease), row(150, **lease_row))
    its_own = document(assignments=[{key: value, "address": "192.0.2.150"}])
    another = document(assignments=[{key: "0909" if key == "client_id" else "other", "address": "192.0.2.150"}])
    assert definitions.effects(validate(its_own), NOW) == ()
    assert [effect.clients for effect in definitions.effects(validate(another), NOW)] == [1]


def test_a_duid_is_found_behind_the_identity_association(database):
    definitions = Definitions(database)
    pool = {"first": "2001:db8::10", "last": "2001:db8::ff"}
    subnet = {"prefix": "2001:db8::/64", "pools": [pool]}
    definitions.apply(validate({"version": 1, "subnets": [subnet]}), "alice")
    octets = bytes.fromhex("20010db8" + "00" * 11 + "10")
    duid = bytes.fromhex("00030001020000000001")
    with database.writer() as connection:
        connection.execute(
            insert(lease), row(0, kind=6, plen=128, address=octets, client=key_of(LASTING, duid, bytes(4)), hw=b"")
        )

    def lost(text):
        assigned = {**subnet, "assignments": [{"duid": text, "addresses": ["2001:db8::10"]}]}
        return len(definitions.effects(validate({"version": 1, "subnets": [assigned]}), NOW))

    assert (lost(duid.hex(":")), lost("00:03:00:01:02:09")) == (0, 1)
