"""The options of an answer: chosen once, kept encoded, and the cache bounded whoever asks for what."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhcpcore.handlers import options as module
from dhcpcore.handlers.options import chosen, mask
from dhcpcore.topology.snapshot import Pool, Subnet
from tests.packets4 import client, ip
from tests.playbook import OFFICE, World, pool, subnet

PROTOCOL = {50, 51, 52, 53, 54, 55, 57, 58, 59, 61, 82}
CODES = st.dictionaries(st.integers(1, 254), st.binary(max_size=8), max_size=12)


@given(of_subnet=CODES, of_pool=CODES, extra=CODES, requested=st.none() | st.binary(max_size=30))
def test_what_is_chosen(
    of_subnet: dict[int, bytes], of_pool: dict[int, bytes], extra: dict[int, bytes], requested: bytes | None
) -> None:
    home = Subnet(1, 4, 0, ip("192.0.2.0"), 24, "office", options=of_subnet)
    pairs = chosen(home, Pool(1, 4, b"", b"", 32, options=of_pool), requested, extra)
    codes = [code for code, _ in pairs]
    assert codes[0] == 1, "the mask comes first: before the routers"
    assert len(set(codes)) == len(codes)
    assert PROTOCOL.isdisjoint(codes)
    nearest = {1: b"\xff\xff\xff\0", **of_subnet, **of_pool, **extra}
    assert dict(pairs) == {code: nearest[code] for code in codes}
    if requested is None:
        assert set(codes) == set(nearest) - PROTOCOL
    else:
        assert set(codes) == ({1} | (set(requested) & set(nearest))) - PROTOCOL
        order = [code for code in requested if code in codes and code != 1]
        assert codes[1:] == list(dict.fromkeys(order))


@pytest.mark.parametrize("plen", range(33))
def test_a_mask_has_as_many_bits_as_the_prefix(plen: int) -> None:
    assert int.from_bytes(mask(plen), "big").bit_count() == plen
    assert mask(plen) == (((1 << plen) - 1) << (32 - plen)).to_bytes(4, "big")


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
