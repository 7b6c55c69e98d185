import threading

import pytest

from app.services import throttle
from app.services.throttle import Attempt, TooManyAttempts


def begin(database, account="ada", address="192.0.2.1", now=1000):
    return Attempt.begin(database, account, address, now)


def fail(database, times, **of):
    for _ in range(times):
        begin(database, **of)


def test_some_mistakes_are_free_and_each_further_one_waits_twice_as_long(database):
    fail(database, throttle.ACCOUNT_FREE)
    with pytest.raises(TooManyAttempts, match=r"wait 1 second and try again"):
        begin(database)
    begin(database, now=1001)
    with pytest.raises(TooManyAttempts, match=r"wait 2 seconds"):
        begin(database, now=1001)
    assert [throttle.account_pause(n) for n in (1, 4, 5, 6, 7, 13, 14, 1000)] == [0, 0, 1, 2, 4, 256, 300, 300]


def test_an_attempt_that_is_refused_makes_the_wait_no_longer(database):
    fail(database, throttle.ACCOUNT_FREE)
    for _ in range(20):
        with pytest.raises(TooManyAttempts, match="1 second"):
            begin(database)


def test_the_right_password_forgives_the_account(database):
    fail(database, throttle.ACCOUNT_FREE - 1)
    begin(database).succeeded()
    fail(database, throttle.ACCOUNT_FREE)


def test_many_names_from_one_address_wait_and_others_do_not(database):
    for number in range(throttle.ADDRESS_FREE):
        begin(database, account=f"name-{number}")
    with pytest.raises(TooManyAttempts):
        begin(database, account="another")
    begin(database, account="another", address="192.0.2.2")


def test_an_own_account_does_not_wash_an_address_clean(database):
    """Somebody who guesses others' passwords logs in with his own between the guesses."""
    for number in range(throttle.ADDRESS_FREE - 1):
        begin(database, account=f"name-{number}")
    begin(database, account="own").succeeded()
    begin(database, account="one")
    with pytest.raises(TooManyAttempts):
        begin(database, account="two")


def test_what_was_long_ago_is_forgotten(database):
    fail(database, throttle.ACCOUNT_FREE, address="")
    fail(database, throttle.ACCOUNT_FREE, address="", now=1000 + throttle.ACCOUNT_FORGET_S + 1)


def test_attempts_at_the_same_time_are_all_counted(database):
    outcomes = []

    def attempt():
        try:
            begin(database, address="")
            outcomes.append("looked at")
        except TooManyAttempts:
            outcomes.append("told to wait")

    crowd = [threading.Thread(target=attempt) for _ in range(12)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    assert sorted(outcomes) == ["looked at"] * throttle.ACCOUNT_FREE + ["told to wait"] * (12 - throttle.ACCOUNT_FREE)


@pytest.mark.parametrize(("one", "other"), [
    ("2001:db8::1", "2001:db8::ffff"), ("::ffff:192.0.2.1", "192.0.2.1"), ("fe80::1%eth0", "fe80::2%eth1"),
])
def test_whose_address_it_is(one, other):
    assert throttle.network_of(one) == throttle.network_of(other)
    assert throttle.network_of("2001:db8:0:1::1") != throttle.network_of("2001:db8::1")


def test_a_wait_in_words():
    assert [throttle.waiting(s) for s in (1, 59, 60, 61, 900)] == [
        "1 second", "59 seconds", "1 minute", "2 minutes", "15 minutes"]


def test_no_name_that_was_typed_is_in_the_database(sqlite_database):
    begin(sqlite_database, account="my secret password")
    with sqlite_database.reader() as connection:
        stored = connection.exec_driver_sql("SELECT * FROM login_failure").all()
    assert len(stored) == 2
    assert "secret" not in str(stored)
