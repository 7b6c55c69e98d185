"""Passwords: what is accepted as one, its argon2 hash, and making one up."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from dhcpcore.errors import InvalidValue, StoreUnavailable

#: NIST SP 800-63B asks for eight at least, and for no rule about kinds of characters.
LENGTH_MIN, LENGTH_MAX = 10, 256
#: 19 MiB and 2 passes (OWASP): the library's own default takes 64 MiB an attempt, which a crowd turns into gigabytes.
_HASHER = PasswordHasher(memory_cost=19_456, time_cost=2, parallelism=1)
#: Hashes that one process computes at a time; the others wait so long and are then told to come again.
_AT_ONCE, _WAIT_S_MAX = 2, 10.0
_turn = threading.BoundedSemaphore(_AT_ONCE)
#: Without letters that look alike.
_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"


def require_good(password: str, name: str) -> None:
    """Raises ``InvalidValue`` where a new password is too short, too long, or the name itself."""
    if len(password) < LENGTH_MIN:
        raise InvalidValue(f"A password has at least {LENGTH_MIN} characters; this one has {len(password)}. "
                           "Several words in a row are easy to remember.")
    if len(password) > LENGTH_MAX:
        raise InvalidValue(f"A password has at most {LENGTH_MAX} characters; this one has {len(password)}.")
    if name and password.casefold().strip("0123456789!. ") == name.casefold():
        raise InvalidValue("A password must not be the name of its account.")
    if len(set(password)) < 4:
        raise InvalidValue("This password repeats a few characters; use at least four different ones.")


def generate() -> str:
    """A password of 80 bits in four groups, easy to read out and to type."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))


def hashed(password: str) -> str:
    """Its argon2id hash."""
    with _in_turn():
        return _HASHER.hash(_octets(password))


def fits(password: str, stored: str | None) -> bool:
    """Whether it is the password of that hash.  None, for a name that is not there, takes as long as a wrong one."""
    with _in_turn():
        try:
            _HASHER.verify(_nobodys() if stored is None else stored, _octets(password[:LENGTH_MAX + 1]))
        except (VerificationError, InvalidHashError):
            return False
    return stored is not None


def is_old(stored: str) -> bool:
    """Whether a hash was made with other parameters than those of today."""
    return _HASHER.check_needs_rehash(stored)


@cache
def _nobodys() -> str:
    return _HASHER.hash(secrets.token_bytes(16))


def prepare() -> None:
    """Compute the hash that unknown names are compared with, so that the first of them takes no longer."""
    _nobodys()


def _octets(password: str) -> bytes:
    return password.encode(errors="surrogatepass")


@contextmanager
def _in_turn() -> Iterator[None]:
    if not _turn.acquire(timeout=_WAIT_S_MAX):
        raise StoreUnavailable("Too many log-ins at once: try again in a moment.")
    try:
        yield
    finally:
        _turn.release()
