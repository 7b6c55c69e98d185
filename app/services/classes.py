"""Classes of clients, one at a time, and expressions tried out: without the document, by its one validator."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.services import transactions
from app.services.access import Principal, Role
from app.services.appliance import Appliance
from app.services.changes import Difference, differences
from app.services.definitions import Applied
from dhcpcore import interchange
from dhcpcore.errors import Fault, InvalidDocument, InvalidValue, MalformedMessage, NotFound
from dhcpcore.store import explain
from dhcpcore.store.class_edits import ClassEdits, ClassRow, Outcome
from dhcpcore.store.definitions import Definitions
from dhcpcore.topology.class_names import KNOWN, UNKNOWN
from dhcpcore.topology.expressions.compiler import compiled
from dhcpcore.topology.expressions.explanation import explained, value_text
from dhcpcore.topology.expressions.faults import InvalidExpression
from dhcpcore.topology.expressions.subject import Subject
from dhcpcore.topology.faults import Faults
from dhcpcore.topology.spaces import defined
from dhcpcore.wire.v4.message import Request4, decode, type_name

#: Letters of a packet in hex: no datagram has more.
HEX_LETTERS_MAX = 200_000
#: Recorded transactions that are looked through for the one of a moment, and how far off it may be.
_LOOKED_AT, _NEAR_S = 200, 0.001


@dataclass(frozen=True, slots=True)
class ClassView:
    """One class in the document's words; ``version`` is the revision that it was last changed in."""

    name: str
    entry: Mapping[str, Any]
    version: int


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an expression, how deep it lies, and its value in words."""

    text: str
    depth: int
    value: str


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with an expression: a sentence, the place from 1, and the line with a caret."""

    message: str
    line: int
    column: int
    shown: str


@dataclass(frozen=True, slots=True)
class Trial:
    """An expression tried out.  Without a packet it was only read; ``parts`` begin with the whole."""

    is_condition: bool | None
    value: str | None
    parts: tuple[Part, ...]
    fault: Wrong | None
    packet: str | None


def list_classes(appliance: Appliance) -> tuple[ClassView, ...]:
    """All of them, in the order in which they count."""
    return tuple(map(_view, ClassEdits(appliance.database).listed()))


def get(appliance: Appliance, name: str) -> ClassView:
    """One class; refused where there is none of that name."""
    return _view(ClassEdits(appliance.database).find(name))


def changed_since(appliance: Appliance, view: ClassView, version: int) -> tuple[Difference, ...]:
    """What somebody else has changed of a class since it was looked at in that version."""
    try:
        return differences(ClassEdits(appliance.database).at(view.name, version).form, view.entry)
    except NotFound:
        return ()


def add(
    appliance: Appliance, entry: Mapping[str, Any], *, by: Principal, before: str | None = None
) -> tuple[ClassView, Applied]:
    """A new class, the last one, or in front of the one that ``before`` names."""
    by.must_be(Role.ADMIN)
    outcome = ClassEdits(appliance.database).put(entry, by.name, before=before)
    return get(appliance, str(entry["name"])), _applied(appliance, outcome)


def replace(
    appliance: Appliance, name: str, entry: Mapping[str, Any], *, by: Principal, version: int | None = None,
    before: str | None = None,
) -> tuple[ClassView, Applied]:  # fmt: skip
    """Another form for a class, whole, maybe with another name; ``before`` puts it in front of another one."""
    by.must_be(Role.ADMIN)
    outcome = ClassEdits(appliance.database).put(entry, by.name, name=name, since=version, before=before)
    return get(appliance, str(entry.get("name"))), _applied(appliance, outcome)


def remove(appliance: Appliance, name: str, *, by: Principal, version: int | None = None) -> Applied:
    """No such class any longer; refused while a subnet, a pool, an assignment or another class names it."""
    by.must_be(Role.ADMIN)
    return _applied(appliance, ClassEdits(appliance.database).remove(name, by.name, since=version))


def try_expression(
    appliance: Appliance, text: str, *, packet: str = "", client: str | None = None, received_at: float | None = None,
    known: bool = False, classes: Iterable[str] = (),
) -> Trial:  # fmt: skip
    """What every part of an expression comes to for a packet: in hex, a client's last one, or that of a moment.

    ``known`` and ``classes`` are what is supposed of the client.  A wrong expression is no error here but an answer.
    """
    space = defined(Definitions(appliance.database).option_definitions(), Faults())[4]
    request = _packet(appliance, packet, client, received_at)
    try:
        expression = compiled(text, space)
    except InvalidExpression as error:
        wrong = Wrong(error.said, error.line, error.column, error.shown)
        return Trial(None, None, (), wrong, None if request is None else _called(request))
    if request is None:
        return Trial(expression.piece.truth, None, (), None, None)
    subject = Subject(request)
    subject.classes = {KNOWN if known else UNKNOWN, *classes}
    valued = explained(expression, subject)
    parts = tuple(Part(one.text, one.depth, value_text(one.value)) for one in valued)
    return Trial(expression.piece.truth, parts[0].value, parts, None, _called(request))


def read_entry(text: str, name: str) -> dict[str, Any]:
    """A class, or its options, written as YAML or JSON; an empty text is an empty mapping."""
    return _mapping(interchange.read(text, name) if text.strip() else {}, name)


def read_entry_file(path: Path) -> dict[str, Any]:
    """The same of a file."""
    return _mapping(interchange.read_file(path), str(path))


def _mapping(value: object, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        said = "is no mapping: write each key with its value, such as domain-name: example.org"
        raise InvalidDocument((Fault(name, said),))
    return value


def read_value(text: str, name: str) -> Any:
    """One value written as YAML: ``[192.0.2.1]``, ``true``, ``example.org``."""
    return read_entry(f"value: {text}", name)["value"]


def _packet(appliance: Appliance, text: str, client: str | None, received_at: float | None) -> Request4 | None:
    if text.strip():
        octets = _octets(text)
    elif client is not None:
        octets = _last_of(appliance, client)
    elif received_at is not None:
        octets = _recorded(appliance, received_at)
    else:
        return None
    try:
        return decode(octets)
    except MalformedMessage as error:
        raise InvalidValue(f"The packet is no DHCPv4 message: {error}.") from None


def _last_of(appliance: Appliance, client: str) -> bytes:
    found = explain.latest(appliance.database, 1, transactions.octets_of(appliance, client))
    if not found:
        raise NotFound(f"No message of {client} is remembered: paste one in hex.")
    return found[0].datagram


def _octets(text: str) -> bytes:
    """The octets of hex as people paste it: with spaces, colons and line ends, or none."""
    digits = "".join(text.split()).replace(":", "").removeprefix("0x")
    if len(digits) > HEX_LETTERS_MAX:
        raise InvalidValue("The packet is longer than any datagram.")
    try:
        return bytes.fromhex(digits)
    except ValueError:
        raise InvalidValue("The packet is not hex: paste the UDP payload, two hexadecimal digits an octet.") from None


def _recorded(appliance: Appliance, received_at: float) -> bytes:
    found = explain.latest(appliance.database, _LOOKED_AT, until=received_at + _NEAR_S)
    near = min(found, key=lambda one: abs(one.received_at - received_at), default=None)
    if near is None or abs(near.received_at - received_at) > _NEAR_S:
        raise NotFound("No transaction of that moment is remembered any longer: choose another one.")
    return near.datagram


def _called(request: Request4) -> str:
    return f"{type_name(request.message_type)} of {request.hw[1:].hex(':')}"


def _view(row: ClassRow) -> ClassView:
    return ClassView(row.name, row.form, row.since)


def _applied(appliance: Appliance, outcome: Outcome) -> Applied:
    told = appliance.tell_engine() if outcome.changed else True
    return Applied(outcome.revision, (), (), told)
