"""Lists of clients, by patterns of their hardware address or client identifier: who is served, and who is not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from dhcpcore.errors import InvalidValue
from dhcpcore.wire.quoting import quoted

HW_ADDRESS, CLIENT_ID = "hw_address", "client_id"
#: Entries of one list.  Exact ones and prefixes cost the same however many there are.
ENTRIES_MAX = 100_000
#: Entries of one list with a * before the end: each is looked at by itself.
LOOSE_MAX = 1000
_OCTETS_MAX = 255
_RIGHT = "octets such as 02:00:5e:*; * is any one octet, or at the end any rest"


class Pattern(NamedTuple):
    """Octets to compare, None for any one; ``open_end``: whatever follows."""

    key: str
    octets: tuple[int | None, ...]
    open_end: bool

    def __str__(self) -> str:
        parts = ["*" if octet is None else f"{octet:02x}" for octet in self.octets]
        return ":".join([*parts, *(["*"] if self.open_end else [])])


def parse_pattern(value: object) -> Pattern:
    """``"02:00:*"``, ``{hw_address: …}`` or ``{client_id: …}``."""
    key: object = HW_ADDRESS
    text = value
    if isinstance(value, dict) and len(value) == 1:
        key, text = next(iter(value.items()))
    if key not in {HW_ADDRESS, CLIENT_ID} or not isinstance(text, str):
        raise InvalidValue(f"{quoted(value)} is not right here: write {_RIGHT}; or {{client_id: '01:02:*'}}")
    parts = text.replace("-", ":").lower().split(":")
    octets: list[int | None] = []
    for part in parts:
        if part == "*":
            octets.append(None)
        elif len(part) == 2 and all(digit in "0123456789abcdef" for digit in part):
            octets.append(int(part, 16))
        else:
            raise InvalidValue(f"{quoted(text)}: {quoted(part)} is no octet: write {_RIGHT}")
    open_end = octets[-1] is None
    if open_end:
        octets.pop()
    if not octets or all(octet is None for octet in octets):
        raise InvalidValue(f"{quoted(text)} means everybody: write at least one octet")
    most = 16 if key == HW_ADDRESS else _OCTETS_MAX
    if len(octets) > most:
        raise InvalidValue(f"{quoted(text)} has {len(octets)} octets, at most {most} can be sent")
    return Pattern(str(key), tuple(octets), open_end)


def format_pattern(pattern: Pattern) -> Any:
    """The canonical form: a hardware address bare, a client identifier with its key."""
    return str(pattern) if pattern.key == HW_ADDRESS else {CLIENT_ID: str(pattern)}


class ClientList:
    """A list made ready: exact entries and prefixes are found by look-up, the few others one by one."""

    __slots__ = ("_exact", "_loose", "_prefixes", "patterns")

    def __init__(self, patterns: Iterable[Pattern]) -> None:
        self.patterns = tuple(patterns)
        self._exact: dict[str, set[bytes]] = {HW_ADDRESS: set(), CLIENT_ID: set()}
        self._prefixes: dict[str, dict[int, set[bytes]]] = {HW_ADDRESS: {}, CLIENT_ID: {}}
        self._loose: dict[str, list[Pattern]] = {HW_ADDRESS: [], CLIENT_ID: []}
        for pattern in self.patterns:
            whole = bytes(octet for octet in pattern.octets if octet is not None)
            if len(whole) < len(pattern.octets):
                self._loose[pattern.key].append(pattern)
            elif pattern.open_end:
                self._prefixes[pattern.key].setdefault(len(whole), set()).add(whole)
            else:
                self._exact[pattern.key].add(whole)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ClientList) and self.patterns == other.patterns

    def __hash__(self) -> int:
        return hash(self.patterns)

    def has(self, hw: bytes, client_id: bytes | None) -> bool:
        """Whether a client with this hardware address (without its type) and identifier is on it."""
        return self._found(HW_ADDRESS, hw) or (client_id is not None and self._found(CLIENT_ID, client_id))

    def _found(self, key: str, octets: bytes) -> bool:
        return (
            octets in self._exact[key]
            or any(octets[:size] in same for size, same in self._prefixes[key].items())
            or any(_fits(pattern, octets) for pattern in self._loose[key])
        )


def _fits(pattern: Pattern, octets: bytes) -> bool:
    if len(octets) < len(pattern.octets) or (len(octets) > len(pattern.octets) and not pattern.open_end):
        return False
    return all(want is None or want == octet for want, octet in zip(pattern.octets, octets, strict=False))


class Admission(NamedTuple):
    """An allow list and a deny list: who is denied is not served, whoever else allows it."""

    allow: ClientList | None
    deny: ClientList | None

    def denies(self, hw: bytes, client_id: bytes | None) -> bool:
        """Whether the client is on the deny list."""
        return self.deny is not None and self.deny.has(hw, client_id)

    def lacks(self, hw: bytes, client_id: bytes | None) -> bool:
        """Whether there is an allow list and the client is not on it."""
        return self.allow is not None and not self.allow.has(hw, client_id)


def admission(allow: Iterable[Pattern], deny: Iterable[Pattern]) -> Admission | None:
    """Both lists; None where both are empty."""
    allow, deny = tuple(allow), tuple(deny)
    if not allow and not deny:
        return None
    return Admission(ClientList(allow) if allow else None, ClientList(deny) if deny else None)
