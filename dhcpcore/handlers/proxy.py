"""ProxyDHCP: boot files for machines whose addresses another server gives.  PXE 2.1, 2.2; RFC 4578; UEFI 2.10, 24.7.

A DISCOVER of a booting machine in a subnet with `proxy` is answered without an address, and what the machine then asks
at port 4011 with its boot file; nothing else is answered there.
"""

from __future__ import annotations

from typing import ClassVar

from dhcpcore.pipeline.bundle import Response4, TransactionBundle
from dhcpcore.pipeline.handler import Handler
from dhcpcore.pipeline.signals import CannotRespond
from dhcpcore.stats.reasons import Reason
from dhcpcore.topology.snapshot import Snapshot
from dhcpcore.wire.v4.message import NOWHERE, MessageType, Opt
from dhcpcore.wire.v4.tlv import encode_options

_PXE, _HTTP = b"PXEClient", b"HTTPClient"
#: What a machine may be told that has its address, routes and names from elsewhere.  RFC 2132 9.4 and 9.5, RFC 5071,
#: RFC 5859; 128 to 135 are for the site's boot loaders, RFC 4578 2.4.
_OF_BOOT = frozenset((Opt.VENDOR_OPTIONS, 66, 67, *range(128, 136), 150, 208, 209, 210, 211))
#: PXE 2.1 table 2-1, PXE_DISCOVERY_CONTROL: bit 3, take the boot file of this answer and look for no boot server.
_NO_DISCOVERY = b"\x06\x01\x08"
#: PXE_BOOT_ITEM: what was chosen from the menu, as the machine says it.
_BOOT_ITEM, _BOOT_ITEM_OCTETS = 71, 4
_QUESTIONS = frozenset((MessageType.PXE_DISCOVER, MessageType.PXE_REQUEST))


class ProxyOnly(Handler):
    """Lets nothing of a proxied subnet through but the DISCOVER of a booting machine."""

    def wanted(self, snapshot: Snapshot) -> bool:
        """Off where every subnet's addresses are ours."""
        return any(subnet.proxy for subnet in snapshot.subnets)

    def pre(self, bundle: TransactionBundle) -> None:
        """From here on such a DISCOVER is another message: one that asks for no address."""
        request = bundle.request
        if not bundle.home.proxy or request.message_type in _QUESTIONS:
            return
        if request.message_type != MessageType.DISCOVER or not _machine(bundle):
            raise CannotRespond(Reason.PROXY_ONLY)
        request.message_type = MessageType.PXE_DISCOVER


class BootQuestion(Handler):
    """Begins the answer to a booting machine; what it is told is filled in as for anybody else."""

    message_types: ClassVar[frozenset[int] | None] = _QUESTIONS

    def handle(self, bundle: TransactionBundle) -> None:
        """An OFFER or ACK without address: yiaddr is zero and there is no lease time.  PXE 2.1, 2.2.3 and 2.2.5."""
        request = bundle.request
        if not _machine(bundle):
            raise CannotRespond(Reason.PROXY_ONLY)
        if request.message_type == MessageType.PXE_DISCOVER:
            response = Response4(MessageType.OFFER)
            # Without yiaddr there is no address that it could be sent to.
            request.broadcast = True
        else:
            response = Response4(MessageType.ACK)
            response.ciaddr = request.ciaddr if request.ciaddr != NOWHERE else bundle.datagram.source
            request.broadcast = request.broadcast or response.ciaddr == NOWHERE
        bundle.responses.append(response)


class BootAnswer(Handler):
    """Leaves in the answer what is about booting, and adds what makes the machine believe it."""

    message_types: ClassVar[frozenset[int] | None] = _QUESTIONS

    def handle(self, bundle: TransactionBundle) -> None:
        """Without a boot file there is nothing to say: another server may have one."""
        request, response = bundle.request, bundle.responses[0]
        pairs = {code: payload for code, payload in response.pairs if code in _OF_BOOT}
        if not response.file and 67 not in pairs:
            raise CannotRespond(Reason.NO_BOOT_FILE)
        machine = _machine(bundle)
        told: list[tuple[int, bytes]] = [(int(Opt.VENDOR_CLASS_ID), machine)]
        if machine == _PXE:
            own = pairs.pop(Opt.VENDOR_OPTIONS, _NO_DISCOVERY)
            told.append((int(Opt.VENDOR_OPTIONS), _chosen(request.options.get(Opt.VENDOR_OPTIONS, b"")) + own))
        if (uuid := request.options.get(Opt.CLIENT_UUID)) is not None:
            told.append((int(Opt.CLIENT_UUID), uuid))  # RFC 4578 2.3.
        response.overrides = None  # Of what is said of option 60 above, nothing is left to say.
        response.pairs = (*told, *pairs.items())
        response.body = encode_options(response.pairs)
        bundle.reason = Reason.BOOT_OFFER if response.message_type == MessageType.OFFER else Reason.BOOT_ACK


def _machine(bundle: TransactionBundle) -> bytes:
    """The vendor class that the answer has to name; empty where it is no booting machine.  RFC 4578 2, UEFI 24.7.2."""
    said = bundle.request.options.get(Opt.VENDOR_CLASS_ID, b"")
    return next((name for name in (_PXE, _HTTP) if said.startswith(name)), b"")


def _chosen(said: bytes) -> bytes:
    """The chosen boot item, which the answer repeats.  PXE 2.1 table 2-1."""
    at = 0
    while at + 1 < len(said) and said[at] != 255:
        code, size = said[at], said[at + 1]
        if code == _BOOT_ITEM and size == _BOOT_ITEM_OCTETS and at + 2 + size <= len(said):
            return said[at : at + 2 + size]
        at += 1 if code == 0 else 2 + size
    return b""
