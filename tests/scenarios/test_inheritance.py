"""Where a setting or an option of an answer comes from: documents, and what is on the wire because of them.

Globals, shared network, subnet, pool, assignment: each key is written, seen in an answer, and not seen where the level
is not the client's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dhcpcore.topology.build import from_document
from dhcpcore.topology.validate import validate
from tests.packets4 import ACK, NAK, OFFER, Answer, client, ip
from tests.playbook import T0, World, assignment

Make = Callable[..., World]
VALUES = {"options": {"dhcp4": {"domain-name": "d", "ntp-servers": ["192.0.2.4"]}}}
A, B, C = client(1), client(2), client(3)
NEAR, FAR = "192.0.2.1", "198.51.100.1"


def served(world: Make, **more: Any) -> World:
    """A subnet of the shared network ``campus`` behind one relay, and one that is alone behind another."""
    near = {"prefix": "192.0.2.0/24", "shared_network": "campus",
            "pools": [{"first": "192.0.2.100", "last": "192.0.2.109"}]}  # fmt: skip
    far = {"prefix": "198.51.100.0/24", "pools": [{"first": "198.51.100.100", "last": "198.51.100.109"}]}
    network = {"name": "campus", **more.pop("network", {})}
    near |= more.pop("near", {})
    document = {"version": 1, "shared_networks": [network], "subnets": [near, far], **more}
    return world(*from_document(validate(document)).subnets, assignments=())


def offers(w: World, **more: Any) -> tuple[Answer, Answer]:
    """What a client in the shared network is offered, and one outside it."""
    near, far = w.discover(A, via=NEAR, **more), w.discover(B, via=FAR, **more)
    assert near is not None
    assert far is not None
    return near, far


class TestSharedNetwork:
    def test_its_options_are_for_its_subnets_alone(self, world: Make) -> None:
        options = {"dhcp4": {"domain-name": "campus.example", "ntp-servers": ["192.0.2.4"]}}
        near, far = offers(served(world, network={"options": options}))
        assert (near.options[15], near.address(42)) == (b"campus.example", "192.0.2.4")
        assert {15, 42}.isdisjoint(far.options)

    def test_they_win_over_those_of_globals_and_lose_to_those_of_the_subnet(self, world: Make) -> None:
        w = served(
            world,
            globals={"options": {"dhcp4": {"domain-name": "everywhere", "routers": ["192.0.2.1"]}}},
            network={"options": {"dhcp4": {"domain-name": "campus", "routers": ["192.0.2.2"]}}},
            near={"options": {"routers": ["192.0.2.3"]}},
        )
        near, far = offers(w)
        assert (near.options[15], near.address(3)) == (b"campus", "192.0.2.3")
        assert (far.options[15], far.address(3)) == (b"everywhere", "192.0.2.1")

    def test_its_lifetime(self, world: Make) -> None:
        near, far = offers(served(world, network={"lifetime": {"default": "30m", "renew": "5m"}}))
        assert (near.number(51), near.number(58)) == (1800, 300)
        assert (far.number(51), far.number(58)) == (3600, 1800)

    def test_its_boot_fields(self, world: Make) -> None:
        near, far = offers(served(world, network={"boot": {"next_server": "192.0.2.6", "file": "pxe.0"}}))
        assert (near.siaddr, near.file) == ("192.0.2.6", b"pxe.0")
        assert (far.siaddr, far.file) == ("0.0.0.0", b"")

    def test_its_switches(self, world: Make) -> None:
        near, far = offers(served(world, network={"rapid_commit": True}), options={80: b""})
        assert (near.kind, far.kind) == (ACK, OFFER)
        near, far = offers(served(world, network={"ipv6_only": "10m"}), prl=b"\x6c")
        assert (near.number(108), 108 in far.options) == (600, False)
        w = served(world, network={"echo_client_id": False})
        assert 61 not in w.discover(client(7, b"\x01x"), via=NEAR).options
        assert 61 in w.discover(client(7, b"\x01x"), via=FAR).options
        w = served(world, network={"bootp": "free", "bootp_lifetime": "2h"})
        assert w.bootp(A, via=NEAR).yiaddr == "192.0.2.100"
        assert w.bootp(B, via=FAR) is None
        assert w.row("192.0.2.100").expires == T0 + 7200

    def test_it_says_what_may_be_made_up_where_nothing_is_given(self, world: Make) -> None:
        w = served(world, network={"auto_configure": "forbid"}, near={"pools": []})
        assert w.discover(A, via=NEAR, options={116: b"\1"}).options[116] == b"\0"
        assert 116 not in w.discover(B, via=FAR, options={116: b"\1"}).options

    def test_it_is_the_authority_of_its_subnets(self, world: Make) -> None:
        w = served(world, network={"authoritative": True})
        assert w.reboot(A, "10.0.0.1", via=NEAR).kind == NAK
        assert w.reboot(B, "10.0.0.1", via=FAR) is None

    def test_it_adopts_for_its_subnets(self, world: Make) -> None:
        w = served(world, network={"adopt": "free"})
        assert w.renew(A, "192.0.2.105").number(51) == 3600
        assert w.renew(B, "198.51.100.105") is None

    def test_it_is_nothing_to_a_subnet_that_names_another(self, world: Make) -> None:
        w = served(world, network={"options": {"dhcp4": {"domain-name": "x"}}}, near={"shared_network": "other"})
        near, _far = offers(w)
        assert 15 not in near.options


class TestAlwaysAndNever:
    """Each level says so for its own clients; nobody asks for anything here but the mask."""

    def test_of_globals(self, world: Make) -> None:
        w = served(world, globals={**VALUES, "always_send": {"dhcp4": ["domain-name"]}})
        assert [15 in offer.options for offer in offers(w, prl=b"\x01")] == [True, True]
        w = served(world, globals={**VALUES, "never_send": {"dhcp4": ["domain-name"]}})
        assert [15 in offer.options for offer in offers(w, prl=b"\x0f")] == [False, False]

    def test_of_a_shared_network(self, world: Make) -> None:
        w = served(world, globals=VALUES, network={"always_send": {"dhcp4": ["domain-name"]}})
        assert [15 in offer.options for offer in offers(w, prl=b"\x01")] == [True, False]
        w = served(world, globals=VALUES, network={"never_send": {"dhcp4": ["domain-name"]}})
        assert [15 in offer.options for offer in offers(w, prl=b"\x0f")] == [False, True]

    def test_of_a_subnet(self, world: Make) -> None:
        w = served(world, globals=VALUES, near={"always_send": ["15"]})
        assert [15 in offer.options for offer in offers(w, prl=b"\x01")] == [True, False]
        w = served(world, globals=VALUES, near={"never_send": ["option-15"]})
        assert [15 in offer.options for offer in offers(w, prl=b"\x0f")] == [False, True]

    @pytest.mark.parametrize(("key", "prl", "said"), [("always_send", 1, True), ("never_send", 15, False)])
    def test_of_a_pool(self, world: Make, key: str, prl: int, said: bool) -> None:
        pools = [{"first": "192.0.2.100", "last": "192.0.2.100", key: ["domain-name"]},
                 {"first": "192.0.2.101", "last": "192.0.2.101"}]  # fmt: skip
        w = served(world, globals=VALUES, near={"pools": pools})
        first, second = (w.discover(who, via=NEAR, prl=bytes((prl,))) for who in (A, B))
        assert (15 in first.options, 15 in second.options) == (said, not said)

    def test_of_an_assignment(self, world: Make) -> None:
        w = served(world, globals=VALUES)
        home = w.subnets[0]
        w.install(*w.subnets, assignments=[
            assignment(home, "192.0.2.10", hw=A.hw, always_send=frozenset({15})),
            assignment(home, "192.0.2.11", hw=B.hw, never_send=frozenset({15})),
        ])  # fmt: skip
        assert 15 in w.discover(A, via=NEAR, prl=b"\x01").options
        assert 15 not in w.discover(B, via=NEAR, prl=b"\x0f").options
        assert 15 in w.discover(C, via=NEAR, prl=b"\x0f").options

    def test_an_assignments_own_value_is_not_sent_unasked_by_itself(self, world: Make) -> None:
        w = served(world)
        home = w.subnets[0]
        w.install(*w.subnets, assignments=[assignment(home, "192.0.2.10", hw=A.hw, options={42: ip("192.0.2.4")})])
        assert 42 not in w.discover(A, via=NEAR, prl=b"\x01").options
