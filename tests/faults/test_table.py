"""The page on faults and the tests agree: every row is injected, every injected fault is told, every code exists."""

import ast
from pathlib import Path

from dhcpcore.stats.reasons import Reason
from tests.faults.told import rows, told

HERE = Path(__file__).parent


def injected() -> set[str]:
    """The faults that tests ask for by name."""
    return {
        node.args[0].value
        for path in HERE.glob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "told"
        and isinstance(node.args[0], ast.Constant)
    }  # fmt: skip


def test_every_row_is_injected_and_every_fault_is_told() -> None:
    assert injected() == rows().keys()


def test_every_code_is_one() -> None:
    codes = {reason.code for reason in Reason}
    assert {code for row in rows().values() for code in (*row.reasons, *row.after)} <= codes


def test_every_row_says_what_comes_next() -> None:
    assert [row.fault for row in rows().values() if not row.after] == []


def test_a_row_is_read_as_it_stands() -> None:
    assert told("the commit fails").reasons == ["DATABASE-UNAVAILABLE"]
    assert told("the commit fails").after == ["ACK-NEW"]
    assert len(rows()) > 25
