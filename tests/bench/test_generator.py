import pytest

from bench.errors import BadOutput
from bench.generator import perfdhcp_trial

# What perfdhcp 2.2 prints, shortened.
REPORT = """\
Running: perfdhcp -4 -g single -r 300 -R 1000 -p 1 -W 1000000 -l 192.0.2.254 192.0.2.1
Scenario: basic.
***Rate statistics***
Rate: 149.493 4-way exchanges/second, expected rate: 300

***Malformed Packets***
Malformed packets: 0
***Statistics for: DISCOVER-OFFER***
sent packets: 299
received packets: 298
drops: 1
drops ratio: 0.334448 %
orphans: 2
rejected leases: 0
non unique addresses: 0

min delay: 0.079 ms
avg delay: 1.881 ms

***Statistics for: REQUEST-ACK***
sent packets: 298
received packets: 296
drops: 2
drops ratio: 0.671 %
orphans: 1
"""


def test_perfdhcps_report_is_read():
    seen = perfdhcp_trial("perfdhcp", 300, 1, REPORT)
    assert (seen.sent, seen.finished, seen.in_time, seen.lost, seen.late) == (299, 296, 296, 3, 3)
    assert not seen.carried  # 3 of 299 is more than 1 %
    assert seen.p50_sum_ms is None


def test_perfdhcps_losses_of_one_in_a_hundred_are_carried():
    assert perfdhcp_trial("perfdhcp", 299, 1, REPORT.replace("received packets: 296", "received packets: 297")).carried


@pytest.mark.parametrize(
    "text", ["", "ERROR: running perfdhcp: no such interface", REPORT.partition("***Statistics for: REQ")[0]]
)
def test_a_report_without_both_stages_is_refused(text):
    with pytest.raises(BadOutput):
        perfdhcp_trial("perfdhcp", 300, 1, text)
