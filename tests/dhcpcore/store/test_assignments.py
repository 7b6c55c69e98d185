"""Look-ups of the packet path on both databases: what is enabled and of the revision, all of it, and nothing else."""

from contextlib import contextmanager

import pytest

from dhcpcore.errors import StoreUnavailable
from dhcpcore.lease.model import Assignment, Identifier
from dhcpcore.store import assignments
from dhcpcore.store.definitions import Definitions
from dhcpcore.topology.validate import validate
from tests.dhcpcore.topology.documents import FULL, full

PRINTER = (Identifier.HW_ADDRESS, bytes.fromhex("01020000000001"))
CLIENT = (Identifier.CLIENT_ID, bytes.fromhex("01020000000002"))
CIRCUIT = (Identifier.CIRCUIT_ID, b"eth-0-1-7")
REMOTE = (Identifier.REMOTE_ID, b"\x00\x01\xff")
BY_NAME = (Identifier.HW_ADDRESS, bytes.fromhex("01020000000005"))
DUID = (Identifier.DUID, bytes.fromhex("00030001020000000001"))
STRANGER = (Identifier.HW_ADDRESS, bytes.fromhex("010200000000ff"))
EVERYBODY = [PRINTER, CLIENT, CIRCUIT, REMOTE, BY_NAME, DUID, STRANGER]


def v4(last):
    return (0, 4, bytes([192, 0, 2, last]), 32)


def v6(text, kind=6, plen=128):
    import ipaddress

    return (0, kind, ipaddress.ip_address(text).packed, plen)


@pytest.fixture
def definitions(database):
    made = Definitions(database)
    made.apply(validate(FULL), "alice")
    return made


def test_by_identifier(definitions):
    found = definitions.assignments_by_identifier(EVERYBODY, 1)
    assert found.keys() == {PRINTER, CLIENT, REMOTE, BY_NAME, DUID}
    (printer,) = found[PRINTER]
    assert printer == Assignment(
        printer.assignment_id, 1, *PRINTER, (v4(10),), "printer", ((15, b"printers.example.org"),),
        frozenset({3}), frozenset({42}),
    )
    assert found[BY_NAME][0].addresses == ()
    assert (found[BY_NAME][0].classes, printer.classes) == (("lab", "EXTERNAL_x"), ())
    assert found[DUID][0].addresses == (
        v6("2001:db8:1::10"),
        v6("2001:db8:1::11"),
        v6("2001:db8:f::", 8, 56),
    )


def test_the_same_octets_as_another_kind_of_identifier_are_somebody_else(definitions):
    assert definitions.assignments_by_identifier([(Identifier.CLIENT_ID, PRINTER[1])], 1) == {}


def test_by_address(definitions):
    keys = [v4(10), v4(12), v4(99), v6("2001:db8:1::11"), v6("2001:db8:f::", 8, 56), v6("2001:db8:f::", 8, 57)]
    found = definitions.assignments_by_address(keys, 1)
    assert found.keys() == {v4(10), v6("2001:db8:1::11"), v6("2001:db8:f::", 8, 56)}
    assert found[v6("2001:db8:1::11")][0].addresses[0] == v6("2001:db8:1::10"), "all addresses, not the asked one only"
    assert definitions.assignments_by_address([(7, *v4(10)[1:])], 1) == {}


def test_in_a_range(definitions):
    def kept(first, last, space=0):
        return [address[3] for address in definitions.assigned_in(space, 4, 32, v4(first)[2], v4(last)[2], 1)]

    assert sorted(kept(0, 255)) == [10, 11, 150]
    assert kept(10, 10) == [10]
    assert kept(12, 149) == []
    assert kept(0, 255, space=7) == []


def test_nothing_asked_is_nothing_found(definitions):
    assert definitions.assignments_by_identifier([], 1) == {}
    assert definitions.assignments_by_address([], 1) == {}


def test_each_revision_has_its_own(definitions):
    document = full()
    office = document["subnets"][0]["assignments"]
    office[0]["address"] = "192.0.2.20"
    office[0]["options"] = {}
    office[2]["enabled"] = True
    del office[1]
    definitions.apply(validate(document), "alice")
    old = definitions.assignments_by_identifier(EVERYBODY, 1)
    new = definitions.assignments_by_identifier(EVERYBODY, 2)
    assert (old[PRINTER][0].addresses, new[PRINTER][0].addresses) == ((v4(10),), (v4(20),))
    assert (len(old[PRINTER][0].options), new[PRINTER][0].options) == (1, ())
    assert old[PRINTER][0].assignment_id == new[PRINTER][0].assignment_id
    assert CIRCUIT in new
    assert CIRCUIT not in old
    assert CLIENT in old
    assert CLIENT not in new
    assert definitions.assignments_by_address([v4(10)], 2) == {}
    assert definitions.assigned_in(0, 4, 32, v4(10)[2], v4(12)[2], 2) == [v4(12)[2]]


def test_a_client_of_two_subnets_has_two(definitions):
    document = full()
    document["subnets"].append(
        {"prefix": "198.51.100.0/24", "assignments": [{"hw_address": "02:00:00:00:00:01", "address": "198.51.100.9"}]}
    )
    definitions.apply(validate(document), "alice")
    assert [one.subnet for one in definitions.assignments_by_identifier([PRINTER], 2)[PRINTER]] == [1, 4]


@pytest.mark.parametrize("number", [1, 2, 3, 255, 256, 257, 600])
def test_any_number_of_keys(definitions, number):
    listed = [
        {"hw_address": (0x020000000000 + at).to_bytes(6, "big").hex(":"), "address": f"10.0.{at >> 8}.{at & 255}"}
        for at in range(1, number + 1)
    ]
    definitions.apply(validate({"version": 1, "subnets": [{"prefix": "10.0.0.0/8", "assignments": listed}]}), "alice")
    keys = [(1, b"\x01" + (0x020000000000 + at).to_bytes(6, "big")) for at in range(1, number + 1)]
    found = definitions.assignments_by_identifier(keys, 2)
    assert set(found) == set(keys)
    assert all(len(one.addresses) == 1 for (one,) in found.values())
    addresses = [one.addresses[0] for (one,) in found.values()]
    assert set(definitions.assignments_by_address(addresses, 2)) == set(addresses)


def test_options_are_encoded_by_the_revisions_own_definitions(definitions):
    document = full()
    document["option_definitions"][0]["type"] = "uint8"
    document["subnets"][0]["options"]["x-colour"] = 7
    document["subnets"][0]["assignments"][0]["options"] = {"x-colour": 9, "domain-name": "a.example"}
    definitions.apply(validate(document), "alice")
    (printer,) = definitions.assignments_by_identifier([PRINTER], 2)[PRINTER]
    assert dict(printer.options) == {224: b"\x09", 15: b"a.example"}


def test_a_broken_row_is_left_out_and_kept_to_be_shown(definitions, database):
    with database.writer() as connection:
        connection.exec_driver_sql("""UPDATE assignment SET body = '{"options": {"routers": 5}}' WHERE id = 1""")
        connection.exec_driver_sql("UPDATE assignment SET body = '[]' WHERE id = 2")
    found = definitions.assignments_by_identifier([PRINTER, CLIENT, REMOTE], 1)
    assert found.keys() == {REMOTE}
    assert [one.place for one in definitions.quarantined_assignments] == ["assignment 1", "assignment 2"]


def test_a_database_that_is_away_is_told_in_words(tmp_path):
    from dhcpcore.store.database import Database

    database = Database(f"sqlite:///{tmp_path}/no/such/folder.db")
    with pytest.raises(StoreUnavailable, match="unable to open"):
        Definitions(database).assignments_by_identifier([PRINTER], 1)
    database.dispose()


@pytest.mark.pg
def test_a_connection_that_was_cut_is_replaced(pg_migrated_url):
    from dhcpcore.store.database import Database

    database = Database(pg_migrated_url)
    definitions = Definitions(database)
    definitions.apply(validate(FULL), "alice")
    definitions.assignments_by_identifier([PRINTER], 1)
    with database.writer() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid()"
        )
    assert PRINTER in definitions.assignments_by_identifier([PRINTER], 1), "what is known needs no connection"
    with pytest.raises(StoreUnavailable):
        definitions.assignments_by_identifier([CLIENT], 1)
    assert CLIENT in definitions.assignments_by_identifier([CLIENT], 1)
    database.dispose()


def executed(database, monkeypatch):
    """What was sent to the database from here on."""
    statement, sent = database.statement, []

    @contextmanager
    def counting():
        with statement() as cursor:
            sent.append(cursor)
            yield cursor

    monkeypatch.setattr(database, "statement", counting)
    return sent


def test_what_was_found_at_a_revision_is_looked_up_once_nothing_found_too(definitions, database, monkeypatch):
    sent = executed(database, monkeypatch)
    first = definitions.assignments_by_identifier(EVERYBODY, 1)
    kept = definitions.assignments_by_address([v4(10), v4(99)], 1)
    assert len(sent) == 2
    assert definitions.assignments_by_identifier(EVERYBODY, 1) == first
    assert definitions.assignments_by_address([v4(99), v4(10)], 1) == kept
    assert len(sent) == 2
    definitions.assignments_by_identifier([PRINTER, (Identifier.CLIENT_ID, b"new")], 1)
    assert len(sent) == 3


def test_another_revision_is_looked_up_anew(definitions):
    assert PRINTER in definitions.assignments_by_identifier([PRINTER], 1)
    document = full()
    document["subnets"][0]["assignments"][0]["enabled"] = False
    definitions.apply(validate(document), "alice")
    assert definitions.assignments_by_identifier([PRINTER], 2) == {}
    assert definitions.assignments_by_address([v4(10)], 2) == {}
    assert PRINTER in definitions.assignments_by_identifier([PRINTER], 1), "a batch under way"


def test_what_is_remembered_is_bounded(definitions, monkeypatch):
    monkeypatch.setattr(assignments, "_REMEMBERED_MAX", 4)
    for number in range(20):
        key = (Identifier.CLIENT_ID, bytes((1, number)))
        assert definitions.assignments_by_identifier([PRINTER, key], 1).keys() == {PRINTER}
        assert len(definitions._lookup._remembered.by_identifier) <= 4
    assert definitions.assignments_by_identifier(EVERYBODY, 1).keys() == {PRINTER, CLIENT, REMOTE, BY_NAME, DUID}


def surveyed(definitions, revision):
    """Every page is read; how many steps it took."""
    steps = 1
    while not definitions.survey(revision):
        steps += 1
    return steps


def test_once_surveyed_a_stranger_is_told_without_the_database(definitions, database, monkeypatch):
    monkeypatch.setattr(assignments, "_SURVEY_ROWS", 2)
    some = [v4(10), v4(99)]
    before = definitions.assignments_by_identifier(EVERYBODY, 1), definitions.assignments_by_address(some, 1)
    assert surveyed(definitions, 1) > 2
    sent = executed(database, monkeypatch)
    strangers = [(Identifier.CLIENT_ID, bytes((7, number))) for number in range(100)]
    assert definitions.assignments_by_identifier(strangers, 1) == {}
    assert definitions.assignments_by_address([v4(number) for number in range(151, 250)], 1) == {}
    assert len(sent) <= 2, "a few strangers are taken for somebody, and looked up in one statement"
    assert (
        definitions.assignments_by_identifier([*strangers, *EVERYBODY], 1),
        definitions.assignments_by_address(some, 1),
    ) == before
    assert surveyed(definitions, 1) == 1


def test_a_survey_that_is_not_at_its_end_or_of_another_revision_says_nothing(definitions, monkeypatch):
    monkeypatch.setattr(assignments, "_SURVEY_ROWS", 1)
    assert not definitions.survey(1)
    assert definitions.assignments_by_identifier([DUID], 1).keys() == {DUID}
    surveyed(definitions, 1)
    document = full()
    document["subnets"][0]["assignments"].append({"hw_address": "02:00:00:00:00:ff", "address": "192.0.2.77"})
    definitions.apply(validate(document), "alice")
    assert definitions.assignments_by_identifier([STRANGER], 2).keys() == {STRANGER}
    assert definitions.assignments_by_address([v4(77)], 2).keys() == {v4(77)}
    surveyed(definitions, 2)
    assert definitions.assignments_by_identifier([STRANGER], 2).keys() == {STRANGER}
    assert definitions.assignments_by_identifier([STRANGER], 1) == {}


def test_a_row_made_by_hand_counts_after_a_reload(definitions, database):
    surveyed(definitions, 1)
    columns = "id, from_revision, subnet_id, identifier_kind, identifier, hostname, enabled, body"
    octets = STRANGER[1].hex()
    literal = f"x'{octets}'" if database.dialect == "sqlite" else f"decode('{octets}', 'hex')"
    with database.writer() as connection:
        connection.exec_driver_sql(
            f"INSERT INTO assignment ({columns}) VALUES (999, 1, 1, {int(STRANGER[0])}, {literal}, '', true, '{{}}')"
        )
    definitions.snapshot()
    assert definitions.assignments_by_identifier([STRANGER], 1).keys() == {STRANGER}
    surveyed(definitions, 1)
    assert definitions.assignments_by_identifier([STRANGER], 1).keys() == {STRANGER}
