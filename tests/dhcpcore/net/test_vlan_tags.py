"""Tags of VLANs: what a conf.py may say, and what stands in the frame."""

from __future__ import annotations

from typing import Any

import pytest

from dhcpcore.errors import SettingsError
from dhcpcore.net.vlan_tags import Tag, tagged, tags_of
from dhcpcore.script.parameters import Loaded


def said(tags: Any) -> tuple[Tag, ...]:
    return tags_of(Loaded({"DHCP_RESPONSE_INTERFACE_QTAGS": tags}, frozenset()))


def test_one_tag_and_several_the_outermost_first() -> None:
    assert said(None) == said([]) == tags_of(None) == ()
    assert tagged(said([[5, True, 7]]), b"packet") == (0x8100, bytes.fromhex("b007 0800") + b"packet")
    kind, frame = tagged(said([(0, False, 4094), (7, 0, 1)]), b"packet")
    assert (kind, frame) == (0x88A8, bytes.fromhex("0ffe 8100 e001 0800") + b"packet")


@pytest.mark.parametrize(
    "tags", [7, [7], [(0, False)], [(8, False, 7)], [(0, 2, 7)], [(0, False, 0)], [(0, False, 4095)], [(0, False, "7")],
             [(True, False, 7)], [(0, [], 7)], [(0, False, 7)] * 9]
)  # fmt: skip
def test_what_is_no_tag_is_named(tags: Any) -> None:
    with pytest.raises(SettingsError, match="DHCP_RESPONSE_INTERFACE_QTAGS is"):
        said(tags)
