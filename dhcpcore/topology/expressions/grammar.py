"""The grammar: text to a tree of plain shapes, by lark's LALR parser.

The grammar knows operators, calls and paths such as ``relay6[0].option[18].hex``, and no name of any of them: the
tables of functions and readings do, so that a wrong name is told with the nearest right one.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import cast

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedToken

from dhcpcore.topology.expressions.faults import InvalidExpression
from dhcpcore.wire.quoting import quoted

#: Letters of one expression.  Kea's longest documented example has 120; beyond this a handler is the better place.
LETTERS_MAX = 4096

_GRAMMAR = r"""
start: any_of
?any_of: all_of ("or" all_of)*
?all_of: negated ("and" negated)*
?negated: "not" negated              -> negation
    | equal
?equal: joined ("==" joined)?
?joined: value ("+" value)*
?value: "(" any_of ")"
    | TEXT                           -> text
    | HEX                            -> hex
    | INTEGER                        -> integer
    | ADDRESS4                       -> address
    | ADDRESS6                       -> address
    | NAME "(" (any_of ("," any_of)*)? ")" -> call
    | part ("." part)*               -> path
part: NAME ("[" index "]")?
index: INTEGER | STAR | NAME

TEXT: /'[^'\n]*'/
ADDRESS6.3: /(?:[0-9A-Fa-f]{0,4}:){2,7}(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f]{1,4})?/
ADDRESS4.2: /[0-9]{1,3}(?:\.[0-9]{1,3}){3}/
HEX.2: /0[xX][0-9A-Fa-f]+/
INTEGER: /-?[0-9]+/
NAME: /[A-Za-z](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?/
STAR: "*"
%ignore /[ \t\r\n]+/
"""

#: What people call the terminals; operators and words stand for themselves.
_CALLED = {
    "LPAR": "(",
    "RPAR": ")",
    "LSQB": "[",
    "RSQB": "]",
    "COMMA": "a comma",
    "DOT": "a dot",
    "PLUS": "+",
    "STAR": "*",
    "AND": "and",
    "OR": "or",
    "__ANON_0": "==",
    "$END": "the end",
}
_VALUES = frozenset({"TEXT", "HEX", "INTEGER", "ADDRESS4", "ADDRESS6", "NAME", "LPAR"})
_A_VALUE = "a value such as option[60].hex, 'text' or 0x0102"


def parse(text: str) -> Tree[Token]:
    """The tree of an expression; ``InvalidExpression`` where it is none."""
    if len(text) > LETTERS_MAX:
        raise InvalidExpression(f"it has {len(text)} letters, at most {LETTERS_MAX} are read", text, LETTERS_MAX)
    if not text.strip():
        raise InvalidExpression(f"it is empty: write {_A_VALUE}", text, 0)
    try:
        return _parser().parse(text)
    except UnexpectedToken as error:
        at = len(text.rstrip()) if error.token.type == "$END" else error.token.start_pos
        found = "the end" if error.token.type == "$END" else quoted(str(error.token))
        right = _right(error.accepts or error.expected)
        raise InvalidExpression(f"{found} does not fit here: {right}", text, at or 0) from None
    except UnexpectedCharacters as error:
        stray = cast("int", error.pos_in_stream)
        raise InvalidExpression(_stray(text, stray), text, stray) from None


@cache
def _parser() -> Lark:
    """Made at the first expression: a site without classes does not pay for it."""
    return Lark(_GRAMMAR, parser="lalr", propagate_positions=True, maybe_placeholders=False)


def _right(expected: Iterable[str]) -> str:
    """What could stand there."""
    names = set(expected)
    if names >= _VALUES - {"LPAR"}:
        return f"{_A_VALUE} would be right"
    words = sorted(_CALLED[name] for name in names if name in _CALLED)
    if "NAME" in names:
        words.insert(0, "a name or number" if "INTEGER" in names else "a name")
    return f"{', '.join(words[:-1])} or {words[-1]} would be right" if len(words) > 1 else f"{words[0]} would be right"


def _stray(text: str, at: int) -> str:
    match text[at]:
        case "'":
            return "the text that begins here has no end: it ends with ' on the same line"
        case '"':
            return "a text stands in single quotes: 'text'"
        case "=":
            return "two values are compared by =="
        case "!":
            return "write not in front of the comparison: not (a == b)"
        case "&":
            return "write and between two conditions"
        case "|":
            return "write or between two conditions"
        case "-" | "/" | "%":
            return "there is no arithmetic here"
        case letter:
            return f"{quoted(letter)} has no meaning here"
