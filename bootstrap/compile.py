"""Compile the modules that a packet passes most with mypyc, as `./lessor compile` and the image's build do.

    compile.py [--python PYTHON] [--into FOLDER]

PYTHON is one whose packages the sources import (for their types; default: this one), FOLDER is where the compiled
modules and their manifest go (default: dhcpcore/_compiled of this checkout).  It needs mypy, setuptools, a C compiler
and Python's own headers, and takes a minute or two.  docs/performance.md says what it is good for.
"""

import argparse
import importlib.util
import json
import os
import shutil
import sys
import sysconfig
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: mypyc's name for what its modules share.
GROUP = "lessor"


def compiled_module():
    """``dhcpcore.compiled`` without the package: nothing of the core is imported while it is compiled."""
    spec = importlib.util.spec_from_file_location("compiled", ROOT / "dhcpcore" / "compiled.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def sources() -> list[str]:
    """The modules' files, as pyproject.toml lists them."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return settings["tool"]["lessor"]["compiled"]


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


def build(python: str, work: Path) -> Path:
    """Compile into a folder of ``work``; return it."""
    from mypyc.build import mypycify
    from setuptools import setup

    os.chdir(ROOT)  # mypyc names modules by their path from here
    extensions = mypycify(
        # The developers' own settings want a plugin, and judge more than is compiled.
        ["--config-file=", "--python-executable", python, "--follow-imports=silent", "--ignore-missing-imports",
         "--cache-dir", str(work / "mypy"), *sources()],
        opt_level=os.environ.get("MYPYC_OPT_LEVEL", "2"),
        group_name=GROUP,
        target_dir=str(work / "c"),
    )
    place = work / "lib"
    setup(
        name="lessor-compiled",
        packages=[],
        py_modules=[],
        ext_modules=extensions,
        script_args=["-q", "build_ext", "--build-lib", str(place), "--build-temp", str(work / "o")],
    )
    return place


def main() -> int:
    """Exit code: 0 done, 1 nothing was changed."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--python", default=sys.executable)
    arguments.add_argument("--into", type=Path)
    asked = arguments.parse_args()
    if fault := missing():
        print(f"compile: {fault}", file=sys.stderr)
        return 1
    compiled = compiled_module()
    into = (asked.into or compiled.FOLDER).resolve()
    before = compiled.checksum()
    with tempfile.TemporaryDirectory() as folder:
        place = build(asked.python, Path(folder))
        suffix = sysconfig.get_config_var("EXT_SUFFIX")
        files = {str(file.relative_to(place))[: -len(suffix)].replace("/", "."): file for file in place.rglob("*" + suffix)}
        if compiled.checksum() != before:
            print("compile: the sources changed meanwhile; nothing was installed. Try again.", file=sys.stderr)
            return 1
        new = into.with_name(into.name + ".new")
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(parents=True)
        for name, file in files.items():
            shutil.copy2(file, new / (name + suffix))
        manifest = {"suffix": suffix, "sources": before, "modules": sorted(files)}
        (new / compiled.MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n")
        shutil.rmtree(into, ignore_errors=True)
        new.rename(into)
    print(f"compile: {len(files) - 1} modules are in {into}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
