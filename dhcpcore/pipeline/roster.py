"""The configured handlers of one engine by their rows: made, kept while the row is the same, and set aside."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import NamedTuple

from dhcpcore.hooks.registry import Limit, Overrun
from dhcpcore.pipeline.api import Factories
from dhcpcore.pipeline.instance import Apartness, Instance
from dhcpcore.pipeline.making import (
    MAKING_S,
    PHASES,
    TOO_SLOW_APART,
    is_same,
    made_built_in,
    made_of,
    phases_of,
    said_of,
)
from dhcpcore.topology.handler_rows import HandlerRow
from dhcpcore.topology.snapshot import Quarantined

log = logging.getLogger(__name__)


class Aside(NamedTuple):
    """One that cannot be made, and why; ``is_slow``: it is not tried again while its row stays as it is."""

    row: HandlerRow
    said: str
    is_slow: bool


class Roster:
    """All of them, in their order; ``changed`` is called where that becomes another one by itself."""

    def __init__(
        self, factories: Factories, limit: Limit, changed: Callable[[], None], *, simulated: bool,
        apart: Apartness | None,
    ) -> None:  # fmt: skip
        self._factories = factories
        self._limit = limit
        self._changed = changed
        self._simulated = simulated
        self._apart = apart
        self.all: tuple[Instance, ...] = ()
        self.aside: tuple[Aside, ...] = ()
        self.quarantined: tuple[Quarantined, ...] = ()

    def install(self, rows: Iterable[HandlerRow]) -> None:
        """Make the handlers of a snapshot; one whose row is the same goes on as it is, with what it remembers.

        One that could not be made is tried again, unless that took too long: everybody would wait once more.
        """
        former = {one.row.name: one for one in self.all}
        slow = {one.row.name: one for one in self.aside if one.is_slow}
        made: list[Instance] = []
        aside: list[Aside] = []
        for row in rows:
            present, refused = former.get(row.name), slow.get(row.name)
            if present is not None and is_same(row, present.row):
                present.row = row
                made.append(present)
                continue
            if refused is not None and is_same(row, refused.row):
                aside.append(refused)
                continue
            try:
                made.append(self._made(row))
            except BaseException as error:  # noqa: BLE001 - Whatever a package raises, the others serve.
                said = said_of(error)
                aside.append(Aside(row, said, isinstance(error, Overrun)))
                log.error("QUARANTINED: handler %s is not used: %s", row.name, said)  # noqa: TRY400 - It says it all.
        for one in self.all:
            if one not in made:
                self.let_go(one)
        self.all = tuple(made)
        self._set_aside(aside)

    def _made(self, row: HandlerRow) -> Instance:
        factory = self._factories.get(row.type)
        if factory is None:
            raise LookupError(
                f"type: there is no handler type {row.type!r} here: install its package beside Lessor, and start the "
                "engine again"
            )
        if row.isolated:
            if self._apart is None:
                raise LookupError("isolated: nothing here starts processes")
            alone: list[Instance] = []
            apart = self._apart.begin(row, lambda fault: self._begun(alone[0], fault))
            alone.append(Instance(row, dict.fromkeys(PHASES), apart))  # Which ones it has, it says when it has begun.
            return alone[0]
        with self._limit(MAKING_S):
            if row.model is not None:
                made = made_built_in(factory, row)
            else:
                made = made_of(factory, row.name, row.fields, simulated=self._simulated)
            return Instance(row, phases_of(made), families=frozenset(made.families))

    def _begun(self, one: Instance, fault: BaseException | None) -> None:
        """One with a process of its own is there, or cannot be made: whoever waits for it goes on without it."""
        if fault is None:
            assert one.apart is not None
            one.phases = dict.fromkeys(one.apart.phases)
            return
        said = TOO_SLOW_APART if isinstance(fault, Overrun) else said_of(fault)
        self.all = tuple(other for other in self.all if other is not one)
        self._changed()
        self._set_aside((*self.aside, Aside(one.row, said, isinstance(fault, Overrun))))
        log.error("QUARANTINED: handler %s is not used: %s", one.row.name, said)
        self.let_go(one)

    def _set_aside(self, aside: Iterable[Aside]) -> None:
        self.aside = tuple(aside)
        self.quarantined = tuple(Quarantined(f"handler {one.row.name}", one.said) for one in self.aside)

    def let_go(self, one: Instance) -> None:
        """It is not called any more: its process, where it has one of its own, ends."""
        if one.apart is not None and self._apart is not None:
            self._apart.end(one.apart)
