import shutil
import subprocess
import sys
import time

import pytest

from bench import processes
from bench.errors import BenchError
from bench.syncs import SYNC_CALLS, Trace, Traced, read_trace, replies


def sent(*kinds: int, call: str = "sendto", before: bytes = b"", client: int = 1) -> str:
    """A line of strace -xx about DHCP replies of these types; `before` are options ahead of option 53."""
    head = bytes(28) + bytes((2, 0, 0, 0, 0, client)) + bytes(202) + b"\x63\x82\x53\x63"
    packets = (head + before + bytes((53, 1, kind, 255)) for kind in kinds)
    strings = ", ".join('"' + "".join(f"\\x{octet:02x}" for octet in packet) + '"' for packet in packets)
    return f"7 {call}(5, {strings}, 300, 0, {{sa_family=AF_INET, sin_port=htons(67)}}, 16) = 300"


SYNC = "7 fdatasync(9) = 0"


def test_message_types_are_read_out_of_the_packets():
    assert replies(sent(2, client=7)) == [(2, bytes((2, 0, 0, 0, 0, 7)))]
    assert [kind for kind, _ in replies(sent(2, 5, 6, call="sendmmsg"))] == [2, 5, 6]
    assert [kind for kind, _ in replies(sent(5, before=bytes((0, 54, 4, 53, 1, 2, 9))))] == [5]


def test_what_is_no_reply_has_no_message_type():
    assert replies(r'7 sendto(5, "\x51\x00\x00", 3, MSG_NOSIGNAL, NULL, 0) = 3') == []
    assert replies(r'7 sendto(5, "\x63\x82\x53\x63\x35\x01\x05", 7, 0, NULL, 0) = 7') == []
    assert replies(sent(2).replace(r"\x35\x01\x02", "")) == []


def test_an_ack_after_a_finished_sync_is_synced():
    assert read_trace([sent(2), SYNC, sent(5)]) == Traced(syncs=1, acks=1, first_acks=1, synced_acks=1)


def test_a_sync_of_another_process_counts_when_it_is_finished():
    lines = [sent(2), "8 fsync(9 <unfinished ...>", "8 <... fsync resumed>) = 0", sent(5)]
    assert read_trace(lines) == Traced(syncs=1, acks=1, first_acks=1, synced_acks=1)


def test_an_ack_before_the_sync_is_finished_is_not_synced():
    lines = [sent(2), "8 fsync(9 <unfinished ...>", sent(5), "8 <... fsync resumed>) = 0"]
    assert read_trace(lines) == Traced(syncs=1, acks=1, first_acks=1, synced_acks=0)


def test_a_sync_before_the_offer_does_not_count_for_the_ack():
    assert read_trace([SYNC, sent(2), sent(5)]).synced_acks == 0


def test_a_failed_sync_is_none():
    assert read_trace([sent(2), "7 fsync(9) = -1 EIO (Input/output error)", sent(5)]).synced_acks == 0


def test_one_sync_serves_one_ack_here():
    lines = [sent(2), SYNC, sent(5), sent(2, client=2), sent(5, client=2)]
    assert read_trace(lines) == Traced(syncs=1, acks=2, first_acks=2, synced_acks=1)


def test_a_second_ack_to_the_same_client_needs_no_sync():
    lines = [sent(2), SYNC, sent(5), sent(2), sent(5)]
    assert read_trace(lines) == Traced(syncs=1, acks=2, first_acks=1, synced_acks=1)


@pytest.mark.skipif(not shutil.which("strace"), reason="no strace here (Debian: apt-get install strace)")
def test_a_process_that_ended_meanwhile_is_left_out(monkeypatch, tmp_path):
    script = "import os, time\nwhile True: os.fsync(1); time.sleep(0.01)"
    with (tmp_path / "file").open("w") as file, subprocess.Popen([sys.executable, "-c", script], stdout=file) as traced:
        try:
            gone = subprocess.Popen(["true"])
            gone.wait()
            monkeypatch.setattr(processes, "tree", tuple)
            with Trace([traced.pid, gone.pid], tmp_path / "trace", SYNC_CALLS) as trace:
                time.sleep(0.3)
            assert trace.read().syncs > 0
        finally:
            traced.kill()


@pytest.mark.skipif(not shutil.which("strace"), reason="no strace here (Debian: apt-get install strace)")
def test_a_trace_of_nobody_is_an_error(monkeypatch, tmp_path):
    gone = subprocess.Popen(["true"])
    gone.wait()
    monkeypatch.setattr(processes, "tree", tuple)
    trace = Trace([gone.pid], tmp_path / "trace", SYNC_CALLS)
    with pytest.raises(BenchError, match="did not attach"):
        trace.__enter__()
