"""Reads what strace saw of an engine: packets in, database calls, packets out, in the order of the system calls."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.interop.packets import ACK, MAGIC, REQUEST, Message, NotDhcp, decode, text

CALLS = "recvfrom,recvmsg,recvmmsg,read,sendto,sendmsg,sendmmsg,write,writev,pwrite64,pwritev,fsync,fdatasync"
RECEIVING = {"recvfrom", "recvmsg", "recvmmsg", "read"}
SENDING = {"sendto", "sendmsg", "sendmmsg", "write", "writev"}
SYNCING = {"fsync", "fdatasync"}
# -f: all threads; -y: what a descriptor is; -xx: all strings in hex; -s: whole packets.
STRACE = ("strace", "-f", "-y", "-xx", "-s", "65536", "-e", f"trace={CALLS}", "-e", "signal=none")
LINE = re.compile(r"^(?:\[pid +)?(?P<pid>\d+)\]? +(?:<\.\.\. (?P<resumed>\w+) resumed>|(?P<call>\w+)\()(?P<rest>.*)$")
DESCRIPTOR = re.compile(r"^\d+<((?:\\x[0-9a-f]{2})*)>")
STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
HEADER_BYTES = 236
IDLE_AGAIN = b"Z\0\0\0\5I"  # PostgreSQL's ReadyForQuery outside of a transaction: what was begun is committed.


@dataclass(frozen=True, slots=True)
class Call:
    """One system call; ``began`` and ``ended`` are line numbers of the trace, that is: an order and no time."""

    name: str
    began: int
    ended: int
    file: str
    result: int
    data: tuple[bytes, ...]

    def messages(self) -> Iterator[Message]:
        """Give the DHCP messages that it carried, with or without the headers of a raw frame before them."""
        for piece in self.data:
            at = piece.find(MAGIC)
            if at >= HEADER_BYTES:
                try:
                    yield decode(piece[at - HEADER_BYTES :])
                except NotDhcp:
                    continue


def read_trace(path: Path) -> list[Call]:
    """Give the completed calls of a trace in the order of their ends; a call cut off by a kill is left out."""
    calls = []
    begun: dict[tuple[str, str], tuple[int, str]] = {}
    for number, line in enumerate(path.read_text(errors="replace").splitlines()):
        matched = LINE.match(line)
        if not matched:
            continue
        name, rest, began = matched["call"] or matched["resumed"], matched["rest"], number
        if rest.endswith("<unfinished ...>"):
            begun[matched["pid"], name] = (number, rest.removesuffix("<unfinished ...>"))
            continue
        if matched["resumed"]:
            began, head = begun.pop((matched["pid"], name), (number, ""))
            rest = head + rest
        descriptor = DESCRIPTOR.match(rest)
        result = re.search(r"\) += (-?\d+)", rest)
        file = from_hex(descriptor[1]).decode(errors="replace") if descriptor else ""
        data = tuple(from_hex(found) for found in STRING.findall(rest))
        calls.append(Call(name, began, number, file, int(result[1]) if result else -1, data))
    return calls


def from_hex(written: str) -> bytes:
    """Undo what -xx does to strings, and to the names of files as well."""
    return bytes.fromhex(written.replace("\\x", ""))


def lasting_ends(calls: list[Call], postgresql: bool) -> list[Call]:
    """Give the calls whose end means that what was written before them, to the same file or socket, will last."""
    if postgresql:
        return [call for call in calls if call.name in RECEIVING and any(IDLE_AGAIN in data for data in call.data)]
    return [call for call in calls if call.name in SYNCING and call.file.endswith("-wal") and call.result == 0]


def row_writes(calls: list[Call], postgresql: bool) -> list[Call]:
    """Give the calls that hand rows to the database: pages of SQLite's log, or PostgreSQL's statements that write."""
    if not postgresql:
        return [call for call in calls if call.name.startswith(("pwrite", "write")) and call.file.endswith("-wal")]
    prepared: dict[tuple[str, bytes], bytes] = {}
    return [call for call in calls if call.name in SENDING and writes_rows(call, prepared)]


def writes_rows(call: Call, prepared: dict[tuple[str, bytes], bytes]) -> bool:
    """Read PostgreSQL's protocol: does one of these messages run an INSERT or UPDATE? Prepared ones are remembered."""
    found = False
    for data in call.data:
        at = 0
        while at + 5 <= len(data):
            kind, size = data[at : at + 1], int.from_bytes(data[at + 1 : at + 5], "big")
            words = data[at + 5 : at + 1 + size].split(b"\0")
            if kind == b"Q":
                found |= changes(words[0])
            elif kind == b"P" and len(words) > 1:
                prepared[call.file, words[0]] = words[1]
            elif kind == b"B" and len(words) > 1:
                found |= changes(prepared.get((call.file, words[1]), b""))
            at += 1 + max(size, 4)
    return found


def changes(statement: bytes) -> bool:
    """Tell a statement that writes from one that reads."""
    return any(word in statement.upper() for word in (b"INSERT INTO", b"UPDATE "))


def unproved_acks(calls: list[Call], postgresql: bool) -> tuple[int, list[str]]:
    """Count the ACKs sent as promised, and tell those that were not: a promise is kept where, between the REQUEST's
    arrival and the ACK's sending, the address was written to the database and made to last."""
    asked = {message.xid: call for call in calls if call.name in RECEIVING for message in call.messages()
             if message.kind == REQUEST}  # fmt: skip
    written, lasting = row_writes(calls, postgresql), lasting_ends(calls, postgresql)
    proved, faults = 0, []
    for send in (call for call in calls if call.name in SENDING):
        for message in send.messages():
            if message.kind != ACK:
                continue
            forms = (message.yiaddr, message.yiaddr.hex().encode())
            begun = asked[message.xid].ended
            rows = [w for w in written if begun < w.began and w.ended < send.began and holds(w, forms)]
            if any(w.file == end.file and w.ended < end.ended < send.began for w in rows for end in lasting):
                proved += 1
            else:
                what = f"{text(message.yiaddr)}: {len(rows)} writes of it, none made to last"
                faults.append(f"line {send.began}: ACK of {what}")
    return proved, faults


def holds(call: Call, forms: tuple[bytes, ...]) -> bool:
    """Tell whether a call's data hold one of these byte strings."""
    return any(form in data for data in call.data for form in forms)
