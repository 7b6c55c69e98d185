"""Features that meet: what each does alone, it does beside the others, and across a change of the definitions."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import pytest

from dhcpcore.topology.build import from_document
from dhcpcore.topology.links import Interface
from dhcpcore.topology.snapshot import Boot, Compatibility, Leasequery
from dhcpcore.topology.validate import validate
from tests.packets4 import ACK, LEASEACTIVE, LEASEQUERY, LEASEUNASSIGNED, OFFER, REQUEST, Client, client, ip
from tests.playbook import OFFICE, SERVER, World, assignment, pool, subnet

Make = Callable[..., World]
A, B = client(1), client(2)
NAMED = Client(A.hw, client_id=b"\x01" + A.hw)
VOIP = {"name": "voip", "test": "option[60].text == 'AAVAYA'", "boot": {"file": "phone.0"},
        "options": {"dhcp4": {"domain-name": "phones.example"}}}  # fmt: skip
SAYS = {60: b"AAVAYA"}
FREE = pool("192.0.2.100", "192.0.2.109")


def of_classes(*classes: Mapping[str, Any]) -> Any:
    """The classes of a document."""
    return from_document(validate({"version": 1, "classes": list(classes)})).classes


class TestWhileAProbeIsUnderWay:
    def test_a_bootp_client_is_let_go_where_bootp_is_switched_off(self, world: Make) -> None:
        home = subnet(OFFICE, FREE, bootp="free")
        w = world(home, probe=True)
        assert w.bootp(A) is None
        w.install(subnet(OFFICE, FREE))
        w.pass_(1)
        assert w.later() == []
        assert w.reason == "BOOTP"

    def test_a_bootp_client_is_answered_where_it_stays(self, world: Make) -> None:
        w = world(subnet(OFFICE, FREE, bootp="free"), probe=True)
        assert w.bootp(A) is None
        w.install()
        w.pass_(1)
        w.later()
        w.pass_(1)
        w.later()
        assert w.log == ["BOOTP-REPLY"]

    def test_classes_that_are_gone_give_nothing(self, world: Make) -> None:
        w = world(subnet(OFFICE, FREE), probe=True, classes=of_classes(VOIP))
        assert w.discover(A, options=SAYS) is None
        w.install(classes=None, probe=False)
        w.pass_(1)
        (offer,) = w.later()
        assert (offer.kind, offer.options.get(15)) == (OFFER, None)

    def test_classes_that_are_still_there_give(self, world: Make) -> None:
        w = world(subnet(OFFICE, FREE), probe=True, classes=of_classes(VOIP))
        assert w.discover(A, options=SAYS) is None
        w.install(probe=False)
        w.pass_(1)
        (offer,) = w.later()
        assert offer.options[15] == b"phones.example"

    def test_pools_of_classes_that_are_gone_are_closed(self, world: Make) -> None:
        w = world(subnet(OFFICE, pool("192.0.2.100", "192.0.2.109", guard="voip")), probe=True,
                  classes=of_classes(VOIP))  # fmt: skip
        assert w.discover(A, options=SAYS) is None
        w.install(classes=None, probe=False)
        w.pass_(1)
        assert w.later() == []
        assert w.reason == "NO-POOL"


class TestAnswersWithoutAnAddress:
    @pytest.mark.parametrize("echo", [True, False])
    def test_doing_without_ipv4_returns_the_client_id_or_not(self, world: Make, echo: bool) -> None:
        w = world(subnet(OFFICE, FREE, ipv6_only_s=300, echo_client_id=echo))
        offer = w.discover(NAMED, prl=b"\x6c")
        assert w.reason == "OFFER-DO-WITHOUT"
        assert (61 in offer.options) is echo

    @pytest.mark.parametrize("echo", [True, False])
    def test_nothing_to_give_returns_the_client_id_or_not(self, world: Make, echo: bool) -> None:
        w = world(subnet(OFFICE, auto_configure="allow", echo_client_id=echo))
        offer = w.discover(NAMED, options={116: b"\1"})
        assert w.reason == "OFFER-NOTHING"
        assert (61 in offer.options) is echo

    @pytest.mark.parametrize("believed", [True, False])
    def test_a_subnet_selection_that_was_believed_is_returned(self, world: Make, believed: bool) -> None:
        w = world(subnet(OFFICE, FREE, ipv6_only_s=300), subnet_selection=believed)
        offer = w.discover(A, prl=b"\x6c", options={118: bytes((192, 0, 2, 0))})
        assert w.reason == "OFFER-DO-WITHOUT"
        assert (118 in offer.options) is believed

    @pytest.mark.parametrize("believed", [True, False])
    def test_also_where_there_is_nothing_to_give(self, world: Make, believed: bool) -> None:
        w = world(subnet(OFFICE, auto_configure="allow"), subnet_selection=believed)
        offer = w.discover(A, options={116: b"\1", 118: bytes((192, 0, 2, 0))})
        assert w.reason == "OFFER-NOTHING"
        assert (118 in offer.options) is believed


class TestIpv6Only:
    GUARDED = subnet(OFFICE, FREE, shared_network="s", ipv6_only_s=300, guard=("voip",))
    OPEN = subnet("203.0.113.0/24", pool("203.0.113.10", "203.0.113.19"), shared_network="s")

    def test_a_subnet_that_does_not_serve_the_client_says_nothing(self, world: Make) -> None:
        w = world(self.GUARDED, self.OPEN, classes=of_classes(VOIP))
        offer = w.discover(A, prl=b"\x6c")
        assert (offer.yiaddr, 108 in offer.options) == ("203.0.113.10", False)

    def test_to_those_that_it_serves_it_does(self, world: Make) -> None:
        w = world(self.GUARDED, self.OPEN, classes=of_classes(VOIP))
        assert w.discover(A, prl=b"\x6c", options=SAYS).number(108) == 300


class TestBootpClientsWithAnAddress:
    def test_a_class_gives_them_their_boot_file(self, world: Make) -> None:
        w = world(subnet(OFFICE, FREE, bootp="free"), classes=of_classes(VOIP))
        assert w.bootp(A, ciaddr="192.0.2.50", options=SAYS).file == b"phone.0"
        assert w.reason == "BOOTP-KNOWN"
        assert w.bootp(B, ciaddr="192.0.2.51").file == b""

    def test_an_assignment_gives_them_their_options(self, world: Make) -> None:
        home = subnet(OFFICE, FREE, bootp="free")
        w = world(home, assignments=[assignment(home, None, hw=A.hw, options={15: b"own.example"})])
        assert w.bootp(A, ciaddr="192.0.2.50").options[15] == b"own.example"
        assert 15 not in w.bootp(B, ciaddr="192.0.2.51").options

    def test_who_is_dropped_as_unknown_hears_nothing(self, world: Make) -> None:
        home = subnet(OFFICE, FREE, bootp="free")
        w = world(home, classes=of_classes({"name": "DROP", "test": "member('UNKNOWN')"}),
                  assignments=[assignment(home, None, hw=A.hw)])  # fmt: skip
        assert w.bootp(B, ciaddr="192.0.2.51") is None
        assert w.reason == "CLASS-DROP"
        assert w.bootp(A, ciaddr="192.0.2.50") is not None


class TestBootingMachinesThatAreKnown:
    """In a subnet whose addresses another server gives."""

    BOOTS: ClassVar[dict[int, bytes]] = {60: b"PXEClient:Arch:00007"}

    def proxied(self, world: Make, *classes: Mapping[str, Any], given: tuple[str, ...] = ()) -> World:
        home = subnet(OFFICE, proxy=True, boot=Boot(file=b"pxe.0"))
        return world(home, assignments=[assignment(home, None, hw=A.hw, classes=given)],
                     classes=of_classes(*classes) if classes else None)  # fmt: skip

    def test_an_assignment_gives_them_its_classes(self, world: Make) -> None:
        w = self.proxied(world, {"name": "lab", "boot": {"file": "lab.0"}}, given=("lab",))
        assert w.discover(A, options=self.BOOTS).file == b"lab.0"
        assert w.discover(B, options=self.BOOTS).file == b"pxe.0"

    def test_who_is_dropped_as_unknown_is_not_among_them(self, world: Make) -> None:
        w = self.proxied(world, {"name": "DROP", "test": "member('UNKNOWN')"})
        assert w.discover(A, options=self.BOOTS).file == b"pxe.0"
        assert w.discover(B, options=self.BOOTS) is None
        assert w.reason == "CLASS-DROP"


VPN = b"\0customer-a"


class TestLeasequeryBesideVpns:
    """The address that is asked for is another one in the VPN."""

    QUERIES: ClassVar[dict[str, dict[str, Any]]] = {
        "option 221": {"options": {221: VPN}},
        "82.151": {"agent": bytes((151, len(VPN))) + VPN},
    }

    def twins(self, world: Make) -> World:
        own = subnet("10.0.0.0/24", pool("10.0.0.10", "10.0.0.11"))
        theirs = subnet("10.0.0.0/24", pool("10.0.0.10", "10.0.0.11"), name="theirs", space=1, vss=VPN)
        w = world(own, theirs, leasequery=Leasequery(True, ((ip("10.0.0.1"), 32),)), subnet_selection=True)
        w.lease(B, via="10.0.0.1")
        return w

    @pytest.mark.parametrize("said", QUERIES.values(), ids=QUERIES)
    def test_who_asks_about_a_vpn_is_not_told_of_others(self, world: Make, said: dict[str, Any]) -> None:
        w = self.twins(world)
        answer = w.one(w.packet(LEASEQUERY, Client(b"", htype=0), ciaddr="10.0.0.10", via="10.0.0.1", **said))
        assert (answer.kind, answer.hw, answer.options[221]) == (LEASEUNASSIGNED, b"", VPN), "there nobody has it"

    @pytest.mark.parametrize("options", [{}, {221: b"\xff"}], ids=["none", "the global one"])
    def test_who_names_none_is_answered(self, world: Make, options: dict[int, bytes]) -> None:
        w = self.twins(world)
        nobody = Client(b"", htype=0)
        answer = w.one(w.packet(LEASEQUERY, nobody, ciaddr="10.0.0.10", via="10.0.0.1", options=options))
        assert (answer.kind, answer.hw) == (LEASEACTIVE, B.hw)


def test_an_empty_message_type_read_leniently_is_malformed_and_of_no_class(world: Make) -> None:
    w = world(subnet(OFFICE, FREE, bootp="free"), classes=of_classes(VOIP),
              compatibility=Compatibility(lenient_options=True))  # fmt: skip
    sent = w.packet(None, A).edited(lambda data: data[:240] + b"\x35\x00\xff")
    assert w.one(sent) is None
    assert w.reason == "MALFORMED"
    assert w.lease(B, options=SAYS).kind == ACK


@pytest.mark.parametrize("named", [bytes(15) + b"\x01", b"", b"\xc0\x00\x02", bytes(4)])
def test_an_ipv6_address_of_ours_is_no_server_identifier(world: Make, named: bytes) -> None:
    w = world(subnet(OFFICE, FREE), interfaces={
        2: Interface(2, "eth0", (ip(SERVER), bytes(15) + b"\x01"), bytes(6))})  # fmt: skip
    assert w.one(w.packet(REQUEST, A, requested="192.0.2.100", options={54: named})) is None
    assert w.reason == "OTHER-SERVER"
    assert w.select(A, "192.0.2.100").kind == ACK
