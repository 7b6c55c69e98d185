import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from app.services import metrics, subnets
from app.services.metrics import ApplianceCollector
from dhcpcore.control import ControlRefused
from dhcpcore.errors import StoreUnavailable
from tests.app.people import EngineThatAnswers, EngineThatIsAway, appliance
from tests.app.site import fill

STATUS = {"version": "1", "host": "h", "ready": True, "started_at": 100.0, "revision": 1, "offers_under_way": 3,
          "suspended": 2, "quarantined": [{"place": "p", "fault": "f"}],
          "clock": {"offset_s": 0.5, "uncertainty_s": None, "suspect": False}}
COUNTED = {"started_at": 100.0, "received": 14, "types": {"DISCOVER": {"OFFER": 12, "NO-POOL": 2}},
           "batches": 5, "rows_committed": 9, "events": {"swept": 4, "send-failed": 1}}


def scraped(database, engine, overview=None):
    here = appliance(database, engine)
    registry = CollectorRegistry()
    registry.register(ApplianceCollector(here, overview or (lambda: subnets.overview(here))))
    text = generate_latest(registry).decode()
    return {(sample.name, *sorted(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text) for sample in family.samples}


def test_engine_counters_by_type_and_reason(sqlite_database):
    told = scraped(sqlite_database, EngineThatAnswers(status=STATUS, statistics=COUNTED))
    assert told["lessor_engine_up",] == told["lessor_engine_ready",] == 1
    assert told["lessor_messages_total", ("reason", "OFFER"), ("type", "DISCOVER")] == 12
    assert told["lessor_messages_total", ("reason", "NO-POOL"), ("type", "DISCOVER")] == 2
    assert (told["lessor_batches_total",], told["lessor_rows_committed_total",]) == (5, 9)
    assert told["lessor_events_total", ("event", "swept")] == 4
    assert (told["lessor_engine_suspended",], told["lessor_engine_offers",]) == (2, 3)
    assert (told["lessor_engine_quarantined",], told["lessor_engine_clock_offset_seconds",]) == (1, 0.5)
    # What is not known is not told.
    assert ("lessor_engine_clock_uncertainty_seconds",) not in told


def test_pools_and_leases_by_subnet(sqlite_database):
    fill(sqlite_database)
    told = scraped(sqlite_database, EngineThatIsAway())
    pool = ("first", "192.0.2.10"), ("last", "192.0.2.19"), ("prefix", "192.0.2.0/24"), ("subnet", "office")
    assert (told["lessor_pool_addresses", *pool], told["lessor_pool_held", *pool],
            told["lessor_pool_declined", *pool]) == (10, 9, 1)
    assert told["lessor_leases_held", ("prefix", "192.0.2.0/24"), ("subnet", "office")] == 10
    assert told["lessor_database_up",] == told["lessor_revision",] == 1


@pytest.mark.parametrize("engine", [EngineThatIsAway(), EngineThatAnswers(status=ControlRefused("busy", "Busy."))])
def test_an_engine_that_is_away_is_a_value_and_the_rest_is_told(sqlite_database, engine):
    told = scraped(sqlite_database, engine)
    assert (told["lessor_engine_up",], told["lessor_database_up",]) == (0, 1)
    assert not any(name.startswith(("lessor_messages", "lessor_engine_ready")) for name, *_ in told)


def test_a_database_that_is_away_is_a_value_and_the_rest_is_told(sqlite_database):
    def away():
        raise StoreUnavailable("The database does not answer.")

    told = scraped(sqlite_database, EngineThatAnswers(status=STATUS, statistics=COUNTED), away)
    assert (told["lessor_engine_up",], told["lessor_database_up",]) == (1, 0)
    assert not any(name.startswith("lessor_pool") for name, *_ in told)


def test_a_family_is_bounded(sqlite_database, monkeypatch):
    fill(sqlite_database)
    monkeypatch.setattr(metrics, "VALUES_MAX", 1)
    told = scraped(sqlite_database, EngineThatAnswers(status=STATUS, statistics=COUNTED))
    assert sum(name == "lessor_messages_total" for name, *_ in told) == 1


def test_a_name_with_quotes_and_line_ends_stays_one_label(sqlite_database):
    counted = {**COUNTED, "events": {'a"b\n\\c': 1}}
    told = scraped(sqlite_database, EngineThatAnswers(status=STATUS, statistics=counted))
    assert told["lessor_events_total", ("event", 'a"b\n\\c')] == 1
