import threading

import pytest

from app.services import accounts, sessions, tokens
from app.services.access import Principal, Role
from app.services.sessions import Caller
from dhcpcore.errors import Forbidden, InvalidDocument, NotFound, Refused
from tests.app.people import ADA, ANN, VERA, appliance

PASSWORD = "correct horse battery"


@pytest.fixture
def here(database):
    return appliance(database)


def audited(here):
    with here.database.reader() as connection:
        rows = connection.exec_driver_sql('SELECT actor, action, object, "before", "after" FROM audit ORDER BY id')
        return [tuple(row) for row in rows]


def names(here):
    return [(one.name, one.role) for one in accounts.list_users(here, by=ADA)]


def test_a_user_is_added_listed_changed_and_removed(here):
    made = accounts.add(here, " Bob ", "viewer", by=ADA)
    assert made.user.name == "bob", "names are one whatever the capitals"
    assert made.user.must_change
    assert len(made.password) == 19
    assert names(here) == [("bob", "viewer")]
    assert accounts.change(here, "BOB", role="operator", by=ADA).role == "operator"
    accounts.remove(here, "bob", by=ADA)
    assert names(here) == []


def test_a_given_password_is_not_told_again(here):
    assert accounts.add(here, "bob", "viewer", PASSWORD, by=ADA).password is None


def test_every_change_is_audited_and_no_secret_is(here):
    made = accounts.add(here, "bob", "viewer", by=ADA)
    accounts.add(here, "second", "admin", PASSWORD, by=ADA)
    accounts.change(here, "bob", enabled=False, by=ADA)
    again = accounts.set_password(here, "bob", by=ADA)
    accounts.remove(here, "bob", by=ADA)
    found = audited(here)
    assert [row[:3] for row in found] == [
        ("ada", "user.add", "user bob"), ("ada", "user.add", "user second"), ("ada", "user.change", "user bob"),
        ("ada", "user.password", "user bob"), ("ada", "user.remove", "user bob")]
    for secret in (made.password, again.password, PASSWORD, "argon2"):
        assert secret not in str(found)
    assert "enabled" in str(found[2][3])


@pytest.mark.parametrize("by", [ANN, VERA])
def test_only_an_administrator_may(here, by):
    accounts.add(here, "bob", "viewer", PASSWORD, by=ADA)
    for forbidden in (
        lambda: accounts.list_users(here, by=by), lambda: accounts.show(here, "bob", by=by),
        lambda: accounts.add(here, "eve", "admin", by=by), lambda: accounts.change(here, "bob", role="admin", by=by),
        lambda: accounts.set_password(here, "bob", by=by), lambda: accounts.remove(here, "bob", by=by),
    ):
        with pytest.raises(Forbidden, match="needs the role admin"):
            forbidden()
    assert names(here) == [("bob", "viewer")]


def test_every_wrong_field_is_named(here):
    with pytest.raises(InvalidDocument) as caught:
        accounts.add(here, "bob <b>", "king", "short", by=ADA)
    assert [fault.path for fault in caught.value.faults] == ["name", "role", "password"]
    accounts.add(here, "bob", "viewer", by=ADA)
    with pytest.raises(InvalidDocument, match="name: There is a user bob already"):
        accounts.add(here, "Bob", "viewer", by=ADA)


def test_nobody_takes_away_the_last_administrator(here):
    accounts.add(here, "alice", "admin", PASSWORD, by=ADA)
    accounts.add(here, "bob", "viewer", PASSWORD, by=ADA)
    for refused in (
        lambda: accounts.remove(here, "alice", by=ADA), lambda: accounts.change(here, "alice", role="viewer", by=ADA),
        lambda: accounts.change(here, "alice", enabled=False, by=ADA),
    ):
        with pytest.raises(Refused, match="last administrator"):
            refused()
    accounts.add(here, "second", "admin", PASSWORD, by=ADA)
    accounts.change(here, "second", enabled=False, by=ADA)
    with pytest.raises(Refused, match="last administrator"):
        accounts.remove(here, "alice", by=ADA)
    accounts.remove(here, "second", by=ADA)
    accounts.change(here, "bob", role="admin", by=ADA)
    accounts.remove(here, "alice", by=ADA)


def test_two_administrators_who_demote_each_other_do_not_both_succeed(here):
    for name in ("alice", "bob"):
        accounts.add(here, name, "admin", PASSWORD, by=ADA)
    outcomes = []

    def demote(name):
        try:
            accounts.change(here, name, role="viewer", by=ADA)
            outcomes.append("done")
        except Refused:
            outcomes.append("refused")

    both = [threading.Thread(target=demote, args=(name,)) for name in ("alice", "bob")]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert sorted(outcomes) == ["done", "refused"]


def test_of_two_who_edit_one_user_the_second_is_told(here):
    made = accounts.add(here, "bob", "viewer", PASSWORD, by=ADA).user
    accounts.change(here, "bob", role="operator", by=ADA, version=made.version)
    with pytest.raises(Refused, match="changed by somebody else meanwhile"):
        accounts.change(here, "bob", role="admin", by=ADA, version=made.version)


def test_whoever_is_not_there_is_told_with_the_remedy(here):
    for missing in (lambda: accounts.show(here, "eve", by=ADA), lambda: accounts.remove(here, "eve", by=ADA)):
        with pytest.raises(NotFound, match="lessor user list"):
            missing()


def test_the_first_start_makes_an_administrator_once(here):
    made = accounts.first_admin(here)
    assert (made.user.name, made.user.role, made.user.must_change) == ("admin", "admin", True)
    assert sessions.log_in(here, "admin", made.password, address="127.0.0.1", agent="").must_change
    assert accounts.first_admin(here) is None


def test_where_there_is_any_user_the_first_start_is_over(here):
    accounts.add(here, "bob", "viewer", PASSWORD, by=ADA)
    assert accounts.first_admin(here) is None


def test_a_new_password_a_disabled_account_and_a_removed_one_end_its_sessions(here):
    def log_in(password):
        return sessions.log_in(here, "bob", password, address="127.0.0.1", agent="").cookie

    accounts.add(here, "bob", "viewer", PASSWORD, by=ADA)
    first = log_in(PASSWORD)
    second = log_in(accounts.set_password(here, "bob", by=ADA).password)
    assert sessions.caller_of(here, first) is None
    accounts.change(here, "bob", enabled=False, by=ADA)
    assert sessions.caller_of(here, second) is None
    accounts.change(here, "bob", enabled=True, by=ADA)
    assert sessions.caller_of(here, second) is None, "it does not come back"
    third = log_in(accounts.set_password(here, "bob", by=ADA).password)
    bob = sessions.caller_of(here, third)
    token = tokens.create(here, "backup", "viewer", caller=bob)
    accounts.remove(here, "bob", by=ADA)
    assert sessions.caller_of(here, third) is None
    assert tokens.caller_of(here, token.secret) is None


def test_a_terminal_may_everything(here):
    caller = Caller(Principal("root", Role.ADMIN, "terminal"))
    assert sessions.list_sessions(here, caller=caller) == ()
    with pytest.raises(Refused, match="belongs to no user"):
        sessions.change_password(here, "x", PASSWORD, PASSWORD, caller=caller)
