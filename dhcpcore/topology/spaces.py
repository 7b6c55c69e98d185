"""The option spaces of a document: the two tables, made larger by its definitions, and values encoded by them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from dhcpcore.errors import InvalidValue
from dhcpcore.topology.computed import (
    NOTHING_COMPUTED,
    OPTION4_OCTETS_MAX,
    Computations,
    Computed,
    computed,
    is_computed,
)
from dhcpcore.topology.faults import Faults
from dhcpcore.wire.options import OptionSpace
from dhcpcore.wire.v4.options import DHCP4_OPTIONS
from dhcpcore.wire.v6.options import DHCP6_OPTIONS

Spaces = Mapping[int, OptionSpace]
Payloads = Mapping[int, bytes]


class Sends(NamedTuple):
    """Codes of options that are sent to every client, and to none; and options that are worked out for each packet."""

    always: frozenset[int] = frozenset()
    never: frozenset[int] = frozenset()
    computed: Computations = NOTHING_COMPUTED


#: Of a level that says nothing of it.
NO_SENDS = Sends()

#: The tables as they are without a definition of the site's.
BUILT_IN: Spaces = MappingProxyType({4: DHCP4_OPTIONS, 6: DHCP6_OPTIONS})


def defined(definitions: Sequence[Mapping[str, Any]], faults: Faults) -> Spaces:
    """The spaces with the site's own options; what is wrong with a definition is noted, and it is left out."""
    spaces: dict[int, OptionSpace] = {}
    homes: dict[int, frozenset[str]] = {}
    for family, table in BUILT_IN.items():
        homes[family] = table.spaces_of(definitions)
        spaces[family], wrong = table.extended(definitions)
        for index, message in wrong:
            place, colon, rest = message.partition(": ")
            inside = colon and place.isidentifier()
            faults.add(f"option_definitions[{index}]", place if inside else "", rest if inside else message)
    for index, definition in enumerate(definitions):
        space = definition.get("space")
        if not definition:
            continue  # Already told: it was no mapping.
        if "space" not in definition:
            faults.add(f"option_definitions[{index}]", "space", "is missing: write dhcp4, dhcp6 or a space inside them")
        elif not any(space in names for names in homes.values()):
            faults.add(
                f"option_definitions[{index}]", "space",
                f"{space!r} is reached by no option: write dhcp4 or dhcp6, or name it in an option's `encapsulates`",
            )  # fmt: skip
        elif definition.get("family") in homes and space not in homes[definition["family"]]:
            faults.add(
                f"option_definitions[{index}]", "family",
                f"{space!r} is a space of the other family: take the key out, or write another space",
            )  # fmt: skip
    return MappingProxyType(spaces)


def encoded(space: OptionSpace, options: Mapping[str, Any], faults: Faults, element: str, place: str) -> Payloads:
    """Payloads by code; what cannot be encoded is noted at ``place`` of ``element`` and left out."""
    payloads: dict[int, bytes] = {}
    names: dict[int, str] = {}
    for name, value in options.items():
        try:
            if is_computed(value):
                code, payload = allowed(space, name), b""
            else:
                code, payload = checked(space, name, value)
        except InvalidValue as error:
            faults.add(element, f"{place}.{name}", str(error))
            continue
        if code in payloads:
            faults.add(element, f"{place}.{name}", f"is option {code}, as {names[code]} is: write one of the two")
            continue
        payloads[code] = payload
        names[code] = name
    plain = {code: payload for code, payload in payloads.items() if not is_computed(options[names[code]])}
    return MappingProxyType(plain)


def checked(space: OptionSpace, name: str, value: Any) -> tuple[int, bytes]:
    """Code and payload of one option that an administrator may set; ``InvalidValue`` says why not."""
    code = allowed(space, name)
    payload = space.find(name).encode(value)
    if space.family == 4 and len(payload) > OPTION4_OCTETS_MAX:
        raise InvalidValue(f"has {len(payload)} octets: at most {OPTION4_OCTETS_MAX} fit into a message")
    return code, payload


def sends(
    space: OptionSpace, always: Sequence[str], never: Sequence[str], options: Mapping[str, Any], faults: Faults,
    element: str, suffix: str = "",
) -> Sends:  # fmt: skip
    """What is always and what is never sent, and what is worked out, by code; what is wrong is noted and left out."""
    forced = _codes(space, always, faults, element, f"always_send{suffix}")
    barred = _codes(space, never, faults, element, f"never_send{suffix}")
    for code, place in forced.items():
        if code in barred:
            faults.add(element, place, f"is in {barred[code]} as well, which would win: take it out of one of the two")
    return Sends(frozenset(forced), frozenset(barred), _computations(space, options, faults, element, suffix))


def _computations(
    space: OptionSpace, options: Mapping[str, Any], faults: Faults, element: str, suffix: str
) -> Computations:
    made: dict[int, Computed] = {}
    for name, value in options.items():
        if is_computed(value):
            try:
                made[allowed(space, name)] = computed(space, value)
            except InvalidValue as error:
                place = f"options{suffix}.{name}"
                if f"{element}.{place}" not in {fault.path for fault in faults.all()}:
                    faults.add(element, place, str(error))
    return MappingProxyType(made) if made else NOTHING_COMPUTED


def _codes(space: OptionSpace, names: Sequence[str], faults: Faults, element: str, key: str) -> dict[int, str]:
    """The place of each option of a list, by code."""
    codes: dict[int, str] = {}
    for number, name in enumerate(names):
        place = f"{key}[{number}]"
        try:
            code = allowed(space, name)
        except InvalidValue as error:
            faults.add(element, place, str(error))
            continue
        if code in codes:
            faults.add(element, place, f"is option {code}, as {codes[code]} is: write one of the two")
        else:
            codes[code] = place
    return codes


def allowed(space: OptionSpace, name: str) -> int:
    """The code of an option that an administrator may send or keep back; ``InvalidValue`` says why not."""
    row = space.find(name)
    if not (row.settable and space.row(row.code).settable):
        raise InvalidValue("is not for the administrator: the server, a relay or the client says it")
    return row.code
