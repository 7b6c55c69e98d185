"""Who the client is, and the rows that are wanted because of it."""

from __future__ import annotations

from typing import ClassVar

from dhcpcore.lease.offered import Offered
from dhcpcore.pipeline.bundle import TransactionBundle
from dhcpcore.pipeline.bundle6 import CLIENTS6, six
from dhcpcore.pipeline.handler import Handler
from dhcpcore.pipeline.identifiers import identifiers
from dhcpcore.pipeline.signals import CannotRespond
from dhcpcore.pipeline.trace import Step
from dhcpcore.stats.reasons import Reason
from dhcpcore.wire.v4.message import MessageType, Opt

#: One option's worth: joined from parts it could be kilobytes, too long a key for the database's index.
_CLIENT_ID_MAX = 255
_REQUEST = int(MessageType.REQUEST)


class Identify(Handler):
    """The client identifier where one is sent, else the hardware address.  RFC 2131 4.2, RFC 6842."""

    def __init__(self, offered: Offered) -> None:
        self._offered = offered

    def resumes(self) -> bool:
        """From here on rows are wanted: each batch reads its own."""
        return True

    def pre(self, bundle: TransactionBundle) -> None:
        """Sets ``client`` and wants its leases and, where any are declared, its assignments."""
        request = bundle.request
        options = request.options
        hw = request.hw
        client_id = options.get(Opt.CLIENT_ID)
        if client_id and bundle.subnet.match_client_id:
            if len(client_id) > _CLIENT_ID_MAX:
                raise CannotRespond(Reason.MALFORMED)
            client = b"\x01" + client_id
        elif len(hw) > 1:
            client = b"\x00" + hw
        else:
            raise CannotRespond(Reason.NO_IDENTITY)
        bundle.client = client
        wants = bundle.wants
        snapshot = bundle.snapshot
        if kinds := snapshot.identifier_kinds:
            bundle.identifiers = found = identifiers(request, kinds)
            wants.identifiers.update(found)
        if request.message_type == _REQUEST and Opt.SERVER_ID in options and not bundle.retries:
            recalled = self._offered.recall(client, options.get(Opt.REQUESTED_ADDRESS), bundle.now)
            if recalled is not None:
                key, rows = recalled
                bundle.facts.by_client.setdefault(client, list(rows))
                if snapshot.has_assigned_addresses:
                    wants.assigned.add(key)
                    wants.assigned.update([row.key for row in rows])
                return
        wants.clients.add(client)


#: Addresses and prefixes of one message: each is a row to be read.
_LEASED_MAX = 128


class Identify6(Handler):
    """The DUID, and with each identity association's IAID an owner of leases.  RFC 8415 11, 12."""

    message_types: ClassVar[frozenset[int] | None] = CLIENTS6

    def pre(self, bundle: TransactionBundle) -> None:
        """Wants what the client has, and the rows of what it speaks of."""
        mine = six(bundle)
        associations = mine.message.associations
        if sum(len(one.leased) for one in associations) > _LEASED_MAX:
            raise CannotRespond(Reason.INVALID_MESSAGE)
        if mine.duid:
            bundle.trace.append((Step.IDENTITY, bundle.client))
        for association in associations:
            bundle.wants.clients.add(mine.key_of(association))
            bundle.wants.leases.update(mine.lease_key(association, leased) for leased in association.leased)
