import pytest

from dhcpcore.store.database import Database
from tests.app.people import a_lease, store


def test_from_nothing_to_served_definitions(lessor, document):
    assert "run `lessor migrate`" in lessor.refused("subnet", "list")
    assert "The database is made" in lessor.ok("migrate")
    assert "already; nothing to do" in lessor.ok("migrate")
    assert lessor.json("diff", document)["changes"][0]["kind"] == "subnet"
    assert lessor.json("subnet", "list")["subnets"] == []
    done = lessor.json("apply", document, "--note", "first")
    assert (done["revision"], done["engine_told"]) == (1, False)
    assert "already" in lessor.ok("apply", document)
    assert "No difference" in lessor.ok("diff", document)
    (subnet,) = lessor.json("subnet", "list")["subnets"]
    assert (subnet["name"], subnet["pools"][0]["size"]) == ("office", 10)
    assert "192.0.2.10 - 192.0.2.19" in lessor.ok("subnet", "list")


def test_the_first_document_makes_the_database(tmp_path, url, document):
    from tests.app.cli.command_line import CommandLine
    folder = tmp_path / "state"
    folder.mkdir()
    lessor = CommandLine(folder, url)
    assert lessor.json("apply", document)["revision"] == 1


def test_a_database_of_another_version_is_not_touched_by_a_document(on_sqlite, document, sqlite_url):
    database = Database(sqlite_url)
    with database.writer() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    database.dispose()
    assert "does not know" in on_sqlite.refused("apply", document)


def test_a_wrong_document_makes_no_database(tmp_path):
    from tests.app.cli.command_line import CommandLine
    (tmp_path / "x").write_text("version: 7")
    CommandLine(tmp_path).refused("apply", tmp_path / "x")
    assert not (tmp_path / "lessor.db").exists()


def test_what_is_exported_changes_nothing_when_it_is_applied(on_sqlite, document, tmp_path):
    on_sqlite.ok("apply", document)
    for name, flag in (("a.yaml", ()), ("a.json", ("--json",))):
        (tmp_path / name).write_text(on_sqlite.ok("export", *flag))
        assert on_sqlite.json("apply", tmp_path / name)["changes"] == []


def test_a_document_comes_by_standard_input_too(on_sqlite, document):
    assert on_sqlite.json("apply", "-", stdin=document.read_text())["revision"] == 1


def test_every_fault_is_named_and_nothing_is_changed(on_sqlite, tmp_path):
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("version: 1\nsubnets:\n- {prefix: 192.0.2.1/24}\n- {prefix: 198.51.100.0/24, colour: red}\n")
    said = on_sqlite.refused("apply", wrong)
    assert "nothing was changed. 2 faults" in said
    assert "subnets[0].prefix" in said
    assert "subnets[1].colour" in said
    assert '"faults"' in on_sqlite.refused("apply", wrong, "--json")
    assert on_sqlite.json("subnet", "list")["revision"] == 0


@pytest.mark.parametrize("text", ["version: [", "\x00", "a: *b", "", "[]"])
def test_a_file_that_is_no_document_is_refused(on_sqlite, tmp_path, text):
    (tmp_path / "x").write_text(text)
    assert on_sqlite.refused("apply", tmp_path / "x")
    assert "cannot be read" in on_sqlite.refused("apply", tmp_path / "absent.yaml")


@pytest.fixture
def with_clients(on_sqlite, document, sqlite_url):
    on_sqlite.ok("apply", document)
    database = Database(sqlite_url)
    store(database, a_lease(18), a_lease(19))
    database.dispose()
    document.write_text(document.read_text().replace("192.0.2.19", "192.0.2.17"))
    return on_sqlite


def test_clients_that_would_lose_their_address_are_asked_for(with_clients, document):
    said = with_clients.refused("apply", document)
    assert "2 clients would lose an address" in said
    assert "Say --yes" in said
    assert with_clients.json("subnet", "list")["revision"] == 1
    assert sum(one["clients"] for one in with_clients.json("diff", document)["losses"]) == 2
    done = with_clients.json("apply", "--yes", document)
    assert done["revision"] == 2
    assert sum(one["clients"] for one in done["losses"]) == 2


def test_assignments_come_and_go(on_sqlite, document):
    on_sqlite.ok("apply", document)
    said = on_sqlite.ok("assignment", "add", "192.0.2.5", "--hw-address", "02-00-00-00-00-05", "--hostname", "printer")
    assert "192.0.2.5 is assigned to 02-00-00-00-00-05 (revision 2)." in said
    on_sqlite.ok("assignment", "add", "192.0.2.6", "--circuit-id", "eth-0-1-7", "--disabled", "--subnet", "office")
    first, second = on_sqlite.json("assignment", "list")
    assert first == {"id": 1, "subnet": "office", "identifier": "hw_address", "value": "02:00:00:00:00:05",
                     "addresses": ["192.0.2.5"], "hostname": "printer", "enabled": True, "conflicts": [], "version": 2,
                     "usage": {"state": "unused", "holders": [], "conflicts": [], "last_used_at": None},
                     "entry": {"hw_address": "02:00:00:00:00:05", "address": "192.0.2.5", "hostname": "printer"}}
    assert (second["identifier"], second["enabled"]) == ("circuit_id", False)
    assert "disabled" in on_sqlite.ok("assignment", "list", "--subnet", "192.0.2.0/24")
    assert "no longer assigned" in on_sqlite.ok("assignment", "remove", "0200.0000.0005")
    on_sqlite.ok("assignment", "remove", "192.0.2.6")
    assert on_sqlite.json("assignment", "list") == []
    assert "No assignment" in on_sqlite.refused("assignment", "remove", "192.0.2.6")


@pytest.mark.parametrize(("arguments", "said"), [
    (("192.0.2.5", "--hw-address", "nonsense"), "hw_address"),
    (("192.0.2.5", "--hw-address", "02:00:00:00:00:01"), "already"),
    (("192.0.2.7", "--hw-address", "02:00:00:00:00:05"), "names the same client"),
    (("203.0.113.1", "--hw-address", "02:00:00:00:00:09"), "lies in no subnet"),
    (("nowhere", "--hw-address", "02:00:00:00:00:09"), "not an address"),
    (("192.0.2.7", "--hw-address", "02:00:00:00:00:09", "--subnet", "cellar"), "There is no subnet 'cellar'"),
])
def test_a_wrong_assignment_is_refused_and_nothing_changes(on_sqlite, document, arguments, said):
    on_sqlite.ok("apply", document)
    on_sqlite.ok("assignment", "add", "192.0.2.5", "--hw-address", "02:00:00:00:00:05")
    assert said in on_sqlite.refused("assignment", "add", *arguments)
    assert len(on_sqlite.json("assignment", "list")) == 1


def test_an_assignment_names_its_client_once(on_sqlite):
    assert on_sqlite("assignment", "add", "192.0.2.5").exit_code == 2
    both = ("--hw-address", "02:00:00:00:00:05", "--client-id", "01:02")
    assert on_sqlite("assignment", "add", "192.0.2.5", *both).exit_code == 2


def test_an_assignment_is_shown_and_kept_without_effect_for_a_while(on_sqlite, document):
    on_sqlite.ok("apply", document)
    on_sqlite.ok("assignment", "add", "192.0.2.5", "--hw-address", "02-00-00-00-00-05", "--hostname", "printer")
    assert "printer" in on_sqlite.ok("assignment", "show", "0200.0000.0005")
    assert "is without effect" in on_sqlite.ok("assignment", "disable", "192.0.2.5")
    assert "already" in on_sqlite.ok("assignment", "disable", "192.0.2.5")
    assert "disabled" in on_sqlite.ok("assignment", "show", "192.0.2.5")
    assert on_sqlite.json("assignment", "enable", "192.0.2.5")["revision"] == 4
    assert on_sqlite.json("assignment", "show", "192.0.2.5")["entry"]["hostname"] == "printer"


def test_revisions_and_the_audit_tell_what_was_done(on_sqlite, document):
    assert "No change" in on_sqlite.ok("audit", "list") if on_sqlite.ok("migrate") else True
    on_sqlite.ok("apply", document, "--note", "the office")
    on_sqlite.ok("assignment", "add", "192.0.2.5", "--hw-address", "02-00-00-00-00-05")
    assert [one["id"] for one in on_sqlite.json("revision", "list")["revisions"]] == [2, 1]
    assert "the office" in on_sqlite.ok("revision", "list")
    assert "--cursor 2" in on_sqlite("revision", "list", "--limit", "1").stderr
    assert "+ assignment hw_address 02:00:00:00:00:05 of office" in on_sqlite.ok("revision", "show", "2")
    assert "There is no revision 7" in on_sqlite.refused("revision", "show", "7")
    assert "- assignment hw_address 02:00:00:00:00:05 of office" in on_sqlite.ok("revision", "diff", "2", "1")
    assert on_sqlite.json("revision", "diff", "1", "2")["changes"][0]["after"]["address"] == "192.0.2.5"
    assert "No difference" in on_sqlite.ok("revision", "diff", "2", "2")
    assert "There is no revision 7" in on_sqlite.refused("revision", "diff", "1", "7")
    assert "192.0.2.5" not in on_sqlite.ok("revision", "export", "1")
    assert on_sqlite.ok("revision", "export", "2") == on_sqlite.ok("export")
    assert on_sqlite.json("revision", "export", "2") == on_sqlite.json("export")
    assert "There is no revision 7" in on_sqlite.refused("revision", "export", "7")
    on_sqlite.ok("assignment", "add", "192.0.2.4", "--hw-address", "02-00-00-00-00-06")
    for sort, there in (("id", ["5", "4"]), ("-id", ["4", "5"]), ("address", ["4", "5"]), ("-hw_address", ["4", "5"])):
        found = on_sqlite.json("assignment", "list", "--sort", sort)
        assert [one["addresses"][0][-1] for one in found] == there
    assert "right is one of id, address" in on_sqlite.refused("assignment", "list", "--sort", "colour")
    (_, row) = on_sqlite.json("audit", "list", "--object", "assignment")["rows"]
    assert row["after"]["address"] == "192.0.2.5"
    assert on_sqlite.json("audit", "list", "--until", "2001-01-01")["rows"] == []
    assert "definitions.added" in on_sqlite.ok("audit", "list", "--action", "definitions.")


def test_shared_networks_and_what_is_always_and_never_sent_are_edited(on_sqlite, tmp_path):
    path = tmp_path / "campus.yaml"
    path.write_text("version: 1\nshared_networks: [{name: campus, always_send: {dhcp4: [routers]}}]\nsubnets:\n"
                    "  - {prefix: 192.0.2.0/24, shared_network: campus, never_send: ['6'],\n"
                    "     pools: [{first: 192.0.2.10, last: 192.0.2.19, always_send: [ntp-servers]}]}\n")
    on_sqlite.ok("apply", str(path))
    exported = on_sqlite.ok("export")
    assert "shared_networks:\n- name: campus\n  always_send:\n    dhcp4:\n    - routers\n" in exported
    path.write_text(exported)
    assert "No difference" in on_sqlite.ok("diff", str(path))
    path.write_text(exported.replace("- routers", "- router"))
    assert "shared_networks[0].always_send.dhcp4[0]" in on_sqlite.refused("apply", str(path))
    assert on_sqlite.ok("export") == exported
    path.write_text(exported.replace("campus\n  always_send:\n    dhcp4:\n    - routers\n", "campus\n"))
    assert "shared network campus" in on_sqlite.ok("diff", str(path))


def test_what_is_in_an_assignments_way(on_sqlite, document):
    on_sqlite.ok("apply", document)
    on_sqlite.ok("assignment", "add", "192.0.2.5", "--hw-address", "02-00-00-00-00-05")
    assert on_sqlite.ok("assignment", "takeover", "192.0.2.5") == "Nothing is in its way.\n"
    assert on_sqlite.json("assignment", "takeover", "192.0.2.5", "--how", "wait")["takeover"] == "wait"
    assert on_sqlite.json("assignment", "takeover", "192.0.2.5")["moves_at"] is None
    assert on_sqlite.json("assignment", "takeover", "192.0.2.5", "--how", "nak")["takeover"] == "nak"


def test_every_key_of_an_assignment_is_set_and_taken_out(on_sqlite, document):
    on_sqlite.ok("apply", document)
    on_sqlite.ok("assignment", "add", "192.0.2.5", "boot.file=own.0", "takeover=wait", "options.routers=[192.0.2.1]",
                 "--duid", "00:03:00:01:02:00:00:00:00:05")
    made = on_sqlite.json("assignment", "show", "192.0.2.5")["entry"]
    assert (made["boot"], made["takeover"], made["options"]) == ({"file": "own.0"}, "wait", {"routers": ["192.0.2.1"]})
    said = on_sqlite.ok("assignment", "set", "192.0.2.5", "boot.next_server=192.0.2.6", "shared=true", "takeover=")
    assert "is changed" in said
    after = on_sqlite.json("assignment", "show", "192.0.2.5")["entry"]
    assert after["boot"] == {"file": "own.0", "next_server": "192.0.2.6"}
    assert (after["shared"], "takeover" in after, after["options"]) == (True, False, made["options"])
    assert "nothing was changed" in on_sqlite.ok("assignment", "set", "192.0.2.5", "shared=true")
    assert "did you mean shared" in on_sqlite.refused("assignment", "set", "192.0.2.5", "shard=true")
    assert on_sqlite("assignment", "set", "192.0.2.5", "shared").exit_code == 2


def test_an_assignment_without_an_address_or_with_two(on_sqlite, document):
    on_sqlite.ok("apply", document)
    on_sqlite.ok("assignment", "add", "hostname=seen", "--hw-address", "02:00:00:00:00:06", "--subnet", "office")
    assert on_sqlite.json("assignment", "show", "02:00:00:00:00:06")["entry"]["hostname"] == "seen"
    on_sqlite.ok("subnet", "add", "2001:db8:1::/64")
    on_sqlite.ok("assignment", "add", "addresses=['2001:db8:1::1', '2001:db8:1::2']", "--duid",
                 "00:03:00:01:02:00:00:00:00:07")
    assert on_sqlite.json("assignment", "show", "2001:db8:1::2")["addresses"] == ["2001:db8:1::1", "2001:db8:1::2"]
