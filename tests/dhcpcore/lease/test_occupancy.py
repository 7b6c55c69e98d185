"""The occupancy hint against a plain model: no address twice, none lost, former ones kept back."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dhcpcore.lease.facts import PAGE_SIZE, Page, PageRow
from dhcpcore.lease.model import KIND_ADDRESS4, KIND_ADDRESS6, KIND_PREFIX6, Lease, State
from dhcpcore.lease.occupancy import RANGE_MAX, RangeView, view_of
from dhcpcore.lease.sparse import Found, SparseView, sequence
from dhcpcore.topology.snapshot import Pool

NOW = 1_000_000
GRACE = 30
FIRST = bytes((10, 0, 0, 0))
CLIENT = b"\x00\x01client"
ALONE = (0, 1)


def pool(size: int, pool_id: int = 1, allocator: str = "lowest", excluded: tuple[tuple[int, int], ...] = ()) -> Pool:
    first = int.from_bytes(FIRST, "big")
    spans = tuple((address(low), address(high)) for low, high in excluded)
    return Pool(
        pool_id, KIND_ADDRESS4, FIRST, (first + size - 1).to_bytes(4, "big"), 32, excluded=spans, allocator=allocator
    )


def address(offset: int) -> bytes:
    return (int.from_bytes(FIRST, "big") + offset).to_bytes(4, "big")


def offset(octets: bytes) -> int:
    return int.from_bytes(octets, "big") - int.from_bytes(FIRST, "big")


@dataclass
class Table:
    """The rows and assignments of a pool as a database has them."""

    size: int
    rows: dict[int, tuple[int, int]] = field(default_factory=dict)  #: Offset to state and end.
    assigned: set[int] = field(default_factory=set)
    reads: int = 0
    excluded: set[int] = field(default_factory=set)

    def page(self, page: Page) -> list[PageRow]:
        self.reads += 1
        first, last = offset(page.first), offset(page.last)
        found = [
            PageRow(address(at), state, expires, False)
            for at, (state, expires) in self.rows.items()
            if first <= at <= last
        ]
        return found + [PageRow(address(at), 0, 0, True) for at in self.assigned if first <= at <= last]

    def free_at(self, at: int) -> float:
        if at in self.assigned | self.excluded:
            return float("inf")
        if at not in self.rows:
            return float("-inf")
        state, expires = self.rows[at]
        return expires + (0 if state == State.DECLINED else GRACE)

    def lease(self, at: int) -> Lease:
        state, expires = self.rows[at]
        return Lease(0, 4, address(at), 32, b"c", b"", state, expires, 0, 1, 1, 1, "", b"", b"")


def find(
    view: RangeView, table: Table, now: float = NOW, share: tuple[int, int] = ALONE, *, reclaim: bool = True
) -> Found | None:
    """As a transaction does: load pages until the view has an answer."""
    for _ in range(view.pages + 3):
        found = view.find(now, share, CLIENT, sequence(), reclaim=reclaim)
        if found is None or isinstance(found, Found):
            return found
        for page in found:
            view.load(page.number, table.page(page), now)
    raise AssertionError("the view asks for pages without end")


def drain(view: RangeView, table: Table, now: float = NOW, share: tuple[int, int] = ALONE) -> list[int]:
    """Everything that it will give, each put on offer as it comes."""
    taken = []
    while (found := find(view, table, now, share)) is not None:
        taken.append(offset(found.key[2]))
        view.hold(found.key[2])
        assert len(taken) <= table.size, "more addresses than the pool has"
    return taken


SIZES = [1, 2, 5, PAGE_SIZE - 1, PAGE_SIZE, PAGE_SIZE + 1, 2 * PAGE_SIZE, 3 * PAGE_SIZE + 7]


@pytest.mark.parametrize("size", SIZES)
def test_an_empty_pool_gives_every_address_once_the_lowest_first(size: int) -> None:
    view = RangeView(pool(size), 0, GRACE)
    assert drain(view, Table(size)) == list(range(size))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("count", [2, 3, 7])
def test_the_shares_of_several_engines_are_apart_and_make_up_the_pool(size: int, count: int) -> None:
    table = Table(size)
    firsts = []
    for index in range(count):
        view = RangeView(pool(size), 0, GRACE)
        own = []
        for _ in range(len(range(index, size, count))):
            found = find(view, table, share=(index, count))
            assert found is not None
            view.hold(found.key[2])
            own.append(offset(found.key[2]))
        assert own == list(range(index, size, count))
        firsts += own
        rest = drain(view, table, share=(index, count))
        assert sorted(own + rest) == list(range(size)), "then it takes of the others' shares"
    assert sorted(firsts) == list(range(size))


def test_a_share_for_which_the_pool_is_too_small_takes_of_the_others_at_once() -> None:
    assert drain(RangeView(pool(2), 0, GRACE), Table(2), share=(5, 7)) == [0, 1]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("allocator", ["hashed", "random"])
def test_every_allocator_gives_every_address_once(size: int, allocator: str) -> None:
    view = RangeView(pool(size, allocator=allocator), 0, GRACE)
    taken = drain(view, Table(size))
    assert sorted(taken) == list(range(size))
    assert size < 100 or taken != sorted(taken), "and not from the lowest on"


@pytest.mark.parametrize("size", SIZES)
def test_the_share_in_use_is_exact_once_every_page_is_known(size: int) -> None:
    rows = dict.fromkeys(range(0, size, 2), (State.LEASED, NOW + 50))
    holes = ((size - 1, size - 1),) if size > 1 else ()
    table = Table(size, rows, excluded={at for at, _ in holes})
    view = RangeView(pool(size, excluded=holes), 0, GRACE)
    while not isinstance(used := view.used(NOW), float):
        assert 1 <= len(used) <= 4
        for page in used:
            view.load(page.number, table.page(page), NOW)
    given = [at for at in range(size) if at not in table.excluded]
    assert used == pytest.approx(sum(at in rows for at in given) / len(given))
    assert view.used(NOW, roughly=True) == used


def test_of_unknown_pages_the_share_in_use_is_judged_by_the_known_ones() -> None:
    view = RangeView(pool(2 * PAGE_SIZE), 0, GRACE)
    assert view.used(NOW, roughly=True) == 0.0
    table = Table(2 * PAGE_SIZE, dict.fromkeys(range(PAGE_SIZE), (State.LEASED, NOW + 50)))
    view.load(0, table.page(view.page(0)), NOW)
    assert view.used(NOW, roughly=True) == 1.0
    assert not isinstance(view.used(NOW), float)


ROWS = st.dictionaries(
    st.integers(0, 39),
    st.tuples(st.sampled_from([int(state) for state in State]), st.integers(NOW - 3 * GRACE, NOW + 3 * GRACE)),
    max_size=40,
)
SHARES = st.integers(1, 4).flatmap(lambda count: st.tuples(st.integers(0, count - 1), st.just(count)))


@given(rows=ROWS, assigned=st.sets(st.integers(0, 39)), share=SHARES)
def test_it_gives_what_is_free_and_nothing_else(
    rows: dict[int, tuple[int, int]], assigned: set[int], share: tuple[int, int]
) -> None:
    table = Table(40, rows, assigned)
    view = RangeView(pool(40), 0, GRACE)
    taken = drain(view, table, share=share)
    assert len(set(taken)) == len(taken), "an address twice"
    assert set(taken) == {at for at in range(40) if table.free_at(at) <= NOW}


@given(rows=ROWS, assigned=st.sets(st.integers(0, 39)))
def test_what_was_never_used_is_given_before_what_somebody_had(
    rows: dict[int, tuple[int, int]], assigned: set[int]
) -> None:
    table = Table(40, rows, assigned)
    taken = drain(RangeView(pool(40), 0, GRACE), table)
    used = [at in rows for at in taken]
    assert used == sorted(used)


@given(rows=ROWS)
def test_while_the_clock_is_suspect_only_what_was_never_used_is_given(rows: dict[int, tuple[int, int]]) -> None:
    table = Table(40, rows)
    view = RangeView(pool(40), 0, GRACE)
    taken = set()
    while (found := find(view, table, reclaim=False)) is not None:
        taken.add(offset(found.key[2]))
        view.hold(found.key[2])
    assert taken == set(range(40)) - set(rows)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("find"), st.integers(0, 0)),
        st.tuples(st.just("hold"), st.integers(0, 11)),
        st.tuples(st.just("give back"), st.integers(0, 11)),
        st.tuples(st.just("grant"), st.integers(0, 11)),
        st.tuples(st.just("release"), st.integers(0, 11)),
        st.tuples(st.just("decline"), st.integers(0, 11)),
        st.tuples(st.just("doubt"), st.integers(0, 11)),
        st.tuples(st.just("assign"), st.integers(0, 11)),
        st.tuples(st.just("pass"), st.sampled_from([1, 2, GRACE, 100])),
    ),
    max_size=60,
)


ALLOCATORS = st.sampled_from(["lowest", "hashed", "random"])
HOLES = st.sampled_from([(), ((0, 0),), ((3, 5),), ((0, 2), (11, 11)), ((0, 10),)])


@settings(max_examples=400)
@given(steps=STEPS, share=SHARES, allocator=ALLOCATORS, holes=HOLES)
def test_whatever_happens_it_never_gives_two_and_loses_none(
    steps: list[tuple[str, int]], share: tuple[int, int], allocator: str, holes: tuple[tuple[int, int], ...]
) -> None:
    """The life of a pool of twelve: after it, exactly what is free by the rows and not on offer can be had."""
    declared = pool(12, allocator=allocator, excluded=holes)
    table = Table(12, excluded={at for low, high in holes for at in range(low, high + 1)})
    view = RangeView(declared, 0, GRACE)
    now = NOW
    held: dict[int, bool] = {}
    for what, number in steps:
        if what == "find":
            found = find(view, table, now, share)
            if found is not None:
                at = offset(found.key[2])
                assert at not in held, "it is on offer"
                assert at not in table.assigned | table.excluded
                assert table.free_at(at) <= now, "it is somebody's"
                assert found.virgin == (at not in table.rows)
                held[at] = found.virgin
                view.hold(address(at))
        elif what == "hold" and number not in held and (table.free_at(number) <= now or number in table.excluded):
            held[number] = number not in table.rows  # An excluded one is an assignment's.
            view.hold(address(number))
        elif what == "give back" and number in held:
            view.release(address(number), virgin=held.pop(number), used=False)
        elif what == "grant" and number in held:
            held.pop(number)
            view.release(address(number), virgin=False, used=True)
            table.rows[number] = (State.LEASED, now + 50)
            view.note(table.lease(number), now)
        elif (
            what in {"release", "decline"} and table.rows.get(number, (0, 0))[0] == State.LEASED and number not in held
        ):
            table.rows[number] = (State.RELEASED, now) if what == "release" else (State.DECLINED, now + 40)
            view.note(table.lease(number), now)
        elif what == "doubt":
            view.doubt(address(number))
        elif what == "assign" and number not in held:
            table.assigned ^= {number}
            view.renew(declared, GRACE)
            for at in held:
                view.hold(address(at))
        elif what == "pass":
            now += number
    now += 2  # Past the second for which an exhausted pool is not searched.
    expected = {at for at in range(12) if at not in held and table.free_at(at) <= now}
    assert set(drain(view, table, now, share)) == expected
    for at, virgin in held.items():
        view.release(address(at), virgin=virgin, used=False)
    assert set(drain(view, table, now + 2, share)) == set(held) - table.assigned - table.excluded


class TestExhausted:
    def full(self, size: int = 3) -> tuple[RangeView, Table]:
        table = Table(size, {at: (State.LEASED, NOW + 100 + at) for at in range(size)})
        view = RangeView(pool(size), 0, GRACE)
        assert find(view, table) is None
        return view, table

    def test_it_is_not_searched_again_at_once(self) -> None:
        view, table = self.full()
        reads = table.reads
        for _ in range(100):
            assert find(view, table, NOW + 0.5) is None
        assert table.reads - reads <= 1

    def test_what_ends_is_found_when_its_grace_is_over(self) -> None:
        view, table = self.full()
        assert find(view, table, NOW + 129) is None
        found = find(view, table, NOW + 130)
        assert found is not None
        assert (offset(found.key[2]), found.virgin) == (0, False)
        view.hold(found.key[2])
        assert find(view, table, NOW + 130) is None

    def test_what_was_renewed_meanwhile_is_not_found(self) -> None:
        view, table = self.full()
        table.rows[0] = (State.LEASED, NOW + 9000)
        found = find(view, table, NOW + 131)
        assert found is not None
        assert offset(found.key[2]) == 1

    def test_a_probation_that_is_over_needs_no_grace(self) -> None:
        view, table = self.full()
        table.rows[1] = (State.DECLINED, NOW + 50)
        view.note(table.lease(1), NOW)
        found = find(view, table, NOW + 50)
        assert found is not None
        assert offset(found.key[2]) == 1

    def test_what_is_given_back_is_found_within_the_second(self) -> None:
        table = Table(1)
        view = RangeView(pool(1), 0, GRACE)
        found = find(view, table)
        assert found is not None
        view.hold(found.key[2])
        assert find(view, table, NOW + 0.1) is None
        view.release(found.key[2], virgin=True, used=False)
        assert find(view, table, NOW + 0.2) is not None

    def test_a_clock_that_was_set_back_does_not_keep_it_shut(self) -> None:
        view, table = self.full()
        table.rows.clear()
        view.doubt(address(0))
        assert find(view, table, NOW - 5000) is not None


class TestKinds:
    def test_delegated_prefixes_go_by_their_length(self) -> None:
        first = bytes.fromhex("20010db8000000000000000000000000")
        last = bytes.fromhex("20010db8000003000000000000000000")
        view = RangeView(Pool(1, KIND_PREFIX6, first, last, 56), 0, GRACE)
        assert view.size == 4
        table = Table(4)
        keys = []
        while (found := find(view, table)) is not None:
            keys.append(found.key)
            view.hold(found.key[2])
        assert [key[2].hex()[:16] for key in keys] == [
            "20010db800000000", "20010db800000100", "20010db800000200", "20010db800000300",
        ]  # fmt: skip
        assert {key[3] for key in keys} == {56}

    def test_a_pool_beyond_the_limit_is_probed(self) -> None:
        first, last = bytes(16), bytes(12) + b"\xff\xff\xff\xff"
        assert isinstance(view_of(pool(5), 0, GRACE), RangeView)
        assert isinstance(view_of(Pool(1, KIND_ADDRESS6, first, last, 128), 0, GRACE), SparseView)
        assert isinstance(view_of(pool(RANGE_MAX), 0, GRACE), RangeView)
        assert isinstance(view_of(pool(RANGE_MAX + 1), 0, GRACE), SparseView)

    @given(st.integers(RANGE_MAX + 1, 1 << 64), st.binary(min_size=1, max_size=20))
    def test_a_probe_stays_in_the_pool_and_differs_each_time(self, size: int, client: bytes) -> None:
        made = Pool(1, KIND_ADDRESS6, bytes(16), (size - 1).to_bytes(16, "big"), 128)
        view = SparseView(made, 3, GRACE)
        tried = [view.find(NOW, ALONE, client) for _ in range(20)]
        assert all(isinstance(one, Found) and made.covers(one.key[2]) and not one.virgin for one in tried)
        assert len({one.key for one in tried if isinstance(one, Found)}) > 15

    def test_covers_wants_all_of_the_key(self) -> None:
        view = RangeView(pool(5), 3, GRACE)
        assert view.covers((3, 4, address(4), 32))
        for key in ((0, 4, address(4), 32), (3, 6, address(4), 32), (3, 4, address(5), 32), (3, 4, address(4), 31),
                    (3, 4, b"", 32), (3, 4, address(4) + b"\0", 32)):  # fmt: skip
            assert not view.covers(key)


def test_pages_are_asked_for_a_few_at_a_time_and_in_order() -> None:
    view = RangeView(pool(10 * PAGE_SIZE), 0, GRACE)
    asked = view.find(NOW, ALONE, CLIENT)
    assert isinstance(asked, tuple)
    assert [page.number for page in asked] == [0, 1, 2, 3]
    assert (offset(asked[1].first), offset(asked[1].last)) == (PAGE_SIZE, 2 * PAGE_SIZE - 1)


def test_the_last_page_ends_with_the_pool() -> None:
    view = RangeView(pool(PAGE_SIZE + 10), 0, GRACE)
    assert offset(view.page(1).last) == PAGE_SIZE + 9


def test_idle_time_fills_what_was_never_loaded() -> None:
    view = RangeView(pool(3 * PAGE_SIZE), 0, GRACE)
    table = Table(3 * PAGE_SIZE)
    numbers = []
    while (page := view.unloaded()) is not None:
        numbers.append(page.number)
        view.load(page.number, table.page(page), NOW)
    assert numbers == [0, 1, 2]


@pytest.mark.parametrize("wrong", [b"", b"\x0a\x00\x00", b"\x0a\x00\x00\x01\x00"])
def test_an_address_of_the_wrong_length_in_a_row_spoils_nothing(wrong: bytes) -> None:
    """Somebody wrote it by hand; it sorts among the others."""
    view = RangeView(pool(5), 0, GRACE)
    view.load(0, [PageRow(wrong, State.LEASED, NOW + 99, False), PageRow(wrong, 0, 0, True)], NOW)
    assert drain(view, Table(5)) == [0, 1, 2, 3, 4]
