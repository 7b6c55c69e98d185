"""`max_leases` of subnets and pools: never more, also with two engines, and a place that is given back is one again."""

from collections.abc import Callable

from tests.packets4 import ACK, NAK, REQUEST, client
from tests.playbook import OFFICE, SERVER, Policy, World, assignment, pool, subnet, traces

Make = Callable[..., World]
FIRST, LAST = "192.0.2.100", "192.0.2.149"


def limited(world: Make, *, subnet_limit: int = 0, pool_limit: int = 0, **fields: object) -> World:
    house = subnet(OFFICE, pool(FIRST, LAST, max_leases=pool_limit), pool("192.0.2.200", "192.0.2.209"),
                   lifetime=3600, policy=Policy(max_leases=subnet_limit))  # fmt: skip
    return world(house, **fields)


def counter(w: World) -> list[tuple[int, int]]:
    return w.sql.execute("SELECT kind, held FROM lease_count").fetchall()


def test_a_subnet_has_no_more_leases_than_its_limit(world: Make) -> None:
    w = limited(world, subnet_limit=3)
    for n in range(3):
        w.lease(client(n))
    assert w.discover(client(9)) is None
    assert w.reason == "LIMIT-REACHED"
    assert counter(w) == [(1, 3)]


def test_without_a_limit_it_has_and_nothing_is_counted(world: Make) -> None:
    w = limited(world)
    for n in range(5):
        w.lease(client(n))
    assert counter(w) == []


def test_who_has_a_lease_goes_on(world: Make) -> None:
    w = limited(world, subnet_limit=1)
    w.lease(client(1))
    w.pass_(1800)
    assert w.renew(client(1), FIRST).kind == ACK
    assert w.lease(client(1)).kind == ACK
    assert counter(w) == [(1, 1)]


def test_a_full_pool_is_stepped_over(world: Make) -> None:
    w = limited(world, pool_limit=2)
    assert [w.lease(client(n)).yiaddr for n in range(3)] == [FIRST, "192.0.2.101", "192.0.2.200"]


def test_a_request_beyond_the_limit_is_refused_by_name(world: Make) -> None:
    w = limited(world, subnet_limit=1)
    w.lease(client(1))
    assert w.select(client(2), "192.0.2.120").kind == NAK
    assert w.reason == "NAK-LIMIT"
    assert "Its subnet has as many leases as it may have." in list(traces(w))


def test_of_two_in_one_batch_one_is_refused(world: Make) -> None:
    w = limited(world, subnet_limit=2)
    w.lease(client(0))
    packets = [w.packet(REQUEST, client(n), requested=f"192.0.2.{110 + n}", server=SERVER) for n in (1, 2, 3)]
    assert sorted(answer.kind for answer in w.send(*packets)) == [ACK, NAK, NAK]
    assert w.reasons == ["ACK-NEW", "NAK-LIMIT", "NAK-LIMIT"]
    assert counter(w) == [(1, 2)]


def test_of_two_engines_that_both_saw_the_last_place_one_gives_it_out(world: Make) -> None:
    w = limited(world, subnet_limit=1, engines=2)
    w.nodes[1].store.before_commit.append(lambda: w.select(client(1), "192.0.2.110", by=0))
    assert w.select(client(2), "192.0.2.120", by=1).kind == NAK
    assert w.reason == "NAK-LIMIT"
    assert w.row("192.0.2.120") is None
    assert counter(w) == [(1, 1)]


def test_a_released_place_is_free_at_once_and_an_ended_one_when_it_is_swept(world: Make) -> None:
    w = limited(world, subnet_limit=1)
    w.lease(client(1))
    w.release(client(1), FIRST)
    assert w.lease(client(2)).kind == ACK
    w.pass_(3601)
    assert w.discover(client(3)) is None
    w.sweep()
    assert w.discover(client(3)) is not None


def test_a_declined_address_takes_no_place(world: Make) -> None:
    w = limited(world, subnet_limit=1)
    w.lease(client(1))
    w.decline(client(1), FIRST)
    assert w.lease(client(1)).yiaddr == "192.0.2.101"


def test_a_client_that_moves_inside_its_subnet_takes_no_second_place(world: Make) -> None:
    w = limited(world, subnet_limit=1)
    w.lease(client(1))
    w.pass_(60)
    assert w.select(client(1), "192.0.2.120").kind == ACK
    assert counter(w) == [(1, 1)]


def test_an_assigned_address_counts_as_well(world: Make) -> None:
    w = limited(world, subnet_limit=1)
    w.install(assignments=[assignment(w.subnets[0], "192.0.2.10", hw=client(7).hw)])
    w.lease(client(1))
    assert w.discover(client(7)) is None
    assert w.reason == "LIMIT-REACHED"


def test_leases_from_before_the_limit_count(world: Make) -> None:
    w = limited(world)
    for n in range(3):
        w.lease(client(n))
    house = w.subnets[0]
    w.install(subnet(OFFICE, *house.pools, subnet_id=house.subnet_id, lifetime=3600, policy=Policy(max_leases=3)))
    assert w.select(client(9), "192.0.2.120").kind == NAK
    w.release(client(0), FIRST)
    assert w.lease(client(9)).kind == ACK


def test_a_wrong_count_is_put_right_within_a_minute(world: Make) -> None:
    w = limited(world, subnet_limit=2)
    w.lease(client(1))
    w.sql.execute("UPDATE lease_count SET held = 2")
    assert w.discover(client(2)) is None
    w.pass_(59)
    w.sweep()
    assert counter(w) == [(1, 2)]
    w.pass_(2)
    w.sweep()
    assert counter(w) == [(1, 1)]
    assert w.lease(client(2)).kind == ACK
