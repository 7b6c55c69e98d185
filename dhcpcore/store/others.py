"""What the engines on one PostgreSQL tell each other of: that one listens, and which rows the others have changed.

For active leasequery, whose requestor is connected to one engine and is to hear of all changes.  The database carries
it (LISTEN, NOTIFY).  While no engine listens, a commit looks at one attribute.  While one does, each commit names its
rows in the statement that writes them: they are heard of when it is committed, and only then.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import psycopg

from dhcpcore.lease.model import Change, LeaseKey

log = logging.getLogger(__name__)

#: The channels: that an engine listens, which every engine hears; and rows, which those that listen hear.
CALL, ROWS = "lessor_listens", "lessor_rows"
#: Held in common by every engine that listens: who has just connected finds out by it.  Two numbers of ours alone.
_LOCK = (0x4C657373, 1)
#: An engine that listens says so so often, and is believed for so long: it may have left without a word.
CALL_S, BELIEVED_S = 10.0, 30.0
#: Octets of one notification; PostgreSQL takes 7,999.
_PAYLOAD_OCTETS = 7000

Heard = Callable[[Sequence[LeaseKey]], None]


class Others:
    """One engine's part in it, over the connection of its packet path."""

    heard: Heard | None = None  #: Whom the rows that others changed are handed to.

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.listened = False  #: Whether another engine listens, as far as is known.
        self._monotonic = monotonic
        self._believed_until = 0.0
        self._usable = True
        self._listening = False
        self._call_at = 0.0
        self._own = 0

    def join(self, connection: psycopg.Connection[Any]) -> None:
        """On a new connection: hear from now on that somebody listens, and ask whether somebody does."""
        self._listening, self.listened = False, False
        if not self._usable:
            return
        try:
            connection.execute(f"LISTEN {CALL}")
            found = connection.execute(
                "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND objid = %s AND "
                "database = (SELECT oid FROM pg_database WHERE datname = current_database()))", _LOCK,
            ).fetchone()  # fmt: skip
        except psycopg.Error as error:
            if connection.broken:
                raise
            self._usable = False
            log.info("NO-NOTIFY: this database carries no word between engines (%s); an active leasequery hears of "
                     "what the engine that it is connected to commits.", str(error).strip())  # fmt: skip
            return
        self._own = connection.info.backend_pid
        connection.add_notify_handler(self._take)
        if found is not None and found[0]:
            self._believe()

    def named(self, changes: Iterable[Change]) -> list[str]:
        """The notifications of a commit; none where nobody listens any more."""
        if self._monotonic() > self._believed_until:
            self.listened = False
            return []
        parts: list[str] = []
        size = _PAYLOAD_OCTETS + 1
        for _, (space, kind, address, plen, *_), _, _ in changes:
            name = f"{space}.{kind}.{address.hex()}.{plen}"
            size += len(name) + 1
            if size > _PAYLOAD_OCTETS:
                parts.append(name)
                size = len(name)
            else:
                parts[-1] += f",{name}"
        return parts

    def hear(self, connection: psycopg.Connection[Any]) -> bool:
        """Hand on what came; whether something may have been missed until now, for it has just begun to listen."""
        if not self._usable or self.heard is None:
            return False
        begins = not self._listening
        if begins:
            connection.execute(f"LISTEN {ROWS}")
            connection.execute("SELECT pg_advisory_lock_shared(%s, %s)", _LOCK)
            self._listening, self._call_at = True, 0.0
        now = self._monotonic()
        if now >= self._call_at:
            connection.execute("SELECT pg_notify(%s, '')", (CALL,))
            self._call_at = now + CALL_S
        raw = connection.pgconn
        raw.consume_input()
        while (one := raw.notifies()) is not None:
            self._take(psycopg.Notify(one.relname.decode(), one.extra.decode(errors="replace"), one.be_pid))
        return begins

    def leave(self, connection: psycopg.Connection[Any]) -> None:
        """Listen no more; the others find out by hearing nothing."""
        if self._listening:
            self._listening = False
            connection.execute(f"UNLISTEN {ROWS}")
            connection.execute("SELECT pg_advisory_unlock_shared(%s, %s)", _LOCK)

    def _believe(self) -> None:
        self.listened, self._believed_until = True, self._monotonic() + BELIEVED_S

    def _take(self, said: psycopg.Notify) -> None:
        if said.pid == self._own:
            return
        if said.channel == CALL:
            self._believe()
        elif said.channel == ROWS and self.heard is not None:
            with contextlib.suppress(ValueError):  # It is none of ours: anybody may use a channel.
                self.heard([_key(name) for name in said.payload.split(",")])


def _key(name: str) -> LeaseKey:
    space, kind, address, plen = name.split(".")
    return int(space), int(kind), bytes.fromhex(address), int(plen)
