"""What an answer passes between the batch's commit and the wire: the handlers' third phase, then the callouts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from dhcpcore.lease.facts import Outcome
from dhcpcore.lease.model import Change, LeaseKey
from dhcpcore.pipeline.bundle import TransactionBundle
from dhcpcore.pipeline.callouts import Callouts
from dhcpcore.pipeline.instances import Instances
from dhcpcore.pipeline.signals import Ask, CannotRespond

Wait = Callable[[TransactionBundle, Ask, Mapping[LeaseKey, Change]], None]

_NO_CHANGES: Mapping[LeaseKey, Change] = MappingProxyType({})


class Leaving:
    """Both of them, where there are configured handlers.

    ``pack`` makes an answer's octets anew; ``wait`` puts a transaction aside until a handler in a process of its own
    has answered: it then comes here again, and what was called is not called once more.
    """

    def __init__(
        self, instances: Instances, callouts: Callouts | None, pack: Callable[[TransactionBundle], None], wait: Wait
    ) -> None:
        self._instances = instances
        self._callouts = callouts
        self._pack = pack
        self._wait = wait

    def may_leave(self, bundle: TransactionBundle, changes: Mapping[LeaseKey, Change] = _NO_CHANGES) -> bool:
        """What it changed is committed.  False: it waits, or is decided anew."""
        try:
            if self._instances.post(bundle):
                self._pack(bundle)
            return self._callouts is None or self._callouts.may_leave(bundle, changes)
        except Ask as ask:
            self._wait(bundle, ask, changes)
            return False
        except CannotRespond as signal:
            bundle.outgoing, bundle.reason = [], signal.reason
            return True

    def settled(self, changes: Mapping[LeaseKey, Change], outcome: Outcome) -> None:
        """These changes of a batch were committed, as far as the outcome says so."""
        if self._callouts is not None:
            self._callouts.settled(changes, outcome)

    def done(self, bundle: TransactionBundle) -> None:
        """The transaction has ended."""
        self._instances.done(bundle)
        if self._callouts is not None:
            self._callouts.done(bundle)
