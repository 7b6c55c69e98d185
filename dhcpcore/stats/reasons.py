"""Every datagram ends in exactly one of these: answered, refused, taken without an answer, or silent.

The codes are stable: logs, counters, REST and users' scripts rely on them.  The sentence is what the manual and the
pages show.
"""

from __future__ import annotations

import enum
from typing import NamedTuple


class Verdict(enum.Enum):
    """What the sender sees."""

    ANSWERED = "answered"
    REFUSED = "refused"  #: A NAK or a status code left.
    TAKEN = "taken"  #: Acted upon; the protocol has no answer to it.
    SILENT = "silent"


class _Row(NamedTuple):
    code: str
    verdict: Verdict
    text: str


class Reason(enum.Enum):
    """One row a reason."""

    OFFER = _Row("OFFER", Verdict.ANSWERED, "An address was offered.")
    ACK_NEW = _Row("ACK-NEW", Verdict.ANSWERED, "A new lease was committed and acknowledged.")
    ACK_RENEWED = _Row("ACK-RENEWED", Verdict.ANSWERED, "The client's lease was extended.")
    ACK_ADOPTED = _Row(
        "ACK-ADOPTED", Verdict.ANSWERED, "An address this database did not know of was granted, as `adopt` allows."
    )
    OFFER_NOTHING = _Row(
        "OFFER-NOTHING", Verdict.ANSWERED, "There is no address for the client; it was told how to go on (RFC 2563)."
    )
    OFFER_DO_WITHOUT = _Row(
        "OFFER-DO-WITHOUT", Verdict.ANSWERED, "The client can do without IPv4 and was told to (RFC 8925): no lease."
    )
    BOOTP_REPLY = _Row(
        "BOOTP-REPLY", Verdict.ANSWERED, "A BOOTP client got its address, and its lease was committed."
    )
    BOOTP_KNOWN = _Row(
        "BOOTP-KNOWN", Verdict.ANSWERED, "A BOOTP client that has an address was told what to boot; no lease."
    )
    ACK_INFORM = _Row("ACK-INFORM", Verdict.ANSWERED, "Options were sent to a client that has an address already.")
    BOOT_OFFER = _Row(
        "BOOT-OFFER", Verdict.ANSWERED, "A booting machine was told of its boot file and given no address."
    )
    BOOT_ACK = _Row("BOOT-ACK", Verdict.ANSWERED, "A booting machine that asked at port 4011 was told its boot file.")
    LEASE_ACTIVE = _Row("LEASE-ACTIVE", Verdict.ANSWERED, "A requestor was told who has the address (RFC 4388).")
    LEASE_UNASSIGNED = _Row("LEASE-UNASSIGNED", Verdict.ANSWERED, "A requestor was told that nobody has the address.")
    LEASE_UNKNOWN = _Row(
        "LEASE-UNKNOWN", Verdict.ANSWERED, "A requestor was told that the address or the client is unknown."
    )

    INFORMED = _Row("INFORMED", Verdict.ANSWERED, "DHCPv6: options were sent to a client that asked for nothing else.")
    CONFIRMED = _Row("CONFIRMED", Verdict.ANSWERED, "DHCPv6: the client's addresses are right for the link it is on.")
    REPLY_RELEASED = _Row("REPLY-RELEASED", Verdict.ANSWERED, "DHCPv6: the client gave back what it had.")
    REPLY_DECLINED = _Row(
        "REPLY-DECLINED", Verdict.ANSWERED, "DHCPv6: the client found its address in use; it is on probation now."
    )
    STATUS_NOTHING = _Row(
        "STATUS-NOTHING", Verdict.REFUSED,
        "DHCPv6: nobody gives the client what it asked for (NoAddrsAvail, NoPrefixAvail).",
    )  # fmt: skip
    STATUS_TAKEN = _Row(
        "STATUS-TAKEN", Verdict.REFUSED, "DHCPv6: what a handler would give the client is another's, or on probation."
    )
    STATUS_NO_BINDING = _Row(
        "STATUS-NO-BINDING", Verdict.REFUSED, "DHCPv6: no lease of this client is known (NoBinding, or lifetimes of 0)."
    )
    STATUS_WITHDRAWN = _Row(
        "STATUS-WITHDRAWN", Verdict.REFUSED, "DHCPv6: nobody gives the client what it has any longer: lifetimes of 0."
    )
    STATUS_NOT_ON_LINK = _Row(
        "STATUS-NOT-ON-LINK", Verdict.REFUSED, "DHCPv6: an address of the client is not one for the link it is on."
    )
    STATUS_USE_MULTICAST = _Row(
        "STATUS-USE-MULTICAST", Verdict.REFUSED, "DHCPv6: the client sent to this server alone, which nothing allows."
    )
    STATUS_HANDLER = _Row("STATUS-HANDLER", Verdict.REFUSED, "DHCPv6: a configured handler refused the message.")
    INVALID_MESSAGE = _Row(
        "INVALID-MESSAGE", Verdict.SILENT,
        "DHCPv6: the message lacks what it must have, or has what it must not (RFC 8415 16).",
    )  # fmt: skip

    NAK_WRONG_NETWORK = _Row(
        "NAK-WRONG-NETWORK", Verdict.REFUSED, "The client asked for an address that is not of the link it is on."
    )
    NAK_TAKEN = _Row("NAK-TAKEN", Verdict.REFUSED, "The address is held by, or promised to, another client.")
    NAK_NOT_PERMITTED = _Row(
        "NAK-NOT-PERMITTED",
        Verdict.REFUSED,
        "No pool or assignment gives this client that address (removed pool, other assignment, class guard).",
    )
    NAK_MOVED = _Row(
        "NAK-MOVED", Verdict.REFUSED, "An assignment gives this client another address than the one it asked for."
    )
    NAK_LIMIT = _Row(
        "NAK-LIMIT", Verdict.REFUSED, "Its subnet, pool or class has as many leases as `max_leases` allows."
    )
    NAK_DECLINED = _Row("NAK-DECLINED", Verdict.REFUSED, "The address was found in use and is on probation.")
    NAK_UNKNOWN_CLIENT = _Row(
        "NAK-UNKNOWN-CLIENT", Verdict.REFUSED, "No lease of this client is known and the subnet is authoritative."
    )
    NAK_SCRIPT = _Row("NAK-SCRIPT", Verdict.REFUSED, "The site's script made a refusal of the answer.")
    NAK_RENEWALS = _Row("NAK-RENEWALS", Verdict.REFUSED, "The script's folder has NAK_RENEWALS: clients begin anew.")
    NAK_NO_ADDRESS = _Row(
        "NAK-NO-ADDRESS", Verdict.REFUSED, "The REQUEST named this server but no address (RFC 2131 4.3.2)."
    )

    NAK_HOOK = _Row("NAK-HOOK", Verdict.REFUSED, "A callout of the site's refused the lease.")

    NAK_HANDLER = _Row("NAK-HANDLER", Verdict.REFUSED, "A configured handler refused the lease.")

    RELEASED = _Row("RELEASED", Verdict.TAKEN, "The client gave its address back.")
    DECLINED = _Row("DECLINED", Verdict.TAKEN, "The client found its address in use; it is on probation now.")
    OTHER_SERVER = _Row("OTHER-SERVER", Verdict.TAKEN, "The client chose another server; our offer was withdrawn.")
    FORCERENEW = _Row("FORCERENEW", Verdict.TAKEN, "An administrator had this server ask the client to renew.")
    LEASEQUERY_SEARCH = _Row(
        "LEASEQUERY-SEARCH", Verdict.TAKEN, "A query by remote-id: the answer follows when all leases were looked at."
    )

    MALFORMED = _Row("MALFORMED", Verdict.SILENT, "The bytes break the format of the protocol.")
    NOT_A_REQUEST = _Row("NOT-A-REQUEST", Verdict.SILENT, "A message that servers send, or of an unknown type.")
    BOOTP = _Row("BOOTP", Verdict.SILENT, "A BOOTP client without DHCP, where `bootp` is `never`.")
    NO_IDENTITY = _Row("NO-IDENTITY", Verdict.SILENT, "Neither a client identifier nor a hardware address was sent.")
    NO_SUBNET = _Row(
        "NO-SUBNET", Verdict.SILENT, "No subnet is declared for the relay or interface that the packet came from."
    )
    OTHER_INTERFACE = _Row("OTHER-INTERFACE", Verdict.SILENT, "It came in on an interface that is not served.")
    QUARANTINED = _Row(
        "QUARANTINED",
        Verdict.SILENT,
        "The address seems to be of no subnet or pool for this client, but some definition is in quarantine: no NAK.",
    )
    NO_POOL = _Row("NO-POOL", Verdict.SILENT, "The link has no pool that admits this client, and no assignment does.")
    NOT_ADMITTED = _Row(
        "NOT-ADMITTED",
        Verdict.SILENT,
        "The pools admit only clients that have an assignment (`admit`), and this one has none with an address here.",
    )
    RANDOM_MAC = _Row(
        "RANDOM-MAC", Verdict.SILENT, "The client made its hardware address up, and no pool admits such clients."
    )
    LIMIT_REACHED = _Row(
        "LIMIT-REACHED", Verdict.SILENT, "Its subnet, pool or class has as many leases as `max_leases` allows."
    )
    MIN_SECS = _Row(
        "MIN-SECS", Verdict.SILENT, "The client has not asked for as long as `min_secs` wants: others may serve it."
    )
    RATE_LIMITED = _Row(
        "RATE-LIMITED",
        Verdict.SILENT,
        "The client, its subnet or its class sent more packets a second than `flood` or `rate` allows.",
    )
    SUSPENDED = _Row(
        "SUSPENDED",
        Verdict.SILENT,
        "The client is left out for a time, as it misbehaved or the site's script said so: it is not answered until "
        "that ends or is lifted.",
    )
    POOL_EXHAUSTED = _Row("POOL-EXHAUSTED", Verdict.SILENT, "Every address that this client might get is in use.")
    ASSIGNMENT_CONFLICT = _Row(
        "ASSIGNMENT-CONFLICT",
        Verdict.SILENT,
        "The client's assigned address is in use by somebody else (held or declined), and no pool admits the client.",
    )
    UNKNOWN_CLIENT = _Row(
        "UNKNOWN-CLIENT",
        Verdict.SILENT,
        "No lease of this client is known; another server may know it, as the subnet is not authoritative.",
    )
    NO_BINDING = _Row(
        "NO-BINDING", Verdict.SILENT, "A RELEASE or DECLINE whose client, address and server match no lease."
    )
    NO_SERVER_ID = _Row("NO-SERVER-ID", Verdict.SILENT, "A RELEASE or DECLINE that names no server (RFC 2131 4.4.1).")
    NO_CLIENT_ADDRESS = _Row("NO-CLIENT-ADDRESS", Verdict.SILENT, "An INFORM without the address to answer to.")
    NO_SERVER_ADDRESS = _Row(
        "NO-SERVER-ADDRESS", Verdict.SILENT, "The interface has no IPv4 address that could be the server identifier."
    )
    PROBE_ANSWERED = _Row(
        "PROBE-ANSWERED", Verdict.SILENT, "Somebody answered the probe of the address that was to be offered."
    )
    TOO_MANY_LOOKUPS = _Row(
        "TOO-MANY-LOOKUPS", Verdict.SILENT, "The decision needed rows from the database in more than 3 rounds."
    )
    LOST_RACE = _Row("LOST-RACE", Verdict.SILENT, "Another engine changed the same rows first, 3 times in a row.")
    TOO_MANY_SUSPENDED = _Row(
        "TOO-MANY-SUSPENDED", Verdict.SILENT, "Dropped to make room: 1,024 younger transactions were waiting."
    )
    DATABASE_UNAVAILABLE = _Row(
        "DATABASE-UNAVAILABLE", Verdict.SILENT, "The database could not be read or written; nothing was promised."
    )
    OUTCOME_UNKNOWN = _Row(
        "OUTCOME-UNKNOWN", Verdict.SILENT, "The connection was lost during COMMIT, and reading again failed too."
    )
    BATCH_TOO_OLD = _Row("BATCH-TOO-OLD", Verdict.SILENT, "The answer took over 4 s; the client has asked again.")
    ROW_REFUSED = _Row("ROW-REFUSED", Verdict.SILENT, "The database refused the lease row; it is in quarantine.")
    CLOCK_SUSPECT = _Row(
        "CLOCK-SUSPECT",
        Verdict.SILENT,
        "Only ended leases of others were left, and the clock has jumped: none is given away until confirmed.",
    )
    NOT_READY = _Row(
        "NOT-READY",
        Verdict.SILENT,
        "The definitions have not been read yet, or database time is not certain enough to promise an end of a lease.",
    )
    PROXY_ONLY = _Row(
        "PROXY-ONLY", Verdict.SILENT, "Only booting machines are answered here: in a `proxy` subnet and at port 4011."
    )
    NO_BOOT_FILE = _Row("NO-BOOT-FILE", Verdict.SILENT, "A booting machine, and no boot file is declared for it.")
    LEASEQUERY_REFUSED = _Row(
        "LEASEQUERY-REFUSED", Verdict.SILENT, "Leasequery is not enabled, or its `requestors` do not list the giaddr."
    )
    LEASEQUERY_INVALID = _Row(
        "LEASEQUERY-INVALID", Verdict.SILENT,
        "The query names nothing, two things, a VPN that cannot be, or what only TCP answers.",
    )
    LEASEQUERY_BUSY = _Row("LEASEQUERY-BUSY", Verdict.SILENT, "64 queries by remote-id were waiting already.")
    INTERNAL_ERROR = _Row("INTERNAL-ERROR", Verdict.SILENT, "A fault of the server; the log has the traceback.")
    HOOK_DROPPED = _Row("HOOK-DROPPED", Verdict.SILENT, "A callout of the site's stopped the message or its answer.")
    HOOK_PARKED = _Row(
        "HOOK-PARKED", Verdict.SILENT, "A callout parked the answer and did not let it go within 8 s, or 256 waited."
    )
    HOOK_KEPT = _Row("HOOK-KEPT", Verdict.SILENT, "A callout kept a RELEASE or DECLINE from changing the lease.")
    HANDLER_DROPPED = _Row("HANDLER-DROPPED", Verdict.SILENT, "A configured handler left the message unanswered.")
    HANDLER_FAILED = _Row(
        "HANDLER-FAILED", Verdict.SILENT, "A configured handler raised, or took too long; the log has the traceback."
    )
    CLASS_DROP = _Row("CLASS-DROP", Verdict.SILENT, "The client is of the class DROP, whose clients are not answered.")
    CLASS_REJECT = _Row("CLASS-REJECT", Verdict.SILENT, "The client is of the class REJECT, whose clients get nothing.")
    NAK_CLASS = _Row("NAK-CLASS", Verdict.REFUSED, "The client is of the class REJECT, whose clients get no address.")
    CLIENT_DENIED = _Row("CLIENT-DENIED", Verdict.SILENT, "A `deny` list names the client.")
    CLIENT_NOT_ALLOWED = _Row(
        "CLIENT-NOT-ALLOWED", Verdict.SILENT, "There is an `allow` list, and the client is not on it."
    )

    SCRIPT_DROPPED = _Row("SCRIPT-DROPPED", Verdict.SILENT, "A hook of the site's script said no.")
    SCRIPT_BLOCKED = _Row(
        "SCRIPT-BLOCKED", Verdict.SILENT, "The site's script, or its folder's rules, left the client out for a time."
    )
    SCRIPT_RELAY = _Row(
        "SCRIPT-RELAY",
        Verdict.SILENT,
        "The script's folder does not serve this relay, or clients without one (ALLOW_DHCP_RELAYS, ALLOW_LOCAL_DHCP).",
    )
    SCRIPT_FAILED = _Row(
        "SCRIPT-FAILED", Verdict.SILENT, "A hook raised an exception, or its process died; the log has the traceback."
    )
    SCRIPT_OVERRUN = _Row(
        "SCRIPT-OVERRUN", Verdict.SILENT, "The site's script took longer than it may, or had too much to do."
    )
    SCRIPT_AWAY = _Row(
        "SCRIPT-AWAY",
        Verdict.SILENT,
        "The site's script does not run and is tried again, or has failed on this client and is not asked for a while.",
    )

    # Members are singletons; the identity hash is a C call, and reasons are counted for every packet.
    __hash__ = object.__hash__

    @property
    def code(self) -> str:
        """The stable code."""
        return self.value.code

    @property
    def verdict(self) -> Verdict:
        """What the sender sees."""
        return self.value.verdict

    @property
    def text(self) -> str:
        """One sentence for people."""
        return self.value.text
