"""Definitions as a large site has them: 200 subnets, 50 classes, 100,000 assignments, beside the measured subnet.

The measured subnet is one of the 200 and has its share of the assignments, inside its pool.  The measured clients have
none of them, but each batch looks for theirs; every class is looked at for every client, and the last two, which
measured clients are of, tell them something.
"""

from collections.abc import Iterator
from ipaddress import IPv4Address
from typing import Any

SUBNETS, CLASSES, ASSIGNMENTS = 200, 50, 100_000
A_SUBNET = ASSIGNMENTS // SUBNETS
#: The other subnets are 10.128.0.0/22, 10.128.4.0/22, ...: none of them is the measured one's.
_FIRST, _SIZE, _PLEN = int(IPv4Address("10.128.0.0")), 1024, 22
#: The last addresses of a subnet's pool are its assignments'.
_POOL = slice(10, 1000)
#: What tells clients apart at sites: vendor and user classes, the hardware's maker, the relay's circuit.
_TESTS = (
    "substring(option[60].hex, 0, 8) == 'vendor{0:02}'",
    "option[77].hex == 'users{0:02}'",
    "substring(pkt4.mac, 0, 3) == 0x00005e and option[60].exists and not member('kind-00')",
    "relay4[1].exists and substring(relay4[1].hex, 0, 6) == 'eth-{0:02}'",
)


def definitions(measured: dict[str, Any]) -> dict[str, Any]:
    """The whole document, with ``measured`` as the first subnet; its pool is an IPv4 range of more than 1,000."""
    last = int(IPv4Address(measured["pools"][0]["last"]))
    subnets = [{**measured, "assignments": list(_assignments(0, last - A_SUBNET + 1))}]
    for number in range(1, SUBNETS):
        start = _FIRST + (number - 1) * _SIZE
        subnets.append({
            "prefix": f"{IPv4Address(start)}/{_PLEN}",
            "name": f"site-{number:03}",
            "lifetime": "1h",
            "pools": [{"first": _text(start + _POOL.start), "last": _text(start + _POOL.stop)}],
            "options": {"routers": [_text(start + 1)], "domain-name": f"site-{number:03}.example.org"},
            "assignments": list(_assignments(number, start + _POOL.stop - A_SUBNET)),
        })
    return {"version": 1, "classes": list(_classes()), "subnets": subnets}


def _text(address: int) -> str:
    return str(IPv4Address(address))


def _assignments(subnet: int, first: int) -> Iterator[dict[str, Any]]:
    for at in range(A_SUBNET):
        number = subnet * A_SUBNET + at
        # The measured clients begin with 02:00, those of perfdhcp with 02:01.
        hardware = bytes((2, 0x77, number >> 24 & 255, number >> 16 & 255, number >> 8 & 255, number & 255))
        yield {"hw_address": hardware.hex(":"), "address": _text(first + at), "hostname": f"host-{number}"}


def _classes() -> Iterator[dict[str, Any]]:
    for number in range(CLASSES - 2):
        told = {"dhcp4": {"domain-name": f"kind-{number:02}.example.org"}}
        yield {"name": f"kind-{number:02}", "test": _TESTS[number % len(_TESTS)].format(number), "options": told}
    yield {"name": "local", "test": "substring(pkt4.mac, 0, 2) == 0x0200", "options": {
        "dhcp4": {"domain-name": "bench.example.org"}}}
    yield {"name": "relayed", "test": "not (pkt4.giaddr == 0.0.0.0)", "options": {
        "dhcp4": {"ntp-servers": ["192.0.2.123"]}}}
