"""What becomes of a row: every change is legal whatever came before, and history adds up."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dhcpcore.lease.model import INFINITE_LIFETIME_S, NEVER, Change, Close, Closing, Lease, LeaseKey, State
from dhcpcore.lease.transitions import (
    conflict,
    decline,
    end,
    expire,
    grant,
    is_active,
    is_free_for_others,
    is_renewal,
    lease_end,
)

NOW = 1_000_000
KEY: LeaseKey = (0, 4, b"\xc0\0\2\x64", 32)
A, B = b"\0a", b"\0b"


def granted(before: Lease | None = None, *, client: bytes = A, now: int = NOW, **fields: Any) -> Change | None:
    defaults: dict[str, Any] = {
        "hw": b"\1h", "subnet": 1, "expires": now + 100, "hostname": "", "relay": b"", "agent": b"", "renewing": False
    }  # fmt: skip
    return grant(before, KEY, client=client, now=now, **{**defaults, **fields})


def row(**fields: Any) -> Lease:
    change = granted()
    assert change is not None
    return change.after._replace(**fields)


class TestActive:
    @pytest.mark.parametrize(("now", "active"), [(NOW + 99, True), (NOW + 99.9, True), (NOW + 100, False)])
    def test_a_lease_is_active_until_its_end(self, now: float, active: bool) -> None:
        assert is_active(row(), now) is active

    @pytest.mark.parametrize("state", [State.RELEASED, State.EXPIRED, State.DECLINED])
    def test_no_other_state_is(self, state: State) -> None:
        assert not is_active(row(state=state), NOW)

    @pytest.mark.parametrize(
        ("state", "free_at"), [(State.LEASED, 130), (State.RELEASED, 130), (State.EXPIRED, 130), (State.DECLINED, 100)]
    )
    def test_others_wait_for_the_grace_but_not_after_a_probation(self, state: State, free_at: int) -> None:
        assert not is_free_for_others(row(state=state), NOW + free_at - 1, 30)
        assert is_free_for_others(row(state=state), NOW + free_at, 30)


class TestGrant:
    def test_a_first_version_is_the_time(self) -> None:
        change = granted()
        assert change is not None
        assert (change.before, change.opens, change.closing) == (None, True, None)
        assert (change.after.version, change.after.opened) == (NOW, NOW)

    def test_the_same_again_is_no_change(self) -> None:
        assert granted(row()) is None

    @pytest.mark.parametrize("fields", [{"hw": b"\1x"}, {"hostname": "n"}, {"now": NOW + 1}, {"expires": NOW + 500}])
    def test_a_renewal_keeps_its_interval(self, fields: dict[str, Any]) -> None:
        change = granted(row(), **fields)
        assert change is not None
        assert (change.opens, change.closing, change.after.opened) == (False, None, NOW)
        assert change.after.version == NOW + 1

    @pytest.mark.parametrize("fields", [{"relay": b"\1\2\3\4"}, {"agent": b"x"}, {"subnet": 2}])
    def test_another_way_to_it_begins_a_new_interval(self, fields: dict[str, Any]) -> None:
        change = granted(row(), now=NOW + 5, **fields)
        assert change is not None
        assert change.closing == Closing(NOW, NOW + 5, Close.RELAY_CHANGED)
        assert change.opens
        assert change.after.opened == change.after.version == NOW + 1

    def test_a_packet_that_cannot_know_the_way_keeps_it(self) -> None:
        before = row(relay=b"\1\2\3\4", agent=b"x")
        change = granted(before, now=NOW + 5, relay=None, agent=None)
        assert change is not None
        assert (change.after.relay, change.after.agent, change.opens) == (b"\1\2\3\4", b"x", False)

    def test_an_ended_lease_begins_anew_and_the_old_one_ended_when_it_did(self) -> None:
        change = granted(row(), now=NOW + 150)
        assert change is not None
        assert change.closing == Closing(NOW, NOW + 100, Close.EXPIRED)
        assert change.opens

    @pytest.mark.parametrize("state", [State.RELEASED, State.EXPIRED, State.DECLINED])
    def test_what_was_closed_is_not_closed_again(self, state: State) -> None:
        change = granted(row(state=state), client=B, now=NOW + 150)
        assert change is not None
        assert (change.closing, change.opens, change.after.client) == (None, True, B)

    def test_an_end_that_was_promised_stands(self) -> None:
        change = granted(row(), now=NOW + 10, expires=NOW + 50)
        assert change is not None
        assert change.after.expires == NOW + 100

    def test_only_who_renews_a_lease_without_end_can_have_heard_of_one(self) -> None:
        endless = row(expires=NEVER)
        kept = granted(endless, now=NOW + 10)
        assert kept is not None
        assert kept.after.expires == NEVER
        shorter = granted(endless, now=NOW + 10, renewing=True)
        assert shorter is not None
        assert shorter.after.expires == NOW + 110

    def test_nothing_of_anothers_is_kept(self) -> None:
        before = row(hostname="old", relay=b"\1\2\3\4", agent=b"x", expires=NOW + 5)
        change = granted(before, client=B, now=NOW + 150, relay=None, agent=None)
        assert change is not None
        assert (change.after.relay, change.after.agent, change.after.hostname) == (b"", b"", "")
        assert change.after.expires == NOW + 250


class TestEndings:
    def test_a_release_keeps_the_client_for_affinity(self) -> None:
        change = end(row(), NOW + 5, Close.RELEASED)
        assert (change.after.state, change.after.client, change.after.expires) == (State.RELEASED, A, NOW + 5)
        assert change.closing == Closing(NOW, NOW + 5, Close.RELEASED)

    def test_nothing_ends_after_its_own_end(self) -> None:
        assert end(row(), NOW + 500, Close.REVOKED).closing == Closing(NOW, NOW + 100, Close.REVOKED)
        assert decline(row(), NOW + 500, 60).closing == Closing(NOW, NOW + 100, Close.DECLINED)

    def test_a_declined_address_is_nobodys(self) -> None:
        change = decline(row(), NOW + 5, 60)
        assert (change.after.client, change.after.state, change.after.expires) == (b"", State.DECLINED, NOW + 65)

    def test_a_conflict_needs_no_row(self) -> None:
        change = conflict(None, KEY, 3, NOW, 60)
        assert (change.before, change.opens, change.closing) == (None, False, None)
        assert (change.after.state, change.after.subnet, change.after.version) == (State.DECLINED, 3, NOW)

    def test_a_conflict_of_an_ended_lease_closes_it_at_its_end(self) -> None:
        assert conflict(row(), KEY, 1, NOW + 150, 60).closing == Closing(NOW, NOW + 100, Close.EXPIRED)
        assert conflict(row(), KEY, 1, NOW + 5, 60).closing == Closing(NOW, NOW + 5, Close.DECLINED)
        assert conflict(row(state=State.EXPIRED), KEY, 1, NOW + 150, 60).closing is None

    def test_the_sweep_keeps_the_client_for_affinity(self) -> None:
        change = expire(row())
        assert (change.after.state, change.after.client, change.after.expires) == (State.EXPIRED, A, NOW + 100)
        assert change.closing == Closing(NOW, NOW + 100, Close.EXPIRED)


def test_an_endless_lease_ends_with_the_calendar() -> None:
    assert lease_end(NOW, INFINITE_LIFETIME_S) == NEVER
    assert lease_end(NOW, INFINITE_LIFETIME_S - 1) < NEVER


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["grant", "renew", "reroute", "release", "decline", "conflict", "sweep"]),
        st.sampled_from([A, B]),
        st.sampled_from([0, 1, 29, 30, 60, 100, 131]),
        st.sampled_from([10, 100, None]),
    ),
    max_size=40,
)


@settings(max_examples=300)
@given(events=EVENTS)
def test_any_order_of_events_leaves_a_legal_row_and_a_whole_history(
    events: list[tuple[str, bytes, int, int | None]],
) -> None:
    """Versions rise by one; intervals do not overlap; at most one is open, and it is the row's."""
    current: Lease | None = None
    intervals: dict[int, list[Any]] = {}
    now = NOW
    for what, client, later, lifetime in events:
        now += later
        active = current is not None and is_active(current, now)
        change: Change | None = None
        until = NEVER if lifetime is None else now + lifetime
        mine = current is not None and current.client == client
        if what in {"grant", "renew", "reroute"}:
            if current is None or mine or is_free_for_others(current, now, 30):
                route = {"grant": b"", "renew": None, "reroute": b"other"}[what]
                if not (current is not None and current.state == State.DECLINED and current.expires > now):
                    change = granted(
                        current, client=client, now=now, expires=until, relay=route, agent=route,
                        renewing=what == "renew",
                    )  # fmt: skip
        elif what == "release" and active and mine:
            change = end(current, now, Close.RELEASED)  # type: ignore[arg-type]
        elif what == "decline" and active and mine:
            change = decline(current, now, 60)  # type: ignore[arg-type]
        elif what == "conflict" and not active:
            change = conflict(current, KEY, 1, now, 60)
        elif what == "sweep" and current is not None and current.state == State.LEASED and not active:
            change = expire(current)
        if change is None:
            continue
        after = change.after
        assert change.before == current
        assert after.key == KEY
        assert after.version == (now if current is None else current.version + 1)
        if change.closing is not None:
            assert intervals[change.closing.opened][2] is None, "closed twice"
            assert intervals[change.closing.opened][1] <= change.closing.at <= now
            intervals[change.closing.opened][2] = change.closing.at
        if change.opens:
            assert after.opened == after.version
            intervals[after.version] = [after.client, now, None]
        if is_renewal(change):
            assert change.before is not None
            assert change.before._replace(
                expires=after.expires, cltt=after.cltt, version=after.version
            ) == after, "a renewal writes three columns"  # fmt: skip
        if after.state == State.LEASED:
            assert after.expires > now or lifetime == 0
            if active and mine and not (what == "renew" and current is not None and current.expires == NEVER):
                assert current is not None
                assert after.expires >= current.expires, "an end that was promised"
        open_ = [number for number, (_, _, closed) in intervals.items() if closed is None]
        assert open_ == ([after.opened] if after.state == State.LEASED else [])
        spans = sorted((opened, closed if closed is not None else NEVER) for _, opened, closed in intervals.values())
        assert all(one[1] <= two[0] for one, two in itertools.pairwise(spans)), "two at once"
        current = after
