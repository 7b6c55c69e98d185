"""The reader of traces sees an ACK that was sent too early, and does not see one where there is none."""

import pytest

from tests.interop.packets import ACK, REQUEST, Message, encode
from tests.interop.tracing import read_trace, unproved_acks

ADDRESS = b"\xc0\0\2\7"
HARDWARE = b"\2\0\0\0\0\1"
IDLE = b"C\0\0\0\x0bCOMMIT\0Z\0\0\0\5I"
IN_TRANSACTION = b"C\0\0\0\x0fINSERT 0 1\0Z\0\0\0\5T"


def hexed(data):
    return "".join(f"\\x{byte:02x}" for byte in data)


def call(name, file, data=b"", result=0, pid=7):
    text = f', "{hexed(data)}", {len(data)}, 0' if data else ""
    return f"{pid} {name}(3<{hexed(file.encode())}>{text}) = {result}"


def pg(*words):
    body = b"".join(word.encode() + b"\0" for word in words)
    return (len(body) + 4).to_bytes(4, "big") + body


def packet(kind, xid=1):
    message = Message(xid=xid, chaddr=HARDWARE, yiaddr=ADDRESS, options={53: bytes([kind])})
    return b"header of a frame" * (kind == ACK) + encode(message)


REQUESTED = call("recvmsg", "socket:[1]", packet(REQUEST), 300)
ACKED = call("sendmsg", "socket:[2]", packet(ACK), 300)
WRITTEN = call("pwrite64", "/var/lessor.db-wal", b"page" + ADDRESS, 8)
OTHER_ROW = call("pwrite64", "/var/lessor.db-wal", b"page" + b"\xc0\0\2\x08", 8)
SYNCED = call("fdatasync", "/var/lessor.db-wal")
ASKED = call("sendto", "socket:[3]", b"Q" + pg("INSERT INTO lease VALUES (c0000207)"), 33)
READ = call("sendto", "socket:[3]", b"Q" + pg("SELECT * FROM lease WHERE address = c0000207"), 33)
PARSED = call("sendto", "socket:[3]", b"P" + pg("name", "INSERT INTO lease VALUES ($1)") + b"S\0\0\0\4", 33)
PARSED_READ = call("sendto", "socket:[3]", b"P" + pg("name", "SELECT $1"), 33)
BOUND = call("sendto", "socket:[3]", b"B" + pg("", "name", "\\xc0000207") + b"E\0\0\0\x09\0\0\0\0\0", 33)
BOUND_OTHER = call("sendto", "socket:[3]", b"B" + pg("", "name", "\\xc0000208"), 33)
OTHER_SOCKET = call("recvfrom", "socket:[4]", b"C\0\0\0\x0bCOMMIT\0Z\0\0\0\5I", 18)
COMMITTED = call("recvfrom", "socket:[3]", IDLE, 18)
NOT_YET = call("recvfrom", "socket:[3]", IN_TRANSACTION, 22)
OTHER_FILE = call("fdatasync", "/var/lessor.db")
FAILED = call("fdatasync", "/var/lessor.db-wal", result=-5)


def judge(tmp_path, lines, postgresql):
    (tmp_path / "trace").write_text("\n".join(["7 +++ superseded by execve +++", *lines]) + "\n")
    return unproved_acks(read_trace(tmp_path / "trace"), postgresql)


@pytest.mark.parametrize(("postgresql", "lines"), [
    (False, [REQUESTED, WRITTEN, SYNCED, ACKED]),
    (True, [REQUESTED, ASKED, COMMITTED, ACKED]),
    (True, [REQUESTED, ASKED, NOT_YET, COMMITTED, ACKED]),
    (True, [PARSED, REQUESTED, BOUND, COMMITTED, ACKED]),
])  # fmt: skip
def test_an_ack_after_its_commit_is_proved(tmp_path, postgresql, lines):
    assert judge(tmp_path, lines, postgresql) == (1, [])


@pytest.mark.parametrize(("postgresql", "lines"), [
    (False, [REQUESTED, WRITTEN, ACKED, SYNCED]),
    (False, [REQUESTED, SYNCED, WRITTEN, ACKED]),
    (False, [WRITTEN, REQUESTED, SYNCED, ACKED]),
    (False, [WRITTEN, SYNCED, REQUESTED, ACKED]),
    (False, [REQUESTED, SYNCED, ACKED]),
    (False, [REQUESTED, WRITTEN, OTHER_FILE, ACKED]),
    (False, [REQUESTED, WRITTEN, FAILED, ACKED]),
    (True, [REQUESTED, ASKED, ACKED, COMMITTED]),
    (True, [REQUESTED, ASKED, NOT_YET, ACKED, COMMITTED]),
    (True, [ASKED, COMMITTED, REQUESTED, ACKED]),
    (True, [REQUESTED, COMMITTED, ACKED]),
    (True, [REQUESTED, READ, COMMITTED, ACKED]),
    (True, [PARSED_READ, REQUESTED, BOUND, COMMITTED, ACKED]),
    (True, [PARSED, REQUESTED, BOUND_OTHER, COMMITTED, ACKED]),
    (True, [REQUESTED, ASKED, OTHER_SOCKET, ACKED]),
    (False, [REQUESTED, OTHER_ROW, SYNCED, ACKED]),
])  # fmt: skip
def test_an_ack_before_its_commit_is_told(tmp_path, postgresql, lines):
    proved, faults = judge(tmp_path, lines, postgresql)
    assert proved == 0
    assert len(faults) == 1


def test_a_sync_that_another_thread_interrupts_counts_from_its_end(tmp_path):
    wal = hexed(b"/var/lessor.db-wal")
    begun, done = f"8 fdatasync(3<{wal}> <unfinished ...>", "8 <... fdatasync resumed>) = 0"
    assert judge(tmp_path, [REQUESTED, WRITTEN, begun, done, ACKED], False) == (1, [])
    assert judge(tmp_path, [REQUESTED, WRITTEN, begun, ACKED, done], False)[0] == 0


def test_several_messages_in_one_call_are_all_seen(tmp_path):
    second = hexed(packet(REQUEST, 2))
    requests = call("recvmmsg", "socket:[1]", packet(REQUEST), 2).replace(", 300, 0", f', "{second}"')
    acks = [call("sendto", "socket:[2]", packet(ACK, xid), 300) for xid in (1, 2)]
    assert judge(tmp_path, [requests, WRITTEN, SYNCED, *acks], False) == (2, [])
