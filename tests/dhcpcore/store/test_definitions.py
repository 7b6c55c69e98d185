"""The store of definitions on both databases: what is applied is read back, and only differences are written."""

import itertools
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dhcpcore.errors import Refused
from dhcpcore.store import staging
from dhcpcore.store.audit import OBJECTS_MAX
from dhcpcore.store.definitions import Definitions
from dhcpcore.store.plan import TABLES
from dhcpcore.store.staging import ABANDONED_S, Stager
from dhcpcore.topology.build import from_document
from dhcpcore.topology.validate import validate
from tests.dhcpcore.topology.documents import FULL, full


@pytest.fixture
def definitions(database):
    return Definitions(database)


def applied(definitions, document):
    return definitions.apply(validate(document), "alice", "a note")


def rows(database, table, where="1 = 1"):
    with database.reader() as connection:
        return connection.exec_driver_sql(f"SELECT * FROM {table} WHERE {where}").mappings().all()


def execute(database, statement):
    with database.writer() as connection:
        connection.exec_driver_sql(statement)


def counts(database):
    return {table: len(rows(database, table)) for table in TABLES}


def many(number, *, subnet="10.0.0.0/8"):
    first = int.from_bytes(bytes(map(int, subnet.split("/")[0].split("."))), "big")
    listed = [
        {
            "hw_address": (0x020000000000 + at).to_bytes(6, "big").hex(":"),
            "address": ".".join(map(str, (first + 1 + at).to_bytes(4, "big"))),
        }
        for at in range(number)
    ]
    return {"version": 1, "subnets": [{"prefix": subnet, "assignments": listed}]}


def test_an_empty_database_has_revision_0_and_an_empty_document(definitions):
    assert definitions.revision() == 0
    assert definitions.document() == {"version": 1, "subnets": []}
    assert definitions.snapshot().subnets == ()


def test_what_was_applied_is_exported_byte_for_byte_in_canonical_form(definitions):
    assert applied(definitions, FULL) == definitions.revision() == 1
    exported = definitions.document()
    assert json.dumps(exported) == json.dumps(validate(FULL).canonical())
    assert applied(definitions, exported) == 1, "an export applied again changes nothing"


def test_the_snapshot_of_rows_is_the_snapshot_of_the_document(definitions):
    applied(definitions, FULL)
    assert definitions.snapshot() == from_document(validate(FULL), 1)


def test_applying_the_same_again_writes_nothing(definitions, database):
    applied(definitions, FULL)
    before = counts(database)
    revisions = rows(database, "revision")
    assert applied(definitions, FULL) == 1
    assert counts(database) == before
    assert rows(database, "revision") == revisions


def test_only_differences_are_written_and_ids_stay(definitions, database):
    applied(definitions, FULL)
    before = counts(database)
    snapshot = definitions.snapshot()
    document = full()
    document["subnets"].insert(0, {"prefix": "198.51.100.0/24"})
    document["subnets"][1]["pools"][0]["last"] = "192.0.2.150"
    document["subnets"][1]["assignments"][0]["hostname"] = "plotter"
    assert applied(definitions, document) == 2
    after = counts(database)
    assert {table: after[table] - before[table] for table in TABLES} == {
        "definition": 0, "subnet": 1, "pool": 1, "assignment": 1, "assignment_address": 1,
    }  # fmt: skip
    ids = {subnet.name: subnet.subnet_id for subnet in snapshot.subnets}
    new = definitions.snapshot()
    assert [ids.get(subnet.name) for subnet in new.subnets] == [None, 1, 2, 3]
    assert [pool.pool_id for pool in new.subnets[1].pools] == [pool.pool_id for pool in snapshot.subnets[0].pools]
    assert definitions.document() == validate(document).canonical()


def test_older_revisions_stay_readable(definitions):
    applied(definitions, FULL)
    applied(definitions, {"version": 1})
    assert definitions.snapshot().subnets == ()
    assert definitions.document(1) == validate(FULL).canonical()
    assert definitions.snapshot(1) == from_document(validate(FULL), 1)


def test_an_id_is_never_given_again(definitions):
    applied(definitions, FULL)
    applied(definitions, {"version": 1})
    applied(definitions, FULL)
    assert [subnet.subnet_id for subnet in definitions.snapshot().subnets] == [4, 5, 6]


def test_a_subnet_whose_prefix_changes_keeps_its_id_by_its_name(definitions):
    applied(definitions, {"version": 1, "subnets": [{"prefix": "192.0.2.0/24", "name": "office"}]})
    applied(definitions, {"version": 1, "subnets": [{"prefix": "192.0.2.0/25", "name": "office"}]})
    (subnet,) = definitions.snapshot().subnets
    assert (subnet.subnet_id, subnet.plen) == (1, 25)


def test_another_order_moves_as_few_rows_as_can_be(definitions, database):
    document = {"version": 1, "subnets": [{"prefix": f"10.{number}.0.0/16"} for number in range(9)]}
    applied(definitions, document)
    document["subnets"].append(document["subnets"].pop(0))
    applied(definitions, document)
    assert counts(database)["subnet"] == 10
    assert definitions.document() == document


def test_the_difference_is_told_and_nothing_written(definitions, database):
    applied(definitions, FULL)
    before = counts(database)
    document = full()
    del document["subnets"][2]
    document["globals"]["probe"] = False
    document["subnets"][0]["assignments"][1]["address"] = "192.0.2.99"
    document["subnets"][0]["pools"].append({"first": "192.0.2.230", "last": "192.0.2.231"})
    told = [str(change) for change in definitions.diff(validate(document))]
    assert told == [
        "~ globals: probe: True -> (none)",
        "+ pool 192.0.2.230 - 192.0.2.231 of office",
        "~ assignment client_id 01:02:00:00:00:00:02 of office: address: 192.0.2.11 -> 192.0.2.99",
        "- subnet office of another network",
    ]
    assert counts(database) == before
    assert definitions.diff(validate(FULL)) == []


def test_each_changed_object_has_an_audit_row_with_before_and_after(definitions, database):
    applied(definitions, FULL)
    document = full()
    document["subnets"][0]["lifetime"] = "3h"
    del document["subnets"][0]["assignments"][0]
    applied(definitions, document)
    told = [row for row in rows(database, "audit") if row["revision"] == 2]
    assert [(row["actor"], row["action"], row["object"]) for row in told] == [
        ("alice", "definitions.changed", "subnet office"),
        ("alice", "definitions.removed", "assignment hw_address 02:00:00:00:00:01 of office"),
    ]

    def read(value):
        return json.loads(value) if isinstance(value, str) else value

    assert (read(told[0]["before"])["lifetime"], read(told[0]["after"])["lifetime"]) == ("2h", "3h")
    assert read(told[1]["before"])["hostname"] == "printer"
    assert told[1]["after"] is None


def test_a_large_change_has_summary_rows(definitions, database):
    applied(definitions, many(OBJECTS_MAX + 10))
    told = {row["object"] for row in rows(database, "audit")}
    assert told == {"1 of subnet", f"{OBJECTS_MAX + 10} of assignment"}


@pytest.fixture
def small_chunks(monkeypatch):
    """Twenty rows a transaction, on either database."""
    for limit in ("_ROWS_FIRST", "_ROWS_MAX", "_ROWS_POSTGRESQL"):
        monkeypatch.setattr(staging, limit, 20)


@pytest.mark.usefixtures("small_chunks")
def test_progress_is_told(definitions):
    told = []
    definitions.apply(validate(many(30)), "alice", progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (61, 61)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert len(told) == 4


def test_nothing_is_seen_before_the_flip(definitions, monkeypatch):
    applied(definitions, FULL)
    seen = []
    real = Stager.publish

    def publish(self, *args):
        seen.append((definitions.revision(), definitions.document(), definitions.snapshot()))
        real(self, *args)

    monkeypatch.setattr(Stager, "publish", publish)
    applied(definitions, many(20))
    assert seen == [(1, validate(FULL).canonical(), from_document(validate(FULL), 1))]


class Killed(BaseException):
    """Stands for the process dying: nothing of ours runs after it."""


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("chunks", [0, 1, 3])
def test_an_apply_that_died_is_undone_by_the_next(definitions, database, monkeypatch, chunks):
    applied(definitions, FULL)
    before = {table: sorted(map(str, rows(database, table))) for table in TABLES}
    other = many(50)
    with monkeypatch.context() as patch:
        real, left = Stager._write, [chunks]

        def chunk(self, *args):
            if not left[0]:
                raise Killed
            left[0] -= 1
            return real(self, *args)

        patch.setattr(Stager, "_write", chunk)
        patch.setattr(Stager, "undo", lambda *_: None)
        with pytest.raises(Killed):
            applied(definitions, other)
    assert definitions.document() == validate(FULL).canonical()
    with pytest.raises(Refused, match="by alice, is under way"):
        applied(definitions, other)
    execute(database, f"UPDATE revision SET touched_at = touched_at - {int(ABANDONED_S * 1000) + 1}")
    assert applied(definitions, FULL) == 1
    assert {table: sorted(map(str, rows(database, table))) for table in TABLES} == before
    applied(definitions, other)
    assert definitions.document() == validate(other).canonical()
    assert [row["state"] for row in rows(database, "revision")][:2] == ["published", "abandoned"]


APPLYING = """
import sys
import time
from dhcpcore.store.database import Database
from dhcpcore.store.definitions import Definitions
from dhcpcore.topology.validate import validate
from tests.dhcpcore.store.test_definitions import many

def progress(done, total):
    print(done, total, flush=True)
    if 100 <= done < total:
        time.sleep(60)  # Until it is killed.

Definitions(Database(sys.argv[1])).apply(validate(many(20_000)), "a", progress=progress)
"""


def test_a_killed_process_leaves_the_old_definitions_and_the_next_apply_clears_up(definitions, database):
    applied(definitions, FULL)
    before = {table: sorted(map(str, rows(database, table))) for table in TABLES}
    url = database.url.render_as_string(hide_password=False)
    root = Path(__file__).parents[3]
    process = subprocess.Popen(
        [sys.executable, "-c", APPLYING, url],
        cwd=root,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    assert process.stdout is not None
    done = 0
    while done < 100:
        done, total = map(int, process.stdout.readline().split())
        assert done < total, "it ended before it was killed"
    process.kill()
    process.wait()
    process.stdout.close()
    assert definitions.revision() == 1
    assert definitions.document() == validate(FULL).canonical()
    assert definitions.snapshot() == from_document(validate(FULL), 1)
    assert len(rows(database, "assignment")) > 6, "something was staged"
    execute(database, f"UPDATE revision SET touched_at = touched_at - {int(ABANDONED_S * 1000) + 1}")
    assert applied(definitions, FULL) == 1
    assert {table: sorted(map(str, rows(database, table))) for table in TABLES} == before


def test_an_apply_that_fails_clears_up_at_once(definitions, database):
    applied(definitions, FULL)
    before = {table: sorted(map(str, rows(database, table))) for table in TABLES}

    def fail(done, _total):
        if done > 100:
            raise KeyError

    with pytest.raises(KeyError):
        definitions.apply(validate(many(300)), "alice", progress=fail)
    assert {table: sorted(map(str, rows(database, table))) for table in TABLES} == before
    assert applied(definitions, {"version": 1}) > 1


def test_a_second_apply_is_refused_while_one_is_at_work(definitions, database):
    refused = []

    def meanwhile(done, total):
        if not refused:
            with pytest.raises(Refused, match="wait for it, then try again") as caught:
                Definitions(database).apply(validate(FULL), "bob")
            refused.append(str(caught.value))

    definitions.apply(validate(many(300)), "alice", progress=meanwhile)
    assert "by alice" in refused[0]
    assert definitions.document() == many(300)


def test_an_apply_that_stood_still_and_was_overtaken_is_refused_and_harms_nothing(definitions, database):
    overtaken = []

    def overtake(_done, _total):
        if not overtaken:
            execute(database, f"UPDATE revision SET touched_at = touched_at - {int(ABANDONED_S * 1000) + 1}")
            overtaken.append(Definitions(database).apply(validate(FULL), "bob"))

    with pytest.raises(Refused, match="stood still for too long"):
        definitions.apply(validate(many(300)), "alice", progress=overtake)
    assert definitions.revision() == overtaken[0]
    assert definitions.document() == validate(FULL).canonical()


def test_a_document_made_from_an_older_revision_is_refused_where_that_matters(definitions, database):
    applied(definitions, FULL)
    document = validate(many(3))
    assert definitions.apply(document, "alice", based_on=1) == 2
    with pytest.raises(Refused, match="at revision 2, and this was made from revision 1"):
        definitions.apply(validate(FULL), "bob", based_on=1)
    assert definitions.document() == many(3)
    assert definitions.apply(validate(FULL), "bob") > 2


def test_many_applies_at_once_end_in_one_of_them(definitions, database):
    documents = [many(40, subnet=f"10.{number}.0.0/16") for number in range(4)]
    outcomes = []

    def run(document):
        try:
            outcomes.append(Definitions(database).apply(validate(document), "alice"))
        except Refused as error:
            outcomes.append(error)

    threads = [threading.Thread(target=run, args=(document,)) for document in documents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert any(isinstance(outcome, int) for outcome in outcomes), outcomes
    assert definitions.document() in documents


def test_rows_that_somebody_broke_are_quarantined_and_the_rest_serves(definitions, database):
    applied(definitions, FULL)
    execute(database, "UPDATE subnet SET family = 5 WHERE id = 2")
    execute(database, "UPDATE pool SET last = first WHERE id = 2")
    execute(database, "UPDATE pool SET subnet_id = 99 WHERE id = 1")
    snapshot = definitions.snapshot()
    told = {one.place: one.fault for one in snapshot.quarantined}
    assert told.keys() == {"subnet 2", "pool 1"}
    assert "neither 4 nor 6" in told["subnet 2"]
    assert [subnet.subnet_id for subnet in snapshot.subnets] == [1, 3]
    execute(database, "UPDATE pool SET first = last, last = '' WHERE id = 2")
    assert {one.place for one in definitions.snapshot().quarantined} == {"subnet 2", "pool 1", "pool 2"}


@pytest.mark.parametrize("body", ["[]", '{"lifetime": "soon"}', '{"nonsense": 1}', '{"options": {"routers": 5}}'])
def test_a_body_that_is_no_definition_is_quarantined(definitions, database, body):
    applied(definitions, FULL)
    execute(database, f"UPDATE subnet SET body = '{body}' WHERE id = 1")
    snapshot = definitions.snapshot()
    assert len(snapshot.quarantined) == 1
    assert snapshot.quarantined[0].place.startswith("subnet 1")
    assert [subnet.subnet_id for subnet in snapshot.subnets] == [2, 3]


def test_text_and_nothing_where_octets_belong_are_quarantined_on_sqlite(tmp_path):
    from dhcpcore.store import migrate
    from dhcpcore.store.database import Database

    url = f"sqlite:///{tmp_path}/a.db"
    migrate.upgrade(url)
    database = Database(url)
    definitions = Definitions(database)
    applied(definitions, FULL)
    execute(database, "UPDATE subnet SET prefix = 'garbage' WHERE id = 1")
    execute(database, "UPDATE subnet SET body = 'no json' WHERE id = 2")
    execute(database, "UPDATE pool SET first = 5")
    execute(database, "UPDATE definition SET body = x'00'")
    snapshot = definitions.snapshot()
    assert [subnet.subnet_id for subnet in snapshot.subnets] == [3]
    assert len(snapshot.quarantined) == 16
    # A good document puts everything right.
    applied(definitions, FULL)
    assert definitions.snapshot().quarantined == ()
    assert definitions.document() == validate(FULL).canonical()
    database.dispose()


def test_an_export_names_the_rows_that_it_cannot_tell(definitions, database):
    applied(definitions, FULL)
    execute(database, "UPDATE assignment SET body = '[]' WHERE id = 1")
    document, unreadable = definitions.document_and_quarantined()
    assert [one.place for one in unreadable] == ["assignment 1"]
    assert len(document["subnets"][0]["assignments"]) == 4


addresses = st.integers(min_value=1, max_value=254)


@st.composite
def documents(draw):
    """Small valid documents that differ from each other in every way that a row can."""
    subnets = []
    for number in draw(st.permutations(range(4)))[: draw(st.integers(0, 4))]:
        cut = draw(st.lists(addresses, min_size=0, max_size=4, unique=True).map(sorted))
        hosts = draw(st.lists(addresses, max_size=5, unique=True))
        clients = draw(st.permutations(range(8)))
        subnet = {
            "prefix": f"10.0.{number}.0/24",
            "pools": [
                {"first": f"10.0.{number}.{low}", "last": f"10.0.{number}.{high - 1}"}
                for low, high in itertools.pairwise(cut)
            ],
            "assignments": [
                {
                    "hw_address": f"02:00:00:00:00:{client:02x}",
                    "address": f"10.0.{number}.{host}",
                    "enabled": draw(st.booleans()),
                    "options": draw(st.sampled_from([{}, {"domain-name": "a.example"}])),
                }
                for host, client in zip(hosts, clients, strict=False)
            ],
            "options": draw(st.sampled_from([{}, {"routers": ["10.0.0.1"]}])),
        }
        if draw(st.booleans()):
            subnet["name"] = f"name {draw(st.integers(0, 1))}{number}"
        subnets.append(subnet)
    return {
        "version": 1,
        "globals": draw(st.sampled_from([{}, {"probe": True}, {"lifetime": "2h"}])),
        "option_definitions": [
            {"space": "dhcp4", "code": code, "name": f"x-{code}", "type": "string"}
            for code in draw(st.lists(st.sampled_from([224, 225, 226]), unique=True))
        ],
        "subnets": subnets,
    }


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(documents(), min_size=1, max_size=4))
def test_any_sequence_of_documents_leaves_the_last_and_keeps_the_others(definitions, sequence):
    revisions = []
    for document in sequence:
        wanted = validate(document)
        told, before = definitions.diff(wanted), definitions.revision()
        revision = definitions.apply(wanted, "alice")
        assert bool(told) == (revision != before)
        assert definitions.document() == wanted.canonical()
        assert definitions.diff(wanted) == []
        revisions.append((revision, wanted.canonical()))
    for revision, canonical in revisions:
        assert definitions.document(revision) == canonical


def test_shared_networks_are_rows_of_their_own(definitions, database):
    document = {"version": 1, "shared_networks": [{"name": "b"}, {"name": "a", "lifetime": "2h"}],
                "subnets": [{"prefix": "192.0.2.0/24", "shared_network": "a"}]}  # fmt: skip
    applied(definitions, document)
    assert [one["name"] for one in definitions.document()["shared_networks"]] == ["b", "a"], "in the document's order"
    assert definitions.snapshot().subnets[0].lifetimes.default_s == 7200
    document["shared_networks"] = [{"name": "a", "lifetime": "3h"}]
    assert [str(one).split(":")[0] for one in definitions.diff(validate(document))] == [
        "~ shared network a", "- shared network b",
    ]  # fmt: skip
    applied(definitions, document)
    assert definitions.snapshot().subnets[0].lifetimes.default_s == 10_800
    assert definitions.snapshot(1).subnets[0].lifetimes.default_s == 7200
    execute(database, "UPDATE definition SET body = '[]' WHERE kind = 'shared_network'")
    assert [one.place for one in definitions.snapshot().quarantined] == ["shared network a"]
    assert definitions.snapshot().subnets[0].lifetimes.default_s == 3600, "its subnets serve without it"
