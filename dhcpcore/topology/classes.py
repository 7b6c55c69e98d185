"""The classes of a snapshot: which of them a packet is of, at most one look at each, and what they give.

A class's value depends on nothing but what its expression reads (its atoms).  Classes that read the same are one group,
and a group remembers what came of the same values: fifty classes that look at the vendor's name cost a packet one
look-up.  Groups go in levels, for ``member`` asks for what an earlier level found; what depends on an assignment comes
once that is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, NamedTuple

from dhcpcore.topology.class_names import (
    ALL,
    BOOTP,
    KNOWN,
    REJECT,
    SPAWN,
    UNKNOWN,
    VENDOR_CLASS,
    template_of,
)
from dhcpcore.topology.expressions.compiler import Expression, Piece
from dhcpcore.topology.expressions.subject import Subject
from dhcpcore.topology.snapshot import Boot, Lifetimes, OptionLevel

#: Answers that a group remembers; a sender of made-up values must not fill the memory.
MEMO_MAX = 4096
#: Octets of a value that is worth remembering.
_KEY_OCTETS_MAX = 255
#: What everybody is of.
_OF_DHCP, _OF_BOOTP = frozenset((ALL,)), frozenset((ALL, BOOTP))
#: Letters of a value in the name of a class that a template makes.
SPAWNED_MAX = 255
_VENDOR_CLASS_ID = 60
#: Options whose value is a client's own, or its port's: host name, requested address, server and client identifier,
#: FQDN, relay agent, UUID.
_OF_ONE_CLIENT = frozenset((12, 50, 54, 61, 81, 82, 97))


class ClassLimit(NamedTuple):
    """What the clients of a class may have together; 0 is no limit."""

    leases: int = 0
    per_subnet: int = 0
    rate: int = 0  #: Packets a second.


NO_LIMIT = ClassLimit()


@dataclass(frozen=True, slots=True, eq=False)
class ClientClass:
    """What a declared class gives to its clients; ``order``: the lesser one wins.

    One is equal to itself alone: encoded options are kept by the classes that they are of, and looked for with every
    packet.
    """

    name: str
    order: float
    level: OptionLevel
    lifetimes: Lifetimes | None = None
    boot: Boot | None = None
    limit: ClassLimit = NO_LIMIT
    offer_hold_s: int | None = None

    @property
    def gives(self) -> bool:
        """Whether it makes any difference to what its clients are told."""
        level = self.level
        says = bool(level.payloads or level.always or level.never or level.computed)
        return says or self.lifetimes is not None or self.boot is not None or self.offer_hold_s is not None


class Tested(NamedTuple):
    """A class with its expression, and the declared classes that this asks for."""

    name: str
    expression: Expression
    is_template: bool
    needs: tuple[str, ...]


def offer_hold_of(classes: Iterable[ClientClass]) -> int | None:
    """How long an offer to clients of these classes is kept, seconds; None: as any."""
    return next((one.offer_hold_s for one in classes if one.offer_hold_s is not None), None)


class Matched(NamedTuple):
    """What a packet is of, and what that gives."""

    names: frozenset[str]
    given: tuple[ClientClass, ...]  #: The one that wins first.
    told: str  #: For people: without the class that everybody is of.


class Readings:
    """All that some classes read of a packet: for the same, they come to the same.

    An option that many clients send alike is taken as it is; of one that is a client's own, and of the header, only
    what the classes look at.
    """

    __slots__ = ("_alike", "_header", "_own")

    def __init__(self, tests: Iterable[Tested]) -> None:
        """That they ask for each other is left out: those read nothing else themselves."""
        atoms: dict[str, Piece] = {}
        for one in tests:
            atoms |= {key: atom for key, atom in one.expression.atoms().items() if not key.startswith("member(")}
        codes = {atom.code for atom in atoms.values()} - {0}
        self._alike = tuple(codes - _OF_ONE_CLIENT)
        self._header = tuple(atom.evaluate for atom in atoms.values() if not atom.code)
        self._own = tuple(
            (code, tuple(atom.evaluate for atom in atoms.values() if atom.code == code))
            for code in codes & _OF_ONE_CLIENT
        )

    def __bool__(self) -> bool:
        return bool(self._alike or self._header or self._own)

    def of(self, subject: Subject) -> list[Any]:
        """What they read of this packet."""
        options = subject.options
        found: list[Any] = [*map(options.get, self._alike)]
        for read in self._header:
            found.append(read(subject))  # noqa: PERF401 - In 3.11 a comprehension is a call, for every packet.
        for code, reads in self._own:
            found += [read(subject) for read in reads] if code in options else (None,)
        return found


class Group:
    """Classes of one level that read the same of a packet."""

    __slots__ = ("_cases", "_memo", "_tests")

    def __init__(self, tests: Sequence[Tested]) -> None:
        #: Of classes that compare one reading with a constant: the reading, and the names by its value.
        self._cases: dict[str, tuple[Callable[[Subject], Any], dict[bytes, list[str]]]] = {}
        plain = []
        for one in tests:
            piece = one.expression.piece
            if piece.case is None:
                plain.append((one.name, one.expression.evaluate, one.is_template))
            else:
                reading = piece.parts[0]
                _, names = self._cases.setdefault(reading.key, (reading.evaluate, {}))
                names.setdefault(piece.case, []).append(one.name)
        self._tests = tuple(plain)
        self._memo: dict[tuple[Any, ...], tuple[str, ...]] = {}

    def found(self, key: tuple[Any, ...], subject: Subject) -> tuple[str, ...]:
        """Those that the packet is of; ``key`` is all that they read of it."""
        found = self._memo.get(key)
        if found is None:
            found = self._tested(subject)
            if len(self._memo) >= MEMO_MAX:
                self._memo.clear()
            if all(isinstance(part, bool) or len(part) <= _KEY_OCTETS_MAX for part in key):
                self._memo[key] = found
        return found

    def _tested(self, subject: Subject) -> tuple[str, ...]:
        names: list[str] = []
        for reading, by_value in self._cases.values():
            names += by_value.get(reading(subject), ())
        for name, evaluate, is_template in self._tests:
            value = evaluate(subject)
            if value and is_template:
                names.append(f"{SPAWN}{name}_{spelled(value)}")
            if value:
                names.append(name)
        return tuple(names)


class Level:
    """Groups that do not ask for each other.  What several of them read is read once."""

    __slots__ = ("_atoms", "groups")

    def __init__(self, shared: Iterable[tuple[Mapping[str, Piece], Sequence[Tested]]]) -> None:
        atoms: dict[str, Piece] = {}
        groups = []
        for read, tests in shared:
            atoms |= read
            groups.append((Group(tests), [list(atoms).index(key) for key in read]))
        self._atoms = tuple(atom.evaluate for atom in atoms.values())
        self.groups = tuple((group, _picked(places)) for group, places in groups)

    def found(self, subject: Subject) -> list[tuple[str, ...]]:
        """What each group finds."""
        values = [atom(subject) for atom in self._atoms]
        return [group.found(picked(values), subject) for group, picked in self.groups]


def _picked(places: Sequence[int]) -> Callable[[Sequence[Any]], tuple[Any, ...]]:
    """A function that takes the values at these places out of a list."""
    if len(places) > 1:
        return itemgetter(*places)
    return lambda values: tuple([values[at] for at in places])


def spelled(value: bytes) -> str:
    """A value as part of a name: text where it is text, else hexadecimal digits."""
    value = value[:SPAWNED_MAX]
    plain = all(0x20 <= octet < 0x7F and octet != 0x27 for octet in value) and value == value.strip()
    return value.decode() if plain else f"0x{value.hex()}"


class Classes:
    """All classes of a snapshot."""

    __slots__ = (
        "_additional", "_after", "_before", "_given", "_limited", "_made_of", "_memo", "_names_vendors", "_readings",
        "_templates", "_whole", "asks_known", "computes", "limits", "reads_agent", "rejects",
    )  # fmt: skip

    def __init__(self, declared: Iterable[ClientClass], tests: Sequence[Tested], late: frozenset[str],
                 named: Iterable[str]) -> None:  # fmt: skip
        declared, named = tuple(declared), frozenset(named)
        self._made_of = (
            tuple(
                (one.name, one.order, one.level, one.lifetimes, one.boot, one.limit, one.offer_hold_s)
                for one in declared
            ),
            tuple((one.name, one.expression.text, one.is_template) for one in tests),
            late,
            named,
        )
        self._given = {one.name: one for one in declared if one.gives}
        self._templates = frozenset(one.name for one in tests if one.is_template)
        tested = {one.name: one for one in tests}
        untested = {
            one.name for one in declared
            if one.name not in tested and template_of(one.name, self._templates) is None
        }  # fmt: skip
        waiting = _waiting(tested, untested)
        early = [one for one in tests if one.name not in late]
        self._before = _levels([one for one in early if one.name not in waiting])
        self._after = _levels([one for one in early if one.name in waiting])
        self._additional = {one.name: Level([(one.expression.atoms(), [one])]) for one in tests}
        asked = {name for one in tests for name in one.expression.members}
        #: Whether anything is said of classes that option 60 makes.
        self._names_vendors = any(name.startswith(VENDOR_CLASS) for name in (*tested, *untested, *named, *asked))
        #: Whether it makes a difference to any class that the client is known.
        self.asks_known = not {KNOWN, UNKNOWN}.isdisjoint({*asked, *self._given})
        self._memo: dict[object, Matched] = {}
        #: All that the classes read of a packet but each other, and what came of the same values.
        self._readings = Readings(one for one in early if one.name not in waiting)
        self._whole: dict[tuple[Any, ...], Matched] | None = {} if self._readings else None
        #: Whether any class looks at what a relay says.
        self.reads_agent = any(one.expression.reads_agent for one in tests)
        #: Whether there are clients who are told that they get nothing.
        self.rejects = any(one.name == REJECT for one in declared)
        #: Whether any class works an option out.
        self.computes = any(one.level.computed for one in declared)
        #: Classes with a limit, templates among them.
        self.limits = {one.name: one.limit for one in declared if any(one.limit)}
        self._limited: dict[frozenset[str], tuple[str, ...]] = {}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Classes) and self._made_of == other._made_of

    def __hash__(self) -> int:
        return hash(self._made_of[1:])

    def limit_of(self, name: str) -> ClassLimit:
        """The limit of a class; one that a template makes has its own, or its template's.  A template has none."""
        if name in self._templates:
            return NO_LIMIT
        limit = self.limits.get(name)
        if limit is None and name.startswith(SPAWN) and (template := template_of(name, self._templates)) is not None:
            limit = self.limits.get(template)
        return limit or NO_LIMIT

    def limited(self, names: AbstractSet[str]) -> tuple[str, ...]:
        """Of the classes that a client is of, in order, those that have a limit."""
        key = frozenset(names)
        found = self._limited.get(key)
        if found is None:
            if len(self._limited) >= MEMO_MAX:
                self._limited.clear()
            found = self._limited[key] = tuple(sorted(name for name in names if any(self.limit_of(name))))
        return found

    def match(self, subject: Subject) -> Matched:
        """The classes that the packet alone tells."""
        first = _OF_DHCP if subject.message_type else _OF_BOOTP
        if self._names_vendors and (vendor := subject.options.get(_VENDOR_CLASS_ID)):
            first |= {VENDOR_CLASS + spelled(vendor)}
        subject.classes = first
        whole = self._whole
        if whole is None:
            return self._match(subject, first)
        key = (first, *self._readings.of(subject))
        matched = whole.get(key)
        if matched is None:
            matched = self._match(subject, first)
            if len(whole) >= MEMO_MAX:
                # Something differs from client to client, such as the port: to look for the whole is in vain.
                self._whole = None
            elif all(not isinstance(part, bytes) or len(part) <= _KEY_OCTETS_MAX for part in key):
                whole[key] = matched
        return matched

    def _match(self, subject: Subject, first: frozenset[str]) -> Matched:
        """Group by group; ``first`` are the classes that need no expression."""
        levels = self._before
        if len(levels) <= 1:
            # Nobody asks for what another class found: what they found together is all there is to remember.
            key = (first, *levels[0].found(subject)) if levels else (first,)
            matched = self._memo.get(key)
            return matched or self._remembered(key, frozenset(name for found in key for name in found))
        classes = subject.classes = set(first)
        self._through(levels, subject, classes)
        return self.all_of(classes)

    def match_known(self, subject: Subject, before: Matched, given: Sequence[str] | None) -> Matched:
        """Those that depend on an assignment as well: ``given`` are what it gives, None where there is none."""
        basic = UNKNOWN if given is None else KNOWN
        classes = subject.classes = {*before.names, basic, *(given or ())}
        self._through(self._after, subject, classes)
        if len(classes) == len(before.names) + 1 and basic not in self._given:
            return before._replace(names=frozenset(classes))  # Nothing that makes a difference.
        return self.all_of(classes)

    def _through(self, levels: Sequence[Level], subject: Subject, classes: set[str]) -> None:
        """Level by level, for ``member`` asks for what the levels before have found."""
        for level in levels:
            classes.update(*level.found(subject))

    def all_of(self, classes: Iterable[str]) -> Matched:
        """What these classes give together."""
        names = frozenset(classes)
        return self._memo.get(names) or self._remembered(names, names)

    def _remembered(self, key: object, names: frozenset[str]) -> Matched:
        mine = self._given
        given = sorted((mine[name] for name in names if name in mine), key=_order)
        matched = Matched(names, tuple(given), ", ".join(sorted(names - {ALL})))
        if len(self._memo) >= MEMO_MAX:
            self._memo.clear()
        self._memo[key] = matched
        return matched

    def match_additional(self, subject: Subject, names: Iterable[str]) -> tuple[ClientClass, ...]:
        """Of the classes that a pool and its subnet list, in their order, what the client gets by them."""
        found: list[ClientClass] = []
        for name in names:
            level = self._additional.get(name)
            if level is not None and name not in subject.classes:
                subject.classes = {*subject.classes, *[one for some in level.found(subject) for one in some]}
            classes = subject.classes
            if name in classes:
                found += [self._given[one] for one in self._spawned(name, classes) if one in self._given]
        return tuple(found)

    def _spawned(self, name: str, classes: Iterable[str]) -> Iterable[str]:
        """What a template made comes before the template itself."""
        if name not in self._templates:
            return (name,)
        return (*(one for one in classes if template_of(one, self._templates) == name), name)


def _order(one: ClientClass) -> float:
    return one.order


def _waiting(tested: Mapping[str, Tested], untested: Iterable[str]) -> frozenset[str]:
    """The classes that cannot be told before the assignment is known.

    They ask whether there is one, for a class that nobody tests and that an assignment may give, or for another such.
    """
    facts = {KNOWN, UNKNOWN, *untested} - {ALL, BOOTP}
    facts = {name for name in facts if not name.startswith(VENDOR_CLASS)}
    waiting: set[str] = set()
    more = True
    while more:
        found = {
            name for name, one in tested.items()
            if name not in waiting and not (facts | waiting).isdisjoint({*one.expression.members, *one.needs})
        }  # fmt: skip
        waiting |= found
        more = bool(found)
    return frozenset(waiting)


def _levels(tests: Sequence[Tested]) -> tuple[Level, ...]:
    """The classes in levels, and in each those together that read the same, or part of it."""
    levels: dict[str, int] = {}
    left = list(tests)
    inside = {one.name for one in tests}
    while left:
        ready = [one for one in left if all(name in levels for name in one.needs if name in inside)]
        assert ready, "the validator lets no ring of classes through"
        for one in ready:
            levels[one.name] = 1 + max((levels[name] for name in one.needs if name in levels), default=0)
        left = [one for one in left if one.name not in levels]
    made: list[Level] = []
    for level in sorted(set(levels.values())):
        shared: list[tuple[dict[str, Piece], list[Tested]]] = []
        some = [one for one in tests if levels[one.name] == level]
        for one in sorted(some, key=lambda one: -len(one.expression.atoms())):
            atoms = dict(one.expression.atoms())
            home = next((both for both in shared if atoms.keys() <= both[0].keys()), None)
            if home is None:
                shared.append((atoms, [one]))
            else:
                home[1].append(one)
        made.append(Level(shared))
    return tuple(made)
