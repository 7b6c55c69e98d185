import threading

import pytest

from app.services import passwords
from dhcpcore.errors import InvalidValue


@pytest.mark.parametrize(("password", "says"), [
    ("", "at least 10"), ("short", "has 5"), ("x" * 257, "at most 256"), ("administrator1", "name of its account"),
    ("abababababab", "four different"),
])
def test_what_is_too_weak_is_refused_in_words(password, says):
    with pytest.raises(InvalidValue, match=says):
        passwords.require_good(password, "administrator")


@pytest.mark.parametrize("password", ["correct horse battery", "ä ö ü ß 你好 пароль", "p4ss w0rd!"])
def test_any_kind_of_character_will_do(password):
    passwords.require_good(password, "ada")
    assert passwords.fits(password, passwords.hashed(password))


def test_a_hash_is_argon2id_with_our_parameters_and_salted():
    one, two = passwords.hashed("correct horse"), passwords.hashed("correct horse")
    assert one.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert one != two
    assert not passwords.is_old(one)
    assert passwords.is_old(one.replace("m=19456", "m=8192"))


@pytest.mark.parametrize("stored", ["none", "", "$argon2id$", None])
def test_what_is_no_hash_fits_nothing(stored):
    assert not passwords.fits("correct horse", stored)


def test_an_unknown_name_costs_a_hash_as_a_known_one_does(monkeypatch):
    verified = []

    class Hasher:
        def hash(self, _):
            return "made"

        def verify(self, stored, _):
            verified.append(stored)
            return True

    monkeypatch.setattr(passwords, "_HASHER", Hasher())
    passwords._nobodys.cache_clear()
    assert not passwords.fits("x", None), "not even where it would fit"
    assert verified == ["made"]
    passwords._nobodys.cache_clear()


def test_a_made_up_password_is_good_and_never_the_same():
    made = {passwords.generate() for _ in range(50)}
    assert len(made) == 50
    for one in made:
        passwords.require_good(one, "admin")


def test_a_crowd_takes_turns(monkeypatch):
    """Each hash takes 19 MiB: only so many are computed at a time."""
    at_once, most, lock = [0], [0], threading.Lock()
    come = threading.Event()

    class Hasher:
        def hash(self, _):
            with lock:
                at_once[0] += 1
                most[0] = max(most[0], at_once[0])
            come.wait(0.01)
            with lock:
                at_once[0] -= 1
            return "made"

    monkeypatch.setattr(passwords, "_HASHER", Hasher())
    crowd = [threading.Thread(target=passwords.hashed, args=("x",)) for _ in range(12)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    assert most[0] == passwords._AT_ONCE
