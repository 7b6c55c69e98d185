"""The plan: which steps run for which message, none in vain."""

from __future__ import annotations

from dhcpcore.builtin import builtin
from dhcpcore.lease.allocation import Allocator
from dhcpcore.lease.nonces import Nonces
from dhcpcore.lease.offered import Offered
from dhcpcore.pipeline.bundle import TransactionBundle
from dhcpcore.pipeline.handler import Handler, Plan
from dhcpcore.pipeline.searches import Searches
from dhcpcore.stats.manners import Manners
from dhcpcore.topology.snapshot import Snapshot
from dhcpcore.wire.v4.message import MessageType


class Everything(Handler):
    def pre(self, bundle: TransactionBundle) -> None: ...

    def handle(self, bundle: TransactionBundle) -> None: ...

    def post(self, bundle: TransactionBundle) -> None: ...


class OnlyReleases(Handler):
    message_types = frozenset((MessageType.RELEASE,))

    def post(self, bundle: TransactionBundle) -> None: ...


def test_a_handler_runs_in_the_phases_it_has_for_the_messages_it_wants() -> None:
    one, two = Everything(), OnlyReleases()
    plan = Plan((one, two), (MessageType.RELEASE, MessageType.INFORM))
    assert plan.pre == {7: (one.pre,), 8: (one.pre,)}
    assert plan.handle == {7: (one.handle,), 8: (one.handle,)}
    assert plan.post == {7: (one.post, two.post), 8: (one.post,)}


class OnlyWithProbes(Everything):
    def wanted(self, snapshot: Snapshot) -> bool:
        return snapshot.probe


def test_a_handler_that_no_definition_concerns_is_left_out() -> None:
    one, two = Everything(), OnlyWithProbes()
    without = Plan((one, two), (MessageType.RELEASE,), Snapshot(revision=1))
    assert without.handlers == (one,)
    assert without.handle == {7: (one.handle,)}
    assert Plan((one, two), (MessageType.RELEASE,), Snapshot(revision=1, probe=True)).handlers == (one, two)


def test_messages_that_clients_do_not_send_have_no_plan() -> None:
    assert set(Plan((Everything(),), (1, 3)).pre) == {1, 3}


def test_what_records_a_conflict_is_the_first_to_record() -> None:
    """The engine runs it alone where a transaction ends early."""
    plan = Plan(builtin(Allocator(), Offered(), Searches(), Nonces(), Manners()), (MessageType.DISCOVER,))
    assert type(plan.post[MessageType.DISCOVER][0].__self__).__name__ == "RecordConflict"  # type: ignore[attr-defined]
