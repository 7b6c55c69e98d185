"""The latest packets."""

from dhcpcore.script.compat.callbacks import Callbacks
from dhcpcore.script.compat.ipv4 import IPv4
from dhcpcore.script.compat.mac import MAC
from dhcpcore.script.compat.statistics import Address, Statistics
from dhcpcore.script.ready import activity
from dhcpcore.script.ready.activity import Recent


def packet(last, *, processed=True, subnet="office"):
    return Statistics(Address(None, 68), MAC(last), IPv4(last), subnet, 0, "DISCOVER", 0.0, processed, 67)


def test_the_newest_come_first_and_no_more_than_so_many():
    recent = Recent(2, clock=lambda: 0.0)
    for last in (1, 2, 3):
        recent.see(packet(last, processed=last != 3))
    shown = recent.html()
    assert shown.index("0.0.0.3") < shown.index("0.0.0.2")
    assert "0.0.0.1<" not in shown
    assert "not processed" in shown


def test_what_is_long_ago_is_not_recent():
    now = [0.0]
    recent = Recent(clock=lambda: now[0])
    recent.see(packet(1))
    now[0] = 301.0
    assert recent.html() == "<p>No packet in the last 5 minutes.</p>"


def test_whatever_a_subnet_is_called_is_text():
    recent = Recent(clock=lambda: 0.0)
    recent.see(packet(1, subnet="<script>"))
    recent.see(Statistics(Address(None, 68), None, None, None, None, None, 0.0, False, 67))
    assert "<script>" not in recent.html()
    assert "no DHCP" in recent.html()


def test_it_is_registered():
    callbacks = Callbacks()
    activity.register(callbacks, events_max=1)
    callbacks.statistics[0](packet(1))
    assert "0.0.0.1" in callbacks.elements[0].callback(path="/")
