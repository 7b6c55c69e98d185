import yaml

from tests.dhcpcore.topology.documents import FULL


def test_handlers_from_the_command_line(on_sqlite, document, tmp_path):
    on_sqlite.ok("apply", document)
    assert "No handler" in on_sqlite.ok("handler", "list")
    done = on_sqlite.ok("handler", "add", "rate-limit", "--name", "slow", "--field", "rate=2", "--field", "per=1m",
                        "--scope", "relay=192.0.2.2", "--description", "Not so fast")
    assert "Handler slow is configured (revision 2)." in done
    expected = {"type": "rate-limit", "name": "slow", "fields": {"rate": 2, "per": "1m"},
                "scope": {"relay": "192.0.2.2"}, "description": "Not so fast"}
    shown = yaml.safe_load(on_sqlite.ok("handler", "show", "slow"))
    assert shown == {**expected, "fields": {"rate": 2, "per": shown["fields"]["per"]}}
    (tmp_path / "mark.yaml").write_text("fields: {marks: [a]}\n")
    on_sqlite.ok("handler", "add", "mark", "--from", tmp_path / "mark.yaml", "--before", "slow", "--disabled")
    assert [one["name"] for one in on_sqlite.json("handler", "list")] == ["mark", "slow"]
    assert "relay 192.0.2.2" in on_sqlite.ok("handler", "list")
    on_sqlite.ok("handler", "move", "mark")
    assert [one["name"] for one in on_sqlite.json("handler", "list")] == ["slow", "mark"]
    on_sqlite.ok("handler", "move", "mark", "--before", "slow")
    on_sqlite.ok("handler", "enable", "mark")
    assert on_sqlite.json("handler", "show", "mark")["enabled"] is True
    on_sqlite.ok("handler", "disable", "mark")
    assert on_sqlite.json("handler", "show", "mark")["entry"]["enabled"] is False
    on_sqlite.ok("handler", "set", "slow", "--field", "rate=3", "--name", "slower")
    assert on_sqlite.json("handler", "show", "slower")["entry"]["fields"]["rate"] == 3
    on_sqlite.ok("handler", "remove", "mark")
    assert [one["name"] for one in on_sqlite.json("handler", "list")] == ["slower"]


def test_what_is_wrong_is_refused_in_words(on_sqlite, document):
    on_sqlite.ok("apply", document)
    assert "did you mean mark?" in on_sqlite.refused("handler", "add", "markk")
    assert "write KEY=VALUE" in on_sqlite.refused("handler", "add", "mark", "--field", "marks")
    assert "fields.rate: 'x' is not a whole number" in on_sqlite.refused(
        "handler", "add", "rate-limit", "--field", "rate=x")
    for verb in ("show", "remove", "enable", "disable", "move", "set"):
        assert "There is no handler 'nope'" in on_sqlite.refused("handler", verb, "nope")
    assert on_sqlite.json("handler", "list") == []


def test_types_are_listed(on_sqlite, document):
    on_sqlite.ok("apply", document)
    assert "recursive-name-servers" in on_sqlite.ok("handler", "types")
    assert {one["source"] for one in on_sqlite.json("handler", "types")} == {"built in"}


def test_the_document_with_every_key_is_applied(on_sqlite, tmp_path):
    (tmp_path / "full.yaml").write_text(yaml.safe_dump(FULL))
    on_sqlite.ok("apply", "--yes", tmp_path / "full.yaml")
    assert [one["name"] for one in on_sqlite.json("handler", "list")] == ["late", "resolvers", "of-no-package"]
