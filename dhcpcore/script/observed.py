"""Finished transactions as statistics callbacks are told of them: read off their traces, and packets pay nothing."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

from dhcpcore.engine import Engine, Traced
from dhcpcore.errors import MalformedMessage
from dhcpcore.pipeline.scripted import method_of
from dhcpcore.pipeline.trace import Step
from dhcpcore.script.hooks import client_address
from dhcpcore.stats.reasons import Reason, Verdict
from dhcpcore.wire.v4.message import NOWHERE, decode

#: Taken note of, and not processed: the client speaks to another server.
_NOT_OURS = frozenset((Reason.OTHER_SERVER, Reason.FORCERENEW))
_PORT = 67


class Observer:
    """Where in the traces the last look ended."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._seen = engine.traced

    def rows(self, now: float) -> list[list[Any]]:
        """One row for each transaction that ended since the last look."""
        engine = self._engine
        new = min(engine.traced - self._seen, len(engine.traces))
        self._seen = engine.traced
        entries = list(islice(reversed(engine.traces), new))
        return list(_rows(reversed(entries), now))

    def skip(self) -> None:
        """Nobody wants to know of what ended until now."""
        self._seen = self._engine.traced


def _rows(entries: Iterable[Traced], now: float) -> Iterable[list[Any]]:
    for entry in entries:
        datagram = entry.datagram
        if entry.reason is Reason.FORCERENEW or len(datagram.source) == 16:
            continue  # No packet of a client; or one of DHCPv6, of which scripts know nothing.
        try:
            request = decode(datagram.data)
        except MalformedMessage:
            yield [datagram.source.hex(), datagram.port, None, None, None, None, None, 0.0, False,
                   datagram.at or _PORT]
            continue
        method = method_of(request, datagram.source)
        given = next((step for step in entry.steps if step[0] == Step.SCRIPT_GIVES), None)
        subnet = serial = None
        if given is not None:
            _, address, subnet, serial = given
            ip = address.hex() if isinstance(address, bytes) else None
        elif entry.answer and entry.answer[16:20] != NOWHERE:
            ip = entry.answer[16:20].hex()
        else:
            asked = client_address(request, method)
            ip = None if asked is None else bytes(asked).hex()
        processed = entry.reason.verdict is not Verdict.SILENT and entry.reason not in _NOT_OURS
        yield [
            datagram.source.hex(), datagram.port, datagram.data[28:34].hex(), ip, subnet, serial, method or None,
            max(0.0, now - datagram.received_at), processed, datagram.at or _PORT,
        ]  # fmt: skip
