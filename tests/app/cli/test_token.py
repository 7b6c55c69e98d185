from app.services import tokens
from app.services.appliance import Appliance
from dhcpcore.settings import load


def test_a_token_is_made_listed_and_revoked(lessor):
    lessor.ok("migrate")
    assert "No token." in lessor.ok("token", "list")
    secret = lessor.ok("token", "create", "--role", "viewer", "--name", "nightly export").strip()
    appliance = Appliance.open(load(lessor.config, {}).settings)
    assert tokens.caller_of(appliance, secret).principal.role.word == "viewer"
    (listed,) = lessor.json("token", "list")
    assert (listed["name"], listed["owner"]) == ("nightly export", None)
    assert secret not in lessor.ok("token", "list")
    assert "nightly export" in lessor.ok("token", "revoke", listed["id"])
    assert tokens.caller_of(appliance, secret) is None
    appliance.close()
    assert "lessor token list" in lessor.refused("token", "revoke", listed["id"])


def test_a_token_without_end_and_wrong_usage(on_sqlite):
    made = on_sqlite.json("token", "create", "--role", "admin", "--name", "x", "--forever")
    assert made["token"]["expires_at"] is None
    assert made["secret"].startswith("lsr_")
    for wrong in (["--role", "admin"], ["--role", "king", "--name", "x"],
                  ["--role", "admin", "--name", "x", "--days", "0"]):
        assert on_sqlite("token", "create", *wrong).exit_code == 2
