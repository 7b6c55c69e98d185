"""Leasequery of DHCPv6 by UDP: who may ask, what is a query, and what is told.  RFC 5007."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dhcpcore.pipeline.api import Assigned, StaticAssignmentHandler, Transaction6
from tests.packets6 import (
    LEASEQUERY,
    LEASEQUERY_REPLY,
    RELEASE,
    REQUEST,
    Answer6,
    address,
    ia_na,
    ia_pd,
    ip6,
    message,
    option,
    oro,
    relayed,
)
from tests.playbook6 import DUID, OFFICE, OTHER_SERVER, Client6, World6, server
from tests.requestors6 import (
    ASKS,
    BY_ADDRESS,
    BY_CLIENT,
    BY_LINK,
    BY_RELAY,
    BY_REMOTE,
    HOST,
    MAY_ASK,
    Told,
    a_lease,
    links_of,
    lq,
    put,
    query,
    told_of,
)

A, B = Client6(1), Client6(2)
MINE, PREFIX = "2001:db8:1::10", "2001:db8:f::/56"
LAB = {"prefix": "2001:db8:2::/64", "name": "lab"}
Make = Callable[..., World6]


class Gives(StaticAssignmentHandler):
    """The first client has an address and a prefix."""

    def __init__(self) -> None:
        super().__init__(3600, 7200, 1800, 3600)

    def get_assignment(self, bundle: Transaction6) -> Assigned:
        return Assigned(MINE, PREFIX) if bundle.request.client_id == A.duid else Assigned()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Make]:
    made: list[World6] = []

    def make(*subnets: Any, **fields: Any) -> World6:
        made.append(World6(tmp_path, *subnets, **{"leasequery": MAY_ASK, **fields}))
        return made[-1]

    yield make
    for one in made:
        one.close()


def ask(w: World6, data: bytes, source: str = HOST, **how: Any) -> Answer6 | None:
    return w.send(data, source=source, **{"port": 4711, "unicast": True, **how})


def answered(w: World6, data: bytes, **how: Any) -> Answer6:
    answer = ask(w, data, **how)
    assert answer is not None
    assert (answer.kind, answer.get(1), answer.get(2), answer.xid) == (
        LEASEQUERY_REPLY, ASKS.duid, DUID, b"\x07\x08\x09",
    )  # fmt: skip
    return answer


def told(w: World6, data: bytes) -> Told:
    found = told_of(answered(w, data))
    assert found is not None
    assert w.reason == "LEASE-ACTIVE"
    return found


def by_client(who: Client6 = A, **fields: Any) -> bytes:
    return query(BY_CLIENT, who.id, **fields)


def by_address(text: str, **fields: Any) -> bytes:
    return query(BY_ADDRESS, address(text), **fields)


class TestWhatIsTold:
    def test_a_clients_addresses_and_prefixes_with_what_is_left_and_when_it_was_heard(self, world: Make) -> None:
        w = world(handlers={"gives": Gives})
        w.ask(REQUEST, server(), ia_na(iaid=1), ia_pd(iaid=2), who=A)
        w.pass_(100)
        said = told(w, by_client())
        assert sorted(said.leased) == [(MINE, 4400, 7100), (PREFIX, 2150, 3500)]
        assert (said.duid, said.heard, said.others) == (A.duid, 100, [])
        assert w.commits == 1

    def test_the_subnets_preferred_lifetime_counts_and_does_not_go_below_zero(self, world: Make) -> None:
        w = world(OFFICE | {"lifetime": {"default": "2h", "preferred": 1000}})
        put(w, a_lease(w, MINE, A))
        assert told(w, by_client()).leased == [(MINE, 1000, 7200)]
        w.pass_(2000)
        assert told(w, by_client()).leased == [(MINE, 0, 5200)]

    def test_what_never_ends_is_told_so(self, world: Make) -> None:
        w = world()
        put(w, a_lease(w, MINE, A)._replace(expires=253_402_300_799))
        assert told(w, by_client()).leased == [(MINE, 0xFFFFFFFF, 0xFFFFFFFF)]

    def test_by_an_address_all_that_its_client_has_on_its_link(self, world: Make) -> None:
        w = world(OFFICE, LAB)
        put(w, a_lease(w, MINE, A), a_lease(w, "2001:db8:f::", A, plen=56, iaid=2),
            a_lease(w, "2001:db8:2::10", A, iaid=3, subnet=1), a_lease(w, "2001:db8:1::11", B))  # fmt: skip
        assert {name for name, *_ in told(w, by_address(MINE)).leased} == {MINE, PREFIX}
        assert {name for name, *_ in told(w, by_address("2001:db8:2::10")).leased} == {"2001:db8:2::10"}
        assert told(w, by_address("2001:db8:1::11")).duid == B.duid

    def test_an_address_within_a_delegated_prefix_is_of_who_has_that(self, world: Make) -> None:
        w = world()
        put(w, a_lease(w, "2001:db8:f::", A, plen=56))
        assert told(w, by_address("2001:db8:f:12::77")).leased == [(PREFIX, 4500, 7200)]
        assert told_of(answered(w, by_address("2001:db8:f:100::"))) is None

    def test_an_address_that_its_client_had_says_nothing_of_what_it_has(self, world: Make) -> None:
        w = world()
        put(w, a_lease(w, MINE, A, expires=-1), a_lease(w, "2001:db8:1::11", A, iaid=2))
        assert answered(w, by_address(MINE)).codes == [2, 1]
        assert told(w, by_address("2001:db8:1::11")).leased == [("2001:db8:1::11", 4500, 7200)]

    def test_options_that_leases_do_not_keep_are_not_told_though_asked_for(self, world: Make) -> None:
        w = world()
        put(w, a_lease(w, MINE, A, agent=option(18, b"p")))
        assert told(w, query(BY_CLIENT, A.id, oro(47, 18, 23))).others == []

    @pytest.mark.parametrize("how", ["released", "over", "nobody's", "another's"])
    def test_where_there_is_nothing_the_reply_is_empty(self, world: Make, how: str) -> None:
        w = world()
        if how != "nobody's":
            fields = {"released": {"state": 2}, "over": {"expires": -1}, "another's": {}}[how]
            put(w, a_lease(w, MINE, B if how == "another's" else A, **fields))  # type: ignore[arg-type]
        answer = answered(w, by_client())
        assert (answer.codes, w.reason) == ([2, 1], "LEASE-UNKNOWN")
        if how != "another's":
            assert answered(w, by_address(MINE)).codes == [2, 1]

    def test_a_duid_that_begins_as_anothers_is_another(self, world: Make) -> None:
        w = world()
        longer = a_lease(w, "2001:db8:1::11", B)
        key = b"\2" + bytes((len(A.duid) + 1,)) + A.duid + b"\0" + bytes(4)
        put(w, a_lease(w, MINE, A), longer._replace(client=key))
        assert told(w, by_client()).leased == [(MINE, 4500, 7200)]

    def test_what_a_client_gives_back_in_the_same_batch_is_told_as_it_is_committed(self, world: Make) -> None:
        w = world(handlers={"gives": Gives})
        w.ask(REQUEST, server(), ia_na(), who=A)
        gives_back = w.datagram(message(RELEASE, A.id, server(), ia_na(address(MINE))))
        left = w.batch(gives_back, w.datagram(by_address(MINE), source=HOST, port=4711, unicast=True))
        assert w.reasons == ["LEASE-ACTIVE", "REPLY-RELEASED"]
        assert any(ip6(MINE) in one.payload and one.route.port == 4711 for one in left)
        assert answered(w, by_address(MINE)).codes == [2, 1]


class TestLinks:
    def test_a_client_of_several_is_told_by_its_links_and_then_asked_for_by_one(self, world: Make) -> None:
        w = world(OFFICE, LAB)
        put(w, a_lease(w, MINE, A), a_lease(w, "2001:db8:2::10", A, iaid=2, subnet=1))
        answer = answered(w, by_client())
        assert (told_of(answer), w.reason) == (None, "LEASE-ACTIVE")
        assert sorted(links_of(answer)) == ["2001:db8:1::", "2001:db8:2::"]
        for link, mine in (("2001:db8:1::", MINE), ("2001:db8:2::", "2001:db8:2::10"), ("2001:db8:2::fe", None)):
            assert [one for one, *_ in told(w, by_client(link=link)).leased] == [mine or "2001:db8:2::10"]

    def test_subnets_that_share_a_link_are_one(self, world: Make) -> None:
        w = world({**OFFICE, "shared_network": "floor"}, {**LAB, "shared_network": "floor"},
                  shared_networks=[{"name": "floor"}])  # fmt: skip
        put(w, a_lease(w, MINE, A), a_lease(w, "2001:db8:2::10", A, iaid=2, subnet=1))
        assert len(told(w, by_client()).leased) == 2

    def test_of_another_link_nothing_is_told(self, world: Make) -> None:
        w = world(OFFICE, LAB)
        put(w, a_lease(w, MINE, A))
        assert answered(w, by_client(link="2001:db8:2::")).codes == [2, 1]
        assert answered(w, by_address(MINE, link="2001:db8:2::")).codes == [2, 1]

    def test_a_link_that_no_subnet_is_of_is_not_configured(self, world: Make) -> None:
        w = world()
        assert answered(w, by_client(link="2001:db8:9::")).status == 9
        assert w.reason == "STATUS-LEASEQUERY"

    def test_a_lease_of_a_subnet_that_is_no_more_is_told_with_no_link(self, world: Make) -> None:
        w = world()
        put(w, a_lease(w, "2001:db8:7::1", A, subnet=9), a_lease(w, MINE, A, iaid=2))
        assert links_of(answered(w, by_client())) == ["2001:db8:1::"]
        assert told(w, by_address("2001:db8:7::1")).leased == [("2001:db8:7::1", 4500, 7200)]

    def test_another_lease_space_is_asked_for_by_a_link_of_it(self, world: Make) -> None:
        w = world(OFFICE, {**LAB, "space": 7})
        put(w, a_lease(w, "2001:db8:2::10", A, subnet=1, space=7))
        assert answered(w, by_client()).codes == [2, 1]
        assert told(w, by_client(link="2001:db8:2::1")).leased == [("2001:db8:2::10", 4500, 7200)]


class TestWhoMayAsk:
    def test_the_answer_goes_to_where_it_came_from(self, world: Make) -> None:
        w = world()
        (left,) = w.batch(w.datagram(by_client(), source=HOST, port=4711, unicast=True))
        assert (left.route.address, left.route.port) == (ip6(HOST), 4711)

    def test_by_multicast_as_well(self, world: Make) -> None:
        w = world()
        put(w, a_lease(w, MINE, A))
        assert told_of(answered(w, by_client(), unicast=False)) is not None

    @pytest.mark.parametrize(("listed", "admitted"), [
        ("2001:db8:ffff::/64", True), ("2001:db8:ffff::2", True), ("2001:db8:ffff::3", False), ("192.0.2.0/24", False),
        ("2001:db8:fffe::/64", False)])  # fmt: skip
    def test_who_is_not_listed_is_told_that_it_is_not_allowed(self, world: Make, listed: str, admitted: bool) -> None:
        w = world(leasequery={"enabled": True, "requestors": [listed]})
        put(w, a_lease(w, MINE, A))
        answer = answered(w, by_client())
        assert (answer.status, told_of(answer) is not None) == ((None, True) if admitted else (10, False))
        assert w.reason == ("LEASE-ACTIVE" if admitted else "STATUS-LEASEQUERY")

    def test_where_it_is_not_enabled_nobody_is_answered(self, world: Make) -> None:
        w = world(leasequery={"enabled": False, "requestors": [HOST]})
        assert ask(w, by_client()) is None
        assert w.reason == "LEASEQUERY-REFUSED"

    def test_what_a_relay_forwards_is_of_whom_it_names(self, world: Make) -> None:
        w = world(leasequery={"enabled": True, "requestors": [HOST, "2001:db8:ffff::9"]})
        put(w, a_lease(w, MINE, A))
        for peer, status in (("2001:db8:ffff::9", None), ("2001:db8:1::66", 10), ("fe80::66", 10)):
            answer = answered(w, relayed(by_client(), link="2001:db8:1::1", peer=peer), port=547)
            assert answer.status == status
            assert len(answer.relays) == 1
        answer = answered(w, relayed(by_client(), link="2001:db8:1::1", peer=HOST), source="2001:db8:1::1", port=547)
        assert answer.status == 10

    def test_handlers_are_not_asked_about_it(self, world: Make) -> None:
        w = world(handlers={"gives": Gives})
        assert answered(w, by_client()).codes == [2, 1]


class TestWhatIsNoQuery:
    @pytest.mark.parametrize(
        ("data", "status"),
        [
            (query(BY_RELAY, option(53, A.duid)), 10),
            (query(BY_LINK, link="2001:db8:1::"), 10),
            (query(BY_REMOTE, option(37, b"\0\0\0\x09a")), 10),
            (query(0), 7),
            (query(6), 7),
            (query(255, A.id), 7),
            (query(BY_ADDRESS), 8),
            (query(BY_ADDRESS, A.id), 8),
            (query(BY_ADDRESS, option(5, ip6(MINE))), 8),
            (query(BY_CLIENT), 8),
            (query(BY_CLIENT, option(1, b"ab")), 8),
            (query(BY_CLIENT, option(1, bytes(131))), 8),
            (query(BY_CLIENT, b"\0\1\0"), 8),
            (query(BY_CLIENT, struct.pack("!HH", 1, 200) + A.duid), 8),
            (message(LEASEQUERY, ASKS.id, xid=b"\x07\x08\x09"), 8),
            (message(LEASEQUERY, ASKS.id, option(44, bytes(16)), xid=b"\x07\x08\x09"), 8),
        ],
        ids=["relay-id", "link", "remote-id", "type 0", "type 6", "type 255", "no address", "another option", "short",
             "no client", "short id", "long id", "no option", "cut off", "no query", "short query"],
    )  # fmt: skip
    def test_it_is_answered_with_a_status(self, world: Make, data: bytes, status: int) -> None:
        w = world()
        answer = answered(w, data)
        assert (answer.status, answer.codes, w.reason) == (status, [2, 1, 13], "STATUS-LEASEQUERY")

    def test_without_a_duid_or_for_another_server_it_is_not_answered(self, world: Make) -> None:
        w = world()
        assert ask(w, message(LEASEQUERY, lq(BY_CLIENT, A.id))) is None
        assert w.reason == "INVALID-MESSAGE"
        assert ask(w, message(LEASEQUERY, ASKS.id, server(OTHER_SERVER), lq(BY_CLIENT, A.id))) is None
        assert w.reason == "OTHER-SERVER"
        assert ask(w, message(LEASEQUERY, ASKS.id, server(), lq(BY_CLIENT, A.id))) is not None

    def test_answers_are_no_queries(self, world: Make) -> None:
        w = world()
        for kind in (15, 16, 17):
            assert ask(w, message(kind, ASKS.id, lq(BY_CLIENT, A.id))) is None
            assert w.reason == "NOT-A-REQUEST"
