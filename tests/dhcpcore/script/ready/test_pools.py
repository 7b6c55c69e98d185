"""A script's own pool: who gets what, in the words that hooks are called with."""

from dhcpcore.script.compat.ipv4 import IPv4
from dhcpcore.script.compat.mac import MAC
from dhcpcore.script.ready.pools import OFFERED_S, DynamicPool
from tests.dhcpcore.script.packets import a_packet

A, B, C = MAC(1), MAC(2), MAC(3)


class Site:
    def __init__(self, last=2, **fields):
        self.now = 1000.0
        self.pool = DynamicPool("guests", 7, 600, "guest", gateway="192.0.2.1", clock=lambda: self.now, **fields)
        self.pool.add_ips(f"192.0.2.{n}" for n in range(1, last + 1))

    def asks(self, method, mac, ip=None, *, wanted=None, ciaddr=None):
        found = self.pool.handle(method, a_packet(wanted=wanted, ciaddr=ciaddr), mac, IPv4(ip) if ip else None)
        return None if found is None else str(found.ip)

    def lease(self, mac):
        address = self.asks("DISCOVER", mac)
        assert address is not None
        assert self.asks("REQUEST:SELECTING", mac, address) == address
        return address


def test_the_first_free_one_is_given_with_the_pools_fields():
    site = Site()
    found = site.pool.handle("DISCOVER", a_packet(), A, None)
    assert (str(found.ip), found.lease_time, found.subnet, found.serial, found.hostname) == (
        "192.0.2.1", 600, "guests", 7, "guest-192-0-2-1")
    assert [str(one) for one in found.gateways] == ["192.0.2.1"]


def test_addresses_are_added_once_and_in_their_order():
    site = Site()
    assert site.pool.add_ips(["192.0.2.2", "192.0.2.9"]) == 1


def test_everybody_has_another_one_until_there_is_none():
    site = Site()
    assert (site.lease(A), site.lease(B)) == ("192.0.2.1", "192.0.2.2")
    assert site.asks("DISCOVER", C) is None
    site.now += 601
    assert site.lease(C) == "192.0.2.1", "the one that ended first"


def test_an_offer_that_is_not_taken_up_is_free_again_soon():
    site = Site(1)
    assert site.asks("DISCOVER", A) == "192.0.2.1"
    assert site.asks("DISCOVER", B) is None
    site.now += OFFERED_S
    assert site.asks("DISCOVER", B) == "192.0.2.1"


def test_one_that_is_wanted_is_given_if_it_is_free():
    site = Site(3)
    assert site.asks("DISCOVER", A, wanted="192.0.2.3") == "192.0.2.3"
    assert site.asks("DISCOVER", B, wanted="192.0.2.3") == "192.0.2.1"
    assert site.asks("DISCOVER", C, wanted="198.51.100.1") == "192.0.2.2"


def test_who_asks_for_another_than_its_own_gets_none():
    site = Site(3)
    site.lease(A)
    assert site.asks("REQUEST:INIT-REBOOT", A, "192.0.2.3") is None
    assert site.asks("REQUEST:INIT-REBOOT", B, "192.0.2.1") is None
    assert site.asks("REQUEST:INIT-REBOOT", B, "192.0.2.2") == "192.0.2.2"


def test_a_client_keeps_its_address_when_it_renews_and_after_its_lease():
    site = Site()
    address = site.lease(A)
    assert site.asks("REQUEST:RENEW", A, ciaddr=address) == address
    site.now += 10_000
    assert site.asks("DISCOVER", A) == address


def test_after_a_restart_clients_keep_theirs_by_asking_for_it():
    site = Site(3)
    assert site.asks("REQUEST:RENEW", A, ciaddr="192.0.2.3") == "192.0.2.3"
    assert site.asks("REQUEST:RENEW", B, ciaddr="192.0.2.3") is None
    assert site.asks("REQUEST:REBIND", B, ciaddr="198.51.100.1") is None


def test_what_is_released_is_free_and_what_is_declined_rests():
    site = Site(1)
    site.lease(A)
    assert site.asks("RELEASE", B, "192.0.2.1") is None, "it has none"
    assert site.asks("RELEASE", A, "192.0.2.1") == "192.0.2.1"
    assert site.asks("DISCOVER", B) == "192.0.2.1"
    assert site.asks("DECLINE", B, "192.0.2.1") == "192.0.2.1"
    assert site.asks("DISCOVER", A) is None
    site.now += 601
    assert site.asks("DISCOVER", A) == "192.0.2.1"


def test_inform_tells_of_what_is_had_and_takes_nothing():
    site = Site()
    assert site.asks("INFORM", A, "192.0.2.1") is None
    site.lease(A)
    assert site.asks("INFORM", A, "192.0.2.1") == "192.0.2.1"


def test_renewals_are_discouraged_for_its_own_clients_alone():
    site = Site()
    packet = a_packet()
    site.pool.load(packet, site.pool.handle("DISCOVER", a_packet(), A, None))
    assert bytes(packet.getOption("renewal_time_value")) == (585).to_bytes(4, "big")
    untouched = a_packet()
    Site(1).pool.load(untouched, site.pool.handle("DISCOVER", a_packet(), B, None))
    assert untouched.getOption("renewal_time_value") is None
    calm = Site(discourage_renewals=False).pool
    calm.load(untouched, calm.handle("DISCOVER", a_packet(), A, None))
    assert untouched.getOption("renewal_time_value") is None


def test_leases_are_shown_by_address():
    site = Site(3)
    assert "0 of 3" in site.pool.show_leases_xhtml()
    site.lease(B)
    site.lease(A)
    site.asks("DISCOVER", C)
    assert site.pool.show_leases_csv() == (
        "text/csv", "ip,mac,until\n192.0.2.1,00:00:00:00:00:02,1600\n192.0.2.2,00:00:00:00:00:01,1600\n")
    shown = site.pool.show_leases_xhtml()
    assert "2 of 3" in shown
    assert shown.index("192.0.2.1") < shown.index("192.0.2.2")


def test_a_pool_remembers_no_more_clients_than_it_has_addresses():
    site = Site(2)
    for number in range(50):
        site.asks("DISCOVER", MAC(number))
        site.now += OFFERED_S
    assert len(site.pool._of) <= 2
