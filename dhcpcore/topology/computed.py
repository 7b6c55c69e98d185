"""Options whose value is worked out for each packet, as Kea's flex-option has it: added, replaced, or taken away.

Written in place of a value: ``expression`` makes the octets, ``if_absent`` has them sent only where no level has a
value, and ``remove_when`` takes the option away, whoever gave it a value.  Octets that are none say nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from dhcpcore.errors import InvalidValue
from dhcpcore.topology.class_names import exists
from dhcpcore.topology.expressions.compiler import Expression, compiled
from dhcpcore.topology.expressions.faults import InvalidExpression
from dhcpcore.wire.options import OptionSpace

if TYPE_CHECKING:
    from dhcpcore.topology.expressions.subject import Subject
    from dhcpcore.topology.snapshot import OptionLevel

#: No client takes a DHCPv4 message with an option beyond this; a jumbo frame holds 9,000 octets.
OPTION4_OCTETS_MAX = 4096
_KEYS = frozenset({"expression", "if_absent", "remove_when"})


class Computed(NamedTuple):
    """How one level works out an option."""

    value: Expression | None = None
    if_absent: bool = False
    remove_when: Expression | None = None

    @property
    def reads_agent(self) -> bool:
        """Whether it looks at what a relay says."""
        return any(one is not None and one.reads_agent for one in (self.value, self.remove_when))

    @property
    def members(self) -> Mapping[str, int]:
        """The classes that it asks for."""
        both = (one for one in (self.value, self.remove_when) if one is not None)
        return {name: at for one in both for name, at in one.members.items()}

    def form(self) -> dict[str, Any]:
        """As the document writes it."""
        made: dict[str, Any] = {} if self.value is None else {"expression": self.value.text}
        if self.if_absent:
            made["if_absent"] = True
        if self.remove_when is not None:
            made["remove_when"] = self.remove_when.text
        return made


Computations = Mapping[int, Computed]
NOTHING_COMPUTED: Computations = MappingProxyType({})


def is_computed(value: object) -> bool:
    """Whether what stands in place of an option's value says how it is worked out."""
    return isinstance(value, Mapping) and bool(value) and value.keys() <= _KEYS


def computed(space: OptionSpace, value: Mapping[str, Any]) -> Computed:
    """How an option is worked out; ``InvalidValue`` says what is wrong, an expression with a caret."""
    if space.family != 4:
        raise InvalidValue("is worked out for IPv4 clients alone: write its value")
    if_absent = value.get("if_absent", False)
    if not isinstance(if_absent, bool):
        raise InvalidValue(f"if_absent: {if_absent!r:.80} is neither true nor false")
    if if_absent and "expression" not in value:
        raise InvalidValue("if_absent says when the value of expression counts: write that as well")
    texts = {key: value[key] for key in ("expression", "remove_when") if key in value}
    for key, text in texts.items():
        if not isinstance(text, str):
            raise InvalidValue(f'{key}: {text!r:.80} is no expression: write a text such as "pkt4.mac"')
    made: dict[str, Expression] = {}
    for key, text in texts.items():
        try:
            made[key] = compiled(text, space, condition=key == "remove_when")
        except InvalidExpression as error:
            raise InvalidValue(f"{key}: {error}") from None
    return Computed(made.get("expression"), if_absent, made.get("remove_when"))


def require_classes(one: Computed, named: Collection[str]) -> None:
    """Refuse a computation that asks for a class which nobody can be of."""
    for expression in (one.value, one.remove_when):
        for name, at in () if expression is None else expression.members.items():
            if not exists(name, named):
                assert expression is not None
                raise InvalidValue(str(InvalidExpression(f"there is no class {name!r}", expression.text, at)))


def worked_out(levels: Iterable[OptionLevel], subject: Subject) -> dict[int, bytes]:
    """Payloads of the levels, the farthest first, with what they work out for this packet."""
    payloads: dict[int, bytes] = {}
    spare: dict[int, bytes] = {}
    removed: set[int] = set()
    for level in levels:
        payloads.update(level.payloads)
        for code, one in level.computed.items():
            if one.value is not None:
                value: bytes = one.value.evaluate(subject)
                if 0 < len(value) <= OPTION4_OCTETS_MAX:
                    (spare if one.if_absent else payloads)[code] = value
            if one.remove_when is not None and one.remove_when.evaluate(subject):
                removed.add(code)
    return {code: value for code, value in {**spare, **payloads}.items() if code not in removed}
