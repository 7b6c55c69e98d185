"""REJECT, offers of a class, and the ends of each /24."""

from collections.abc import Callable
from typing import Any

import pytest

from dhcpcore.errors import InvalidDocument
from dhcpcore.interchange import to_yaml
from dhcpcore.store.definitions import Definitions
from dhcpcore.topology.spans import ends_of_24, joined
from dhcpcore.topology.validate import validate
from tests.packets4 import ACK, NAK, client, ip
from tests.playbook import World
from tests.scenarios.served import apply, served

Make = Callable[..., World]
A, B = client(1), client(2)
RELAY = "10.0.0.2"


def document(**more: Any) -> dict[str, Any]:
    pool = {"first": "10.0.0.250", "last": "10.0.1.2"}
    return {"subnets": [{"prefix": "10.0.0.0/23", "pools": [pool]}], **more}


def rejecting(test: str = "pkt4.mac == 0x020000000001") -> dict[str, Any]:
    return document(classes=[{"name": "REJECT", "test": test}])


def test_who_is_rejected_is_told_so_and_others_are_served(world: Make) -> None:
    w = served(world, document())
    address = w.lease(A, via=RELAY).yiaddr
    apply(w, rejecting())
    assert w.renew(A, address).kind == NAK
    assert w.reason == "NAK-CLASS"
    assert w.discover(A, via=RELAY) is None
    assert w.reason == "CLASS-REJECT"
    assert w.inform(A, address, via=RELAY) is None
    w.release(A, address)
    assert w.reason == "RELEASED"
    assert w.lease(B, via=RELAY).kind == ACK


def test_who_is_known_only_by_the_assignment_may_be_rejected(world: Make) -> None:
    made = rejecting("known")
    made["subnets"][0]["assignments"] = [{"hw_address": "02:00:00:00:00:01"}]
    w = served(world, made)
    assert w.select(A, "10.0.0.251", via=RELAY).kind == NAK
    assert w.lease(B, via=RELAY).kind == ACK


def test_reject_is_not_looked_at_later() -> None:
    late = {"name": "REJECT", "test": "known", "only_in_additional_list": True}
    with pytest.raises(InvalidDocument, match="never looked at later"):
        validate({"version": 1, "classes": [late]})


def test_an_offer_is_kept_for_the_time_of_its_class(world: Make) -> None:
    held = document(classes=[{"name": "quick", "test": "option[60].exists", "offer_hold": "5s"}])
    held["subnets"][0]["pools"] = [{"first": "10.0.0.10", "last": "10.0.0.11"}]
    w = served(world, held)
    assert w.discover(A, via=RELAY).yiaddr == "10.0.0.10"
    assert w.discover(B, via=RELAY, options={60: b"x"}).yiaddr == "10.0.0.11"
    assert w.discover(client(3), via=RELAY) is None
    w.pass_(6)
    assert w.discover(client(3), via=RELAY).yiaddr == "10.0.0.11"
    assert w.discover(client(4), via=RELAY) is None
    w.pass_(61)
    assert w.discover(client(4), via=RELAY) is not None


@pytest.mark.parametrize("value", ["0", "2h", "soon"])
def test_a_wrong_offer_time_is_told_at_its_place(value: str) -> None:
    with pytest.raises(InvalidDocument) as told:
        validate({"version": 1, "classes": [{"name": "quick", "offer_hold": value}]})
    assert [fault.path for fault in told.value.faults] == ["classes[0].offer_hold"]


def given(w: World) -> list[str]:
    found = []
    for n in range(12):
        offer = w.discover(client(n), via=RELAY)
        if offer is not None:
            found.append(offer.yiaddr)
    return found


ENDS = {"globals": {"compatibility": {"exclude_first_last_24": True}}}


def test_the_ends_of_each_24_are_given_to_nobody(world: Make) -> None:
    assert {"10.0.0.255", "10.0.1.0"} <= set(given(served(world, document())))
    w = served(world, document(**ENDS))
    assert given(w) == [f"10.0.0.{n}" for n in range(250, 255)] + ["10.0.1.1", "10.0.1.2"]
    assert w.select(client(20), "10.0.0.255", via=RELAY).kind == NAK


def test_in_a_smaller_subnet_they_are(world: Make) -> None:
    small = {"prefix": "10.0.0.128/25", "pools": [{"first": "10.0.0.250", "last": "10.0.0.254"}], "relays": [RELAY]}
    assert len(given(served(world, {**ENDS, "subnets": [small]}))) == 5
    assert ends_of_24(ip("10.0.0.250"), ip("10.0.0.254")) == []
    assert ends_of_24(ip("10.0.0.0"), ip("10.0.1.255")) == [
        (ip("10.0.0.0"), ip("10.0.0.0")), (ip("10.0.0.255"), ip("10.0.1.0")), (ip("10.0.1.255"), ip("10.0.1.255")),
    ]  # fmt: skip


def test_with_exclusions_of_its_own_ranges_are_joined(world: Make) -> None:
    made = document(**ENDS)
    made["subnets"][0]["pools"][0]["exclude"] = ["10.0.0.254-10.0.0.255"]
    assert given(served(world, made)) == [f"10.0.0.{n}" for n in range(250, 254)] + ["10.0.1.1", "10.0.1.2"]
    assert joined([(b"\1", b"\5"), (b"\2", b"\3"), (b"\7", b"\7")]) == ((b"\1", b"\5"), (b"\7", b"\7"))


def test_whoever_loses_an_end_is_told_of(world: Make) -> None:
    w = served(world, document())
    for n in range(8):
        w.lease(client(n), via=RELAY)
    told = Definitions(w.database).effects(validate({"version": 1, **document(**ENDS)}), w.now)
    assert [one.clients for one in told] == [2]
    apply(w, document(**ENDS))
    back = Definitions(w.database).effects(validate({"version": 1, **document()}), w.now)
    assert back == ()


def test_an_export_that_is_applied_is_exported_byte_for_byte(world: Make) -> None:
    classes = [{"name": "REJECT", "test": "known"}, {"name": "quick", "offer_hold": "5s"}]
    w = served(world, document(**ENDS, classes=classes))
    exported = Definitions(w.database).document()
    assert to_yaml(validate(exported).canonical()) == to_yaml(exported)
    assert exported["globals"] == ENDS["globals"]
    assert exported["classes"][1]["offer_hold"] in {5, "5s"}
