"""The wheel: everything that a checkout has at run time is in it, and it runs from there with no checkout near."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

COPIED = ("app", "dhcpcore", "docs", "migrations", "static", "templates")


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation: the wheel, built from a copy of the tree, unpacked in an empty folder."""
    base = tmp_path_factory.mktemp("wheel")
    tree = base / "tree"
    for name in COPIED:
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__", "_compiled*"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree / name)
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(base)],
        cwd=tree, capture_output=True, text=True, check=True,
    )
    (wheel,) = base.glob("lessor-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(base / "installed")
    return base / "installed"


def run(unpacked: Path, *args: str) -> subprocess.CompletedProcess[str]:
    """Python with the packages of this environment and the unpacked wheel before the checkout."""
    return subprocess.run(
        [sys.executable, "-P", *args],
        cwd=unpacked, env={"PYTHONPATH": str(unpacked)}, capture_output=True, text=True, check=False,
    )


def test_the_command_runs_from_the_wheel(unpacked: Path) -> None:
    done = run(unpacked, "-m", "app.cli", "--version")
    assert done.returncode == 0, done.stderr
    metadata = next(unpacked.glob("lessor-*.dist-info/METADATA")).read_text()
    version = metadata.partition("\nVersion: ")[2].partition("\n")[0]
    assert version in done.stdout
    entry = next(unpacked.glob("lessor-*.dist-info/entry_points.txt")).read_text()
    assert "lessor = app.cli.__main__:main" in entry


@pytest.mark.parametrize("folder", ["docs", "migrations", "static", "templates"])
def test_the_data_folders_are_found_in_the_wheel(unpacked: Path, folder: str) -> None:
    done = run(unpacked, "-c", f"from dhcpcore.places import data_dir; print(data_dir({folder!r}))")
    found = Path(done.stdout.strip())
    assert found.is_relative_to(unpacked), done.stderr
    there = {path.relative_to(found) for path in found.rglob("*") if path.suffix != ".pyc" and path.is_file()}
    here = {
        path.relative_to(ROOT / folder)
        for path in (ROOT / folder).rglob("*")
        if path.suffix != ".pyc" and path.is_file()
    }
    assert there == here


def test_the_wheel_holds_no_tests_and_nothing_of_the_repository(unpacked: Path) -> None:
    tops = {path.name for path in unpacked.iterdir() if not path.name.endswith(".dist-info")}
    assert tops == {"app", "dhcpcore"}
    assert (unpacked / "dhcpcore/py.typed").exists()
    assert next(unpacked.glob("lessor-*.dist-info/licenses/LICENSE")).stat().st_size > 10_000
