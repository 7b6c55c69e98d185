"""The shape of the tree: who may import whom, how long a module may be, and that every folder states its rule."""

import ast
import io
import subprocess
import sys
import tokenize
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

SHIPPED = ("dhcpcore", "app")

MODULE_LINES_MAX = 400
"""A longer file has become two things. Lines of code and comment count; rows of a table do not."""

IO_LIVES_IN = {"__main__", "main", "simulation", "net", "script", "control", "store", "interchange", "settings", "logs",
               "compiled"}
"""Modules of dhcpcore that may ask the system; all others are the core."""

VALUES_ONLY = {"places", "version"}
"""Modules without logic, for which the core's contract would have nothing to say."""


def modules() -> list[Path]:
    return sorted(path for package in SHIPPED for path in (ROOT / package).rglob("*.py"))


def names(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


def contracts() -> dict[str, dict[str, object]]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return {contract["name"]: contract for contract in settings["tool"]["importlinter"]["contracts"]}


def lint_imports(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    program = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
    return subprocess.run(
        [sys.executable, "-P", "-c", program, "--no-logo", "--no-cache", *args],
        cwd=folder, env={"PYTHONPATH": str(folder)}, capture_output=True, text=True, check=False,
    )


def test_the_import_contracts_hold() -> None:
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


BREACHES = {
    "dhcpcore/wire/breach.py": "import dhcpcore.engine",
    "dhcpcore/lease/breach.py": "import socket",
    "dhcpcore/stats/breach.py": "import app.cli",
    "dhcpcore/breach.py": "",
    "app/services/breach.py": "import flask",
    "app/cli/breach.py": "import sqlalchemy",
}


@pytest.mark.parametrize("path", BREACHES)
def test_a_breach_of_a_contract_is_seen(path: str, tmp_path: Path) -> None:
    """The contracts bite: the same tree with one wrong import more fails."""
    for module in modules():
        copy = tmp_path / module.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(module.read_bytes())
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    (tmp_path / path).write_text(f"{BREACHES[path]}\n")
    done = lint_imports(tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "breach" in done.stdout


def test_every_module_of_the_core_is_in_the_contract_of_the_core() -> None:
    listed = contracts()["The core does no IO, reads no clock, holds no threads"]["source_modules"]
    found = {path.stem for path in (ROOT / "dhcpcore").glob("*.py")} | {
        path.parent.name for path in (ROOT / "dhcpcore").glob("*/__init__.py")
    }
    core = found - IO_LIVES_IN - VALUES_ONLY - {"__init__"}
    assert {f"dhcpcore.{name}" for name in core} == set(listed)


def test_sql_is_kept_out_of_every_module_that_may_do_io() -> None:
    listed = set(contracts()["SQL lives in the store"]["source_modules"])
    packages = {path.parent.name for path in (ROOT / "dhcpcore").glob("*/__init__.py")}
    files = {path.stem for path in (ROOT / "dhcpcore").glob("*.py")}
    wanted = {f"dhcpcore.{name}" for name in (packages | files) & IO_LIVES_IN - {"store", "settings", "logs"}}
    assert listed == wanted | {"app"}


def test_every_package_states_its_rule() -> None:
    packages = [path for path in modules() if path.name == "__init__.py"]
    assert names([path for path in packages if len(ast.get_docstring(ast.parse(path.read_text())) or "") < 60]) == []


def test_every_folder_with_modules_is_a_package() -> None:
    folders = {path.parent for path in modules()}
    assert names(sorted(folder for folder in folders if not (folder / "__init__.py").exists())) == []


def length(path: Path) -> int:
    """Lines that hold code or comment, without docstrings and without the rows of tables.

    A table is a module-level assignment or call whose value is a display of more than ten rows.
    """
    source = path.read_text()
    counted: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in {tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}:
            counted.update(range(token.start[0], token.end[0] + 1))
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            counted.difference_update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    for statement in tree.body:
        for node in ast.walk(statement) if isinstance(statement, ast.Assign | ast.AnnAssign | ast.Expr) else ():
            rows = node.keys if isinstance(node, ast.Dict) else getattr(node, "elts", ())
            if len(rows) > 10:
                counted.difference_update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return len(counted)


def test_no_module_has_become_two_things() -> None:
    sizes = {path: length(path) for path in modules()}
    long = {str(path.relative_to(ROOT)): size for path, size in sizes.items() if size > MODULE_LINES_MAX}
    assert long == {}, f"over {MODULE_LINES_MAX} lines that are no table: what second thing has each become?"


def test_length_counts_code_and_neither_docstrings_nor_tables(tmp_path: Path) -> None:
    path = tmp_path / "m.py"
    rows = "".join(f"    ({n}, 'row'),\n" for n in range(50))
    code = "# Why.\ndef one():\n    return [\n        1,\n    ]\n"
    path.write_text(f'"""Two\nlines."""\n\nTABLE = (\n{rows})\n\n\n{code}')
    assert length(path) == 5


FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}


def test_no_module_is_a_drawer() -> None:
    assert names([path for path in modules() if FORBIDDEN_NAMES & {path.stem, path.parent.name}]) == []


def test_test_files_mirror_the_source() -> None:
    """A test file of dhcpcore/a lies in tests/dhcpcore/a; none is left behind when a folder moves."""
    files = [path for package in SHIPPED for path in (ROOT / "tests" / package).rglob("test_*.py")]
    assert names([path for path in files if not (ROOT / path.parent.relative_to(ROOT / "tests")).is_dir()]) == []


ELSEWHERE = {"dhcpcore/handlers": "tests/scenarios"}
"""Packages whose tests are named for behaviour: a handler alone says little, its dialogue with a client all."""


def test_every_package_is_tested_from_its_mirror_or_by_name() -> None:
    tests = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("*.py"))
    packages = {path.parent for package in SHIPPED for path in (ROOT / package).glob("*/__init__.py")}
    untested = [
        folder
        for folder in packages
        if not any((ROOT / "tests" / folder.relative_to(ROOT)).rglob("test_*.py"))
        and not any((ROOT / ELSEWHERE.get(str(folder.relative_to(ROOT)), "none")).rglob("test_*.py"))
        and ".".join(folder.relative_to(ROOT).parts) not in tests
    ]
    assert names(sorted(untested)) == []


def test_the_tree_names_no_place_it_was_made_in() -> None:
    """No address of a registry or a download, and no path of a developer's machine, in anything that is kept."""
    kept = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if kept.returncode:
        pytest.skip("no git checkout here")
    wrong = []
    needles = ["/wo" + "rk/", "pypi" + ".org", "python" + "hosted", "registry.npm" + "js"]
    for name in filter(None, kept.stdout.decode().split("\0")):
        path = ROOT / name
        if not path.is_file() or path.suffix == ".whl":
            continue
        text = path.read_text(errors="replace")
        wrong += [f"{name}: {needle}" for needle in needles if needle in text]
    assert wrong == []
