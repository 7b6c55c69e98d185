"""The rules over any document: the validator ends in a document or in faults, and misses no collision."""

import contextlib
import copy
import ipaddress

from hypothesis import example, given, settings
from hypothesis import strategies as st

from dhcpcore.errors import InvalidDocument
from dhcpcore.topology.build import from_document
from dhcpcore.topology.spans import Span, last_of, overlaps
from dhcpcore.topology.validate import inspect, validate
from tests.dhcpcore.topology.documents import FULL

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(
        ["192.0.2.1", "192.0.2.0/24", "2001:db8::/32", "2001:db8::1", "1h", "00:01:02:03:04:05", "::", "{}"]
    ),
)
anything = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=8,
)


def places(value, path=()):
    yield path
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(inner, (*path, key))


PLACES = [path for path in places(FULL) if path]


def put(document, path, value):
    """Puts a value at a place of the document, where earlier changes left that place."""
    with contextlib.suppress(KeyError, IndexError, TypeError):
        for step in path[:-1]:
            document = document[step]
        document[path[-1]] = value


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PLACES), anything), min_size=1, max_size=4))
def test_any_change_of_a_right_document_ends_in_a_document_or_in_faults(changes):
    document = copy.deepcopy(FULL)
    for path, value in changes:
        put(document, path, value)
    try:
        validated = validate(document)
    except InvalidDocument as error:
        assert error.faults  # noqa: PT017 - Either end is right.
        assert all(fault.path and fault.message for fault in error.faults)  # noqa: PT017
    else:
        from_document(validated)
        assert validate(validated.canonical()).canonical() == validated.canonical()


@settings(deadline=None)
@given(anything)
def test_anything_at_all_ends_in_a_document_or_in_faults(value):
    with contextlib.suppress(InvalidDocument):
        validate(value)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PLACES), anything), min_size=1, max_size=3))
def test_what_inspection_keeps_is_right(changes):
    """A snapshot of rows is made of what is kept, so nothing wrong may be in it."""
    document = copy.deepcopy(FULL)
    for path, value in changes:
        put(document, path, value)
    kept, faults = inspect(document)
    if faults:
        again = inspect(kept.canonical(), stored=True)
        assert not again.faults, again.faults.all()


prefixes = st.integers(min_value=20, max_value=30).flatmap(
    lambda plen: st.integers(0, (1 << plen) - 1).map(
        lambda number: str(ipaddress.ip_network((0x0A000000 | (number << (32 - plen) & 0xFFFF), plen)))
    )
)


@given(st.lists(prefixes, max_size=8))
def test_overlapping_prefixes_are_refused_and_others_not(listed):
    networks = [ipaddress.ip_network(prefix) for prefix in listed]
    collide = any(one.overlaps(other) for at, one in enumerate(networks) for other in networks[:at])
    _kept, faults = inspect({"version": 1, "subnets": [{"prefix": prefix} for prefix in listed]})
    assert bool(faults) == collide


hosts = st.lists(st.tuples(st.integers(1, 60), st.integers(0, 20)), max_size=6)


@given(hosts, st.lists(st.integers(0, 255), max_size=6))
def test_pools_and_addresses_that_collide_are_refused_and_others_not(ranges, assigned):
    pools = [(low, low + size) for low, size in ranges]
    taken = [address for low, high in pools for address in range(low, high + 1)]
    wrong = len(set(taken)) < len(taken) or len(set(assigned)) < len(assigned) or bool({0, 255} & set(assigned))
    _kept, faults = inspect(
        {
            "version": 1,
            "subnets": [
                {
                    "prefix": "192.0.2.0/24",
                    "pools": [{"first": f"192.0.2.{low}", "last": f"192.0.2.{high}"} for low, high in pools],
                    "assignments": [
                        {"hw_address": f"02:00:00:00:00:{at:02x}", "address": f"192.0.2.{address}"}
                        for at, address in enumerate(assigned)
                    ],
                }
            ],
        }
    )
    assert bool(faults) == wrong, faults.all()


delegations = st.lists(
    st.tuples(st.sampled_from(["pool", "assigned", "address"]), st.integers(0, 15), st.integers(36, 44)), max_size=5
)


@given(delegations)
def test_delegated_ranges_that_collide_are_refused_and_others_not(listed):
    pools, assignments, spans = [], [], []
    for number, (kind, nibble, plen) in enumerate(listed):
        network = ipaddress.ip_network((0x20010DB8 << 96 | nibble << 88, plen), strict=False)
        duid = f"00:03:00:01:{number:02x}"
        if kind == "pool":
            pools.append({"prefix": str(network), "delegated_length": 56})
        elif kind == "assigned":
            assignments.append({"duid": duid, "prefixes": [str(network)]})
        else:
            network = ipaddress.ip_network((int(network.network_address) + 5, 128))
            assignments.append({"duid": duid, "addresses": [str(network.network_address)]})
        spans.append(network)
    collide = any(one.overlaps(other) for at, one in enumerate(spans) for other in spans[:at])
    subnet = {"prefix": "2001:db8::/32", "prefix_pools": pools, "assignments": assignments}
    _kept, faults = inspect({"version": 1, "subnets": [subnet]})
    assert bool(faults) == collide, faults.all()


@example([(0, 0, 9), (0, 1, 0), (0, 5, 1)])
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 30), st.integers(0, 9)), max_size=8))
def test_each_span_that_overlaps_is_in_a_pair(listed):
    spans = [
        Span(space, bytes([low]), bytes([low + size]), str(number), "", "", number)
        for number, (space, low, size) in enumerate(listed)
    ]
    told = {span.number for pair in overlaps(spans) for span in pair}
    true = {
        one.number
        for one in spans
        for other in spans
        if one is not other and one.space == other.space and one.first <= other.last and other.first <= one.last
    }
    assert told == true
    assert all(earlier.number < later.number for earlier, later in overlaps(spans))


@given(st.integers(0, 32), st.integers(0, 0xFFFFFFFF))
def test_the_last_address_of_a_prefix(plen, number):
    network = ipaddress.ip_network((number, plen), strict=False)
    assert last_of(network.network_address.packed, plen) == network.broadcast_address.packed
