"""What a sender is known by, and option 82 taken apart: whatever the octets, never a fault."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhcpcore.lease.model import Identifier
from dhcpcore.pipeline.identifiers import identifiers, sub_options
from dhcpcore.wire.v4.message import decode
from tests.packets4 import DISCOVER, Client, client, ip, request

EVERY = frozenset(int(kind) for kind in Identifier)
AGENT = b"\x01\x03abc\x02\x02de\x09\x01f"


def of(who: Client, agent: bytes | None = None, kinds: frozenset[int] = EVERY) -> list[tuple[int, bytes]]:
    data = request(DISCOVER, who, 1, giaddr=ip("192.0.2.9") if agent is not None else bytes(4), agent=agent)
    return identifiers(decode(data), kinds)


def test_the_most_specific_comes_first() -> None:
    duid = bytes.fromhex("0003000102000000000001")
    who = client(1, b"\xff\0\0\0\1" + duid)
    assert of(who, AGENT) == [
        (Identifier.CLIENT_ID, b"\xff\0\0\0\1" + duid),
        (Identifier.DUID, duid),
        (Identifier.HW_ADDRESS, b"\x01" + who.hw),
        (Identifier.CIRCUIT_ID, b"abc"),
        (Identifier.REMOTE_ID, b"de"),
    ]


@pytest.mark.parametrize("kind", [Identifier.CLIENT_ID, Identifier.HW_ADDRESS, Identifier.CIRCUIT_ID])
def test_kinds_that_nobody_is_assigned_by_are_not_looked_for(kind: Identifier) -> None:
    assert {found for found, _ in of(client(1, b"\1x"), AGENT, frozenset((kind,)))} == {kind}


@pytest.mark.parametrize("identifier", [b"\xff", b"\xff\0\0\0\1", b"\x01\0\0\0\1\0\3"])
def test_what_holds_no_duid_gives_none(identifier: bytes) -> None:
    assert Identifier.DUID not in {kind for kind, _ in of(client(1, identifier))}


def test_a_client_without_a_relay_is_on_no_port() -> None:
    data = request(DISCOVER, client(1), 1, agent=AGENT)
    assert identifiers(decode(data), EVERY) == [(Identifier.HW_ADDRESS, b"\x01" + client(1).hw)]


@pytest.mark.parametrize("who", [Client(b""), Client(b"", b"")])
def test_nobody_has_none(who: Client) -> None:
    assert of(who) == []


class TestSubOptions:
    def test_they_are_taken_apart(self) -> None:
        assert sub_options(AGENT) == {1: b"abc", 2: b"de", 9: b"f"}

    @pytest.mark.parametrize(
        ("agent", "found"),
        [
            (b"", {}),
            (b"\x01", {}),
            (b"\x01\x05ab", {}),
            (b"\x02\x01x\x01\xff", {2: b"x"}),
            (b"\x01\x00", {1: b""}),
            (b"\x01\x01a\x01\x01b", {1: b"a"}),
            (b"\x00\x01a\xff\x01b", {0: b"a", 255: b"b"}),
        ],
    )
    def test_what_is_cut_off_is_left_out(self, agent: bytes, found: dict[int, bytes]) -> None:
        assert sub_options(agent) == found

    @given(st.binary(max_size=600))
    def test_any_octets_are_read(self, agent: bytes) -> None:
        for code, payload in sub_options(agent).items():
            assert bytes((code, len(payload))) + payload in agent
