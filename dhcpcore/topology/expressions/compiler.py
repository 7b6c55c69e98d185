"""From tree to closures: types are checked, constants worked out, and what is read is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, NamedTuple, NoReturn

from lark import Token, Tree

from dhcpcore.errors import InvalidValue
from dhcpcore.topology.expressions.faults import InvalidExpression
from dhcpcore.topology.expressions.functions import (
    ALL,
    CONDITION,
    FUNCTIONS,
    INTEGER,
    LENGTH,
    LITERAL,
    NUMBER,
    PATTERN,
    STRING,
    VALUE_OCTETS_MAX,
    Function,
    Octets,
    Truth,
)
from dhcpcore.topology.expressions.grammar import parse
from dhcpcore.topology.expressions.patterns import InvalidPattern, matcher
from dhcpcore.topology.expressions.readings import Part, UnknownReading, reading
from dhcpcore.topology.expressions.subject import NOTHING, Subject
from dhcpcore.wire.addresses import parse_address
from dhcpcore.wire.options import OptionSpace
from dhcpcore.wire.quoting import quoted

#: Levels of nesting: each is a call within a call for every packet.
DEPTH_MAX = 32
KNOWN = "KNOWN"
AGENT_OPTIONS = 82


class Piece(NamedTuple):
    """A part of an expression that has a value of its own."""

    truth: bool  #: Whether it is true or false rather than a string.
    evaluate: Callable[[Subject], Any]
    start: int
    end: int
    key: str  #: The same for every spelling of the same thing.
    parts: tuple[Piece, ...] = ()
    constant: bool = False
    atom: bool = False  #: Read from the packet: nothing but such pieces can make a difference.
    code: int = 0  #: Of an atom, the option that it is read from; 0: it is read from none.
    case: bytes | None = None  #: The whole piece is the first of its parts, an atom, compared with this.


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression that was read: give it a packet."""

    text: str
    piece: Piece = field(compare=False)
    members: Mapping[str, int]  #: Classes that it asks for, and where in the text.
    reads_agent: bool = False  #: Whether it looks at what a relay says, option 82.

    @property
    def evaluate(self) -> Callable[[Subject], Any]:
        """The closure: True or False of a condition, octets of a string."""
        return self.piece.evaluate

    def atoms(self) -> Mapping[str, Piece]:
        """All that it reads, by name: for the same values of these, it has the same value."""
        return {piece.key: piece for piece in _atoms(self.piece)}


def compiled(text: str, space: OptionSpace, *, condition: bool | None = None) -> Expression:
    """The expression; ``InvalidExpression`` where it is none, or not of the type that ``condition`` asks for."""
    tree = parse(text)
    compiler = _Compiler(text, space)
    root = tree.children[0]
    piece = compiler.piece(root, 1)
    if condition is True and not piece.truth:
        compiler.fail(
            "this is a string, and true or false is needed: compare it by ==, or ask whether it .exists", piece.start
        )
    if condition is False and piece.truth:
        compiler.fail(
            "this is true or false, and a string is needed: ifelse(…, 'yes', '') makes one of it", piece.start
        )
    return Expression(text, piece, compiler.members, compiler.reads_agent)


class _Compiler:
    def __init__(self, text: str, space: OptionSpace) -> None:
        self._source = text
        self._space = space
        self.members: dict[str, int] = {}
        self.reads_agent = False

    def fail(self, said: str, at: int) -> NoReturn:
        raise InvalidExpression(said, self._source, at)

    def piece(self, node: Tree[Token] | Token, depth: int) -> Piece:
        assert isinstance(node, Tree)
        if depth > DEPTH_MAX:
            self.fail(
                f"it is nested more than {DEPTH_MAX} deep: make classes of its parts, and ask for them by member()",
                _start(node),
            )
        made = getattr(self, f"_{node.data}")(node, depth)
        assert isinstance(made, Piece)
        return _folded(made)

    def _wanted(self, node: Tree[Token] | Token, depth: int, kind: str) -> Piece:
        piece = self.piece(node, depth + 1)
        if kind == CONDITION and not piece.truth:
            self.fail("this is a string, and true or false is needed here: compare it by ==", piece.start)
        if kind == STRING and piece.truth:
            self.fail(
                "this is true or false, and a string is needed here: ifelse(…, 'a', 'b') makes one of it", piece.start
            )
        return piece

    def _any_of(self, node: Tree[Token], depth: int) -> Piece:
        parts = tuple(self._wanted(child, depth, CONDITION) for child in node.children)
        return _made(node, True, _chain(parts, any_of=True), " or ", parts)

    def _all_of(self, node: Tree[Token], depth: int) -> Piece:
        parts = tuple(self._wanted(child, depth, CONDITION) for child in node.children)
        return _made(node, True, _chain(parts, any_of=False), " and ", parts)

    def _negation(self, node: Tree[Token], depth: int) -> Piece:
        part = self._wanted(node.children[0], depth, CONDITION)
        inner: Truth = part.evaluate
        return _made(node, True, lambda subject: not inner(subject), "not ", (part,))

    def _equal(self, node: Tree[Token], depth: int) -> Piece:
        one, other = (self._wanted(child, depth, STRING) for child in node.children)
        left, right = one.evaluate, other.evaluate
        if other.constant:
            value = right(NOTHING)
            made = _made(node, True, lambda subject: left(subject) == value, " == ", (one, other))
            return made._replace(case=value if one.atom else None)
        return _made(node, True, lambda subject: left(subject) == right(subject), " == ", (one, other))

    def _joined(self, node: Tree[Token], depth: int) -> Piece:
        parts = tuple(self._wanted(child, depth, STRING) for child in node.children)
        inner: tuple[Octets, ...] = tuple(part.evaluate for part in parts)

        def joined(subject: Subject) -> bytes:
            return b"".join([one(subject) for one in inner])[:VALUE_OCTETS_MAX]

        return _made(node, False, joined, " + ", parts)

    def _text_of(self, node: Tree[Token] | Token) -> str | None:
        """The letters of a text in quotes; None where the node is none."""
        if isinstance(node, Tree) and node.data == "text":
            return str(node.children[0])[1:-1]
        return None

    def _text(self, node: Tree[Token], depth: int) -> Piece:
        return _constant(node, (self._text_of(node) or "").encode(errors="surrogateescape"))

    def _hex(self, node: Tree[Token], depth: int) -> Piece:
        digits = str(node.children[0])[2:]
        return _constant(node, bytes.fromhex(digits if len(digits) % 2 == 0 else f"0{digits}"))

    def _integer(self, node: Tree[Token], depth: int) -> Piece:
        number = int(str(node.children[0])[:20])
        if not 0 <= number <= 0xFFFF_FFFF:
            self.fail(f"{number} is out of range: a number is 0 to 4294967295, and is four octets", _start(node))
        return _constant(node, number.to_bytes(4, "big"))

    def _address(self, node: Tree[Token], depth: int) -> Piece:
        try:
            return _constant(node, parse_address(str(node.children[0])))
        except InvalidValue as error:
            raise InvalidExpression(str(error), self._source, _start(node)) from None

    def _path(self, node: Tree[Token], depth: int) -> Piece:
        path = tuple(_part(part) for part in node.children if isinstance(part, Tree))
        root = path[0]
        if len(path) == 1 and root.inside is None and root.name in {"known", "unknown"}:
            self.members.setdefault(KNOWN, root.at)
            member = _made(node, True, lambda subject: KNOWN in subject.classes, f"member('{KNOWN}')", ())
            if root.name == "known":
                return member._replace(atom=True)
            inner = member.evaluate
            return _made(node, True, lambda subject: not inner(subject), "not ", (member._replace(atom=True),))
        if len(path) == 1 and root.inside is None and root.name in FUNCTIONS:
            self.fail(f"{_signature(root.name)} is a function: its arguments stand in parentheses", root.at)
        if len(path) == 1 and root.inside is None and root.name == ALL:
            self.fail("all is only the length of a substring(…)", root.at)
        try:
            made = reading(path, self._space)
        except UnknownReading as error:
            raise InvalidExpression(str(error), self._source, error.at) from None
        self.reads_agent = self.reads_agent or made.code == AGENT_OPTIONS
        key = ".".join(part.name if part.inside is None else f"{part.name}[{part.inside}]" for part in path)
        return Piece(made.truth, made.evaluate, _start(node), _end(node), key, atom=True, code=made.code)

    def _call(self, node: Tree[Token], depth: int) -> Piece:
        name, *arguments = node.children
        assert isinstance(name, Token)
        at = name.start_pos or 0
        function = FUNCTIONS.get(str(name))
        if function is None:
            near = get_close_matches(str(name), FUNCTIONS, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(FUNCTIONS)}"
            self.fail(f"{quoted(str(name))} is no function: {hint}", at)
        if len(arguments) != len(function.takes):
            self.fail(f"{_signature(str(name))} takes {len(function.takes)} arguments, here are {len(arguments)}", at)
        given: list[Any] = []
        parts: list[Piece] = []
        words: list[str] = []
        for argument, (label, kind) in zip(arguments, function.takes, strict=True):
            if kind in {STRING, CONDITION, NUMBER}:
                piece = self._number(argument, function, depth) if kind == NUMBER else None
                piece = piece or self._wanted(argument, depth, CONDITION if kind == CONDITION else STRING)
                parts.append(piece)
                given.append(piece.evaluate)
                words.append(piece.key)
            else:
                value = self._literal(argument, label, kind)
                given.append(value)
                words.append(self._source[_start(argument) : _end(argument)])
        key = f"{name}({', '.join(words)})"
        made = Piece(function.gives == CONDITION, function.make(*given), _start(node), _end(node), key, tuple(parts))
        if str(name) == "member":
            self.members.setdefault(given[0], _start(arguments[0]))
            return made._replace(atom=True)
        varying = [part for part in parts if not part.constant]
        if function.narrows and len(varying) == 1 and varying[0].atom:
            return made._replace(atom=True, code=varying[0].code)
        return made

    def _number(self, node: Tree[Token] | Token, function: Function, depth: int) -> Piece | None:
        """A number written out, in as many octets as the function reads."""
        if not (isinstance(node, Tree) and node.data == "integer"):
            return None
        number = int(str(node.children[0])[:20])
        try:
            return _constant(node, number.to_bytes(function.octets, "big", signed=function.signed))
        except OverflowError:
            bits = function.octets * 8
            low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if function.signed else (0, (1 << bits) - 1)
            said = f"{number} is out of range: {low} to {high}"
            raise InvalidExpression(said, self._source, _start(node)) from None

    def _literal(self, node: Tree[Token] | Token, label: str, kind: str) -> Any:
        """An argument that must stand in the text itself."""
        at = _start(node)
        text = self._text_of(node)
        if kind == PATTERN and text is not None:
            try:
                return matcher(text)
            except InvalidPattern as error:
                raise InvalidExpression(str(error), self._source, at + 1 + error.at) from None
        if kind == LITERAL and text:
            return text
        if kind in {INTEGER, LENGTH} and isinstance(node, Tree) and node.data == "integer":
            number = int(str(node.children[0])[:20])
            if -VALUE_OCTETS_MAX <= number <= VALUE_OCTETS_MAX:
                return number
            self.fail(f"{number} is out of range: -{VALUE_OCTETS_MAX} to {VALUE_OCTETS_MAX}", at)
        if kind == LENGTH and isinstance(node, Tree) and self._source[at : _end(node)] == ALL:
            return ALL
        right = {INTEGER: "a number such as 3", LENGTH: "a number such as 3, or all"}.get(kind, "a text such as 'abc'")
        raise InvalidExpression(f"{label} must be written out: {right}", self._source, at)


def _chain(parts: tuple[Piece, ...], *, any_of: bool) -> Truth:
    """Conditions from left to right, as far as they make a difference."""
    inner: tuple[Truth, ...] = tuple(part.evaluate for part in parts)
    if len(inner) == 2:
        one, other = inner
        if any_of:
            return lambda subject: one(subject) or other(subject)
        return lambda subject: one(subject) and other(subject)

    def chain(subject: Subject) -> bool:
        for condition in inner:
            if condition(subject) is any_of:
                return any_of
        return not any_of

    return chain


def _folded(piece: Piece) -> Piece:
    """A piece of constants alone has one value, which is worked out now."""
    if piece.constant or piece.atom or not piece.parts or not all(part.constant for part in piece.parts):
        return piece
    value = piece.evaluate(NOTHING)
    return piece._replace(evaluate=lambda _subject: value, constant=True)


def _made(
    node: Tree[Token], truth: bool, evaluate: Callable[[Subject], Any], sign: str, parts: tuple[Piece, ...]
) -> Piece:
    keys = [part.key for part in parts]
    key = f"({sign.join(keys)})" if len(keys) > 1 else f"{sign}{''.join(keys)}"
    return Piece(truth, evaluate, _start(node), _end(node), key, parts)


def _constant(node: Tree[Token], value: bytes) -> Piece:
    return Piece(False, lambda _subject: value, _start(node), _end(node), f"0x{value.hex()}", constant=True)


def _atoms(piece: Piece) -> Iterator[Piece]:
    if piece.atom:
        yield piece
    else:
        for part in piece.parts:
            yield from _atoms(part)


def _part(node: Tree[Token]) -> Part:
    name = node.children[0]
    assert isinstance(name, Token)
    if len(node.children) == 1:
        return Part(str(name), None, name.start_pos or 0, name.end_pos or 0)
    index = node.children[1]
    assert isinstance(index, Tree)
    inner = index.children[0]
    assert isinstance(inner, Token)
    return Part(str(name), str(inner), name.start_pos or 0, inner.start_pos or 0)


def _start(node: Tree[Token] | Token) -> int:
    return (node.meta.start_pos if isinstance(node, Tree) else node.start_pos) or 0


def _end(node: Tree[Token] | Token) -> int:
    return (node.meta.end_pos if isinstance(node, Tree) else node.end_pos) or 0


def _signature(name: str) -> str:
    return f"{name}({', '.join(label for label, _kind in FUNCTIONS[name].takes)})"
