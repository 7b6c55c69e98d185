"""What concerns several classes, or a class and those who name it: what they ask of each other, and that it exists."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from dhcpcore.errors import InvalidValue
from dhcpcore.topology.class_names import (
    DROP,
    GUARD_KNOWN,
    GUARD_UNKNOWN,
    REJECT,
    SPAWN,
    UNTESTED,
    exists,
    template_of,
)
from dhcpcore.topology.computed import computed, is_computed, require_classes
from dhcpcore.topology.declared import DeclaredAssignment, DeclaredClass, DeclaredSubnet
from dhcpcore.topology.document import ClassEntry, PoolEntry
from dhcpcore.topology.entries import BootFields
from dhcpcore.topology.everywhere import place as place_of
from dhcpcore.topology.expressions.compiler import Expression, compiled
from dhcpcore.topology.expressions.faults import InvalidExpression
from dhcpcore.topology.faults import Faults
from dhcpcore.topology.spaces import Spaces, encoded, sends
from dhcpcore.wire.architectures import format_architecture
from dhcpcore.wire.options import OptionSpace

#: Each class is looked at for every packet, or remembered.
CLASSES_MAX = 1000


def declare(
    listed: Iterable[tuple[int, Any]], spaces: Spaces, faults: Faults, *, stored: bool = False
) -> tuple[DeclaredClass, ...]:
    """The classes of a document, with their expressions read; the faulty ones are noted and left out.

    ``stored``: others may be missing, and nobody is of those.
    """
    made: list[DeclaredClass] = []
    seen: dict[str, str] = {}
    for index, value in listed:
        path = f"classes[{index}]"
        if index == CLASSES_MAX:
            faults.add(path, "", f"there are more than {CLASSES_MAX} classes: a template class stands for many")
            break
        entry = faults.model(path, ClassEntry, value)
        if entry is None:
            continue
        other = seen.setdefault(entry.name, path)
        if other != path:
            faults.add(path, "name", f"{entry.name!r} is the name of {other} already: names are unique")
        _name(entry, path, faults)
        options = entry.options
        payloads = {
            4: encoded(spaces[4], options.dhcp4, faults, path, "options.dhcp4"),
            6: encoded(spaces[6], options.dhcp6, faults, path, "options.dhcp6"),
        }
        always, never = entry.always_send, entry.never_send
        sent = {
            4: sends(spaces[4], always.dhcp4, never.dhcp4, options.dhcp4, faults, path, ".dhcp4"),
            6: sends(spaces[6], always.dhcp6, never.dhcp6, options.dhcp6, faults, path, ".dhcp6"),
        }
        _boot(entry, path, faults)
        if entry.lifetime is not None and entry.only_in_additional_list:
            faults.add(path, "lifetime", "the class is looked at when the lease time is said already: take the key out")
        made.append(DeclaredClass(path, entry, _expression(entry, path, spaces, faults), payloads, sent))
    _dependencies(made, None if stored else names(listed), faults)
    return tuple(one for one in made if one.path not in faults.elements)


def names(listed: Iterable[tuple[int, Any]]) -> frozenset[str]:
    """Every name that the document gives, those of faulty classes too: one wrong class is one fault."""
    found = (value.get("name") for _index, value in listed if isinstance(value, Mapping))
    return frozenset(name for name in found if isinstance(name, str))


def _name(entry: ClassEntry, path: str, faults: Faults) -> None:
    if entry.name in UNTESTED and (entry.test is not None or entry.template_test is not None):
        faults.add(path, "test", f"{entry.name} is built in, and needs no test: take it out")
    if entry.name in {GUARD_KNOWN, GUARD_UNKNOWN}:
        faults.add(path, "name", f"is built in: as a class of its own it is written {entry.name.upper()}")
    if entry.name in {*UNTESTED, DROP, REJECT} and entry.only_in_additional_list:
        faults.add(path, "only_in_additional_list", f"{entry.name} is never looked at later: take the key out")


def _boot(entry: ClassEntry, path: str, faults: Faults) -> None:
    if entry.boot is None:
        return
    named: list[tuple[str, BootFields]] = [("boot", entry.boot)]
    for number, boot in entry.boot.by_architecture.items():
        named.append((f"boot.by_architecture.{format_architecture(number)}", boot))
    for place, boot in named:
        if boot.next_server is not None and len(boot.next_server) != 4:
            faults.add(path, f"{place}.next_server", "is not an IPv4 address")


def _expression(entry: ClassEntry, path: str, spaces: Spaces, faults: Faults) -> Expression | None:
    for key, text, condition in (("test", entry.test, True), ("template_test", entry.template_test, False)):
        if text is not None:
            try:
                return compiled(text, spaces[4], condition=condition)
            except InvalidExpression as error:
                faults.add(path, key, str(error))
    return None


def _dependencies(classes: Sequence[DeclaredClass], named: frozenset[str] | None, faults: Faults) -> None:
    """What an expression asks for exists, is known by then, and does not lead back to itself."""
    by_name = {one.entry.name: one for one in classes}
    for one in classes:
        for name, at in one.members.items():
            asked = by_name.get(name)
            if named is not None and not exists(name, named):
                _refuse(one, at, f"there is no class {name!r}{_near(name, named)}", faults)
            elif asked is not None and asked.entry.only_in_additional_list and not one.entry.only_in_additional_list:
                _refuse(one, at, f"{name!r} is only looked at later, so this would never be true", faults)
    for cycle in _cycles(classes):
        one = by_name[cycle[0]]
        way = " asks for ".join([*cycle, cycle[0]])
        _refuse(one, one.members[_asked(one, cycle[1 % len(cycle)])], f"this leads back to itself: {way}", faults)


def _refuse(one: DeclaredClass, at: int, said: str, faults: Faults) -> None:
    expression = one.expression
    assert expression is not None
    key = "test" if one.entry.test is not None else "template_test"
    faults.add(one.path, key, str(InvalidExpression(said, expression.text, at)))


def _asked(one: DeclaredClass, name: str) -> str:
    """How the class writes what it asks of ``name``: itself, or a class that a template makes."""
    return next(asked for asked in one.members if asked == name or asked.startswith(f"{SPAWN}{name}_"))


def needs(one: DeclaredClass, by_name: Mapping[str, DeclaredClass]) -> tuple[str, ...]:
    """The declared classes that an expression asks for; of one that a template makes, the template as well."""
    templates = [name for name, other in by_name.items() if other.entry.template_test is not None]
    made = (template_of(name, templates) for name in one.members)
    return (*(name for name in one.members if name in by_name), *(name for name in made if name is not None))


def _cycles(classes: Sequence[DeclaredClass]) -> Iterator[list[str]]:
    """Classes that ask for each other in a ring; each ring once."""
    by_name = {one.entry.name: one for one in classes}
    done: set[str] = set()
    for start, first in by_name.items():
        if start in done:
            continue
        way = [start]
        left = [iter(needs(first, by_name))]
        while left:
            name, rest = way[-1], left[-1]
            following = next((other for other in rest if other not in done), None)
            if following is None:
                done.add(name)
                left.pop()
                way.pop()
            elif following in way:
                yield way[way.index(following) :]
            else:
                left.append(iter(needs(by_name[following], by_name)))
                way.append(following)


def references(
    subnets: Sequence[DeclaredSubnet],
    everywhere: Iterable[DeclaredAssignment],
    listed: Iterable[tuple[int, Any]],
    classes: Sequence[DeclaredClass],
    faults: Faults,
) -> None:
    """Every class that a subnet, a pool or an assignment names exists, and can be known where it is named."""
    named = names(listed)
    late = {one.entry.name for one in classes if one.entry.only_in_additional_list}
    for subnet in subnets:
        _guard(subnet.path, subnet.entry.guard, named, late, faults)
        _some(subnet.path, "additional", subnet.entry.additional, named, faults)
        for pool in subnet.pools:
            _guard(pool.path, pool.entry.guard, named, late, faults)
            if isinstance(pool.entry, PoolEntry):
                _some(pool.path, "additional", pool.entry.additional, named, faults)
        for one in subnet.assignments:
            if one.entry.classes:
                _some(subnet.place(one), "classes", one.entry.classes, named, faults)
    for one in everywhere:
        _some(place_of(one), "classes", one.entry.classes, named, faults)


def asked_by_options(
    element: str, suffix: str, options: Mapping[str, Any], space: OptionSpace, listed: Iterable[tuple[int, Any]],
    faults: Faults,
) -> None:  # fmt: skip
    """Every class that the expression of an option asks for exists."""
    for name, value in options.items():
        if is_computed(value) and "member" in str(value):
            try:
                require_classes(computed(space, value), names(listed))
            except InvalidValue as error:
                place = f"options{suffix}.{name}"
                if not any(fault.path.endswith(place) for fault in faults.all()):
                    faults.add(element, place, str(error))


def _guard(
    path: str, guard: Sequence[str] | None, named: Collection[str], late: Collection[str], faults: Faults
) -> None:
    for name in guard or ():
        if name in late:
            said = f"{name!r} is only looked at once the address is found: take only_in_additional_list out of it"
            faults.add(path, "class", said)
        elif not exists(name, named):
            faults.add(path, "class", f"there is no class {name!r}{_near(name, named)}")


def _some(path: str, key: str, names: Sequence[str], named: Collection[str], faults: Faults) -> None:
    for number, name in enumerate(names):
        if not exists(name, named):
            faults.add(path, f"{key}[{number}]", f"there is no class {name!r}{_near(name, named)}")


def _near(name: str, named: Collection[str]) -> str:
    near = get_close_matches(name, [*named, *UNTESTED], n=1)
    return f"; did you mean {near[0]!r}?" if near else ": declare it under classes"
