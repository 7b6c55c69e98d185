import pytest

from app.services import accounts, sessions, tokens
from app.services.access import Principal, Role, terminal
from app.services.sessions import Caller
from dhcpcore.errors import Forbidden, InvalidDocument, NotFound
from dhcpcore.store.database import Database
from tests.app.people import ADA, appliance

PASSWORD = "correct horse battery"
TERMINAL = Caller(Principal("root", Role.ADMIN, "terminal"))


@pytest.fixture
def here(database):
    found = appliance(database)
    for name, role in (("alice", "admin"), ("bob", "operator")):
        accounts.add(found, name, role, PASSWORD, by=ADA, must_change=False)
    return found


def person(here, name):
    return sessions.caller_of(here, sessions.log_in(here, name, PASSWORD, address="", agent="").cookie)


def test_a_token_is_who_made_it_with_the_role_it_was_given(here):
    made = tokens.create(here, "nightly export", "viewer", caller=person(here, "bob"))
    found = tokens.caller_of(here, made.secret)
    assert made.secret.startswith(f"lsr_{made.token.id}_")
    assert found.principal == Principal(f"bob (token {made.token.id})", Role.VIEWER, "token")
    assert made.token.expires_at is not None


def test_a_token_of_a_terminal_is_nobodys(here):
    made = tokens.create(here, "prometheus", "viewer", caller=Caller(terminal()), days=None)
    assert (made.token.owner, made.token.expires_at) == (None, None)
    assert tokens.caller_of(here, made.secret).principal.name == f"token {made.token.id}"


def test_the_database_does_not_hold_it(here):
    made = tokens.create(here, "x", "viewer", caller=TERMINAL)
    with here.database.reader() as connection:
        row = str(connection.exec_driver_sql("SELECT * FROM token").one())
        audited = str(connection.exec_driver_sql("SELECT * FROM audit").all())
    secret = made.secret.split("_", 2)[2]
    assert secret not in row
    assert secret not in audited
    assert "token.add" in audited


@pytest.mark.parametrize("change", [
    lambda secret: secret[:-1], lambda secret: secret + "x", lambda secret: secret.replace("lsr", "LSR"),
    lambda secret: secret.replace("_1_", "_2_"), lambda _: "", lambda _: "lsr_1_", lambda _: "lsr_1_" + "A" * 43,
    lambda _: "lsr_99999999999999999999_" + "A" * 43, lambda _: "x" * 100_000, lambda secret: secret + "\n",
])
def test_what_is_not_quite_a_token_is_none(here, change):
    made = tokens.create(here, "x", "viewer", caller=TERMINAL)
    assert tokens.caller_of(here, change(made.secret)) is None


def test_it_ends(here, monkeypatch):
    made = tokens.create(here, "x", "viewer", caller=TERMINAL, days=1)
    monkeypatch.setattr(Database, "now", lambda _: made.token.expires_at)
    assert tokens.caller_of(here, made.secret) is None
    assert tokens.show(here, made.token.id, caller=TERMINAL).expired


def test_it_never_may_more_than_its_owner_may_now(here):
    alice = person(here, "alice")
    made = tokens.create(here, "x", "admin", caller=alice)
    accounts.change(here, "bob", role="admin", by=ADA)
    accounts.change(here, "alice", role="viewer", by=ADA)
    assert tokens.caller_of(here, made.secret).principal.role == Role.VIEWER
    accounts.change(here, "alice", enabled=False, by=ADA)
    assert tokens.caller_of(here, made.secret) is None


def test_when_it_was_used_is_written_once_a_minute(here, monkeypatch):
    made = tokens.create(here, "x", "viewer", caller=TERMINAL)
    began = made.token.created_at
    for now, shown in ((began, began), (began + 59, began), (began + 60, began + 60)):
        monkeypatch.setattr(Database, "now", lambda _, now=now: now)
        tokens.caller_of(here, made.secret)
        assert tokens.show(here, made.token.id, caller=TERMINAL).used_at == shown


def test_a_user_sees_and_revokes_only_his_own(here):
    bob, alice = person(here, "bob"), person(here, "alice")
    own = tokens.create(here, "own", "operator", caller=bob)
    hers = tokens.create(here, "hers", "viewer", caller=alice)
    assert [one.name for one in tokens.list_tokens(here, caller=bob)] == ["own"]
    assert [one.name for one in tokens.list_tokens(here, caller=alice, everybodys=True)] == ["own", "hers"]
    for forbidden in (
        lambda: tokens.revoke(here, hers.token.id, caller=bob), lambda: tokens.show(here, hers.token.id, caller=bob),
        lambda: tokens.list_tokens(here, caller=bob, everybodys=True),
    ):
        with pytest.raises(Forbidden):
            forbidden()
    tokens.revoke(here, own.token.id, caller=bob)
    assert tokens.caller_of(here, own.secret) is None
    with pytest.raises(NotFound, match="lessor token list"):
        tokens.revoke(here, own.token.id, caller=bob)
    assert tokens.caller_of(here, hers.secret) is not None


def test_a_user_makes_none_above_his_role_and_every_wrong_field_is_named(here):
    with pytest.raises(InvalidDocument) as caught:
        tokens.create(here, "\x1b", "admin", caller=person(here, "bob"), days=0)
    assert [fault.path for fault in caught.value.faults] == ["name", "role", "days"]
    assert "at most your own role, operator" in str(caught.value)


def test_a_token_makes_no_token_that_would_outlive_it(here):
    viewer = tokens.caller_of(here, tokens.create(here, "x", "operator", caller=person(here, "bob")).secret)
    with pytest.raises(Forbidden):
        tokens.create(here, "y", "viewer", caller=viewer)
    admin = tokens.caller_of(here, tokens.create(here, "x", "admin", caller=person(here, "alice")).secret)
    assert tokens.create(here, "y", "viewer", caller=admin).token.owner == "alice"
