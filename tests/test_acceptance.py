"""docs/acceptance.md is a table of promises, each with the test that keeps it; this file sees that the tests are there.

docs/rfc.md and docs/features.md are tables like it: of RFCs, and of what servers are compared by.

A row counts only when each of its tests exists and runs: one that is skipped or expected to fail whatever happens
keeps no promise. (What cannot run on a machine is `--require`'s business, see conftest.py.)
"""

import ast
import re
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
TABLE = ROOT / "docs/acceptance.md"
RFCS = ROOT / "docs/rfc.md"
FEATURES = ROOT / "docs/features.md"
#: Of each kind of feature, how many there are: none is passed over in silence.
KINDS = {"V4": 28, "AL": 19, "CL": 10, "OP": 10, "RE": 9, "LQ": 4}
#: What stands in place of tests, with the reason behind it.
NOT_DONE = re.compile(r"not (yet|meant): \w.{14,}")

NEVER_RUNS = {"pytest.mark.skip", "pytest.mark.xfail", "unittest.skip", "unittest.expectedFailure"}
"""Marks that hold whatever happens. skipif is a condition, and so is xfail with one as its first argument."""

SKIPS = {"pytest.skip", "pytest.xfail"}


class Row(NamedTuple):
    """One promise."""

    line: int
    clause: str
    promise: str
    tests: tuple[str, ...]


def rows(text: str) -> list[Row]:
    """The rows of every table whose head is clause, promise, test."""
    found: list[Row] = []
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")] if line.lstrip().startswith("|") else []
        if not cells:
            inside = False
        elif [cell.lower() for cell in cells] == ["clause", "promise", "test"]:
            inside = True
        elif inside and not set("".join(cells)) <= set("-: "):
            assert len(cells) == 3, f"line {number}: a row has three cells, this one {len(cells)}"
            tests = tuple(name.strip().strip("`") for name in re.split(r"<br\s*/?>", cells[2]))
            found.append(Row(number, cells[0], cells[1], tests))
    return found


def dotted(node: ast.expr) -> str:
    """`pytest.mark.skip` of `@pytest.mark.skip(reason=...)`."""
    return ast.unparse(node.func if isinstance(node, ast.Call) else node)


def never(mark: ast.expr) -> bool:
    """Whether this mark keeps a test from ever counting."""
    condition = isinstance(mark, ast.Call) and mark.args and dotted(mark) == "pytest.mark.xfail"
    return dotted(mark) in NEVER_RUNS and not condition


def marks(body: list[ast.stmt]) -> list[ast.expr]:
    """What `pytestmark = ...` says for a module or class."""
    said = [
        statement.value
        for statement in body
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "pytestmark"
    ]
    return [mark for value in said for mark in (value.elts if isinstance(value, ast.List | ast.Tuple) else [value])]


def skips_at_once(body: list[ast.stmt]) -> bool:
    """A call of pytest.skip that stands in the body itself, under no condition."""
    return any(
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call) and dotted(statement.value) in SKIPS
        for statement in body
    )


def fault(test: str, root: Path) -> str | None:
    """What is wrong with a row's test, or None: `tests/test_x.py::test_y`, `tests/test_x.py::TestZ::test_y[id]`."""
    file, *path = test.partition("[")[0].split("::")
    if not path:
        return f"{test} names no test: file::name is wanted"
    if not (root / file).is_file():
        return f"{test}: there is no file {file}"
    node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef = ast.parse((root / file).read_text())
    if any(map(never, marks(node.body))) or skips_at_once(node.body):
        return f"{test}: the whole of {file} is skipped or expected to fail"
    for name in path:
        inside = [
            child
            for child in node.body
            if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and child.name == name
        ]
        if not inside:
            return f"{test}: there is no {name}"
        node = inside[-1]
        if any(map(never, node.decorator_list)) or any(map(never, marks(node.body))):
            return f"{test}: {name} is skipped or expected to fail, whatever happens"
    if isinstance(node, ast.ClassDef):
        return f"{test} names a class; name its tests"
    if not node.name.startswith("test"):
        return f"{test}: pytest runs nothing of that name"
    if skips_at_once(node.body):
        return f"{test}: skips itself, whatever happens"
    return None


@pytest.mark.parametrize("table", [TABLE, RFCS], ids=lambda table: table.name)
def test_every_promise_is_kept_by_a_test_that_runs(table: Path) -> None:
    found = rows(table.read_text())
    assert found, "the table of promises is empty"
    checked = [(row.line, fault(test, ROOT)) for row in found for test in row.tests]
    assert [f"docs/{table.name}:{line}: {said}" for line, said in checked if said] == []


def test_every_row_says_what_is_promised() -> None:
    empty = [row.line for row in rows(TABLE.read_text()) if not row.clause or len(row.promise) < 15]
    assert empty == []


class Feature(NamedTuple):
    """What servers are compared by, and whether Lessor has it."""

    line: int
    name: str
    does: str
    shown_by: str


def features(text: str) -> list[Feature]:
    """The rows of every table whose head is id, feature, what Lessor does, test."""
    found: list[Feature] = []
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")] if line.startswith("|") else []
        if inside and cells and not set("".join(cells)) <= set("-: "):
            assert len(cells) == 4, f"line {number}: a row has four cells, this one {len(cells)}"
            found.append(Feature(number, cells[0], cells[2], cells[3]))
        inside = bool(cells) and (inside or cells == ["id", "feature", "what Lessor does", "test"])
    return found


def wrong_feature(feature: Feature, root: Path) -> list[str]:
    """What is wrong with the row: a test that is not there, or a lack without its reason."""
    if feature.shown_by.startswith("not "):
        return [] if NOT_DONE.fullmatch(feature.shown_by) else [f"{feature.name}: why {feature.shown_by!r}?"]
    tests = re.split(r"<br\s*/?>", feature.shown_by)
    return [f"{feature.name}: {said}" for test in tests if (said := fault(test.strip().strip("`"), root))]


def test_every_feature_is_shown_by_tests_that_run_or_told_to_be_missing() -> None:
    found = features(FEATURES.read_text())
    assert [said for one in found for said in wrong_feature(one, ROOT)] == []
    assert [one.name for one in found if len(one.does) < 8] == []


def test_no_feature_is_passed_over() -> None:
    assert [one.name for one in features(FEATURES.read_text())] == [
        f"{kind}-{number:02}" for kind, count in KINDS.items() for number in range(1, count + 1)
    ]


@pytest.mark.parametrize(
    ("shown_by", "said"),
    [
        ("t.py::test_good<br>t.py::test_may_skip", None),
        ("not yet: nobody has asked for it so far", None),
        ("not meant: it would be another program", None),
        ("not yet", "why"),
        ("not at all: we do not like it at all", "why"),
        ("t.py::test_good<br>t.py::test_gone", "no test_gone"),
        ("t.py::test_skip", "whatever happens"),
        ("", "names no test"),
    ],
)
def test_a_feature_without_its_test_is_a_fault(tmp_path: Path, shown_by: str, said: str | None) -> None:
    (tmp_path / "t.py").write_text(SAMPLE)
    row = f"| id | feature | what Lessor does | test |\n|---|---|---|---|\n| V4-01 | A | Does it. | {shown_by} |\n"
    (feature,) = features(f"| a |\n|---|\n| x |\n\n{row}\ntext\n")
    found = wrong_feature(feature, tmp_path)
    assert (found == []) if said is None else said in found[0]


SAMPLE = """
import pytest

def test_good(): pass
def helper(): pass
@pytest.mark.skipif(True, reason="a condition")
def test_condition(): pass
@pytest.mark.xfail(2 > 1, reason="a condition")
def test_xfail_condition(): pass
@pytest.mark.skip
def test_skip(): pass
@pytest.mark.skip(reason="no")
def test_skip_reason(): pass
@pytest.mark.xfail(strict=True)
def test_xfail(): pass
def test_skips_itself():
    pytest.skip("no")
def test_may_skip():
    if helper():
        pytest.skip("no")
class TestGood:
    def test_method(self): pass
class TestBad:
    pytestmark = [pytest.mark.skip]
    def test_method(self): pass
"""


@pytest.mark.parametrize(
    ("test", "said"),
    [
        ("t.py::test_good", None),
        ("t.py::test_good[a-b]", None),
        ("t.py::test_condition", None),
        ("t.py::test_xfail_condition", None),
        ("t.py::test_may_skip", None),
        ("t.py::TestGood::test_method", None),
        ("t.py", "names no test"),
        ("u.py::test_good", "no file"),
        ("t.py::test_gone", "no test_gone"),
        ("t.py::helper", "runs nothing"),
        ("t.py::TestGood", "names a class"),
        ("t.py::TestGood::test_gone", "no test_gone"),
        ("t.py::test_skip", "whatever happens"),
        ("t.py::test_skip_reason", "whatever happens"),
        ("t.py::test_xfail", "whatever happens"),
        ("t.py::test_skips_itself", "skips itself"),
        ("t.py::TestBad::test_method", "whatever happens"),
    ],
)
def test_a_promise_without_its_test_is_a_fault(tmp_path: Path, test: str, said: str | None) -> None:
    (tmp_path / "t.py").write_text(SAMPLE)
    found = fault(test, tmp_path)
    assert (found is None) if said is None else (found is not None and said in found)


@pytest.mark.parametrize("head", ["pytestmark = pytest.mark.skip('no')", "pytest.skip('no', allow_module_level=True)"])
def test_a_file_that_never_runs_keeps_no_promise(tmp_path: Path, head: str) -> None:
    (tmp_path / "t.py").write_text(SAMPLE.replace("import pytest", f"import pytest\n{head}"))
    assert "the whole of" in str(fault("t.py::test_good", tmp_path))


def test_rows_are_read_from_the_table_and_nowhere_else() -> None:
    other = "| a | b |\n|---|---|\n| x | y |\n\n"
    table = "| Clause | Promise | Test |\n|---|---|:--|\n| 1 | It works. | `a::b`<br>`c::d` |\n"
    assert rows(f"{other}{table}\ntext") == [Row(7, "1", "It works.", ("a::b", "c::d"))]


def test_a_row_with_a_cell_too_many_is_refused() -> None:
    with pytest.raises(AssertionError, match="line 3"):
        rows("| clause | promise | test |\n|---|---|---|\n| 1 | a | b | c |\n")
