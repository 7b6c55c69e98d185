"""The options of an answer: chosen once, kept encoded, and the cache bounded whoever asks for what."""

from __future__ import annotations

import pytest

from dhcpcore.handlers import options as module
from tests.packets4 import client
from tests.playbook import OFFICE, World, pool, subnet


def test_made_up_lists_do_not_fill_the_memory(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_CACHE_MAX", 10)
    w = World(tmp_path, subnet(OFFICE, pool("192.0.2.100", "192.0.2.199"), options={15: b"example.org"}))
    try:
        for n in range(30):
            assert w.discover(client(1), prl=bytes((15, 200 + n))).options[15] == b"example.org"
        (handler,) = [one for one in w.engine.plan.handlers if isinstance(one, module.Options)]
        assert len(handler._cache) <= 10
    finally:
        w.close()


def test_levels_are_merged_once_for_each_pool(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    w = World(tmp_path, subnet(OFFICE, pool("192.0.2.100", "192.0.2.199"), options={15: b"example.org"}))
    merged = []
    monkeypatch.setattr(module, "merge", lambda levels, merge=module.merge: merged.append(1) or merge(levels))
    try:
        for n in range(1, 5):
            for requested in (b"\x0f", b"\x06\x0f"):
                w.discover(client(n), prl=requested)
        assert len(merged) == 1
    finally:
        w.close()
