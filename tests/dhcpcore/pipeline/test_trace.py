"""Every step of a transaction has a sentence, and none fails on what a packet put into it."""

from __future__ import annotations

from dhcpcore.pipeline.trace import SENTENCES, Step, describe, identity

A4 = b"\xc0\0\2\1"
A6 = bytes.fromhex("20010db8000000000000000000000001")
ARGUMENTS: dict[int, tuple[object, ...]] = {
    Step.LINK_BY_RELAY: (A4, 3), Step.LINK_BY_INTERFACE: (2, 3), Step.LINK_BY_ADDRESS: (A4, 3),
    Step.IDENTITY: (b"\0\1\2\0\0\0\0\1",), Step.ASSIGNMENT: (7, A4), Step.ASSIGNMENT_BLOCKED: (A4,),
    Step.OWN_LEASE: (A4, 1), Step.OWN_LEASE_NOT_PERMITTED: (A4,), Step.OFFER_REPEATED: (A4,),
    Step.REQUESTED: (A4,), Step.REQUESTED_TAKEN: (A4,), Step.FROM_POOL: (4, A4), Step.CANDIDATE_TAKEN: (A4,),
    Step.LIFETIME: (3600,), Step.OPTIONS_DROPPED: (b"\x0f\x77",), Step.LEFT_OTHER_LEASE: (A4,), Step.NEEDS_ROWS: (1,),
    Step.PROBING: (A4,), Step.PROBE_SILENT: (A4,), Step.RETRIED: (2,), Step.GUARDED_POOL: (4, "known"),
    Step.ADOPTED: (A4,), Step.ASKED_TO_RENEW: (A4, "plain"), Step.QUERY: ("address", b"\xc0\0\2\1"),
    Step.LINK_BY_SELECTION: (A4, 118, 3), Step.VPN: (b"\0customer-a", 82),
    Step.SERVER_OVERRIDE: (A4,), Step.RELAYED_UNICAST: (), Step.RAPID_COMMIT: (), Step.IPV6_ONLY: (1800,),
    Step.LENIENT: ("option 12 announces 5 octets, 3 there at octet 254",),
    Step.CLASSES: ("voip",), Step.CLASSES_KNOWN: ("KNOWN, lab",),
    Step.CLASSES_ADDITIONAL: ("port",), Step.GUARDED_SUBNET: (3,),
    Step.GATED_POOL: (4, "RANDOM-MAC"), Step.REUSED: (90,), Step.ADAPTED: (80, 600),
    Step.DELAYED: (500,), Step.LIMIT: ("Its subnet",), Step.LEASE_RUNS_OUT: (A4, 90),
    Step.ASSIGNMENT_EVERYWHERE: (7,), Step.CLASS_FULL: ("tel", 3), Step.CLASS_RATE: ("tel",),
    Step.CLASSES_STASHED: ("port",), Step.STOPPED_BY_HOOK: ("pkt4_send",), Step.SUBNET_BY_HOOK: (3,),
    Step.IDENTIFIER_BY_HOOK: ("02:00",),
    Step.HANDLERS: ("late, resolvers",), Step.STOPPED_BY_HANDLER: ("late",),
    Step.HANDLER_ASKED: ("late", "pre"), Step.HOOK_ASKED: ("pkt4_send",),
    Step.SCRIPT_ASKED: ("answer",), Step.SCRIPT_GIVES: (A4, "office", 0), Step.SCRIPT_CHANGED: ("58",),
    Step.LINK_BY_INTERFACE_ID: (b"lan1", 3), Step.UNANSWERED: (7,), Step.HELD_BY_OTHER: (A6, 128),
    Step.GIVEN: (A6, 56, 600),
    Step.SCRIPT_ROUTED: (A4, 1068, b"\2\0\0\0\0\x09"),
}  # fmt: skip


def test_every_step_has_a_sentence() -> None:
    steps = {number for name, number in vars(Step).items() if name.isupper()}
    assert set(SENTENCES) == steps == set(ARGUMENTS)


def test_every_sentence_is_one() -> None:
    for step, arguments in ARGUMENTS.items():
        said = describe((step, *arguments))
        assert said[0].isupper() or said[0].isdigit()
        assert said.endswith(".")
        assert "b'" not in said, "octets are for no reader"
        if A4 in arguments:
            assert "192.0.2.1" in said


def test_options_are_named() -> None:
    said = "No room was left in the 548 octets that the client takes for the options option-231 (231)."
    assert describe((Step.OPTIONS_DROPPED, b"\xe7", 548)) == said


def test_a_trace_of_before_does_not_say_how_much_room_there_was():
    said = "No room was left for the options domain-name (15), domain-search (119)."
    assert describe((Step.OPTIONS_DROPPED, b"\x0f\x77")) == said


def test_an_unknown_step_is_shown_all_the_same() -> None:
    assert describe((999, 1, "x")) == "Step 999: [1, 'x']"


def test_a_client_is_known_by_name() -> None:
    assert identity(b"\x01\xff\x00") == "client identifier ff:00"
    assert identity(b"\x00\x01\x02\x00\x00\x00\x00\x01") == "hardware address 02:00:00:00:00:01"
    assert identity(b"\x02\2\0\3\0\0\0\1") == "DUID 00:03"
    assert identity(b"") == "nothing"
