"""The handlers of a document: each has a name of its own, fields that its type takes, and a scope that exists."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, NamedTuple

from dhcpcore.errors import InvalidValue
from dhcpcore.topology.class_names import exists
from dhcpcore.topology.class_rules import names as class_names
from dhcpcore.topology.computed import is_computed
from dhcpcore.topology.declared import DeclaredHandler, DeclaredSubnet
from dhcpcore.topology.document_options import FamilyNames, GlobalOptions
from dhcpcore.topology.faults import Faults
from dhcpcore.topology.handler_entry import HandlerEntry
from dhcpcore.topology.handler_types import BUILT_IN_FIELDS, DomainSearchFields
from dhcpcore.topology.spaces import Payloads, Spaces, allowed, encoded
from dhcpcore.wire.addresses import format_prefix

#: Each may be met by every packet.
HANDLERS_MAX = 200
#: Each is a process of some 40 MB.
ISOLATED_MAX = 16


class Named(NamedTuple):
    """What a scope may name: also what is wrong itself, for one wrong piece is one fault."""

    subnets: Collection[str] | None  #: None where a subnet makes no sense, whatever it is called.
    networks: Collection[str] | None
    classes: Collection[str]

    @classmethod
    def of(
        cls, listed: Sequence[Any], subnets: Sequence[DeclaredSubnet], declared: Iterable[str],
        classes: Iterable[tuple[int, Any]],
    ) -> Named:  # fmt: skip
        """The names in a document, of which ``listed`` are all subnets, and ``subnets`` those that make sense.

        ``declared`` are the names of shared networks that are declared; others are those that a subnet names.
        """
        if len(subnets) < len(listed):
            return cls(None, None, class_names(classes))
        names = {name for subnet in subnets for name in (subnet.name, format_prefix(*subnet.entry.prefix))}
        networks = {subnet.entry.shared_network for subnet in subnets if subnet.entry.shared_network is not None}
        return cls(names, {*networks, *declared}, class_names(classes))


def declare(
    listed: Iterable[tuple[int, Any]], spaces: Spaces, named: Named | None, faults: Faults
) -> tuple[DeclaredHandler, ...]:
    """The handlers of a document; the faulty ones are noted and left out.

    ``named`` None: it is of rows, of which some may be missing; a handler meets nobody in a subnet that is not there.

    Of a type that is not built in the fields are taken as they are: its package's schema is in the catalogue.
    """
    listed = list(listed)
    taken = {str(value["name"]) for _index, value in listed if isinstance(value, Mapping) and value.get("name")}
    seen: dict[str, str] = {}
    made = []
    isolated = 0
    for index, value in listed:
        path = f"handlers[{index}]"
        if index == HANDLERS_MAX:
            faults.add(path, "", f"there are more than {HANDLERS_MAX} handlers: write several as one")
            break
        entry = faults.model(path, HandlerEntry, value)
        if entry is None:
            continue
        name = entry.name or _free(entry.type, taken)
        other = seen.setdefault(name, path)
        if other != path:
            faults.add(path, "name", f"{name!r} is the name of {other} already: names are unique")
        fields = BUILT_IN_FIELDS.get(entry.type)
        if entry.isolated and fields is not None:
            faults.add(path, "isolated", f"{entry.type!r} is built in, and runs in the engine: leave isolated out")
        isolated += entry.isolated and entry.enabled
        if entry.isolated and entry.enabled and isolated > ISOLATED_MAX:
            faults.add(path, "isolated", f"more than {ISOLATED_MAX} handlers are isolated, each a process: leave "
                       "isolated out, or disable one")  # fmt: skip
        model, payloads = None, _NO_PAYLOADS
        if fields is not None:
            inside = Faults()
            model = inside.model("fields", fields, entry.fields)
            for fault in inside.all():
                faults.add(path, fault.path, fault.message)
            payloads = _payloads(model, spaces, path, faults)
        if named is not None:
            _scope(entry, path, named, faults)
        made.append(DeclaredHandler(path, entry.model_copy(update={"name": name}), model, payloads))
    return tuple(one for one in made if one.path not in faults.elements)


_NO_PAYLOADS: Mapping[int, Payloads] = MappingProxyType({})


def _free(wanted: str, taken: set[str]) -> str:
    """A name that no other handler has: the type, or the type with a number."""
    name, number = wanted, 1
    while name in taken:
        number += 1
        name = f"{wanted}-{number}"
    taken.add(name)
    return name


def _payloads(model: object, spaces: Spaces, path: str, faults: Faults) -> Mapping[int, Payloads]:
    """What the fields say of options, encoded by the tables."""
    options = getattr(model, "options", None)
    if isinstance(options, GlobalOptions):
        for family, said in (("dhcp4", options.dhcp4), ("dhcp6", options.dhcp6)):
            for name, value in said.items():
                if is_computed(value):
                    place = f"fields.options.{family}.{name}"
                    faults.add(path, place, "an expression stands in options of subnets, pools, classes and "
                               "assignments: write a value")  # fmt: skip
        return {
            4: encoded(spaces[4], options.dhcp4, faults, path, "fields.options.dhcp4"),
            6: encoded(spaces[6], options.dhcp6, faults, path, "fields.options.dhcp6"),
        }
    if isinstance(options, FamilyNames):
        return {
            family: MappingProxyType(dict.fromkeys(_codes(spaces[family], names, key, path, faults), b""))
            for family, names, key in ((4, options.dhcp4, "dhcp4"), (6, options.dhcp6, "dhcp6"))
        }
    if isinstance(model, DomainSearchFields):
        try:
            return {
                family: {row.code: row.encode(model.domains)}
                for family, row in ((family, spaces[family].find("domain-search")) for family in (4, 6))
            }
        except InvalidValue as error:
            faults.add(path, "fields.domains", str(error))
    return _NO_PAYLOADS


def _codes(space: Any, names: Sequence[str], key: str, path: str, faults: Faults) -> list[int]:
    codes = []
    for number, name in enumerate(names):
        try:
            codes.append(allowed(space, name))
        except InvalidValue as error:
            faults.add(path, f"fields.options.{key}[{number}]", str(error))
    return codes


def _scope(entry: HandlerEntry, path: str, named: Named, faults: Faults) -> None:
    """What the scope names is there."""
    scope, classes = entry.scope, named.classes
    for key, wanted, known, what in (
        ("subnet", scope.subnet, named.subnets, "subnet"),
        ("shared_network", scope.shared_network, named.networks, "shared network"),
    ):
        for number, name in enumerate(wanted or ()):
            if known is not None and name not in known:
                place = f"scope.{key}" + (f"[{number}]" if len(wanted or ()) > 1 else "")
                faults.add(path, place, f"there is no {what} {name!r}{_near(name, known)}")
    for number, name in enumerate(scope.classes or ()):
        if not exists(name, classes):
            place = "scope.class" + (f"[{number}]" if len(scope.classes or ()) > 1 else "")
            faults.add(path, place, f"there is no class {name!r}{_near(name, classes)}")


def _near(name: str, known: Collection[str]) -> str:
    near = get_close_matches(name, sorted(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ": declare it first"
