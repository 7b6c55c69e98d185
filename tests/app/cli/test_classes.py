import yaml

from tests.dhcpcore.topology.documents import FULL
from tests.packets4 import DISCOVER, client, request


def test_a_class_from_the_command_line(on_sqlite, document, tmp_path):
    on_sqlite.ok("apply", document)
    assert "No class" in on_sqlite.ok("class", "list")
    done = on_sqlite.ok("class", "add", "voip", "--test", "option[60].text == 'AAVAYA'", "--option",
                        "domain-name-servers=[192.0.2.53]", "--lifetime", "8h", "--file", "phone", "--architecture",
                        "x64-uefi=phone.efi", "--description", "Phones")
    assert "Class voip is declared (revision 2)." in done
    expected = {"name": "voip", "test": "option[60].text == 'AAVAYA'",
                "options": {"dhcp4": {"domain-name-servers": ["192.0.2.53"]}}, "lifetime": "8h",
                "boot": {"file": "phone", "by_architecture": {"x64-uefi": "phone.efi"}}, "description": "Phones"}
    assert yaml.safe_load(on_sqlite.ok("class", "show", "voip")) == expected
    on_sqlite.ok("class", "set", "voip", "--template-test", "option[60].text", "--next-server", "192.0.2.6")
    shown = on_sqlite.json("class", "show", "voip")["entry"]
    assert (shown.get("test"), shown["template_test"], shown["boot"]["next_server"], shown["boot"]["file"]) == (
        None, "option[60].text", "192.0.2.6", "phone")
    (tmp_path / "lab.yaml").write_text("description: The lab\n")
    on_sqlite.ok("class", "add", "lab", "--from", tmp_path / "lab.yaml", "--before", "voip")
    assert [one["name"] for one in on_sqlite.json("class", "list")] == ["lab", "voip"]
    on_sqlite.ok("assignment", "add", "192.0.2.9", "--hw-address", "02:00:00:00:00:09", "--class", "lab")
    assert "is given by the assignments" in on_sqlite.refused("class", "remove", "lab")
    on_sqlite.ok("class", "add", "late", "--test", "known", "--additional")
    assert on_sqlite.json("class", "show", "late")["entry"]["only_in_additional_list"] is True
    assert "take only_in_additional_list out" in on_sqlite.refused("class", "set", "late", "--rate", "5")
    on_sqlite.ok("class", "remove", "late")
    on_sqlite.ok("class", "set", "lab", "--max-leases", "20", "--max-leases-per-subnet", "10", "--rate", "5",
                 "--offer-hold", "10s")
    limits = on_sqlite.json("class", "show", "lab")["entry"]
    assert (limits["max_leases"], limits["max_leases_per_subnet"], limits["rate"]) == (20, 10, 5)
    assert limits["offer_hold"] == 10
    on_sqlite.ok("class", "remove", "voip")
    assert [one["name"] for one in on_sqlite.json("class", "list")] == ["lab"]


def test_a_wrong_one_is_refused_with_a_caret(on_sqlite, document):
    on_sqlite.ok("apply", document)
    said = on_sqlite.refused("class", "add", "voip", "--test", "option[60].txt == 'x'")
    assert "did you mean text?" in said
    assert "\n               ^" in said
    assert on_sqlite("class", "add", "voip", "--option", "nothing").exit_code == 2
    assert on_sqlite.json("class", "list") == []


def test_an_expression_is_tried(on_sqlite, document):
    on_sqlite.ok("apply", document)
    packet = request(DISCOVER, client(5), 7, options={60: b"AAVAYA"}).hex()
    assert "a condition" in on_sqlite.ok("class", "try", "known")
    shown = on_sqlite.ok("class", "try", "option[60].text == 'AAVAYA'", "--packet", "-", stdin=packet)
    assert "  option[60].text  is  'AAVAYA'" in shown
    assert on_sqlite.json("class", "try", "known", "--known", "--packet", packet)["value"] == "true"
    assert "^" in on_sqlite.refused("class", "try", "knownn")


def test_every_field_survives_export_apply_export(on_sqlite, tmp_path):
    (tmp_path / "full.yaml").write_text(yaml.safe_dump(FULL))
    on_sqlite.ok("apply", tmp_path / "full.yaml")
    first = on_sqlite.ok("export")
    (tmp_path / "again.yaml").write_text(first)
    assert on_sqlite.json("apply", tmp_path / "again.yaml")["changes"] == []
    assert on_sqlite.ok("export") == first
    exported = yaml.safe_load(first)
    assert exported["classes"] == FULL["classes"]
    assert exported["globals"]["deny"] == FULL["globals"]["deny"]
    office = exported["subnets"][0]
    for key in ("class", "additional", "allow", "deny", "boot"):
        assert office[key] == FULL["subnets"][0][key]
    assert [one["classes"] for one in office["assignments"] if "classes" in one] == [["lab", "EXTERNAL_x"]]


def test_what_is_always_and_never_sent(on_sqlite):
    on_sqlite.ok("migrate")
    on_sqlite.ok("class", "add", "voip", "--test", "option[60].exists", "--always-send", "routers", "--always-send",
                 "domain-name", "--never-send", "host-name")
    made = on_sqlite.json("class", "show", "voip")["entry"]
    assert (made["always_send"], made["never_send"]) == (
        {"dhcp4": ["routers", "domain-name"]}, {"dhcp4": ["host-name"]})
    on_sqlite.ok("class", "set", "voip", "--description", "Telephones")
    assert on_sqlite.json("class", "show", "voip")["entry"]["always_send"] == made["always_send"]
    assert "did you mean routers" in on_sqlite.refused("class", "set", "voip", "--always-send", "router")
