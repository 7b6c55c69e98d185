import random

import pytest
from sqlalchemy import delete, update

from dhcpcore.lease.model import State
from dhcpcore.store import lease_orders
from dhcpcore.store.lease_orders import ORDERS, Room
from dhcpcore.store.queries import LeaseFilter, Span
from dhcpcore.store.schema import lease
from tests.dhcpcore.store.test_queries import NOW, fill, row


def some(count=60):
    """Rows with many equal values, and some that have none."""
    dice = random.Random(7)
    made = []
    for n in range(count):
        one = row(n, expires=NOW + dice.choice((10, 20, 30, 40, n)), subnet=n % 2,
                  hostname=dice.choice(("", "Alpha", "alpha", "BETA", f"host-{n}")))
        made.append(one._replace(cltt=NOW - dice.randrange(5), hw=dice.choice((b"", one.hw, b"\1\xff"))))
    return made


def expected(rows, name, *, descending):
    """What a person would write: by value, those without last, equal ones by address."""
    order = ORDERS[name]

    def value(one):
        found = getattr(one, order.column)
        return found.lower() if isinstance(found, str) else found

    present = [one for one in rows if value(one) != order.absent]
    by_key = sorted(present, key=lambda one: one.key)
    return (sorted(by_key, key=value, reverse=descending)
            + sorted((one for one in rows if value(one) == order.absent), key=lambda one: one.key))


def pages(database, wanted, name, limit, *, descending):
    after = None
    while True:
        with database.reader() as connection:
            found, after = lease_orders.ordered(connection, wanted, ORDERS[name], after, limit, descending=descending)
        assert len(found) <= limit
        yield found
        if after is None:
            return


@pytest.mark.parametrize("ends", [3, 40, 2000])
def test_pages_of_any_order_have_each_row_once(database, monkeypatch, ends):
    monkeypatch.setattr(lease_orders, "_ENDS", ends)
    rows = some()
    fill(database, *rows)
    for name in ORDERS:
        for descending in (False, True):
            for limit in (1, 7, 60, 100):
                found = [one for page in pages(database, LeaseFilter(), name, limit, descending=descending)
                         for one in page]
                assert found == expected(rows, name, descending=descending), (name, descending, limit)


@pytest.mark.parametrize("name", ORDERS)
def test_filters_hold_in_every_order(database, name):
    rows = [*some(), row(100, state=State.RELEASED, hostname="gone")]
    fill(database, *rows)

    def found(**fields):
        return {one.address[-1] for page in pages(database, LeaseFilter(**fields), name, 9, descending=True)
                for one in page}

    assert found(subnet=1) == {*range(1, 60, 2), 100}
    assert found(state=int(State.RELEASED)) == {100}
    assert found(text="ALPHA") == {one.address[-1] for one in rows if one.hostname.lower() == "alpha"}
    assert found(address=rows[3].address) == {3}
    assert found(span=Span(0, 4, rows[5].address, rows[9].address)) == {5, 6, 7, 8, 9}
    assert found(identities=(rows[4].client,)) == {4}
    assert found(text="nobody") == set()


def test_a_cursor_holds_while_rows_come_and_go(database):
    fill(database, *(row(n, expires=NOW + n) for n in range(0, 40, 2)))
    following = pages(database, LeaseFilter(), "expires_at", 5, descending=False)
    first = next(following)
    assert [one.expires - NOW for one in first] == [0, 2, 4, 6, 8]
    fill(database, row(1, expires=NOW + 1), row(9, expires=NOW + 9))
    with database.writer() as connection:
        connection.execute(delete(lease).where(lease.c.expires == NOW + 8))  # The one that the page ended with.
        connection.execute(update(lease).where(lease.c.expires == NOW + 2).values(expires=NOW + 100))
    rest = [one.expires - NOW for page in following for one in page]
    assert rest == [9, *range(10, 40, 2), 100], "what came behind is there, what came before is not told twice"


def test_more_rows_than_a_page_may_read_are_seen(database, monkeypatch):
    monkeypatch.setattr(lease_orders, "ROWS_MAX", 5)
    fill(database, *(row(n) for n in range(6)))
    with database.reader() as connection:
        assert Room().too_many(connection, LeaseFilter(), NOW)
        assert not Room().too_many(connection, LeaseFilter(address=row(3).address), NOW)
        assert not Room().too_many(connection, LeaseFilter(span=Span(0, 4, row(1).address, row(5).address)), NOW)


def test_that_there_are_few_is_believed_for_a_while_and_that_there_are_many_is_not(database, monkeypatch):
    monkeypatch.setattr(lease_orders, "ROWS_MAX", 5)
    room, part = Room(), LeaseFilter(span=Span(0, 4, row(0).address, row(5).address))
    fill(database, *(row(n) for n in range(5)))
    with database.reader() as connection:
        assert not room.too_many(connection, part, NOW)
        assert not room.too_many(connection, LeaseFilter(), NOW)
    fill(database, row(5))
    with database.reader() as connection:
        assert not room.too_many(connection, LeaseFilter(), NOW + 19)
        assert room.too_many(connection, part, NOW + 19), "of a range it is counted each time"
        assert room.too_many(connection, LeaseFilter(), NOW + 21)
    with database.writer() as connection:
        connection.execute(delete(lease).where(lease.c.address == row(5).address))
    with database.reader() as connection:
        assert not room.too_many(connection, LeaseFilter(), NOW + 21)


@pytest.mark.parametrize(("part", "known"), [("host-1", True), ("host", True), ("host-17", False), ("nobody", False)])
def test_a_bound_is_found_wherever_enough_rows_at_the_ends_are_wanted(database, monkeypatch, part, known):
    monkeypatch.setattr(lease_orders, "_ENDS", 5)
    monkeypatch.setattr(lease_orders, "_WIDER", 4)
    rows = [row(n, expires=NOW + (n * 7) % 200, hostname=f"host-{n}") for n in range(200)]
    fill(database, *rows)
    wanted, seen = LeaseFilter(text=part), []
    bound = lease_orders._bound

    def watched(*given):
        seen.append(bound(*given))
        return seen[-1]

    monkeypatch.setattr(lease_orders, "_bound", watched)
    found = [one for page in pages(database, wanted, "expires_at", 5, descending=True) for one in page]
    assert found == expected([one for one in rows if part in one.hostname], "expires_at", descending=True)
    assert (seen[0] is not None) == known
