"""What /metrics tells of the engine and of the leases: each family is a row, and says where its values come from.

Nothing is kept here: the engine counts, and is asked when somebody scrapes.  An engine or a database that is away is a
value of its own, never an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from app.services.appliance import Appliance
from app.services.subnets import Overview
from dhcpcore.control import ControlRefused, EngineAway
from dhcpcore.errors import StoreError
from dhcpcore.version import __version__

#: Values of one family at most: Prometheus keeps each as a series of its own.
VALUES_MAX = 20_000
_Values = Iterable[tuple[tuple[str, ...], float]]


@dataclass(frozen=True, slots=True)
class Family:
    """One family: ``read`` gives its values, each with those of ``labels``."""

    name: str
    text: str
    read: Callable[[Any], _Values]
    labels: tuple[str, ...] = ()
    kind: type[GaugeMetricFamily | CounterMetricFamily] = GaugeMetricFamily

    def of(self, told: Any) -> Metric:
        """The family with its values."""
        made = self.kind(self.name, self.text, labels=self.labels)
        for number, (labels, value) in enumerate(self.read(told)):
            if number == VALUES_MAX:
                break
            made.add_metric(labels, value)
        return made


def _one(*path: str) -> Callable[[Mapping[str, Any]], _Values]:
    """The value at that place; none where it is missing or not known yet."""
    def read(told: Mapping[str, Any]) -> _Values:
        value: Any = told
        for name in path:
            value = value.get(name) if isinstance(value, Mapping) else None
        return () if value is None else (((), float(value)),)
    return read


def _by_name(name: str) -> Callable[[Mapping[str, Any]], _Values]:
    return lambda told: [((label,), float(count)) for label, count in told.get(name, {}).items()]


def _messages(told: Mapping[str, Any]) -> _Values:
    return [((kind, reason), float(count)) for kind, reasons in told.get("types", {}).items()
            for reason, count in reasons.items()]


def _pools(value: str) -> Callable[[Overview], _Values]:
    def read(overview: Overview) -> _Values:
        for subnet in overview.subnets:
            for pool in subnet.pools:
                yield (subnet.name, subnet.prefix, pool.first, pool.last), float(getattr(pool, value))
    return read


#: Of the engine's status.
STATUS = (
    Family("lessor_engine_info", "1, with the engine's version and host.",
           lambda told: [((str(told.get("version", "")), str(told.get("host", ""))), 1.0)], ("version", "host")),
    Family("lessor_engine_ready", "1 where the engine answers clients, 0 where it waits for something.", _one("ready")),
    Family("lessor_engine_start_time_seconds", "When the engine started, in Unix time.", _one("started_at")),
    Family("lessor_engine_revision", "The revision of the definitions that the engine serves.", _one("revision")),
    Family("lessor_engine_quarantined", "Definitions that the engine could not use.",
           lambda told: [((), float(len(told.get("quarantined", ()))))]),
    Family("lessor_engine_offers", "Addresses held for clients that were offered them.", _one("offers_under_way")),
    Family("lessor_engine_suspended", "Transactions that wait for the answer to a probe.", _one("suspended")),
    Family("lessor_engine_clock_offset_seconds", "How far the database's clock is ahead of the engine's.",
           _one("clock", "offset_s")),
    Family("lessor_engine_clock_uncertainty_seconds", "How exactly that is known; beyond 5 the engine does not answer.",
           _one("clock", "uncertainty_s")),
    Family("lessor_engine_clock_suspect", "1 where the clock stepped and nobody has confirmed it.",
           _one("clock", "suspect")),
)
#: Of the engine's counters, since its start.
COUNTED = (
    Family("lessor_messages", "Messages by type and by what became of them.", _messages, ("type", "reason"),
           CounterMetricFamily),
    Family("lessor_batches", "Batches that the engine worked on.", _one("batches"), (), CounterMetricFamily),
    Family("lessor_rows_committed", "Rows of leases and history committed to the database.", _one("rows_committed"), (),
           CounterMetricFamily),
    Family("lessor_events", "What is no message: ended leases swept, answers that could not be sent.",
           _by_name("events"), ("event",), CounterMetricFamily),
)
_POOL = ("subnet", "prefix", "first", "last")
#: Of the subnets and pools, as the pages count them.
USE = (
    Family("lessor_revision", "The published revision of the definitions.", lambda told: [((), float(told.revision))]),
    Family("lessor_leases_held", "Leases that are held, by subnet.",
           lambda told: [((one.name, one.prefix), float(one.held)) for one in told.subnets], ("subnet", "prefix")),
    Family("lessor_pool_addresses", "Addresses (or prefixes) of a pool.", _pools("size"), _POOL),
    Family("lessor_pool_held", "Addresses of a pool that are held.", _pools("held"), _POOL),
    Family("lessor_pool_declined", "Addresses of a pool that are on probation after a DECLINE.", _pools("declined"),
           _POOL),
)


class ApplianceCollector(Collector):
    """Asks the engine and counts leases when somebody scrapes."""

    def __init__(self, appliance: Appliance, overview: Callable[[], Overview]) -> None:
        self._appliance = appliance
        self._overview = overview

    def collect(self) -> Iterator[Metric]:
        """Every family that there is something to say of."""
        yield Family("lessor_info", "1, with the version of the web process.",
                     lambda version: [((version,), 1.0)], ("version",)).of(__version__)
        yield from self._engine()
        yield from self._database()

    def _engine(self) -> Iterator[Metric]:
        engine = self._appliance.engine
        try:
            status, counted = engine.call("status"), engine.call("statistics")
        except (EngineAway, ControlRefused):
            status = counted = None
        yield _up("lessor_engine_up", "1 where the engine answers at its control socket.", status is not None)
        if status is not None:
            yield from (family.of(status) for family in STATUS)
            yield from (family.of(counted) for family in COUNTED)

    def _database(self) -> Iterator[Metric]:
        try:
            overview = self._overview()
        except StoreError:
            overview = None
        yield _up("lessor_database_up", "1 where the database answers the web process.", overview is not None)
        if overview is not None:
            yield from (family.of(overview) for family in USE)


def _up(name: str, text: str, up: bool) -> Metric:
    return GaugeMetricFamily(name, text, value=float(up))
