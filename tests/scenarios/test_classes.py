"""Classes on the wire: who is of which, which pools and subnets serve whom, what they are told, who is not answered."""

from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from dhcpcore.topology.build import from_document
from dhcpcore.topology.validate import validate
from tests.packets4 import ACK, NAK, client, ip
from tests.playbook import OFFICE, World, assignment, traces

Make = Callable[..., World]
PHONE, OTHER = client(1), client(2)
VOIP = {"name": "voip", "test": "option[60].text == 'AAVAYA'"}
SAYS = {60: b"AAVAYA"}
LOW = {"first": "192.0.2.10", "last": "192.0.2.19"}
HIGH = {"first": "192.0.2.100", "last": "192.0.2.109"}


def served(world: Make, *classes: dict[str, Any], subnets: Any = None, assignments: Any = (), **globals_: Any) -> World:
    """A world of a document; ``assignments`` takes the first subnet."""
    listed = subnets or [{"prefix": OFFICE, "pools": [HIGH]}]
    document = {"version": 1, "globals": globals_, "classes": list(classes), "subnets": listed}
    made = from_document(validate(document))
    given = assignments(made.subnets[0]) if callable(assignments) else assignments
    return world(*made.subnets, assignments=given, classes=made.classes, admission=made.admission)


def pools(**guards: Any) -> list[dict[str, Any]]:
    """An office with the low pool for one class, and the high one as said."""
    return [{"prefix": OFFICE, "pools": [{**LOW, "class": guards["low"]}, HIGH | guards.get("high", {})]}]


class TestPools:
    def test_a_pool_serves_the_class_that_it_is_for(self, world: Make) -> None:
        w = served(world, VOIP, subnets=pools(low="voip"))
        assert w.lease(PHONE, options=SAYS).yiaddr == "192.0.2.10"

    def test_a_pool_does_not_serve_others(self, world: Make) -> None:
        w = served(world, VOIP, subnets=pools(low="voip"))
        assert w.lease(OTHER).yiaddr == "192.0.2.100"
        assert w.discover(client(3), requested="192.0.2.11").yiaddr == "192.0.2.101"
        assert w.select(client(3), "192.0.2.11").kind == NAK
        assert w.reason == "NAK-NOT-PERMITTED"

    def test_of_a_list_one_is_enough(self, world: Make) -> None:
        w = served(world, VOIP, {"name": "lab"}, subnets=pools(low=["lab", "voip"]))
        assert w.lease(PHONE, options=SAYS).yiaddr == "192.0.2.10"
        assert w.lease(OTHER).yiaddr == "192.0.2.100"

    def test_known_in_a_list(self, world: Make) -> None:
        w = served(world, VOIP, subnets=pools(low=["voip", "KNOWN"]),
                   assignments=lambda home: [assignment(home, None, hw=OTHER.hw)])  # fmt: skip
        assert w.lease(OTHER).yiaddr == "192.0.2.10"
        assert w.lease(client(3)).yiaddr == "192.0.2.100"

    def test_who_leaves_the_class_is_refused_at_its_next_renewal(self, world: Make) -> None:
        w = served(world, VOIP, subnets=pools(low="voip"))
        assert w.lease(PHONE, options=SAYS).yiaddr == "192.0.2.10"
        assert w.renew(PHONE, "192.0.2.10", options=SAYS).kind == ACK
        assert w.renew(PHONE, "192.0.2.10").kind == NAK

    def test_a_vendors_class_needs_no_declaration(self, world: Make) -> None:
        w = served(world, subnets=pools(low=["VENDOR_CLASS_AAVAYA", "VENDOR_CLASS_MSFT 5.0"]))
        assert w.lease(PHONE, options=SAYS).yiaddr == "192.0.2.10"
        assert w.lease(client(3), options={60: b"MSFT 5.0"}).yiaddr == "192.0.2.11"
        assert w.lease(OTHER, options={60: b"other"}).yiaddr == "192.0.2.100"


TWO = [
    {"prefix": OFFICE, "shared_network": "campus", "pools": [HIGH], "class": "voip"},
    {"prefix": "198.51.100.0/24", "shared_network": "campus",
     "pools": [{"first": "198.51.100.10", "last": "198.51.100.19"}]},
]  # fmt: skip


class TestSubnets:
    def test_a_subnet_serves_the_class_that_it_is_for(self, world: Make) -> None:
        assert served(world, VOIP, subnets=TWO).lease(PHONE, options=SAYS).yiaddr == "192.0.2.100"

    def test_a_subnet_does_not_serve_others(self, world: Make) -> None:
        w = served(world, VOIP, subnets=TWO)
        assert w.lease(OTHER).yiaddr == "198.51.100.10"
        assert w.select(client(3), "192.0.2.105").kind == NAK

    def test_nor_by_an_assignment(self, world: Make) -> None:
        w = served(world, VOIP, subnets=TWO,
                   assignments=lambda home: [assignment(home, "192.0.2.50", hw=OTHER.hw)])  # fmt: skip
        assert w.lease(OTHER).yiaddr == "198.51.100.10"
        assert w.lease(OTHER, options=SAYS).yiaddr == "192.0.2.50"

    def test_where_no_subnet_admits_it_a_client_is_not_answered(self, world: Make) -> None:
        w = served(world, VOIP, subnets=[{"prefix": OFFICE, "pools": [HIGH], "class": "voip"}])
        assert w.discover(OTHER) is None
        assert w.reason == "NO-POOL"
        assert f"Subnet {w.subnets[0].subnet_id} does not admit it." in list(traces(w))


OPTIONS = {"name": "voip", "test": "option[60].text == 'AAVAYA'",
           "options": {"dhcp4": {"domain-name": "voip.example.org"}}}  # fmt: skip


class TestWhatIsTold:
    def test_a_class_gives_options(self, world: Make) -> None:
        assert served(world, OPTIONS).lease(PHONE, options=SAYS, prl=b"\x0f").options[15] == b"voip.example.org"

    def test_a_class_gives_others_nothing(self, world: Make) -> None:
        assert 15 not in served(world, OPTIONS).lease(OTHER, prl=b"\x0f").options

    def test_a_class_sends_always_and_never(self, world: Make) -> None:
        more = {"options": {"dhcp4": {"domain-name": "v.org", "host-name": "phone"}},
                "always_send": {"dhcp4": ["domain-name"]}, "never_send": {"dhcp4": ["host-name"]}}  # fmt: skip
        w = served(world, {**VOIP, **more})
        ack, other = w.lease(PHONE, options=SAYS, prl=b"\x0c"), w.lease(OTHER, prl=b"\x0c\x0f")
        assert (ack.options.get(15), 12 in ack.options) == (b"v.org", False)
        assert 15 not in other.options

    def test_what_was_kept_for_one_is_not_sent_to_the_other(self, world: Make) -> None:
        w = served(world, OPTIONS)
        assert 15 in w.lease(PHONE, options=SAYS, prl=b"\x0f").options
        assert 15 not in w.lease(OTHER, prl=b"\x0f").options
        assert 15 in w.lease(client(3), options=SAYS, prl=b"\x0f").options

    def test_a_class_counts_before_the_pool_and_after_the_assignment(self, world: Make) -> None:
        subnets = pools(low="voip", high={"options": {"domain-name": "pool.example.org"}})
        subnets[0]["pools"][0]["options"] = {"domain-name": "pool.example.org", "host-name": "pool"}
        w = served(world, OPTIONS, subnets=subnets, assignments=lambda home: [
            assignment(home, None, hw=client(3).hw, options={15: b"mine.example.org"})])  # fmt: skip
        ack = w.lease(PHONE, options=SAYS, prl=b"\x0f\x0c")
        assert (ack.options[15], ack.options[12]) == (b"voip.example.org", b"pool")
        assert w.lease(client(3), options=SAYS, prl=b"\x0f").options[15] == b"mine.example.org"

    def test_of_two_classes_the_first_in_the_document_counts(self, world: Make) -> None:
        second = {"name": "all-phones", "test": "option[60].exists",
                  "options": {"dhcp4": {"domain-name": "x.example.org", "host-name": "phone"}}}  # fmt: skip
        ack = served(world, OPTIONS, second).lease(PHONE, options=SAYS, prl=b"\x0f\x0c")
        assert (ack.options[15], ack.options[12]) == (b"voip.example.org", b"phone")
        ack = served(world, second, OPTIONS).lease(PHONE, options=SAYS, prl=b"\x0f\x0c")
        assert ack.options[15] == b"x.example.org"

    def test_a_class_sets_the_lease_time(self, world: Make) -> None:
        w = served(world, {**VOIP, "lifetime": "2h"}, {"name": "ALL", "lifetime": "3h"})
        assert w.lease(PHONE, options=SAYS).number(51) == 7200
        assert w.lease(OTHER).number(51) == 10_800

    def test_a_class_sets_the_boot_fields_that_it_says(self, world: Make) -> None:
        boot = {"next_server": "192.0.2.6", "file": "all.bin"}
        subnets = [{"prefix": OFFICE, "pools": [HIGH], "boot": boot}]
        w = served(world, {**VOIP, "boot": {"file": "phone.bin", "server_name": "tftp"}}, subnets=subnets)
        ack, other = w.lease(PHONE, options=SAYS), w.lease(OTHER)
        assert (ack.siaddr, ack.sname, ack.file) == ("192.0.2.6", b"tftp", b"phone.bin")
        assert (other.siaddr, other.sname, other.file) == ("192.0.2.6", b"", b"all.bin")

    def test_inform_gets_them_as_well(self, world: Make) -> None:
        w = served(world, OPTIONS)
        assert w.inform(PHONE, "192.0.2.50", options=SAYS, prl=b"\x0f").options[15] == b"voip.example.org"
        assert 15 not in w.inform(OTHER, "192.0.2.51", prl=b"\x0f").options


class TestMembers:
    def test_one_class_asks_for_another_in_any_order(self, world: Make) -> None:
        both = {"name": "both", "test": "member('voip') and member('tall')"}
        w = served(world, both, {"name": "tall", "test": "option[12].exists"}, VOIP, subnets=pools(low="both"))
        assert w.lease(PHONE, options={**SAYS, 12: b"x"}).yiaddr == "192.0.2.10"
        assert w.lease(OTHER, options=SAYS).yiaddr == "192.0.2.100"

    def test_known_is_asked_once_the_assignment_was_looked_for(self, world: Make) -> None:
        w = served(world, {"name": "strangers", "test": "unknown and option[60].exists"},
                   subnets=pools(low="strangers"),
                   assignments=lambda home: [assignment(home, None, hw=PHONE.hw)])  # fmt: skip
        assert w.lease(OTHER, options=SAYS).yiaddr == "192.0.2.10"
        assert w.lease(PHONE, options=SAYS).yiaddr == "192.0.2.100"

    def test_an_assignment_gives_classes(self, world: Make) -> None:
        w = served(world, {"name": "lab"}, {"name": "lab-phone", "test": "member('lab') and option[60].exists"},
                   subnets=pools(low="lab-phone"),
                   assignments=lambda home: [assignment(home, None, hw=PHONE.hw, classes=["lab"]),
                                             assignment(home, None, hw=OTHER.hw)])  # fmt: skip
        assert w.lease(PHONE, options=SAYS).yiaddr == "192.0.2.10"
        assert w.lease(OTHER, options=SAYS).yiaddr == "192.0.2.100"
        w.renew(PHONE, "192.0.2.10", options=SAYS)
        assert "Its classes by what is known of it: KNOWN, lab, lab-phone." in list(traces(w))

    def test_a_template_makes_a_class_for_each_value(self, world: Make) -> None:
        w = served(
            world, {"name": "port", "template_test": "relay4[1].hex", "options": {"dhcp4": {"domain-name": "any.org"}}},
            {"name": "SPAWN_port_eth7", "options": {"dhcp4": {"domain-name": "seven.org"}}},
            subnets=pools(low="SPAWN_port_eth7"),
        )  # fmt: skip
        seven, eight = ({"via": "192.0.2.2", "agent": b"\x01\x04eth" + octet} for octet in (b"7", b"8"))
        ack = w.lease(PHONE, prl=b"\x0f", **seven)
        assert (ack.yiaddr, ack.options[15]) == ("192.0.2.10", b"seven.org")
        ack = w.lease(OTHER, prl=b"\x0f", **eight)
        assert (ack.yiaddr, ack.options[15]) == ("192.0.2.100", b"any.org")
        assert 15 not in w.lease(client(3), prl=b"\x0f").options
        assert w.lease(client(4), prl=b"\x0f", via="192.0.2.2", agent=b"\x01\x01\xff").yiaddr == "192.0.2.102"
        assert "Its classes: SPAWN_port_0xff, port." in list(traces(w))


LATE = {"name": "late", "test": "option[60].exists", "only_in_additional_list": True,
        "options": {"dhcp4": {"domain-name": "late.org", "host-name": "late"}}}  # fmt: skip


class TestAdditional:
    def test_it_is_looked_at_where_it_is_listed(self, world: Make) -> None:
        early = {"name": "early", "test": "option[60].exists", "options": {"dhcp4": {"domain-name": "early.org"}}}
        subnets = [{"prefix": OFFICE, "pools": [HIGH | {"additional": ["late"]}]}]
        ack = served(world, LATE, early, subnets=subnets).lease(PHONE, options=SAYS, prl=b"\x0f\x0c")
        assert (ack.options[15], ack.options[12]) == (b"early.org", b"late")

    def test_a_subnet_lists_it_as_well(self, world: Make) -> None:
        subnets = [{"prefix": OFFICE, "pools": [HIGH], "additional": ["late"]}]
        w = served(world, LATE, subnets=subnets)
        assert w.lease(PHONE, options=SAYS, prl=b"\x0f").options[15] == b"late.org"
        assert "Its classes by what it is served from: late." in list(traces(w))
        assert 15 not in w.lease(OTHER, prl=b"\x0f").options

    def test_it_is_not_looked_at_elsewhere(self, world: Make) -> None:
        subnets = [{"prefix": OFFICE, "pools": [LOW | {"class": "known", "additional": ["late"]}, HIGH]}]
        w = served(world, LATE, subnets=subnets)
        assert 15 not in w.lease(PHONE, options=SAYS, prl=b"\x0f").options


class TestDrop:
    def test_whoever_is_of_it_is_not_answered(self, world: Make) -> None:
        w = served(world, {"name": "DROP", "test": "substring(pkt4.mac, 5, 1) == 0x01"})
        assert w.discover(PHONE) is None
        assert w.reason == "CLASS-DROP"
        assert w.inform(PHONE, "192.0.2.50") is None
        assert w.store.fetches == 0, "who is not answered costs the database nothing"

    def test_others_are(self, world: Make) -> None:
        assert served(world, {"name": "DROP", "test": "substring(pkt4.mac, 5, 1) == 0x01"}).lease(OTHER).kind == ACK

    def test_it_may_ask_whether_the_client_is_known(self, world: Make) -> None:
        w = served(world, {"name": "DROP", "test": "unknown"},
                   assignments=lambda home: [assignment(home, None, hw=PHONE.hw)])  # fmt: skip
        assert w.lease(PHONE).kind == ACK
        assert w.discover(OTHER) is None
        assert w.reason == "CLASS-DROP"

    def test_an_assignment_may_give_it(self, world: Make) -> None:
        w = served(world, {"name": "lab"}, assignments=lambda home: [
            assignment(home, None, hw=PHONE.hw, classes=["DROP"])])  # fmt: skip
        assert w.discover(PHONE) is None
        assert w.lease(OTHER).kind == ACK


class TestExplained:
    def test_the_trace_says_which_classes_matched(self, world: Make) -> None:
        w = served(world, VOIP, {"name": "phones", "test": "member('voip')"})
        w.lease(PHONE, options=SAYS)
        assert "Its classes: phones, voip." in list(traces(w))

    def test_it_says_nothing_where_there_are_none(self, world: Make) -> None:
        w = served(world)
        w.lease(PHONE, options=SAYS)
        assert not [said for said in traces(w) if "classes" in said]


LINK = [
    {"prefix": OFFICE, "shared_network": "campus", "pools": [HIGH], "deny": ["02:00:00:00:00:01"]},
    {"prefix": "198.51.100.0/24", "shared_network": "campus", "allow": ["02:00:00:00:00:01", "02:00:00:00:00:02"],
     "pools": [{"first": "198.51.100.10", "last": "198.51.100.19"}]},
]  # fmt: skip


class TestLists:
    @pytest.mark.parametrize(
        "entry",
        ["02:00:00:00:00:01", "02-00-00-00-00-01", "02:00:00:00:00:*", "02:*:00:00:00:01", "02:*:00:*",
         {"client_id": "01:02:03"}, {"client_id": "01:*"}, {"client_id": "01:*:03"}],
    )  # fmt: skip
    def test_who_is_denied_is_not_answered(self, world: Make, entry: Any) -> None:
        w = served(world, deny=["02:00:00:00:00:77", entry])
        who = client(1, bytes((1, 2, 3)))
        assert w.discover(who) is None
        assert w.reason == "CLIENT-DENIED"
        assert w.lease(client(0x1000002, bytes((2, 2, 3)))).kind == ACK

    @pytest.mark.parametrize(
        "entry", ["02:00:00:00:00", "02:00:00:00:00:01:00", "03:*", "02:*:01:*", {"client_id": "02"}]
    )
    def test_who_is_not_denied_is_answered(self, world: Make, entry: Any) -> None:
        assert served(world, deny=[entry]).lease(client(1, bytes((2, 2, 3)))).kind == ACK

    def test_where_some_are_allowed_nobody_else_is(self, world: Make) -> None:
        w = served(world, allow=["02:00:00:00:00:01"])
        assert w.lease(PHONE).kind == ACK
        assert w.discover(OTHER) is None
        assert w.reason == "CLIENT-NOT-ALLOWED"

    def test_who_is_denied_is_not_allowed(self, world: Make) -> None:
        w = served(world, allow=["02:*"], deny=["02:00:00:00:00:01"])
        assert w.discover(PHONE) is None
        assert w.reason == "CLIENT-DENIED"
        assert w.lease(OTHER).kind == ACK

    def test_who_is_denied_may_give_its_lease_back(self, world: Make) -> None:
        w = served(world)
        w.lease(PHONE)
        made = from_document(validate({"version": 1, "globals": {"deny": ["02:*"]}, "subnets": []}))
        w.install(admission=made.admission)
        assert w.renew(PHONE, "192.0.2.100") is None
        w.release(PHONE, "192.0.2.100")
        assert w.reason == "RELEASED"


    def test_a_subnet_that_denies_is_passed_over(self, world: Make) -> None:
        w = served(world, subnets=LINK)
        assert w.lease(PHONE).yiaddr == "198.51.100.10"
        assert w.lease(OTHER).yiaddr == "192.0.2.100"
        assert w.select(PHONE, "192.0.2.105").kind == NAK
        assert w.select(client(3), "198.51.100.15").kind == NAK

    def test_where_every_subnet_denies_the_client_is_not_answered(self, world: Make) -> None:
        w = served(world, subnets=LINK[:1])
        assert w.discover(PHONE) is None
        assert w.reason == "CLIENT-DENIED"
        w = served(world, subnets=LINK[1:])
        assert w.discover(client(3), via="198.51.100.1") is None
        assert w.reason == "CLIENT-NOT-ALLOWED"


BOOT = {"next_server": "192.0.2.6", "file": "undionly.kpxe", "by_architecture": {
    "x64-uefi": "ipxe.efi", "11": {"file": "arm.efi", "next_server": "192.0.2.7"},
    "x64-uefi-http": "http://192.0.2.6/ipxe.efi"}}  # fmt: skip


class TestArchitectures:
    @pytest.mark.parametrize(
        ("said", "siaddr", "file"),
        [
            (b"\0\x07", "192.0.2.6", b"ipxe.efi"),
            (b"\0\x0b", "192.0.2.7", b"arm.efi"),
            (b"\0\x09\0\x07", "192.0.2.6", b"ipxe.efi"),
            (b"\0\x00", "192.0.2.6", b"undionly.kpxe"),
            (b"\0", "192.0.2.6", b"undionly.kpxe"),
            (None, "192.0.2.6", b"undionly.kpxe"),
        ],
    )
    def test_the_file_is_that_of_the_machines_kind(
        self, world: Make, said: bytes | None, siaddr: str, file: bytes
    ) -> None:
        w = served(world, subnets=[{"prefix": OFFICE, "pools": [HIGH], "boot": BOOT}])
        ack = w.lease(PHONE, options={} if said is None else {93: said})
        assert (ack.siaddr, ack.file) == (siaddr, file)
        assert 60 not in ack.options

    def test_a_client_that_boots_over_http_is_told_so(self, world: Make) -> None:
        w = served(world, subnets=[{"prefix": OFFICE, "pools": [HIGH], "boot": BOOT}])
        ack = w.lease(PHONE, options={93: b"\0\x10", 60: b"HTTPClient:Arch:00016"})
        assert (ack.file, ack.options[60]) == (b"http://192.0.2.6/ipxe.efi", b"HTTPClient")

    def test_the_same_where_another_server_gives_the_addresses(self, world: Make) -> None:
        w = served(world, VOIP, subnets=[{"prefix": OFFICE, "proxy": True, "boot": BOOT}])
        pxe = {60: b"PXEClient:Arch:00007", 93: b"\0\x07", 97: bytes(17)}
        assert w.discover(PHONE, options=pxe).file == b"ipxe.efi"
        http = {60: b"HTTPClient:Arch:00016", 93: b"\0\x10"}
        offer = w.discover(OTHER, options=http)
        assert (offer.file, offer.options[60]) == (b"http://192.0.2.6/ipxe.efi", b"HTTPClient")

    def test_a_class_has_files_of_its_own(self, world: Make) -> None:
        w = served(world, {**VOIP, "boot": {"by_architecture": {"x64-uefi": "phone.efi"}}},
                   subnets=[{"prefix": OFFICE, "pools": [HIGH], "boot": BOOT}])  # fmt: skip
        uefi = {93: b"\0\x07"}
        assert w.lease(PHONE, options={**SAYS, **uefi}).file == b"phone.efi"
        assert w.lease(OTHER, options=uefi).file == b"ipxe.efi"
        assert w.lease(client(3), options={**SAYS, 93: b"\0\x00"}).file == b"undionly.kpxe"

    def test_a_file_of_a_class_holds_for_every_machine(self, world: Make) -> None:
        w = served(world, {**VOIP, "boot": {"file": "phone.bin"}},
                   subnets=[{"prefix": OFFICE, "pools": [HIGH], "boot": BOOT}])  # fmt: skip
        assert w.lease(PHONE, options={**SAYS, 93: b"\0\x07"}).file == b"phone.bin"


def test_a_relay_and_the_interface_can_be_asked_for(world: Make) -> None:
    w = served(world, {"name": "relayed", "test": "pkt4.giaddr == 192.0.2.2 and pkt.src == 192.0.2.2"},
               {"name": "eth0", "test": "pkt.iface == 'eth0' and pkt4.giaddr == 0.0.0.0"},
               subnets=[{"prefix": OFFICE, "pools": [{**LOW, "class": "relayed"}, {**HIGH, "class": "eth0"}]}],
    )  # fmt: skip
    assert w.lease(PHONE, via="192.0.2.2", source=ip("192.0.2.2")).yiaddr == "192.0.2.10"
    assert w.lease(OTHER).yiaddr == "192.0.2.100"


class TestFingerprints:
    """What a kind of device asks for, and in which order, tells it: option 55."""

    PRINTED: ClassVar[dict[str, str]] = {"name": "printer", "test": "option[55].hex == 0x01032c06070c0f1636"}
    PRINTERS = bytes.fromhex("01032c06070c0f1636")

    def test_a_pool_serves_a_kind_of_device(self, world: Make) -> None:
        w = served(world, self.PRINTED, subnets=pools(low="printer"))
        assert w.lease(PHONE, prl=self.PRINTERS).yiaddr == "192.0.2.10"

    @pytest.mark.parametrize("asked", [PRINTERS[:-1], PRINTERS[::-1], PRINTERS + b"\x2b"])
    def test_another_list_or_order_is_another_device(self, world: Make, asked: bytes) -> None:
        w = served(world, self.PRINTED, subnets=pools(low="printer"))
        assert w.lease(PHONE, prl=asked).yiaddr == "192.0.2.100"

    def test_each_that_was_never_named_may_have_its_class(self, world: Make) -> None:
        """The class of each list is there without anybody having written the list down."""
        device = {"name": "device", "template_test": "option[55].hex"}
        same = {"name": "same", "test": "member('SPAWN_device_0x0103060f')"}
        w = served(world, device, same, subnets=pools(low="same"))
        assert w.lease(PHONE, prl=bytes((1, 3, 6, 15))).yiaddr == "192.0.2.10"
        assert w.lease(OTHER, prl=bytes((1, 3, 15, 6))).yiaddr == "192.0.2.100"
