"""Compile the modules that a packet passes most with mypyc, as `./lessor compile` and the image's build do.

    compile.py [--python PYTHON] [--into FOLDER]

PYTHON is one whose packages the sources import (for their types; default: this one), FOLDER is where the compiled
modules and their manifest go (default: dhcpcore/_compiled of this checkout).  It needs mypy, setuptools, a C compiler
and Python's own headers, and takes a minute or two.  docs/performance.md says what it is good for.
"""

import argparse
import contextlib
import importlib.util
import io
import json
import os
import shutil
import sys
import sysconfig
import tempfile
import tomllib
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parent.parent
#: mypyc's name for what its modules share.
GROUP = "lessor"


def finding() -> ModuleType:
    """``dhcpcore.compiled`` without the package: nothing of the core is imported while it is compiled."""
    spec = importlib.util.spec_from_file_location("compiled", ROOT / "dhcpcore" / "compiled.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def sources() -> list[str]:
    """The modules' files, as pyproject.toml lists them."""
    return list(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["lessor"]["compiled"])


def missing() -> str | None:
    """What keeps this machine from compiling, with its remedy."""
    compiler = (os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc").split()[0]
    if shutil.which(compiler) is None:
        return f"there is no C compiler ({compiler}). Debian, Ubuntu: apt-get install gcc libc6-dev"
    header = Path(sysconfig.get_path("include"), "Python.h")
    if not header.exists():
        return f"Python's headers are missing ({header}). Debian, Ubuntu: apt-get install python3-dev"
    for name in ("mypyc", "setuptools"):
        if importlib.util.find_spec(name) is None:
            return f"{name} is missing: ./lessor compile installs it, or pip install -r requirements-build.lock"
    return None


def build(python: str, work: Path, suffix: str) -> dict[str, Path]:
    """Compile in the folder ``work``; the files by module."""
    from mypyc.build import mypycify  # noqa: PLC0415 - ``missing`` looks whether they are there.
    from setuptools import setup  # noqa: PLC0415

    os.chdir(ROOT)  # mypyc names modules by their path from here.
    say("reading the types of the sources (some 20 s)")
    told = io.StringIO()  # It also remarks on what it could make faster still.
    try:
        with contextlib.redirect_stdout(told):
            extensions = mypycify(
                # The developers' own settings want a plugin, and judge more than is compiled.
                ["--config-file=", "--python-executable", python, "--follow-imports=silent", "--ignore-missing-imports",
                 "--cache-dir", str(work / "mypy"), *sources()],
                opt_level="2",
                group_name=GROUP,
                target_dir=str(work / "c"),
            )  # fmt: skip
    except SystemExit:
        print(told.getvalue(), file=sys.stderr)
        raise
    say("compiling what mypyc made of them (some 40 s)")
    place = work / "lib"
    setup(
        name="lessor-compiled",
        packages=[],
        py_modules=[],
        ext_modules=extensions,
        script_args=["-q", "build_ext", "--build-lib", str(place), "--build-temp", str(work / "o")],
    )
    return {str(file.relative_to(place)).removesuffix(suffix).replace("/", "."): file
            for file in place.rglob("*" + suffix)}  # fmt: skip


def put(files: dict[str, Path], into: Path, manifest: dict[str, object]) -> None:
    """Modules and manifest at once in the place of those that were there."""
    new = into.with_name(into.name + ".new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    for name, file in files.items():
        shutil.copy2(file, new / (name + str(manifest["suffix"])))
    (new / finding().MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n")
    shutil.rmtree(into, ignore_errors=True)
    new.rename(into)


def say(words: str) -> None:
    """One line of what is going on."""
    print(f"lessor: {words}", file=sys.stderr, flush=True)


def main() -> int:
    """Exit code: 0 done, 1 nothing was changed."""
    asking = argparse.ArgumentParser(
        prog="./lessor compile", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    asking.add_argument("--python", default=sys.executable)
    asking.add_argument("--into", type=Path)
    asked = asking.parse_args()
    if fault := missing():
        say(fault)
        return 1
    compiled = finding()
    into: Path = (asked.into or compiled.FOLDER).resolve()
    if not os.access(into.parent, os.W_OK):
        say(f"{into.parent} cannot be written: compile as its owner, or name another folder with --into")
        return 1
    before, suffix = compiled.checksum(), str(sysconfig.get_config_var("EXT_SUFFIX"))
    with tempfile.TemporaryDirectory() as folder:
        files = build(asked.python, Path(folder), suffix)
        if compiled.checksum() != before:
            say("the sources changed meanwhile; nothing was installed. Start it again")
            return 1
        sizes = {name: file.stat().st_size for name, file in sorted(files.items())}
        put(files, into, {"suffix": suffix, "sources": before, "modules": sizes})
    say(f"{len(sources())} modules are in {into} and are used from the next start on")
    return 0


if __name__ == "__main__":
    sys.exit(main())
