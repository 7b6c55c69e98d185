"""What is written in a definitions document is what the wire shows: from text to octets, key by key."""

from collections.abc import Callable

from dhcpcore.interchange import read
from dhcpcore.topology.build import from_document
from dhcpcore.topology.validate import validate
from tests.packets4 import ACK, OFFER, client, ip
from tests.playbook import FOREVER, T0, World

Make = Callable[..., World]
A, B = client(1), client(2)
NAMED = client(1, b"\x01x")
RELAY = "192.0.2.2"
V6ONLY = b"\x01\x6c"


def said(world: Make, text: str) -> World:
    """A world of one subnet with two addresses, whose further keys, and globals, are ``text``."""
    document = {"subnets": [{"prefix": "192.0.2.0/24", "pools": [{"first": "192.0.2.100", "last": "192.0.2.101"}]}]}
    for key, value in (read(text) or {}).items():
        if key == "globals":
            document["globals"] = value
        else:
            document["subnets"][0][key] = value
    snapshot = from_document(validate({"version": 1, **document}))
    return world(*snapshot.subnets, subnet_selection=snapshot.subnet_selection, compatibility=snapshot.compatibility)


def test_bootp(world: Make) -> None:
    assert said(world, "").bootp(A) is None
    assert said(world, "bootp: free").bootp(A).yiaddr == "192.0.2.100"
    assert said(world, "globals: {bootp: free}").bootp(A).yiaddr == "192.0.2.100"
    assert said(world, "{globals: {bootp: free}, bootp: never}").bootp(A) is None
    assert said(world, "{bootp: free, pools: [{first: 192.0.2.9, last: 192.0.2.9, bootp: false}]}").bootp(A) is None


def test_bootp_lifetime(world: Make) -> None:
    for text, expires in (
        ("bootp: free", FOREVER),
        ("{bootp: free, bootp_lifetime: 1d}", T0 + 86_400),
        ("globals: {bootp: free, bootp_lifetime: 1h}", T0 + 3600),
        ("{globals: {bootp: free, bootp_lifetime: 1h}, bootp_lifetime: infinite}", FOREVER),
    ):
        w = said(world, text)
        w.bootp(A)
        assert w.row("192.0.2.100").expires == expires


def test_rapid_commit(world: Make) -> None:
    assert said(world, "").discover(A, options={80: b""}).kind == OFFER
    assert said(world, "rapid_commit: true").discover(A, options={80: b""}).kind == ACK
    assert said(world, "globals: {rapid_commit: true}").discover(A, options={80: b""}).kind == ACK


def test_echo_client_id(world: Make) -> None:
    assert 61 in said(world, "").discover(NAMED).options
    assert 61 not in said(world, "echo_client_id: false").discover(NAMED).options
    assert 61 not in said(world, "globals: {echo_client_id: false}").discover(NAMED).options


def test_ipv6_only(world: Make) -> None:
    assert said(world, "").discover(A, prl=V6ONLY).yiaddr == "192.0.2.100"
    assert said(world, "ipv6_only: 30m").discover(A, prl=V6ONLY).number(108) == 1800
    assert said(world, "globals: {ipv6_only: 5m}").discover(A, prl=V6ONLY).number(108) == 300
    assert 108 not in said(world, "{globals: {ipv6_only: 5m}, ipv6_only: 0}").discover(A, prl=V6ONLY).options
    pool = "pools: [{first: 192.0.2.9, last: 192.0.2.9, ipv6_only: 10m}]"
    assert said(world, pool).discover(A, prl=V6ONLY).number(108) == 600


def test_auto_configure(world: Make) -> None:
    for text, octet in (
        ("", None), ("auto_configure: forbid", b"\0"), ("globals: {auto_configure: allow}", b"\1"),
        ("globals: {auto_configure: allow}\nauto_configure: ignore", None),
    ):  # fmt: skip
        w = said(world, f"{text}\npools: []")
        offer = w.discover(A, options={116: b"\1"})
        assert (offer.options[116] if offer else None) == octet


def test_vss(world: Make) -> None:
    w = said(world, "{vss: customer-a, space: 3}")
    assert w.discover(A) is None
    ack = w.lease(A, via=RELAY, agent=b"\x97\x0b\0customer-a\x98\0")
    assert ack.options[82] == b"\x97\x0b\0customer-a"
    assert w.row("192.0.2.100", 3).client == A.identity
    other = said(world, "{vss: {hex: '00:00:0c:00:00:01:02'}, space: 3}")
    assert other.discover(A, via=RELAY, agent=b"\x97\x08\1\0\0\x0c\0\0\1\2").kind == OFFER


def test_subnet_selection(world: Make) -> None:
    sent = {118: ip("192.0.2.0")}
    assert said(world, "").discover(A, options=sent, via="203.0.113.1") is None
    offer = said(world, "globals: {subnet_selection: true}").discover(A, options=sent, via="203.0.113.1")
    assert (offer.yiaddr, offer.options[118]) == ("192.0.2.100", sent[118])


def test_the_sites_own_options(world: Make) -> None:
    document = {
        "version": 1,
        "option_definitions": [{"space": "dhcp4", "code": 224, "name": "x-colour", "type": "string"}],
        "subnets": [{"prefix": "192.0.2.0/24", "pools": [{"first": "192.0.2.100", "last": "192.0.2.101"}],
                     "options": {"x-colour": "blue"}}],
    }  # fmt: skip
    w = world(*from_document(validate(document)).subnets)
    assert w.discover(A, prl=b"\xe0").options[224] == b"blue"
    assert 224 not in w.discover(B, prl=b"\x01").options


class TestCompatibility:
    def test_lenient_options(self, world: Make) -> None:
        for text, kind in (("", None), ("globals: {compatibility: {lenient_options: true}}", OFFER)):
            w = said(world, text)
            offer = w.one(w.packet(1, A).edited(lambda data: data[:-1] + b"\x0c\x05abc"))
            assert (offer.kind if offer else None) == kind

    def test_ignore_link_selection(self, world: Make) -> None:
        agent = b"\x05\x04" + ip("203.0.113.0")
        assert said(world, "").discover(A, via=RELAY, agent=agent) is None
        w = said(world, "globals: {compatibility: {ignore_link_selection: true}}")
        assert w.discover(A, via=RELAY, agent=agent).yiaddr == "192.0.2.100"

    def test_ignore_server_identifier(self, world: Make) -> None:
        assert said(world, "").select(A, "192.0.2.100", server="203.0.113.5") is None
        w = said(world, "globals: {compatibility: {ignore_server_identifier: true}}")
        assert w.select(A, "192.0.2.100", server="203.0.113.5").kind == ACK

    def test_bootp_always_options(self, world: Make) -> None:
        for text, count in (("", 0), (", compatibility: {bootp_always_options: true}", 1)):
            w = said(world, f"globals: {{bootp: free{text}}}")
            reply = w.one(w.packet(None, A).edited(lambda data: data[:236] + bytes(64)))
            assert len(reply.options) == count
