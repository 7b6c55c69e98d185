import pytest

from app.services import accounts, passwords, sessions, throttle
from app.services.sessions import WrongLogin
from app.services.throttle import TooManyAttempts
from dhcpcore.errors import InvalidDocument, NotFound
from dhcpcore.store.database import Database
from tests.app.people import ADA, appliance

PASSWORD = "correct horse battery"


class Clock:
    """The database's time, as the test has it."""

    def __init__(self, monkeypatch):
        self.now = 1_000_000.0
        monkeypatch.setattr(Database, "now", lambda _: self.now)


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


@pytest.fixture
def here(database, clock):
    found = appliance(database)
    accounts.add(found, "bob", "operator", PASSWORD, by=ADA, must_change=False)
    return found


def log_in(here, password=PASSWORD, name="bob", **given):
    return sessions.log_in(here, name, password, **{"address": "192.0.2.1", "agent": "Firefox"} | given)


def bob(here):
    return sessions.caller_of(here, log_in(here).cookie)


def test_who_logs_in_is_known_by_the_cookie(here):
    caller = sessions.caller_of(here, log_in(here, name=" BOB ").cookie)
    assert (caller.principal.name, caller.principal.role.word, caller.principal.how) == ("bob", "operator", "session")
    assert not caller.must_change


@pytest.mark.parametrize(("name", "password"), [
    ("bob", "wrong password"), ("eve", PASSWORD), ("", ""), ("bob", ""), ("bob\0", PASSWORD), ("bob", "\udcff"),
    ("x" * 10_000, "y" * 100_000),
])
def test_a_wrong_name_and_a_wrong_password_are_told_alike(here, name, password):
    with pytest.raises(WrongLogin, match=r"^The name or the password is wrong\.$"):
        log_in(here, password, name=name)


@pytest.mark.parametrize("cookie", ["", "x", "x" * 5000, "\udcff", "\0"])
def test_a_strange_cookie_is_nobodys(here, cookie):
    assert sessions.caller_of(here, cookie) is None


def test_the_database_does_not_hold_the_cookie(here):
    cookie = log_in(here).cookie
    with here.database.reader() as connection:
        stored = connection.exec_driver_sql("SELECT digest FROM session").scalar_one()
    assert bytes(stored) == sessions.digest(cookie)
    assert len(cookie) == 43


def test_each_log_in_has_a_cookie_of_its_own_and_ends_the_one_it_came_with(here):
    first = log_in(here).cookie
    second = log_in(here, instead_of=first).cookie
    assert first != second
    assert sessions.caller_of(here, first) is None
    assert sessions.caller_of(here, second) is not None


def test_a_session_that_is_not_used_ends(here, clock):
    cookie = log_in(here).cookie
    clock.now += sessions.IDLE_S
    assert sessions.caller_of(here, cookie) is not None, "and is used by that"
    clock.now += sessions.IDLE_S
    assert sessions.caller_of(here, cookie) is not None
    clock.now += sessions.IDLE_S + 1
    assert sessions.caller_of(here, cookie) is None
    assert sessions.list_sessions(here, caller=bob(here))[0].present


def test_a_session_that_is_used_always_ends_at_last(here, clock):
    cookie, began = log_in(here).cookie, clock.now
    while clock.now <= began + sessions.LIFE_S:
        assert sessions.caller_of(here, cookie) is not None
        clock.now += sessions.IDLE_S
    assert sessions.caller_of(here, cookie) is None


def test_the_use_of_a_session_is_written_once_a_minute(here, clock):
    cookie, began = log_in(here).cookie, clock.now

    def seen():
        with here.database.reader() as connection:
            return connection.exec_driver_sql("SELECT seen_at FROM session").scalar_one()

    clock.now += sessions.SEEN_S - 1
    sessions.caller_of(here, cookie)
    assert seen() == began
    clock.now += 1
    sessions.caller_of(here, cookie)
    assert seen() == clock.now


def test_sessions_are_listed_and_revoked_one_by_one(here, clock):
    first = log_in(here).cookie
    clock.now += 60
    caller = bob(here)
    listed = sessions.list_sessions(here, caller=caller)
    assert [(one.address, one.agent, one.present) for one in listed] == [
        ("192.0.2.1", "Firefox", True), ("192.0.2.1", "Firefox", False)]
    sessions.revoke(here, listed[1].id, caller=caller)
    assert sessions.caller_of(here, first) is None
    with pytest.raises(NotFound):
        sessions.revoke(here, listed[1].id, caller=caller)


def test_nobody_revokes_anothers_session(here):
    accounts.add(here, "carol", "admin", PASSWORD, by=ADA, must_change=False)
    carol = sessions.caller_of(here, log_in(here, name="carol").cookie)
    cookie = log_in(here).cookie
    with pytest.raises(NotFound):
        sessions.revoke(here, sessions.caller_of(here, cookie).session_id, caller=carol)
    assert sessions.caller_of(here, cookie) is not None


def test_all_others_are_revoked_at_once(here):
    cookies = [log_in(here).cookie for _ in range(3)]
    caller = bob(here)
    assert sessions.revoke_others(here, caller=caller) == 3
    assert [sessions.caller_of(here, cookie) for cookie in cookies] == [None] * 3
    assert len(sessions.list_sessions(here, caller=caller)) == 1


def test_a_log_out_ends_it(here):
    cookie = log_in(here).cookie
    sessions.log_out(here, cookie)
    assert sessions.caller_of(here, cookie) is None
    sessions.log_out(here, "another")


def test_more_browsers_than_anybody_has_end_the_least_used(here, monkeypatch):
    monkeypatch.setattr(sessions, "SESSIONS_MAX", 3)
    cookies = [log_in(here).cookie for _ in range(5)]
    assert [sessions.caller_of(here, cookie) is not None for cookie in cookies] == [False, False, True, True, True]


def test_guesses_wait_and_the_right_password_must_wait_too(here, clock):
    for _ in range(throttle.ACCOUNT_FREE):
        with pytest.raises(WrongLogin):
            log_in(here, "wrong password")
    with pytest.raises(TooManyAttempts):
        log_in(here)
    clock.now += 1
    log_in(here)


def test_a_disabled_account_is_told_only_to_who_knows_its_password(here):
    accounts.change(here, "bob", enabled=False, by=ADA)
    with pytest.raises(WrongLogin, match="disabled"):
        log_in(here)
    with pytest.raises(WrongLogin, match="name or the password"):
        log_in(here, "wrong password")


def test_one_changes_ones_own_password_and_every_other_session_ends(here):
    other, caller = log_in(here).cookie, bob(here)
    sessions.change_password(here, PASSWORD, "another horse battery", "another horse battery", caller=caller)
    assert sessions.caller_of(here, other) is None
    assert len(sessions.list_sessions(here, caller=caller)) == 1
    with pytest.raises(WrongLogin):
        log_in(here)
    log_in(here, "another horse battery")


@pytest.mark.parametrize(("present", "new", "again", "fields"), [
    ("wrong password", "another horse battery", "another horse battery", ["present"]),
    (PASSWORD, "short", "short", ["new"]),
    (PASSWORD, "short", "other", ["new", "again"]),
    (PASSWORD, PASSWORD, PASSWORD, ["new"]),
])
def test_a_change_of_password_names_what_is_wrong(here, present, new, again, fields):
    with pytest.raises(InvalidDocument) as caught:
        sessions.change_password(here, present, new, again, caller=bob(here))
    assert [fault.path for fault in caught.value.faults] == fields
    log_in(here)


def test_a_password_that_somebody_else_set_must_be_changed_first(here):
    given = accounts.set_password(here, "bob", by=ADA).password
    caller = sessions.caller_of(here, log_in(here, given).cookie)
    assert caller.must_change
    sessions.change_password(here, given, PASSWORD, PASSWORD, caller=caller)
    assert not bob(here).must_change


def test_an_old_hash_is_made_anew_at_log_in(here, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(passwords, "is_old", lambda _: True)
        log_in(here)

    def stored():
        with here.database.reader() as connection:
            return connection.exec_driver_sql("SELECT password FROM account").scalar_one()

    before = stored()
    log_in(here)
    assert stored() == before, "what is not old stays"
    with monkeypatch.context() as patch:
        patch.setattr(passwords, "is_old", lambda _: True)
        log_in(here)
    assert stored() != before


def test_every_web_process_signs_forms_with_the_same_key(here):
    assert sessions.form_key(here) == sessions.form_key(appliance(here.database))
    assert len(sessions.form_key(here)) == 32
