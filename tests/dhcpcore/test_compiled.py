"""Which compiled modules are taken, and when none are.  What they do is the same tests' business, run compiled."""

import importlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from pkgutil import walk_packages

import pytest

import dhcpcore
from dhcpcore import compiled
from dhcpcore.settings.layers import OTHER_VARIABLES

ROOT = Path(__file__).parent.parent.parent


def test_nothing_interpreted_inherits_from_a_class_that_is_compiled():
    """Python refuses it, when the class is made or, worse, when the first object of it is."""
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["lessor"]["compiled"]
    names = {path.removesuffix(".py").replace("/", ".") for path in listed}
    found = []
    for module in walk_packages(dhcpcore.__path__, "dhcpcore."):
        if module.name.endswith("__main__") or module.name.startswith("dhcpcore._"):
            continue
        for made in vars(importlib.import_module(module.name)).values():
            if isinstance(made, type) and made.__module__ == module.name and module.name not in names:
                found += [f"{module.name}.{made.__name__}" for base in made.__bases__ if base.__module__ in names]
    assert found == []


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.delenv("LESSOR_COMPILED", raising=False)
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    return tmp_path


def write(folder: Path, **changed: object) -> None:
    modules = {"dhcpcore.made": 4, "lessor__mypyc": 6}
    for name, octets in modules.items():
        (folder / (name + EXTENSION_SUFFIXES[0])).write_bytes(bytes(octets))
    manifest = {"suffix": EXTENSION_SUFFIXES[0], "sources": compiled.checksum(), "modules": modules}
    (folder / compiled.MANIFEST).write_text(json.dumps(manifest | changed))


def test_a_module_of_the_manifest_is_found_and_no_other(folder):
    write(folder)
    before = list(sys.meta_path)
    assert compiled.install(folder) == compiled.Installed(("dhcpcore.made",))
    finder = sys.meta_path[0]
    assert sys.meta_path[1:] == before
    assert finder.find_spec("dhcpcore.made").origin == str(folder / ("dhcpcore.made" + EXTENSION_SUFFIXES[0]))
    assert finder.find_spec("dhcpcore.engine") is None


@pytest.mark.parametrize(
    ("changed", "reason"),
    [({"sources": 1}, "the sources have changed since"), ({"suffix": ".cpython-39-x.so"}, "for another Python")],
    ids=["sources", "python"],
)
def test_what_is_stale_is_left_out_with_its_reason(folder, changed, reason):
    write(folder, **changed)
    before = list(sys.meta_path)
    made = compiled.install(folder)
    assert made.modules == ()
    assert reason in made.stale
    assert sys.meta_path == before


def test_half_of_what_was_compiled_is_none_of_it(folder):
    file = folder / ("lessor__mypyc" + EXTENSION_SUFFIXES[0])
    before = list(sys.meta_path)
    write(folder)
    file.write_bytes(b"torn")
    assert f"{file} is missing, cannot be read or is not what was compiled" == compiled.install(folder).stale
    file.unlink()
    assert compiled.install(folder).stale.startswith(f"{file} is missing")
    (folder / compiled.MANIFEST).unlink()
    assert compiled.install(folder) == compiled.Installed(stale=f"{folder / compiled.MANIFEST} is missing")
    assert sys.meta_path == before


@pytest.mark.parametrize("text", [b"", b'{"suffix": ', b"\xff\xfe", b"[]", b"7", b"null"])
def test_a_manifest_that_is_none_is_told_and_the_sources_run(folder, monkeypatch, text):
    (folder / compiled.MANIFEST).write_bytes(text)
    made = compiled.install(folder)
    assert made.modules == ()
    assert made.stale.startswith(f"{folder / compiled.MANIFEST} cannot be read: ")
    monkeypatch.setenv("LESSOR_COMPILED", "1")
    with pytest.raises(ImportError, match="cannot be read"):
        compiled.install(folder)


def test_a_manifest_without_modules_is_told(folder):
    write(folder, modules=["dhcpcore.made"])
    assert "cannot be read" in compiled.install(folder).stale


def test_what_an_editor_leaves_beside_a_source_changes_nothing(tmp_path):
    core = tmp_path / "core"
    core.mkdir()
    (core / "one.py").write_text("X = 1\n")
    before = compiled.checksum(core)
    (core / ".#one.py").symlink_to("nobody@nowhere:1")
    assert compiled.checksum(core) == before


def test_where_there_are_none_nothing_is_said(folder):
    assert compiled.install(folder) == compiled.Installed()


def test_the_environment_leaves_them_out_or_insists(folder, monkeypatch):
    write(folder)
    monkeypatch.setenv("LESSOR_COMPILED", "0")
    assert compiled.install(folder) == compiled.Installed()
    monkeypatch.setenv("LESSOR_COMPILED", "1")
    assert compiled.install(folder).modules
    write(folder, sources=1)
    with pytest.raises(ImportError, match=r"the sources have changed since: \./lessor compile"):
        compiled.install(folder)
    shutil.rmtree(folder)
    with pytest.raises(ImportError, match="there are none"):
        compiled.install(folder)
    assert "LESSOR_COMPILED" in OTHER_VARIABLES, "or every start would refuse it as a setting nobody knows"


def test_the_checksum_knows_each_source_by_name_and_content(tmp_path):
    core = tmp_path / "core"
    (core / "a").mkdir(parents=True)
    (core / "a" / "one.py").write_text("X = 1\n")
    sums = {compiled.checksum(core)}
    (core / "a" / "one.py").write_text("X = 2\n")
    sums.add(compiled.checksum(core))
    (core / "a" / "one.py").rename(core / "a" / "two.py")
    sums.add(compiled.checksum(core))
    assert len(sums) == 3
    (core / "_data").mkdir()
    (core / "_data" / "migration.py").write_text("")
    assert compiled.checksum(core) in sums, "a wheel holds data that a checkout has elsewhere"


def compile_with(path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, ROOT / "bootstrap" / "compile.py", "--into", path],
        env={**os.environ, **environment}, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def test_without_a_compiler_it_says_what_to_install_and_changes_nothing(tmp_path):
    done = compile_with(tmp_path / "out", CC="/nowhere/cc")
    assert done.returncode == 1
    assert "no C compiler (/nowhere/cc). Debian, Ubuntu: apt-get install gcc" in done.stderr
    assert not (tmp_path / "out").exists()
