"""What the engine and the site's script say to each other about a transaction: plain values, whatever carries them.

A transaction asks at most twice: ``Matter.ADMIT``, whether it goes on and what the client gets by the script's word,
before anything is decided; and ``Matter.ANSWER``, what is to be changed in the answer, before it is recorded.  Each
time it is suspended until the answer is there, and then decided again on fresh rows.
"""

from __future__ import annotations

import enum
from typing import NamedTuple


class Matter(enum.IntEnum):
    """What is asked."""

    ADMIT = 1
    ANSWER = 2


class Word(enum.IntEnum):
    """What the script says first of all."""

    GO = 1  #: Go on; send it.
    DROP = 2
    BLOCK = 3  #: Drop it, and do not answer the client for a time.
    FAILED = 4  #: The script raised something, or its process died; the model's rule is silence.
    OVERRUN = 5  #: It took longer than it may.
    AWAY = 6  #: The script's process does not run: it failed to begin, and is tried again.


class Given(NamedTuple):
    """What a client gets by the script's word, or by an assignment: a Definition in plain values."""

    address: bytes
    lease_time: int
    subnet: str
    serial: int
    hostname: str = ""
    mask: bytes = b""
    options: tuple[tuple[int, bytes], ...] = ()


class Shown(NamedTuple):
    """An answer as the script is shown it."""

    message_type: int
    yiaddr: bytes
    ciaddr: bytes
    siaddr: bytes
    sname: bytes
    file: bytes
    broadcast: bool
    options: tuple[tuple[int, bytes], ...]


class Question(NamedTuple):
    """One question of one transaction."""

    number: int  #: Of the transaction: both its questions have the same.
    matter: int
    data: bytes
    method: str
    source: bytes
    port: int  #: The port that the packet came to.
    server: bytes
    known: tuple[Given, ...] = ()
    shown: Shown | None = None


class Way(NamedTuple):
    """Where and how an answer leaves by the script's word; empty or 0: as it would have."""

    address: bytes = b""
    port: int = 0
    hw: bytes = b""
    source_port: int = 0
    word: int = 0  #: Each option begins at a multiple of so many octets.
    tail: int = 0  #: The whole has a multiple of so many octets.


class Said(NamedTuple):
    """The script's answer."""

    number: int
    word: int
    given: Given | None = None
    fields: dict[str, bytes] = {}  # noqa: RUF012 - Never changed.
    options: dict[int, bytes | None] = {}  # noqa: RUF012
    way: Way | None = None
