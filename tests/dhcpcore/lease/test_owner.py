"""Client keys of DHCPv6."""

from __future__ import annotations

import pytest

from dhcpcore.lease.owner import LASTING, TEMPORARY, Owner, key_of, owner_of, ranges_of, stem_of

DUID = bytes.fromhex("000300010200000000aa")


@pytest.mark.parametrize("tag", [LASTING, TEMPORARY])
@pytest.mark.parametrize("duid", [b"", b"\0\3\1", DUID, bytes(130)])
def test_a_key_says_what_it_was_made_of(tag: bytes, duid: bytes) -> None:
    assert owner_of(key_of(tag, duid, b"\0\0\0\7")) == Owner(duid, b"\0\0\0\7", tag == TEMPORARY)


@pytest.mark.parametrize("key", [b"", b"\2", b"\0\1\2\0\0\0\0\1", b"\1\xff\0", b"\2\2\0\3\0\0\0", b"\2\2\0\3\0\0\0\1\0",
                                 stem_of(DUID)])  # fmt: skip
def test_what_is_none_of_dhcpv6_has_no_owner(key: bytes) -> None:
    assert owner_of(key) is None


def test_the_keys_of_a_duid_are_two_ranges_that_no_other_duids_are_in() -> None:
    lasting, temporary = ranges_of(DUID)
    for tag, (first, last) in ((LASTING, lasting), (TEMPORARY, temporary)):
        for iaid in (bytes(4), b"\0\0\1\0", b"\xff" * 4):
            assert first <= key_of(tag, DUID, iaid) <= last
            for other in (DUID[:-1], DUID + b"\0", DUID + b"\xff", DUID[:-1] + b"\xab", DUID[:-1] + b"\xa9"):
                assert not first <= key_of(tag, other, iaid) <= last
